//! Joins the parts of a request body and holds the operator's policy against it.
//!
//! The parts come from the sandbox. What a body may not do is decided here, on the bytes that will be
//! signed: leave out or replace what the operator imposes, or name a storage location that the
//! caller did not bring (Bedrock would read it with the operator's rights).

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What the operator imposes on every request, by the member of the Converse body.
pub(crate) type Imposed = Map<String, Value>;

/// The most that a body may weigh. Bedrock takes less; this bounds what a plugin can make the host build.
const MAX_BODY_BYTES: usize = 128 * 1024 * 1024;

/// The most members that a body may have at its top. Converse knows some fifteen.
const MOST_MEMBERS: usize = 64;

/// The member that names an object in S3, wherever in a body it stands.
const STORAGE_MEMBER: &str = "s3Location";

/// A body of more bytes than this is joined on a thread of its own, not on the runtime's.
const MANY_BYTES: usize = 256 * 1024;

/// A part of a body, as the plugin gives it.
#[derive(Debug)]
pub(crate) enum Part {
    /// JSON text.
    Json(Vec<u8>),
    /// Bytes to be written as base64.
    Media(Bytes),
}

/// A body that has yet to be joined, and what it is held against.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) parts: Vec<Part>,
    pub(crate) imposed: Arc<Imposed>,
    /// The storage locations that the caller brought.
    pub(crate) brought: Arc<BTreeSet<String>>,
}

impl Draft {
    /// The body as it will be sent, or why it may not be.
    ///
    /// It is made outside the plugin's call, whose time it would use up: a request can hold 75 MB of images.
    pub(crate) async fn join(self) -> Result<Vec<u8>, String> {
        let bytes = |part: &Part| match part {
            Part::Json(json) => json.len(),
            Part::Media(bytes) => bytes.len(),
        };
        if self.parts.iter().map(bytes).sum::<usize>() <= MANY_BYTES {
            return join(&self.parts, &self.imposed, &self.brought);
        }
        tokio::task::spawn_blocking(move || join(&self.parts, &self.imposed, &self.brought))
            .await
            .map_err(|error| format!("the body could not be made: {error}"))?
    }
}

/// Joins the parts of a body, adds what is imposed, and refuses what may not be sent.
fn join(parts: &[Part], imposed: &Imposed, brought: &BTreeSet<String>) -> Result<Vec<u8>, String> {
    // The JSON without its media, which stand inside quotes: what is left is still JSON.
    let mut skeleton = Vec::with_capacity(
        parts.iter().map(|part| if let Part::Json(json) = part { json.len() } else { 0 }).sum(),
    );
    let mut media = Vec::new();
    let mut encoded_bytes = 0_usize;
    for part in parts {
        match part {
            Part::Json(json) => skeleton.extend_from_slice(json),
            Part::Media(bytes) => {
                media.push((skeleton.len(), bytes));
                encoded_bytes = encoded_bytes.saturating_add(encoded_length(bytes));
            }
        }
    }
    if skeleton.len().saturating_add(encoded_bytes) > MAX_BODY_BYTES {
        return Err(format!("the request is larger than {} MiB", MAX_BODY_BYTES >> 20));
    }
    let skeleton = String::from_utf8(skeleton).map_err(|_| "the body is not UTF-8".to_owned())?;
    for &(place, _) in &media {
        let quoted = skeleton.as_bytes().get(place.wrapping_sub(1)) == Some(&b'"')
            && skeleton.as_bytes().get(place) == Some(&b'"');
        if !quoted {
            return Err("media stand outside a string in the body".to_owned());
        }
    }
    let members: Members<'_> =
        serde_json::from_str(&skeleton).map_err(|error| format!("the body is no JSON object: {error}"))?;
    check_storage(&skeleton, brought)?;

    let imposed_bytes: usize = 64 * imposed.len();
    let mut body = Vec::with_capacity(skeleton.len() + encoded_bytes + imposed_bytes);
    body.push(b'{');
    let begin_member = |body: &mut Vec<u8>, name: &str| -> Result<(), String> {
        if body.len() > 1 {
            body.push(b',');
        }
        serde_json::to_writer(&mut *body, name).map_err(|error| error.to_string())?;
        body.push(b':');
        Ok(())
    };
    for (name, value) in &members.0 {
        if imposed.contains_key(name) {
            continue;
        }
        begin_member(&mut body, name)?;
        // Where the value lies in the skeleton: it was borrowed from there.
        let text = value.get();
        let start = text.as_ptr() as usize - skeleton.as_ptr() as usize;
        let end = start + text.len();
        let mut copied = start;
        for &(place, bytes) in media.iter().filter(|(place, _)| (start..end).contains(place)) {
            body.extend_from_slice(&skeleton.as_bytes()[copied..place]);
            encode(bytes, &mut body)?;
            copied = place;
        }
        body.extend_from_slice(&skeleton.as_bytes()[copied..end]);
    }
    for (name, value) in imposed {
        begin_member(&mut body, name)?;
        serde_json::to_writer(&mut body, value).map_err(|error| error.to_string())?;
    }
    body.push(b'}');
    Ok(body)
}

