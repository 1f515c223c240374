//! Families of models, by how their base ids begin, and the traits that their members share unless
//! the table says otherwise. Where the facts come from stands in [`Family::notes`].

use super::dialects::{self, Dialect};
use super::table::{AUDIO, Can, DOCUMENTS, IMAGES, NOTHING, REASONS, STREAMS_TOOLS, TEXT, TOOLS, VIDEO};
use super::traits::{CacheRules, Caching, CallIds, Choices, Replay, Results, Sampling, Schemas, Traits};

/// Models of one descent.
#[derive(Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// How the base ids of its members begin.
    pub begins: &'static [&'static str],
    /// What its members can do.
    pub can: Can,
    /// Its members' traits.
    pub traits: Traits,
    /// What is known of it and from where.
    pub notes: &'static str,
}

const MEDIA: Can = IMAGES | DOCUMENTS | VIDEO | AUDIO;

/// No cache points.
const NO_CACHE: CacheRules = CacheRules { keeps: Caching::Rejected, in_tools: false, least: 0 };

/// Tool results that may hold `inside` and stand beside `beside`.
const fn results(inside: Can, beside: Can) -> Results {
    Results { status: true, inside, beside }
}

/// Traits that leave a request as it is, for models of which nothing is known.
const PLAIN: Traits = Traits {
    converse: true,
    dialect: dialects::SILENT,
    sampling: Sampling::Taken,
    stop_sequences: true,
    least_output: 1,
    system: true,
    opens: true,
    prefill: true,
    betas: true,
    refuses: NOTHING,
    citations: true,
    choices: Choices::All,
    none_choice: false,
    strict_thinking: false,
    results: results(MEDIA, TEXT | MEDIA),
    call_ids: CallIds::Service,
    schemas: Schemas { refs: true, lookaround: true, strict: true },
    cache: CacheRules { keeps: Caching::Unknown, in_tools: true, least: 0 },
    replay: Replay::Proven,
    own_reasoning: false,
    response_paths: &[],
};

/// Models that are no Claude, Nova or unknown: the careful reading of what is not documented.
const CAREFUL: Traits = Traits {
    opens: false,
    betas: false,
    refuses: VIDEO | AUDIO,
    citations: false,
    results: results(NOTHING, TEXT | MEDIA),
    schemas: Schemas { refs: false, lookaround: true, strict: false },
    cache: NO_CACHE,
    replay: Replay::Nothing,
    ..PLAIN
};

const fn thinking(dialect: Dialect, traits: Traits) -> Traits {
    Traits { dialect, ..traits }
}

const fn keeping(keeps: Caching, least: u32) -> CacheRules {
    CacheRules { keeps, in_tools: true, least }
}

/// Claude 4.0 and 4.1.
pub const CLAUDE: Traits = Traits {
    dialect: dialects::CLAUDE_BUDGET,
    refuses: VIDEO | AUDIO,
    none_choice: true,
    strict_thinking: true,
    results: results(IMAGES | DOCUMENTS, TEXT | IMAGES),
    call_ids: CallIds::Plain,
    schemas: Schemas { refs: true, lookaround: true, strict: false },
    cache: keeping(Caching::Short, 1_024),
    ..PLAIN
};
/// Claude 3.7.
pub const CLAUDE_3_7: Traits = thinking(dialects::CLAUDE_3_7, CLAUDE);
/// Claude that does not think and does not cache.
pub const CLAUDE_3: Traits =
    Traits { dialect: dialects::SILENT, cache: NO_CACHE, replay: Replay::Nothing, ..CLAUDE };
