//! What each family of models takes, as far as it is known, with where it is known from.
//!
//! `PYD` is pydantic-ai's profiles, which it says were verified live; `LLM` the flags of LiteLLM's price map;
//! `LCA` langchain-aws; `VAI` Vercel's provider. A recording beats them all.

use super::family::{
    AUDIO, AUTO, Beside, Caching, DOCUMENT, Effort, Family, IMAGE, MUST, Replay, Sampling, Tools, UNKNOWN,
    VIDEO,
};

const CLAUDE: Family = Family {
    beside_results: Beside::TextAndImages,
    in_results: IMAGE | DOCUMENT,
    media: IMAGE | DOCUMENT,
    // Recorded: "This model doesn't support the s3Uri field."
    storage: false,
    replay: Replay::Signed,
    caching: Caching::Short,
    structured: false,
    own_fields: Some(&[
        "thinking",
        "output_config",
        "anthropic_beta",
        "anthropic_version",
        "top_k",
        "tool_choice",
        "tools",
        "metadata",
        "context_management",
        "stop_sequences",
        "system",
    ]),
    ..UNKNOWN
};

const NOVA: Family = Family {
    leading_assistant: false,
    in_results: IMAGE | DOCUMENT | VIDEO,
    media: IMAGE | DOCUMENT | VIDEO,
    replay: Replay::Nothing,
    effort: Effort::None,
    caching: Caching::NotInTools,
    structured: false,
    own_fields: Some(&["inferenceConfig"]),
    ..UNKNOWN
};

const OPEN: Family = Family {
    // Of documents nobody says that they are refused: Bedrock reads them for the model.
    media: DOCUMENT,
    in_results: DOCUMENT,
    effort: Effort::None,
    caching: Caching::Refused,
    structured: false,
    ..UNKNOWN
};

const LLAMA: Family = Family {
    leading_assistant: false,
    tools: Tools::Unary,
    choices: AUTO,
    beside_results: Beside::Nothing,
    in_results: IMAGE | DOCUMENT,
    media: DOCUMENT,
    replay: Replay::Nothing,
    ..OPEN
};

const MISTRAL: Family = Family {
    leading_assistant: false,
    choices: AUTO | MUST,
    beside_results: Beside::Nothing,
    in_results: DOCUMENT,
    media: DOCUMENT,
    replay: Replay::Nothing,
    nine_letter_ids: true,
    ..OPEN
};

const GPT: Family = Family {
    media: IMAGE | DOCUMENT,
    in_results: 0,
    replay: Replay::Redacted,
    sampling: Sampling::Unsupported,
    stop_sequences: false,
    least_tokens: 16,
    ..OPEN
};

const LOW_MEDIUM_HIGH: &[&str] = &["low", "medium", "high"];
const TO_XHIGH: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh"];
const TO_MAX: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const fn reasoning(words: &'static [&'static str]) -> Effort {
    Effort::Word { field: "reasoning", inside: Some("effort"), words }
}

