//! Refusals and what becomes of them.

use super::MOST;
use crate::bindings::exports::outcrop::provider::provider::NextStep;
use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, Failure};
use crate::bindings::outcrop::provider::types::{
    Block, Chunk, Error, Extension, Media, Message, Reasoning, Request, Role, Tool, ToolCall, ToolChoice,
    ToolOutput, ToolResult,
};
use crate::request::rewrites;
use crate::settings::Settings;
use crate::stream::Answer;
use crate::stream::script::{Memory, Scripted, frames, request};
use std::sync::LazyLock;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);

fn refused(message: &str) -> Scripted {
    Scripted::new([
        Ok(Arrival::Nothing),
        Err(Failure {
            stage: "status".into(),
            message: "HTTP error".into(),
            http_status: Some(400),
            error_type: Some("ValidationException".into()),
            request_id: None,
            retry_after_ms: None,
            body: serde_json::json!({ "message": message }).to_string().into_bytes(),
        }),
    ])
}

fn answered() -> Scripted {
    Scripted::new([Ok(frames(&[
        ("messageStart", "{}"),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"yes"}}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
        ("metadata", "{}"),
    ]))])
}

fn unary() -> Scripted {
    let body = r#"{"output":{"message":{"content":[{"text":"yes"}]}},"stopReason":"end_turn"}"#;
    Scripted::new([Ok(Arrival::Body(body.into()))])
}

/// Runs a stream to its end; the rules and places of what was changed, and how it ended.
fn run(memory: &Memory, request: Request) -> (Vec<(String, String)>, Option<Error>) {
    let mut answer = Answer::start(memory, request, &SETTINGS).expect("it starts");
    let mut told = Vec::new();
    for _ in 0..100 {
        match answer.next_chunk() {
            Ok(progress) => {
                for chunk in progress.chunks {
                    if let Chunk::Rewritten(rewrite) = chunk {
                        told.push((rewrite.rule, rewrite.at));
                    }
                }
                if progress.next == NextStep::End {
                    return (told, None);
                }
            }
            Err(error) => return (told, Some(error)),
        }
    }
    panic!("it never ends: {told:?}");
}

fn tool(strict: bool) -> Tool {
    Tool { name: "f".into(), description: String::new(), input_schema: String::new(), strict }
}

fn message(role: Role, content: Vec<Block>) -> Message {
    Message { role, content, model_id: None }
}

/// A request with everything in it that a model could refuse.
fn everything(model: &str) -> Request {
    let text = |text: &str| Block::Text(text.into());
    let reasoning = Reasoning {
        text: "hm".into(),
        signature: Some("sig".into()),
        redacted: None,
        model_id: Some(model.into()),
    };
    let call = ToolCall { id: "a".into(), name: "f".into(), arguments: "{}".into() };
    let output = vec![ToolOutput::Text("out".into())];
    let result = ToolResult { call_id: "a".into(), output, is_error: true };
    let extension = |key: &str, value: &str| Extension { key: key.into(), value: value.into() };
    Request {
        conversation_id: Some("c".into()),
        system: vec![text("be"), Block::CachePoint("1h".into())],
        messages: vec![
            message(Role::User, vec![text("one"), text("\u{200b}")]),
            message(Role::Assistant, vec![Block::Reasoning(reasoning), Block::ToolCall(call)]),
            message(Role::User, vec![Block::ToolResult(result)]),
        ],
        tools: vec![tool(true)],
        tool_choice: ToolChoice::Any,
        max_output_tokens: Some(9_000),
        temperature: Some(0.5),
        top_p: Some(0.5),
        stop_sequences: vec!["x".into()],
        extensions: vec![extension("latency", "\"optimized\""), extension("service-tier", "\"flex\"")],
        ..request(model)
    }
}

fn thinking(model: &str) -> Request {
    Request { effort: Some("max".into()), ..request(model) }
}

