//! Calls and results as text, for a model that cannot be told of tools: Bedrock refuses their blocks
//! in a request without a tool.

use super::super::Draft;
use super::super::rewrites;
use super::{Outcome, PartOf, Piece, Turn, What};

/// The kinds of raw block that are calls and results of Bedrock's own tools.
const SERVER_TOOLS: &[&str] = &["server-tool", "tool-result"];

/// Writes all calls and results as text.
pub(super) fn tools<'a>(draft: &mut Draft<'a>, turns: &mut Vec<Turn<'a>>) {
    let mut called: Vec<(String, &'a str)> = Vec::new();
    for turn in turns.iter_mut() {
        let is_tool = |piece: &Piece<'_>| match &piece.what {
            What::Call(_) | What::Outcome(_) => true,
            What::Raw(raw) => SERVER_TOOLS.contains(&raw.kind.as_str()),
            _ => false,
        };
        let Some(first) = turn.pieces.iter().find(|piece| is_tool(piece)) else {
            continue;
        };
        let detail = "there are no tools in this request, and Bedrock refuses their blocks then";
        draft.rewrites.note(rewrites::TOOLS_AS_TEXT, first.at, detail);
        for piece in core::mem::take(&mut turn.pieces) {
            match piece.what {
                What::Call(call) => {
                    let text = ["[Assistant tool call]: ", call.name, "(", &call.arguments, ")"].concat();
                    called.push((call.id.into_owned(), call.name));
                    turn.pieces.push(Piece { at: piece.at, what: What::Text(text.into()) });
                }
                What::Outcome(ref outcome) => {
                    let name = called.iter().rev().find(|(id, _)| *id == outcome.id).map(|(_, name)| *name);
                    self::outcome(draft, piece, name, &mut turn.pieces);
                }
                // What was thought before a call is bound to the call.
                What::Reasoning(_) => {
                    let detail = "it belongs to tool calls that are sent as text";
                    draft.rewrites.note(rewrites::REASONING, piece.at, detail);
                }
                What::Raw(raw) if SERVER_TOOLS.contains(&raw.kind.as_str()) => {
                    let detail = "it is of a tool that is not in this request";
                    draft.rewrites.note(rewrites::UNKNOWN_BLOCK, piece.at, detail);
                }
                what => turn.pieces.push(Piece { at: piece.at, what }),
            }
        }
    }
    turns.retain(|turn| !turn.pieces.is_empty());
    join(turns);
}

/// Turns that have become neighbours of one role are one.
fn join(turns: &mut Vec<Turn<'_>>) {
    let mut joined: Vec<Turn<'_>> = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        match joined.last_mut() {
            Some(last) if last.role == turn.role => last.pieces.append(&mut turn.pieces),
            _ => joined.push(turn),
        }
    }
    *turns = joined;
}

/// A result as text; its media stand behind it.
pub(super) fn outcome<'a>(
    draft: &mut Draft<'_>,
    piece: Piece<'a>,
    name: Option<&str>,
    pieces: &mut Vec<Piece<'a>>,
) {
    let What::Outcome(Outcome { parts, is_error, .. }) = piece.what else {
        return;
    };
    let mut text = String::from("[Tool result");
    if let Some(name) = name {
        text.push_str(": ");
        text.push_str(name);
    }
    text.push_str(if is_error { " (error)]:" } else { "]:" });
    let mut media = Vec::new();
    let mut empty = true;
    for part in parts {
        empty = false;
        match part.what {
            PartOf::Text(part) | PartOf::Json(part) => {
                text.push('\n');
                text.push_str(&part);
            }
            PartOf::SearchResult(json) => {
                text.push('\n');
                text.push_str(json);
            }
            PartOf::Media(moved) => {
                draft.rewrites.note(rewrites::MEDIA_MOVED, part.at, "it stands behind the result's text");
                media.push(Piece { at: part.at, what: What::Media(moved) });
            }
        }
    }
    if empty {
        text.push_str(" (no output)");
    }
    pieces.push(Piece { at: piece.at, what: What::Text(text.into()) });
    pieces.append(&mut media);
}
