//! Messages into turns.

use super::super::media;
use super::super::rewrites;
use super::super::{Draft, cache_points, reasoning};
use super::{At, Call, Outcome, Part, PartOf, Piece, Turn, What};
use crate::bindings::outcrop::provider::types::{
    Block, Error, Media, Message, RawBlock, Role, ToolCall, ToolOutput, ToolResult,
};
use crate::errors;
use crate::json::{self, Object};
use crate::models::{Known, families};
use std::borrow::Cow;

/// The extension of a message that holds an instruction: JSON text of a string.
const INSTRUCTION: &str = "system";
/// The extension of a tool's output that holds a search result: an object.
const SEARCH_RESULT: &str = "search-result";

/// Reads the conversation: blocks that are not sent are left out, consecutive messages of a role are
/// one turn.
pub(super) fn turns<'a>(draft: &mut Draft<'a>) -> Result<Vec<Turn<'a>>, Error> {
    let request = draft.request;
    let mut turns: Vec<Turn<'a>> = Vec::with_capacity(request.messages.len());
    for (number, message) in request.messages.iter().enumerate() {
        let at = At::message(number);
        let mut pieces = Vec::with_capacity(message.content.len());
        for (number, block) in message.content.iter().enumerate() {
            read_block(draft, message, block, at.block(number), &mut pieces)?;
        }
        if !pieces.iter().any(|piece| !matches!(piece.what, What::CachePoint(_))) {
            draft.rewrites.note(rewrites::EMPTY_MESSAGE, at, "nothing of it is sent");
            // A cache point stands behind what came before, unless nothing did.
            if let Some(turn) = turns.last_mut() {
                turn.pieces.append(&mut pieces);
            }
            continue;
        }
        match turns.last_mut() {
            Some(turn) if turn.role == message.role => {
                // Results of calls made side by side come as a message each: that Converse wants them
                // in one is its way of writing them and no change.
                let results = |pieces: &[Piece<'_>]| pieces.iter().all(Piece::is_outcome);
                if !(results(&turn.pieces) && results(&pieces)) {
                    let detail = ["joined to ", &turn.at.to_string(), ", which has the same role"].concat();
                    draft.rewrites.note(rewrites::MERGED, at, detail);
                }
                turn.pieces.append(&mut pieces);
            }
            _ => turns.push(Turn { role: message.role, at, pieces }),
        }
    }
    Ok(turns)
}

fn read_block<'a>(
    draft: &mut Draft<'a>,
    message: &'a Message,
    block: &'a Block,
    at: At,
    pieces: &mut Vec<Piece<'a>>,
) -> Result<(), Error> {
    let mut push = |what| pieces.push(Piece { at, what });
    match (block, message.role) {
        (Block::Text(text), _) if text.trim().is_empty() => {
            draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
        }
        (Block::Text(text), _) => push(What::Text(text.into())),
        (Block::Media(media), Role::User) => match omitted(draft, media, at)? {
            None => push(What::Media(media)),
            Some(note) => {
                // A run of them gets one note.
                let last = pieces.last().map(|piece| &piece.what);
                if !matches!(last, Some(What::Text(text)) if *text == note) {
                    pieces.push(Piece { at, what: What::Text(note.into()) });
                }
            }
        },
        (Block::Reasoning(thought), Role::Assistant) => {
            if reasoning::is_sent(draft, message, thought, at) {
                push(What::Reasoning(thought));
            }
        }
        (Block::ToolCall(call), Role::Assistant) => push(What::Call(read_call(draft, call, at))),
        (Block::ToolResult(result), Role::User) => push(What::Outcome(read_result(draft, result, at)?)),
        (Block::CachePoint(ttl), _) => {
            if cache_points::is_sent(draft, ttl, &at.to_string())? {
                push(What::CachePoint(ttl));
            }
        }
        (Block::Raw(raw), role) => {
            if let Some(what) = read_raw(draft, message, raw, role, at)? {
                push(what);
            }
        }
        (Block::Other(extension), _) if extension.key == INSTRUCTION => {
            let text = json::string(&extension.value)
                .ok_or_else(|| errors::invalid(&at.to_string(), "want a string"))?;
            if text.trim().is_empty() {
                draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
            } else {
                let detail = "Bedrock's models take no instructions among the messages";
                draft.rewrites.note(rewrites::SYSTEM_TURN, at, detail);
                push(What::Text(["<system>\n", &text, "\n</system>"].concat().into()));
            }
        }
        (Block::Other(extension), _) => {
            let message = ["a block of kind `", &extension.key, "`"].concat();
            return Err(errors::unsupported(&at.to_string(), &message));
        }
        (Block::Media(_) | Block::ToolResult(_), Role::Assistant) => {
            return Err(errors::invalid(&at.to_string(), "only a user's message can hold this"));
        }
        (Block::Reasoning(_) | Block::ToolCall(_), Role::User) => {
            return Err(errors::invalid(&at.to_string(), "only the model's message can hold this"));
        }
    }
    Ok(())
}

