//! What the service's own model says of members: lengths, ranges, words and characters.

use serde_json::Value;

use super::Rule;
use super::view::Request;

/// A constraint on one member.
#[derive(Clone, Copy, Debug)]
enum Constraint {
    /// Members that an object must have.
    Has(&'static [&'static str]),
    /// The least and the most characters of a string, items of an array or members of an object.
    Length(usize, usize),
    /// The least and the most of a number.
    Range(f64, f64),
    /// Every character of a string, with the pattern as the service writes it.
    Pattern(&'static str, fn(char) -> bool),
    /// The words of an enumeration.
    OneOf(&'static [&'static str]),
}

/// A place, where `[]` is every item of an array and `{}` every value of a map, and what holds there.
struct Limit {
    place: &'static str,
    constraint: Constraint,
}

use Constraint::{Has, Length, OneOf, Pattern, Range};

const fn limit(place: &'static str, constraint: Constraint) -> Limit {
    Limit { place, constraint }
}

const MOST: usize = usize::MAX;
const IMAGES: &[&str] = &["png", "jpeg", "gif", "webp"];
const DOCUMENTS: &[&str] = &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"];
const VIDEOS: &[&str] = &["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"];
const TTLS: &[&str] = &["5m", "1h"];
const NAME: Constraint = Pattern("[a-zA-Z0-9_-]+", |c| c.is_ascii_alphanumeric() || "_-".contains(c));
const TOOL_ID: Constraint = Pattern("[a-zA-Z0-9_.:-]+", |c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
const METADATA: Constraint = Pattern("[a-zA-Z0-9\\s:_@$#=/+,-.]*", |c| {
    c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c)
});

