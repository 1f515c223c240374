//! Histories that other clients send as they are, and that are refused then.

use super::*;
use crate::learned::{Earlier, Lack};

const LLAMA: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-3-675b-instruct";
const CLAUDE_4: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const R1: &str = "us.deepseek.r1-v1:0";
const GPT: &str = "global.openai.gpt-6-sol";

fn with_tools(model_id: &str, messages: Vec<Message>) -> Request {
    let mut request = request(model_id, messages);
    request.tools = vec![tool()];
    request
}

fn words(value: &str) -> Vec<ToolOutput> {
    vec![ToolOutput::Text(value.into())]
}

fn contents(body: &Value) -> Vec<(&str, &Value)> {
    let messages = body["messages"].as_array().expect("messages");
    messages.iter().map(|message| (message["role"].as_str().expect("a role"), &message["content"])).collect()
}

#[test]
fn missing_results_are_filled_and_orphans_are_text() {
    let (body, notes) = sent(&with_tools(
        HAIKU,
        vec![
            user(vec![result("lost", words("old"))]),
            model(vec![call("a", "{}"), call("b", "{}")]),
            user(vec![text("hurry"), result("b", words("B")), result("b", words("again"))]),
            model(vec![call("c", "{}")]),
        ],
    ));
    let contents = contents(&body);
    assert_eq!(contents[0].1, &json!([{"text": "[Tool result]:\nold"}]));
    assert_eq!(
        contents[2].1,
        &json!([
            {"toolResult": {"toolUseId": "b", "content": [{"text": "B"}], "status": "success"}},
            {"toolResult": {"toolUseId": "a", "content": [{"text": "No result provided"}], "status": "error"}},
            {"text": "hurry"},
            {"text": "[Tool result]:\nagain"},
        ])
    );
    assert_eq!(contents[4].0, "user");
    assert_eq!(contents[4].1[0]["toolResult"]["toolUseId"], "c");
    assert_eq!(
        notes,
        rewrites(&[
            ("orphan-result-as-text", "/messages/0/content/0"),
            ("results-first", "/messages/2/content/1"),
            ("orphan-result-as-text", "/messages/2/content/2"),
            ("missing-result-filled", "/messages/1/content/0"),
            ("missing-result-filled", "/messages/3/content/0"),
        ])
    );
}

#[test]
fn call_ids_have_the_models_form_and_results_follow() {
    let history = |id| {
        with_tools(
            id,
            vec![
                user(vec![text("go")]),
                model(vec![call("functions.look:0", "{}"), call("functions.look:0", "{}")]),
                user(vec![result("functions.look:0", words("x")), result("functions.look:0", words("y"))]),
            ],
        )
    };
    for (id, fits) in [
        (
            MISTRAL,
            (|id: &str| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric())) as fn(&str) -> bool,
        ),
        (HAIKU, |id| !id.contains(['.', ':'])),
        (UNKNOWN, |_| true),
    ] {
        let (body, notes) = sent(&history(id));
        let contents = contents(&body);
        let calls: Vec<&str> =
            (0..2).map(|n| contents[1].1[n]["toolUse"]["toolUseId"].as_str().expect("an id")).collect();
        let results: Vec<&str> =
            (0..2).map(|n| contents[2].1[n]["toolResult"]["toolUseId"].as_str().expect("an id")).collect();
        assert_eq!(calls, results, "{id}");
        assert_ne!(calls[0], calls[1], "{id}");
        assert!(calls.iter().all(|id| fits(id)), "{calls:?}");
        assert!(notes.iter().any(|(rule, _)| rule == "call-id-mapped"));
        assert_eq!(sent(&history(id)).0, body, "the same again");
    }
}

#[test]
fn results_stand_alone_where_the_model_wants_that() {
    let history = |id| {
        with_tools(
            id,
            vec![
                user(vec![text("go")]),
                model(vec![call("abcdefgh1", "{}")]),
                user(vec![result("abcdefgh1", words("x")), text("and now?")]),
            ],
        )
    };
    for id in [LLAMA, MISTRAL] {
        let (body, notes) = sent(&history(id));
        let contents = contents(&body);
        let roles: Vec<&str> = contents.iter().map(|(role, _)| *role).collect();
        assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
        assert_eq!(contents[4].1, &json!([{"text": "and now?"}]));
        assert_eq!(notes, rewrites(&[("turns-separated", "/messages/2/content/1")]));
    }
    assert_eq!(sent(&history(NOVA_2)).1, []);
}

