//! Reasoning of earlier answers, sent back where the model wants it and can check it.

use super::Draft;
use super::rewrites;
use crate::bindings::outcrop::provider::types::{Message, Reasoning};
use crate::json;
use crate::models::{Known, Replay};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whether a block of reasoning goes back. One of another family's model never does: its proof is
/// worth nothing here, and as text it would teach the model to think aloud.
pub(super) fn is_sent(draft: &mut Draft<'_>, message: &Message, reasoning: &Reasoning, at: &str) -> bool {
    let writer = reasoning.model_id.as_deref().or(message.model_id.as_deref());
    if let Some(writer) = writer {
        let theirs = Known::by_id(writer).family.name;
        let ours = draft.known.family.name;
        if theirs != ours && theirs != "unknown" && ours != "unknown" {
            draft.rewrites.note(
                rewrites::FOREIGN_REASONING,
                at,
                ["a model of family ", theirs, " wrote it"].concat(),
            );
            return false;
        }
    }
    let redacted = reasoning.redacted.is_some();
    let proven = redacted || reasoning.signature.is_some();
    let (sent, why) = match draft.known.traits().replay {
        Replay::All => (proven || !reasoning.text.trim().is_empty(), "it is empty"),
        Replay::Proven => (proven, "it carries no signature"),
        Replay::Redacted => (redacted, "the model takes back redacted reasoning only"),
        Replay::Nothing => (false, "the model takes no reasoning back"),
    };
    if !sent {
        draft.rewrites.note(rewrites::REASONING, at, why);
    }
    sent
}

/// Writes a block of reasoning; one that has both text and redacted bytes becomes two.
pub(super) fn write(draft: &mut Draft<'_>, reasoning: &Reasoning) {
    let text_goes = draft.known.traits().replay != Replay::Redacted
        && (reasoning.signature.is_some() || !reasoning.text.is_empty());
    let body = &mut draft.body;
    if text_goes {
        body.separate();
        body.json("{\"reasoningContent\":{\"reasoningText\":{");
        body.string_member("text", &reasoning.text);
        if let Some(signature) = &reasoning.signature {
            body.string_member("signature", signature);
        }
        body.json("}}}");
    }
    if let Some(redacted) = &reasoning.redacted {
        body.separate();
        body.json("{\"reasoningContent\":{\"redactedContent\":");
        body.json(&json::quoted(&STANDARD.encode(redacted)));
        body.json("}}");
    }
}
