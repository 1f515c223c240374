//! Another model, profile or region is asked while nothing has been delivered, and never after that.

use std::time::Duration;

use bedrock_sim::{Scenario, Step};
use outcrop::config::Document;
use outcrop::{ErrorClass, Event, Host, MODEL_FALLBACK, Request};

use crate::support::{MODEL, Sim, builder, collect, done, failed, json_lines, outcrop, simulator};

fn host(sim: &Sim) -> Host {
    builder(sim).attempts(1).build().expect("a host")
}

fn asking(model: &str, fallbacks: &[&str]) -> Request {
    let mut request = Request::new(model).user("Hello");
    request.fallbacks = Some(fallbacks.iter().map(|&entry| entry.to_owned()).collect());
    request
}

/// A model that answers with this scenario.
fn model(scenario: &str) -> String {
    format!("amazon-bedrock/sim.{scenario}-v1:0")
}

fn changes(events: &[Event]) -> Vec<&str> {
    let change = |event: &'_ Event| match event {
        Event::Rewritten { rule, at, .. } if rule == MODEL_FALLBACK => Some(at == "/model"),
        _ => None,
    };
    events
        .iter()
        .filter(|event| change(event) == Some(true))
        .filter_map(|event| match event {
            Event::Rewritten { detail, .. } => Some(detail.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn the_next_of_the_list_answers() {
    let sim = simulator();
    let first = model("service-unavailable");
    let events = collect(host(&sim).stream(asking(&first, &[&model("throttling"), MODEL]))).await;
    let told = changes(&events);
    assert_eq!(told.len(), 2, "{events:#?}");
    assert!(told[0].starts_with(&format!("{first} could not answer (overloaded: ")), "{told:?}");
    assert!(told[1].ends_with(&format!("asking {MODEL}")), "{told:?}");
    let Some(Event::Done { message, .. }) = events.last() else { panic!("{events:#?}") };
    assert_eq!((message.model.as_str(), message.text().as_str()), (MODEL, "You said: Hello"));
    let starts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Start { model, .. } => Some(model.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(starts, [MODEL]);
    assert_eq!(sim.requests().len(), 3);
}

#[tokio::test]
async fn an_answer_that_broke_off_before_its_content_leaves_no_trace() {
    let sim = simulator();
    let start = Step::event("messageStart", serde_json::json!({ "role": "assistant" }));
    let refused = Step::exception("serviceUnavailableException", "busy");
    sim.script_next("sim.text-v2:0", Scenario::stream(vec![start, refused]));
    let events = collect(host(&sim).stream(asking("amazon-bedrock/sim.text-v2:0", &[MODEL]))).await;
    assert!(matches!(events.last(), Some(Event::Done { .. })), "{events:#?}");
    let starts = events.iter().filter(|event| matches!(event, Event::Start { .. })).count();
    assert_eq!((starts, changes(&events).len()), (1, 1), "{events:#?}");
}

#[tokio::test]
async fn nobody_else_is_asked_unless_it_can_help() {
    let sim = simulator();
    let host = host(&sim);
    for (request, class, delivered) in [
        // Not asked for.
        (Request::new(model("service-unavailable")).user("Hello"), ErrorClass::Overloaded, false),
        (asking(&model("service-unavailable"), &[]), ErrorClass::Overloaded, false),
        // Wrong everywhere.
        (asking(&model("validation"), &[MODEL]), ErrorClass::InvalidRequest, false),
        (asking(&model("context-overflow"), &[MODEL]), ErrorClass::ContextTooLong, false),
        // What was delivered cannot be taken back.
        (asking(&model("exception-service-unavailable"), &[MODEL]), ErrorClass::Overloaded, true),
        (asking(&model("cut-frame"), &[MODEL]), ErrorClass::Truncated, true),
    ] {
        sim.forget_requests();
        let (asked, events) = (request.model.clone(), collect(host.stream(request)).await);
        let Some(Event::Error { error }) = events.last() else { panic!("{asked}: {events:#?}") };
        assert_eq!((error.class, error.delivered), (class, delivered), "{asked}: {error:?}");
        assert_eq!((changes(&events).len(), sim.requests().len()), (0, 1), "{asked}");
        assert!(!error.details.contains_key("tried"), "{asked}");
    }
}

#[tokio::test]
async fn the_last_error_lists_what_was_tried() {
    let sim = simulator();
    let list = ["region:us-west-2".to_owned(), model("throttling"), model("access-denied")];
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let error = failed(host(&sim).stream(asking(&model("internal-server"), &list))).await;
    assert_eq!(error.class, ErrorClass::PermissionDenied);
    let tried = error.details["tried"].as_array().expect("a list");
    let told: Vec<_> = tried
        .iter()
        .map(|entry| (entry["model"].as_str().expect("a model"), entry["class"].as_str().expect("a class")))
        .collect();
    assert_eq!(
        told,
        [
            (model("internal-server").as_str(), "internal"),
            (model("internal-server").as_str(), "internal"),
            (model("throttling").as_str(), "rate-limited"),
            (model("access-denied").as_str(), "permission-denied"),
        ]
    );
    assert_eq!(tried[1]["region"], "us-west-2");
    assert!(error.message.contains("(asked before: ") && error.message.contains("rate-limited"), "{error}");
    assert!(!error.delivered);
}

#[tokio::test]
async fn the_same_model_is_asked_in_another_region_and_by_another_profile() {
    let sim = simulator();
    let host = host(&sim);
    let busy = || Scenario::error(503, "ServiceUnavailableException", "busy");
    sim.script_next("us.sim.text-v1:0", busy());
    sim.script_next("us.sim.text-v1:0", busy());
    let list = ["region:us-west-2", "profile:us", "profile:global"];
    done(host.stream(asking("amazon-bedrock/us.sim.text-v1:0", &list))).await;
    let asked: Vec<_> = sim
        .requests()
        .iter()
        .map(|request| {
            let signed = request.header("authorization").expect("signed").to_owned();
            let region = signed.split('/').nth(2).expect("a region").to_owned();
            (request.id.clone().expect("an id"), region)
        })
        .collect();
    let expected = [
        ("us.sim.text-v1:0", "us-east-1"),
        ("us.sim.text-v1:0", "us-west-2"),
        ("global.sim.text-v1:0", "us-east-1"),
    ];
    assert_eq!(asked, expected.map(|(id, region)| (id.to_owned(), region.to_owned())));
}

#[tokio::test]
async fn the_time_for_the_whole_answer_is_for_all_together() {
    let sim = simulator();
    let mut request = asking(&model("no-headers"), &["amazon-bedrock/us.sim.no-headers-v1:0", MODEL]);
    request.timeouts.first_content = Some(Duration::from_millis(200));
    request.timeouts.total = Some(Duration::from_millis(300));
    let error = failed(host(&sim).stream(request)).await;
    assert_eq!(error.class, ErrorClass::Timeout, "{error:?}");
    assert_eq!(sim.requests().len(), 2, "there was no time left for a third");
}

#[tokio::test]
async fn the_host_and_its_configuration_may_ask_for_it() {
    let sim = simulator();
    let text = "{models: {providers: {'amazon-bedrock': {attempts: 1, failover: ['fallbacks']}}},
                 agents: {defaults: {model: {fallbacks: ['openai/x', 'bedrock/sim.text-v1:0']}}}}";
    let config = Document::parse("f", text).and_then(|document| document.config(&|_| None)).expect("good");
    let ask = || Request::new(model("throttling")).user("Hello");
    let configured = builder(&sim).config(config.clone()).build().expect("a host");
    assert_eq!(done(configured.stream(ask())).await.model, "bedrock/sim.text-v1:0");
    assert_eq!(sim.requests().len(), 2, "one attempt each");
    // What is said in Rust wins, and a request's own over both.
    let host = builder(&sim).config(config).fallbacks([MODEL]).build().expect("a host");
    assert_eq!(done(host.stream(ask())).await.model, MODEL);
    let mut request = ask();
    request.fallbacks = Some(Vec::new());
    assert_eq!(failed(host.stream(request)).await.class, ErrorClass::RateLimited);
    // The JSON form, as the C ABI takes it.
    let json = serde_json::json!({
        "model": model("throttling"), "messages": [{ "role": "user", "content": "Hello" }], "fallbacks": [MODEL],
    });
    let request = Request::from_json(json.to_string().as_bytes()).expect("a request");
    assert_eq!(done(configured.stream(request)).await.model, MODEL);
}

#[tokio::test]
async fn a_wrong_list_is_told_before_anything_is_sent() {
    let sim = simulator();
    for (entry, told) in
        [("gpt-4", "write PROVIDER/ID"), ("openai/gpt-4", "known prefix"), ("profile:mars", "geography")]
    {
        let error = failed(host(&sim).stream(asking(MODEL, &[MODEL, entry]))).await;
        assert_eq!(error.class, ErrorClass::InvalidRequest);
        assert!(error.message.starts_with("/fallbacks/1: ") && error.message.contains(told), "{error}");
        let error = builder(&sim).fallbacks([entry]).build().expect_err("no host");
        assert!(error.message.starts_with("fallbacks[0]: "), "{error}");
    }
    assert!(sim.requests().is_empty());
}

#[test]
fn the_command_line_asks_elsewhere_when_told_to() {
    let sim = simulator();
    let arguments =
        ["chat", "--json", "--model", "amazon-bedrock/sim.access-denied-v1:0", "--fallback", MODEL];
    let output = outcrop(&sim).args(arguments).arg("Hello").output().expect("it runs");
    let events = json_lines(&output);
    assert_eq!(events.last().expect("an event")["type"], "done", "{events:#?}");
    assert_eq!(events[0]["rule"], MODEL_FALLBACK, "{events:#?}");
}