/// Every family. Of two that fit an id, the one with the longer beginning holds.
pub(super) static FAMILIES: &[Family] = &[
    Family {
        name: "Claude 1 and 2",
        begins: &["anthropic.claude-v2", "anthropic.claude-instant"],
        source: "recorded: claude-v2 with a system prompt; docs: no tools, no images",
        tools: Tools::Never,
        media: DOCUMENT,
        effort: Effort::None,
        caching: Caching::Refused,
        ..CLAUDE
    },
    Family {
        name: "Claude 3 and 3.5",
        begins: &["anthropic.claude-3"],
        source: "recorded: tools and images with 3, 3.5; docs: no extended thinking, no cache points",
        effort: Effort::None,
        caching: Caching::Refused,
        ..CLAUDE
    },
    Family {
        name: "Claude 3.5 that caches",
        begins: &["anthropic.claude-3-5-haiku", "anthropic.claude-3-5-sonnet-20241022"],
        source: "docs: cache points from these on; earendil-works/pi#1570: `ttl` is refused",
        effort: Effort::None,
        ..CLAUDE
    },
    Family {
        name: "Claude 3.7 to 4.1",
        begins: &[
            "anthropic.claude-3-7",
            "anthropic.claude-opus-4-20",
            "anthropic.claude-opus-4-1",
            "anthropic.claude-sonnet-4-20",
        ],
        source: "recorded: thinking by budget with 3.7; earendil-works/pi#1570: `ttl` is refused",
        effort: Effort::Budget,
        ..CLAUDE
    },
    Family {
        name: "Claude 4.5",
        begins: &["anthropic.claude-opus-4-5", "anthropic.claude-sonnet-4-5", "anthropic.claude-haiku-4-5"],
        source: "recorded: cache points, strict tools, leading assistant; aws-samples/bedrock-access-gateway#191: one of temperature and top_p",
        effort: Effort::Budget,
        sampling: Sampling::One,
        caching: Caching::Long,
        ..CLAUDE
    },
    Family {
        name: "Claude 4.6",
        begins: &["anthropic.claude-opus-4-6", "anthropic.claude-sonnet-4-6"],
        source: "anomalyco/opencode#29760: no prefill; LLM: adaptive, max, legacy thinking",
        prefill: false,
        effort: Effort::Adaptive { words: &["low", "medium", "high", "max"], budget: true },
        sampling: Sampling::One,
        caching: Caching::Long,
        ..CLAUDE
    },
    Family {
        name: "Claude from 4.7",
        begins: &["anthropic.claude", "anthropic.claude-opus-4-7", "anthropic.claude-opus-4-8"],
        source: "openclaw/openclaw#73663: temperature and thinking.enabled refused; LLM: adaptive, effort to max, no prefill",
        prefill: false,
        effort: Effort::Adaptive { words: &["low", "medium", "high", "xhigh", "max"], budget: false },
        sampling: Sampling::Deprecated,
        caching: Caching::Long,
        ..CLAUDE
    },
    Family {
        name: "Claude that cannot be forced",
        begins: &["anthropic.claude-sonnet-5-5", "anthropic.claude-opus-5-5", "anthropic.claude-fable-5-1"],
        source: "LLM: forced tool choice false for Sonnet 5.5, Opus 5.5, Fable 5.1",
        prefill: false,
        choices: AUTO,
        effort: Effort::Adaptive { words: &["low", "medium", "high", "xhigh", "max"], budget: false },
        sampling: Sampling::Deprecated,
        caching: Caching::Long,
        ..CLAUDE
    },
    Family {
        name: "Nova 1",
        begins: &["amazon.nova"],
        source: "recorded: any and named tools, images and documents beside and in results, topK nested; PYD: reasoning and leading assistant refused; danny-avila/LibreChat#13838: no cache points among tools",
        ..NOVA
    },
    Family {
        name: "Nova Micro",
        begins: &["amazon.nova-micro"],
        source: "docs: text only; recorded: any tool",
        media: 0,
        in_results: 0,
        ..NOVA
    },
    Family {
        name: "Nova 2",
        begins: &["amazon.nova-2"],
        source: "recorded: images in results, storage locations, server tools; PYD: unsigned reasoning taken",
        replay: Replay::Text,
        effort: Effort::ReasoningConfig(LOW_MEDIUM_HIGH),
        own_fields: Some(&["inferenceConfig", "reasoningConfig"]),
        ..NOVA
    },
    Family {
        name: "Titan Text",
        begins: &["amazon.titan"],
        source: "recorded: consecutive user turns, stop sequences; docs: no system prompt, no tools, no images",
        repeated_roles: true,
        system: false,
        tools: Tools::Never,
        media: DOCUMENT,
        replay: Replay::Nothing,
        ..OPEN
    },
    Family {
        name: "Llama without tools",
        begins: &["meta.llama3", "meta.llama2", "meta.llama3-2-1b", "meta.llama3-2-3b"],
        source: "docs: tools from 3.1 on, not with 3.2 1B and 3B; recorded: system prompt",
        tools: Tools::Never,
        ..LLAMA
    },
    Family {
        name: "Llama",
        begins: &["meta.llama3-1", "meta.llama3-2", "meta.llama3-3"],
        source: "browser-use/browser-use#710: results alone in their turn; pydantic/pydantic-ai#2802: choices; LCA: no tools while streaming",
        ..LLAMA
    },
    Family {
        name: "Llama that sees",
        begins: &["meta.llama3-2-11b", "meta.llama3-2-90b", "meta.llama4"],
        source: "recorded: an image in a result of Llama 4; earendil-works/pi#3739: no tools while streaming",
        media: IMAGE | DOCUMENT,
        ..LLAMA
    },
    Family {
        name: "Mistral without tools",
        begins: &["mistral.mistral-7b", "mistral.mixtral"],
        source: "pi's generator drops Mistral 7B: no system prompt; docs: no tools",
        system: false,
        tools: Tools::Never,
        ..MISTRAL
    },
    Family {
        name: "Mistral",
        begins: &["mistral."],
        source: "pydantic/pydantic-ai#6081: results alone in their turn; VAI: ids of nine letters or digits; PYD: auto and any",
        ..MISTRAL
    },
    Family {
        name: "Mistral that sees",
        begins: &["mistral.ministral", "mistral.magistral", "mistral.mistral-large-3"],
        source: "LLM: images; the rest as Mistral",
        media: IMAGE | DOCUMENT,
        ..MISTRAL
    },
    Family {
        name: "Voxtral",
        begins: &["mistral.voxtral"],
        source: "LLM: no tools; docs: audio",
        tools: Tools::Never,
        media: DOCUMENT | AUDIO,
        ..MISTRAL
    },
    Family {
        name: "Pixtral",
        begins: &["mistral.pixtral"],
        source: "recorded: images, a document in a result, ids as Bedrock makes them; LLM: no tool choice",
        choices: AUTO,
        nine_letter_ids: false,
        media: IMAGE | DOCUMENT,
        ..MISTRAL
    },
    Family {
        name: "Cohere Command",
        begins: &["cohere."],
        source: "recorded: plain requests; strands-agents/harness-sdk#2075: `any` refused",
        choices: AUTO,
        media: DOCUMENT,
        ..OPEN
    },
    Family {
        name: "AI21 Jamba",
        begins: &["ai21."],
        source: "pi's generator drops Jamba: no tools while streaming",
        tools: Tools::Unary,
        choices: AUTO,
        media: DOCUMENT,
        ..OPEN
    },
    Family {
        name: "DeepSeek R1",
        begins: &["deepseek.r1"],
        source: "langchain-ai/langchain-aws#447: no tools; PYD: any reasoning refused",
        tools: Tools::Never,
        choices: AUTO,
        media: DOCUMENT,
        replay: Replay::Nothing,
        ..OPEN
    },
    Family {
        name: "DeepSeek V3",
        begins: &["deepseek.v3"],
        source: "LLM: tools, choice, structured output",
        ..OPEN
    },
    Family {
        name: "DeepSeek V3.2",
        begins: &["deepseek.v3.2"],
        source: "PYD: reasoning_effort high only",
        effort: Effort::Word { field: "reasoning_effort", inside: None, words: &["high"] },
        ..OPEN
    },
    Family {
        name: "Qwen3",
        begins: &["qwen.qwen3"],
        source: "recorded: reasoning_config high; PYD: none, low, high; no media in results",
        in_results: 0,
        effort: Effort::Word { field: "reasoning_config", inside: None, words: &["none", "low", "high"] },
        ..OPEN
    },
    Family {
        name: "Qwen3 that does not think",
        begins: &["qwen.qwen3-coder-next", "qwen.qwen3-next"],
        source: "LLM: no reasoning flag",
        in_results: 0,
        ..OPEN
    },
    Family {
        name: "Qwen3 VL",
        begins: &["qwen.qwen3-vl"],
        source: "LLM: images, none in results; no reasoning flag",
        in_results: 0,
        media: IMAGE | DOCUMENT,
        ..OPEN
    },
    Family {
        name: "GPT 5.4 and 5.5",
        begins: &["openai.gpt-5.4", "openai.gpt-5.5"],
        source: "LLM: sampling refused, efforts to xhigh",
        effort: reasoning(TO_XHIGH),
        ..GPT
    },
    Family {
        name: "GPT 5.6 and 6",
        begins: &["openai.gpt"],
        source: "UKGovernmentBEIS/inspect_ai#5217: reasoning text refused, encrypted taken; LLM (live 2026-10-09): stopSequences, sampling and media in results refused, 16 tokens at least",
        effort: reasoning(TO_MAX),
        ..GPT
    },
    Family {
        name: "gpt-oss",
        begins: &["openai.gpt-oss"],
        source: "PYD: unsigned reasoning taken, reasoning_effort; LLM: no images; recorded: plain",
        replay: Replay::Text,
        effort: Effort::Word { field: "reasoning_effort", inside: None, words: LOW_MEDIUM_HIGH },
        ..OPEN
    },
    Family {
        name: "gpt-oss-safeguard",
        begins: &["openai.gpt-oss-safeguard"],
        source: "LLM: tools, no reasoning flag",
        ..OPEN
    },
    Family {
        name: "Grok",
        begins: &["xai."],
        source: "NousResearch/hermes-agent#111043: temperature refused; maximhq/bifrost#6834: reasoning only as encrypted; LLM: stopSequences, lookaround, cache points refused, 16 tokens at least",
        in_results: IMAGE | DOCUMENT,
        lookaround: false,
        effort: reasoning(LOW_MEDIUM_HIGH),
        ..GPT
    },
    Family {
        name: "Kimi",
        begins: &["moonshot.", "moonshotai."],
        source: "pydantic/pydantic-ai#6318: choices, leading assistant, text beside results, no media in them; unsigned reasoning taken",
        in_results: 0,
        replay: Replay::Text,
        structured: true,
        ..OPEN
    },
    Family {
        name: "Kimi K2.5",
        begins: &["moonshotai.kimi-k2.5"],
        source: "LLM: images; the rest as Kimi",
        media: IMAGE | DOCUMENT,
        in_results: 0,
        replay: Replay::Text,
        structured: true,
        ..OPEN
    },
    Family {
        name: "Kimi K3",
        begins: &["moonshotai.kimi-k3"],
        source: "LLM: cache points and lookaround refused, images, 16 tokens at least",
        media: IMAGE | DOCUMENT,
        in_results: 0,
        replay: Replay::Text,
        structured: true,
        lookaround: false,
        least_tokens: 16,
        ..OPEN
    },
    Family {
        name: "Palmyra",
        begins: &["writer."],
        source: "pydantic/pydantic-ai#6318: status, forced choices, leading assistant and company of results refused; recorded: results alone, without status",
        leading_assistant: false,
        choices: AUTO,
        beside_results: Beside::Nothing,
        in_results: 0,
        replay: Replay::Nothing,
        status: false,
        ..OPEN
    },
    Family {
        name: "Palmyra Vision",
        begins: &["writer.palmyra-vision"],
        source: "LLM: images, no tools",
        leading_assistant: false,
        tools: Tools::Never,
        media: IMAGE | DOCUMENT,
        replay: Replay::Nothing,
        status: false,
        ..OPEN
    },
    Family {
        name: "GLM",
        begins: &["zai."],
        source: "pydantic/pydantic-ai#6318: choices, leading assistant, text beside results, text only in them",
        in_results: 0,
        structured: true,
        ..OPEN
    },
    Family { name: "MiniMax", begins: &["minimax."], source: "LLM: tools, no images", ..OPEN },
    Family { name: "Nemotron", begins: &["nvidia."], source: "LLM: tools, no images", ..OPEN },
    Family {
        name: "Nemotron that sees",
        begins: &["nvidia.nemotron-nano-12b"],
        source: "LLM: images",
        media: IMAGE | DOCUMENT,
        in_results: IMAGE | DOCUMENT,
        ..OPEN
    },
    Family {
        name: "Gemma",
        begins: &["google.gemma"],
        source: "LLM: tools, images",
        media: IMAGE | DOCUMENT,
        in_results: IMAGE | DOCUMENT,
        ..OPEN
    },
];
