use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{draft, request, tools};
use crate::request::{
    Content, Effort, Media, MediaKind, Message, RawBlock, Reasoning, Request, Role, Tool, ToolCall,
    ToolChoice, ToolOutput, ToolResult,
};
use crate::{AssistantMessage, ErrorClass, StopReason, Usage};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and pixels";
const PNG_BASE64: &str = "iVBORw0KGgogYW5kIHBpeGVscw==";

/// A request with these messages.
fn with_messages(messages: Value) -> Value {
    json!({ "model": "amazon-bedrock/m", "messages": messages })
}

/// A request whose person says this.
fn with_content(content: Value) -> Value {
    with_messages(json!([{ "role": "user", "content": content }]))
}

/// A request whose history holds this of the model.
fn with_answer(content: Value) -> Value {
    with_messages(json!([{ "role": "assistant", "content": content }]))
}

/// A request with this member beside what it needs.
fn with(name: &str, value: Value) -> Value {
    let mut request = with_content(json!("hi"));
    request[name] = value;
    request
}

fn read(value: &Value) -> Request {
    match request(value.to_string().as_bytes()) {
        Ok(request) => request,
        Err(error) => panic!("{error} in {value:#}"),
    }
}

fn only_content(value: Value) -> Content {
    let request = read(&value);
    assert_eq!(request.messages.len(), 1);
    assert_eq!(request.messages[0].content.len(), 1);
    request.messages[0].content[0].clone()
}

fn only_media(block: Value) -> Media {
    match only_content(with_content(json!([block]))) {
        Content::Media(media) => media,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_least_request() {
    let expected = Request::new("amazon-bedrock/m").user("hi");
    assert_eq!(read(&with_content(json!("hi"))), expected);
}

#[test]
fn every_member() {
    let request = read(&json!({
        "model": "amazon-bedrock/m",
        "system": [{ "type": "text", "text": "Be brief." }, { "type": "cachePoint" }],
        "messages": [
            { "role": "user", "timestamp": 1, "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image", "data": PNG_BASE64, "mimeType": "image/png", "name": "a.png" },
                { "type": "cachePoint", "ttl": "1h" },
                { "type": "raw", "raw": { "guardContent": { "text": { "text": "x" } } } },
            ] },
            { "role": "assistant", "model": "amazon-bedrock/m", "content": [
                { "type": "thinking", "thinking": "Hm.", "thinkingSignature": "c2ln" },
                { "type": "text", "text": "I look it up." },
                { "type": "toolCall", "id": "t1", "name": "look", "arguments": { "n": 1 } },
            ] },
            { "role": "toolResult", "toolCallId": "t1", "toolName": "look", "isError": true, "content": [
                { "type": "text", "text": "no" },
                { "type": "json", "json": null },
                { "type": "image", "data": PNG_BASE64 },
            ] },
        ],
        "tools": [
            { "name": "look", "description": "Looks.", "parameters": { "type": "object", "x": 1 }, "strict": true },
            { "name": "stop" },
        ],
        "toolChoice": { "name": "look" },
        "effort": "high",
        "maxTokens": 100,
        "temperature": 0.5,
        "topP": 1,
        "stopSequences": ["END"],
        "outputSchema": { "type": "object" },
        "conversationId": "c",
        "extensions": { "service-tier": "flex", "nothing": null },
        "timeouts": { "firstContentMs": 1, "silenceMs": 2, "totalMs": 3 },
    }));

    assert_eq!(request.system, [Content::text("Be brief."), Content::CachePoint("5m".into())]);
    let image = Media { name: Some("a.png".into()), ..Media::new(MediaKind::Image, "png", PNG) };
    assert_eq!(
        request.messages[0],
        Message::user(vec![
            Content::text("What is this?"),
            Content::Media(image.clone()),
            Content::CachePoint("1h".into()),
            Content::Raw(RawBlock::new("raw", "", json!({ "guardContent": { "text": { "text": "x" } } }))),
        ])
    );
    assert_eq!(request.messages[1].role, Role::Assistant);
    assert_eq!(request.messages[1].model.as_deref(), Some("amazon-bedrock/m"));
    assert_eq!(request.messages[1].content.len(), 3);
    assert_eq!(
        request.messages[2],
        Message::user(vec![Content::ToolResult(ToolResult {
            is_error: true,
            ..ToolResult::new(
                "t1",
                vec![
                    ToolOutput::Text("no".into()),
                    ToolOutput::Json(Value::Null),
                    ToolOutput::Media(Media { name: None, ..image }),
                ]
            )
        })])
    );
    assert_eq!(
        request.tools,
        [
            Tool { strict: true, ..Tool::new("look", "Looks.", json!({ "type": "object", "x": 1 })) },
            Tool::new("stop", "", json!({ "type": "object" })),
        ]
    );
    assert_eq!(request.tool_choice, ToolChoice::Named("look".into()));
    assert_eq!(request.effort, Some(Effort::High));
    assert_eq!(request.max_tokens, Some(100));
    assert_eq!(request.temperature, Some(0.5));
    assert_eq!(request.top_p, Some(1.0));
    assert_eq!(request.stop_sequences, ["END"]);
    assert_eq!(request.output_schema, Some(json!({ "type": "object" })));
    assert_eq!(request.conversation_id.as_deref(), Some("c"));
    assert_eq!(Value::Object(request.extensions), json!({ "service-tier": "flex", "nothing": null }));
    let timeouts = request.timeouts;
    let all = [timeouts.first_content, timeouts.silence, timeouts.total];
    assert_eq!(all.map(|limit| limit.map(|limit| limit.as_millis())), [Some(1), Some(2), Some(3)]);
}

