//! Images, documents, videos and sounds in JSON: base64, labelled or recognised.

use base64::DecodeError;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::at::{At, Members};
use crate::Result;
use crate::request::media::{format_of_bytes, format_of_extension, format_of_label, format_of_mime, mimes};
use crate::request::{Media, MediaKind};

/// Base64 as everyone writes it, the padding left out or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block of this kind.
pub(super) fn read(at: &At<'_>, kind: MediaKind) -> Result<Media> {
    let known: &[&str] = match kind {
        MediaKind::Document => {
            &["type", "data", "text", "format", "mimeType", "name", "citations", "context"]
        }
        _ => &["type", "data", "format", "mimeType", "name"],
    };
    let members = at.members(known, &[])?;
    let (data, is_text) = match (members.get("data"), members.get("text")) {
        (Some(data), None) => (decode(&data)?, false),
        (None, Some(text)) => (Bytes::from(text.non_empty_string()?), true),
        (None, None) => return Err(members.missing("data")),
        (Some(_), Some(text)) => return Err(text.wrong("a document has either data or text, not both")),
    };
    let name = members.read("name", |at| at.non_empty_string())?;
    let label = label(&members, kind)?;
    let format = format_of_bytes(&data)
        .filter(|(found, _)| *found == kind && !is_text)
        .map(|(_, format)| format.to_owned())
        .or(label)
        .or_else(|| name.as_deref().and_then(|name| format_of_name(name, kind)))
        .or_else(|| is_text.then(|| "txt".to_owned()))
        .ok_or_else(|| at.wrong("\"format\" or \"mimeType\" is missing, and the bytes do not show it"))?;
    Ok(Media { kind, format, data, name, extensions: extensions(&members)? })
}

/// The format that the block itself names.
fn label(members: &Members<'_>, kind: MediaKind) -> Result<Option<String>> {
    let mime = members.read("mimeType", |at| {
        format_of_mime(at.str()?, kind)
            .map(str::to_owned)
            .ok_or_else(|| at.unknown("mimeType", &mimes(kind).collect::<Vec<_>>()))
    })?;
    let format = members.read("format", |at| at.non_empty_string())?;
    Ok(format.map(|format| format_of_label(&format, kind)).or(mime))
}

fn format_of_name(name: &str, kind: MediaKind) -> Option<String> {
    format_of_extension(name).filter(|(found, _)| *found == kind).map(|(_, format)| format.to_owned())
}

fn extensions(members: &Members<'_>) -> Result<Map<String, Value>> {
    let citations = members.read("citations", |at| at.bool())?.map(|on| ("citations".to_owned(), on.into()));
    let context = members.read("context", |at| at.string())?.map(|text| ("context".to_owned(), text.into()));
    Ok(citations.into_iter().chain(context).collect())
}

/// The bytes of a base64 string.
pub(super) fn decode(at: &At<'_>) -> Result<Bytes> {
    let text = at.str()?;
    if text.is_empty() {
        return Err(at.wrong("must not be empty"));
    }
    if text.starts_with("data:") {
        return Err(at.wrong("expected base64 alone, found a data: URL"));
    }
    BASE64.decode(text).map(Bytes::from).map_err(|error| match error {
        DecodeError::InvalidByte(offset, _) => {
            at.wrong(format_args!("not base64: no letter of it at offset {offset}"))
        }
        _ => at.wrong("not base64: its end is cut off or wrong"),
    })
}
