//! Requests in, bodies and rewrites out.

use super::{Mapped, converse, count};
use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::bindings::outcrop::provider::types::{
    Block, Error, ErrorCode, Extension, Media, Message, RawBlock, Reasoning, Request, Role, Tool, ToolCall,
    ToolChoice, ToolOutput, ToolResult,
};
use crate::learned::Learned;
use crate::models::Known;
use crate::models::facts::Facts;
use crate::models::route::Route;
use crate::settings::Settings;
use crate::stream::script;
use crate::target::Target;
use serde_json::{Value, json};

mod histories;
mod matrix;
mod properties;

const OPUS: &str = "us.anthropic.claude-opus-5-5";
const OPUS_4_8: &str = "global.anthropic.claude-opus-4-8";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
const UNKNOWN: &str = "novel.model-v1";

fn request(model_id: &str, messages: Vec<Message>) -> Request {
    Request { messages, ..script::request(model_id) }
}

fn hello(model_id: &str) -> Request {
    request(model_id, vec![user(vec![text("hi")])])
}

fn user(content: Vec<Block>) -> Message {
    Message { role: Role::User, content, model_id: None }
}

fn model(content: Vec<Block>) -> Message {
    Message { role: Role::Assistant, content, model_id: None }
}

fn text(text: &str) -> Block {
    Block::Text(text.into())
}

fn call(id: &str, arguments: &str) -> Block {
    Block::ToolCall(ToolCall { id: id.into(), name: "look".into(), arguments: arguments.into() })
}

fn result(id: &str, output: Vec<ToolOutput>) -> Block {
    Block::ToolResult(ToolResult { call_id: id.into(), output, is_error: false })
}

fn media(id: u32, kind: &str, format: &str, name: Option<&str>) -> Media {
    Media {
        id,
        kind: kind.into(),
        format: format.into(),
        size: 3,
        name: name.map(String::from),
        extensions: Vec::new(),
    }
}

fn tool() -> Tool {
    Tool {
        name: "look".into(),
        description: "Looks".into(),
        input_schema: r#"{"type":"object","properties":{"n":{"minimum":1.0}}}"#.into(),
        strict: false,
    }
}

fn extension(key: &str, value: &str) -> Extension {
    Extension { key: key.into(), value: value.into() }
}

/// A model as the table knows it, of which nothing is listed and nothing learned.
fn target(id: &str) -> Target {
    let known = Known::by_id(id);
    let facts = Facts::of(id, &known, None, &Settings::default());
    let route = Route { id: id.into(), rewrites: Vec::new() };
    Target { route, known, facts, learned: Learned::default() }
}

fn map(request: &Request) -> Result<Mapped, Error> {
    converse(request, &target(&request.model_id), &Settings::default())
}

/// The body as text, as the host joins it: every medium is the bytes 1, 2, 3.
fn joined(parts: &[BodyPart]) -> String {
    let parts: Vec<u8> = parts
        .iter()
        .flat_map(|part| match part {
            BodyPart::Json(text) => text.clone(),
            BodyPart::Media(_) => b"AQID".to_vec(),
        })
        .collect();
    String::from_utf8(parts).expect("text")
}

fn sent(request: &Request) -> (Value, Vec<(String, String)>) {
    let mapped = map(request).expect("a body");
    let body = serde_json::from_str(&joined(&mapped.body)).expect("JSON");
    let rewrites = mapped.rewrites.into_iter().map(|rewrite| (rewrite.rule, rewrite.at)).collect();
    (body, rewrites)
}

fn rewrites(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(rule, at)| ((*rule).into(), (*at).into())).collect()
}

fn refused(request: &Request) -> (ErrorCode, String) {
    match map(request) {
        Ok(_) => panic!("a body"),
        Err(error) => (error.code, error.message),
    }
}