#[test]
fn numbers_and_order_of_open_json_stay_as_written() {
    let text = r#"{"model":"m","messages":[{"role":"assistant","content":[{"type":"toolCall","id":"i","name":"n",
        "arguments":{"z":9007199254740993,"a":1.10,"m":1e400}}]}]}"#;
    let request = request(text.as_bytes()).unwrap();
    let Content::ToolCall(call) = &request.messages[0].content[0] else { panic!() };
    let written = serde_json::to_string(&call.arguments).unwrap();
    assert_eq!(written, r#"{"z":9007199254740993,"a":1.10,"m":1e+400}"#);
}

#[test]
fn the_documented_example_reads() {
    let page = include_str!("../../../../../docs/request.md");
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let request = request(example.as_bytes()).unwrap();
    assert_eq!((request.messages.len(), request.tools.len()), (3, 1));
}

#[test]
fn instructions_may_stand_in_the_middle() {
    let instruction = |content: Value| with_messages(json!([{ "role": "system", "content": content }]));
    for content in [json!("Be brief."), json!([{ "type": "text", "text": "Be brief." }])] {
        let expected = Message::user(vec![Content::Instruction("Be brief.".to_owned())]);
        assert_eq!(read(&instruction(content)).messages, [expected]);
    }
}

#[test]
fn null_stands_for_an_absent_member() {
    let mut value =
        with_content(json!([{ "type": "image", "data": PNG_BASE64, "format": null, "name": null }]));
    for name in ["system", "tools", "toolChoice", "effort", "maxTokens", "extensions", "timeouts"] {
        value[name] = Value::Null;
    }
    let request = read(&value);
    assert_eq!((request.tools.len(), request.max_tokens, request.tool_choice), (0, None, ToolChoice::Auto));
}

#[test]
fn a_draft_needs_neither_model_nor_messages() {
    assert_eq!(draft(b"{}").unwrap(), Request::default());
    assert!(draft(b"{\"modle\":1}").is_err());
}

