//! A family of models: what a request to its members may hold.

/// A set of kinds of media.
pub(super) type Media = u8;
pub(super) const IMAGE: Media = 1;
pub(super) const DOCUMENT: Media = 1 << 1;
pub(super) const VIDEO: Media = 1 << 2;
pub(super) const AUDIO: Media = 1 << 3;
/// Whatever there is: nothing is known of it.
pub(super) const ANY_MEDIA: Media = IMAGE | DOCUMENT | VIDEO | AUDIO;

/// A set of tool choices.
pub(super) type Choices = u8;
pub(super) const AUTO: Choices = 1;
pub(super) const MUST: Choices = 1 << 1;
pub(super) const NAMED: Choices = 1 << 2;
pub(super) const ALL_CHOICES: Choices = AUTO | MUST | NAMED;

/// What may share a turn with tool results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    All,
    /// Text and images, not documents or videos.
    TextAndImages,
    Nothing,
}

/// Whether tools are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tools {
    Never,
    /// By Converse, not by ConverseStream.
    Unary,
    Streamed,
}

/// Which earlier reasoning is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// Nothing is known.
    Unknown,
    /// Text that is signed, and encrypted reasoning.
    Signed,
    /// Text that need not be signed.
    Text,
    /// Encrypted reasoning alone.
    Redacted,
    Nothing,
}

/// How temperature and top-p are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    Both,
    One,
    /// `... is deprecated for this model`.
    Deprecated,
    /// `This model doesn't support the ... field`.
    Unsupported,
}

/// Where cache points are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caching {
    Unknown,
    Refused,
    /// In the system prompt and messages, not among the tools, for five minutes.
    NotInTools,
    /// Everywhere, for five minutes.
    Short,
    /// Everywhere, for five minutes or an hour.
    Long,
}

/// The field by which a family is told how hard to reason, and the words that it takes there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effort {
    /// Nothing is known: any field is left to the model.
    Unknown,
    /// It has none.
    None,
    /// `thinking{type: "enabled", budget_tokens}`.
    Budget,
    /// `thinking{type: "adaptive"}` with `output_config{effort}`; `budget` where the older form is taken too.
    Adaptive { words: &'static [&'static str], budget: bool },
    /// `reasoningConfig{type, maxReasoningEffort}`.
    ReasoningConfig(&'static [&'static str]),
    /// A field that holds the word itself, or an object with the word as `effort`.
    Word { field: &'static str, inside: Option<&'static str>, words: &'static [&'static str] },
}

/// A family and what it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    /// How the base ids of its members begin.
    pub(super) begins: &'static [&'static str],
    /// Where what follows is known from.
    pub(super) source: &'static str,
    /// Whether a conversation may begin with the assistant.
    pub(super) leading_assistant: bool,
    /// Whether two turns of the same role may follow each other.
    pub(super) repeated_roles: bool,
    /// Whether it continues an assistant's turn that the request ends with.
    pub(super) prefill: bool,
    /// Whether it takes a system prompt.
    pub(super) system: bool,
    pub(super) tools: Tools,
    pub(super) choices: Choices,
    pub(super) beside_results: Beside,
    /// What a tool result may hold beside text and JSON.
    pub(super) in_results: Media,
    /// Whether a tool result may tell its status.
    pub(super) status: bool,
    /// Whether tool ids are nine letters or digits.
    pub(super) nine_letter_ids: bool,
    /// What a user's turn may hold beside text.
    pub(super) media: Media,
    /// Whether media may be named by their place in S3.
    pub(super) storage: bool,
    pub(super) replay: Replay,
    pub(super) effort: Effort,
    pub(super) sampling: Sampling,
    pub(super) stop_sequences: bool,
    /// The least `maxTokens`.
    pub(super) least_tokens: u64,
    pub(super) caching: Caching,
    /// Whether regular expressions in schemas may look around.
    pub(super) lookaround: bool,
    /// Whether it takes `outputConfig.textFormat` for every member; of the others the row tells.
    pub(super) structured: bool,
    /// The model's own request fields that are taken; any where nothing is known.
    pub(super) own_fields: Option<&'static [&'static str]>,
}

/// A family of which nothing is known.
pub(super) static UNKNOWN: Family = Family {
    name: "unknown",
    begins: &[],
    source: "nothing is known",
    leading_assistant: true,
    repeated_roles: false,
    prefill: true,
    system: true,
    tools: Tools::Streamed,
    choices: ALL_CHOICES,
    beside_results: Beside::All,
    in_results: ANY_MEDIA,
    status: true,
    nine_letter_ids: false,
    media: ANY_MEDIA,
    storage: true,
    replay: Replay::Unknown,
    effort: Effort::Unknown,
    sampling: Sampling::Both,
    stop_sequences: true,
    least_tokens: 1,
    caching: Caching::Unknown,
    lookaround: true,
    structured: true,
    own_fields: None,
};
