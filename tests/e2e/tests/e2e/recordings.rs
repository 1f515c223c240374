//! Every recorded answer of the real service, replayed through the built binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::support::{Sim, json_lines, outcrop, python_with, run, script, shared, simulator};

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let Some(recordings) = shared("recordings") else { return Vec::new() };
    let mut files: Vec<PathBuf> = std::fs::read_dir(recordings.join(folder))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

fn meta(recording: &Path) -> Value {
    let name = recording.to_string_lossy();
    let stem = name.split(".response.").next().expect("a response");
    serde_json::from_slice(&std::fs::read(format!("{stem}.meta.json")).expect("its meta")).expect("JSON")
}

/// The model that was asked, where it is an id.
fn model(recording: &Path) -> String {
    let id = meta(recording)["model"].as_str().unwrap_or_default().to_owned();
    let is_id = id.contains('.') && !id.contains('(');
    format!("amazon-bedrock/{}", if is_id { id } else { "amazon.nova-lite-v1:0".to_owned() })
}

fn replay(sim: &Sim, recording: &Path) -> Vec<Value> {
    sim.script_next(bedrock_sim::Target::Any, bedrock_sim::Scenario::replay(recording).expect("a recording"));
    let output = outcrop(sim)
        .args(["chat", "--json", "--model", &model(recording), "Hello"])
        .output()
        .expect("it runs");
    let events = json_lines(&output);
    let done = events.last().is_some_and(|event| event["type"] == "done");
    assert_eq!(output.status.code(), Some(if done { 0 } else { 1 }), "{}", recording.display());
    events
}

/// The content of an answer in the words of `decode_recordings.py`.
fn content(message: &Value) -> Vec<Value> {
    let blocks = message["content"].as_array().expect("content");
    blocks
        .iter()
        .map(|block| match block["type"].as_str() {
            Some("text") => {
                let citations = block["raw"]["citations"].as_array().map_or(0, Vec::len);
                json!({
                    "type": "text",
                    "text": block["text"].as_str().unwrap_or_default(),
                    "citations": citations,
                })
            }
            Some("thinking") if block["redacted"] == true => json!({
                "type": "thinking", "text": "", "signature": "", "redacted": block["thinkingSignature"],
            }),
            Some("thinking") => json!({
                "type": "thinking",
                "text": block["thinking"],
                "signature": block["thinkingSignature"].as_str().unwrap_or_default(),
                "redacted": "",
            }),
            Some("toolCall") => block.clone(),
            _ => json!({ "type": "other" }),
        })
        .collect()
}

#[test]
fn streams_hold_what_botocore_decodes() {
    let recordings = files("ConverseStream", ".eventstream");
    if recordings.is_empty() {
        return;
    }
    let Some(python) = python_with("botocore") else { return };
    let decoded = run(Command::new(python).arg(script("decode_recordings.py")).args(&recordings));
    let decoded: Map<String, Value> = serde_json::from_str(&decoded).expect("JSON");
    let sim = simulator();
    for recording in &recordings {
        let name = recording.file_name().expect("a name").to_string_lossy().into_owned();
        let expected = &decoded[&name];
        let events = replay(&sim, recording);
        let last = events.last().expect("a terminal event");
        if let Some(exception) = expected["exception"].as_str() {
            assert_eq!(last["type"], "error", "{name}");
            let code = last["error"]["providerCode"].as_str().unwrap_or_default();
            assert!(code.eq_ignore_ascii_case(exception), "{name}: {code}");
            continue;
        }
        assert_eq!(last["type"], "done", "{name}: {last:#}");
        let message = &last["message"];
        assert_eq!(json!(content(message)), expected["content"], "{name}");
        assert_eq!(message["rawStopReason"], expected["stop"], "{name}");
        for (member, tokens) in expected["usage"].as_object().expect("usage") {
            assert_eq!(&last["usage"][member], tokens, "{name}: {member}");
        }
        streamed_is_whole(&name, &events);
    }
}

