//! The refusals that something can be done about, by what Bedrock and the models behind it say.
//!
//! Wordings are those that clients of Bedrock report in public threads, as of November 2026. They
//! are compared in lower case, with straight apostrophes.

use super::Repair;
use super::changes::Change;
use crate::learned::{Earlier, Lack};

/// A refusal and its repair.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What it is about: one of these stands in the message.
    names: &'static [&'static str],
    /// What is wrong with that: one of these stands in the message; none where the name says it.
    says: &'static [&'static str],
    pub(super) repair: Repair,
    /// Where in the request it lies.
    pub(super) at: &'static str,
    /// For the caller: what was refused.
    pub(super) what: &'static str,
    /// And how it was sent again.
    pub(super) how: &'static str,
}

/// How a member or a block is said not to be taken.
const REFUSED: &[&str] = &[
    "support",
    "deprecated",
    "not permitted",
    "not allowed",
    "may only be set",
    "may not be",
    "must not be",
    "cannot be",
    "can't be",
    "unrecognized",
    "unknown",
    "unexpected",
];
/// How a word is said not to be one of a list.
const NOT_A_WORD: &[&str] = &["input should be", "must be one of", "invalid value", "is not one of"];
/// Where the name says it all.
const SAID: &[&str] = &[];

const fn refusal(
    names: &'static [&'static str],
    says: &'static [&'static str],
    repair: Repair,
    at: &'static str,
    what: &'static str,
    how: &'static str,
) -> Refusal {
    Refusal { names, says, repair, at, what, how }
}

const fn without(lack: Lack) -> Repair {
    Repair::Without(lack)
}

const fn changed(change: Change) -> Repair {
    Repair::Changed(change)
}

