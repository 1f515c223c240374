//! JSON seen as text. Numbers and unknown members must reach the other side as they were written,
//! so values are cut out of the text and spliced in elsewhere, never parsed and printed again.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in order, each value as its text.
pub(crate) struct Object<'a>(Vec<(String, &'a str)>);

impl<'a> Object<'a> {
    /// None where the text is not one JSON object.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A member's text. Bedrock writes explicit nulls for what is absent, so both are none; of two
    /// members with one name the last holds.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name == key)?;
        (*value != "null").then_some(*value)
    }

    /// A member that is a string.
    pub(crate) fn string(&self, key: &str) -> Option<String> {
        string(self.get(key)?)
    }

    /// A member that is a whole number.
    pub(crate) fn integer(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// A member that is `true` or `false`.
    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        self.get(key)?.parse().ok()
    }

    /// A member that is an object.
    pub(crate) fn object(&self, key: &str) -> Option<Object<'a>> {
        Object::parse(self.get(key)?)
    }

    /// A member that is an array.
    pub(crate) fn array(&self, key: &str) -> Option<Vec<&'a str>> {
        array(self.get(key)?)
    }

    /// The strings of a member that is an array of them.
    pub(crate) fn strings(&self, key: &str) -> Vec<String> {
        self.array(key).unwrap_or_default().into_iter().filter_map(string).collect()
    }

    /// Names and values, nulls left out.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().filter(|(_, value)| *value != "null").map(|(name, value)| (name.as_str(), *value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de str)>;

            fn expecting(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Object)
    }
}

/// The elements of an array, each as its text; none where the text is not one JSON array.
pub(crate) fn array(text: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// A string's value; none where the text is not one JSON string.
pub(crate) fn string(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// Whether the text is one JSON value.
pub(crate) fn is_value(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Whether the text is one JSON object.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && is_value(text)
}

/// Appends a JSON string.
pub(crate) fn push_string(out: &mut String, value: &str) {
    out.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(control >> 4)]));
                out.push(char::from(HEX[usize::from(control & 15)]));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// A string as JSON.
pub(crate) fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    push_string(&mut out, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_keep_their_text_and_nulls_are_absent() {
        let object =
            Object::parse(r#" {"a": 1.50, "b":null, "c":{"d":[1,2]}, "é":"x\u0041"} "#).expect("an object");
        assert_eq!(object.get("a"), Some("1.50"));
        assert_eq!(object.get("b"), None);
        assert_eq!(object.object("c").and_then(|c| c.array("d")), Some(vec!["1", "2"]));
        assert_eq!(object.string("é").as_deref(), Some("xA"));
        assert_eq!(object.members().count(), 3);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "null", "{", "{} {}", "{\"a\":}"] {
            assert!(Object::parse(text).is_none(), "{text}");
            assert!(!is_object(text), "{text}");
        }
        assert!(is_object(" {\"big\":12345678901234567890123} "));
    }

    proptest! {
        #[test]
        fn strings_are_written_as_the_parser_reads_them(value in any::<String>()) {
            prop_assert_eq!(string(&quoted(&value)), Some(value));
        }
    }
}