/// The deltas of every block, joined, are what its end says.
fn streamed_is_whole(name: &str, events: &[Value]) {
    let mut texts: Map<String, Value> = Map::new();
    let mut next_index = 0;
    for event in events {
        let kind = event["type"].as_str().expect("a type");
        let index = event["contentIndex"].to_string();
        if kind.ends_with("_start") {
            assert_eq!(event["contentIndex"], next_index, "{name}: blocks are numbered densely");
            next_index += 1;
            texts.insert(index, json!(""));
        } else if kind.ends_with("_delta") && kind != "block_delta" {
            let so_far = texts[&index].as_str().expect("text").to_owned();
            texts[&index] = json!(so_far + event["delta"].as_str().expect("a delta"));
        } else if kind == "text_end" || kind == "thinking_end" {
            assert_eq!(event["content"], texts[&index], "{name}");
        } else if kind == "toolcall_end" {
            let text = texts[&index].as_str().filter(|text| !text.trim().is_empty()).unwrap_or("{}");
            let arguments: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(event["toolCall"]["arguments"], arguments, "{name}");
        }
    }
}

/// What a person reads in the frames of the hard ones.
#[test]
fn the_hard_ones_hold_what_we_read_in_them() {
    let recordings = files("ConverseStream", ".eventstream");
    if recordings.is_empty() {
        return;
    }
    let sim = simulator();
    let answer = |part: &str| {
        let recording = recordings.iter().find(|path| path.to_string_lossy().contains(part));
        replay(&sim, recording.unwrap_or_else(|| panic!("no recording {part}"))).pop().expect("an event")
    };

    // Two redacted blocks, each in one delta, then text; never a reasoning text.
    let redacted = answer("thinking_part_redacted_stream");
    let blocks = redacted["message"]["content"].as_array().expect("content");
    let kinds: Vec<_> = blocks.iter().map(|block| block["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["thinking", "thinking", "text"]);
    assert_eq!(blocks[0]["thinkingSignature"].as_str().map(str::len), Some(1080));
    assert_eq!(redacted["usage"]["output"], 253);

    // A tool that takes nothing: no toolUse delta with anything in it.
    let without_arguments =
        answer("can_use_tools_without_parameters_in_multi-turn_streaming_conversations.0");
    let call = &without_arguments["message"]["content"][0];
    assert_eq!((&call["name"], &call["arguments"]), (&json!("best_language_to_learn"), &json!({})));
    assert_eq!(without_arguments["reason"], "toolUse");

    // Two calls at once after a text.
    let parallel = answer("test_converse_stream_with_content_tool_call.0");
    let calls: Vec<_> = parallel["message"]["content"].as_array().expect("content")[1..]
        .iter()
        .map(|call| call["arguments"]["location"].as_str().expect("a place"))
        .collect();
    assert_eq!(calls, ["Seattle", "San Francisco"]);

    // A guardrail speaks in place of the model and says why.
    let guardrail = answer("openllmetry--test_guardrail_converse_stream");
    assert_eq!(guardrail["reason"], "guardrail");
    assert!(guardrail["message"]["details"]["guardrail"].is_object(), "{guardrail:#}");

    // A citation belongs to the text block that it stands in.
    let cited = answer("chat_citations_with_bedrock");
    let block = &cited["message"]["content"][0];
    assert_eq!(block["type"], "text");
    assert_eq!(block["raw"]["citations"].as_array().map(Vec::len), Some(1), "{block:#}");

    // An exception as the very first frame of a 200.
    let refused = answer("req_llm--converse_stream_validation_exception");
    assert_eq!(refused["error"]["class"], "invalid-request");
    assert_eq!(refused["error"]["delivered"], false);
}

#[test]
fn recorded_errors_keep_their_class_and_code() {
    let mut errors: Vec<PathBuf> = files("Converse", ".response.json");
    errors.extend(files("ConverseStream", ".response.json"));
    errors.retain(|path| meta(path)["status"] != 200);
    if errors.is_empty() {
        return;
    }
    let sim = simulator();
    for recording in errors {
        let meta = meta(&recording);
        let code = meta["errortype"].as_str().and_then(|code| code.split(':').next()).map(str::to_owned);
        let class = match code.as_deref() {
            Some("UnrecognizedClientException") => "unauthenticated",
            Some("ResourceNotFoundException") => "model-not-found",
            // `The provided model identifier is invalid.`
            Some("ValidationException") => "model-not-found",
            None => "invalid-request",
            other => panic!("no expectation for {other:?}"),
        };
        let events = replay(&sim, &recording);
        let error = &events.last().expect("an event")["error"];
        assert_eq!(error["class"], class, "{}: {error:#}", recording.display());
        assert_eq!(error["httpStatus"], meta["status"], "{}", recording.display());
        if let Some(code) = code {
            assert_eq!(error["providerCode"], code, "{}", recording.display());
        }
    }
}