#[test]
fn a_plain_request_is_plain() {
    let mut request = hello(UNKNOWN);
    request.system = vec![text("Be brief.")];
    request.max_output_tokens = Some(100);
    request.temperature = Some(0.5);
    request.top_p = Some(1.0);
    request.stop_sequences = vec!["END".into()];
    let (body, notes) = sent(&request);
    assert_eq!(
        body,
        json!({
            "system": [{"text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "topP": 1.0, "stopSequences": ["END"]},
        })
    );
    assert_eq!(notes, []);
}

#[test]
fn output_is_always_bounded() {
    for (model, effort, want) in [
        (UNKNOWN, None, 4_096),
        (OPUS_4_8, None, 8_192),
        (OPUS_4_8, Some("high"), 32_768),
        // It thinks unless it is told not to.
        (OPUS, None, 32_768),
        ("us.meta.llama3-3-70b-instruct-v1:0", None, 4_096),
    ] {
        let mut request = hello(model);
        request.effort = effort.map(String::from);
        assert_eq!(sent(&request).0["inferenceConfig"]["maxTokens"], want, "{model}");
    }
    let mut request = hello(OPUS);
    request.max_output_tokens = Some(0);
    assert!(refused(&request).1.starts_with("/max-output-tokens"));
}

#[test]
fn blank_text_and_empty_messages_are_left_out_and_roles_alternate() {
    let mut request = request(
        UNKNOWN,
        vec![
            user(vec![text("a"), text(" \n")]),
            model(vec![text("")]),
            user(vec![text("b")]),
            model(Vec::new()),
            model(vec![text("c")]),
            user(vec![text("d")]),
        ],
    );
    request.system = vec![text(" ")];
    let (body, notes) = sent(&request);
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
            {"role": "assistant", "content": [{"text": "c"}]},
            {"role": "user", "content": [{"text": "d"}]},
        ])
    );
    assert_eq!(body.get("system"), None);
    assert_eq!(
        notes,
        rewrites(&[
            ("empty-text-dropped", "/messages/0/content/1"),
            ("empty-text-dropped", "/messages/1/content/0"),
            ("empty-message-dropped", "/messages/1"),
            ("messages-merged", "/messages/2"),
            ("empty-message-dropped", "/messages/3"),
            ("empty-text-dropped", "/system/0"),
        ])
    );
    request.messages.drain(2..);
    request.messages.remove(0);
    assert_eq!(refused(&request).0, ErrorCode::InvalidRequest);
}

#[test]
fn tool_turns_keep_their_json_and_their_order() {
    let big = r#"{"n": 12345678901234567890123, "f": 1.50}"#;
    let mut request = request(
        OPUS,
        vec![
            user(vec![text("go")]),
            model(vec![call("1", big), call("2", " "), call("3", "{}")]),
            user(vec![result("1", vec![ToolOutput::Json(big.into()), ToolOutput::Text(" ".into())])]),
            user(vec![Block::ToolResult(ToolResult {
                call_id: "2".into(),
                output: Vec::new(),
                is_error: true,
            })]),
            user(vec![result("3", vec![ToolOutput::Json("[1]".into())])]),
        ],
    );
    request.tools = vec![tool()];
    let mapped = map(&request).expect("a body");
    let body = joined(&mapped.body);
    assert_eq!(body.matches(big).count(), 2, "{body}");
    let (body, notes) = sent(&request);
    assert_eq!(body["messages"][1]["content"][1]["toolUse"]["input"], json!({}));
    let results = &body["messages"][2]["content"];
    assert_eq!(results.as_array().map(Vec::len), Some(3));
    assert_eq!(results[0]["toolResult"]["status"], "success");
    assert_eq!(
        results[1],
        json!({"toolResult": {"toolUseId": "2", "content": [{"text": "(no output)"}], "status": "error"}})
    );
    assert_eq!(results[2]["toolResult"]["content"][0]["text"], "[1]");
    assert_eq!(
        notes,
        rewrites(&[
            ("empty-text-dropped", "/messages/2/content/0/output/1"),
            ("json-output-as-text", "/messages/4/content/0/output/0"),
            ("empty-output-filled", "/messages/3/content/0"),
        ])
    );
}