#[test]
fn media_are_moved_out_of_results_where_they_are_refused() {
    let request = with_tools(
        GPT,
        vec![
            user(vec![text("go")]),
            model(vec![call("a", "{}")]),
            user(vec![result("a", vec![ToolOutput::Media(media(1, "image", "png", None))])]),
        ],
    );
    let (body, notes) = sent(&request);
    assert_eq!(
        contents(&body)[2].1,
        &json!([
            {"toolResult": {"toolUseId": "a", "content": [{"text": "image 1: see below"}], "status": "success"}},
            {"text": "image 1, from the result of look:"},
            {"image": {"format": "png", "source": {"bytes": "AQID"}}},
        ])
    );
    assert_eq!(notes, rewrites(&[("media-moved", "/messages/2/content/0/output/0")]));
}

#[test]
fn media_that_a_model_does_not_take_are_a_note_once_a_run() {
    let image = |id| Block::Media(media(id, "image", "png", None));
    let (body, notes) =
        sent(&request(R1, vec![user(vec![text("see"), image(1), image(2), text("?"), image(3)])]));
    let note = json!({"text": "(image omitted: the model does not take it)"});
    assert_eq!(contents(&body)[0].1, &json!([{"text": "see"}, note, {"text": "?"}, note]));
    assert_eq!(notes.len(), 3);
    let mut listed = target(R1);
    listed.facts.input = crate::models::facts::Fact {
        value: crate::bindings::outcrop::provider::types::Modalities::IMAGE,
        from: crate::models::facts::Source::Listing,
    };
    let seen = request(R1, vec![user(vec![image(1)])]);
    let mapped = converse(&seen, &listed, &Settings::default()).expect("a body");
    assert!(mapped.rewrites.is_empty(), "what the listing says holds");
}

#[test]
fn a_model_without_tools_reads_them_as_text() {
    let mut request = with_tools(
        R1,
        vec![
            user(vec![text("go")]),
            model(vec![text("Looking."), call("a", "{\"n\":1}")]),
            user(vec![Block::ToolResult(ToolResult {
                call_id: "a".into(),
                output: vec![ToolOutput::Json("{\"x\":2}".into())],
                is_error: true,
            })]),
        ],
    );
    let (body, notes) = sent(&request);
    assert_eq!(contents(&body)[1].1[1], json!({"text": "[Assistant tool call]: look({\"n\":1})"}));
    assert_eq!(contents(&body)[2].1, &json!([{"text": "[Tool result: look (error)]:\n{\"x\":2}"}]));
    assert_eq!(body.get("toolConfig"), None);
    assert_eq!(notes[0], ("tools-dropped".into(), "/tools".into()));
    request.tool_choice = ToolChoice::Any;
    assert_eq!(refused(&request).0, ErrorCode::Unsupported);
}

#[test]
fn conversations_begin_as_the_model_wants() {
    let greeting = |id| sent(&request(id, vec![model(vec![text("Hello!")]), user(vec![text("Bye.")])]));
    assert_eq!(greeting(HAIKU).1, []);
    let (body, notes) = greeting(NOVA_2);
    assert_eq!(contents(&body)[0].0, "user");
    assert_eq!(notes, rewrites(&[("first-turn-added", "/messages/0")]));
    let mut instructed = request("mistral.mistral-7b-instruct-v0:2", vec![user(vec![text("q")])]);
    instructed.system = vec![text("Be brief."), text("Be kind.")];
    let (body, notes) = sent(&instructed);
    assert_eq!(body.get("system"), None);
    assert_eq!(contents(&body)[0].1, &json!([{"text": "Be brief.\n\nBe kind."}, {"text": "q"}]));
    assert_eq!(notes, rewrites(&[("system-as-user", "/system")]));
}

