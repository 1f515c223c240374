//! The span of a stream, in the words of OpenTelemetry's conventions for generative AI and for Amazon Bedrock
//! (`open-telemetry/semantic-conventions-genai`, November 2026).
//!
//! What begins with `otel.` is for the crate `tracing-opentelemetry`, which reads the span's name, kind and status there.

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::Outcome;
use crate::{AssistantMessage, Request, Usage};

/// The target of the spans.
const TARGET: &str = "outcrop::stream";

/// The span of a stream; disabled where no subscriber wants it.
pub(super) fn of(model: &str, request: &Request) -> Span {
    let span = info_span!(
        target: TARGET,
        "chat",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "aws.bedrock",
        gen_ai.request.model = Empty,
        gen_ai.request.stream = true,
        gen_ai.request.max_tokens = Empty,
        gen_ai.request.temperature = Empty,
        gen_ai.request.top_p = Empty,
        gen_ai.response.model = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.response.time_to_first_chunk = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.system_instructions = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        aws.request_id = Empty,
        error.type = Empty,
        server.address = Empty,
        server.port = Empty,
    );
    if !span.is_disabled() {
        let model = bare(model);
        span.record("otel.name", format!("chat {model}"));
        span.record("gen_ai.request.model", model);
        if let Some(tokens) = request.max_tokens {
            span.record("gen_ai.request.max_tokens", i64::from(tokens));
        }
        if let Some(temperature) = request.temperature {
            span.record("gen_ai.request.temperature", temperature);
        }
        if let Some(top_p) = request.top_p {
            span.record("gen_ai.request.top_p", top_p);
        }
    }
    span
}

/// OpenTelemetry's integers have a sign; others become text on their way there.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A model's id without the routing prefix.
fn bare(model: &str) -> &str {
    model.split_once('/').map_or(model, |(_, id)| id)
}

/// Where a request goes: the host and port of its URI.
pub(super) fn record_server(span: &Span, uri: &str) {
    if span.is_disabled() {
        return;
    }
    let Some((scheme, rest)) = uri.split_once("://") else { return };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_v6_alone = authority.ends_with(']');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !is_v6_alone => (host, port.parse().ok()),
        _ => (authority, None),
    };
    span.record("server.address", host.trim_matches(['[', ']']));
    let usual = if scheme.eq_ignore_ascii_case("http") { 80_u16 } else { 443 };
    span.record("server.port", i64::from(port.unwrap_or(usual)));
}

pub(super) fn record_first_content(span: &Span, after: Duration) {
    span.record("gen_ai.response.time_to_first_chunk", after.as_secs_f64());
}

/// What is said of a whole answer.
pub(super) fn record_answer(span: &Span, message: &AssistantMessage) {
    if span.is_disabled() {
        return;
    }
    // Another one where a router chose.
    let invoked = message.details.get("invoked-model").and_then(serde_json::Value::as_str);
    span.record("gen_ai.response.model", invoked.unwrap_or_else(|| bare(&message.model)));
    if let Some(id) = &message.request_id {
        span.record("gen_ai.response.id", id);
        span.record("aws.request_id", id);
    }
    // An attribute with a list of one; spans here have none, so it is its JSON.
    span.record("gen_ai.response.finish_reasons", serde_json::json!([message.raw_stop_reason]).to_string());
}

pub(super) fn record_end(span: &Span, outcome: &Outcome<'_>, usage: &Usage) {
    if span.is_disabled() {
        return;
    }
    if usage.total_tokens > 0 {
        // There all that was read counts as input, whether it came from a cache or not.
        let read = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
        span.record("gen_ai.usage.input_tokens", integer(read));
        span.record("gen_ai.usage.output_tokens", integer(usage.output));
        span.record("gen_ai.usage.cache_read.input_tokens", integer(usage.cache_read));
        span.record("gen_ai.usage.cache_creation.input_tokens", integer(usage.cache_write));
    }
    match outcome {
        Outcome::Done(_) => {}
        Outcome::Cancelled => {
            span.record("error.type", "cancelled");
        }
        Outcome::Failed(error) => {
            span.record("error.type", error.class.as_str());
            span.record("otel.status_code", "ERROR");
            if let Some(id) = &error.request_id {
                span.record("aws.request_id", id);
            }
        }
    }
}