/// Claude 3.5 Haiku, which caches.
pub const CLAUDE_3_5_HAIKU: Traits = Traits { cache: keeping(Caching::Short, 2_048), ..CLAUDE_3 };
/// Claude before its third generation, which calls no tools.
pub const CLAUDE_2: Traits = Traits { refuses: MEDIA, ..CLAUDE_3 };
/// Claude Sonnet 4.5: one of temperature and top-p, one-hour caching, strict tools.
pub const CLAUDE_4_5: Traits = Traits {
    sampling: Sampling::One,
    schemas: Schemas { refs: true, lookaround: true, strict: true },
    cache: keeping(Caching::Long, 1_024),
    ..CLAUDE
};
/// Claude Haiku and Opus 4.5, which cache longer prefixes only.
pub const CLAUDE_4_5_LARGE_CACHE: Traits = Traits { cache: keeping(Caching::Long, 4_096), ..CLAUDE_4_5 };
/// Claude 4.6, which answers no conversation that ends with its own turn.
pub const CLAUDE_4_6: Traits = Traits { dialect: dialects::CLAUDE_4_6, prefill: false, ..CLAUDE_4_5 };
/// Claude 4.7, 4.8 and what follows.
pub const CLAUDE_4_7: Traits = Traits {
    dialect: dialects::CLAUDE_ADAPTIVE,
    sampling: Sampling::Rejected,
    prefill: false,
    cache: keeping(Caching::Long, 1_024),
    ..CLAUDE
};
/// Claude Haiku 5.5, and what all of Claude 5 has: it says why it refused.
pub const CLAUDE_HAIKU_5_5: Traits =
    Traits { dialect: dialects::CLAUDE_5, response_paths: &["/stop_details"], ..CLAUDE_4_7 };
/// Claude Opus 5 and Sonnet 5.
pub const CLAUDE_5: Traits = thinking(dialects::CLAUDE_5_DISABLED, CLAUDE_HAIKU_5_5);
/// Claude Fable and Mythos 5, which always think.
pub const CLAUDE_5_ALWAYS: Traits = thinking(dialects::CLAUDE_ALWAYS, CLAUDE_5);
/// Claude Opus 5.5 and Fable 5.1, which always think, cannot be made to call a tool, and take back no
/// other model's reasoning.
pub const CLAUDE_5_5: Traits = Traits { choices: Choices::Auto, own_reasoning: true, ..CLAUDE_5_ALWAYS };
/// Claude Sonnet 5.5, which can think between tool calls alone.
pub const CLAUDE_SONNET_5_5: Traits = thinking(dialects::CLAUDE_BETWEEN_TOOLS, CLAUDE_5_5);
/// Amazon Nova 1.
pub const NOVA: Traits = Traits {
    opens: false,
    betas: false,
    refuses: AUDIO,
    results: results(IMAGES, TEXT | MEDIA),
    call_ids: CallIds::Plain,
    schemas: Schemas { refs: false, lookaround: true, strict: false },
    cache: CacheRules { keeps: Caching::Short, in_tools: false, least: 1_000 },
    replay: Replay::Nothing,
    ..PLAIN
};
/// Amazon Nova Micro, which reads text alone.
pub const NOVA_MICRO: Traits = Traits { refuses: MEDIA, ..NOVA };
/// Amazon Nova 2.
pub const NOVA_2: Traits = Traits { dialect: dialects::NOVA_2, replay: Replay::Text, ..NOVA };
/// Amazon Titan Text: no instructions, no tools.
pub const TITAN: Traits = Traits { system: false, refuses: IMAGES | VIDEO | AUDIO, ..CAREFUL };
/// Meta Llama.
pub const LLAMA: Traits =
    Traits { choices: Choices::Auto, results: results(IMAGES | DOCUMENTS, NOTHING), ..CAREFUL };
/// Mistral.
pub const MISTRAL: Traits = Traits {
    choices: Choices::Any,
    results: results(DOCUMENTS, NOTHING),
    call_ids: CallIds::Nine,
    refuses: VIDEO,
    ..CAREFUL
};
/// Pixtral, which takes the service's ids and no choice.
pub const PIXTRAL: Traits = Traits { choices: Choices::Auto, call_ids: CallIds::Service, ..MISTRAL };
/// Mistral 7B and Mixtral: no instructions, no tools.
pub const MISTRAL_SMALL: Traits = Traits { system: false, ..MISTRAL };
/// DeepSeek V3.
pub const DEEPSEEK: Traits = CAREFUL;
/// DeepSeek V3.2.
pub const DEEPSEEK_3_2: Traits = thinking(dialects::DEEPSEEK, DEEPSEEK);
/// DeepSeek R1.
pub const DEEPSEEK_R1: Traits = Traits { choices: Choices::Auto, ..DEEPSEEK };
/// Qwen3.
pub const QWEN: Traits = Traits { dialect: dialects::QWEN, opens: true, ..CAREFUL };
/// Qwen3 that does not think.
pub const QWEN_UNTHINKING: Traits = thinking(dialects::SILENT, QWEN);
/// GPT-5 and later.
pub const GPT: Traits = Traits {
    dialect: dialects::GPT,
    sampling: Sampling::Rejected,
    stop_sequences: false,
    least_output: 16,
    replay: Replay::Redacted,
    ..CAREFUL
};
/// GPT-5.4 and 5.5, which answer the Responses endpoint alone.
pub const GPT_5_5: Traits = Traits { converse: false, ..thinking(dialects::GPT_TO_XHIGH, GPT) };
/// gpt-oss.
pub const GPT_OSS: Traits = Traits { dialect: dialects::GPT_OSS, replay: Replay::Text, ..CAREFUL };
/// gpt-oss-safeguard.
pub const GPT_OSS_SAFEGUARD: Traits = thinking(dialects::SILENT, GPT_OSS);
/// Grok.
pub const GROK: Traits = Traits {
    dialect: dialects::GROK,
    replay: Replay::Redacted,
    sampling: Sampling::Rejected,
    stop_sequences: false,
    least_output: 16,
    schemas: Schemas { refs: false, lookaround: false, strict: false },
    ..CAREFUL
};
/// Kimi K2.
pub const KIMI: Traits = Traits { opens: true, replay: Replay::Text, ..CAREFUL };
/// Kimi K3.
pub const KIMI_3: Traits =
    Traits { least_output: 16, schemas: Schemas { refs: false, lookaround: false, strict: false }, ..KIMI };
