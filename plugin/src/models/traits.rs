//! How a model behaves, as far as requests must follow it: the columns of the table beside limits
//! and prices.

use super::dialects::Dialect;
use super::table::Can;

/// How a model takes temperature and top-p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Both.
    Taken,
    /// Either, not both.
    One,
    /// Neither.
    Rejected,
}

/// Which tool choices a model follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choices {
    /// Auto, any and a named tool.
    All,
    /// Auto and any.
    Any,
    /// Auto alone.
    Auto,
}

/// What a model does with cache points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Nothing is known: the caller's points are passed on.
    Unknown,
    /// Refuses them; some of these models cache by themselves.
    Rejected,
    /// Keeps for five minutes.
    Short,
    /// Keeps for five minutes or an hour.
    Long,
}

/// Where and from what size on a model caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRules {
    /// For how long.
    pub keeps: Caching,
    /// Whether a point may stand behind the tools.
    pub in_tools: bool,
    /// Tokens before a point, at least; with fewer nothing is cached, and nothing fails.
    pub least: u32,
}

/// Which earlier reasoning a model takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// What carries its proof: signed or redacted.
    Proven,
    /// Redacted alone.
    Redacted,
    /// Text, signed or not, and nothing encrypted.
    Text,
    /// None.
    Nothing,
}

/// The form of a tool call's id that a model takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallIds {
    /// The service's own: letters, digits and `_-.:`, 64 at most.
    Service,
    /// Letters, digits and `_-`, 64 at most.
    Plain,
    /// Nine letters and digits.
    Nine,
}

/// What a model takes in tool results and beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results {
    /// Whether it takes `status`.
    pub status: bool,
    /// Media that may stand in a result; others are moved behind the results.
    pub inside: Can,
    /// What may stand in a turn with results: [`super::table::TEXT`] and media. What may not is moved
    /// to a turn of its own.
    pub beside: Can,
}

/// JSON Schema as a model reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schemas {
    /// Whether it follows `$ref`.
    pub refs: bool,
    /// Whether its patterns may look ahead and behind.
    pub lookaround: bool,
    /// Whether a tool may be strict.
    pub strict: bool,
}

/// How a model behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// Whether it answers Converse; some models answer Bedrock's OpenAI endpoints alone.
    pub converse: bool,
    /// How it is told how hard to think.
    pub dialect: Dialect,
    /// Temperature and top-p.
    pub sampling: Sampling,
    /// Whether it takes stop sequences.
    pub stop_sequences: bool,
    /// The least output tokens that it can be asked for.
    pub least_output: u32,
    /// Whether it takes instructions apart from the conversation.
    pub system: bool,
    /// Whether a conversation may begin with the model's turn.
    pub opens: bool,
    /// Whether a conversation may end with the model's turn, which it then goes on writing.
    pub prefill: bool,
    /// Whether it takes `anthropic_beta` among its own fields.
    pub betas: bool,
    /// Media that it is known to refuse, whatever its listing says.
    pub refuses: Can,
    /// Whether it takes back text with citations.
    pub citations: bool,
    /// Tool choices.
    pub choices: Choices,
    /// Whether it takes `tool_choice: none` among its own fields; Converse has no such choice.
    pub none_choice: bool,
    /// Whether thinking excludes a forced tool, temperature and top-p.
    pub strict_thinking: bool,
    /// Tool results.
    pub results: Results,
    /// Tool call ids.
    pub call_ids: CallIds,
    /// Schemas.
    pub schemas: Schemas,
    /// Cache points.
    pub cache: CacheRules,
    /// Earlier reasoning.
    pub replay: Replay,
    /// Whether signed reasoning goes back to the very model that wrote it alone, and not to its family.
    pub own_reasoning: bool,
    /// JSON Pointers into its own answer that are worth asking for.
    pub response_paths: &'static [&'static str],
}
