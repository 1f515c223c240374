//! Schemas in, schemas out.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const CLAUDE: Schemas = Schemas { refs: true, lookaround: true, strict: true };
const GROK: Schemas = Schemas { refs: false, lookaround: false, strict: false };

fn cleaned(schema: &Value, rules: Schemas, enforced: bool) -> (Value, Vec<&'static str>) {
    let text = schema.to_string();
    let cleaned = clean(&text, Wanted { rules, enforced, object: true }).expect("an object");
    (serde_json::from_str(&cleaned.schema).expect("JSON"), cleaned.changes)
}

#[test]
fn a_plain_schema_stays_as_it_was_written() {
    let text = r#" {"type":"object", "properties":{"$id":{"type":"string"},"n":{"maximum":1.50}}} "#;
    for rules in [CLAUDE, GROK] {
        let cleaned = clean(text, Wanted { rules, enforced: false, object: true }).expect("an object");
        assert_eq!(cleaned.schema, text.trim());
        assert!(cleaned.changes.is_empty());
    }
    assert!(clean("[]", Wanted { rules: CLAUDE, enforced: false, object: true }).is_none());
}

#[test]
fn combinators_at_the_top_are_merged_and_told() {
    let (schema, changes) = cleaned(
        &json!({
            "oneOf": [
                {"properties": {"path": {"type": "string"}, "n": {"type": "integer"}}, "required": ["path", "n"]},
                {"properties": {"url": {"type": "string"}, "n": {"type": "string"}}, "required": ["url", "n"]},
            ],
            "description": "Reads.",
        }),
        CLAUDE,
        false,
    );
    assert_eq!(
        schema,
        json!({
            "type": "object",
            "description": "Reads. Give exactly one of these sets of properties: (path, n) or (url, n).",
            "required": ["n"],
            "properties": {"path": {"type": "string"}, "url": {"type": "string"},
                "n": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        })
    );
    assert_eq!(changes, ["combinators at the top merged", "type set to object"]);
    let (schema, _) = cleaned(
        &json!({"type": "object", "allOf": [
            {"properties": {"a": {}}, "required": ["a"]},
            {"$ref": "#/$defs/b"},
        ], "$defs": {"b": {"properties": {"b": {}}, "required": ["b"]}}}),
        CLAUDE,
        false,
    );
    assert_eq!(schema["required"], json!(["a", "b"]));
    assert_eq!(schema["properties"], json!({"a": {}, "b": {}}));
}

#[test]
fn references_are_inlined_where_they_are_not_followed() {
    let tree = json!({
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node", "description": "The tree."}},
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "number"}}}},
    });
    assert_eq!(cleaned(&tree, CLAUDE, false), (tree.clone(), vec![]));
    let (schema, changes) = cleaned(&tree, GROK, false);
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {"root": {"description": "The tree.", "type": "object",
            "properties": {"next": {"description": "(Again of the form `node`.)"}, "v": {"type": "number"}}}}})
    );
    assert!(changes.contains(&"references inlined"));
}

#[test]
fn older_drafts_and_lookaround_are_rewritten() {
    let (schema, _) = cleaned(
        &json!({
            "$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": "^(?!a).*$"},
                "n": {"type": "number", "minimum": 1, "exclusiveMinimum": true, "required": true},
                "pair": {"type": "array", "items": [{"type": "string"}], "additionalItems": false},
                "x": {"type": "any"},
            },
        }),
        GROK,
        false,
    );
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {
            "id": {"type": "string", "description": "Must match the regular expression ^(?!a).*$"},
            "n": {"type": "number", "exclusiveMinimum": 1},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}], "items": false},
            "x": {},
        }})
    );
}

#[test]
fn an_enforced_schema_is_closed_and_its_constraints_are_words() {
    let (schema, _) = cleaned(
        &json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1},
            "o": {"type": "object", "properties": {}}}}),
        CLAUDE,
        true,
    );
    assert_eq!(
        schema,
        json!({"type": "object", "additionalProperties": false, "properties": {
            "n": {"type": "integer", "description": "minimum: 1."},
            "o": {"type": "object", "properties": {}, "additionalProperties": false}}})
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("type"),
        Just("properties"),
        Just("anyOf"),
        Just("allOf"),
        Just("$ref"),
        Just("$defs"),
        Just("items"),
        Just("required"),
        Just("a"),
        Just("pattern"),
        Just("exclusiveMinimum")
    ];
    let leaf = prop_oneof![
        Just(json!("object")),
        Just(json!("#/$defs/a")),
        Just(json!("#")),
        Just(json!(true)),
        Just(json!(1.5)),
        Just(json!(null)),
        Just(json!("(?=x)"))
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word.clone(), inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_schema_becomes_an_object_without_combinators(schema in anything(), enforced in any::<bool>()) {
        for rules in [CLAUDE, GROK] {
            let text = schema.to_string();
            let wanted = Wanted { rules, enforced, object: true };
            let Some(cleaned) = clean(&text, wanted) else {
                prop_assert!(!schema.is_object());
                continue;
            };
            let cleaned: Value = serde_json::from_str(&cleaned.schema).expect("JSON");
            prop_assert_eq!(&cleaned["type"], "object");
            prop_assert!(!matches!(cleaned.get("anyOf").or(cleaned.get("allOf")), Some(Value::Array(_))));
        }
    }
}