/// What stands for media that the model does not take; none for what it takes.
fn omitted(draft: &mut Draft<'_>, media: &Media, at: At) -> Result<Option<String>, Error> {
    let kind = media::check(media, at)?;
    if draft.target.takes_media(kind) {
        return Ok(None);
    }
    let detail = ["the model takes no ", &media.kind, "s"].concat();
    draft.rewrites.note(rewrites::MEDIA_OMITTED, at, detail);
    Ok(Some(["(", &media.kind, " omitted: the model does not take it)"].concat()))
}

fn read_call<'a>(draft: &mut Draft<'_>, call: &'a ToolCall, at: At) -> Call<'a> {
    let written = call.arguments.trim();
    let arguments = match cleaned(draft, written, at, "/arguments") {
        _ if written.is_empty() => Cow::Borrowed("{}"),
        object if json::is_object(&object) => object,
        other => {
            // Some hosts keep arguments as a string of JSON; what is no object at all is kept as a word.
            let inner = json::string(&other);
            let (object, detail) = match inner.filter(|inner| json::is_object(inner)) {
                Some(inner) => (inner, "they were a string that holds an object"),
                None => (
                    ["{\"invalid_arguments\":", &json::quoted(&other), "}"].concat(),
                    "they were no JSON object and are sent as `invalid_arguments`",
                ),
            };
            draft.rewrites.note(rewrites::ARGUMENTS, [&at.to_string(), "/arguments"].concat(), detail);
            object.into()
        }
    };
    Call { id: call.id.as_str().into(), name: &call.name, arguments }
}

/// JSON without what Bedrock's document type refuses.
fn cleaned<'a>(draft: &mut Draft<'_>, text: &'a str, at: At, member: &str) -> Cow<'a, str> {
    let clean = json::clean(text);
    if matches!(clean, Cow::Owned(_)) {
        let detail = "without empty member names and halves of surrogate pairs";
        draft.rewrites.note(rewrites::JSON_CLEANED, [&at.to_string(), member].concat(), detail);
    }
    clean
}

fn read_result<'a>(draft: &mut Draft<'_>, result: &'a ToolResult, at: At) -> Result<Outcome<'a>, Error> {
    let mut parts: Vec<Part<'a>> = Vec::with_capacity(result.output.len());
    for (number, output) in result.output.iter().enumerate() {
        let at = at.output(number);
        let Some(what) = read_output(draft, output, at)? else {
            continue;
        };
        let repeated = match (&what, parts.last().map(|part| &part.what), output) {
            (PartOf::Text(note), Some(PartOf::Text(last)), ToolOutput::Media(_)) => note == last,
            _ => false,
        };
        if !repeated {
            parts.push(Part { at, what });
        }
    }
    Ok(Outcome { id: result.call_id.as_str().into(), tool: None, parts, is_error: result.is_error })
}

