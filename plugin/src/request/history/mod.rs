//! The conversation as it will be sent. It is read into turns of pieces, which point back to where
//! they stand in the request; rules then change the turns as the model wants them, and only then are
//! they written.
//!
//! | file | rules |
//! |---|---|
//! | [`read`] | blank text, roles, reasoning, media that the model does not take, raw blocks, consecutive turns |
//! | [`results`] | calls and results in pairs, their ids |
//! | [`as_text`] | calls and results where there are no tools |
//! | [`limits`] | how many media a request may hold |
//! | [`placing`] | media in and beside results, turns of their own, the first and the last turn |

mod as_text;
mod limits;
mod placing;
mod read;
mod results;

pub(super) use read::is_foreign;

use super::Draft;
use crate::bindings::outcrop::provider::types::{Error, Media, RawBlock, Reasoning, Role};
use crate::errors;
use core::fmt;
use std::borrow::Cow;

/// Where a piece stands in the request as the caller sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) message: usize,
    pub(super) block: Option<usize>,
    pub(super) output: Option<usize>,
}

impl At {
    pub(super) fn message(message: usize) -> Self {
        Self { message, block: None, output: None }
    }

    pub(super) fn block(self, block: usize) -> Self {
        Self { block: Some(block), ..self }
    }

    pub(super) fn output(self, output: usize) -> Self {
        Self { output: Some(output), ..self }
    }
}

/// A JSON Pointer.
impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "/messages/{}", self.message)?;
        if let Some(block) = self.block {
            write!(out, "/content/{block}")?;
        }
        if let Some(output) = self.output {
            write!(out, "/output/{output}")?;
        }
        Ok(())
    }
}

impl From<At> for String {
    fn from(at: At) -> Self {
        at.to_string()
    }
}

/// What one side says until the other speaks.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) role: Role,
    pub(super) at: At,
    pub(super) pieces: Vec<Piece<'a>>,
}

/// A content block to be.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) at: At,
    pub(super) what: What<'a>,
}

/// What a content block holds.
#[derive(Debug)]
pub(super) enum What<'a> {
    Text(Cow<'a, str>),
    Media(&'a Media),
    Reasoning(&'a Reasoning),
    Call(Call<'a>),
    Outcome(Outcome<'a>),
    CachePoint(&'a str),
    Raw(&'a RawBlock),
}

/// A call that the model made.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) name: &'a str,
    /// A JSON object.
    pub(super) arguments: Cow<'a, str>,
}

/// What a tool gave back.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) id: Cow<'a, str>,
    /// The tool, once the call is known.
    pub(super) tool: Option<&'a str>,
    pub(super) parts: Vec<Part<'a>>,
    pub(super) is_error: bool,
}

/// A part of it.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) at: At,
    pub(super) what: PartOf<'a>,
}

/// What a part holds.
#[derive(Debug)]
pub(super) enum PartOf<'a> {
    Text(Cow<'a, str>),
    /// A JSON object.
    Json(Cow<'a, str>),
    Media(&'a Media),
    /// A search result: the object inside the block.
    SearchResult(&'a str),
}

impl Piece<'_> {
    pub(super) fn is_outcome(&self) -> bool {
        matches!(self.what, What::Outcome(_))
    }
}

/// The turns to send.
///
/// # Errors
/// Where something cannot be sent, or nothing is left to answer.
pub(super) fn plan<'a>(draft: &mut Draft<'a>, with_tools: bool) -> Result<Vec<Turn<'a>>, Error> {
    let mut turns = read::turns(draft)?;
    if with_tools {
        results::pair(draft, &mut turns);
    } else {
        as_text::tools(draft, &mut turns);
    }
    limits::keep(draft, &mut turns);
    placing::move_media(draft, &mut turns);
    placing::separate(draft, &mut turns);
    placing::instructions(draft, &mut turns);
    placing::first(draft, &mut turns);
    if turns.is_empty() {
        return Err(errors::invalid("/messages", "there is nothing to answer"));
    }
    placing::last(draft, &mut turns)?;
    Ok(turns)
}

/// Whether the model is between a call and its next words, and what it thought before the call is not
/// there. Claude with a thinking budget refuses to go on thinking then.
pub(super) fn is_unthought_loop(turns: &[Turn<'_>]) -> bool {
    let [.., model, user] = turns else {
        return false;
    };
    user.pieces.iter().any(Piece::is_outcome)
        && model.role == Role::Assistant
        && !matches!(model.pieces.first().map(|piece| &piece.what), Some(What::Reasoning(_)))
}
