//! JSON seen as text. Numbers and unknown members must reach the other side as they were written,
//! so values are cut out of the text and spliced in elsewhere, never parsed and printed again.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;

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

impl<'a> IntoIterator for Object<'a> {
    type Item = (String, &'a str);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    /// Names and values, nulls too.
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
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

/// A truth value; none where the text is none.
pub(crate) fn boolean(text: &str) -> Option<bool> {
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

/// JSON without what Bedrock's document type refuses: members with an empty name, and escapes that
/// are half of a surrogate pair (one becomes the replacement character). Numbers keep their digits.
/// Text that is not JSON comes back as it is.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !may_be_unclean(text.as_bytes()) || !is_value(text) {
        return Cow::Borrowed(text);
    }
    let mut cleaner = Cleaner { rest: text, out: String::with_capacity(text.len()), changed: false };
    cleaner.run();
    if cleaner.changed { Cow::Owned(cleaner.out) } else { Cow::Borrowed(text) }
}

/// Whether the text has an empty string or an escaped surrogate somewhere.
fn may_be_unclean(bytes: &[u8]) -> bool {
    let surrogate = |pair: &[u8]| matches!(pair, [b'\\', b'u', b'd' | b'D', high] if !high.is_ascii_digit() || *high > b'7');
    bytes.windows(2).any(|pair| pair == b"\"\"") || bytes.windows(4).any(surrogate)
}

/// Copies JSON that is known to be valid.
struct Cleaner<'a> {
    rest: &'a str,
    out: String,
    changed: bool,
}

impl<'a> Cleaner<'a> {
    fn run(&mut self) {
        // Whether each open container is an object, and whether a name comes next.
        let mut objects = Vec::new();
        let mut name_next = false;
        while let Some(sign) = self.rest.bytes().next() {
            match sign {
                b'"' if name_next && self.is_empty_name() => {
                    self.skip_member();
                    self.changed = true;
                    continue;
                }
                b'"' => {
                    let string = self.take_string();
                    self.push_string(string);
                    name_next = false;
                    continue;
                }
                b'{' | b'[' => {
                    objects.push(sign == b'{');
                    name_next = sign == b'{';
                }
                b'}' | b']' => {
                    objects.pop();
                    if self.out.ends_with(',') {
                        self.out.pop();
                    }
                    name_next = false;
                }
                b',' => name_next = objects.last() == Some(&true),
                _ => {}
            }
            if !sign.is_ascii_whitespace() {
                self.out.push(char::from(sign));
            }
            self.rest = &self.rest[1..];
        }
    }

    fn is_empty_name(&self) -> bool {
        self.rest.starts_with("\"\"")
    }

    /// Leaves out a member and the comma behind it.
    fn skip_member(&mut self) {
        self.take_string();
        self.rest = self.rest.trim_start().strip_prefix(':').unwrap_or(self.rest);
        let mut depth = 0usize;
        while let Some(sign) = self.rest.bytes().next() {
            match sign {
                b'"' => {
                    self.take_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => {
                    self.rest = &self.rest[1..];
                    self.rest = self.rest.trim_start();
                    return;
                }
                _ => {}
            }
            self.rest = &self.rest[1..];
        }
    }

    /// Takes a string, quotes included.
    fn take_string(&mut self) -> &'a str {
        let mut escaped = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (string, rest) = self.rest.split_at(end.map_or(self.rest.len(), |end| end + 2));
        self.rest = rest;
        string
    }

    /// Copies a string; half a pair becomes the replacement character.
    fn push_string(&mut self, string: &str) {
        let mut rest = string;
        while let Some(at) = rest.find('\\') {
            let (before, escape) = rest.split_at(at);
            self.out.push_str(before);
            let pair = surrogate(escape).map(|first| (first, escape.get(6..).and_then(surrogate)));
            let length = match pair {
                Some((0xd800..=0xdbff, Some(0xdc00..=0xdfff))) => 12,
                Some(_) => {
                    self.out.push_str("\\ufffd");
                    self.changed = true;
                    rest = &escape[6..];
                    continue;
                }
                None => 2,
            };
            let (escape, behind) = escape.split_at(length);
            self.out.push_str(escape);
            rest = behind;
        }
        self.out.push_str(rest);
    }
}

/// The surrogate that an escape at the beginning of the text stands for.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let unit = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
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

    #[test]
    fn json_is_cleaned_and_otherwise_kept() {
        for (text, want) in [
            (r#"{"a":1.50,"b":12345678901234567890123}"#, None),
            (r#"{"a":""}"#, None),
            (r#"["",""]"#, None),
            (r#"{"a":"\ud83d\ude00"}"#, None),
            (r#"{"":1}"#, Some("{}")),
            (r#"{"a": 1.50, "" : {"b":[1,"}"]}}"#, Some(r#"{"a":1.50}"#)),
            (r#"{"":[1,2], "a":{"": "x","b":"\\\""}}"#, Some(r#"{"a":{"b":"\\\""}}"#)),
            (r#"{"a":"x\ud83d","\udc00":"\ud83dy"}"#, Some(r#"{"a":"x\ufffd","\ufffd":"\ufffdy"}"#)),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, Some(r#"{"a":"\ufffd\ud83d\ude00"}"#)),
            ("{\"\":", None),
        ] {
            assert_eq!(clean(text), want.unwrap_or(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_cleaned_is_json_and_clean(text in r#"[{}\[\],:" \\ud8c0a1e]{0,40}"#) {
            let cleaned = clean(&text);
            prop_assert_eq!(is_value(&cleaned), is_value(&text));
            prop_assert_eq!(clean(&cleaned), cleaned.clone());
        }

        #[test]
        fn strings_are_written_as_the_parser_reads_them(value in any::<String>()) {
            prop_assert_eq!(string(&quoted(&value)), Some(value));
        }
    }
}
