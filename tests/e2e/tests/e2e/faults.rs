//! Streams that break: each is an error that says whether anything was delivered, never a short success.

use std::time::Duration;

use outcrop::request::Timeouts;
use outcrop::{ErrorClass, Event};

use crate::support::{PATIENCE, ask, builder, collect, simulator};

fn short() -> Timeouts {
    let mut timeouts = Timeouts::default();
    timeouts.first_content = Some(Duration::from_millis(400));
    timeouts.silence = Some(Duration::from_millis(400));
    timeouts
}

/// Scenario, and the class it must end with.
const FAULTS: &[(&str, ErrorClass)] = &[
    ("cut-frame", ErrorClass::Truncated),
    ("early-end", ErrorClass::Truncated),
    ("bad-prelude-checksum", ErrorClass::Truncated),
    ("bad-message-checksum", ErrorClass::Truncated),
    ("close", ErrorClass::Truncated),
    ("reset", ErrorClass::Truncated),
    ("silence", ErrorClass::Timeout),
];

#[tokio::test]
async fn broken_streams_are_errors_that_tell_what_was_delivered() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).timeouts(short()).build().expect("a host");
    for &(fault, class) in FAULTS {
        for (after, writes) in [(0, "frame"), (1, "frame"), (5, "coalesced"), (3, "byte")] {
            let prompt = format!("sim:{fault} after={after} writes={writes}");
            let events = collect(host.stream(ask(&prompt))).await;
            let Some(Event::Error { error }) = events.last() else { panic!("{prompt}: {events:?}") };
            let deltas = events.iter().filter(|event| matches!(event, Event::TextDelta { .. })).count();
            assert_eq!(error.delivered, deltas > 0, "{prompt}: {error:?}");
            assert!(!error.retryable || !error.delivered, "{prompt}");
            // A broken connection may be noticed before its last frames are read; what came is never lost otherwise.
            if !matches!(fault, "reset" | "close") {
                assert_eq!(deltas, after, "{prompt}");
                assert_eq!(error.class, class, "{prompt}: {error:?}");
            } else {
                let network = [ErrorClass::Truncated, ErrorClass::Network];
                assert!(network.contains(&error.class), "{prompt}: {error:?}");
            }
        }
    }
    assert!(sim.wait_for(|log| log.live_responses() == 0, PATIENCE).await, "no connection is left hanging");
}

#[tokio::test]
async fn a_service_that_does_not_answer_runs_into_the_first_limit() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).timeouts(short()).build().expect("a host");
    for prompt in ["sim:no-headers", "sim:slow-first-frame ms=20000", "sim:slow-headers ms=20000"] {
        let events = collect(host.stream(ask(prompt))).await;
        let Some(Event::Error { error }) = events.last() else { panic!("{prompt}: {events:?}") };
        assert_eq!(
            (error.class, error.delivered, error.retryable),
            (ErrorClass::Timeout, false, true),
            "{prompt}"
        );
        assert!(error.message.contains("0.4 s"), "{error}");
    }
    assert!(sim.wait_for(|log| log.live_responses() == 0, PATIENCE).await);
}

#[tokio::test]
async fn the_whole_answer_has_a_limit_of_its_own() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    let mut request = ask("sim:paced deltas=1000 every=20");
    request.timeouts.total = Some(Duration::from_millis(300));
    let events = collect(host.stream(request)).await;
    let Some(Event::Error { error }) = events.last() else { panic!("{events:?}") };
    assert_eq!((error.class, error.delivered), (ErrorClass::Timeout, true));
}

#[tokio::test]
async fn silence_is_not_counted_while_the_consumer_is_the_slow_one() {
    let sim = simulator();
    let host = builder(&sim).timeouts(short()).build().expect("a host");
    let mut stream = host.stream(ask("sim:long deltas=50"));
    let mut deltas = 0;
    while let Some(event) = stream.next().await {
        match event {
            Event::TextDelta { .. } => {
                deltas += 1;
                if deltas == 10 {
                    // Longer than the limit.
                    tokio::time::sleep(Duration::from_millis(900)).await;
                }
            }
            Event::Error { error } => panic!("{error}"),
            _ => {}
        }
    }
    assert_eq!(deltas, 50);
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    for scenario in ["text", "tools", "reasoning", "parallel-tools", "citations", "guardrail"] {
        let mut request = ask(&format!("sim:{scenario} writes=byte"));
        let schema = serde_json::json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        request.tools.push(outcrop::request::Tool::new("weather", "The weather", schema));
        let slow = collect(host.stream(request.clone())).await;
        request.messages = ask(&format!("sim:{scenario} writes=coalesced")).messages;
        let fast = collect(host.stream(request)).await;
        let kinds = |events: &[Event]| events.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        assert_eq!(kinds(&slow), kinds(&fast), "{scenario}");
    }
}
