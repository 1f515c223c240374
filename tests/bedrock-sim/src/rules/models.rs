//! What differs from model to model inside a family: the most tokens of an answer, and flags.
//!
//! Figures and flags of LiteLLM's price map (MIT, 1.109.1, autumn 2026), claims that no recording contradicts.

/// One model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// How the base ids that name it begin.
    pub(super) begins: &'static str,
    /// The most `maxTokens`.
    pub(super) most_tokens: u64,
    pub(super) flags: u16,
}

const NONE: u16 = 0;
/// Takes `outputConfig.textFormat`, with or without opting in.
pub(super) const STRUCTURED: u16 = 1;
/// Refuses `strict` tools.
pub(super) const NO_STRICT: u16 = 1 << 1;
/// Is served by the Responses endpoint alone.
pub(super) const RESPONSES_ONLY: u16 = 1 << 2;

const fn row(begins: &'static str, most_tokens: u64, flags: u16) -> Row {
    Row { begins, most_tokens, flags }
}

/// Every model of which something is known. Of two that fit an id, the longer holds.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("amazon.nova-2-lite-v1:0", 64_000, NONE),
    row("amazon.nova-2-pro-preview-20251202-v1:0", 64_000, NONE),
    row("amazon.nova-lite-v1:0", 10_000, NONE),
    row("amazon.nova-micro-v1:0", 10_000, NONE),
    row("amazon.nova-premier-v1:0", 10_000, NONE),
    row("amazon.nova-pro-v1:0", 10_000, NONE),
    row("anthropic.claude-3-7-sonnet-20250219-v1:0", 8_192, NONE),
    row("anthropic.claude-fable-5", 128_000, NONE),
    row("anthropic.claude-fable-5-1", 128_000, NONE),
    row("anthropic.claude-haiku-4-5-20251001-v1:0", 64_000, STRUCTURED),
    row("anthropic.claude-haiku-5-5", 128_000, STRUCTURED | NO_STRICT),
    row("anthropic.claude-mythos-5", 128_000, STRUCTURED),
    row("anthropic.claude-mythos-5-1", 128_000, STRUCTURED),
    row("anthropic.claude-mythos-preview", 128_000, NONE),
    row("anthropic.claude-opus-4-1-20250805-v1:0", 32_000, NONE),
    row("anthropic.claude-opus-4-20250514-v1:0", 32_000, NONE),
    row("anthropic.claude-opus-4-5-20251101-v1:0", 64_000, STRUCTURED),
    row("anthropic.claude-opus-4-6-v1", 128_000, STRUCTURED),
    row("anthropic.claude-opus-4-7", 128_000, NO_STRICT),
    row("anthropic.claude-opus-4-8", 128_000, STRUCTURED | NO_STRICT),
    row("anthropic.claude-opus-5", 128_000, NO_STRICT),
    row("anthropic.claude-opus-5-5", 128_000, NO_STRICT),
    row("anthropic.claude-sonnet-4-20250514-v1:0", 64_000, NO_STRICT),
    row("anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000, STRUCTURED),
    row("anthropic.claude-sonnet-4-6", 64_000, STRUCTURED),
    row("anthropic.claude-sonnet-5", 128_000, STRUCTURED | NO_STRICT),
    row("anthropic.claude-sonnet-5-5", 128_000, STRUCTURED | NO_STRICT),
    row("deepseek.r1-v1:0", 8_192, NONE),
    row("deepseek.v3-v1:0", 8_000, STRUCTURED),
    row("deepseek.v3.2", 8_000, STRUCTURED),
    row("google.gemma-3-12b-it", 8_000, NONE),
    row("google.gemma-3-27b-it", 8_000, NONE),
    row("google.gemma-3-4b-it", 8_000, NONE),
    row("meta.llama3-3-70b-instruct-v1:0", 4_096, NONE),
    row("meta.llama4-maverick-17b-instruct-v1:0", 8_192, NONE),
    row("meta.llama4-scout-17b-instruct-v1:0", 8_192, NONE),
    row("minimax.minimax-m2", 8_000, STRUCTURED),
    row("minimax.minimax-m2.1", 8_000, NONE),
    row("minimax.minimax-m2.5", 8_000, NONE),
    row("mistral.devstral-2-123b", 32_000, NONE),
    row("mistral.magistral-small-2509", 40_000, NONE),
    row("mistral.ministral-3-14b-instruct", 8_000, STRUCTURED),
    row("mistral.ministral-3-3b-instruct", 8_000, STRUCTURED),
    row("mistral.ministral-3-8b-instruct", 8_000, STRUCTURED),
    row("mistral.mistral-large-3-675b-instruct", 32_000, STRUCTURED),
    row("mistral.pixtral-large-2502-v1:0", 16_384, NONE),
    row("mistral.voxtral-mini-3b-2507", 8_192, STRUCTURED),
    row("mistral.voxtral-small-24b-2507", 8_192, STRUCTURED),
    row("moonshot.kimi-k2-thinking", 16_000, STRUCTURED),
    row("moonshotai.kimi-k2.5", 16_000, NONE),
    row("moonshotai.kimi-k3", 131_072, NONE),
    row("nvidia.nemotron-nano-12b-v2", 8_000, NONE),
    row("nvidia.nemotron-nano-3-30b", 8_000, STRUCTURED),
    row("nvidia.nemotron-nano-9b-v2", 8_000, NONE),
    row("nvidia.nemotron-super-3-120b", 32_000, NONE),
    row("openai.gpt-5.4", 128_000, RESPONSES_ONLY),
    row("openai.gpt-5.5", 128_000, RESPONSES_ONLY),
    row("openai.gpt-5.6-luna", 128_000, NONE),
    row("openai.gpt-5.6-sol", 128_000, NONE),
    row("openai.gpt-5.6-terra", 128_000, NONE),
    row("openai.gpt-6-astra", 128_000, NONE),
    row("openai.gpt-6-luna", 128_000, NONE),
    row("openai.gpt-6-sol", 128_000, NONE),
    row("openai.gpt-6.1-sol", 131_072, NONE),
    row("openai.gpt-6.1-terra", 128_000, NONE),
    row("openai.gpt-oss-120b-1:0", 16_384, NONE),
    row("openai.gpt-oss-20b-1:0", 16_384, NONE),
    row("openai.gpt-oss-safeguard-120b", 16_000, NONE),
    row("openai.gpt-oss-safeguard-20b", 16_000, NONE),
    row("qwen.qwen3-235b-a22b-2507-v1:0", 8_192, STRUCTURED),
    row("qwen.qwen3-32b-v1:0", 8_192, STRUCTURED),
    row("qwen.qwen3-coder-30b-a3b-v1:0", 16_384, STRUCTURED),
    row("qwen.qwen3-coder-480b-a35b-v1:0", 16_384, STRUCTURED),
    row("qwen.qwen3-coder-next", 16_000, NONE),
    row("qwen.qwen3-next-80b-a3b", 8_000, STRUCTURED),
    row("qwen.qwen3-vl-235b-a22b", 8_000, STRUCTURED),
    row("writer.palmyra-vision-7b", 4_096, NONE),
    row("writer.palmyra-x4-v1:0", 8_192, NONE),
    row("writer.palmyra-x5-v1:0", 8_192, NONE),
    row("xai.grok-4.6", 500_000, NONE),
    row("xai.grok-4.7", 524_288, NONE),
    row("zai.glm-4.7", 128_000, NONE),
    row("zai.glm-4.7-flash", 128_000, NONE),
    row("zai.glm-5", 128_000, STRUCTURED),
    row("zai.glm-5.3", 128_000, STRUCTURED),
];
