//! What Bedrock refuses for a known reason is sent again once without it, told, and not asked for a second time.

use bedrock_sim::{Operation, Scenario};
use outcrop::request::{
    Content, Effort, Media, MediaKind, Message, Reasoning, Tool, ToolCall, ToolChoice, ToolOutput, ToolResult,
};
use outcrop::{ErrorClass, Event, Request, StopReason};
use serde_json::{Map, Value, json};

use crate::support::{ask, builder, collect, done, failed, host, outcrop, simulator, text};

/// A model of which nothing is known, so that everything is believed of it.
const NOVEL: &str = "novel.model-v1:0";
/// A Claude that no table lists.
const CLAUDE: &str = "us.anthropic.claude-novel-9";

fn tool(strict: bool) -> Tool {
    let mut tool = Tool::new("weather", "The weather in a city.", json!({ "type": "object" }));
    tool.strict = strict;
    tool
}

/// A request with everything in it that a model could refuse.
fn everything(model: &str) -> Request {
    let model = format!("amazon-bedrock/{model}");
    let mut request = Request::new(&model).user("What is the weather?");
    request.conversation_id = Some("conversation".to_owned());
    request.system = vec![Content::text("Be brief."), Content::CachePoint("1h".to_owned())];
    request.messages[0].content.push(Content::text("\u{200b}"));
    let call = ToolCall::new("call1", "weather", Map::new());
    let mut reasoning = Reasoning::default();
    (reasoning.text, reasoning.signature) = ("Look it up.".to_owned(), Some("c2lnbmF0dXJl".to_owned()));
    let mut result = ToolResult::new("call1", vec![ToolOutput::Text("none".to_owned())]);
    result.is_error = true;
    let answer = vec![Content::Reasoning(reasoning), Content::ToolCall(call)];
    let mut answer = Message::assistant(answer);
    answer.model = Some(model);
    request.messages.push(answer);
    request.messages.push(Message::user(vec![Content::ToolResult(result)]));
    request.tools = vec![tool(true)];
    request.tool_choice = ToolChoice::Any;
    request.max_tokens = Some(9_000);
    request.temperature = Some(0.5);
    request.top_p = Some(0.5);
    request.stop_sequences = vec!["END".to_owned()];
    for (key, value) in [("service-tier", "flex"), ("latency", "optimized")] {
        request.extensions.insert(key.to_owned(), json!(value));
    }
    request
}

fn plain(model: &str) -> Request {
    Request::new(format!("amazon-bedrock/{model}")).user("Hello")
}

fn thinking(model: &str) -> Request {
    let mut request = plain(model);
    request.effort = Some(Effort::Max);
    request
}

fn structured(model: &str) -> Request {
    let mut request = plain(model);
    request.output_schema = Some(json!({ "type": "object" }));
    request
}

/// A picture and a document, and a result with words beside it.
fn illustrated(model: &str) -> Request {
    let mut request = plain(model);
    let media = |kind, format: &str, bytes: &'static [u8]| Content::Media(Media::new(kind, format, bytes));
    request.messages[0].content.push(media(MediaKind::Image, "png", b"\x89PNG\r\n\x1a\n"));
    request.messages[0].content.push(media(MediaKind::Document, "txt", b"Rain"));
    let call = Content::ToolCall(ToolCall::new("call1", "weather", Map::new()));
    request.messages.push(Message::assistant(vec![call]));
    let result = ToolResult::new("call1", vec![ToolOutput::Text("none".to_owned())]);
    request.messages.push(Message::user(vec![Content::ToolResult(result), Content::text("Go on")]));
    request.tools = vec![tool(false)];
    request
}

/// A conversation that begins and ends with the model's turn.
fn opened(model: &str) -> Request {
    let mut request = plain(model);
    let said = |said: &str| Message::assistant(vec![Content::text(said)]);
    request.messages.insert(0, said("Welcome"));
    request.messages.push(said("Well,"));
    request
}

