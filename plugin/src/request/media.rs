//! Images, documents, videos and sounds in Converse shapes. Their bytes are references.

use super::Draft;
use super::history::At;
use super::rewrites::{self, below};
use crate::bindings::outcrop::provider::types::{Error, Media};
use crate::errors;
use crate::json;
use crate::models::table::{self, Can};

/// The formats that Converse takes of each kind.
const FORMATS: &[(&str, &[&str])] = &[
    ("image", &["png", "jpeg", "gif", "webp"]),
    ("document", &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]),
    ("video", &["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"]),
    (
        "audio",
        &[
            "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga",
            "pcm", "webm",
        ],
    ),
];

/// The name of a document that has none.
const UNNAMED: &str = "document";

/// Bedrock's limit, less room for a number that makes a name unique.
const LONGEST_NAME: usize = 190;

/// The kind, as models take or refuse it.
pub(super) fn kind(media: &Media) -> Can {
    match media.kind.as_str() {
        "image" => table::IMAGES,
        "document" => table::DOCUMENTS,
        "video" => table::VIDEO,
        "audio" => table::AUDIO,
        _ => table::NOTHING,
    }
}

/// The kind, where Bedrock has it and its format.
///
/// # Errors
/// Where it has not.
pub(super) fn check(media: &Media, at: At) -> Result<Can, Error> {
    let Some((kind, formats)) = FORMATS.iter().find(|(kind, _)| *kind == media.kind) else {
        let message = ["media of kind `", &media.kind, "`"].concat();
        return Err(errors::unsupported(&at.to_string(), &message));
    };
    if formats.contains(&media.format.as_str()) {
        return Ok(self::kind(media));
    }
    let message =
        ["the ", kind, " is of format `", &media.format, "`; Bedrock takes ", &formats.join(", ")].concat();
    Err(errors::invalid(&at.to_string(), &message))
}

/// Writes a media block.
pub(super) fn write(draft: &mut Draft<'_>, media: &Media, at: At) -> Result<(), Error> {
    let kind = &media.kind.as_str();
    let mut citations = None;
    let mut context = None;
    for (number, extension) in media.extensions.iter().enumerate() {
        let at = || below(&[&at.to_string(), "/extensions"].concat(), number);
        match (*kind, extension.key.as_str()) {
            ("document", "citations") => match extension.value.trim() {
                "true" => citations = Some("{\"enabled\":true}"),
                "false" => {}
                _ => return Err(errors::invalid(&at(), "want true or false")),
            },
            ("document", "context") => {
                let value = json::string(&extension.value);
                context = Some(value.ok_or_else(|| errors::invalid(&at(), "want a string"))?);
            }
            (_, key) => {
                let message = ["extension `", key, "` of ", kind, " media"].concat();
                return Err(errors::unsupported(&at(), &message));
            }
        }
    }
    let name = (*kind == "document").then(|| document_name(draft, media.name.as_deref(), at));
    let body = &mut draft.body;
    body.separate();
    body.json("{");
    body.member(kind);
    body.json("{");
    body.string_member("format", &media.format);
    if let Some(name) = name {
        body.string_member("name", &name);
    }
    body.member("source");
    body.json("{");
    body.member("bytes");
    body.media(media.id);
    body.json("}");
    if let Some(context) = context.filter(|context| !context.trim().is_empty()) {
        body.string_member("context", &context);
    }
    if let Some(citations) = citations {
        body.json_member("citations", citations);
    }
    body.json("}}");
    Ok(())
}

/// A name that Bedrock takes, unique in the request. The first of a name keeps it, so that a
/// conversation that grows keeps its names, and with them what is cached of it.
fn document_name(draft: &mut Draft<'_>, asked: Option<&str>, at: At) -> String {
    let safe = safe_name(asked.unwrap_or(UNNAMED));
    let mut name = safe.clone();
    let mut number = 2usize;
    while draft.document_names.contains(&name) {
        name = [&safe, " (", &number.to_string(), ")"].concat();
        number += 1;
    }
    if asked.is_some_and(|asked| asked != name) {
        let detail = ["sent as `", &name, "`"].concat();
        draft.rewrites.note(rewrites::DOCUMENT_NAME, at, detail);
    }
    draft.document_names.push(name.clone());
    name
}

/// Letters, digits, single spaces, hyphens, parentheses and brackets. An ending that names a format
/// is cut off, since the format says it.
fn safe_name(name: &str) -> String {
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if is_format(ending) => stem,
        _ => name,
    };
    let mut safe = String::new();
    for letter in stem.chars() {
        let letter = match letter {
            '-' | '(' | ')' | '[' | ']' => letter,
            letter if letter.is_ascii_alphanumeric() => letter,
            letter if letter.is_whitespace() => ' ',
            _ => '-',
        };
        if !(letter == ' ' && (safe.is_empty() || safe.ends_with(' '))) {
            safe.push(letter);
        }
        if safe.len() == LONGEST_NAME {
            break;
        }
    }
    safe.truncate(safe.trim_end().len());
    if safe.chars().any(|letter| letter.is_ascii_alphanumeric()) { safe } else { UNNAMED.into() }
}

fn is_format(ending: &str) -> bool {
    FORMATS.iter().any(|(_, formats)| formats.iter().any(|format| ending.eq_ignore_ascii_case(format)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe() {
        for (name, safe) in [
            ("Report (final) [2]", "Report (final) [2]"),
            ("annual_report.v2.pdf", "annual-report-v2"),
            ("  a\u{3000}  b\t.txt", "a b"),
            ("été.md", "-t-"),
            ("...", UNNAMED),
            ("", UNNAMED),
        ] {
            assert_eq!(safe_name(name), safe, "{name}");
        }
        assert_eq!(safe_name(&"x".repeat(500)).len(), LONGEST_NAME);
    }
}
