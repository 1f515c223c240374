//! The contract lets a plugin repair a refused request: a second guest proves it.

use bedrock_sim::Scenario;
use outcrop::{ErrorClass, Event, Host, Request};

use crate::support::{Sim, builder, collect, simulator};

const MODEL: &str = "sim.text-v1:0";

/// A host with the repair plugin in place of the bundled one.
fn host(sim: &Sim) -> Host {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), outcrop_e2e::REPAIR_PLUGIN).expect("written");
    builder(sim).plugin_file(file.path()).build().expect("a host")
}

fn warm() -> Request {
    let mut request = Request::new(format!("bedrock/{MODEL}")).user("Hello");
    request.temperature = Some(0.5);
    request
}

fn refusal() -> Scenario {
    Scenario::error(400, "ValidationException", "`temperature` is deprecated for this model.")
}

fn rewrites(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Rewritten { rule, detail, .. } if rule == "temperature-dropped" => Some(detail.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_refused_request_is_repaired_told_and_remembered() {
    let sim = simulator();
    let host = host(&sim);

    sim.script_next(MODEL, refusal());
    let events = collect(host.stream(warm())).await;
    assert!(matches!(events.last(), Some(Event::Done { .. })), "{events:?}");
    assert_eq!(rewrites(&events), ["the model refuses it"]);
    let sent: Vec<_> =
        sim.requests().iter().map(|request| request.json()["inferenceConfig"].clone()).collect();
    assert_eq!(sent[0]["temperature"], 0.5);
    assert!(sent[1]["temperature"].is_null());

    // Another instance, which knows it from the host's memory.
    sim.forget_requests();
    let events = collect(host.stream(warm())).await;
    assert_eq!(rewrites(&events), ["remembered from an earlier request"]);
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_second_refusal_is_an_error_and_no_loop() {
    let sim = simulator();
    let host = host(&sim);
    sim.script(MODEL, refusal());
    let events = collect(host.stream(warm())).await;
    let Some(Event::Error { error }) = events.last() else { panic!("{events:?}") };
    assert_eq!(error.class, ErrorClass::InvalidRequest);
    assert_eq!(sim.requests().len(), 2);
}
