//! Random files, random changes: nothing but the one value changes, and no comment is lost.

use outcrop_config::{Document, KeyPath};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// What can stand between two tokens.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop_oneof![Just(""), Just(" "), Just("\n"), Just("\n    "), Just("\r\n\t")].prop_map(str::to_owned),
        1 => "[ -~é]{0,12}".prop_map(|text| format!(" // c{text}\n")),
        1 => "[a-z ,:{}\\[\\]\"']{0,12}".prop_map(|text| format!("/* c{text} */")),
    ]
}

/// A value as JSON5 text: members and elements with gaps around them, with and without a last comma.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("0x1F"),
        Just("-1.50"),
        Just("+7"),
        Just(".5"),
        Just("12345678901234567890"),
        Just("'it\\'s'"),
        Just("\"a // b\""),
        Just("'/* s */'"),
        Just("{}"),
        Just("[]"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = (
            prop::sample::select(vec!["a", "'b'", "\"c.d\"", "$e", "f_1"]),
            gap(),
            gap(),
            inner.clone(),
            gap(),
            gap(),
        )
            .prop_map(|(name, g1, g2, value, g3, g4)| (name, format!("{g4}{name} {g1}:{g2}{value}{g3}")));
        let object =
            (prop::collection::vec(member, 0..4), any::<bool>(), gap()).prop_map(|(members, comma, last)| {
                let mut seen = Vec::new();
                let members: Vec<_> = members
                    .into_iter()
                    .filter(|(name, _)| {
                        !seen.contains(name) && {
                            seen.push(name);
                            true
                        }
                    })
                    .map(|(_, text)| text)
                    .collect();
                let comma = if comma && !members.is_empty() { "," } else { "" };
                format!("{{{}{comma}{last}}}", members.join(","))
            });
        let list = (prop::collection::vec((gap(), inner, gap()), 0..4), any::<bool>(), gap()).prop_map(
            |(elements, comma, last)| {
                let elements: Vec<_> = elements
                    .into_iter()
                    .map(|(before, value, after)| [before, value, after].concat())
                    .collect();
                let comma = if comma && !elements.is_empty() { "," } else { "" };
                format!("[{}{comma}{last}]", elements.join(","))
            },
        );
        prop_oneof![3 => object, 1 => list]
    })
}

/// A whole file: an object at the top.
fn file() -> impl Strategy<Value = String> {
    (gap(), value(), gap()).prop_map(|(before, value, after)| format!("{before}{{ top: {value} }}{after}"))
}

/// Every path to a value below the top.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (format!("{path}[\"{name}\"]"), value)).collect()
        }
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (format!("{path}[{index}]"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (path, value) in inner {
        paths(value, &path, found);
        found.push(path);
    }
}

fn whole(document: &Document) -> Value {
    document.get(&KeyPath::default()).unwrap()
}

/// How often text that only comments hold stands there.
fn comments(text: &str) -> usize {
    text.matches("// c").count() + text.matches("/* c").count()
}

fn new_values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::from(7)),
        Just(Value::from("new")),
        Just(serde_json::json!(["x", { "y": 1 }])),
        Just(serde_json::json!({ "a": 1, "n": { "m": [] } })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_value_changes_and_no_comment_is_lost(text in file(), pick in any::<prop::sample::Index>(), value in new_values(), add in any::<bool>()) {
        let document = Document::parse("f", text.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let before = whole(&document);
        let mut found = Vec::new();
        paths(&before, "", &mut found);
        let mut path = pick.get(&found).clone();
        let present: KeyPath = path.parse().unwrap();
        if add && document.get(&present).is_some_and(|value| value.is_object()) {
            path.push_str("[\"new key\"]");
        }
        let path: KeyPath = path.parse().unwrap();
        match document.set(&path, &value) {
            Ok(changed) => {
                prop_assert_eq!(changed.get(&path), Some(value));
                prop_assert_eq!(comments(changed.text()), comments(&text), "{}", changed.text());
            }
            Err(error) => prop_assert!(error.to_string().contains("would lose the comment"), "{}: {}", path, error),
        }
        let absent = document.unset(&present).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (gone, steps) = (whole(&absent), present.steps().len());
        prop_assert!(steps > 0 && gone != before, "{}", absent.text());
    }
}

#[test]
fn setting_what_is_there_already_changes_nothing() {
    let text = "{ a: 'x', /* c */ b: [1, 0x10], c: { d: 1.0 } }";
    let document = Document::parse("f", text).unwrap();
    let Value::Object(members) = whole(&document) else { panic!("an object") };
    for (name, value) in Map::into_iter(members) {
        let changed = document.set(&name.parse().unwrap(), &value).unwrap();
        assert_eq!(changed.text(), text, "{name}");
    }
}
