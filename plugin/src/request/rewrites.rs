//! The report of what was changed. Each change has the name of its rule and the place in the
//! request as the caller sent it.

use crate::bindings::outcrop::provider::types::Rewrite;

/// Declares the rules, so that each has one name and one line that says what it does.
macro_rules! rules {
    ($($constant:ident = $name:literal: $about:literal;)*) => {
        $(#[doc = $about] pub(crate) const $constant: &str = $name;)*

        /// Every rule: its name, and what it does.
        pub const RULES: &[(&str, &str)] = &[$(($name, $about)),*];
    };
}

rules! {
    SPELLING = "model-id-respelled": "The model was called by its id as Bedrock spells it.";
    PROFILE = "profile-used": "The model was called through an inference profile; it cannot be called by its own id.";
    EMPTY_TEXT = "empty-text-dropped": "A text of white space alone was left out; Bedrock refuses it.";
    EMPTY_MESSAGE = "empty-message-dropped": "A message of which nothing was left was left out.";
    MERGED = "messages-merged": "A message was joined to the one before it, which had the same role.";
    OPENED = "first-turn-added": "A user's turn was put before a conversation that began with the model's.";
    SEPARATED = "turns-separated": "What may not stand beside tool results was moved to a turn of its own.";
    PREFILL = "prefill-trimmed": "White space at the end of a turn that the model is to go on writing was cut off.";
    SYSTEM_TURN = "system-message-as-user": "An instruction in the middle of the conversation was sent as a user's text.";
    SYSTEM = "system-as-user": "The instructions were put before the first user's turn; the model takes none apart.";
    EMPTY_OUTPUT = "empty-output-filled": "A tool result that had nothing (left) got a placeholder.";
    JSON_AS_TEXT = "json-output-as-text": "A tool's JSON output that is no object was sent as text.";
    STATUS = "tool-status-dropped": "A tool result's status was left out; the model does not take it.";
    MISSING_RESULT = "missing-result-filled": "A call without a result got one that says so.";
    ORPHAN_RESULT = "orphan-result-as-text": "A result without its call in the turn before it was sent as text.";
    RESULTS_FIRST = "results-first": "Tool results were moved before what stood before them in their turn.";
    TOOLS_AS_TEXT = "tool-history-as-text": "Calls and results were sent as text; there are no tools that the model could be told of.";
    CALL_ID = "call-id-mapped": "A call and its result got an id that the model takes.";
    ARGUMENTS = "arguments-coerced": "Arguments that were no JSON object became one.";
    JSON_CLEANED = "json-cleaned": "Empty member names and halves of surrogate pairs were taken out of JSON.";
    MEDIA_MOVED = "media-moved": "Media were moved out of a tool result, behind the results.";
    MEDIA_OMITTED = "media-omitted": "Media that the model does not take were replaced by a note.";
    DOCUMENT_TEXT = "document-text-added": "A message with a document and no text got one.";
    DOCUMENT_NAME = "document-name-changed": "A document got a name that Bedrock takes.";
    REASONING = "reasoning-dropped": "Reasoning that the model does not take back was left out.";
    FOREIGN_REASONING = "foreign-reasoning-dropped": "Reasoning that another model wrote was left out.";
    UNKNOWN_BLOCK = "unknown-block-dropped": "A block that cannot be sent back was left out.";
    CITATIONS = "citations-dropped": "A text with citations was sent without them.";
    CACHE_POINT = "cache-point-dropped": "A cache point was left out.";
    CACHE_TTL = "cache-ttl-shortened": "A cache point's time was shortened to what the model or the points before it allow.";
    TOOLS = "tools-dropped": "The tools were left out; the model calls none.";
    TOOL_NAME = "tool-name-mapped": "A tool got a name that Bedrock takes; calls come back under its own.";
    SCHEMA = "schema-cleaned": "A tool's schema was rewritten in a form that the model takes.";
    STRICT = "strict-dropped": "A tool is not strict; the model does not have that.";
    CHOICE_NONE = "tool-choice-none": "That no tool is to be called was carried out by leaving the tools out, or could not be.";
    CHOICE = "tool-choice-relaxed": "A forced tool choice was left to the model.";
    OUTPUT_TOOL = "output-schema-as-tool": "The answer's schema became a tool that stands for the answer.";
    SAMPLING = "sampling-dropped": "Temperature or top-p was left out.";
    TEMPERATURE = "temperature-clamped": "The temperature was lowered to what Bedrock takes.";
    STOP_SEQUENCES = "stop-sequences-dropped": "Stop sequences were left out.";
    EFFORT = "effort-dropped": "The effort was left out.";
    EFFORT_WORD = "effort-adjusted": "The nearest effort that the model knows was asked for.";
    BETAS = "betas-dropped": "Claude's betas were left out; the model does not know them.";
    DISPLAY = "reasoning-display-dropped": "The wish how reasoning is shown was left out; there is no way to tell the model.";
    MAX_TOKENS = "max-output-tokens-changed": "The most output tokens were changed to what the model, its window and its thinking allow.";
    REPAIRED = "request-repaired": "Bedrock refused the request, and it was sent again without what was refused.";
}

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
