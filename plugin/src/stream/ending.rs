//! The end of an answer: why it stopped, what it cost, what watched over it.

use crate::bindings::outcrop::provider::types::{Extension, Finish, Usage};
use crate::json::{self, Object};

/// Bedrock's stop reasons that have another word here. Any other keeps its own.
const REASONS: &[(&str, &str)] = &[
    ("guardrail_intervened", "guardrail"),
    ("content_filtered", "filtered"),
    ("malformed_model_output", "malformed"),
    ("malformed_tool_use", "malformed"),
    ("model_context_window_exceeded", "context-window"),
];

/// Where the stop sequence that was met stands, by the shapes that models answer with.
const STOP_SEQUENCES: &[&[&str]] = &[&["delta", "stop_sequence"], &["stop_sequence"]];

pub(super) fn extension(key: &str, value: impl Into<String>) -> Extension {
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
        .sum();
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

/// `metadata.trace`: what a guardrail found, which model a router chose.
pub(super) fn trace(metadata: &Object<'_>) -> Vec<Extension> {
    let Some(trace) = metadata.object("trace") else {
        return Vec::new();
    };
    let guardrail = trace.get("guardrail").map(|found| extension("guardrail", found));
    let invoked = trace
        .object("promptRouter")
        .and_then(|router| router.string("invokedModelId"))
        .map(|id| extension("invoked-model", json::quoted(&id)));
    guardrail.into_iter().chain(invoked).collect()
}
