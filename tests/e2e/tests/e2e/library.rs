//! The Rust API.

use outcrop::request::{Content, Effort, Message, Tool, ToolOutput, ToolResult};
use outcrop::{ErrorClass, Event, Limits, Request};
use serde_json::json;

use crate::support::{MODEL, ask, builder, collect, done, failed, host, simulator};

fn weather() -> Tool {
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    Tool::new("weather", "The weather of a city", schema)
}

#[tokio::test]
async fn text_streams_and_is_whole_at_the_end() {
    let sim = simulator();
    let events = collect(host(&sim).stream(ask("sim:long deltas=200 writes=coalesced"))).await;
    assert!(
        matches!(&events[0], Event::Start { model, request_id: Some(_) } if model == MODEL),
        "{:?}",
        events[0]
    );
    let streamed: String = events
        .iter()
        .filter_map(|event| match event {
            Event::TextDelta { delta, content_index: 0 } => Some(&**delta),
            _ => None,
        })
        .collect();
    assert_eq!(streamed.len(), 200 * 20);
    let Some(Event::Done { message, usage, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(message.text(), streamed);
    assert!(usage.output > 0 && usage.total_tokens >= usage.output);
    assert_eq!(
        sim.requests()[0].json()["messages"][0]["content"][0]["text"],
        "sim:long deltas=200 writes=coalesced"
    );
}

#[tokio::test]
async fn a_tool_round_trip() {
    let sim = simulator();
    let host = host(&sim);
    let mut request =
        ask(r#"sim:tools say="Let me look." input={"city":"Oslo","days":12345678901234567890}"#);
    request.tools.push(weather());
    let answer = done(host.stream(request.clone())).await;
    let call = answer.tool_calls().next().expect("a call").clone();
    assert_eq!(call.name, "weather");
    assert_eq!(call.arguments["city"], "Oslo");
    assert_eq!(call.arguments["days"].to_string(), "12345678901234567890", "integers are exact");

    let result = ToolResult::new(call.id, vec![ToolOutput::Text("Rain in Oslo".to_owned())]);
    let request =
        request.message(answer.into_message()).message(Message::user(vec![Content::ToolResult(result)]));
    let answer = done(host.stream(request)).await;
    assert!(answer.text().contains("Rain in Oslo"), "{}", answer.text());
    let sent = sim.requests().pop().expect("a request").json();
    assert_eq!(
        sent["messages"][1]["content"][1]["toolUse"]["input"]["days"].to_string(),
        "12345678901234567890"
    );
}

#[tokio::test]
async fn calls_without_arguments_and_several_calls() {
    let sim = simulator();
    let host = host(&sim);
    for (prompt, calls) in [("sim:tools-no-input", 1), ("sim:parallel-tools count=3", 3)] {
        let answer = done(host.stream(ask(prompt).tool(weather()))).await;
        assert_eq!(answer.tool_calls().count(), calls, "{prompt}");
        assert_eq!(answer.stop_reason.as_str(), "toolUse");
    }
}

#[tokio::test]
async fn reasoning_goes_back_byte_for_byte() {
    let sim = simulator();
    let host = host(&sim);
    for (scenario, member) in [("reasoning", "reasoningText"), ("redacted-reasoning", "redactedContent")] {
        let mut request = Request::new("amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0")
            .user(format!("sim:{scenario}"))
            .max_tokens(4000);
        request.effort = Some(Effort::Low);
        let answer = done(host.stream(request.clone())).await;
        let Some(Content::Reasoning(reasoning)) = answer.content.first().cloned() else {
            panic!("{scenario}: {answer:?}")
        };
        done(host.stream(request.message(answer.into_message()).user("Go on"))).await;
        let sent = sim.requests().pop().expect("a request").json();
        let block = &sent["messages"][1]["content"][0]["reasoningContent"][member];
        match reasoning.signature {
            Some(signature) => assert_eq!(block["signature"], signature, "{scenario}"),
            None => assert!(block.is_string() && reasoning.redacted.is_some(), "{scenario}: {sent:#}"),
        }
    }
}

#[tokio::test]
async fn what_was_changed_is_told() {
    let sim = simulator();
    let request =
        Request::new(MODEL).message(Message::user(vec![Content::text("  "), Content::text("Hello")]));
    let events = collect(host(&sim).stream(request)).await;
    let told = events.iter().any(|event| {
        matches!(event, Event::Rewritten { rule, at, .. }
            if rule == "empty-text-dropped" && at == "/messages/0/content/0")
    });
    assert!(told, "{events:?}");
}

#[tokio::test]
async fn models_are_listed_once_for_all_callers() {
    let sim = simulator();
    let host = host(&sim);
    let (first, second) = tokio::join!(host.models(), host.models());
    let models = first.expect("models");
    assert_eq!(models.models, second.expect("models").models);
    assert!(models.problems.is_empty());
    assert!(models.models.iter().all(|model| model.id.starts_with("amazon-bedrock/")));
    assert!(models.models.iter().any(|model| model.id.contains("/us.")), "profiles are offered");
    assert!(models.models.iter().any(|model| model.limits_known && model.context_window > 32_000));
    host.models().await.expect("models");
    let lists = sim.requests();
    let listed = |operation| lists.iter().filter(|request| request.operation == operation).count();
    assert_eq!(listed(bedrock_sim::Operation::ListFoundationModels), 1);
    assert!(listed(bedrock_sim::Operation::ListInferenceProfiles) >= 2, "system and application profiles");
}

#[tokio::test]
async fn a_missing_permission_is_named_and_the_rest_is_listed() {
    let sim = simulator();
    let denied =
        bedrock_sim::Scenario::error(403, "AccessDeniedException", "not authorized to ListInferenceProfiles");
    sim.script(bedrock_sim::Operation::ListInferenceProfiles, denied);
    let models = host(&sim).models().await.expect("models");
    assert!(!models.models.is_empty());
    assert_eq!(models.problems[0].class, ErrorClass::PermissionDenied);
    assert!(models.problems[0].message.contains("ListInferenceProfiles"));
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_at_once() {
    let sim = simulator();
    let mut limits = Limits::default();
    limits.streams = 2;
    let host = builder(&sim).limits(limits).build().expect("a host");
    let first = host.stream(ask("Hello"));
    let second = host.stream(ask("Hello"));
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!(error.class, ErrorClass::Overloaded);
    assert!(error.retryable);
    drop(first);
    done(host.stream(ask("Hello"))).await;
    done(second).await;
}

#[tokio::test]
async fn what_the_operator_imposes_no_plugin_leaves_out() {
    let sim = simulator();
    let metadata = json!({ "team": "search" }).as_object().cloned().expect("an object");
    let host = builder(&sim)
        .guardrail(json!({ "guardrailIdentifier": "imposed1", "guardrailVersion": "1" }))
        .request_metadata(metadata)
        .build()
        .expect("a host");
    let mut request = ask("Hello");
    request.extensions.insert(
        "guardrail".to_owned(),
        json!({ "guardrailIdentifier": "mine1", "guardrailVersion": "DRAFT" }),
    );
    done(host.stream(request)).await;
    let sent = sim.requests()[0].json();
    assert_eq!(sent["guardrailConfig"]["guardrailIdentifier"], "imposed1");
    assert_eq!(sent["requestMetadata"], json!({ "team": "search" }));
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let sim = simulator();
    let host = host(&sim);
    let error = failed(host.stream(Request::new("gpt-4").user("Hello"))).await;
    assert_eq!(error.class, ErrorClass::InvalidRequest);
    assert!(error.to_string().contains("amazon-bedrock/"), "{error}");
    let error = failed(host.stream(Request::new(MODEL))).await;
    assert!(error.message.contains("/messages"), "{error}");
    let error = failed(host.stream(Request::new("amazon-bedrock/no.such-model").user("Hello"))).await;
    assert_eq!(error.class, ErrorClass::ModelNotFound, "{error:?}");
    let error = failed(host.stream(Request::new("amazon-bedrock/a b").user("Hello"))).await;
    assert_eq!(error.class, ErrorClass::InvalidRequest, "{error:?}");
    let mut request = ask("Hello");
    request.extensions.insert("no-such-extension".to_owned(), json!(1));
    let error = failed(host.stream(request)).await;
    assert_eq!(error.class, ErrorClass::Unsupported, "{error:?}");
}

#[tokio::test]
async fn many_streams_at_once_are_each_whole() {
    let sim = simulator();
    let host = host(&sim);
    let streams = (0..60).map(|number| {
        let stream = host.stream(ask(&format!("sim:long deltas={}", 50 + number)));
        async move { (number, done(stream).await.text().len()) }
    });
    for (number, length) in futures_util::future::join_all(streams).await {
        assert_eq!(length, (50 + number) * 20);
    }
}

#[test]
fn outside_of_a_runtime_it_is_an_error_and_no_panic() {
    let sim = simulator();
    let mut stream = host(&sim).stream(ask("Hello"));
    let event = futures_util::FutureExt::now_or_never(stream.next()).flatten();
    let Some(Event::Error { error }) = event else { panic!("{event:?}") };
    assert!(error.message.contains("tokio"), "{error}");
}
