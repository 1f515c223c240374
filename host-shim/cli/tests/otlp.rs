//! The command, built with the feature `otlp`, sends the spans of its streams to the collector that the environment
//! names, and nowhere where it names none.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::mpsc;

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};

const PROMPT: &str = "say canary";

/// Takes one request, and gives its first line and its body.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(&stream);
        let mut first = String::new();
        lines.read_line(&mut first).expect("a request");
        let mut length = 0;
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).expect("a header");
            match line.trim_end().to_ascii_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().expect("a number"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).expect("a body");
        (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("an answer");
        sender.send((first, body)).expect("somebody waits");
    });
    (endpoint, received)
}

/// One answer on the command line, with these variables.
fn chat(simulator: &Simulator, variables: &[(&str, &str)]) -> Output {
    let cache = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", simulator.endpoint())
        .env("OUTCROP_CACHE_DIR", cache.path())
        .env("HOME", cache.path())
        .envs(variables.iter().copied())
        .args(["chat", "--model", "amazon-bedrock/sim.text-v1:0", PROMPT])
        .output()
        .expect("it runs")
}

#[test]
fn the_span_of_an_answer_reaches_the_collector() {
    let simulator = Simulator::builder().start_in_thread().expect("a simulator");
    let (endpoint, received) = collector();
    let output = chat(&simulator, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (first, body) = received.recv().expect("spans were sent");
    assert!(first.starts_with("POST /v1/traces "), "{first}");
    let holds = |text: &str| body.windows(text.len()).any(|window| window == text.as_bytes());
    for text in [
        "outcrop",
        "chat sim.text-v1:0",
        "gen_ai.request.model",
        "gen_ai.usage.output_tokens",
        "gen_ai.response.finish_reasons",
    ] {
        assert!(holds(text), "{text}: {}", String::from_utf8_lossy(&body));
    }
    for secret in ["canary", DEFAULT_SECRET_KEY, DEFAULT_ACCESS_KEY] {
        assert!(!holds(secret), "{secret}");
    }
}

#[test]
fn without_a_collector_an_answer_is_an_answer() {
    let simulator = Simulator::builder().start_in_thread().expect("a simulator");
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let plain = chat(&simulator, &[]);
    for endpoint in [gone.as_str(), "no address"] {
        let output = chat(&simulator, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, plain.stdout);
    }
}
