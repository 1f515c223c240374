//! Deltas of one block that arrive together leave together, as one string.

use super::payload::{Plain, PlainDelta};
use crate::bindings::outcrop::provider::types::{Chunk, Deltas};

/// Consecutive plain deltas of one block.
pub(super) struct Joined {
    /// Bedrock's number of it.
    block: u32,
    kind: Plain,
    number: u32,
    text: String,
    lengths: Vec<u32>,
    /// Where the newest delta begins in `text`.
    newest: usize,
}

impl Joined {
    pub(super) fn new(delta: &PlainDelta<'_>, number: u32) -> Self {
        let mut text = String::new();
        delta.append_to(&mut text);
        Self { block: delta.block, kind: delta.kind, number, text, lengths: Vec::new(), newest: 0 }
    }

    pub(super) fn takes(&self, delta: &PlainDelta<'_>) -> bool {
        self.block == delta.block && self.kind == delta.kind
    }

    pub(super) fn push(&mut self, delta: &PlainDelta<'_>) {
        let begin = self.text.len();
        self.lengths.push(u32::try_from(begin - self.newest).unwrap_or(u32::MAX));
        self.newest = begin;
        delta.append_to(&mut self.text);
    }

    pub(super) fn into_chunk(self) -> Chunk {
        let deltas = Deltas { index: self.number, text: self.text, lengths: self.lengths };
        match self.kind {
            Plain::Text => Chunk::TextDelta(deltas),
            Plain::Reasoning => Chunk::ReasoningDelta(deltas),
            Plain::Arguments => Chunk::ToolArgumentsDelta(deltas),
        }
    }
}
