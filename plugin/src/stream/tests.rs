//! Frames in, chunks out.

use super::Answer;
use super::cost::Meter;
use super::script::{Memory, Scripted, frames};
use crate::bindings::exports::outcrop::provider::provider::NextStep;
use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, Failure};
use crate::bindings::outcrop::provider::types::{
    BlockDelta, BlockEnd, Chunk, Deltas, Error, ErrorCode, Extension, Finish, Rewrite, Usage,
};
use crate::models::Known;
use crate::recovery::Sent;
use crate::request::names::Names;
use crate::settings::Settings;
use proptest::prelude::*;
use std::sync::LazyLock;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);

/// The answer to a request that has been sent, and is not sent again.
fn answer<'m>(call: Scripted, rewrites: Vec<Rewrite>) -> Answer<'static, &'m Memory> {
    answer_of("novel.model", call, rewrites)
}

fn answer_of<'m>(model: &str, call: Scripted, rewrites: Vec<Rewrite>) -> Answer<'static, &'m Memory> {
    let meter = Meter::new(Known::by_id(model), model.into(), &SETTINGS);
    Answer::of(Sent { call, rewrites, names: Names::default(), meter })
}

type Events<'a> = [(&'a str, &'a str)];

/// Everything that an answer gives, up to its end or its error.
fn drain(answer: &mut Answer<'_, &Memory>) -> (Vec<Chunk>, Option<Error>) {
    let mut chunks = Vec::new();
    for _ in 0..1000 {
        match answer.next_chunk() {
            Ok(progress) => {
                chunks.extend(progress.chunks);
                if progress.next == NextStep::End {
                    return (chunks, None);
                }
            }
            Err(error) => return (chunks, Some(error)),
        }
    }
    (chunks, None)
}

fn read(events: &Events<'_>) -> (Vec<Chunk>, Option<Error>) {
    let call = Scripted::new([Ok(frames(events)), Ok(Arrival::End)]);
    drain(&mut answer(call, Vec::new()))
}

/// The chunks between `started` and `finished` of an answer that is complete.
fn content(events: &Events<'_>) -> Vec<Chunk> {
    let mut all = vec![("messageStart", r#"{"role":"assistant","p":"ab"}"#)];
    all.extend(events);
    all.push(("messageStop", r#"{"stopReason":"end_turn","p":"abc"}"#));
    let (mut chunks, error) = read(&all);
    assert_eq!(error, None);
    assert_eq!(chunks.remove(0), Chunk::Started(Some("req-1".into())));
    assert!(matches!(chunks.pop(), Some(Chunk::Finished(_))));
    chunks
}

fn deltas(index: u32, text: &str, lengths: &[u32]) -> Deltas {
    Deltas { index, text: text.into(), lengths: lengths.to_vec() }
}

fn end(index: u32) -> BlockEnd {
    BlockEnd { index, signature: None, redacted: None, raw: None }
}

fn extension(key: &str, value: &str) -> Extension {
    Extension { key: key.into(), value: value.into() }
}

fn delta(index: u32, kind: &str, value: &str) -> Chunk {
    Chunk::BlockDelta(BlockDelta { index, kind: kind.into(), value: value.into() })
}

#[test]
fn deltas_that_arrive_together_leave_together() {
    let chunks = content(&[
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hé"},"p":"abc"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":""},"p":"abc"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"llo\n"},"p":"abc"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0, "delta":{"text":" \u00e9"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"!"}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0,"p":""}"#),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "text".into())),
            Chunk::TextDelta(deltas(0, "Héllo\n", &[3])),
            Chunk::TextDelta(deltas(0, " é", &[])),
            Chunk::TextDelta(deltas(0, "!", &[])),
            Chunk::BlockEnd(end(0)),
        ]
    );
}

#[test]
fn blocks_interleave_and_get_dense_numbers() {
    let chunks = content(&[
        ("contentBlockDelta", r#"{"contentBlockIndex":4,"delta":{"text":"a"}}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":7,"start":{"toolUse":{"toolUseId":"t","name":"n","type":null}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":7,"delta":{"toolUse":{"input":""}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":7,"delta":{"toolUse":{"input":"{\"a\":"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":4,"delta":{"text":"b"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":7,"delta":{"toolUse":{"input":"1"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":7,"delta":{"toolUse":{"input":"}"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":4}"#),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "text".into())),
            Chunk::TextDelta(deltas(0, "a", &[])),
            Chunk::ToolCallStart((1, "t".into(), "n".into())),
            Chunk::ToolArgumentsDelta(deltas(1, "{\"a\":", &[])),
            Chunk::TextDelta(deltas(0, "b", &[])),
            Chunk::ToolArgumentsDelta(deltas(1, "1}", &[1])),
            Chunk::BlockEnd(end(0)),
            // Never stopped, so it ends with the message.
            Chunk::BlockEnd(end(1)),
        ]
    );
}

#[test]
fn reasoning_keeps_its_signature_and_what_was_redacted() {
    let chunks = content(&[
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"so"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"AB+/"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"C="}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"AQI="}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"Aw=="}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "reasoning".into())),
            Chunk::ReasoningDelta(deltas(0, "so", &[])),
            Chunk::BlockEnd(BlockEnd { signature: Some("AB+/C=".into()), ..end(0) }),
            Chunk::BlockStart((1, "reasoning".into())),
            Chunk::BlockEnd(BlockEnd { redacted: Some(vec![1, 2, 3]), ..end(1) }),
        ]
    );
}

