//! What arrives at a collector.

mod endpoint;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use tracing::field::Empty;
use tracing::{debug_span, info, info_span, trace};
use tracing_subscriber::layer::SubscriberExt as _;

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    found.value.as_ref()?.value.as_ref()
}

/// In a process of its own, as every test file is: the endpoint is a variable of the process.
fn main() {
    let (endpoint, received) = endpoint::collector();
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        // Variables are set for a child; to change one's own is not safe.
        let status = std::process::Command::new(std::env::current_exe().expect("a path"))
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "set by the child's parent")
            .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{endpoint}/v1/traces"))
            .status()
            .expect("it runs");
        assert!(status.success(), "{status}");
        let (request, body) = received.recv().expect("spans were sent");
        assert!(request.starts_with("POST /v1/traces "), "{request}");
        check(&body);
        println!("test what_a_collector_is_sent ... ok");
        return;
    }
    send();
}

/// What Outcrop does for a stream, and what others do at the same time.
fn send() {
    let (layer, sending) = outcrop_otlp::layer("a-host").expect("a layer");
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!(
            target: "outcrop::stream",
            "chat",
            otel.name = Empty,
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.request.model = Empty,
            gen_ai.request.stream = true,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.response.time_to_first_chunk = Empty,
            gen_ai.usage.input_tokens = Empty,
            error.type = Empty,
        );
        span.record("otel.name", "chat sim.text-v1:0");
        span.record("gen_ai.request.model", "sim.text-v1:0");
        span.in_scope(|| {
            let _inner = debug_span!(target: "aws_smithy_runtime", "invoke", body = "canary").entered();
            trace!(target: "outcrop::bridge", "canary");
            info!(target: "outcrop_plugin", "canary");
            info!(target: "hyper", "canary");
        });
        span.in_scope(
            || info!(target: "outcrop::bridge::call", code = "ThrottlingException", "trying again"),
        );
        span.record("gen_ai.response.finish_reasons", "[\"end_turn\"]");
        span.record("gen_ai.response.time_to_first_chunk", 0.25);
        span.record("gen_ai.usage.input_tokens", 12_i64);
        span.record("error.type", "truncated");
        span.record("otel.status_code", "ERROR");
    });
    drop(sending);
}

fn check(body: &[u8]) {
    assert!(!body.windows(6).any(|window| window == b"canary"), "what is not Outcrop's was sent");
    let sent = ExportTraceServiceRequest::decode(body).expect("protobuf");
    let resource = &sent.resource_spans[0];
    let service = resource.resource.as_ref().expect("a resource").attributes.iter();
    let service = service.clone().find(|attribute| attribute.key == "service.name").expect("a name");
    assert_eq!(
        service.value.as_ref().and_then(|value| value.value.clone()),
        Some(Value::StringValue("a-host".to_owned()))
    );
    let spans = &resource.scope_spans[0].spans;
    assert_eq!(spans.len(), 1, "{spans:#?}");
    let span = &spans[0];
    assert_eq!(span.name, "chat sim.text-v1:0");
    assert_eq!(span.kind, SpanKind::Client as i32);
    assert_eq!(span.status.as_ref().map(|status| status.code), Some(StatusCode::Error as i32));
    let string = |text: &str| Some(Value::StringValue(text.to_owned()));
    for (name, value) in [
        ("gen_ai.operation.name", string("chat")),
        ("gen_ai.request.model", string("sim.text-v1:0")),
        ("gen_ai.request.stream", Some(Value::BoolValue(true))),
        ("gen_ai.response.time_to_first_chunk", Some(Value::DoubleValue(0.25))),
        ("gen_ai.usage.input_tokens", Some(Value::IntValue(12))),
        ("error.type", string("truncated")),
    ] {
        assert_eq!(attribute(span, name).cloned(), value, "{name}");
    }
    let Some(Value::ArrayValue(reasons)) = attribute(span, "gen_ai.response.finish_reasons") else {
        panic!("no list: {span:#?}");
    };
    assert_eq!(reasons.values[0].value, string("end_turn"));
    assert_eq!(span.events.len(), 1, "{:#?}", span.events);
    assert_eq!(span.events[0].name, "trying again");
}
