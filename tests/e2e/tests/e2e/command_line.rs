//! The command line.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use bedrock_sim::DEFAULT_BEARER_TOKEN;
use serde_json::json;

use crate::support::{MODEL, Sim, bare_outcrop, json_lines, outcrop, simulator, text};

/// Writes a file and gives its path as an argument.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("written");
    path.to_string_lossy().into_owned()
}

fn chat(sim: &Sim, arguments: &[&str]) -> Output {
    outcrop(sim).args(["chat", "--model", MODEL]).args(arguments).output().expect("it runs")
}

#[test]
fn an_answer_is_printed_as_text() {
    let sim = simulator();
    let output = chat(&sim, &["sim:text An outcrop is where the bedrock shows."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "An outcrop is where the bedrock shows.\n");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_prompt_can_come_from_standard_input() {
    let sim = simulator();
    for arguments in [&["chat", "--model", MODEL][..], &["chat", "--model", MODEL, "-"]] {
        let mut child = outcrop(&sim)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("a pipe").write_all(b"sim:text read").expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(text(&output.stdout), "read\n");
    }
}

#[test]
fn the_options_reach_the_request() {
    let sim = simulator();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| write(folder.path(), name, bytes);
    let image = file("photo.jpg", b"\x89PNG\r\n\x1a\nnot a jpeg at all");
    let document = file("Notes (1).md", b"# Notes");
    let tools = file(
        "tools.json",
        br#"[{"name":"weather","description":"d","parameters":{"type":"object","properties":{}}}]"#,
    );
    let output = chat(
        &sim,
        &[
            "--system",
            "Be brief.",
            "--max-tokens",
            "99",
            "--temperature",
            "0.25",
            "--top-p",
            "0.5",
            "--stop",
            "END",
            "--tools",
            &tools,
            "--image",
            &image,
            "--document",
            &document,
            "sim:text fine",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let sent = sim.requests()[0].json();
    assert_eq!(sent["system"], json!([{ "text": "Be brief." }]));
    assert_eq!(
        sent["inferenceConfig"],
        json!({ "maxTokens": 99, "temperature": 0.25, "topP": 0.5, "stopSequences": ["END"] })
    );
    assert_eq!(sent["toolConfig"]["tools"][0]["toolSpec"]["name"], "weather");
    let content = sent["messages"][0]["content"].as_array().expect("content");
    let image = content.iter().find_map(|block| block.get("image")).expect("an image");
    assert_eq!(image["format"], "png", "by its bytes, not by its name");
    let document = content.iter().find_map(|block| block.get("document")).expect("a document");
    assert_eq!(document["format"], "md");
}

#[test]
fn events_are_lines_of_json_with_one_terminal() {
    let sim = simulator();
    let output = chat(&sim, &["--json", "--effort", "low", "sim:reasoning"]);
    let events = json_lines(&output);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    for kind in ["start", "thinking_start", "thinking_delta", "thinking_end", "text_delta", "usage"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(kinds.iter().filter(|kind| ["done", "error"].contains(kind)).count(), 1);
    let done = events.last().expect("an event");
    assert_eq!((&done["type"], &done["reason"]), (&json!("done"), &json!("stop")));
    assert!(done["message"]["content"][0]["thinkingSignature"].is_string());

    // What was answered can be sent back as it is.
    let request = json!({
        "model": MODEL,
        "messages": [
            { "role": "user", "content": "sim:reasoning" },
            done["message"],
            { "role": "user", "content": "sim:text again" },
        ],
    });
    let mut child = outcrop(&sim)
        .args(["chat", "--request", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(request.to_string().as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), "again\n", "{}", text(&output.stderr));
}

#[test]
fn an_error_is_told_with_its_remedy() {
    let sim = simulator();
    let output = chat(&sim, &["sim:access-denied"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for part in ["error: ", "permission-denied", "AccessDeniedException", "403"] {
        assert!(said.contains(part), "{said}");
    }
    let output = chat(&sim, &["--json", "sim:early-end after=2"]);
    assert_eq!(output.status.code(), Some(1));
    let error = json_lines(&output).pop().expect("an event")["error"].clone();
    assert_eq!(
        (&error["class"], &error["delivered"], &error["retryable"]),
        (&json!("truncated"), &json!(true), &json!(false))
    );
    for member in ["message", "remedy", "providerCode", "httpStatus", "requestId"] {
        assert!(error.get(member).is_some(), "{member}: {error:#}");
    }
}

/// Arguments, exit code, and what must be said.
#[test]
fn wrong_input_is_a_clear_error() {
    let sim = simulator();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| write(folder.path(), name, bytes);
    let broken = file("broken.json", b"{\"model\": \n}");
    let wrong = file(
        "wrong.json",
        br#"{"model":"amazon-bedrock/sim.text-v1:0","messages":[{"role":"user","content":[{"type":"imag"}]}]}"#,
    );
    let bitmap = file("picture.bmp", b"BM\0\0\0\0");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["chat"], 2, "--model"),
        (&["chat", "--model", MODEL, "--no-such-flag"], 2, "--no-such-flag"),
        (&["chat", "--model", MODEL, "--effort", "enormous", "Hello"], 2, "minimal"),
        (&["chat", "--model", "openai/gpt-4", "Hello"], 1, "amazon-bedrock/, bedrock/, aws-bedrock/"),
        (&["chat", "--model", "amazon-bedrock/no.such-model", "Hello"], 1, "model"),
        (&["chat", "--request", &broken], 2, "line 2"),
        (&["chat", "--request", &wrong], 2, "/messages/0/content/0/type"),
        (&["chat", "--request", "/no/such/file"], 2, "/no/such/file"),
        (&["chat", "--model", MODEL, "--image", "/no/such/image.png", "Hello"], 2, "/no/such/image.png"),
        (&["chat", "--model", MODEL, "--image", &bitmap, "Hello"], 2, "png"),
        (&["plugin", "inspect", &broken], 1, "WebAssembly"),
        (&["--plugin", &broken, "chat", "--model", MODEL, "Hello"], 1, "WebAssembly"),
    ];
    for (arguments, code, part) in cases {
        let output = outcrop(&sim).args(*arguments).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(sim.requests().len() <= 1, "nothing wrong is sent but the unknown model");
}

#[test]
fn without_credentials_it_says_what_to_do() {
    let sim = simulator();
    for arguments in [&["chat", "--model", MODEL, "Hello"][..], &["models", "list"]] {
        let output = bare_outcrop()
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", sim.endpoint())
            .env("AWS_ENDPOINT_URL_BEDROCK", sim.endpoint())
            .args(arguments)
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains("credentials") && said.contains("AWS_"), "{said}");
    }
    assert_eq!(sim.requests().len(), 0);
}

#[test]
fn without_a_network_it_says_so() {
    let output = bare_outcrop()
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret-nobody-may-see")
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        .env("RUST_LOG", "trace")
        .args(["chat", "--json", "--model", MODEL, "a-prompt-nobody-may-see"])
        .output()
        .expect("it runs");
    let event = json_lines(&output).pop().expect("an event");
    assert_eq!(event["error"]["class"], "network", "{event:#}");
    let said = text(&output.stderr);
    for planted in ["secret-nobody-may-see", "a-prompt-nobody-may-see"] {
        assert!(!said.contains(planted), "{planted} is in the log");
    }
}

#[test]
fn a_bearer_token_is_used_but_never_in_the_clear() {
    let sim = simulator();
    let command = |endpoint: &str| {
        bare_outcrop()
            .env("AWS_BEARER_TOKEN_BEDROCK", DEFAULT_BEARER_TOKEN)
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint)
            .args(["chat", "--json", "--model", MODEL, "sim:text fine"])
            .output()
            .expect("it runs")
    };
    let output = command(&sim.endpoint());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(sim.requests()[0].auth, Some(bedrock_sim::AuthOutcome::Bearer));
    let output = command("http://bedrock.example.com");
    let error = json_lines(&output).pop().expect("an event")["error"].clone();
    assert!(error["message"].as_str().expect("a message").contains("plain http"), "{error:#}");
}

#[test]
fn models_are_listed() {
    let sim = simulator();
    let output = outcrop(&sim).args(["models", "list", "--json"]).output().expect("it runs");
    let models: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let ids: Vec<_> = models["models"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| model["id"].as_str().expect("an id"))
        .collect();
    assert!(ids.contains(&"amazon-bedrock/us.amazon.nova-lite-v1:0"), "{ids:?}");
    let output = outcrop(&sim).args(["models", "list"]).output().expect("it runs");
    assert!(text(&output.stdout).contains("amazon-bedrock/us.amazon.nova-lite-v1:0"));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let sim = simulator();
    let mut child = outcrop(&sim)
        .args(["chat", "--json", "--model", MODEL, "sim:paced deltas=200 every=5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stderr), "");
    let gone = |log: &bedrock_sim::Log| log.live_responses() == 0;
    assert!(sim.wait_for_blocking(gone, crate::support::PATIENCE));
}

#[test]
fn the_bundled_plugin_fits_and_others_are_told_why_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plugin.wasm");
    std::fs::write(&path, outcrop::bundled_plugin()).expect("written");
    let output = bare_outcrop().args(["plugin", "inspect", "--json"]).arg(&path).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let inspection: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(inspection["contract"], "0.1.0");
    let output = bare_outcrop().args(["plugin", "inspect"]).arg(&path).output().expect("it runs");
    assert!(text(&output.stdout).contains("outcrop:provider/bedrock-bridge@0.1.0"));
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let output = bare_outcrop().args(["completions", shell]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("outcrop"));
    }
}
