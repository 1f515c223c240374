//! The simulator held against boto3, when python3 has it.

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_BEARER_TOKEN, DEFAULT_SECRET_KEY, Simulator, Tls};
use std::process::Command;

/// The script runs every check of `boto3_check.py`; its output is shown when one fails.
#[expect(clippy::print_stdout, reason = "a test that skips says so")]
fn check(simulator: &Simulator) {
    let importable = Command::new("python3").args(["-c", "import boto3"]).output();
    if !importable.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 cannot import boto3");
        return;
    }
    let mut python = Command::new("python3");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_check.py"));
    python.args([&simulator.endpoint(), DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, DEFAULT_BEARER_TOKEN]);
    python.args(simulator.ca_file());
    let output = python.output().expect("python3 starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
}

#[test]
fn boto3_over_plain_http() {
    check(&Simulator::builder().start_in_thread().expect("it starts"));
}

#[test]
fn boto3_over_tls() {
    let builder = Simulator::builder().tls(Tls::default());
    check(&builder.start_in_thread().expect("it starts"));
}
