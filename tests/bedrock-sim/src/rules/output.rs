//! The form of the answer: structured output and effort.

use serde_json::Value;

use super::Rule;
use super::models::STRUCTURED;
use super::schemas::inside;
use super::view::Request;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "structured-output",
        about: "`outputConfig.textFormat` for a model without it",
        source: "hindsight#3300, lobehub#19876; LiteLLM's flags; pydantic/pydantic-ai#6318; recorded: Claude Haiku 4.5 takes it",
        refuses: unsupported,
    },
    Rule {
        name: "output-schema",
        about: "an output schema that is no JSON text, or whose objects are open",
        source: "future-agi/future-agi#412, inspect_ai#4096",
        refuses: schema,
    },
    Rule {
        name: "output-keywords",
        about: "an output schema that bounds numbers, lengths of texts, or of arrays beyond one item at least",
        source: "BerriAI/litellm#29624, vercel/ai#17558, AgentToolkit/altk-boost#118, 567-labs/instructor#2530",
        refuses: keywords,
    },
    Rule {
        name: "strict-schema",
        about: "a strict tool of Claude whose objects are open, or whose schema has such bounds",
        source: "567-labs/instructor#2530; langchain-ai/langchain-aws#883; recorded: strict tools of Claude 4.5 are closed",
        refuses: strict_schema,
    },
    Rule {
        name: "output-effort",
        about: "an `outputConfig.effort` that is no effort",
        source: "docs: OutputConfig",
        refuses: effort,
    },
];

fn unsupported(request: &Request<'_>) -> Option<String> {
    request.body["outputConfig"].get("textFormat")?;
    let taken = request.model.family.structured || request.model.is(STRUCTURED);
    if taken {
        return None;
    }
    Some(match request.model.family.name.starts_with("Claude") {
        true => "The model returned the following errors: output_config.format: Extra inputs are not permitted".to_owned(),
        false => "This model doesn't support the outputConfig.textFormat field. Remove outputConfig.textFormat and try \
                  again."
            .to_owned(),
    })
}

fn schema(request: &Request<'_>) -> Option<String> {
    let format = request.body["outputConfig"].get("textFormat")?;
    let text = format["structure"]["jsonSchema"]["schema"].as_str();
    let Some(schema) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return Some(
            "The value at outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.".to_owned(),
        );
    };
    is_open(&schema).then(|| {
        "The model returned the following errors: output_config.format.schema: For 'object' type, \
         'additionalProperties' must be explicitly set to false"
            .to_owned()
    })
}

/// The keywords that a grammar cannot hold, by type.
const UNBOUND: &[(&str, &[&str])] = &[
    ("integer", &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"]),
    ("number", &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"]),
    ("string", &["maxLength", "minLength"]),
    ("array", &["maxItems", "minItems"]),
];

fn keywords(request: &Request<'_>) -> Option<String> {
    let text = request.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str()?;
    let schema = serde_json::from_str::<Value>(text).ok()?;
    let told = bounded(&schema)?;
    Some(format!("The model returned the following errors: output_config.format.schema: {told}"))
}

/// What is wrong with the bounds of a schema or one inside it.
fn bounded(schema: &Value) -> Option<String> {
    inside(schema).into_iter().find_map(|schema| {
        let (kind, keywords) = UNBOUND.iter().find(|(kind, _)| schema["type"] == *kind)?;
        let few =
            |keyword: &str| keyword == "minItems" && schema[keyword].as_u64().is_some_and(|items| items <= 1);
        let given: Vec<&str> =
            keywords.iter().copied().filter(|word| schema.get(word).is_some() && !few(word)).collect();
        (!given.is_empty())
            .then(|| format!("For '{kind}' type, properties {} are not supported", given.join(", ")))
    })
}

fn strict_schema(request: &Request<'_>) -> Option<String> {
    if !request.model.family.name.starts_with("Claude") {
        return None;
    }
    let (index, told) =
        request.specs().filter(|(_, spec)| spec["strict"] == true).find_map(|(index, spec)| {
            let schema = &spec["inputSchema"]["json"];
            let open = || {
                is_open(schema).then(|| {
                    "For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned()
                })
            };
            Some((index, bounded(schema).or_else(open)?))
        })?;
    Some(format!("The model returned the following errors: tools.{index}.custom.input_schema: {told}"))
}

/// Whether any object of a schema takes members that it does not name.
fn is_open(schema: &Value) -> bool {
    inside(schema).iter().any(|schema| schema["type"] == "object" && schema["additionalProperties"] != false)
}

fn effort(request: &Request<'_>) -> Option<String> {
    let effort = request.body["outputConfig"].get("effort")?;
    let known = ["low", "medium", "high", "xhigh", "max"];
    (!effort.as_str().is_some_and(|effort| known.contains(&effort))).then(|| {
        format!("Unexpected value {effort} at outputConfig.effort. Expected one of: {}.", known.join(", "))
    })
}