#[test]
fn bad_json_is_refused_with_its_place() {
    let with = |block: Block, role| {
        let message = Message { role, content: vec![block], model_id: None };
        refused(&request(OPUS, vec![message]))
    };
    for (block, role, at) in [
        (call("1", "{}"), Role::User, "/messages/0/content/0"),
        (result("1", vec![ToolOutput::Json("{".into())]), Role::User, "/messages/0/content/0/output/0"),
        (Block::Media(media(1, "image", "bmp", None)), Role::User, "/messages/0/content/0"),
        (Block::CachePoint("2h".into()), Role::User, "/messages/0/content/0"),
    ] {
        let (code, message) = with(block, role);
        assert_eq!(code, ErrorCode::InvalidRequest);
        assert!(message.starts_with(&format!("{at}: ")), "{message}");
    }
    let (code, _) = with(Block::Other(extension("novel", "1")), Role::User);
    assert_eq!(code, ErrorCode::Unsupported);
    let mut unheard = hello(OPUS);
    unheard.extensions = vec![extension("novel", "1")];
    assert_eq!(refused(&unheard).0, ErrorCode::Unsupported);
    let mut schema = hello(OPUS);
    schema.tools = vec![Tool { input_schema: "[]".into(), ..tool() }];
    assert!(refused(&schema).1.starts_with("/tools/0/input-schema"));
}

#[test]
fn media_are_references_and_documents_have_names_and_text() {
    let mut request = request(
        OPUS,
        vec![
            user(vec![
                Block::Media(media(1, "image", "png", None)),
                Block::Media(media(2, "document", "pdf", Some("a_b.pdf"))),
                Block::Media(Media {
                    extensions: vec![extension("citations", "true"), extension("context", "\"c\"")],
                    ..media(3, "document", "txt", Some("a-b"))
                }),
            ]),
            model(vec![text("ok"), call("1", "{}")]),
            user(vec![result("1", vec![ToolOutput::Media(media(4, "document", "md", None))])]),
        ],
    );
    request.tools = vec![tool()];
    let mapped = map(&request).expect("a body");
    let ids: Vec<u32> = mapped
        .body
        .iter()
        .filter_map(|part| match part {
            BodyPart::Media(id) => Some(*id),
            BodyPart::Json(_) => None,
        })
        .collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    assert!(mapped.readable().contains(r#"{"bytes":{"$media":1}}"#));
    let (body, notes) = sent(&request);
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"image": {"format": "png", "source": {"bytes": "AQID"}}},
            {"document": {"format": "pdf", "name": "a-b", "source": {"bytes": "AQID"}}},
            {"document": {"format": "txt", "name": "a-b (2)", "source": {"bytes": "AQID"},
                "context": "c", "citations": {"enabled": true}}},
            {"text": "See the document."},
        ])
    );
    assert_eq!(
        notes,
        rewrites(&[
            ("document-name-changed", "/messages/0/content/1"),
            ("document-name-changed", "/messages/0/content/2"),
            ("document-text-added", "/messages/0"),
        ])
    );
}

#[test]
fn reasoning_goes_back_where_it_can_be_checked() {
    let reasoning = |text: &str, signature: Option<&str>, redacted: Option<&[u8]>, by: Option<&str>| {
        Block::Reasoning(Reasoning {
            text: text.into(),
            signature: signature.map(String::from),
            redacted: redacted.map(<[u8]>::to_vec),
            model_id: by.map(String::from),
        })
    };
    let blocks = || {
        vec![
            reasoning("so", Some("A+/="), None, Some(OPUS)),
            reasoning("", None, Some(&[1, 2, 3]), Some(OPUS_4_8)),
            reasoning("unsigned", None, None, None),
            text("x"),
        ]
    };
    let turns =
        |model_id| request(model_id, vec![user(vec![text("q")]), model(blocks()), user(vec![text("r")])]);
    let (body, notes) = sent(&turns(OPUS_4_8));
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "so", "signature": "A+/="}}},
            {"reasoningContent": {"redactedContent": "AQID"}},
            {"text": "x"},
        ])
    );
    assert_eq!(notes, rewrites(&[("reasoning-dropped", "/messages/1/content/2")]));
    let (body, notes) = sent(&turns(NOVA_2));
    assert_eq!(
        body["messages"][1]["content"],
        json!([{"reasoningContent": {"reasoningText": {"text": "unsigned"}}}, {"text": "x"}])
    );
    assert_eq!(notes[0].0, "foreign-reasoning-dropped");
    let mut by_message = turns("openai.gpt-oss-120b-1:0");
    by_message.messages[1].model_id = Some(NOVA_2.into());
    assert_eq!(sent(&by_message).1[2].0, "foreign-reasoning-dropped");
}

