//! The form of the answer: structured output and effort.

use serde_json::Value;

use super::Rule;
use super::models::STRUCTURED;
use super::view::{Request, array};

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

/// Whether any object of a schema takes members that it does not name.
fn is_open(schema: &Value) -> bool {
    let open = schema["type"] == "object" && schema["additionalProperties"] != false;
    let maps = ["properties", "$defs", "definitions"];
    let lists = ["anyOf", "oneOf", "allOf", "prefixItems"];
    open || maps.iter().any(|name| schema[*name].as_object().is_some_and(|map| map.values().any(is_open)))
        || lists.iter().any(|name| array(schema.get(*name)).iter().any(is_open))
        || schema.get("items").is_some_and(is_open)
}

fn effort(request: &Request<'_>) -> Option<String> {
    let effort = request.body["outputConfig"].get("effort")?;
    let known = ["low", "medium", "high", "xhigh", "max"];
    (!effort.as_str().is_some_and(|effort| known.contains(&effort))).then(|| {
        format!("Unexpected value {effort} at outputConfig.effort. Expected one of: {}.", known.join(", "))
    })
}