/// In the order in which they are tried.
#[rustfmt::skip]
static REFUSALS: &[Refusal] = &[
    // Earlier reasoning.
    refusal(&["bound to a different conversation"], SAID, Repair::Reasoning(Earlier::Dropped), "/messages", "earlier reasoning belongs to another conversation", "with the wish that the service drops it"),
    refusal(&["bound to a different conversation", "signature: field required"], SAID, Repair::Reasoning(Earlier::Stripped), "/messages", "earlier reasoning was refused", "without it"),
    refusal(&["signature"], &["invalid", "verif"], Repair::Reasoning(Earlier::Stripped), "/messages", "the signature of earlier reasoning was refused", "without that reasoning"),
    refusal(&["thinking` blocks in the latest", "thinking blocks in the latest"], SAID, Repair::Reasoning(Earlier::Stripped), "/messages", "earlier reasoning was refused", "without it"),
    refusal(&["cannot contain reasoning content"], SAID, without(Lack::Reasoning), "/messages", "the model takes no reasoning back", "without it"),
    refusal(&["reasoningcontent", "reasoning content", "reasoning block"], REFUSED, without(Lack::Reasoning), "/messages", "the model takes no reasoning back", "without it"),
    refusal(&["expected `thinking`", "must start with a thinking block"], SAID, changed(Change::NoEffort), "/effort", "the conversation has turns without reasoning", "without thinking"),
    // Caching.
    refusal(&["extended ttl", "extraneous key [ttl]", "cache_control.ttl", "ttl='1h'"], SAID, without(Lack::CacheTtl), "/messages", "the model cannot be told how long to cache", "without cache lifetimes"),
    refusal(&["did not allow prompt caching", "cachepoint", "cache_control", "prompt caching"], SAID, without(Lack::CachePoints), "/messages", "the model takes no cache points", "without them"),
    // Tools.
    refusal(&["tool use in streaming"], SAID, without(Lack::StreamedTools), "/tools", "the model calls no tools in a streamed answer", "to be answered as a whole"),
    refusal(&["toolchoice", "tool_choice", "tool choice"], REFUSED, without(Lack::ForcedChoice), "/tool-choice", "the model cannot be made to call a tool", "with the choice left to it"),
    refusal(&["strict"], REFUSED, without(Lack::Strict), "/tools", "the model has no strict tools", "without that"),
    refusal(&["toolresult.status", "status field", "[status]"], REFUSED, without(Lack::ToolStatus), "/messages", "the model takes no status of tool results", "without it"),
    refusal(&["tool result blocks cannot be provided in the same turn"], SAID, without(Lack::MixedResults), "/messages", "the model takes nothing beside tool results", "with a turn of its own for them"),
    refusal(&["image in tool", "images in tool", "tool result content", "tool messages"], REFUSED, without(Lack::MediaInResults), "/messages", "the model takes no media in tool results", "with them behind the results"),
    refusal(&["toolconfig field must be defined", "number of toolresult blocks", "tool_result", "tool_use_id", "toolresult blocks", "tool result blocks"], SAID, changed(Change::ToolsAsText), "/messages", "the calls and results in the conversation were refused", "with them as text"),
    // What is asked of the answer.
    refusal(&["temperature and top_p", "temperature` and `top_p", "temperature and topp"], SAID, without(Lack::BothSamplings), "/top-p", "the model takes temperature or top-p, not both", "without top-p"),
    refusal(&["temperature", "top_p", "topp", "top_k"], REFUSED, without(Lack::Sampling), "/temperature", "the model takes no sampling parameters", "without them"),
    refusal(&["stopsequences", "stop_sequences", "stop sequences"], REFUSED, without(Lack::StopSequences), "/stop-sequences", "the model takes no stop sequences", "without them"),
    refusal(&["effort"], NOT_A_WORD, changed(Change::HighEffort), "/effort", "the model does not know this effort", "with effort `high`"),
    refusal(&["effort", "thinking", "reasoning_config", "reasoningconfig", "\"reasoning\"", "[reasoning]"], REFUSED, without(Lack::Effort), "/effort", "the model cannot be told how hard to think in this way", "without the effort"),
    refusal(&["effort", "thinking"], NOT_A_WORD, without(Lack::Effort), "/effort", "the model cannot be told how hard to think in this way", "without the effort"),
    refusal(&["outputconfig", "output_config", "textformat", "structured output", "output_format", "json_schema", "response_format"], REFUSED, without(Lack::Schema), "/output-schema", "the model takes no output schema", "with a tool that stands for the answer"),
    refusal(&["schema is too complex"], SAID, without(Lack::Schema), "/output-schema", "the output schema is too complex for the model", "with a tool that stands for the answer"),
    refusal(&["maximum tokens you requested", "max_tokens", "maxtokens", "maximum number of output tokens"], SAID, changed(Change::FewerTokens), "/max-output-tokens", "the model does not give as many output tokens", "with as many as it gives"),
    refusal(&["performanceconfig", "latency"], REFUSED, changed(Change::StandardLatency), "/extensions", "the latency was refused", "with the standard one"),
    refusal(&["servicetier", "service tier", "model identifier is invalid"], SAID, changed(Change::DefaultTier), "/extensions", "the service tier was refused", "with the default one"),
    refusal(&["citation"], REFUSED, changed(Change::NoCitations), "/messages", "the model cites no documents", "without asking for citations"),
    // The conversation.
    refusal(&["system message", "system prompt", "system role", "systemprompt"], REFUSED, without(Lack::System), "/system", "the model takes no instructions apart", "with them before the first user's turn"),
    refusal(&["image content", "images", "image input", "image block", "vision", "image modality"], REFUSED, without(Lack::Images), "/messages", "the model takes no images", "with notes in their place"),
    refusal(&["document content", "documents", "document input", "document block", "the document field"], REFUSED, without(Lack::Documents), "/messages", "the model takes no documents", "with notes in their place"),
    refusal(&["video content", "videos", "video input", "video block"], REFUSED, without(Lack::Videos), "/messages", "the model takes no videos", "with notes in their place"),
    refusal(&["start with a user message", "begin with a user", "starts with a user"], SAID, without(Lack::Opening), "/messages", "the model wants the user to begin", "with a user's turn before the first"),
    refusal(&["assistant message prefill", "end with a user message", "ends with a user message"], SAID, changed(Change::AskToGoOn), "/messages", "the model does not go on writing its own message", "with a user's turn that asks it to"),
    refusal(&["text content blocks must", "is blank", "non-whitespace", "must be non-empty", "text field is empty"], SAID, changed(Change::NoBlankText), "/messages", "a text without anything to read was refused", "without it"),
    // The model's id. A guessed profile that does not exist is followed by the next guess.
    refusal(&["on-demand throughput isn't supported", "on-demand throughput is not supported"], SAID, Repair::Profile, "/model-id", "the model is not served on demand", "through its profile"),
    refusal(&["model identifier is invalid"], SAID, Repair::NextProfile, "/model-id", "there is no such profile", "through another one"),
];

/// The refusals that a message, made comparable, can mean; the likeliest first.
pub(super) fn of(said: &str) -> impl Iterator<Item = &'static Refusal> {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    REFUSALS
        .iter()
        .filter(move |refusal| has(refusal.names) && (refusal.says.is_empty() || has(refusal.says)))
}
