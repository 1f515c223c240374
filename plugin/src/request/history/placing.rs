//! Where things may stand: media in tool results and beside them, instructions, the first turn and
//! the last.

use super::super::Draft;
use super::super::media;
use super::super::rewrites;
use super::{At, PartOf, Piece, Turn, What};
use crate::bindings::outcrop::provider::types::{Block, Error, Role};
use crate::errors;
use crate::models::table::TEXT;

/// The user's turn before a conversation that the model began.
const OPENING: &str = "(The conversation begins with your message.)";

/// The model's turn between tool results and what may not stand beside them.
const BETWEEN: &str = "I have the results.";

/// Moves media out of results where the model does not take them there, behind all results of the turn.
pub(super) fn move_media<'a>(draft: &mut Draft<'a>, turns: &mut [Turn<'a>]) {
    let inside = draft.target.traits().results.inside;
    for turn in turns {
        let mut moved = Vec::new();
        let mut behind = 0;
        for (number, piece) in turn.pieces.iter_mut().enumerate() {
            let What::Outcome(outcome) = &mut piece.what else {
                continue;
            };
            behind = number + 1;
            for part in &mut outcome.parts {
                let PartOf::Media(media) = part.what else {
                    continue;
                };
                if media::kind(media) & inside != 0 {
                    continue;
                }
                draft.rewrites.note(
                    rewrites::MEDIA_MOVED,
                    part.at,
                    "the model does not take it in a tool result; it stands behind the results",
                );
                let number = (moved.len() / 2 + 1).to_string();
                part.what = PartOf::Text([&media.kind, " ", &number, ": see below"].concat().into());
                let of = outcome.tool.unwrap_or("the tool");
                let label = [&media.kind, " ", &number, ", from the result of ", of, ":"].concat();
                moved.push(Piece { at: part.at, what: What::Text(label.into()) });
                moved.push(Piece { at: part.at, what: What::Media(media) });
            }
        }
        turn.pieces.splice(behind..behind, moved);
    }
}

/// Gives a turn of its own to what may not stand beside tool results.
pub(super) fn separate<'a>(draft: &mut Draft<'a>, turns: &mut Vec<Turn<'a>>) {
    let beside = draft.target.traits().results.beside;
    let may = |piece: &Piece<'_>| match &piece.what {
        What::Outcome(_) | What::CachePoint(_) => true,
        What::Media(media) => media::kind(media) & beside != 0,
        _ => TEXT & beside != 0,
    };
    let mut separated = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        let behind = turn.pieces.iter().rposition(Piece::is_outcome);
        let Some(behind) = behind.filter(|_| !turn.pieces.iter().all(may)) else {
            separated.push(turn);
            continue;
        };
        let others = turn.pieces.split_off(behind + 1);
        let at = others.first().map_or(turn.at, |piece| piece.at);
        let detail = "the model does not take it beside tool results";
        draft.rewrites.note(rewrites::SEPARATED, at, detail);
        let between = Piece { at, what: What::Text(BETWEEN.into()) };
        separated.push(turn);
        separated.push(Turn { role: Role::Assistant, at, pieces: vec![between] });
        separated.push(Turn { role: Role::User, at, pieces: others });
    }
    *turns = separated;
}

/// Puts the instructions before the first user's turn, for a model that takes none apart.
pub(super) fn instructions<'a>(draft: &mut Draft<'a>, turns: &mut Vec<Turn<'a>>) {
    if draft.target.takes_instructions() {
        return;
    }
    let texts = draft.request.system.iter().filter_map(|block| match block {
        Block::Text(text) if !text.trim().is_empty() => Some(text.as_str()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n\n");
    if text.is_empty() {
        return;
    }
    draft.rewrites.note(rewrites::SYSTEM, "/system", "the model takes no instructions apart");
    let at = At::message(0);
    let piece = Piece { at, what: What::Text(text.into()) };
    match turns.first_mut() {
        Some(turn) if turn.role == Role::User => turn.pieces.insert(0, piece),
        _ => turns.insert(0, Turn { role: Role::User, at, pieces: vec![piece] }),
    }
}

/// Begins with the user, where the model wants that.
pub(super) fn first(draft: &mut Draft<'_>, turns: &mut Vec<Turn<'_>>) {
    let Some(turn) = turns.first().filter(|turn| turn.role == Role::Assistant) else {
        return;
    };
    if draft.target.traits().opens {
        return;
    }
    let at = turn.at;
    draft.rewrites.note(rewrites::OPENED, at, "the model wants the user to begin");
    let piece = Piece { at, what: What::Text(OPENING.into()) };
    turns.insert(0, Turn { role: Role::User, at, pieces: vec![piece] });
}

/// Ends with the user, or with words of the model's that it can go on writing.
pub(super) fn last(draft: &mut Draft<'_>, turns: &mut [Turn<'_>]) -> Result<(), Error> {
    let Some(turn) = turns.last_mut().filter(|turn| turn.role == Role::Assistant) else {
        return Ok(());
    };
    if !draft.target.traits().prefill {
        let message = "the conversation ends with the model's own message, and this model does not go on writing \
             one; end it with a user's message";
        return Err(errors::unsupported(&turn.at.to_string(), message));
    }
    if let Some(Piece { at, what: What::Text(text) }) = turn.pieces.last_mut()
        && text.trim_end().len() < text.len()
    {
        *text = text.trim_end().to_owned().into();
        let detail = "Bedrock refuses a last turn that ends with it";
        draft.rewrites.note(rewrites::PREFILL, *at, detail);
    }
    Ok(())
}