fn schema(model: &str) -> Request {
    Request { output_schema: Some(r#"{"type":"object"}"#.into()), ..request(model) }
}

/// Something beside a tool result.
fn beside(model: &str) -> Request {
    let mut request = everything(model);
    if let Some(Message { content, .. }) = request.messages.last_mut() {
        if let Some(Block::ToolResult(result)) = content.first_mut() {
            result.is_error = false;
        }
        content.push(Block::Text("and".into()));
    }
    request
}

fn media(model: &str) -> Request {
    let block = |id, kind: &str, format: &str| {
        let (kind, format) = (kind.into(), format.into());
        Block::Media(Media { id, kind, format, size: 3, name: None, extensions: Vec::new() })
    };
    let mut request = request(model);
    request.messages[0].content.extend([block(0, "image", "png"), block(1, "document", "pdf")]);
    request
}

/// A conversation that begins and ends with the model's turn.
fn opened(model: &str) -> Request {
    let mut request = request(model);
    request.messages.insert(0, message(Role::Assistant, vec![Block::Text("Welcome".into())]));
    request.messages.push(message(Role::Assistant, vec![Block::Text("Well, ".into())]));
    request
}

/// What a model says, the request that it refuses, what then is no longer sent, and where that was.
type Case = (&'static str, fn(&str) -> Request, &'static str, &'static str, bool);

const NOVEL: &str = "novel.model-v1:0";
const CLAUDE: &str = "us.anthropic.claude-novel-9";

/// The last member says whether the next stream knows.
#[rustfmt::skip]
const CASES: &[(&str, Case)] = &[
    (CLAUDE, ("messages.1.content.0: Invalid `signature` in `thinking` block", everything, "\"sig\"", "/messages", true)),
    (CLAUDE, ("messages.1.content.0.thinking.signature: Field required", everything, "\"sig\"", "/messages", true)),
    (NOVEL, ("User messages cannot contain reasoning content. Please remove the reasoning content and try again.", everything, "reasoningContent", "/messages", true)),
    (NOVEL, ("Extended TTL prompt caching is only supported for Anthropic models.", everything, "\"ttl\"", "/messages", true)),
    (NOVEL, ("Malformed input request: extraneous key [ttl] is not permitted, please reformat your input and try again.", everything, "\"ttl\"", "/messages", true)),
    (NOVEL, ("You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.", everything, "cachePoint", "/messages", true)),
    (NOVEL, ("Malformed input request: #/system/1: extraneous key [cachePoint] is not permitted", everything, "cachePoint", "/messages", true)),
    (NOVEL, ("This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.", everything, "\"any\"", "/tool-choice", true)),
    (NOVEL, ("tools.0.custom.strict: Extra inputs are not permitted", everything, "\"strict\"", "/tools", true)),
    (NOVEL, ("This model doesn\u{2019}t support the toolResult.status field.", everything, "\"status\"", "/messages", true)),
    (NOVEL, ("The toolConfig field must be defined when using toolUse and toolResult content blocks.", everything, "toolUse", "/messages", false)),
    (NOVEL, ("The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous turn.", everything, "toolResult", "/messages", false)),
    (NOVEL, ("Conversation blocks and tool result blocks cannot be provided in the same turn.", beside, "\"status\":\"success\"}},{\"text\"", "/messages", true)),
    (NOVEL, ("This model doesn't support system messages. Try again without a system message or use a model that supports system messages.", everything, "\"system\"", "/system", true)),
    (NOVEL, ("This model doesn't support the image content block that you provided.", media, "\"image\"", "/messages", true)),
    (NOVEL, ("This model doesn't support documents.", media, "\"document\"", "/messages", true)),
    (NOVEL, ("A conversation must start with a user message. Try again with a conversation that starts with a user message.", opened, "[{\"role\":\"assistant\"", "/messages", true)),
    (NOVEL, ("This model does not support assistant message prefill. The conversation must end with a user message.", opened, "\"Well,\"}]}],\"inf", "/messages", false)),
    (NOVEL, ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", everything, "topP", "/top-p", true)),
    (NOVEL, ("`temperature` is deprecated for this model.", everything, "temperature", "/temperature", true)),
    (NOVEL, ("This model doesn't support the stopSequences field. Remove stopSequences and try again.", everything, "stopSequences", "/stop-sequences", true)),
    (NOVEL, ("The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.", everything, "\"maxTokens\":9000", "/max-output-tokens", false)),
    (NOVEL, ("max_tokens: 9000 > 8,192, which is the maximum allowed number of output tokens for model-20250514", everything, "\"maxTokens\":9000", "/max-output-tokens", false)),
    (NOVEL, ("This model doesn't support performanceConfig latency optimized.", everything, "optimized", "/extensions", false)),
    (NOVEL, ("The provided model identifier is invalid.", everything, "flex", "/extensions", false)),
    (NOVEL, ("The text field in the ContentBlock object at messages.0.content.1 is blank. Add text to the text field, and try again.", everything, "\u{200b}", "/messages", false)),
    (NOVEL, ("messages: text content blocks must contain non-whitespace text", everything, "\u{200b}", "/messages", false)),
    (CLAUDE, ("\"thinking.type.adaptive\" is not supported for this model.", thinking, "thinking", "/effort", true)),
    (CLAUDE, ("output_config.effort: Extra inputs are not permitted", thinking, "output_config", "/effort", true)),
    (CLAUDE, ("output_config.effort: Input should be 'low', 'medium' or 'high'", thinking, "\"max\"", "/effort", false)),
    (CLAUDE, ("Expected `thinking` or `redacted_thinking`, but found `tool_use`.", thinking, "thinking", "/effort", false)),
    (NOVEL, ("Malformed input request: extraneous key [outputConfig] is not permitted", schema, "outputConfig", "/output-schema", true)),
    (NOVEL, ("output_config.format: Extra inputs are not permitted", schema, "outputConfig", "/output-schema", true)),
    (NOVEL, ("Schema is too complex for compilation.", schema, "outputConfig", "/output-schema", true)),
];

#[test]
fn each_refusal_is_repaired_told_and_remembered() {
    for (model, (says, asks, without, at, remembered)) in CASES {
        let memory = Memory::playing([refused(says), answered(), answered()]);
        let (told, error) = run(&memory, asks(model));
        assert_eq!(error, None, "{says}");
        assert!(told.contains(&(rewrites::REPAIRED.into(), (*at).into())), "{says}: {told:?}");
        {
            let sent = memory.sent.borrow();
            assert_eq!(sent.len(), 2, "{says}");
            assert!(sent[0].2.contains(without), "{says}: {}", sent[0].2);
            assert!(!sent[1].2.contains(without), "{says}: {}", sent[1].2);
        }
        let (told, error) = run(&memory, asks(model));
        assert_eq!(error, None, "{says}");
        let sent = memory.sent.borrow();
        assert_eq!(sent.len(), 3);
        assert_eq!(!sent[2].2.contains(without), *remembered, "{says}: {}", sent[2].2);
        assert!(!told.iter().any(|(rule, _)| rule == rewrites::REPAIRED), "{says}: {told:?}");
    }
}

#[test]
fn a_second_refusal_is_an_error_with_its_message_and_no_loop() {
    for (model, (says, asks, ..)) in CASES {
        let memory = Memory::playing((0..10).map(|_| refused(says)));
        let (told, error) = run(&memory, asks(model));
        let error = error.expect(says);
        assert_eq!(error.message, *says);
        assert!(error.extensions.iter().any(|extension| extension.key == "repairs"), "{error:?}");
        let repairs = told.iter().filter(|(rule, _)| rule == rewrites::REPAIRED).count();
        let sent = memory.sent.borrow().len();
        assert_eq!(sent, repairs + 1, "{says}");
        assert!((2..=3).contains(&sent), "{says}: {sent}");
        // Nothing is remembered of what did not help.
        memory.scripts.borrow_mut().clear();
        memory.scripts.borrow_mut().push_back(answered());
        let before = memory.sent.borrow()[0].2.clone();
        run(&memory, asks(model));
        assert_eq!(memory.sent.borrow().last().map(|sent| &sent.2), Some(&before), "{says}");
    }
}

#[test]
fn different_refusals_of_one_request_have_a_bound() {
    let said =
        |part: &str| CASES.iter().map(|(_, case)| case.0).find(|says| says.contains(part)).expect(part);
    let four = ["toolChoice", "`temperature` is", "stopSequences", "prompt caching. See"].map(said);
    let memory = Memory::playing(four.into_iter().map(refused).chain([answered(), answered()]));
    let (told, error) = run(&memory, everything(NOVEL));
    assert_eq!(error, None);
    assert_eq!(told.iter().filter(|(rule, _)| rule == rewrites::REPAIRED).count(), MOST);
    // The next stream has learned all of it.
    run(&memory, everything(NOVEL));
    assert_eq!(memory.sent.borrow().len(), MOST + 2);

    let fifth = said("custom.strict");
    let memory = Memory::playing(four.into_iter().chain([fifth, fifth]).map(refused));
    let (_, error) = run(&memory, everything(NOVEL));
    assert_eq!(error.expect("an error").message, fifth);
    assert_eq!(memory.sent.borrow().len(), MOST + 1);
}

#[test]
fn tools_that_cannot_be_streamed_are_asked_for_as_a_whole() {
    let says = "This model doesn't support tool use in streaming mode.";
    let asks = || Request { tools: vec![tool(false)], ..request(NOVEL) };
    let memory = Memory::playing([refused(says), unary(), unary()]);
    let (told, error) = run(&memory, asks());
    assert_eq!(error, None);
    assert!(told.contains(&(rewrites::REPAIRED.into(), "/tools".into())), "{told:?}");
    assert_eq!(run(&memory, asks()).1, None);
    let operations = |memory: &Memory| -> Vec<String> {
        memory.sent.borrow().iter().map(|(operation, ..)| operation.clone()).collect()
    };
    assert_eq!(operations(&memory), ["converse-stream", "converse", "converse"]);
    // Without tools it is streamed as ever.
    memory.scripts.borrow_mut().push_back(answered());
    assert_eq!(run(&memory, request(NOVEL)).1, None);
    assert_eq!(operations(&memory)[3], "converse-stream");
}

#[test]
fn what_is_not_served_on_demand_is_called_through_its_profile() {
    let says = "Invocation of model ID novel.model-v1:0 with on-demand throughput isn\u{2019}t supported.";
    let none = "The provided model identifier is invalid.";
    let memory = Memory::playing([refused(says), refused(none), answered(), answered()]);
    let (told, error) = run(&memory, request(NOVEL));
    assert_eq!(error, None);
    assert_eq!(told.iter().filter(|(rule, _)| rule == rewrites::REPAIRED).count(), 2);
    assert_eq!(run(&memory, request(NOVEL)).1, None);
    let ids: Vec<String> = memory.sent.borrow().iter().map(|(_, id, _)| id.clone()).collect();
    assert_eq!(ids, [NOVEL, "us.novel.model-v1:0", "global.novel.model-v1:0", "global.novel.model-v1:0"]);

    let memory = Memory::playing([refused(says), refused(says), refused(says), refused(says)]);
    let error = run(&memory, request(NOVEL)).1.expect("an error");
    assert!(error.message.contains("on-demand"), "{error:?}");
    assert_eq!(memory.sent.borrow().len(), 2);
}

#[test]
fn what_is_no_refusal_of_the_request_is_left_alone() {
    for says in ["Input is too long for requested model.", "The temperature is nice today.", ""] {
        let memory = Memory::playing([refused(says)]);
        assert!(run(&memory, everything(NOVEL)).1.is_some());
        assert_eq!(memory.sent.borrow().len(), 1, "{says}");
    }
    let memory = Memory::playing([refused("The provided model identifier is invalid.")]);
    assert!(run(&memory, request(NOVEL)).1.is_some());
    assert_eq!(memory.sent.borrow().len(), 1, "no profile was guessed");
    // Once content has been given, nothing is sent again.
    let broken = Scripted::new([
        Ok(frames(&[
            ("messageStart", "{}"),
            ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"yes"}}"#),
        ])),
        Ok(frames(&[(
            "validationException",
            r#"{"message":"`temperature` is deprecated for this model."}"#,
        )])),
    ]);
    let memory = Memory::playing([broken]);
    assert!(run(&memory, everything(NOVEL)).1.is_some());
    assert_eq!(memory.sent.borrow().len(), 1);
    // But an exception as the very first event is a refusal like any other.
    let first = Scripted::new([Ok(frames(&[
        ("messageStart", "{}"),
        ("validationException", r#"{"message":"`temperature` is deprecated for this model."}"#),
    ]))]);
    let memory = Memory::playing([first, answered()]);
    assert_eq!(run(&memory, everything(NOVEL)).1, None);
    assert_eq!(memory.sent.borrow().len(), 2);
}