#[test]
fn tools_alone() {
    let found = tools(br#"[{"name":"a"}]"#).unwrap();
    assert_eq!(found, [Tool::new("a", "", json!({ "type": "object" }))]);
    assert_eq!(tools(br#"[{"name":"a"},{}]"#).unwrap_err().message, "/1/name: is missing");
    assert_eq!(tools(b"{}").unwrap_err().message, "top level: expected an array, found an object");
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let text = format!("\u{feff}{}", with_content(json!("hi")));
    assert!(request(text.as_bytes()).is_ok());
}

#[test]
fn an_answer_reads_back_as_it_was() {
    let arguments = json!({ "b": 1, "a": [1.50, null] }).as_object().cloned().unwrap_or_default();
    let answer = AssistantMessage {
        content: vec![
            Content::text("One."),
            Content::Reasoning(Reasoning { text: "Hm.".into(), ..Reasoning::default() }),
            Content::Reasoning(Reasoning {
                text: "Hm?".into(),
                signature: Some("c2lnbmF0dXJl".into()),
                redacted: None,
            }),
            Content::Reasoning(Reasoning {
                redacted: Some(Bytes::from_static(&[0, 255, 128])),
                ..Reasoning::default()
            }),
            Content::ToolCall(ToolCall::new("t1", "look", arguments)),
            Content::ToolCall(ToolCall::new("t2", "stop", Map::new())),
            Content::Raw(RawBlock::new("text", "As they say.", json!({ "citations": [] }))),
            Content::Raw(RawBlock::new("image", "", json!({ "format": "png" }))),
            Content::Raw(RawBlock::new("tool-result", "", Value::Null)),
        ],
        model: "amazon-bedrock/eu.anthropic.claude-sonnet-5-v1:0".into(),
        request_id: Some("r".into()),
        stop_reason: StopReason::ToolUse,
        raw_stop_reason: "tool_use".into(),
        usage: Usage { input: 1, output: 2, total_tokens: 3, ..Usage::default() },
        details: json!({ "stop-details": {} }).as_object().cloned().unwrap_or_default(),
    };
    let json = serde_json::to_value(&answer).unwrap();
    assert_eq!(read(&with_messages(json!([json]))).messages, [answer.into_message()]);
}

#[test]
fn an_answer_kept_by_another_host() {
    let request = read(&with_messages(json!([{
        "role": "assistant",
        "content": [
            { "type": "text", "text": "Hi.", "textSignature": "s" },
            { "type": "thinking", "thinking": "cut o", "thinkingSignature": "" },
            { "type": "toolCall", "id": "1", "name": "n", "arguments": {}, "thoughtSignature": "s" },
        ],
        "api": "bedrock-converse-stream", "provider": "amazon-bedrock", "model": "amazon.nova-lite-v1:0",
        "usage": {}, "stopReason": "error", "errorMessage": "x", "diagnostics": [], "timestamp": 1,
    }])));
    assert_eq!(request.messages[0].model.as_deref(), Some("amazon-bedrock/amazon.nova-lite-v1:0"));
    let thought = Reasoning { text: "cut o".into(), ..Reasoning::default() };
    assert_eq!(request.messages[0].content[1], Content::Reasoning(thought));
}

#[test]
fn a_tool_result_inside_a_turn() {
    let block = json!({ "type": "toolResult", "toolCallId": "t1", "content": "yes" });
    let expected = ToolResult::new("t1", vec![ToolOutput::Text("yes".into())]);
    assert_eq!(only_content(with_content(json!([block]))), Content::ToolResult(expected));
}

#[test]
fn a_plain_text_document() {
    let media = only_media(json!({ "type": "document", "text": "# A", "citations": true, "context": "c" }));
    assert_eq!(
        (media.kind, media.format.as_str(), &media.data[..]),
        (MediaKind::Document, "txt", &b"# A"[..])
    );
    assert_eq!(Value::Object(media.extensions), json!({ "citations": true, "context": "c" }));
    assert_eq!(only_media(json!({ "type": "document", "text": "# A", "format": "md" })).format, "md");
}

#[test]
fn media_formats() {
    let cases = [
        // What the block says, and what comes of it.
        (json!({ "type": "image", "data": "AAAA", "mimeType": "image/jpg" }), "jpeg"),
        (json!({ "type": "image", "data": "AAAA", "mimeType": "image/jpeg" }), "jpeg"),
        (json!({ "type": "image", "data": "AAAA", "format": "JPG" }), "jpeg"),
        (json!({ "type": "image", "data": "AAAA", "format": "avif" }), "avif"),
        (json!({ "type": "image", "data": "AAAA", "name": "photo.webp" }), "webp"),
        (json!({ "type": "video", "data": "AAAA", "format": "3gp" }), "three_gp"),
        (json!({ "type": "audio", "data": "AAAA", "mimeType": "audio/mpeg" }), "mp3"),
        (json!({ "type": "document", "data": "AAAA", "mimeType": "text/plain; charset=utf-8" }), "txt"),
        // The bytes are a picture's, whatever its label says.
        (json!({ "type": "image", "data": PNG_BASE64, "mimeType": "image/jpeg" }), "png"),
        (json!({ "type": "image", "data": PNG_BASE64 }), "png"),
        (json!({ "type": "image", "data": PNG_BASE64.trim_end_matches('=') }), "png"),
    ];
    for (block, format) in cases {
        assert_eq!(only_media(block.clone()).format, format, "{block}");
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let long = "x".repeat(100);
    let cut = format!("unknown content type \"{}…\"", "x".repeat(40));
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!([]), "top level", "expected an object, found an array"),
        (json!({}), "/model", "is missing"),
        (json!({ "model": null }), "/model", "is missing"),
        (json!({ "model": "m" }), "/messages", "is missing"),
        (json!({ "model": 1, "messages": [] }), "/model", "expected a string, found a number"),
        (json!({ "model": "", "messages": [] }), "/model", "must not be empty"),
        (with_messages(json!([])), "/messages", "must not be empty"),
        (with_messages(json!({})), "/messages", "expected an array, found an object"),
        (
            with("max_tokens", json!(1)),
            "/max_tokens",
            "unknown member; one of model, system, messages, tools",
        ),
        (with("a/b~c", json!(1)), "/a~1b~0c", "unknown member"),
        (with("a\u{1b}[2Jb", json!(1)), "/a\\u{1b}[2Jb", "unknown member"),
        (with("maxTokens", json!(0)), "/maxTokens", "expected a whole number from 1 to 4294967295"),
        (with("maxTokens", json!(1.5)), "/maxTokens", "expected a whole number"),
        (with("maxTokens", json!("9")), "/maxTokens", "expected a whole number"),
        (with("maxTokens", json!(4294967296_u64)), "/maxTokens", "expected a whole number"),
        (with("temperature", json!(-1)), "/temperature", "expected a number from 0 to 2"),
        (with("topP", json!(1.1)), "/topP", "expected a number from 0 to 1"),
        (with("topP", json!("1")), "/topP", "expected a number from 0 to 1"),
        (
            with("effort", json!("hard")),
            "/effort",
            "unknown effort \"hard\"; one of off, minimal, low, medium, high",
        ),
        (with("effort", json!(1)), "/effort", "expected a string, found a number"),
        (with("stopSequences", json!("END")), "/stopSequences", "expected an array, found a string"),
        (with("stopSequences", json!([""])), "/stopSequences/0", "must not be empty"),
        (with("outputSchema", json!("{}")), "/outputSchema", "expected an object, found a string"),
        (with("extensions", json!([])), "/extensions", "expected an object, found an array"),
        (with("conversationId", json!("")), "/conversationId", "must not be empty"),
        (
            with("timeouts", json!({ "total": 1 })),
            "/timeouts/total",
            "one of firstContentMs, silenceMs, totalMs",
        ),
        (with("timeouts", json!({ "totalMs": 0 })), "/timeouts/totalMs", "expected a whole number"),
        (with("system", json!(1)), "/system", "expected a string or an array, found a number"),
        (with("system", json!([{ "type": "image" }])), "/system/0/type", "one of text, cachePoint"),
        (with("tools", json!([{}])), "/tools/0/name", "is missing"),
        (
            with("tools", json!([{ "name": "a", "inputSchema": {} }])),
            "/tools/0/inputSchema",
            "one of name, description",
        ),
        (
            with("tools", json!([{ "name": "a", "parameters": "{}" }])),
            "/tools/0/parameters",
            "expected an object",
        ),
        (
            with("toolChoice", json!("look")),
            "/toolChoice",
            "unknown tool choice \"look\"; one of auto, any, none",
        ),
        (with("toolChoice", json!({})), "/toolChoice/name", "is missing"),
        (with("toolChoice", json!(true)), "/toolChoice", "expected an object, found true or false"),
        (with_messages(json!(["hi"])), "/messages/0", "expected an object, found a string"),
        (with_messages(json!([{ "content": "hi" }])), "/messages/0/role", "is missing"),
        (
            with_messages(json!([{ "role": "bot" }])),
            "/messages/0/role",
            "unknown role \"bot\"; one of user, assistant",
        ),
        (with_messages(json!([{ "role": "system" }])), "/messages/0/content", "is missing"),
        (
            with_messages(json!([{ "role": "system", "content": [{ "type": "image" }] }])),
            "/messages/0/content/0/type",
            "unknown content type \"image\"; one of text",
        ),
        (with_messages(json!([{ "role": "user" }])), "/messages/0/content", "is missing"),
        (
            with_messages(json!([{ "role": "user", "content": "", "usage": 1 }])),
            "/messages/0/usage",
            "unknown member",
        ),
        (with_content(json!(1)), "/messages/0/content", "expected a string or an array"),
        (with_content(json!([{ "text": "hi" }])), "/messages/0/content/0/type", "is missing"),
        (
            with_content(json!([{ "type": "text", "text": "" }, { "type": "imag" }])),
            "/messages/0/content/1/type",
            "unknown content type \"imag\"; one of text, image, document, video, audio, toolResult, cachePoint, raw",
        ),
        (with_content(json!([{ "type": long }])), "/messages/0/content/0/type", &cut),
        (with_content(json!([{ "type": "text" }])), "/messages/0/content/0/text", "is missing"),
        (
            with_content(json!([{ "type": "text", "text": 1 }])),
            "/messages/0/content/0/text",
            "expected a string",
        ),
        (
            with_content(json!([{ "type": "cachePoint", "ttl": "2h" }])),
            "/messages/0/content/0/ttl",
            "one of 5m, 1h",
        ),
        (with_content(json!([{ "type": "raw" }])), "/messages/0/content/0/raw", "is missing"),
        (with_content(json!(["a"])), "/messages/0/content/0", "expected an object, found a string"),
        (with_content(json!([{ "type": "image" }])), "/messages/0/content/0/data", "is missing"),
        (
            with_content(json!([{ "type": "image", "data": "" }])),
            "/messages/0/content/0/data",
            "must not be empty",
        ),
        (
            with_content(json!([{ "type": "image", "data": "AA!A" }])),
            "/messages/0/content/0/data",
            "not base64: no letter of it at offset 2",
        ),
        (
            with_content(json!([{ "type": "image", "data": "A" }])),
            "/messages/0/content/0/data",
            "not base64: its end",
        ),
        (
            with_content(json!([{ "type": "image", "data": "data:image/png;base64,AAAA" }])),
            "/messages/0/content/0/data",
            "expected base64 alone, found a data: URL",
        ),
        (
            with_content(json!([{ "type": "image", "data": "AAAA" }])),
            "/messages/0/content/0",
            "\"format\" or \"mimeType\" is missing",
        ),
        (
            with_content(json!([{ "type": "image", "data": "AAAA", "mimeType": "application/pdf" }])),
            "/messages/0/content/0/mimeType",
            "unknown mimeType \"application/pdf\"; one of image/png, image/jpeg, image/jpg, image/gif, image/webp",
        ),
        (
            with_content(json!([{ "type": "image", "text": "x" }])),
            "/messages/0/content/0/text",
            "unknown member",
        ),
        (
            with_content(json!([{ "type": "document", "text": "x", "data": "AAAA" }])),
            "/messages/0/content/0/text",
            "either data or text",
        ),
        (
            with_content(json!([{ "type": "document", "text": "x", "citations": "yes" }])),
            "/messages/0/content/0/citations",
            "expected true or false, found a string",
        ),
        (
            with_content(json!([{ "type": "toolResult", "content": "x" }])),
            "/messages/0/content/0/toolCallId",
            "is missing",
        ),
        (
            with_content(
                json!([{ "type": "toolResult", "toolCallId": "1", "content": [{ "type": "audio" }] }]),
            ),
            "/messages/0/content/0/content/0/type",
            "unknown content type \"audio\"; one of text, image, document, video, json",
        ),
        (
            with_messages(
                json!([{ "role": "toolResult", "toolCallId": "1", "content": [{ "type": "json" }] }]),
            ),
            "/messages/0/content/0/json",
            "is missing",
        ),
        (
            with_answer(json!([{ "type": "image" }])),
            "/messages/0/content/0/type",
            "one of text, thinking, toolCall, cachePoint",
        ),
        (
            with_answer(json!([{ "type": "image", "raw": 1, "x": 1 }])),
            "/messages/0/content/0/x",
            "one of type, text, raw",
        ),
        (with_answer(json!([{ "type": "thinking" }])), "/messages/0/content/0/thinking", "is missing"),
        (
            with_answer(json!([{ "type": "thinking", "thinking": "", "redacted": true }])),
            "/messages/0/content/0/thinkingSignature",
            "is missing",
        ),
        (
            with_answer(
                json!([{ "type": "thinking", "thinking": "", "redacted": true, "thinkingSignature": "?" }]),
            ),
            "/messages/0/content/0/thinkingSignature",
            "not base64",
        ),
        (
            with_answer(json!([{ "type": "toolCall", "id": "1", "name": "n", "arguments": "{}" }])),
            "/messages/0/content/0/arguments",
            "expected an object, found a string",
        ),
        (
            with_answer(json!([{ "type": "toolCall", "id": "", "name": "n" }])),
            "/messages/0/content/0/id",
            "must not be empty",
        ),
    ];
    for (value, place, what) in cases {
        let error = match request(value.to_string().as_bytes()) {
            Ok(_) => panic!("no error for {value}"),
            Err(error) => error,
        };
        assert_eq!(error.class, ErrorClass::InvalidRequest);
        let (found, said) = error.message.split_once(": ").unwrap();
        assert_eq!(found, place, "{} for {value}", error.message);
        assert!(said.contains(what), "{:?} does not contain {what:?}", error.message);
    }
}

#[test]
fn what_is_no_json_is_named_by_line_and_column() {
    let deep = "[".repeat(1000);
    let cases: [(&[u8], &str); 5] = [
        (b"", "line 1 column 0"),
        (b"{\n  \"model\": }", "line 2 column 12"),
        (b"{} {}", "line 1 column 4"),
        (b"{\"\xff\":1}", "line 1 column"),
        (deep.as_bytes(), "recursion limit exceeded at line 1"),
    ];
    for (text, place) in cases {
        let error = request(text).unwrap_err();
        assert_eq!(error.class, ErrorClass::InvalidRequest);
        assert!(error.message.starts_with("the text is not JSON: "), "{}", error.message);
        assert!(error.message.contains(place), "{}", error.message);
    }
}

/// Any JSON, its words taken often from those that mean something here.
fn any_json() -> impl Strategy<Value = Value> {
    let words = vec![
        "type",
        "role",
        "content",
        "model",
        "messages",
        "user",
        "assistant",
        "toolResult",
        "text",
        "image",
        "document",
        "data",
        "raw",
        "thinking",
        "redacted",
        "thinkingSignature",
        "toolCall",
        "id",
        "name",
        "arguments",
        "tools",
        "toolChoice",
        "system",
        "json",
        "timeouts",
        "totalMs",
        "extensions",
        "mimeType",
        "format",
        "cachePoint",
        "ttl",
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
    ];
    let word = prop_oneof![4 => prop::sample::select(words).prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn search_results_and_half_surrogates_are_read() {
    let text = r#"{"model":"p/m","messages":[{"role":"user","content":"cut \ud83d"},
        {"role":"toolResult","toolCallId":"1","content":[{"type":"searchResult","source":"s","title":"t","content":"x","citations":true}]}]}"#;
    let request = request(text.as_bytes()).expect("a request");
    assert_eq!(request.messages[0].content, [Content::text("cut \u{fffd}")]);
    let Content::ToolResult(result) = &request.messages[1].content[0] else {
        panic!("a result");
    };
    let want =
        json!({"source": "s", "title": "t", "content": [{"text": "x"}], "citations": {"enabled": true}});
    assert_eq!(result.output, [ToolOutput::SearchResult(want)]);
}

proptest! {
    #[test]
    fn no_json_makes_it_panic(value in any_json(), place in 0..5) {
        let value = match place {
            0 => value,
            1 => with_content(value),
            2 => with_answer(value),
            3 => with_messages(value),
            _ => with("tools", value),
        };
        if let Err(error) = request(value.to_string().as_bytes()) {
            prop_assert!(error.class == ErrorClass::InvalidRequest);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = request(&bytes);
        let _ = Media::from_file_bytes("a.bin", bytes);
    }

    #[test]
    fn what_was_not_understood_is_not_repeated(prompt in "[a-z]{41,200}") {
        let error = request(with_content(json!([{ "type": prompt }])).to_string().as_bytes()).unwrap_err();
        prop_assert!(!error.to_string().contains(&prompt));
    }
}
