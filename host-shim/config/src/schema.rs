//! The table of keys as a JSON Schema.

use serde_json::{Map, Value, json};

use crate::keys::{self, ALIASES, API, MAIN};
use crate::shape::{Bound, Need, Object, Others, Shape, Text, Whose};

/// A JSON Schema (draft 7, which editors know) of Outcrop's part of a configuration file. Other keys are allowed,
/// but for those inside the objects that are wholly ours.
pub fn schema() -> Value {
    let mut schema = object(&keys::ROOT);
    if let Value::Object(members) = &mut schema {
        members.shift_insert(0, "$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        members.shift_insert(1, "title".to_owned(), "Outcrop's part of openclaw.json".into());
    }
    schema
}

fn object(object: &Object) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in object.members {
        let mut schema = if key.need == Need::Lenient { json!({}) } else { shape(&key.shape) };
        if key.need == Need::Lenient
            && let Shape::Text(Text::Word(words)) = &key.shape
        {
            schema["examples"] = json!(words);
        }
        if !key.about.is_empty() {
            schema["description"] = plain(key.about).into();
        }
        if let Ok(default) = serde_json::from_str::<Value>(key.default) {
            schema["default"] = default;
        }
        if key.need == Need::Required {
            required.push(key.name);
        }
        properties.insert(key.name.to_owned(), schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if object.others == Others::Refused {
        schema["additionalProperties"] = false.into();
    }
    schema
}

fn shape(of: &Shape) -> Value {
    match of {
        Shape::Switch => json!({ "type": "boolean" }),
        Shape::Number(Bound::None) => json!({ "type": "number" }),
        Shape::Number(Bound::NotNegative) => json!({ "type": "number", "minimum": 0 }),
        Shape::Number(Bound::Positive) => json!({ "type": "number", "minimum": 1 }),
        Shape::Number(Bound::Whole(least, most)) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Handed => json!({ "type": "object" }),
        Shape::SwitchOr(kind) => json!({ "anyOf": [{ "type": "boolean" }, text(*kind)] }),
        Shape::Text(kind) => text(*kind),
        Shape::List(element) => json!({ "type": "array", "items": shape(element) }),
        Shape::Object(members) => object(members),
        Shape::TextOr(kind, members) => json!({ "anyOf": [text(*kind), object(members)] }),
        Shape::Map(Whose::Headers, value) => json!({
            "type": "object",
            "propertyNames": { "allOf": [name(keys::HEADER_NAME), { "not": name(keys::RESERVED_HEADERS) }] },
            "additionalProperties": shape(value),
        }),
        Shape::Map(Whose::Models, value) => {
            let names = [&[MAIN], ALIASES].concat().join("|");
            json!({ "type": "object", "patternProperties": { format!("^({names})/"): shape(value) } })
        }
        Shape::Map(whose @ (Whose::Providers | Whose::Entries), value) => {
            let named: Map<_, _> =
                [&[MAIN], ALIASES].concat().into_iter().map(|name| (name.to_owned(), shape(value))).collect();
            let mut schema = json!({ "type": "object", "properties": named });
            if *whose == Whose::Providers {
                // A provider of any other name is ours where it says so.
                let speaks = json!({ "type": "object", "required": ["api"], "properties": { "api": { "const": API } } });
                schema["additionalProperties"] = json!({ "if": speaks, "then": shape(value) });
            } else {
                // An entry of any other name is ours where it brings a component.
                let brings: Vec<_> =
                    keys::COMPONENT_KEYS.iter().map(|key| json!({ "required": [key] })).collect();
                let brings = json!({ "type": "object", "anyOf": brings });
                schema["additionalProperties"] = json!({ "if": brings, "then": object(&keys::PLUGIN_ENTRY) });
            }
            schema
        }
    }
}

fn text(kind: Text) -> Value {
    // A variable can stand wherever a string can.
    let variable = json!({ "type": "string", "pattern": "\\$\\{[A-Z_][A-Z0-9_]*\\}" });
    match kind {
        Text::Any => json!({ "type": "string" }),
        Text::Free => json!({ "type": "string", "pattern": "\\S" }),
        Text::Word(words) => json!({ "anyOf": [{ "enum": words }, variable] }),
        Text::Pattern(pattern, _) => {
            json!({ "anyOf": [{ "type": "string", "pattern": pattern }, variable] })
        }
    }
}

/// A key's name, in which no variable can stand.
fn name(kind: Text) -> Value {
    match kind {
        // Schemas are matched by JavaScript's rules, which know no letters of either case.
        Text::Pattern(pattern, _) if pattern.contains("(?i:") => {
            json!({ "pattern": either_case(&pattern.replace("(?i:", "(?:")) })
        }
        Text::Pattern(pattern, _) => json!({ "pattern": pattern }),
        other => text(other),
    }
}

/// A pattern in which every letter stands for its capital too.
fn either_case(pattern: &str) -> String {
    pattern
        .chars()
        .map(|letter| match letter.to_ascii_uppercase() {
            capital if capital != letter => format!("[{letter}{capital}]"),
            _ => letter.to_string(),
        })
        .collect()
}

/// Without the marks of Markdown.
fn plain(about: &str) -> String {
    about.replace('`', "")
}
