//! How hard to think, as each family wants to be told. A dialect is a place in the model's own
//! request fields and the words that it knows.

/// Where the word goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the model does not reason, or nobody knows how to ask it to.
    Nowhere,
    /// `thinking{type:"adaptive"}` and `output_config{effort}`: the model decides how long.
    Adaptive,
    /// `thinking{type:"enabled",budget_tokens}`: a number of tokens out of the output.
    Budget,
    /// `reasoningConfig{type:"enabled",maxReasoningEffort}`.
    ReasoningConfig,
    /// `reasoning_effort`.
    ReasoningEffort,
    /// `reasoning_config`.
    FlatReasoningConfig,
    /// `reasoning{effort}`.
    Reasoning,
}

/// A place, and for each effort that a caller can ask for the word to send. An effort that is not
/// listed cannot be asked of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dialect {
    /// Where.
    pub place: Place,
    /// Which word for which effort.
    pub words: &'static [(&'static str, &'static str)],
    /// The word with which the model refuses a number of output tokens, temperature and top-p.
    pub unbounded: Option<&'static str>,
    /// What Claude's `thinking` is where the caller wants none; nothing is said where this is none.
    pub off: Option<&'static str>,
    /// Whether the model thinks unless it is told otherwise.
    pub by_default: bool,
    /// Whether the model thinks between tool calls where a beta asks for it.
    pub interleaves: bool,
}

impl Dialect {
    /// The word for an effort, where the model can be told of it.
    pub fn word(&self, effort: &str) -> Option<&'static str> {
        self.words.iter().find(|(asked, _)| *asked == effort).map(|(_, word)| *word)
    }
}

/// The efforts that a caller can ask for.
pub const EFFORTS: &[&str] = &["off", "minimal", "low", "medium", "high", "xhigh", "max"];

/// Thinking budgets in tokens, for the models that are told a number.
pub const BUDGETS: &[(&str, u32)] = &[
    ("minimal", 1_024),
    ("low", 2_048),
    ("medium", 8_192),
    ("high", 16_384),
    ("xhigh", 16_384),
    ("max", 16_384),
];

/// The least budget that Claude takes; with less room it does not think.
pub const LEAST_BUDGET: u32 = 1_024;

/// What lets Claude think between tool calls where it is told a budget; with adaptive thinking it does so
/// unasked. Models that do not know it refuse it on Bedrock (Anthropic's documentation of extended thinking).
pub const INTERLEAVED_BETA: &str = "interleaved-thinking-2025-05-14";

const THREE: &[(&str, &str)] = &[
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "high"),
    ("max", "high"),
];
const TO_XHIGH: &[(&str, &str)] = &[
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "xhigh"),
    ("max", "xhigh"),
];
const TO_MAX_WITHOUT_XHIGH: &[(&str, &str)] = &[
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "high"),
    ("max", "max"),
];
const TO_MAX: &[(&str, &str)] = &[
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "xhigh"),
    ("max", "max"),
];
const ALWAYS_TO_MAX: &[(&str, &str)] = &[
    ("off", "low"),
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("xhigh", "xhigh"),
    ("max", "max"),
];
const ON: &[(&str, &str)] = &[
    ("minimal", "high"),
    ("low", "high"),
    ("medium", "high"),
    ("high", "high"),
    ("xhigh", "high"),
    ("max", "high"),
];
const NONE_LOW_HIGH: &[(&str, &str)] = &[
    ("off", "none"),
    ("minimal", "low"),
    ("low", "low"),
    ("medium", "high"),
    ("high", "high"),
    ("xhigh", "high"),
    ("max", "high"),
];

const fn dialect(place: Place, words: &'static [(&'static str, &'static str)]) -> Dialect {
    Dialect { place, words, unbounded: None, off: None, by_default: false, interleaves: false }
}

/// No way to ask.
pub const SILENT: Dialect = dialect(Place::Nowhere, &[]);
/// Claude 4.6: adaptive, up to `max` but without `xhigh`.
pub const CLAUDE_4_6: Dialect = dialect(Place::Adaptive, TO_MAX_WITHOUT_XHIGH);
/// Claude from 4.7 on: adaptive, every effort.
pub const CLAUDE_ADAPTIVE: Dialect = dialect(Place::Adaptive, TO_MAX);
/// Claude that thinks unless it is told not to, and takes nothing else for an answer than an effort.
pub const CLAUDE_5: Dialect = Dialect { by_default: true, ..CLAUDE_ADAPTIVE };
/// Claude Opus and Sonnet 5, which can be told not to think.
pub const CLAUDE_5_DISABLED: Dialect = Dialect { off: Some("disabled"), ..CLAUDE_5 };
/// Claude Sonnet 5.5, whose least is a note between tool calls.
pub const CLAUDE_BETWEEN_TOOLS: Dialect = Dialect { off: Some("between_tools"), ..CLAUDE_5 };
/// Claude that always thinks: with no effort it is asked for the least.
pub const CLAUDE_ALWAYS: Dialect = Dialect { by_default: true, ..dialect(Place::Adaptive, ALWAYS_TO_MAX) };
/// Claude 3.7: a budget in tokens.
pub const CLAUDE_3_7: Dialect = dialect(Place::Budget, THREE);
/// Claude 4.0 to 4.5: a budget in tokens, and thoughts between tool calls.
pub const CLAUDE_BUDGET: Dialect = Dialect { interleaves: true, ..CLAUDE_3_7 };
/// Amazon Nova 2.
pub const NOVA_2: Dialect = Dialect { unbounded: Some("high"), ..dialect(Place::ReasoningConfig, THREE) };
/// gpt-oss.
pub const GPT_OSS: Dialect = dialect(Place::ReasoningEffort, THREE);
/// DeepSeek V3.2, which is on or off.
pub const DEEPSEEK: Dialect = dialect(Place::ReasoningEffort, ON);
/// Qwen3.
pub const QWEN: Dialect = dialect(Place::FlatReasoningConfig, NONE_LOW_HIGH);
/// GPT with efforts up to `xhigh`.
pub const GPT_TO_XHIGH: Dialect = dialect(Place::Reasoning, TO_XHIGH);
/// GPT with efforts up to `max`.
pub const GPT: Dialect = dialect(Place::Reasoning, TO_MAX);
/// Grok.
pub const GROK: Dialect = dialect(Place::Reasoning, THREE);
