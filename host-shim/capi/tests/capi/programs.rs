//! C programs, compiled against the header and run against the simulator.

use std::path::PathBuf;
use std::process::{Command, Output};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};

use crate::{built, root};

const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// A compiled program of `tests/clients/c`.
struct Program {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Program {
    fn compile(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let compiled = Command::new("gcc")
            .args(["-std=gnu11", "-g", "-pthread"])
            .args(STRICT)
            .arg("-I")
            .arg(root().join("host-shim/capi/include"))
            .arg(root().join("tests/clients/c").join(name).with_extension("c"))
            .arg("-L")
            .arg(built())
            .arg("-loutcrop")
            .arg("-o")
            .arg(&path)
            .output()
            .expect("gcc runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        Self { path, _folder: folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        // The library goes by its soname where it is installed, and by its file name where it was built.
        let libraries = tempfile::tempdir().expect("a folder");
        let soname = libraries.path().join("liboutcrop.so.1");
        std::os::unix::fs::symlink(built().join("liboutcrop.so"), soname).expect("a link");
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env("LD_LIBRARY_PATH", libraries.path())
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .expect("the program runs")
    }

    fn says_ok(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        let said = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.0 == "ok\n", "{}: {said:?}", output.status);
    }
}

fn simulator() -> Simulator {
    Simulator::builder().start_in_thread().expect("the simulator starts")
}

#[test]
fn the_example_streams_an_answer() {
    let sim = simulator();
    let model = "amazon-bedrock/sim.text-v1:0";
    let output =
        Program::compile("stream").run(&[model, "sim:text Where the bedrock shows.", &sim.endpoint()]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Where the bedrock shows.\n", "{output:?}");
    assert!(output.status.success());

    let output = Program::compile("stream").run(&["gpt-4", "Hello", &sim.endpoint()]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("amazon-bedrock/"), "{told}");
}

#[test]
fn misuse_is_a_status() {
    let sim = simulator();
    Program::compile("misuse").says_ok(&[&sim.endpoint()]);
}

#[test]
fn a_waiting_thread_is_freed_by_another_a_thousand_times() {
    let sim = simulator();
    Program::compile("cancel").says_ok(&[&sim.endpoint(), "1000"]);
}

#[test]
fn the_header_is_cpp_too() {
    let source = tempfile::Builder::new().suffix(".cpp").tempfile().expect("a file");
    std::fs::write(
        source.path(),
        "#include <outcrop.h>\nint main() { return outcrop_abi_version() == 0; }\n",
    )
    .expect("written");
    let compiled = Command::new("g++")
        .args(["-std=c++17", "-fsyntax-only", "-I"])
        .arg(root().join("host-shim/capi/include"))
        .args(STRICT)
        .arg(source.path())
        .output();
    match compiled {
        Ok(compiled) => assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr)),
        Err(error) => println!("skipped: no g++: {error}"),
    }
}
