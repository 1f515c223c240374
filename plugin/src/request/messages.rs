//! The conversation's turns, written.

use super::history::{Call, Piece, Turn, What};
use super::rewrites;
use super::{Draft, cache_points, media, reasoning, tool_results};
use crate::bindings::outcrop::provider::types::{Error, RawBlock, Role};
use crate::errors;
use crate::json::Object;

/// What stands beside a document where the caller has written nothing.
const DOCUMENT_TEXT: &str = "See the document.";

/// Writes `messages`.
pub(super) fn write(draft: &mut Draft<'_>, turns: &[Turn<'_>]) -> Result<(), Error> {
    let automatic = cache_points::turns(turns);
    draft.body.member("messages");
    draft.body.json("[");
    for (number, turn) in turns.iter().enumerate() {
        draft.body.separate();
        draft.body.json("{");
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        draft.body.string_member("role", role);
        draft.body.member("content");
        draft.body.json("[");
        for piece in &turn.pieces {
            write_piece(draft, piece)?;
        }
        if wants_text(turn) {
            write_text(draft, DOCUMENT_TEXT);
            let detail = ["`", DOCUMENT_TEXT, "`: a document needs text beside it"].concat();
            draft.rewrites.note(rewrites::DOCUMENT_TEXT, turn.at, detail);
        }
        if let Some(back) = automatic.iter().position(|other| *other == number) {
            cache_points::after_turn(draft, turn, back);
        }
        draft.body.json("]}");
    }
    draft.body.json("]");
    Ok(())
}

/// Whether a turn has a document and no text beside it.
fn wants_text(turn: &Turn<'_>) -> bool {
    let text = |piece: &Piece<'_>| matches!(piece.what, What::Text(_));
    let document = |piece: &Piece<'_>| matches!(&piece.what, What::Media(media) if media.kind == "document");
    turn.pieces.iter().any(document) && !turn.pieces.iter().any(text)
}

fn write_piece(draft: &mut Draft<'_>, piece: &Piece<'_>) -> Result<(), Error> {
    match &piece.what {
        What::Text(text) => write_text(draft, text),
        What::Media(media) => media::write(draft, media, piece.at)?,
        What::Reasoning(reasoning) => reasoning::write(draft, reasoning),
        What::Call(call) => write_call(draft, call),
        What::Outcome(result) => tool_results::write(draft, result, piece.at)?,
        What::CachePoint(ttl) => cache_points::write(draft, ttl, &piece.at.to_string()),
        What::Raw(raw) => write_raw(draft, raw, &piece.at.to_string())?,
    }
    Ok(())
}

fn write_call(draft: &mut Draft<'_>, call: &Call<'_>) {
    let name = draft.names.sent(call.name);
    let body = &mut draft.body;
    body.separate();
    body.json("{\"toolUse\":{");
    body.string_member("toolUseId", &call.id);
    body.string_member("name", name);
    body.json_member("input", &call.arguments);
    body.json("}}");
}

/// Writes a text block.
pub(super) fn write_text(draft: &mut Draft<'_>, text: &str) {
    draft.body.separate();
    draft.body.json("{");
    draft.body.string_member("text", text);
    draft.body.json("}");
}

/// Writes a block that carries Converse's own JSON: the citations of a text, to which the text comes
/// back beside them, or a whole block.
pub(super) fn write_raw(draft: &mut Draft<'_>, raw: &RawBlock, at: &str) -> Result<(), Error> {
    if raw.json.trim().is_empty() {
        write_text(draft, &raw.text);
        return Ok(());
    }
    let Some(object) = Object::parse(&raw.json) else {
        return Err(errors::invalid(at, "want a content block as a JSON object"));
    };
    let body = &mut draft.body;
    body.separate();
    let Some(citations) = object.get("citations") else {
        body.json(raw.json.trim());
        return Ok(());
    };
    body.json("{\"citationsContent\":{\"content\":[");
    if !raw.text.trim().is_empty() {
        body.json("{");
        body.string_member("text", &raw.text);
        body.json("}");
    }
    body.json("]");
    body.json_member("citations", citations);
    body.json("}}");
    Ok(())
}
