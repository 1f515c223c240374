//! The end of an answer: why it stopped, what it cost, what watched over it.

use super::guardrail;
use crate::bindings::outcrop::provider::types::{Extension, Finish, Usage};
use crate::json::{self, Object};

/// The model had said all.
pub(super) const END_TURN: &str = "end-turn";
/// It wants tools called.
pub(super) const TOOL_USE: &str = "tool-use";
/// It came upon its output limit.
pub(super) const MAX_TOKENS: &str = "max-tokens";
/// It came upon the end of its context window.
pub(super) const CONTEXT_WINDOW: &str = "context-window";
/// A guardrail stepped in.
pub(super) const GUARDRAIL: &str = "guardrail";

/// Bedrock's stop reasons that have another word here. Any other keeps its own.
const REASONS: &[(&str, &str)] = &[
    ("guardrail_intervened", GUARDRAIL),
    ("content_filtered", "filtered"),
    ("malformed_model_output", "malformed"),
    ("malformed_tool_use", "malformed"),
    ("model_context_window_exceeded", CONTEXT_WINDOW),
];

/// Where the stop sequence that was met stands, by the shapes that models answer with.
const STOP_SEQUENCES: &[&[&str]] = &[&["delta", "stop_sequence"], &["stop_sequence"]];

fn extension(key: &str, value: impl Into<String>) -> Extension {
    Extension { key: key.into(), value: value.into() }
}

/// `messageStop`.
pub(super) fn finish(stop: &Object<'_>) -> Finish {
    let raw = stop.string("stopReason").unwrap_or_else(|| "unknown".into());
    let reason = REASONS
        .iter()
        .find(|(theirs, _)| *theirs == raw)
        .map_or_else(|| raw.replace('_', "-"), |(_, ours)| (*ours).into());
    let mut extensions = Vec::new();
    if let Some(fields) = stop.get("additionalModelResponseFields") {
        if let Some(object) = Object::parse(fields) {
            if let Some(details) = object.get("stop_details") {
                extensions.push(extension("stop-details", details));
            }
            let met = STOP_SEQUENCES.iter().find_map(|path| at_path(fields, path));
            if let Some(sequence) = met {
                extensions.push(extension("stop-sequence", sequence));
            }
        }
        extensions.push(extension("model-fields", fields));
    }
    Finish { reason, raw, extensions }
}

fn at_path<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(text, |text, key| Object::parse(text)?.get(key))
}

/// `metadata.usage` and what stands beside it.
pub(super) fn usage(metadata: &Object<'_>) -> Option<Usage> {
    let usage = metadata.object("usage")?;
    let tokens = |key| usage.integer(key).unwrap_or_default();
    let mut extensions = Vec::new();
    let hourly: u64 = usage
        .array("cacheDetails")
        .unwrap_or_default()
        .into_iter()
        .filter_map(Object::parse)
        .filter(|detail| detail.string("ttl").as_deref() == Some("1h"))
        .filter_map(|detail| detail.integer("inputTokens"))
        .fold(0, u64::saturating_add);
    if hourly > 0 {
        extensions.push(extension("cache-write-1h", hourly.to_string()));
    }
    if let Some(total) = usage.integer("totalTokens") {
        extensions.push(extension("total", total.to_string()));
    }
    if let Some(tools) = usage.get("serverToolUsage").filter(|raw| *raw != "{}") {
        extensions.push(extension("server-tools", tools));
    }
    for (key, object, member) in [
        ("service-tier", "serviceTier", "type"),
        ("latency", "performanceConfig", "latency"),
        ("latency-ms", "metrics", "latencyMs"),
    ] {
        if let Some(value) = metadata.object(object).and_then(|object| object.get(member)) {
            extensions.push(extension(key, value));
        }
    }
    Some(Usage {
        input: tokens("inputTokens"),
        output: tokens("outputTokens"),
        cache_read: tokens("cacheReadInputTokens"),
        cache_write: tokens("cacheWriteInputTokens"),
        extensions,
    })
}

/// `trace.promptRouter`: the model that a router chose.
pub(super) fn invoked_model(trace: &Object<'_>) -> Option<String> {
    trace.object("promptRouter")?.string("invokedModelId")
}

/// `metadata.trace`: what a guardrail found and what came of it, which model a router chose.
pub(super) fn trace(trace: &Object<'_>, invoked: Option<String>, intervened: bool) -> Vec<Extension> {
    let found = trace.get("guardrail");
    let outcome = found.and_then(|found| guardrail::outcome(found, intervened));
    let outcome = outcome.map(|outcome| extension("guardrail-outcome", outcome));
    let found = found.map(|found| extension("guardrail", found));
    let invoked = invoked.map(|id| extension("invoked-model", json::quoted(&id)));
    found.into_iter().chain(outcome).chain(invoked).collect()
}
