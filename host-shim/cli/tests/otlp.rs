//! The command, built with the feature `otlp`, sends the spans of its streams to the collector that the environment
//! names, and nowhere where it names none.

#[path = "../../otlp/tests/collector/endpoint.rs"]
mod endpoint;

use std::net::TcpListener;
use std::process::{Command, Output};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};

const PROMPT: &str = "say canary";

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
    let (endpoint, received) = endpoint::collector();
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
