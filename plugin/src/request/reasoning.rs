//! Reasoning of earlier answers, sent back where the model wants it and can check it.

use super::Draft;
use super::history::At;
use super::history::is_foreign;
use super::rewrites;
use crate::bindings::outcrop::provider::types::{Message, Reasoning};
use crate::json;
use crate::models::{Known, Replay};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What some hosts put where a signature would be, for models that sign nothing.
const NO_SIGNATURE: &[&str] = &["", "reasoning_content", "reasoning"];

/// The proof that a block carries.
fn signature(reasoning: &Reasoning) -> Option<&str> {
    reasoning.signature.as_deref().filter(|signature| !NO_SIGNATURE.contains(signature))
}

/// What the provider encrypted of it.
fn encrypted(reasoning: &Reasoning) -> Option<&[u8]> {
    reasoning.redacted.as_deref().filter(|bytes| !bytes.is_empty())
}

fn goes_as_text(replay: Replay, reasoning: &Reasoning) -> bool {
    match replay {
        Replay::Text => !reasoning.text.trim().is_empty(),
        Replay::Proven => signature(reasoning).is_some(),
        Replay::Redacted | Replay::Nothing => false,
    }
}

fn goes_encrypted(replay: Replay, reasoning: &Reasoning) -> bool {
    matches!(replay, Replay::Proven | Replay::Redacted) && encrypted(reasoning).is_some()
}

/// Whether a block of reasoning goes back. One of another family's model never does: its proof is
/// worth nothing here, and as text it would teach the model to think aloud. What is encrypted goes
/// back to the model that wrote it and to no other.
pub(super) fn is_sent(draft: &mut Draft<'_>, message: &Message, reasoning: &Reasoning, at: At) -> bool {
    if draft.strips_reasoning() {
        draft.rewrites.note(rewrites::REASONING, at, "the model refused this conversation's reasoning");
        return false;
    }
    let redacted = encrypted(reasoning).is_some();
    let known = &draft.target.known;
    let writer = reasoning.model_id.as_deref().or(message.model_id.as_deref()).map(Known::by_id);
    if let Some(writer) = writer
        && (is_foreign(known, &writer)
            || (writer.base != known.base && (redacted || draft.target.traits().own_reasoning)))
    {
        let detail = ["`", &writer.base, "` wrote it"].concat();
        draft.rewrites.note(rewrites::FOREIGN_REASONING, at, detail);
        return false;
    }
    let replay = draft.target.traits().replay;
    let sent = goes_as_text(replay, reasoning) || goes_encrypted(replay, reasoning);
    let why = match replay {
        Replay::Text => "the model takes no more than its text back, and it has none",
        Replay::Proven => "it carries no signature",
        Replay::Redacted => "the model takes back encrypted reasoning only",
        Replay::Nothing => "the model takes no reasoning back",
    };
    if !sent {
        draft.rewrites.note(rewrites::REASONING, at, why);
    }
    sent
}

/// Writes a block of reasoning; one that has both text and encrypted bytes becomes two. What is signed
/// goes back byte for byte.
pub(super) fn write(draft: &mut Draft<'_>, reasoning: &Reasoning) {
    let replay = draft.target.traits().replay;
    let body = &mut draft.body;
    if goes_as_text(replay, reasoning) {
        body.separate();
        body.json("{\"reasoningContent\":{\"reasoningText\":{");
        body.string_member("text", &reasoning.text);
        if let Some(signature) = signature(reasoning) {
            body.string_member("signature", signature);
        }
        body.json("}}}");
    }
    if let Some(bytes) = encrypted(reasoning).filter(|_| goes_encrypted(replay, reasoning)) {
        body.separate();
        body.json("{\"reasoningContent\":{\"redactedContent\":");
        body.json(&json::quoted(&STANDARD.encode(bytes)));
        body.json("}}");
    }
}
