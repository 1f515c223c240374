//! What the host has to keep of what a plugin gives.
//!
//! Bytes that cross are bounded by the call, but JSON grows when it is read: a number of one digit becomes
//! a value of dozens of bytes. What is weighed here is what comes of it, about.

use super::contract::types::{Chunk, Extension, Model};

/// Of a chunk, a delta or a JSON value, beside its text.
const PIECE_BYTES: usize = 64;

/// JSON text, read.
pub(crate) fn of_json(text: &str) -> usize {
    // Each value but the first stands behind one of these; those in strings count as well.
    let values = text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    text.len() + (values + 1) * PIECE_BYTES
}

pub(crate) fn of_extensions(extensions: &[Extension]) -> usize {
    extensions.iter().map(|extension| extension.key.len() + of_json(&extension.value)).sum()
}

/// A model on offer.
pub(crate) fn of_model(model: &Model) -> usize {
    let words = [&model.id, &model.name, &model.vendor, &model.origin];
    PIECE_BYTES + words.map(String::len).iter().sum::<usize>() + of_extensions(&model.extensions)
}

/// A step of an answer.
pub(crate) fn of_chunk(chunk: &Chunk) -> usize {
    PIECE_BYTES
        + match chunk {
            Chunk::Started(id) => id.as_ref().map_or(0, String::len),
            Chunk::BlockStart((_, kind)) => kind.len(),
            // Twice, until the block has ended: as deltas and as the block.
            Chunk::TextDelta(deltas) | Chunk::ReasoningDelta(deltas) => {
                deltas.text.len() + deltas.lengths.len() * PIECE_BYTES
            }
            // Their text is read as JSON in the end.
            Chunk::ToolArgumentsDelta(deltas) => of_json(&deltas.text) + deltas.lengths.len() * PIECE_BYTES,
            Chunk::ToolCallStart((_, id, name)) => id.len() + name.len(),
            Chunk::BlockDelta(delta) => delta.kind.len() + of_json(&delta.value),
            Chunk::BlockEnd(end) => {
                end.signature.as_ref().map_or(0, String::len)
                    + end.redacted.as_ref().map_or(0, Vec::len)
                    + end.raw.as_deref().map_or(0, of_json)
            }
            Chunk::Usage(usage) => of_extensions(&usage.extensions),
            Chunk::Rewritten(rewrite) => rewrite.rule.len() + rewrite.at.len() + rewrite.detail.len(),
            Chunk::Other(extension) => extension.key.len() + of_json(&extension.value),
            Chunk::Finished(finish) => {
                finish.reason.len() + finish.raw.len() + of_extensions(&finish.extensions)
            }
        }
}