const LIMITS: &[Limit] = &[
    limit("messages[].role", OneOf(&["user", "assistant", "system"])),
    limit("messages[].content[].image", Has(&["format", "source"])),
    limit("messages[].content[].image.format", OneOf(IMAGES)),
    limit("messages[].content[].image.source.bytes", Length(1, MOST)),
    limit("messages[].content[].document", Has(&["name", "source"])),
    limit("messages[].content[].document.format", OneOf(DOCUMENTS)),
    limit("messages[].content[].document.name", Length(1, 200)),
    limit("messages[].content[].document.source.bytes", Length(1, MOST)),
    limit("messages[].content[].video", Has(&["format", "source"])),
    limit("messages[].content[].video.format", OneOf(VIDEOS)),
    limit("messages[].content[].video.source.bytes", Length(1, MOST)),
    limit("messages[].content[].toolUse", Has(&["toolUseId", "name", "input"])),
    limit("messages[].content[].toolUse.toolUseId", Length(1, 64)),
    limit("messages[].content[].toolUse.toolUseId", TOOL_ID),
    limit("messages[].content[].toolUse.name", Length(1, 64)),
    limit("messages[].content[].toolUse.name", NAME),
    limit("messages[].content[].toolResult", Has(&["toolUseId", "content"])),
    limit("messages[].content[].toolResult.toolUseId", Length(1, 64)),
    limit("messages[].content[].toolResult.toolUseId", TOOL_ID),
    limit("messages[].content[].toolResult.status", OneOf(&["success", "error"])),
    limit("messages[].content[].toolResult.content[].image", Has(&["format", "source"])),
    limit("messages[].content[].toolResult.content[].image.format", OneOf(IMAGES)),
    limit("messages[].content[].toolResult.content[].document", Has(&["name", "source"])),
    limit("messages[].content[].toolResult.content[].document.format", OneOf(DOCUMENTS)),
    limit("messages[].content[].toolResult.content[].document.name", Length(1, 200)),
    limit("messages[].content[].toolResult.content[].video.format", OneOf(VIDEOS)),
    limit("messages[].content[].reasoningContent.reasoningText", Has(&["text"])),
    limit("messages[].content[].guardContent.image.format", OneOf(&["png", "jpeg"])),
    limit("messages[].content[].cachePoint", Has(&["type"])),
    limit("messages[].content[].cachePoint.type", OneOf(&["default"])),
    limit("messages[].content[].cachePoint.ttl", OneOf(TTLS)),
    limit("messages[].content[].searchResult", Has(&["source", "title", "content"])),
    limit("system[].text", Length(1, MOST)),
    limit("system[].cachePoint.type", OneOf(&["default"])),
    limit("system[].cachePoint.ttl", OneOf(TTLS)),
    limit("inferenceConfig.maxTokens", Range(1.0, f64::MAX)),
    limit("inferenceConfig.temperature", Range(0.0, 1.0)),
    limit("inferenceConfig.topP", Range(0.0, 1.0)),
    limit("inferenceConfig.stopSequences", Length(0, 2500)),
    limit("inferenceConfig.stopSequences[]", Length(1, MOST)),
    limit("toolConfig", Has(&["tools"])),
    limit("toolConfig.tools", Length(1, MOST)),
    limit("toolConfig.tools[].toolSpec", Has(&["name", "inputSchema"])),
    limit("toolConfig.tools[].toolSpec.name", Length(1, 64)),
    limit("toolConfig.tools[].toolSpec.name", NAME),
    limit("toolConfig.tools[].toolSpec.description", Length(1, MOST)),
    limit("toolConfig.tools[].cachePoint.type", OneOf(&["default"])),
    limit("toolConfig.tools[].cachePoint.ttl", OneOf(TTLS)),
    limit("toolConfig.toolChoice.tool.name", Length(1, 64)),
    limit("toolConfig.toolChoice.tool.name", NAME),
    limit("guardrailConfig.trace", OneOf(&["enabled", "disabled", "enabled_full"])),
    limit("guardrailConfig.streamProcessingMode", OneOf(&["sync", "async"])),
    limit("additionalModelResponseFieldPaths", Length(0, 10)),
    limit("additionalModelResponseFieldPaths[]", Length(1, 256)),
    limit("requestMetadata", Length(1, 16)),
    limit("requestMetadata{}", Length(0, 256)),
    limit("requestMetadata{}", METADATA),
    limit("performanceConfig.latency", OneOf(&["standard", "optimized"])),
    limit("serviceTier.type", OneOf(&["default", "priority", "flex", "reserved"])),
    limit("outputConfig.textFormat.type", OneOf(&["json_schema"])),
    limit("outputConfig.effort", Length(0, 16)),
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "model-id",
        about: "an id that is neither an ARN nor `vendor.model`",
        source: "recorded: ConverseStream of `does-not-exist`",
        refuses: model_id,
    },
    Rule {
        name: "members",
        about: "a member that is too long, too short, out of range, missing, or of other characters or words than the service's model has",
        source: "botocore's model of bedrock-runtime",
        refuses: limits,
    },
    Rule {
        name: "metadata-keys",
        about: "a key of `requestMetadata` that is longer than 256 or of other characters",
        source: "botocore's model of bedrock-runtime",
        refuses: metadata_keys,
    },
    Rule {
        name: "responses-only",
        about: "a model that only the Responses endpoint serves",
        source: "LiteLLM's price map: GPT-5.4 and 5.5",
        refuses: responses_only,
    },
    Rule {
        name: "prompt-resource",
        about: "`system`, `inferenceConfig`, `toolConfig` or the model's own fields beside a managed prompt",
        source: "docs: Converse, modelId of a prompt resource",
        refuses: prompt_resource,
    },
    Rule {
        name: "empty-keys",
        about: "an object with an empty key, wherever open JSON may stand",
        source: "pi's provider: the document type takes no empty key",
        refuses: empty_keys,
    },
];

fn model_id(request: &Request<'_>) -> Option<String> {
    let fits = request.id.starts_with("arn:") || request.id.contains('.');
    (!fits).then(|| "The provided model identifier is invalid.".to_owned())
}

fn limits(request: &Request<'_>) -> Option<String> {
    LIMITS.iter().find_map(|limit| {
        let places = places(request.body, limit.place);
        places.iter().find_map(|(at, value)| violated(limit.constraint, at, value))
    })
}