fn read_output<'a>(
    draft: &mut Draft<'_>,
    output: &'a ToolOutput,
    at: At,
) -> Result<Option<PartOf<'a>>, Error> {
    Ok(Some(match output {
        ToolOutput::Text(text) if text.trim().is_empty() => {
            draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
            return Ok(None);
        }
        ToolOutput::Text(text) => PartOf::Text(text.into()),
        ToolOutput::Json(value) if json::is_value(value) => {
            let value = cleaned(draft, value.trim(), at, "");
            if json::is_object(&value) {
                PartOf::Json(value)
            } else {
                draft.rewrites.note(rewrites::JSON_AS_TEXT, at, "Bedrock takes JSON objects only");
                PartOf::Text(value)
            }
        }
        ToolOutput::Json(_) => return Err(errors::invalid(&at.to_string(), "want JSON")),
        ToolOutput::Media(media) => match omitted(draft, media, at)? {
            None => PartOf::Media(media),
            Some(note) => PartOf::Text(note.into()),
        },
        ToolOutput::Other(extension) if extension.key == SEARCH_RESULT => {
            let wrong = || {
                let what =
                    "want a search result: an object of `source`, `title` and `content`, texts in objects";
                errors::invalid(&at.to_string(), what)
            };
            let object = Object::parse(&extension.value).filter(is_search_result).ok_or_else(wrong)?;
            if draft.target.traits().citations {
                PartOf::SearchResult(extension.value.trim())
            } else {
                draft.rewrites.note(rewrites::CITATIONS, at, "the model takes no search results but as text");
                PartOf::Text(search_result_text(&object).into())
            }
        }
        ToolOutput::Other(extension) => {
            let message = ["an output of kind `", &extension.key, "`"].concat();
            return Err(errors::unsupported(&at.to_string(), &message));
        }
    }))
}

fn is_search_result(result: &Object<'_>) -> bool {
    let text = |part: &str| Object::parse(part).is_some_and(|part| part.string("text").is_some());
    result.string("source").is_some()
        && result.string("title").is_some()
        && result.array("content").is_some_and(|parts| parts.into_iter().all(text))
}

fn search_result_text(result: &Object<'_>) -> String {
    let mut lines = vec![
        ["[Search result] ", &result.string("title").unwrap_or_default()].concat(),
        result.string("source").unwrap_or_default(),
    ];
    let content = result.array("content").unwrap_or_default();
    lines.extend(content.into_iter().filter_map(|part| Object::parse(part)?.string("text")));
    lines.retain(|line| !line.trim().is_empty());
    lines.join("\n")
}

/// A block that carries Converse's own JSON goes back to the family that wrote it.
fn read_raw<'a>(
    draft: &mut Draft<'_>,
    message: &Message,
    raw: &'a RawBlock,
    role: Role,
    at: At,
) -> Result<Option<What<'a>>, Error> {
    let written = raw.json.trim();
    if written.is_empty() {
        if raw.text.trim().is_empty() {
            let detail = "there is no form in which it could be sent back";
            draft.rewrites.note(rewrites::UNKNOWN_BLOCK, at, detail);
            return Ok(None);
        }
        return Ok(Some(What::Text(raw.text.as_str().into())));
    }
    let Some(object) = Object::parse(written) else {
        return Err(errors::invalid(&at.to_string(), "want a content block as a JSON object"));
    };
    if let Some(result) = object.object("searchResult")
        && !draft.target.traits().citations
    {
        draft.rewrites.note(rewrites::CITATIONS, at, "the model takes no search results but as text");
        return Ok(Some(What::Text(search_result_text(&result).into())));
    }
    let writer = message.model_id.as_deref().filter(|_| role == Role::Assistant);
    let foreign = writer.is_some_and(|writer| is_foreign(&draft.target.known, &Known::by_id(writer)));
    if object.get("citations").is_some() {
        if foreign || !draft.target.traits().citations {
            if raw.text.trim().is_empty() {
                return Ok(None);
            }
            draft.rewrites.note(rewrites::CITATIONS, at, "the model takes no citations back");
            return Ok(Some(What::Text(raw.text.as_str().into())));
        }
    } else if foreign {
        let detail = "another family's model wrote it";
        draft.rewrites.note(rewrites::UNKNOWN_BLOCK, at, detail);
        return Ok(None);
    }
    Ok(Some(What::Raw(raw)))
}

/// Whether two models are known to be of different families.
pub(in crate::request) fn is_foreign(ours: &Known, theirs: &Known) -> bool {
    let unknown = families::UNKNOWN.name;
    ours.family.name != theirs.family.name && ours.family.name != unknown && theirs.family.name != unknown
}
