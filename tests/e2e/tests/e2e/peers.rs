//! A Bedrock that is not ours: `ministack`, which verifies signatures by itself.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Cache, PATIENCE, bare_outcrop, json_lines, run, script, text};

/// A model that ministack lists and answers.
pub(crate) const MODEL: &str = "amazon-bedrock/anthropic.claude-3-haiku-20240307-v1:0";

/// A running peer, ended with the test.
pub(crate) struct Peer {
    process: Child,
    pub(crate) endpoint: String,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts ministack with these settings; none where it is not installed.
pub(crate) fn ministack(settings: &[(&str, &str)]) -> Option<Peer> {
    peer("ministack", |command, port| {
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .envs(settings.iter().copied());
    })
}

/// Starts a program that is to listen on a port of its own; none where it is not installed.
pub(crate) fn peer(name: &str, settle: impl FnOnce(&mut Command, u16)) -> Option<Peer> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/bin");
    let program = folder.join(name);
    if !program.is_file() {
        println!("skipped: {name} is not installed (make peers)");
        return None;
    }
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|port| port.local_addr())
        .expect("a port")
        .port();
    let mut command = Command::new(program);
    settle(&mut command, port);
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let peer = Peer { process, endpoint: format!("http://127.0.0.1:{port}") };
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < end, "{name} does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(peer)
}

#[test]
fn ministack_is_asked_with_the_key_of_an_iam_user() {
    let Some(ministack) = ministack(&[("AUTH", "true")]) else { return };
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/bin/python");
    let key = run(Command::new(python).arg(script("make_iam_user.py")).arg(&ministack.endpoint));
    let (id, secret) = key.trim().split_once(' ').expect("a key");
    let outcrop = |secret: &str, arguments: &[&str]| {
        // A listing that was had with this key is shown again without a look at the secret.
        let cache = Cache::new();
        bare_outcrop()
            .env("OUTCROP_CACHE_DIR", cache.path())
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &ministack.endpoint)
            .env("AWS_ENDPOINT_URL_BEDROCK", &ministack.endpoint)
            .args(arguments)
            .output()
            .expect("it runs")
    };

    let listed = outcrop(secret, &["models", "list", "--json"]);
    assert_eq!(listed.status.code(), Some(0), "{}", text(&listed.stderr));
    assert!(text(&listed.stdout).contains(MODEL));

    let answered = outcrop(secret, &["chat", "--json", "--model", MODEL, "Hello"]);
    let events = json_lines(&answered);
    let done = events.last().expect("an event");
    assert_eq!(done["type"], "done", "{done:#}");
    let streamed: String = events
        .iter()
        .filter(|event| event["type"] == "text_delta")
        .map(|event| event["delta"].as_str().expect("text"))
        .collect();
    assert!(streamed.contains("ministack"));
    assert_eq!(done["message"]["content"][0]["text"], streamed);

    for arguments in [&["chat", "--model", MODEL, "Hello"][..], &["models", "list"]] {
        let refused = outcrop("a-wrong-secret-nobody-may-see", arguments);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("unauthenticated") && !said.contains("nobody-may-see"), "{said}");
    }
}