/// Every storage location that the caller's own JSON names.
pub(crate) fn storage_locations(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == STORAGE_MEMBER {
                    found.insert(canonical(value));
                }
                storage_locations(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| storage_locations(value, found)),
        _ => {}
    }
}

/// A storage location as text that two equal ones share.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name, canonical(value))).collect();
            members.sort();
            format!("{members:?}")
        }
        other => other.to_string(),
    }
}

/// A storage location in a body, as [`canonical`] has it. Its members stand once each and hold no others.
fn location(text: &RawValue) -> Result<String, String> {
    let unknown = |error: &dyn std::fmt::Display| format!("a storage location (s3Location) is none: {error}");
    let members: Members<'_> = serde_json::from_str(text.get()).map_err(|error| unknown(&error))?;
    let mut value = Map::new();
    for (name, text) in members.0 {
        match serde_json::from_str(text.get()) {
            Ok(Value::Object(_) | Value::Array(_)) => return Err(unknown(&"it holds more than words")),
            Ok(word) => value.insert(name, word),
            Err(error) => return Err(unknown(&error)),
        };
    }
    Ok(canonical(&Value::Object(value)))
}

fn encoded_length(bytes: &Bytes) -> usize {
    bytes.len().div_ceil(3).saturating_mul(4)
}

fn encode(bytes: &Bytes, body: &mut Vec<u8>) -> Result<(), String> {
    let start = body.len();
    body.resize(start + encoded_length(bytes), 0);
    BASE64_STANDARD.encode_slice(bytes, &mut body[start..]).map_err(|error| error.to_string())?;
    Ok(())
}

