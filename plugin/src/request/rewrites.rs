//! The report of what was changed. Each change has the name of its rule and the place in the
//! request as the caller sent it.

use crate::bindings::outcrop::provider::types::Rewrite;

/// A text block without anything but white space was left out; Bedrock refuses it.
pub(crate) const EMPTY_TEXT: &str = "empty-text-dropped";
/// A message that had nothing (left) was left out.
pub(crate) const EMPTY_MESSAGE: &str = "empty-message-dropped";
/// A message was joined to the one before it, which had the same role.
pub(crate) const MERGED: &str = "messages-merged";
/// A tool result that had nothing (left) got a placeholder.
pub(crate) const EMPTY_OUTPUT: &str = "empty-output-filled";
/// A tool's JSON output that is no object was sent as text.
pub(crate) const JSON_AS_TEXT: &str = "json-output-as-text";
/// A tool result's `status` was left out, because the model does not take it.
pub(crate) const STATUS: &str = "tool-status-dropped";
/// A message with a document and no text got one.
pub(crate) const DOCUMENT_TEXT: &str = "document-text-added";
/// A document got a name that Bedrock takes.
pub(crate) const DOCUMENT_NAME: &str = "document-name-changed";
/// Reasoning that the model does not take back was left out.
pub(crate) const REASONING: &str = "reasoning-dropped";
/// Reasoning of another family's model was left out.
pub(crate) const FOREIGN_REASONING: &str = "foreign-reasoning-dropped";
/// A block of a kind that this version cannot send back was left out.
pub(crate) const UNKNOWN_BLOCK: &str = "unknown-block-dropped";
/// A cache point was left out, because the model does not take any.
pub(crate) const CACHE_POINT: &str = "cache-point-dropped";
/// A cache point's time was shortened to what the model keeps.
pub(crate) const CACHE_TTL: &str = "cache-ttl-shortened";
/// `tool-choice` `none` was carried out by leaving the tools out, or could not be carried out.
pub(crate) const CHOICE_NONE: &str = "tool-choice-none";
/// The answer's schema became a tool that stands for the answer.
pub(crate) const OUTPUT_TOOL: &str = "output-schema-as-tool";
/// A tool got a name that Bedrock takes; the answer's calls come back under the caller's.
pub(crate) const TOOL_NAME: &str = "tool-name-mapped";
/// A forced tool choice became `auto`.
pub(crate) const CHOICE: &str = "tool-choice-relaxed";
/// Temperature or top-p was left out.
pub(crate) const SAMPLING: &str = "sampling-dropped";
/// Stop sequences were left out.
pub(crate) const STOP_SEQUENCES: &str = "stop-sequences-dropped";
/// The effort was left out, because there is no way to tell the model.
pub(crate) const EFFORT: &str = "effort-dropped";
/// The nearest effort that the model knows was asked for.
pub(crate) const EFFORT_WORD: &str = "effort-adjusted";
/// The wish how reasoning is shown was left out, because there is no way to tell the model.
pub(crate) const DISPLAY: &str = "reasoning-display-dropped";
/// The most output tokens were raised by what thinking takes out of them.
pub(crate) const MAX_TOKENS: &str = "max-output-tokens-raised";

/// The changes made so far.
#[derive(Default)]
pub(crate) struct Rewrites(Vec<Rewrite>);

impl Rewrites {
    /// Notes a change.
    pub(crate) fn note(&mut self, rule: &str, at: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Rewrite { rule: rule.into(), at: at.into(), detail: detail.into() });
    }

    /// All of them, in order.
    pub(crate) fn into_inner(self) -> Vec<Rewrite> {
        self.0
    }
}

/// A JSON Pointer: `path` and a number below it.
pub(crate) fn below(path: &str, number: usize) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    out.push_str(path);
    out.push('/');
    out.push_str(&number.to_string());
    out
}