#[test]
fn arguments_become_objects_and_json_is_cleaned() {
    let (body, notes) = sent(&with_tools(
        HAIKU,
        vec![
            user(vec![text("go")]),
            model(vec![
                call("a", r#""{\"n\":1}""#),
                call("b", r#"{"path": "x"#),
                call("c", r#"{"":1,"big":9007199254740993,"s":"\ud83d"}"#),
            ]),
        ],
    ));
    let calls = contents(&body)[1].1;
    assert_eq!(calls[0]["toolUse"]["input"], json!({"n": 1}));
    assert_eq!(calls[1]["toolUse"]["input"], json!({"invalid_arguments": "{\"path\": \"x"}));
    assert_eq!(calls[2]["toolUse"]["input"], json!({"big": 9_007_199_254_740_993_u64, "s": "\u{fffd}"}));
    let rules: Vec<&str> = notes.iter().map(|(rule, _)| rule.as_str()).take(3).collect();
    assert_eq!(rules, ["arguments-coerced", "arguments-coerced", "json-cleaned"]);
}

fn thought(signature: Option<&str>) -> Block {
    Block::Reasoning(Reasoning {
        text: "so".into(),
        signature: signature.map(String::from),
        redacted: None,
        model_id: None,
    })
}

#[test]
fn a_thinking_budget_waits_for_the_next_turn_where_thoughts_are_missing() {
    let turns = |first: Block| {
        let mut request = with_tools(
            CLAUDE_4,
            vec![
                user(vec![text("go")]),
                model(vec![first, call("a", "{}")]),
                user(vec![result("a", words("x"))]),
            ],
        );
        request.effort = Some("low".into());
        sent(&request)
    };
    let (body, notes) = turns(text("Looking."));
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(notes, rewrites(&[("effort-dropped", "/effort")]));
    let (body, notes) = turns(thought(Some("EqQB")));
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["budget_tokens"], 2048);
    assert_eq!(notes, []);
}

#[test]
fn what_the_conversation_taught_of_reasoning_is_followed() {
    let mapped = |learned: Earlier, effort: Option<&str>| {
        let mut request = request(
            "global.anthropic.claude-fable-5-1",
            vec![user(vec![text("q")]), model(vec![thought(Some("EqQB")), text("a")]), user(vec![text("r")])],
        );
        request.effort = effort.map(String::from);
        let mut target = target(&request.model_id);
        target.learned.reasoning = learned;
        let mapped = converse(&request, &target, &Settings::default()).expect("a body");
        let body: Value = serde_json::from_str(&joined(&mapped.body)).expect("JSON");
        (
            body["messages"][1]["content"].as_array().map_or(0, Vec::len),
            body["additionalModelRequestFields"].clone(),
        )
    };
    assert_eq!(mapped(Earlier::Kept, Some("high")).0, 2);
    assert_eq!(mapped(Earlier::Stripped, Some("high")).0, 1);
    let (blocks, fields) = mapped(Earlier::Dropped, Some("high"));
    assert_eq!(blocks, 2);
    assert_eq!(fields["thinking"]["block_binding"], json!({"prefix_mismatch_behavior": "drop_block"}));
    assert_eq!(fields["anthropic_beta"], json!(["thinking-binding-controls-2026-08-01"]));
    assert_eq!(
        mapped(Earlier::Dropped, None).0,
        1,
        "nothing can be said to a model that is not asked to think"
    );
}

#[test]
fn what_the_model_taught_of_caching_is_followed() {
    let points = |no_points, no_ttl| {
        let mut request = hello("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
        request.system = vec![text(&"s".repeat(8_000)), Block::CachePoint("1h".into())];
        let mut target = target(&request.model_id);
        let lacks = [(no_points, Lack::CachePoints), (no_ttl, Lack::CacheTtl)];
        let lacks = lacks.into_iter().filter(|(lacks, _)| *lacks);
        lacks.for_each(|(_, lack)| assert!(target.learned.add(lack)));
        target.known = target.known.without(&target.learned);
        let mapped = converse(&request, &target, &Settings::default()).expect("a body");
        let body = joined(&mapped.body);
        (body.matches("cachePoint").count(), body.matches("\"ttl\"").count())
    };
    assert_eq!(points(false, false), (1, 1));
    assert_eq!(points(false, true), (1, 0));
    assert_eq!(points(true, false), (0, 0));
}

#[test]
fn tools_without_streaming_are_asked_for_at_once() {
    let unary = |id, learned| {
        let mut target = target(id);
        if learned {
            target.learned.add(Lack::StreamedTools);
            target.known = target.known.without(&target.learned);
        }
        let request = with_tools(id, vec![user(vec![text("q")])]);
        converse(&request, &target, &Settings::default()).expect("a body").unary
    };
    assert!(unary(LLAMA, false));
    assert!(!unary(HAIKU, false));
    assert!(unary(HAIKU, true));
    assert!(!map(&hello(LLAMA)).expect("a body").unary);
}

#[test]
fn output_fits_the_model_and_its_window() {
    let tokens = |id: &str, asked: Option<u32>, input: usize| {
        let mut request = request(id, vec![user(vec![text(&"word ".repeat(input))])]);
        request.max_output_tokens = asked;
        let (body, notes) = sent(&request);
        (body["inferenceConfig"]["maxTokens"].as_u64(), notes.len())
    };
    assert_eq!(tokens(HAIKU, Some(64_000), 10), (Some(64_000), 0));
    assert_eq!(tokens(HAIKU, Some(64_001), 10), (Some(64_000), 1));
    assert_eq!(tokens(GPT, Some(1), 10), (Some(16), 1));
    assert_eq!(tokens(UNKNOWN, Some(1_000_000), 10), (Some(1_000_000), 0));
    // 600,000 bytes are about 150,000 tokens of a window of 200,000.
    let (fitted, notes) = tokens(HAIKU, Some(64_000), 120_000);
    assert!(fitted.is_some_and(|tokens| (40_000..50_000).contains(&tokens)), "{fitted:?}");
    assert_eq!(notes, 1);
    // Too long an input is the service's to refuse.
    assert_eq!(tokens(HAIKU, Some(64_000), 400_000).0, Some(1_024));
    let settings =
        r#"{"models":[{"id":"us.anthropic.claude-haiku-4-5-20251001-v1:0","params":{"maxTokens":2000}}]}"#;
    let settings = Settings::parse(settings).expect("settings");
    let mapped = converse(&hello(HAIKU), &target(HAIKU), &settings).expect("a body");
    assert!(joined(&mapped.body).contains("\"maxTokens\":2000"));
}

#[test]
fn nova_with_high_effort_is_told_no_numbers() {
    let mut request = hello(NOVA_2);
    request.effort = Some("high".into());
    request.max_output_tokens = Some(100);
    request.temperature = Some(0.5);
    let (body, notes) = sent(&request);
    assert_eq!(body["inferenceConfig"], json!({}));
    assert_eq!(
        notes,
        rewrites(&[
            ("max-output-tokens-changed", "/max-output-tokens"),
            ("sampling-dropped", "/temperature")
        ])
    );
}

#[test]
fn a_growing_conversation_keeps_its_prefix() {
    let mut messages =
        vec![user(vec![text("go"), Block::Media(media(1, "document", "pdf", Some("a b.pdf")))])];
    let mut before = String::new();
    for turn in 0..60u32 {
        let id = format!("functions.look:{turn}");
        let output = vec![ToolOutput::Text(format!("result {turn}"))];
        messages.push(model(vec![thought(Some("EqQB")), call(&id, "{\"b\":1,\"a\":2}")]));
        let mut content = vec![result(&id, output)];
        if turn % 20 == 0 {
            content.push(Block::Media(media(turn + 2, "document", "pdf", Some("a b.pdf"))));
        }
        messages.push(user(content));
        let mut request = with_tools(HAIKU, messages.clone());
        request.tools.push(Tool { name: "mcp.files".into(), ..tool() });
        if turn % 2 == 0 {
            request.tools.reverse();
        }
        request.system = vec![text("Be brief.")];
        // Cache points are markers and no part of what is cached.
        request.extensions = vec![extension("cache-retention", "\"none\"")];
        let body = joined(&map(&request).expect("a body").body);
        let conversation = body.split("],\"inferenceConfig\"").next().expect("messages").to_owned();
        assert!(conversation.starts_with(&before), "turn {turn}");
        before = conversation;
    }
}

#[test]
fn the_plugins_cache_points_are_where_the_next_request_finds_them() {
    let mut messages = vec![user(vec![text(&"a".repeat(9_000))])];
    for turn in 0..4 {
        messages.push(model(vec![text("b")]));
        messages.push(user(vec![text(&turn.to_string())]));
    }
    let mut request = with_tools("us.anthropic.claude-sonnet-4-5-20250929-v1:0", messages);
    request.tools[0].description = "d".repeat(9_000);
    request.system = vec![text("s")];
    let (body, notes) = sent(&request);
    assert_eq!(notes, []);
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(body["toolConfig"]["tools"][1], point);
    assert_eq!(body["system"][1], point);
    let with: Vec<usize> = (0..9).filter(|n| body["messages"][*n]["content"][1] == point).collect();
    assert_eq!(with, [6, 8]);
    // Who sets points of its own is left alone.
    request.messages[0].content.push(Block::CachePoint("1h".into()));
    assert_eq!(joined(&map(&request).expect("a body").body).matches("cachePoint").count(), 1);
}

#[test]
fn a_managed_prompt_brings_its_own() {
    let prompt = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1";
    let mut request = request(prompt, Vec::new());
    request.extensions = vec![extension("prompt-variables", r#"{"a":"b"}"#)];
    let (body, _) = sent(&request);
    assert_eq!(body, json!({"promptVariables": {"a": {"text": "b"}}}));
    request.tools = vec![tool()];
    assert!(refused(&request).1.starts_with("/tools: "));
}

#[test]
fn a_schema_becomes_a_tool_where_the_model_has_no_other_way() {
    let mapped = |id: &str, tools: bool, effort: Option<&str>| {
        let mut request = hello(id);
        request.output_schema = Some(r#"{"type":"object","properties":{"n":{"type":"integer"}}}"#.into());
        request.effort = effort.map(String::from);
        if tools {
            request.tools = vec![tool(), Tool { name: super::super::names::OUTPUT_TOOL.into(), ..tool() }];
        }
        let mapped = map(&request).expect("a body");
        let body: Value = serde_json::from_str(&joined(&mapped.body)).expect("JSON");
        (body, mapped)
    };
    let (body, plain) = mapped(NOVA_2, false, None);
    let name = plain.names.output().expect("a tool").to_owned();
    assert!(plain.names.is_output(&name));
    assert_eq!(body["toolConfig"]["toolChoice"], json!({"tool": {"name": name}}));
    assert_eq!(body.get("outputConfig"), None);
    let (body, among) = mapped(NOVA_2, true, None);
    assert_eq!(body["toolConfig"]["toolChoice"], json!({"any": {}}));
    assert_ne!(among.names.output(), Some(super::super::names::OUTPUT_TOOL));
    let (body, asked) = mapped(OPUS, true, None);
    assert_eq!(body["toolConfig"].get("toolChoice"), None);
    let instruction = body["system"][0]["text"].as_str().expect("an instruction");
    assert!(instruction.contains(asked.names.output().expect("a tool")));
    let (body, native) = mapped(HAIKU, true, Some("low"));
    assert_eq!(native.names.output(), None);
    let schema =
        body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str().expect("a schema");
    assert!(schema.contains("\"additionalProperties\":false"));
}

#[test]
fn what_the_listing_says_of_caching_and_instructions_holds() {
    let sent_to = |id: &str, listed: &str| {
        let mut request = hello(id);
        request.system = vec![text("s"), Block::CachePoint("5m".into())];
        let mut target = target(id);
        let live = crate::json::Object::parse(listed).expect("an entry");
        target.facts = Facts::of(id, &target.known, Some(&live), &Settings::default());
        let body = joined(&converse(&request, &target, &Settings::default()).expect("a body").body);
        (body.matches("cachePoint").count(), body.contains("\"system\""))
    };
    assert_eq!(sent_to(HAIKU, r#"{"explicitPromptCaching":{"isSupported":false}}"#), (0, true));
    assert_eq!(sent_to("zai.glm-5", r#"{"explicitPromptCaching":{"isSupported":true}}"#), (1, true));
    assert_eq!(sent_to("zai.glm-5", "{}"), (0, true));
    assert_eq!(sent_to("zai.glm-5", r#"{"converse":{"systemRoleSupported":false}}"#), (0, false));
}

/// 200 turns of an agent with tools, images, documents and reasoning, handed from family to family, and
/// the prefix of each body as long as the model stays the same.
#[test]
fn a_long_conversation_across_families_is_never_refused_and_keeps_its_prefix() {
    let models = [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        NOVA_2,
        LLAMA,
        MISTRAL,
        GPT,
        "global.anthropic.claude-opus-5-5",
    ];
    let mut messages = vec![user(vec![text("Begin."), Block::Media(media(1, "image", "png", None))])];
    let mut before: Option<(&str, String)> = None;
    let mut kept = (0, 0);
    let mut omitted = 0;
    for turn in 0..200usize {
        let id = models[turn / 8 % models.len()];
        let mut request = with_tools(id, messages.clone());
        request.tools.push(Tool { name: "mcp.files/read".into(), ..tool() });
        request.system = vec![text(&"Work carefully. ".repeat(400))];
        request.effort = Some("medium".into());
        let mapped = map(&request).expect("a body");
        assert_eq!(super::matrix::judged(id, &mapped), Ok(()), "turn {turn}");
        // Cache points are markers and no part of what is cached.
        let body = joined(&mapped.body).replace(",{\"cachePoint\":{\"type\":\"default\"}}", "");
        let conversation = body.split("]}],\"inferenceConfig\"").next().expect("messages").to_owned();
        if let Some((last, prefix)) = &before
            && *last == id
        {
            let common = prefix.bytes().zip(conversation.bytes()).take_while(|(a, b)| a == b).count();
            if common == prefix.len() {
                kept = (kept.0 + 1, kept.1.max(common));
            } else {
                omitted += 1;
            }
        }
        before = Some((id, conversation));
        let signature = (turn % 3 == 0).then_some("EqQB");
        let call_id = format!("tooluse_{turn}");
        let answer = vec![
            Block::Reasoning(Reasoning {
                text: format!("thought {turn}"),
                signature: signature.map(String::from),
                redacted: None,
                model_id: Some(id.into()),
            }),
            text("Looking."),
            Block::ToolCall(ToolCall {
                id: call_id.clone(),
                name: if turn % 2 == 0 { "look" } else { "mcp.files/read" }.into(),
                arguments: "{\"n\":1}".into(),
            }),
        ];
        messages.push(Message { model_id: Some(id.into()), ..model(answer) });
        let mut output = words(&format!("result {turn}"));
        if turn % 5 == 0 {
            output.push(ToolOutput::Media(media(turn as u32 + 2, "image", "png", None)));
        }
        let mut content = vec![result(&call_id, output)];
        if turn % 7 == 0 {
            content.push(text("Go on."));
        }
        messages.push(user(content));
    }
    // 41 images came by, and 20 may stay: the prefix changes when the oldest ones go, ten at once.
    assert!(kept.0 >= 170 && kept.1 > 20_000 && omitted <= 3, "{kept:?} {omitted}");
}

#[test]
fn the_oldest_media_go_when_there_are_too_many() {
    let images = |count: u32| {
        let blocks = (0..count).map(|id| Block::Media(media(id, "image", "png", None))).collect();
        let (body, notes) = sent(&request(HAIKU, vec![user(blocks)]));
        (joined_images(&body), notes.len())
    };
    assert_eq!(images(20), (20, 0));
    assert_eq!(images(21), (11, 10));
    assert_eq!(images(30), (20, 10));
    let documents = (0..6).map(|id| Block::Media(media(id, "document", "pdf", None))).collect();
    let (body, notes) = sent(&request(HAIKU, vec![user(documents)]));
    assert_eq!(body.to_string().matches("\"document\":").count(), 4);
    assert_eq!(notes[0], ("media-omitted".into(), "/messages/0/content/0".into()));
}

fn joined_images(body: &Value) -> usize {
    body.to_string().matches("\"image\":").count()
}