#[test]
fn raw_blocks_go_back_as_they_came() {
    let raw = |kind: &str, text: &str, json: &str| {
        Block::Raw(RawBlock { kind: kind.into(), text: text.into(), json: json.into() })
    };
    let mut request = request(
        OPUS,
        vec![
            user(vec![text("q")]),
            model(vec![
                raw("text", "cited", r#"{"citations":[{"title":"t"}]}"#),
                raw("server-tool", "", r#"{"toolUse":{"input":{"n":1.0}}}"#),
                raw("text", "plain", ""),
                raw("novel", "", ""),
            ]),
            user(vec![text("r")]),
        ],
    );
    request.extensions = vec![extension("system-tools", "[\"search\"]")];
    let (body, notes) = sent(&request);
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"citationsContent": {"content": [{"text": "cited"}], "citations": [{"title": "t"}]}},
            {"toolUse": {"input": {"n": 1.0}}},
            {"text": "plain"},
        ])
    );
    assert_eq!(notes, rewrites(&[("unknown-block-dropped", "/messages/1/content/3")]));
}

#[test]
fn tools_and_choices() {
    let choose = |model_id: &str, choice: ToolChoice, effort: Option<&str>| {
        let mut request = hello(model_id);
        request.tools = vec![
            tool(),
            Tool { name: "b".into(), description: String::new(), input_schema: String::new(), strict: true },
        ];
        request.tool_choice = choice;
        request.effort = effort.map(String::from);
        sent(&request)
    };
    let (body, notes) = choose(HAIKU, ToolChoice::Named("b".into()), None);
    assert_eq!(
        body["toolConfig"],
        json!({
            "tools": [
                {"toolSpec": {"name": "b", "inputSchema": {"json": {"type": "object", "properties": {},
                    "additionalProperties": false}}, "strict": true}},
                {"toolSpec": {"name": "look", "description": "Looks",
                    "inputSchema": {"json": {"type": "object", "properties": {"n": {"minimum": 1.0}}}}}},
            ],
            "toolChoice": {"tool": {"name": "b"}},
        })
    );
    assert_eq!(notes, rewrites(&[("schema-cleaned", "/tools/1/input-schema")]));
    assert_eq!(choose(HAIKU, ToolChoice::Any, None).0["toolConfig"]["toolChoice"], json!({"any": {}}));
    for (model_id, effort) in [(OPUS, None), (HAIKU, Some("low")), (OPUS_4_8, Some("low"))] {
        let (body, notes) = choose(model_id, ToolChoice::Any, effort);
        assert_eq!(body["toolConfig"].get("toolChoice"), None);
        assert_eq!(notes.last().map(|note| note.0.as_str()), Some("tool-choice-relaxed"));
    }
    let (body, notes) = choose(HAIKU, ToolChoice::None, None);
    assert_eq!(body.get("toolConfig"), None);
    assert_eq!(notes, rewrites(&[("tool-choice-none", "/tool-choice")]));
    let mut wrong = hello(HAIKU);
    wrong.tool_choice = ToolChoice::Named("look".into());
    assert!(refused(&wrong).1.starts_with("/tool-choice"));
}

#[test]
fn no_tool_is_called_where_tools_have_been() {
    let history = |model_id| {
        let mut request = request(
            model_id,
            vec![
                user(vec![text("go")]),
                model(vec![call("1", "{}")]),
                user(vec![result("1", vec![ToolOutput::Text("x".into())])]),
            ],
        );
        request.tools = vec![tool()];
        request.tool_choice = ToolChoice::None;
        sent(&request)
    };
    let (body, notes) = history(HAIKU);
    assert_eq!(body["additionalModelRequestFields"]["tool_choice"], json!({"type": "none"}));
    assert_eq!(notes, []);
    let (body, notes) = history(NOVA_2);
    assert_eq!(body.get("toolConfig"), None);
    assert_eq!(body["messages"][2]["content"][0]["text"], "[Tool result: look]:\nx");
    assert_eq!(notes[0], ("tool-choice-none".into(), "/tool-choice".into()));
}

