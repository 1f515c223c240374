//! The program: what it prints, what it replays, how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn it_says_where_it_listens_replays_and_ends_on_sigterm() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("refusal.response.json");
    std::fs::write(&recording, r#"{"message":"recorded"}"#).expect("a file");
    let meta = r#"{"op":"ListFoundationModels","status":418,"errortype":"TeapotException"}"#;
    std::fs::write(folder.path().join("refusal.meta.json"), meta).expect("a file");

    let mut program = Command::new(env!("CARGO_BIN_EXE_bedrock-sim"))
        .args(["--no-auth", "--print-env", "--replay"])
        .arg(&recording)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let mut printed = Vec::new();
    for line in lines {
        printed.push(line.expect("text"));
        if printed.last().is_some_and(|line| line.starts_with("listening on ")) {
            break;
        }
    }
    let ready = printed.pop().expect("it is ready");
    let address = ready.strip_prefix("listening on http://").expect("an address");
    assert!(printed.contains(&format!("export AWS_ENDPOINT_URL_BEDROCK=http://{address}")));

    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = "GET /foundation-models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert!(response.starts_with("HTTP/1.1 418"), "{response}");
    assert!(response.contains("x-amzn-errortype: TeapotException"), "{response}");
    assert!(response.ends_with(r#"{"message":"recorded"}"#), "{response}");

    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
    assert!(program.wait().expect("it ends").success());
}