/// Every value at a place, with the place as the service's own validator writes it: items counted from 1.
fn places<'a>(body: &'a Value, place: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), body)];
    for step in place.split('.') {
        let name = step.trim_end_matches("[]").trim_end_matches("{}");
        let inner = |(at, value): (String, &'a Value)| {
            let value = value.get(name)?;
            let dot = if at.is_empty() { "" } else { "." };
            Some((format!("{at}{dot}{name}"), value))
        };
        found = found.into_iter().filter_map(inner).collect();
        if step.ends_with("[]") {
            let items = |(at, value): (String, &'a Value)| {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.map(|(index, item)| (format!("{at}.{}.member", index + 1), item)).collect::<Vec<_>>()
            };
            found = found.into_iter().flat_map(items).collect();
        } else if step.ends_with("{}") {
            let values = |(at, value): (String, &'a Value)| {
                let members = value.as_object().into_iter().flatten();
                members.map(|(key, value)| (format!("{at}.{key}.member"), value)).collect::<Vec<_>>()
            };
            found = found.into_iter().flat_map(values).collect();
        }
    }
    found
}

fn violated(constraint: Constraint, at: &str, value: &Value) -> Option<String> {
    let told = |at: &str, shown: &str, wants: &str| {
        Some(format!(
            "1 validation error detected: Value {shown} at '{at}' failed to satisfy constraint: Member must {wants}"
        ))
    };
    let shown = match value {
        Value::String(text) => format!("'{text}'"),
        Value::Array(_) | Value::Object(_) => String::new(),
        other => format!("'{other}'"),
    };
    match constraint {
        Has(names) => {
            let missing = names.iter().find(|name| value.get(**name).is_none_or(Value::is_null))?;
            told(&format!("{at}.{missing}"), "null", "not be null")
        }
        Length(least, most) => {
            let length = match value {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(members) => members.len(),
                _ => return None,
            };
            if length < least {
                return told(at, &shown, &format!("have length greater than or equal to {least}"));
            }
            if length > most {
                return told(at, &shown, &format!("have length less than or equal to {most}"));
            }
            None
        }
        Range(least, most) => {
            let number = value.as_f64()?;
            if number < least {
                return told(at, &shown, &format!("have value greater than or equal to {least}"));
            }
            if number > most {
                return told(at, &shown, &format!("have value less than or equal to {most}"));
            }
            None
        }
        Pattern(pattern, fits) => {
            let text = value.as_str()?;
            if text.chars().all(fits) {
                return None;
            }
            told(at, &shown, &format!("satisfy regular expression pattern: {pattern}"))
        }
        OneOf(words) => {
            let word = value.as_str()?;
            if words.contains(&word) {
                return None;
            }
            told(at, &shown, &format!("satisfy enum value set: [{}]", words.join(", ")))
        }
    }
}

fn metadata_keys(request: &Request<'_>) -> Option<String> {
    let keys = request.body["requestMetadata"].as_object()?.keys();
    keys.map(|key| Value::String(key.clone())).find_map(|key| {
        violated(Length(1, 256), "requestMetadata", &key)
            .or_else(|| violated(METADATA, "requestMetadata", &key))
    })
}

fn responses_only(request: &Request<'_>) -> Option<String> {
    request.model.is(super::models::RESPONSES_ONLY).then(|| {
        "This action doesn't support the model that you provided. Try again with a supported text or chat model."
            .to_owned()
    })
}

fn prompt_resource(request: &Request<'_>) -> Option<String> {
    if !request.id.contains(":prompt/") {
        return None;
    }
    let beside = ["system", "inferenceConfig", "toolConfig", "additionalModelRequestFields"];
    let found = beside.iter().find(|member| request.body.get(**member).is_some())?;
    Some(format!("The {found} field can't be used with a prompt resource. Remove {found} and try again."))
}

fn empty_keys(request: &Request<'_>) -> Option<String> {
    let mut open: Vec<(String, &Value)> = Vec::new();
    for place in [
        "additionalModelRequestFields",
        "toolConfig.tools[].toolSpec.inputSchema.json",
        "messages[].content[].toolUse.input",
        "messages[].content[].toolResult.content[].json",
    ] {
        open.extend(places(request.body, place));
    }
    let (at, _) = open.into_iter().find(|(_, value)| has_empty_key(value))?;
    Some(format!("The value at '{at}' is not valid: a key in a JSON object can't be empty."))
}

fn has_empty_key(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| key.is_empty() || has_empty_key(value)),
        Value::Array(items) => items.iter().any(has_empty_key),
        _ => false,
    }
}