#[test]
fn effort_speaks_every_dialect() {
    let fields = |model_id: &str, effort: &str| {
        let mut request = hello(model_id);
        request.effort = Some(effort.into());
        let (body, notes) = sent(&request);
        let rules: Vec<String> = notes.into_iter().map(|(rule, _)| rule).collect();
        (body.get("additionalModelRequestFields").cloned(), rules)
    };
    let none: Vec<String> = Vec::new();
    for (model_id, effort, want) in [
        (
            OPUS,
            "max",
            json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "max"}}),
        ),
        (
            "us-gov.anthropic.claude-opus-5",
            "low",
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ),
        (
            HAIKU,
            "medium",
            json!({"thinking": {"type": "enabled", "budget_tokens": 8192, "display": "summarized"}}),
        ),
        (NOVA_2, "low", json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}})),
        ("openai.gpt-oss-120b-1:0", "medium", json!({"reasoning_effort": "medium"})),
        ("us.deepseek.v3.2", "high", json!({"reasoning_effort": "high"})),
        ("qwen.qwen3-32b-v1:0", "high", json!({"reasoning_config": "high"})),
        ("qwen.qwen3-32b-v1:0", "off", json!({"reasoning_config": "none"})),
        ("global.openai.gpt-6.1-sol", "max", json!({"reasoning": {"effort": "max"}})),
        ("us.xai.grok-4.7", "low", json!({"reasoning": {"effort": "low"}})),
    ] {
        assert_eq!(fields(model_id, effort), (Some(want), none.clone()), "{model_id} {effort}");
    }
    assert_eq!(fields(OPUS_4_8, "off"), (None, none.clone()));
    // What thinks unasked is told not to, as far as it can be.
    for (id, want, notes) in [
        ("global.anthropic.claude-opus-5", json!({"thinking": {"type": "disabled"}}), 0),
        ("global.anthropic.claude-sonnet-5-5", json!({"thinking": {"type": "between_tools"}}), 0),
        (OPUS, json!({"output_config": {"effort": "low"}}), 1),
    ] {
        let (body, told) = fields(id, "off");
        assert_eq!((body, told.len()), (Some(want), notes), "{id}");
    }
    assert_eq!(fields("mistral.mistral-large-3-675b-instruct", "high").1, ["effort-dropped"]);
    assert_eq!(fields("us.deepseek.v3.2", "low").1, ["effort-adjusted"]);
    assert_eq!(fields("us.anthropic.claude-sonnet-4-6", "xhigh").1, ["effort-adjusted"]);
    let mut wrong = hello(OPUS);
    wrong.effort = Some("extreme".into());
    assert!(refused(&wrong).1.starts_with("/effort"));
}

#[test]
fn thoughts_between_tool_calls_are_asked_for_where_they_are_known() {
    let betas = |id: &str, tools: bool, wanted: bool| {
        let mut request = hello(id);
        request.effort = Some("low".into());
        request.tools = if tools { vec![tool()] } else { Vec::new() };
        request.extensions = vec![extension("interleaved-thinking", &wanted.to_string())];
        sent(&request).0["additionalModelRequestFields"]["anthropic_beta"].clone()
    };
    assert_eq!(betas(HAIKU, true, true), json!(["interleaved-thinking-2025-05-14"]));
    assert_eq!(betas(HAIKU, true, false), Value::Null);
    assert_eq!(betas(HAIKU, false, true), Value::Null);
    assert_eq!(betas("us.anthropic.claude-3-7-sonnet-20250219-v1:0", true, true), Value::Null);
    assert_eq!(betas(OPUS_4_8, true, true), Value::Null);
}

#[test]
fn the_newest_models_take_back_their_own_reasoning_alone() {
    let history = |id: &str, by: &str| {
        let thought = Reasoning {
            text: "so".into(),
            signature: Some("EqQB".into()),
            redacted: None,
            model_id: Some(by.into()),
        };
        let turns = vec![
            user(vec![text("q")]),
            model(vec![Block::Reasoning(thought), text("a")]),
            user(vec![text("r")]),
        ];
        sent(&request(id, turns)).0["messages"][1]["content"].as_array().map(Vec::len)
    };
    assert_eq!(history(OPUS, OPUS), Some(2));
    assert_eq!(history(OPUS, OPUS_4_8), Some(1));
    assert_eq!(history(OPUS_4_8, OPUS), Some(2));
}