/// The members of an object in order, each only once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::with_capacity(8);
                while let Some(name) = map.next_key::<String>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format_args!("the member {name:?} stands twice")));
                    }
                    if members.len() == MOST_MEMBERS {
                        return Err(de::Error::custom(format_args!(
                            "it has more than {MOST_MEMBERS} members"
                        )));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Refuses a storage location that the caller did not bring.
fn check_storage(body: &str, brought: &BTreeSet<String>) -> Result<(), String> {
    // A member's name can hide only behind an escape; without either there is nothing to look for.
    let bytes = body.as_bytes();
    if memchr::memmem::find(bytes, STORAGE_MEMBER.as_bytes()).is_none()
        && memchr::memmem::find(bytes, b"\\u").is_none()
    {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_str(body);
    StorageCheck { brought }
        .deserialize(&mut deserializer)
        .map_err(|error| format!("the body was refused: {error}"))
}

/// Walks a JSON value and fails at the first foreign storage location.
#[derive(Clone, Copy)]
struct StorageCheck<'a> {
    brought: &'a BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for StorageCheck<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StorageCheck<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == STORAGE_MEMBER {
                // As it is written: of a member that stands twice, a reader may take either.
                let location = location(map.next_value()?).map_err(de::Error::custom)?;
                if !self.brought.contains(&location) {
                    return Err(de::Error::custom(
                        "it names a storage location (s3Location) that the request did not bring",
                    ));
                }
            } else {
                // A number of any precision too comes as a map, of a string.
                map.next_value_seed(self)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn joined(parts: &[Part], imposed: Value, brought: &[Value]) -> Result<Value, String> {
        let Value::Object(imposed) = imposed else { panic!("an object") };
        let mut locations = BTreeSet::new();
        brought.iter().for_each(|value| storage_locations(value, &mut locations));
        join(parts, &imposed, &locations).map(|body| serde_json::from_slice(&body).expect("JSON"))
    }

    #[test]
    fn media_are_written_as_base64_where_they_stand() {
        let (first, second) = (Bytes::from_static(b"\x00\x01\x02\x03"), Bytes::from_static(b"abc"));
        let body = joined(
            &[
                Part::Json(br#"{"a":{"bytes":""#.to_vec()),
                Part::Media(first),
                Part::Json(br#""},"n":12345678901234567890123,"b":[{"bytes":""#.to_vec()),
                Part::Media(second),
                Part::Json(br#""}]}"#.to_vec()),
            ],
            json!({}),
            &[],
        );
        let expected = r#"{"a":{"bytes":"AAECAw=="},"n":12345678901234567890123,"b":[{"bytes":"YWJj"}]}"#;
        assert_eq!(body.expect("joins"), serde_json::from_str::<Value>(expected).expect("JSON"));
    }

    #[test]
    fn what_is_imposed_replaces_what_the_plugin_wrote() {
        let body = joined(
            &[Part::Json(br#"{"guardrailConfig":{"guardrailIdentifier":"none"},"messages":[]}"#.to_vec())],
            json!({ "guardrailConfig": { "guardrailIdentifier": "gr-1" }, "requestMetadata": { "team": "a" } }),
            &[],
        );
        assert_eq!(
            body.expect("joins"),
            json!({
                "messages": [],
                "guardrailConfig": { "guardrailIdentifier": "gr-1" },
                "requestMetadata": { "team": "a" },
            })
        );
    }

    #[test]
    fn a_member_given_twice_is_refused() {
        for body in [r#"{"a":1,"a":2}"#, r#"{"guardrailConfig":1,"guardrail\u0043onfig":2}"#] {
            assert!(joined(&[Part::Json(body.as_bytes().to_vec())], json!({}), &[]).is_err(), "{body}");
        }
    }

    #[test]
    fn a_body_of_very_many_members_is_refused_at_once() {
        let members: Vec<String> = (0..1_000_000).map(|number| format!("\"{number}\":0")).collect();
        let body = format!("{{{}}}", members.join(","));
        let error = joined(&[Part::Json(body.into_bytes())], json!({}), &[]).expect_err("refused");
        assert!(error.contains("more than 64 members"), "{error}");
    }

    #[test]
    fn only_the_callers_storage_locations_pass() {
        let location = json!({ "s3Location": { "uri": "s3://mine/a.png", "bucketOwner": "1" } });
        let body = br#"{"m":[{"source":{"s3Location":{"bucketOwner":"1","uri":"s3://mine/a.png"}}}]}"#;
        assert!(joined(&[Part::Json(body.to_vec())], json!({}), std::slice::from_ref(&location)).is_ok());
        assert!(joined(&[Part::Json(body.to_vec())], json!({}), &[]).is_err());
        let other = br#"{"m":[{"source":{"s3Location":{"uri":"s3://theirs/key"}}}]}"#;
        assert!(joined(&[Part::Json(other.to_vec())], json!({}), std::slice::from_ref(&location)).is_err());
        let twice = br#"{"s3Location":{"bucketOwner":"1","uri":"s3://theirs/key","uri":"s3://mine/a.png"}}"#;
        assert!(joined(&[Part::Json(twice.to_vec())], json!({}), std::slice::from_ref(&location)).is_err());
        let under_a_number =
            br#"{"n":{"$serde_json::private::Number":{"s3Location":{"uri":"s3://theirs/key"}}}}"#;
        assert!(joined(&[Part::Json(under_a_number.to_vec())], json!({}), &[]).is_err());
        let hidden = br#"{"m":{"s3Locatio\u006e":{"uri":"s3://theirs/key"}},"n":1.5e3}"#;
        assert!(joined(&[Part::Json(hidden.to_vec())], json!({}), &[]).is_err());
    }

    #[test]
    fn other_escapes_and_numbers_are_no_storage_location() {
        let body = br#"{"m":{"text":"\u00e9","n":12345678901234567890123,"f":1.5,"z":null,"t":true}}"#;
        assert!(joined(&[Part::Json(body.to_vec())], json!({}), &[]).is_ok());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in [&b""[..], b"[]", b"{", b"{} {}", b"\xff"] {
            assert!(joined(&[Part::Json(body.to_vec())], json!({}), &[]).is_err());
        }
        let media = Bytes::from_static(b"x");
        assert!(
            joined(
                &[Part::Json(b"{\"a\":".to_vec()), Part::Media(media.clone()), Part::Json(b"}".to_vec())],
                json!({}),
                &[]
            )
            .is_err()
        );
        let outside =
            [Part::Json(b"{\"a\":1".to_vec()), Part::Media(media.clone()), Part::Json(b"}".to_vec())];
        assert!(joined(&outside, json!({}), &[]).is_err());
    }
}