/// Writer Palmyra.
pub const PALMYRA: Traits = Traits {
    choices: Choices::Auto,
    results: Results { status: false, inside: NOTHING, beside: NOTHING },
    ..CAREFUL
};
/// Palmyra Vision.
pub const PALMYRA_VISION: Traits = Traits { refuses: DOCUMENTS | VIDEO | AUDIO, ..PALMYRA };
/// Cohere Command and AI21 Jamba, which cannot be made to call a tool.
pub const UNFORCED: Traits = Traits { choices: Choices::Auto, ..CAREFUL };
/// GLM, MiniMax, Nemotron, Gemma: nothing special is known.
pub const OTHERS: Traits = CAREFUL;

/// Calls tools, streamed or not.
const AGENT: Can = TOOLS | STREAMS_TOOLS;

const fn family(
    name: &'static str,
    begins: &'static [&'static str],
    can: Can,
    traits: Traits,
    notes: &'static str,
) -> Family {
    Family { name, begins, can, traits, notes }
}

/// The family of what no other takes.
pub static UNKNOWN: Family = family(
    "unknown",
    &[],
    NOTHING,
    PLAIN,
    "Nothing is known, so the request is left as it is wherever that can be right.",
);

/// Every family. Of two that fit, the one with the longer beginning holds. The traits are those of
/// the family's newest members, since it is those that the table does not list yet.
pub static FAMILIES: &[Family] = &[
    family(
        "claude",
        &["anthropic.claude", "anthropic.claude-3-7"],
        AGENT | IMAGES | DOCUMENTS | REASONS,
        CLAUDE_4_7,
        "Sampling is refused from 4.7 on and the two together from 4.5 on; no prefill from 4.6 on; forced tools \
         are refused by Sonnet 5.5, Opus 5.5 and Fable 5.1 and by all while they think. Opus 5 and Sonnet 5 think \
         unless told not to, Sonnet 5.5 can be told to think between tool calls alone, Opus 5.5, Fable and Mythos \
         always think; Opus 5.5 and Fable 5.1 take back no other model's reasoning. Documents and videos are \
         refused beside tool results (accepted and refused requests of Sonnet 4.5, recorded). Sources: recorded \
         requests; AWS user guide; Anthropic's migration guides; peers' tested profiles; 2026-11.",
    ),
    family(
        "claude-3",
        &["anthropic.claude-3"],
        IMAGES | DOCUMENTS | AGENT,
        CLAUDE_3,
        "As Claude, without thinking and without caching.",
    ),
    family(
        "claude-2",
        &["anthropic.claude-v2", "anthropic.claude-instant"],
        NOTHING,
        CLAUDE_2,
        "Text alone, no tools. Source: AWS user guide.",
    ),
    family(
        "nova",
        &["amazon.nova"],
        AGENT | IMAGES | DOCUMENTS | VIDEO,
        NOVA,
        "Must begin with the user; cache points not behind tools; images may stand in tool results, documents \
         beside them (recorded requests of Nova Pro and 2 Lite). Source: recorded requests; AWS user guide; 2026-11.",
    ),
    family(
        "nova-2",
        &["amazon.nova-2"],
        AGENT | IMAGES | DOCUMENTS | VIDEO | REASONS,
        NOVA_2,
        "As Nova, with reasoning: with `maxReasoningEffort` `high` it refuses maxTokens, temperature and topP \
         (inspect_ai 3767, 2026-04).",
    ),
    family(
        "titan",
        &["amazon.titan"],
        DOCUMENTS,
        TITAN,
        "No system prompt and no tools, so instructions open the first user's turn. Source: AWS user guide.",
    ),
    family(
        "llama",
        &["meta.llama"],
        TOOLS | IMAGES | DOCUMENTS,
        LLAMA,
        "Tool results stand alone in their turn and may hold images and documents (recorded request of Llama 4 \
         Maverick); no tools in streamed answers; no tool choice; the text models of Llama 3 see no images. Source: peers' tested profiles; 2026-11.",
    ),
    family(
        "mistral",
        &["mistral."],
        AGENT | IMAGES,
        MISTRAL,
        "Tool results stand alone in their turn and may hold documents, not images (recorded requests of Pixtral \
         Large); call ids of nine letters and digits; 7B and Mixtral take no instructions and no tools. Source: peers' tested profiles; 2026-11.",
    ),
    family(
        "deepseek",
        &["deepseek."],
        AGENT | REASONS,
        DEEPSEEK,
        "R1 calls no tools; V3.2 thinks when told `high`; no reasoning goes back. Source: peers' tested profiles; 2026-11.",
    ),
    family(
        "qwen",
        &["qwen."],
        AGENT,
        QWEN_UNTHINKING,
        "`reasoning_config` `none`, `low`, `high` (recorded request of Qwen3 32B); media not in tool results.",
    ),
    family(
        "gpt",
        &["openai.gpt"],
        AGENT | IMAGES | REASONS,
        GPT,
        "Sampling and stop sequences are refused, at least 16 output tokens, redacted reasoning alone goes back, \
         images not in tool results; 5.4 and 5.5 answer the Responses endpoint alone. Source: price lists and peers, checked live by them 2026-10-09.",
    ),
    family(
        "gpt-oss",
        &["openai.gpt-oss"],
        AGENT | REASONS,
        GPT_OSS,
        "`reasoning_effort`; takes unsigned reasoning back. Source: peers' tested profiles; 2026-11.",
    ),
    family(
        "grok",
        &["xai.grok"],
        AGENT | IMAGES | REASONS,
        GROK,
        "Always thinks; sampling, stop sequences and lookaround in patterns are refused; at least 16 output tokens. \
         Source: price lists and peers, checked live by them 2026-10-09.",
    ),
    family(
        "kimi",
        &["moonshot.", "moonshotai."],
        AGENT | REASONS,
        KIMI,
        "Media not in tool results; takes unsigned reasoning back; K3 refuses cache points and lookaround in \
         patterns. Source: peers' tested profiles; 2026-11.",
    ),
    family(
        "palmyra",
        &["writer."],
        AGENT,
        PALMYRA,
        "Tool results stand alone in their turn and take no status (recorded request of Palmyra X4); no tool choice.",
    ),
    family(
        "command",
        &["cohere.command"],
        AGENT | DOCUMENTS,
        UNFORCED,
        "`any` is refused as tool choice (strands-agents/harness-sdk 2075).",
    ),
    family(
        "jamba",
        &["ai21."],
        TOOLS | DOCUMENTS,
        UNFORCED,
        "No tools in streamed answers. Source: peers' registries; 2026-11.",
    ),
    family("glm", &["zai."], AGENT | REASONS, OTHERS, "Nothing special is known."),
    family("minimax", &["minimax."], AGENT | REASONS, OTHERS, "Nothing special is known."),
    family("nemotron", &["nvidia."], AGENT, OTHERS, "Nothing special is known."),
    family("gemma", &["google."], AGENT | IMAGES, OTHERS, "Nothing special is known."),
];

/// The family that a base id belongs to.
pub fn of(base: &str) -> &'static Family {
    let fits = |family: &'static Family| {
        family
            .begins
            .iter()
            .filter(|begin| base.starts_with(**begin))
            .map(move |begin| (begin.len(), family))
            .max_by_key(|(length, _)| *length)
    };
    FAMILIES.iter().filter_map(fits).max_by_key(|(length, _)| *length).map_or(&UNKNOWN, |(_, family)| family)
}