#[test]
fn a_thinking_budget_comes_out_of_the_output() {
    let budget = |asked: Option<u32>, effort: &str| {
        let mut request = hello("us.anthropic.claude-3-7-sonnet-20250219-v1:0");
        request.effort = Some(effort.into());
        request.max_output_tokens = asked;
        let (body, notes) = sent(&request);
        (
            body["inferenceConfig"]["maxTokens"].as_u64(),
            body["additionalModelRequestFields"]["thinking"]["budget_tokens"].as_u64(),
            notes.len(),
        )
    };
    assert_eq!(budget(Some(1000), "minimal"), (Some(2024), Some(1024), 1));
    // The model goes to 8,192: the budget shrinks to leave an answer room.
    assert_eq!(budget(None, "high"), (Some(8192), Some(7168), 0));
    assert_eq!(budget(Some(8192), "low"), (Some(8192), Some(2048), 0));
}

#[test]
fn sampling_is_left_out_where_it_is_refused() {
    let rules = |model_id: &str, effort: Option<&str>| {
        let mut request = hello(model_id);
        request.temperature = Some(0.1);
        request.top_p = Some(0.9);
        request.stop_sequences = vec!["x".into()];
        request.effort = effort.map(String::from);
        let (body, notes) = sent(&request);
        let config = &body["inferenceConfig"];
        let kept: Vec<bool> =
            ["temperature", "topP", "stopSequences"].iter().map(|name| config.get(*name).is_some()).collect();
        (kept, notes.len())
    };
    assert_eq!(rules(UNKNOWN, None), (vec![true, true, true], 0));
    assert_eq!(rules(HAIKU, None), (vec![true, false, true], 1));
    assert_eq!(rules(HAIKU, Some("low")), (vec![false, false, true], 2));
    assert_eq!(rules(OPUS, None), (vec![false, false, true], 2));
    assert_eq!(rules("global.openai.gpt-6-sol", None), (vec![false, false, false], 3));
    let mut wrong = hello(UNKNOWN);
    wrong.temperature = Some(f64::NAN);
    assert!(refused(&wrong).1.starts_with("/temperature"));
}

