//! The schemas of tools.

use serde_json::Value;

use super::Rule;
use super::view::{Request, array};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "schema-root",
        about: "a tool's schema whose `type` is not `object`",
        source: "docs: ToolInputSchema; claude-code#5319",
        refuses: root,
    },
    Rule {
        name: "schema-combinators",
        about: "`oneOf`, `allOf` or `anyOf` at the top of a tool's schema",
        source: "claude-code#5878, kiro-gateway#232, lorekit#656",
        refuses: combinators,
    },
    Rule {
        name: "schema-draft",
        about: "a schema of another draft than 2020-12, or in an older draft's words, for Claude",
        source: "mcp-server-tauri#31: it must match JSON Schema draft 2020-12",
        refuses: draft,
    },
    Rule {
        name: "schema-references",
        about: "a `$ref` that the schema itself does not resolve",
        source: "OmniRoute#13552; recorded: Claude 4.5 takes one into `$defs`",
        refuses: references,
    },
    Rule {
        name: "property-names",
        about: "a property whose name is not 1 to 64 of `[a-zA-Z0-9_.-]`, for Claude",
        source: "mcp-server-tauri#31, OmniRoute#13552",
        refuses: properties,
    },
    Rule {
        name: "lookaround",
        about: "a `pattern` that looks ahead or behind, for Kimi K3 and Grok",
        source: "LiteLLM's flags",
        refuses: lookaround,
    },
];

fn is_claude(request: &Request<'_>) -> bool {
    request.model.family.name.starts_with("Claude")
}

/// Every schema with its place in the list of tools.
fn schemas<'a>(request: &Request<'a>) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
    request.specs().map(|(index, spec)| (index, &spec["inputSchema"]["json"]))
}

fn every<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    for member in ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"] {
        for inner in schema.get(member).and_then(Value::as_object).into_iter().flat_map(|map| map.values()) {
            every(inner, found);
        }
    }
    for member in ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"]
    {
        if let Some(inner) = schema.get(member).filter(|inner| inner.is_object()) {
            every(inner, found);
        }
    }
    for member in ["oneOf", "anyOf", "allOf", "prefixItems", "items"] {
        array(schema.get(member)).iter().for_each(|inner| every(inner, found));
    }
}

/// A schema and all those inside it, whatever they are named.
pub(super) fn inside(schema: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    every(schema, &mut found);
    found
}

fn root(request: &Request<'_>) -> Option<String> {
    let (index, _) = schemas(request).find(|(_, schema)| schema["type"] != "object")?;
    Some(format!(
        "The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the following: object."
    ))
}

fn combinators(request: &Request<'_>) -> Option<String> {
    let (index, _) = schemas(request)
        .find(|(_, schema)| ["oneOf", "allOf", "anyOf"].iter().any(|member| schema.get(member).is_some()))?;
    Some(format!(
        "The model returned the following errors: tools.{index}.custom.input_schema: input_schema does not support \
         oneOf, allOf, or anyOf at the top level"
    ))
}

fn draft(request: &Request<'_>) -> Option<String> {
    if !is_claude(request) {
        return None;
    }
    let old = |schema: &&Value| {
        schema["$schema"].as_str().is_some_and(|draft| !draft.contains("2020-12"))
            || schema.get("items").is_some_and(Value::is_array)
            || schema.get("exclusiveMinimum").is_some_and(Value::is_boolean)
            || schema.get("exclusiveMaximum").is_some_and(Value::is_boolean)
    };
    let (index, _) = schemas(request).find(|(_, schema)| inside(schema).iter().any(old))?;
    Some(format!(
        "The model returned the following errors: tools.{index}.custom.input_schema: JSON schema is invalid. It must \
         match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12)."
    ))
}

fn references(request: &Request<'_>) -> Option<String> {
    let broken = |schema: &Value| {
        let names = |inner: &&Value| inner["$ref"].as_str().map(str::to_owned);
        inside(schema).iter().filter_map(names).any(|name| {
            let pointer = name.strip_prefix('#');
            pointer.is_none_or(|pointer| schema.pointer(pointer).is_none())
        })
    };
    let (index, _) = schemas(request).find(|(_, schema)| broken(schema))?;
    Some(format!(
        "The model returned the following errors: tools.{index}.custom.input_schema: JSON schema is invalid: a \
         reference cannot be resolved"
    ))
}

fn properties(request: &Request<'_>) -> Option<String> {
    if !is_claude(request) {
        return None;
    }
    let fits = |name: &String| {
        (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    let bad = |schema: &&Value| schema["properties"].as_object().is_some_and(|all| !all.keys().all(fits));
    let (index, _) = schemas(request).find(|(_, schema)| inside(schema).iter().any(bad))?;
    Some(format!(
        "The model returned the following errors: tools.{index}.custom.input_schema.properties: Property keys should \
         match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
    ))
}

fn lookaround(request: &Request<'_>) -> Option<String> {
    if request.model.family.lookaround {
        return None;
    }
    let looks = |schema: &&Value| {
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|around| pattern.contains(around))
    };
    let (index, _) = schemas(request).find(|(_, schema)| inside(schema).iter().any(looks))?;
    Some(format!(
        "The model returned the following errors: tools.{index}: the schema's pattern uses lookaround, which is not \
         supported"
    ))
}