#[test]
fn citations_come_back_with_their_text() {
    let citation = r#"{"location":{"documentChar":{"start":1.0}},"title":"t"}"#;
    let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"citation":{citation}}}}}"#);
    let chunks = content(&[
        ("contentBlockDelta", &payload),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"cited"}}"#),
        ("contentBlockDelta", &payload),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "text".into())),
            delta(0, "citation", citation),
            Chunk::TextDelta(deltas(0, "cited", &[])),
            delta(0, "citation", citation),
            Chunk::BlockEnd(BlockEnd {
                raw: Some(format!(r#"{{"citations":[{citation},{citation}]}}"#)),
                ..end(0)
            }),
        ]
    );
}

#[test]
fn a_server_tool_is_no_call_for_the_caller() {
    let chunks = content(&[
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"search","type":"server_tool_use"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"q\":1.0}"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolResult":{"toolUseId":"t","status":"success","type":"search_result"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolResult":[{"text":"a"}]}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolResult":[{"json":{"n":1.0}}]}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "server-tool".into())),
            delta(0, "arguments", r#""{\"q\":1.0}""#),
            Chunk::BlockEnd(BlockEnd {
                raw: Some(r#"{"toolUse":{"toolUseId":"t","name":"search","type":"server_tool_use","input":{"q":1.0}}}"#.into()),
                ..end(0)
            }),
            Chunk::BlockStart((1, "tool-result".into())),
            delta(1, "tool-result", r#"[{"text":"a"}]"#),
            delta(1, "tool-result", r#"[{"json":{"n":1.0}}]"#),
            Chunk::BlockEnd(BlockEnd {
                raw: Some(r#"{"toolResult":{"toolUseId":"t","status":"success","type":"search_result","content":[{"text":"a"},{"json":{"n":1.0}}]}}"#.into()),
                ..end(1)
            }),
        ]
    );
}

#[test]
fn images_are_put_together() {
    let chunks = content(&[
        ("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":"AQ=="}}}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":"Ag=="},"error":null}}}"#,
        ),
    ]);
    assert_eq!(
        chunks.last(),
        Some(&Chunk::BlockEnd(BlockEnd {
            raw: Some(r#"{"image":{"format":"png","source":{"bytes":"AQI="}}}"#.into()),
            ..end(0)
        }))
    );
}

#[test]
fn what_is_not_known_is_passed_on_or_ignored() {
    let chunks = content(&[
        ("novelEvent", "no json"),
        ("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"novelThing":{"a":1}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"novelDelta":{"b":2.0}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"otherDelta":3},"novel":true}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":9}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":null}"#),
    ]);
    assert_eq!(
        chunks,
        [
            Chunk::BlockStart((0, "novel-thing".into())),
            delta(0, "novel-delta", r#"{"b":2.0}"#),
            Chunk::BlockEnd(end(0)),
            Chunk::BlockStart((1, "other-delta".into())),
            delta(1, "other-delta", "3"),
            Chunk::BlockEnd(end(1)),
        ]
    );
}

#[test]
fn the_end_says_why_and_what_it_cost() {
    let (chunks, error) = read(&[
        ("messageStart", r#"{"role":"assistant"}"#),
        (
            "messageStop",
            r#"{"stopReason":"stop_sequence","additionalModelResponseFields":{"delta":{"stop_sequence":"END"},"stop_details":{"x":1.0}}}"#,
        ),
        (
            "metadata",
            r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":10,"cacheReadInputTokens":3,"cacheWriteInputTokens":4,
                "cacheDetails":[{"ttl":"1h","inputTokens":3},{"ttl":"5m","inputTokens":1}],"serverToolUsage":{}},
                "metrics":{"latencyMs":77},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"},
                "trace":{"guardrail":{"g":1},"promptRouter":{"invokedModelId":"m"}}}"#,
        ),
    ]);
    assert_eq!(error, None);
    assert_eq!(
        chunks[1..],
        [
            Chunk::Usage(Usage {
                input: 1,
                output: 2,
                cache_read: 3,
                cache_write: 4,
                extensions: vec![
                    extension("cache-write-1h", "3"),
                    extension("total", "10"),
                    extension("service-tier", "\"flex\""),
                    extension("latency", "\"optimized\""),
                    extension("latency-ms", "77"),
                ],
            }),
            Chunk::Finished(Finish {
                reason: "stop-sequence".into(),
                raw: "stop_sequence".into(),
                extensions: vec![
                    extension("stop-details", r#"{"x":1.0}"#),
                    extension("stop-sequence", "\"END\""),
                    extension(
                        "model-fields",
                        r#"{"delta":{"stop_sequence":"END"},"stop_details":{"x":1.0}}"#
                    ),
                    extension("guardrail", r#"{"g":1}"#),
                    extension(
                        "guardrail-outcome",
                        r#"{"action":"none","input":"none","output":"none","reason":null,"guardrails":[]}"#
                    ),
                    extension("invoked-model", "\"m\""),
                ],
            }),
        ]
    );
}

#[test]
fn every_stop_reason_has_a_word() {
    for (raw, word) in [
        ("end_turn", "end-turn"),
        ("tool_use", "tool-use"),
        ("max_tokens", "max-tokens"),
        ("stop_sequence", "stop-sequence"),
        ("guardrail_intervened", "guardrail"),
        ("content_filtered", "filtered"),
        ("malformed_model_output", "malformed"),
        ("malformed_tool_use", "malformed"),
        ("model_context_window_exceeded", "context-window"),
        ("refusal", "refusal"),
        ("a_novel_reason", "a-novel-reason"),
    ] {
        let stop = format!("{{\"stopReason\":\"{raw}\"}}");
        let delta = r#"{"contentBlockIndex":0,"delta":{"text":"a"}}"#;
        let (chunks, _) = read(&[("contentBlockDelta", delta), ("messageStop", &stop)]);
        let Some(Chunk::Finished(finish)) = chunks.last() else {
            panic!("no end after {raw}");
        };
        assert_eq!((finish.reason.as_str(), finish.raw.as_str()), (word, raw));
    }
}

#[test]
fn an_answer_without_its_end_is_truncated() {
    let (chunks, error) = read(&[
        ("messageStart", "{}"),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"half"}}"#),
    ]);
    assert_eq!(chunks.len(), 3);
    let error = error.expect("an error");
    assert_eq!(error.code, ErrorCode::Truncated);
    assert_eq!(error.request_id.as_deref(), Some("req-1"));
    assert_eq!(read(&[]).1.map(|error| error.code), Some(ErrorCode::Truncated));
}

#[test]
fn an_exception_is_an_error_behind_what_came_before_it() {
    let (chunks, error) = read(&[
        ("messageStart", "{}"),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"half"}}"#),
        ("modelStreamErrorException", r#"{"message":"broke","originalStatusCode":500}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]);
    assert_eq!(chunks[2], Chunk::TextDelta(deltas(0, "half", &[])));
    let error = error.expect("an error");
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Internal, "broke"));
    assert_eq!(error.provider_code.as_deref(), Some("modelStreamErrorException"));

    let (chunks, error) = read(&[("validationException", r#"{"message":"prompt is too long: 2 > 1"}"#)]);
    assert_eq!(chunks, []);
    assert_eq!(error.map(|error| error.code), Some(ErrorCode::ContextTooLong));
}

#[test]
fn tool_arguments_without_a_call_are_an_error() {
    let (_, error) =
        read(&[("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}"#)]);
    assert_eq!(error.map(|error| error.code), Some(ErrorCode::Internal));
}

#[test]
fn rewrites_come_first_and_the_steps_say_what_is_next() {
    let rewrite = Rewrite { rule: "r".into(), at: "/a".into(), detail: String::new() };
    let mut more = frames(&[("messageStart", "{}")]);
    if let Arrival::Frames(frames) = &mut more {
        frames.more = true;
    }
    let call = Scripted::new([
        Ok(Arrival::Nothing),
        Ok(more),
        Ok(frames(&[("messageStop", r#"{"stopReason":"end_turn"}"#)])),
        Ok(frames(&[("metadata", "{}")])),
    ]);
    let mut answer = answer(call, vec![rewrite.clone()]);
    let mut step = || answer.next_chunk().expect("progress");
    let first = step();
    assert_eq!((first.chunks, first.next), (Vec::new(), NextStep::Wait), "it may have to be sent again");
    let second = step();
    assert_eq!(second.chunks, [Chunk::Rewritten(rewrite), Chunk::Started(Some("req-1".into()))]);
    assert_eq!(second.next, NextStep::Again);
    assert_eq!(step().next, NextStep::Wait);
    let last = step();
    assert_eq!(last.next, NextStep::End);
    assert!(matches!(last.chunks[..], [Chunk::Finished(_)]));
    let after = step();
    assert_eq!((after.chunks.len(), after.next), (0, NextStep::End));
}

#[test]
fn a_tool_that_stands_for_the_answer_is_its_text() {
    let read = |others: &Events<'_>| {
        let mut names = Names::default();
        let name = names.add_output().to_owned();
        let start =
            format!(r#"{{"contentBlockIndex":0,"start":{{"toolUse":{{"toolUseId":"a","name":"{name}"}}}}}}"#);
        let mut events = vec![
            ("contentBlockStart", start.as_str()),
            ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":""}}}"#),
            ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"a\":"}}}"#),
            ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"1.50}"}},"x":1}"#),
            ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ];
        events.extend(others);
        events.push(("messageStop", r#"{"stopReason":"tool_use"}"#));
        let call = Scripted::new([Ok(frames(&events)), Ok(Arrival::End)]);
        let meter = Meter::new(Known::by_id("novel.model"), "novel.model".into(), &SETTINGS);
        let mut answer: Answer<'_, &Memory> = Answer::of(Sent { call, rewrites: Vec::new(), names, meter });
        let (chunks, error) = drain(&mut answer);
        assert_eq!(error, None);
        let text: String = chunks
            .iter()
            .filter_map(|chunk| match chunk {
                Chunk::TextDelta(deltas) => Some(deltas.text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(text, r#"{"a":1.50}"#);
        assert_eq!(chunks[1], Chunk::BlockStart((0, "text".into())));
        let value = r#"{"contentIndex":0,"by":"tool"}"#.into();
        assert_eq!(chunks[2], Chunk::Other(Extension { key: "structured-output".into(), value }));
        match chunks.last() {
            Some(Chunk::Finished(finish)) => finish.reason.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read(&[]), "end-turn");
    let call = r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"b","name":"f"}}}"#;
    assert_eq!(read(&[("contentBlockStart", call)]), "tool-use");
}

/// The same answer, streamed and whole.
#[test]
fn a_whole_answer_is_told_as_a_stream() {
    let events = [
        ("messageStart", r#"{"role":"assistant"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s+/="}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"AAEC"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"text":"so \"it\" is"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"citation":{"title":"t"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":2}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"a","name":"f","type":"server_tool_use"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":3,"delta":{"toolUse":{"input":"{\"q\":1.50}"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":3}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":4,"start":{"toolResult":{"toolUseId":"a","status":"success"}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":4,"delta":{"toolResult":[{"text":"r"}]}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":4}"#),
        ("contentBlockStart", r#"{"contentBlockIndex":5,"start":{"toolUse":{"toolUseId":"b","name":"g"}}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":5,"delta":{"toolUse":{"input":"{\"n\":12345678901234567890123}"}}}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":5}"#),
        ("messageStop", r#"{"stopReason":"tool_use","additionalModelResponseFields":{"x":1}}"#),
        (
            "metadata",
            r#"{"usage":{"inputTokens":3,"outputTokens":5,"totalTokens":8},"metrics":{"latencyMs":7},
                "trace":{"promptRouter":{"invokedModelId":"m"}},"serviceTier":{"type":"flex"}}"#,
        ),
    ];
    let whole = r#"{"output":{"message":{"role":"assistant","content":[
        {"reasoningContent":{"reasoningText":{"text":"hm","signature":"s+/="}}},
        {"reasoningContent":{"redactedContent":"AAEC"}},
        {"citationsContent":{"content":[{"text":"so \"it\" is"}],"citations":[{"title":"t"}]}},
        {"toolUse":{"toolUseId":"a","name":"f","type":"server_tool_use","input":{"q":1.50}}},
        {"toolResult":{"toolUseId":"a","status":"success","content":[{"text":"r"}]}},
        {"toolUse":{"toolUseId":"b","name":"g","input":{"n":12345678901234567890123}}}]}},
        "stopReason":"tool_use","additionalModelResponseFields":{"x":1},
        "usage":{"inputTokens":3,"outputTokens":5,"totalTokens":8},"metrics":{"latencyMs":7},
        "trace":{"promptRouter":{"invokedModelId":"m"}},"serviceTier":{"type":"flex"}}"#;
    let (streamed, error) = read(&events);
    assert_eq!(error, None);
    let call = Scripted::new([Ok(Arrival::Nothing), Ok(Arrival::Body(whole.into()))]);
    let (told, error) = drain(&mut answer(call, Vec::new()));
    assert_eq!(error, None);
    assert_eq!(told, streamed);
}

#[test]
fn a_whole_answer_that_cannot_be_read_is_an_error() {
    for body in
        ["", "[]", "{}", r#"{"output":{"message":{"content":[1]}},"stopReason":"end_turn"}"#, "\u{ff}"]
    {
        let call = Scripted::new([Ok(Arrival::Body(body.into()))]);
        let (_, error) = drain(&mut answer(call, Vec::new()));
        assert_eq!(error.map(|error| error.code), Some(ErrorCode::Internal), "{body}");
    }
}

#[test]
fn no_room_for_an_answer_is_a_conversation_that_is_too_long() {
    let ended = |model: &str, reason: &str, input: u64, output: u64| {
        let stop = format!(r#"{{"stopReason":"{reason}"}}"#);
        let usage = format!(r#"{{"usage":{{"inputTokens":{input},"outputTokens":{output}}}}}"#);
        let events = [("messageStop", stop.as_str()), ("metadata", usage.as_str())];
        let call = Scripted::new([Ok(frames(&events)), Ok(Arrival::End)]);
        drain(&mut answer_of(model, call, Vec::new())).1.map(|error| error.code)
    };
    let long = Some(ErrorCode::ContextTooLong);
    assert_eq!(ended("novel.model", "model_context_window_exceeded", 5, 0), long);
    assert_eq!(ended("amazon.nova-micro-v1:0", "max_tokens", 127_500, 0), long);
    assert_eq!(ended("amazon.nova-micro-v1:0", "max_tokens", 100_000, 0), None);
    assert_eq!(ended("amazon.nova-micro-v1:0", "max_tokens", 127_500, 9), None);
    assert_eq!(ended("novel.model", "max_tokens", 127_500, 0), None);
}

/// Counts that no model reaches are no reason to panic, which would end the stream for the host.
#[test]
fn counts_without_measure_are_taken_as_they_are() {
    let most = u64::MAX;
    let usage = format!(
        r#"{{"usage":{{"inputTokens":{most},"outputTokens":{most},"cacheReadInputTokens":{most},
        "cacheWriteInputTokens":{most},"totalTokens":{most},
        "cacheDetails":[{{"ttl":"1h","inputTokens":{most}}},{{"ttl":"1h","inputTokens":{most}}}]}}}}"#
    );
    for model in ["novel.model", "amazon.nova-lite-v1:0"] {
        let events = [("messageStop", r#"{"stopReason":"end_turn"}"#), ("metadata", usage.as_str())];
        let call = Scripted::new([Ok(frames(&events)), Ok(Arrival::End)]);
        let (chunks, error) = drain(&mut answer_of(model, call, Vec::new()));
        assert_eq!(error, None);
        let told = chunks.iter().find_map(|chunk| match chunk {
            Chunk::Usage(usage) => Some((usage.input, usage.cache_write)),
            _ => None,
        });
        assert_eq!(told, Some((most, most)));
    }
}

#[test]
fn a_failed_call_is_an_error() {
    let failure = Failure {
        stage: "connect".into(),
        message: "no route".into(),
        http_status: None,
        error_type: None,
        request_id: None,
        retry_after_ms: None,
        body: Vec::new(),
    };
    let (chunks, error) = drain(&mut answer(Scripted::new([Err(failure)]), Vec::new()));
    assert_eq!(chunks, []);
    assert_eq!(error.map(|error| error.code), Some(ErrorCode::Network));
}

/// Payloads of every event, sound and damaged.
fn event() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        Just("messageStart"),
        Just("contentBlockStart"),
        Just("contentBlockDelta"),
        Just("contentBlockStop"),
        Just("messageStop"),
        Just("metadata"),
        Just("throttlingException"),
        Just("novelEvent"),
    ];
    let member = prop_oneof![
        Just(r#""delta":{"text":"a"}"#),
        Just(r#""delta":{"toolUse":{"input":"{"}}"#),
        Just(r#""delta":{"reasoningContent":{"text":"r","signature":"s"}}"#),
        Just(r#""delta":{"reasoningContent":{"redactedContent":"AQ=="}}"#),
        Just(r#""delta":{"reasoningContent":7}"#),
        Just(r#""delta":{"citation":{}}"#),
        Just(r#""delta":{"toolResult":[{}]}"#),
        Just(r#""delta":{"image":{"source":{"bytes":"!"}}}"#),
        Just(r#""start":{"toolUse":{"toolUseId":"t","name":"n"}}"#),
        Just(r#""start":{"toolUse":{"type":"server_tool_use"}}"#),
        Just(r#""start":{"image":{}}"#),
        Just(r#""stopReason":"end_turn""#),
        Just(r#""usage":{"inputTokens":-1}"#),
        Just(r#""delta":null"#),
    ];
    let sound = (0u32..3, member)
        .prop_map(|(block, member)| format!("{{\"contentBlockIndex\":{block},{member}}}").into_bytes());
    let payload = prop_oneof![
        8 => sound,
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    (name.prop_map(String::from), payload)
}

/// `frames`, for payloads that need not be text.
fn raw_frames(events: &[(String, Vec<u8>)]) -> Arrival {
    let blank: Vec<(&str, &str)> = events.iter().map(|(name, _)| (name.as_str(), "")).collect();
    let Arrival::Frames(mut arrival) = frames(&blank) else {
        unreachable!("frames are frames");
    };
    let mut data = Vec::new();
    let mut names = 0;
    for (frame, (_, payload)) in arrival.frames.iter_mut().zip(events) {
        let name = names..names + frame.name_length as usize;
        names = name.end;
        data.extend_from_slice(&arrival.data[name]);
        data.extend_from_slice(payload);
        frame.payload_length = payload.len() as u32;
    }
    arrival.data = data;
    Arrival::Frames(arrival)
}

proptest! {
    #[test]
    fn any_frames_give_chunks_or_an_error(batches in proptest::collection::vec(proptest::collection::vec(event(), 0..8), 0..4)) {
        let mut arrivals: Vec<_> = batches.iter().map(|batch| Ok(raw_frames(batch))).collect();
        arrivals.push(Ok(Arrival::End));
        let (chunks, error) = drain(&mut answer(Scripted::new(arrivals), Vec::new()));
        let finished = chunks.iter().filter(|chunk| matches!(chunk, Chunk::Finished(_))).count();
        prop_assert_eq!(finished, usize::from(error.is_none()));
        // Numbers are dense, and where the answer is complete every block has ended.
        let mut begun = 0;
        let mut ended = 0;
        for chunk in &chunks {
            match chunk {
                Chunk::BlockStart((number, _)) | Chunk::ToolCallStart((number, ..)) => {
                    prop_assert_eq!(*number, begun);
                    begun += 1;
                }
                Chunk::BlockEnd(_) => ended += 1,
                _ => {}
            }
        }
        prop_assert!(error.is_some() || begun == ended);
    }

    #[test]
    fn lengths_never_reach_outside(lengths in proptest::collection::vec((any::<u32>(), any::<u32>()), 0..4), data in proptest::collection::vec(any::<u8>(), 0..40)) {
        let Arrival::Frames(mut arrival) = frames(&[]) else {
            unreachable!("frames are frames");
        };
        arrival.data = data;
        arrival.frames = lengths
            .into_iter()
            .map(|(name_length, payload_length)| crate::bindings::outcrop::provider::bedrock_bridge::Frame {
                kind: crate::bindings::outcrop::provider::bedrock_bridge::FrameKind::ContentBlockDelta,
                name_length,
                payload_length,
            })
            .collect();
        let call = Scripted::new([Ok(Arrival::Frames(arrival)), Ok(Arrival::End)]);
        drain(&mut answer(call, Vec::new()));
    }
}