#[test]
fn cache_points_follow_the_model() {
    let body = |model_id: &str, ttl: &str| {
        let mut request = hello(model_id);
        request.system = vec![text("s"), Block::CachePoint(ttl.into())];
        let (body, notes) = sent(&request);
        (body["system"][1].clone(), notes)
    };
    assert_eq!(body(OPUS, "1h").0, json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    assert_eq!(body(OPUS, "5m").0, json!({"cachePoint": {"type": "default"}}));
    assert_eq!(body(NOVA_2, "1h").1, rewrites(&[("cache-ttl-shortened", "/system/1")]));
    assert_eq!(body("zai.glm-5", "5m").1, rewrites(&[("cache-point-dropped", "/system/1")]));

    let points = |model_id: &str, retention: &str, edit: fn(&mut Request)| {
        let mut request =
            request(model_id, vec![user(vec![text("a")]), model(vec![text("b")]), user(vec![text("c")])]);
        request.system = vec![text(&"s".repeat(8_000))];
        request.extensions = vec![extension("cache-retention", retention)];
        edit(&mut request);
        let text = joined(&map(&request).expect("a body").body);
        (text.matches("cachePoint").count(), text.matches("\"ttl\":\"1h\"").count())
    };
    assert_eq!(points(OPUS, "\"none\"", |_| ()), (0, 0));
    assert_eq!(points(OPUS, "\"short\"", |_| ()), (3, 0));
    assert_eq!(points(OPUS, "\"long\"", |_| ()), (3, 3));
    assert_eq!(points(NOVA_2, "\"long\"", |_| ()), (3, 0));
    // Too little stands before a point for this model to keep it, and nobody asked.
    let unasked = |request: &mut Request| request.extensions.clear();
    assert_eq!(points(HAIKU, "\"long\"", unasked), (0, 0));
    assert_eq!(points(OPUS, "\"long\"", unasked), (3, 0));
    assert_eq!(points(UNKNOWN, "\"long\"", |_| ()), (0, 0));
    // A caller's point that lives for five minutes stands before: no hour may come behind it.
    let short = |request: &mut Request| request.system.push(Block::CachePoint("5m".into()));
    assert_eq!(points(OPUS, "\"long\"", short), (2, 0));
    let four = |request: &mut Request| {
        for _ in 0..4 {
            request.messages[0].content.push(Block::CachePoint("5m".into()));
        }
    };
    assert_eq!(points(OPUS, "\"short\"", four), (4, 0));
}

/// A request with every extension.
fn extended() -> Request {
    let mut request = hello("global.anthropic.claude-sonnet-5-5");
    request.effort = Some("high".into());
    request.output_schema = Some(r#"{"type":"object","additionalProperties":false}"#.into());
    request.extensions = vec![
        extension("guardrail", r#"{"guardrailIdentifier":"gr1","guardrailVersion":"1","trace":"disabled"}"#),
        extension("trace", "\"enabled\""),
        extension("service-tier", "\"priority\""),
        extension("latency", "\"optimized\""),
        extension("metadata", r#"{"team":"a"}"#),
        extension("prompt-variables", r#"{"name":"x"}"#),
        extension("betas", r#"["b-1"]"#),
        extension("model-fields", r#"{"output_config":{"effort":"low"},"top_k":5}"#),
        extension("response-paths", r#"["/usage"]"#),
        extension("reasoning-display", "\"omitted\""),
    ];
    request
}

#[test]
fn extensions_have_their_members() {
    let (body, notes) = sent(&extended());
    assert_eq!(notes, []);
    assert_eq!(
        body["guardrailConfig"],
        json!({"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"})
    );
    assert_eq!(body["serviceTier"], json!({"type": "priority"}));
    assert_eq!(body["performanceConfig"], json!({"latency": "optimized"}));
    assert_eq!(body["requestMetadata"], json!({"team": "a"}));
    assert_eq!(body["promptVariables"], json!({"name": {"text": "x"}}));
    assert_eq!(
        body["additionalModelRequestFields"],
        json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "low"},
            "top_k": 5, "anthropic_beta": ["b-1"]})
    );
    assert_eq!(body["additionalModelResponseFieldPaths"], json!(["/stop_details", "/usage"]));
    assert_eq!(
        body["outputConfig"]["textFormat"],
        json!({"type": "json_schema", "structure": {"jsonSchema": {"schema": "{\"type\":\"object\",\"additionalProperties\":false}"}}})
    );
    let mut wrong = hello(OPUS);
    for (key, value) in [
        ("guardrail", "1"),
        ("trace", "\"enabled\""),
        ("service-tier", "1"),
        ("metadata", r#"{"a":1}"#),
        ("betas", "\"a\""),
        ("cache-retention", "\"forever\""),
        ("reasoning-display", "\"all\""),
    ] {
        wrong.extensions = vec![extension(key, value)];
        let (code, message) = refused(&wrong);
        assert_eq!(code, ErrorCode::InvalidRequest, "{key}");
        assert!(message.starts_with("/extensions/0: "), "{message}");
    }
}

#[test]
fn a_count_takes_what_makes_up_the_input() {
    let mut request = hello(HAIKU);
    request.system = vec![text("s")];
    request.tools = vec![tool()];
    request.temperature = Some(1.0);
    let mapped = count(&request, &target(HAIKU), &Settings::default()).expect("a body");
    let body: Value = serde_json::from_str(&joined(&mapped.body)).expect("JSON");
    let converse = &body["input"]["converse"];
    let mut members: Vec<&String> = converse.as_object().expect("an object").keys().collect();
    members.sort();
    assert_eq!(members, ["messages", "system", "toolConfig"]);
}

/// Bodies that an independent model of the service looks at.
fn samples() -> Vec<(&'static str, Request)> {
    let with = |id, edit: fn(&mut Request)| {
        let mut request = hello(id);
        edit(&mut request);
        (id, request)
    };
    let turns = request(
        OPUS,
        vec![
            user(vec![
                text("look"),
                Block::Media(media(1, "image", "webp", None)),
                Block::Media(media(2, "video", "three_gp", None)),
                Block::Media(media(3, "audio", "mp3", None)),
            ]),
            model(vec![
                Block::Reasoning(Reasoning {
                    text: "so".into(),
                    signature: Some("s".into()),
                    redacted: Some(vec![1]),
                    model_id: None,
                }),
                call("1", "{\"a\":1.0}"),
            ]),
            user(vec![
                result(
                    "1",
                    vec![
                        ToolOutput::Json("{\"a\":1}".into()),
                        ToolOutput::Media(media(4, "document", "csv", Some("x.csv"))),
                        ToolOutput::Media(media(5, "image", "gif", None)),
                    ],
                ),
                Block::CachePoint("1h".into()),
            ]),
        ],
    );
    vec![
        with(UNKNOWN, |_| ()),
        with(OPUS, |request| request.effort = Some("xhigh".into())),
        with(HAIKU, |request| request.effort = Some("high".into())),
        with(NOVA_2, |request| request.effort = Some("high".into())),
        with("qwen.qwen3-32b-v1:0", |request| request.effort = Some("off".into())),
        with(UNKNOWN, |request| {
            request.temperature = Some(0.3);
            request.top_p = Some(1.0);
            request.stop_sequences = vec!["a".into(), "\"".into()];
        }),
        with(OPUS, |request| request.system = vec![text("s"), Block::CachePoint("5m".into())]),
        with(OPUS, |request| request.extensions = vec![extension("cache-retention", "\"long\"")]),
        with(HAIKU, |request| {
            request.tools = vec![tool()];
            request.tool_choice = ToolChoice::Any;
        }),
        with(HAIKU, |request| {
            request.tools = vec![Tool { strict: true, ..tool() }];
            request.tool_choice = ToolChoice::Named("look".into());
        }),
        with(OPUS, |request| {
            request.messages[0].content = vec![Block::Media(Media {
                extensions: vec![extension("citations", "true"), extension("context", "\"c\"")],
                ..media(1, "document", "pdf", Some("a/b.pdf"))
            })];
        }),
        with(UNKNOWN, |request| {
            request.messages.push(model(vec![Block::Raw(RawBlock {
                kind: "text".into(),
                text: "t".into(),
                json: r#"{"citations":[{"title":"t","location":{"web":{"url":"u"}}}]}"#.into(),
            })]));
            request.messages.push(user(vec![text("\u{1}\u{2028}\"\\")]));
        }),
        (OPUS, turns),
        (OPUS, extended()),
        with("arn:aws:bedrock:us-east-1:123456789012:prompt/ABC:1", |request| {
            request.messages.clear();
            request.extensions = vec![extension("prompt-variables", r#"{"a":"b"}"#)];
        }),
    ]
}

/// Holds the bodies against botocore's model of the service, where that can be had.
#[test]
fn bodies_are_what_the_services_model_wants() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    const PYTHON: &str = "/usr/bin/env";
    let checker = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/tools/check_request.py");
    let importable = Command::new(PYTHON)
        .args(["python3", "-c", "import botocore"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !importable || !std::path::Path::new(checker).exists() {
        // Shown by `--nocapture`; the other tests look at the same bodies by hand.
        let _ = writeln!(std::io::stderr(), "skipped: no botocore or no checker");
        return;
    }
    for (number, (id, request)) in samples().into_iter().enumerate() {
        let body = joined(&map(&request).expect("a body").body);
        let id = id.replace(':', "%3A").replace('/', "%2F");
        let mut child = Command::new(PYTHON)
            .args(["python3", checker, "POST"])
            .args([&format!("/model/{id}/converse-stream"), "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python");
        let mut input = child.stdin.take().expect("an input");
        input.write_all(body.as_bytes()).expect("written");
        drop(input);
        let output = child.wait_with_output().expect("an answer");
        assert!(
            output.status.success(),
            "sample {number}: {body}\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}