/// Scenario, model, request, what is no longer in the body, and whether the next stream knows.
type Case = (&'static str, &'static str, fn(&str) -> Request, &'static str, bool);

const CASES: &[Case] = &[
    ("refuse-temperature", NOVEL, everything, "temperature", true),
    ("refuse-top-p", NOVEL, everything, "topP", true),
    ("refuse-stop-sequences", NOVEL, everything, "stopSequences", true),
    ("refuse-effort", CLAUDE, thinking, "output_config", true),
    ("refuse-thinking", CLAUDE, thinking, "adaptive", true),
    ("refuse-cache-point", NOVEL, everything, "cachePoint", true),
    ("refuse-cache-ttl", NOVEL, everything, "\"ttl\"", true),
    ("refuse-cache-points", NOVEL, everything, "cachePoint", true),
    ("refuse-signature", CLAUDE, everything, "c2lnbmF0dXJl", true),
    ("refuse-binding", CLAUDE, everything, "c2lnbmF0dXJl", true),
    ("refuse-reasoning", CLAUDE, everything, "reasoningContent", true),
    ("refuse-tool-choice", NOVEL, everything, "\"any\"", true),
    ("refuse-strict-tools", NOVEL, everything, "\"strict\"", true),
    ("refuse-tool-history", NOVEL, everything, "toolUse", false),
    ("refuse-output-schema", NOVEL, structured, "outputConfig", true),
    ("refuse-complex-schema", NOVEL, structured, "outputConfig", true),
    ("refuse-system", NOVEL, everything, "\"system\"", true),
    ("refuse-opening", NOVEL, opened, "[{\"role\":\"assistant\"", true),
    ("refuse-prefill", NOVEL, opened, "\"Well,\"}]}]", false),
    ("refuse-images", NOVEL, illustrated, "\"image\"", true),
    ("refuse-documents", NOVEL, illustrated, "\"document\"", true),
    ("refuse-mixed-results", NOVEL, illustrated, "}},{\"text\":\"Go on\"", true),
    ("refuse-blank-text", NOVEL, everything, "\u{200b}", false),
    ("refuse-max-tokens", NOVEL, everything, "\"maxTokens\":9000", false),
    ("refuse-tier", NOVEL, everything, "flex", false),
    ("refuse-latency", NOVEL, everything, "optimized", false),
];

fn repairs(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Rewritten { rule, at, .. } if rule == "request-repaired" => Some(at.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn each_refusal_is_repaired_once_told_and_remembered() {
    for &(scenario, model, asks, without, remembered) in CASES {
        let sim = simulator();
        let host = host(&sim);
        sim.script(model, Scenario::text("yes"));
        sim.script_next(model, Scenario::named(scenario).expect(scenario));
        let events = collect(host.stream(asks(model))).await;
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{scenario}: {events:#?}");
        assert_eq!(repairs(&events).len(), 1, "{scenario}");
        // The third stream is an instance of its own, which knows it from the host's memory.
        let events = collect(host.stream(asks(model))).await;
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{scenario}");
        assert_eq!(repairs(&events), [""; 0], "{scenario}");
        let sent: Vec<String> = sim.requests().iter().map(|request| text(&request.body)).collect();
        assert_eq!(sent.len(), 3, "{scenario}");
        assert!(sent[0].contains(without), "{scenario}: {}", sent[0]);
        assert!(!sent[1].contains(without), "{scenario}: {}", sent[1]);
        assert_eq!(!sent[2].contains(without), remembered, "{scenario}: {}", sent[2]);
    }
}

#[tokio::test]
async fn a_second_refusal_is_a_clear_error_and_no_loop() {
    for &(scenario, model, asks, ..) in CASES {
        let sim = simulator();
        sim.script(model, Scenario::named(scenario).expect(scenario));
        let error = failed(host(&sim).stream(asks(model))).await;
        assert!(error.details.contains_key("repairs"), "{scenario}: {error:?}");
        assert!(!error.message.is_empty() && error.remedy.is_some() && !error.retryable, "{error:?}");
        assert_eq!(error.http_status, Some(400), "{scenario}");
        let sent = sim.requests().len();
        assert!((2..=3).contains(&sent), "{scenario}: {sent}");
    }
}

#[tokio::test]
async fn tools_that_cannot_be_streamed_are_answered_as_a_stream() {
    let sim = simulator();
    let host = host(&sim);
    let asks = || {
        let mut request = Request::new("amazon-bedrock/sim.tools-v1:0").user("Weather?");
        request.tools = vec![tool(false)];
        request
    };
    let refusal = Scenario::named("refuse-streamed-tools").expect("a scenario");
    sim.script_next(Operation::ConverseStream, refusal);
    for repaired in [1, 0] {
        let events = collect(host.stream(asks())).await;
        assert_eq!(repairs(&events).len(), repaired);
        let Some(Event::Done { reason, message, .. }) = events.last() else { panic!("{events:#?}") };
        assert_eq!(*reason, StopReason::ToolUse);
        assert_eq!(message.tool_calls().count(), 1);
        assert!(message.request_id.is_some());
        assert!(events.iter().any(|event| matches!(event, Event::ToolcallEnd { .. })));
    }
    let operations: Vec<Operation> = sim.requests().iter().map(|request| request.operation).collect();
    assert_eq!(operations, [Operation::ConverseStream, Operation::Converse, Operation::Converse]);
}

#[tokio::test]
async fn a_model_that_needs_a_profile_is_called_through_one() {
    let sim = simulator();
    let host = host(&sim);
    let model = "novel.profiled-v1:0";
    sim.script(model, Scenario::named("on-demand").expect("a scenario"));
    sim.script("us.novel.profiled-v1:0", Scenario::text("yes"));
    for repaired in [1, 0] {
        let events = collect(host.stream(plain(model))).await;
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{events:#?}");
        assert_eq!(repairs(&events).len(), repaired);
    }
    assert_eq!(sim.requests().len(), 3);
}

#[tokio::test]
async fn a_throttle_is_no_overflow_and_an_overflow_no_throttle() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).build().expect("a host");
    for (prompt, class) in [
        ("sim:too-many-tokens", ErrorClass::RateLimited),
        ("sim:context-overflow", ErrorClass::ContextTooLong),
    ] {
        assert_eq!(failed(host.stream(ask(prompt))).await.class, class);
    }
    let stopped = done(host.stream(ask("sim:stop reason=model_context_window_exceeded"))).await;
    assert_eq!(stopped.stop_reason, StopReason::Length);
}

#[tokio::test]
async fn an_answer_says_what_it_cost_and_what_a_guardrail_did() {
    let sim = simulator();
    let host = host(&sim);
    let request = Request::new("amazon-bedrock/us.amazon.nova-lite-v1:0").user("Hello");
    let cost = done(host.stream(request)).await.usage.cost.expect("a cost");
    assert!(cost.total > 0.0 && (cost.total - cost.input - cost.output).abs() < 1e-12, "{cost:?}");
    for action in ["blocked", "masked"] {
        let answer = done(host.stream(ask(&format!("sim:guardrail action={action}")))).await;
        assert_eq!(answer.stop_reason, StopReason::Guardrail);
        let outcome = &answer.details["guardrail-outcome"];
        assert_eq!(outcome["action"], action, "{outcome}");
        assert_eq!(outcome["guardrails"][0]["id"], "simguard0001");
    }
}

#[test]
fn a_request_is_previewed_and_counted() {
    let sim = simulator();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("request.json");
    let request = r#"{"model":"amazon-bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0","temperature":0.5,"topP":0.5,
        "messages":[{"role":"user","content":[{"type":"text","text":" "},{"type":"text","text":"Hello"}]}]}"#;
    std::fs::write(&file, request).expect("written");

    let linted = outcrop(&sim).args(["lint", "--json"]).arg(&file).output().expect("it runs");
    assert!(linted.status.success(), "{}", text(&linted.stderr));
    let linted: Value = serde_json::from_slice(&linted.stdout).expect("JSON");
    let rules: Vec<&Value> =
        linted["rewrites"].as_array().expect("rewrites").iter().map(|told| &told["rule"]).collect();
    assert_eq!(rules, ["empty-text-dropped", "sampling-dropped"]);
    assert_eq!(linted["rewrites"][1]["at"], "/topP");
    assert_eq!(linted["body"]["messages"][0]["content"], json!([{ "text": "Hello" }]));
    assert_eq!(sim.requests().len(), 0, "nothing is sent");

    let count = |model: &str| {
        let counted =
            outcrop(&sim).args(["count", "--json", "--model", model]).arg(&file).output().expect("it runs");
        assert!(counted.status.success(), "{}", text(&counted.stderr));
        serde_json::from_slice::<Value>(&counted.stdout).expect("JSON")
    };
    assert_eq!(count("amazon-bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0")["exact"], true);
    let estimated = count("amazon-bedrock/us.amazon.nova-lite-v1:0");
    assert_eq!(estimated["exact"], false);
    assert!(estimated["input"].as_u64() > Some(0));

    let refused = outcrop(&sim)
        .args(["lint", "--model", "amazon-bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", "-"])
        .output()
        .expect("it runs");
    assert_eq!(refused.status.code(), Some(2), "standard input is empty");
}

#[tokio::test]
async fn a_plugin_need_not_preview_or_count() {
    let sim = simulator();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), outcrop_e2e::REPAIR_PLUGIN).expect("written");
    let host = builder(&sim).plugin_file(file.path()).build().expect("a host");
    let preview = host.preview(plain(NOVEL)).expect_err("no inspector");
    assert_eq!(preview.class, ErrorClass::Unsupported);
    let count = host.count_tokens(plain(NOVEL)).await.expect_err("no counter");
    assert_eq!(count.class, ErrorClass::Unsupported);
}
