//! Families of models, by how their base ids begin, and the traits that their members share unless
//! the table says otherwise.

use super::dialects::{self, Dialect};
use super::table::{Can, DOCUMENTS, IMAGES, NOTHING, REASONS, STREAMS_TOOLS, TOOLS, VIDEO};
use super::{Caching, Choices, Replay, Sampling, Traits};

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
}

/// Traits that leave a request as it is, for models of which nothing is known.
const PLAIN: Traits = Traits {
    dialect: dialects::SILENT,
    sampling: Sampling::Taken,
    stop_sequences: true,
    choices: Choices::All,
    none_choice: false,
    strict_thinking: false,
    tool_status: true,
    caching: Caching::Unknown,
    replay: Replay::Proven,
    response_paths: &[],
};

const fn thinking(dialect: Dialect, traits: Traits) -> Traits {
    Traits { dialect, ..traits }
}

/// Claude 3.x and 4.0 to 4.5.
pub const CLAUDE: Traits = Traits {
    dialect: dialects::CLAUDE_BUDGET,
    none_choice: true,
    strict_thinking: true,
    caching: Caching::Short,
    ..PLAIN
};
/// Claude that does not think.
pub const CLAUDE_3: Traits = thinking(dialects::SILENT, CLAUDE);
/// Claude 3 from before prompt caching.
pub const CLAUDE_3_UNCACHED: Traits = Traits { caching: Caching::Rejected, ..CLAUDE_3 };
/// Claude 4.5: one of temperature and top-p, one-hour caching.
pub const CLAUDE_4_5: Traits = Traits { sampling: Sampling::One, caching: Caching::Long, ..CLAUDE };
/// Claude 4.6.
pub const CLAUDE_4_6: Traits = thinking(dialects::CLAUDE_4_6, CLAUDE_4_5);
/// Claude 4.7, 4.8 and what follows.
pub const CLAUDE_4_7: Traits = Traits {
    dialect: dialects::CLAUDE_ADAPTIVE,
    sampling: Sampling::Rejected,
    caching: Caching::Long,
    ..CLAUDE
};
/// Claude 5, which says why it refused.
pub const CLAUDE_5: Traits = Traits { response_paths: &["/stop_details"], ..CLAUDE_4_7 };
/// The newest Claude 5, which cannot be made to call a tool.
pub const CLAUDE_5_5: Traits = Traits { choices: Choices::Auto, ..CLAUDE_5 };
/// Amazon Nova 1.
pub const NOVA: Traits = Traits { caching: Caching::Short, replay: Replay::Nothing, ..PLAIN };
/// Amazon Nova 2.
pub const NOVA_2: Traits = Traits { dialect: dialects::NOVA_2, replay: Replay::All, ..NOVA };
/// Meta Llama.
pub const LLAMA: Traits =
    Traits { choices: Choices::Auto, caching: Caching::Rejected, replay: Replay::Nothing, ..PLAIN };
/// Mistral.
pub const MISTRAL: Traits = Traits { choices: Choices::Any, ..LLAMA };
/// DeepSeek V3.
pub const DEEPSEEK: Traits = Traits { caching: Caching::Rejected, replay: Replay::Nothing, ..PLAIN };
/// DeepSeek V3.2.
pub const DEEPSEEK_3_2: Traits = thinking(dialects::DEEPSEEK, DEEPSEEK);
/// DeepSeek R1.
pub const DEEPSEEK_R1: Traits = Traits { choices: Choices::Auto, ..DEEPSEEK };
/// Qwen3.
pub const QWEN: Traits =
    Traits { dialect: dialects::QWEN, caching: Caching::Rejected, replay: Replay::Nothing, ..PLAIN };
/// Qwen3 that does not think.
pub const QWEN_UNTHINKING: Traits = thinking(dialects::SILENT, QWEN);
/// GPT-5 and later.
pub const GPT: Traits = Traits {
    dialect: dialects::GPT,
    sampling: Sampling::Rejected,
    stop_sequences: false,
    caching: Caching::Rejected,
    replay: Replay::Redacted,
    ..PLAIN
};
/// GPT-5.4 and 5.5.
pub const GPT_5_5: Traits = thinking(dialects::GPT_TO_XHIGH, GPT);
/// gpt-oss.
pub const GPT_OSS: Traits =
    Traits { dialect: dialects::GPT_OSS, caching: Caching::Rejected, replay: Replay::All, ..PLAIN };
/// gpt-oss-safeguard.
pub const GPT_OSS_SAFEGUARD: Traits = thinking(dialects::SILENT, GPT_OSS);
/// Grok.
pub const GROK: Traits = Traits {
    dialect: dialects::GROK,
    sampling: Sampling::Rejected,
    stop_sequences: false,
    caching: Caching::Rejected,
    replay: Replay::Nothing,
    ..PLAIN
};
/// Kimi.
pub const KIMI: Traits = Traits { caching: Caching::Rejected, replay: Replay::All, ..PLAIN };
/// Writer Palmyra.
pub const PALMYRA: Traits = Traits { tool_status: false, ..LLAMA };
/// GLM, MiniMax, Nemotron, Gemma, Jamba, Command: nothing special is known, none takes cache points.
pub const OTHERS: Traits = Traits { caching: Caching::Rejected, ..PLAIN };

/// Calls tools, streamed or not.
const AGENT: Can = TOOLS | STREAMS_TOOLS;

const fn family(name: &'static str, begins: &'static [&'static str], can: Can, traits: Traits) -> Family {
    Family { name, begins, can, traits }
}

/// The family of what no other takes.
pub static UNKNOWN: Family = family("unknown", &[], NOTHING, PLAIN);

/// Every family. Of two that fit, the one with the longer beginning holds. The traits are those of
/// the family's newest members, since it is those that the table does not list yet.
pub static FAMILIES: &[Family] = &[
    family("claude", &["anthropic.claude"], AGENT | IMAGES | DOCUMENTS | REASONS, CLAUDE_4_7),
    family(
        "claude",
        &["anthropic.claude-3", "anthropic.claude-v2", "anthropic.claude-instant"],
        IMAGES | DOCUMENTS | AGENT,
        CLAUDE_3,
    ),
    family("nova", &["amazon.nova"], AGENT | IMAGES | DOCUMENTS | VIDEO, NOVA),
    family("nova-2", &["amazon.nova-2"], AGENT | IMAGES | DOCUMENTS | VIDEO | REASONS, NOVA_2),
    family("llama", &["meta.llama"], TOOLS, LLAMA),
    family("mistral", &["mistral."], AGENT, MISTRAL),
    family("deepseek", &["deepseek."], AGENT | REASONS, DEEPSEEK),
    family("qwen", &["qwen."], AGENT, QWEN_UNTHINKING),
    family("gpt", &["openai.gpt"], AGENT | IMAGES | REASONS, GPT),
    family("gpt-oss", &["openai.gpt-oss"], AGENT | REASONS, GPT_OSS),
    family("grok", &["xai.grok"], AGENT | IMAGES | REASONS, GROK),
    family("kimi", &["moonshot.", "moonshotai."], AGENT | REASONS, KIMI),
    family("palmyra", &["writer."], AGENT, PALMYRA),
    family("glm", &["zai."], AGENT, OTHERS),
    family("minimax", &["minimax."], AGENT, OTHERS),
    family("nemotron", &["nvidia."], AGENT, OTHERS),
    family("gemma", &["google."], AGENT, OTHERS),
    family("jamba", &["ai21."], TOOLS, OTHERS),
    family("command", &["cohere.command"], AGENT, OTHERS),
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
