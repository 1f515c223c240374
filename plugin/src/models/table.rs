//! The dated table: limits, prices, what a model can be asked for, and the traits that requests follow.
//!
//! Limits and prices are claims of public price lists (that of LiteLLM 1.109, above all); a live listing
//! wins over them. Prices are US dollars per million tokens, on demand, without a geography's mark-up.

use super::Traits;
use super::families::*;

/// When the table was last gone through.
pub const AS_OF: &str = "2026-11";

/// One model.
#[derive(Debug)]
pub struct Row {
    /// Its base id.
    pub id: &'static str,
    /// Tokens of input and output together.
    pub context_window: u32,
    /// Tokens.
    pub max_output_tokens: u32,
    /// Dollars per million input tokens, where no geography marks them up; see [`super::prices`].
    pub input_price: f64,
    /// The same for output tokens.
    pub output_price: f64,
    /// What it takes and can be asked for.
    pub can: Can,
    /// How it behaves.
    pub traits: Traits,
}

/// A set of what a model can do.
pub type Can = u16;
/// Nothing but text.
pub const NOTHING: Can = 0;
/// Calls tools.
pub const TOOLS: Can = 1;
/// Calls tools in a streamed answer.
pub const STREAMS_TOOLS: Can = 1 << 1;
/// Takes images.
pub const IMAGES: Can = 1 << 2;
/// Takes documents.
pub const DOCUMENTS: Can = 1 << 3;
/// Takes videos.
pub const VIDEO: Can = 1 << 4;
/// Shows its reasoning.
pub const REASONS: Can = 1 << 5;
/// Follows an output schema.
pub const SCHEMA: Can = 1 << 6;
/// Takes sound.
pub const AUDIO: Can = 1 << 7;
/// Text, where a set says what may stand somewhere.
pub const TEXT: Can = 1 << 8;

const fn row(
    id: &'static str,
    context_window: u32,
    max_output_tokens: u32,
    input_price: f64,
    output_price: f64,
    can: Can,
    traits: Traits,
) -> Row {
    Row { id, context_window, max_output_tokens, input_price, output_price, can, traits }
}

/// The row of a base id. A dated, versioned or windowed id (`-20260101`, `-v1:0`, `:256k`) is the
/// model that it is a form of.
pub fn find(base: &str) -> Option<&'static Row> {
    ROWS.iter().filter(|row| base.strip_prefix(row.id).is_some_and(is_form)).max_by_key(|row| row.id.len())
}

fn is_form(rest: &str) -> bool {
    let dated = |rest: &str| {
        rest.strip_prefix("-20")
            .is_some_and(|date| date.len() >= 6 && date.as_bytes()[..6].iter().all(u8::is_ascii_digit))
    };
    rest.is_empty() || rest.starts_with(':') || rest.starts_with("-v") || dated(rest)
}

/// Every row.
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    row("ai21.jamba-1-5-large-v1:0", 256_000, 4_096, 2.0, 8.0, TOOLS, UNFORCED),
    row("ai21.jamba-1-5-mini-v1:0", 256_000, 4_096, 0.2, 0.4, TOOLS, UNFORCED),
    row("amazon.nova-2-lite-v1:0", 1_000_000, 64_000, 0.3, 2.5, TOOLS | IMAGES | DOCUMENTS | REASONS | VIDEO | STREAMS_TOOLS, NOVA_2),
    row("amazon.nova-2-pro-preview-20251202-v1:0", 1_000_000, 64_000, 1.25, 10.0, TOOLS | IMAGES | DOCUMENTS | REASONS | VIDEO | STREAMS_TOOLS, NOVA_2),
    row("amazon.nova-lite-v1:0", 300_000, 10_000, 0.06, 0.24, TOOLS | IMAGES | DOCUMENTS | VIDEO | STREAMS_TOOLS, NOVA),
    row("amazon.nova-micro-v1:0", 128_000, 10_000, 0.035, 0.14, TOOLS | STREAMS_TOOLS, NOVA_MICRO),
    row("amazon.nova-premier-v1:0", 1_000_000, 10_000, 2.5, 12.5, TOOLS | IMAGES | DOCUMENTS | VIDEO | STREAMS_TOOLS, NOVA),
    row("amazon.nova-pro-v1:0", 300_000, 10_000, 0.8, 3.2, TOOLS | IMAGES | DOCUMENTS | VIDEO | STREAMS_TOOLS, NOVA),
    row("anthropic.claude-3-5-haiku-20241022-v1:0", 200_000, 8_192, 0.8, 4.0, TOOLS | DOCUMENTS | STREAMS_TOOLS, CLAUDE_3_5_HAIKU),
    row("anthropic.claude-3-7-sonnet-20250219-v1:0", 200_000, 8_192, 3.0, 15.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_3_7),
    row("anthropic.claude-3-haiku-20240307-v1:0", 200_000, 4_096, 0.25, 1.25, TOOLS | IMAGES | DOCUMENTS | STREAMS_TOOLS, CLAUDE_3),
    row("anthropic.claude-fable-5", 1_000_000, 128_000, 10.0, 50.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_5_ALWAYS),
    row("anthropic.claude-fable-5-1", 1_000_000, 128_000, 10.0, 50.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_5_5),
    row("anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, 1.0, 5.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_5_LARGE_CACHE),
    row("anthropic.claude-haiku-5-5", 1_000_000, 128_000, 0.1, 0.5, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_HAIKU_5_5),
    row("anthropic.claude-mythos-5", 1_000_000, 128_000, 10.0, 50.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_5_ALWAYS),
    row("anthropic.claude-mythos-5-1", 1_000_000, 128_000, 10.0, 50.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_5_ALWAYS),
    row("anthropic.claude-mythos-preview", 1_000_000, 128_000, 27.5, 137.5, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_4_7),
    row("anthropic.claude-opus-4-1-20250805-v1:0", 200_000, 32_000, 15.0, 75.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE),
    row("anthropic.claude-opus-4-20250514-v1:0", 200_000, 32_000, 15.0, 75.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE),
    row("anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, 5.0, 25.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_5_LARGE_CACHE),
    row("anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, 5.0, 25.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_6),
    row("anthropic.claude-opus-4-7", 1_000_000, 128_000, 5.0, 25.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_4_7),
    row("anthropic.claude-opus-4-8", 1_000_000, 128_000, 5.0, 25.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_7),
    row("anthropic.claude-opus-5", 1_000_000, 128_000, 5.0, 25.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_5),
    row("anthropic.claude-opus-5-5", 1_000_000, 128_000, 4.0, 20.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE_5_5),
    row("anthropic.claude-sonnet-4-20250514-v1:0", 200_000, 64_000, 3.0, 15.0, TOOLS | IMAGES | DOCUMENTS | REASONS | STREAMS_TOOLS, CLAUDE),
    row("anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, 3.0, 15.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_5),
    row("anthropic.claude-sonnet-4-6", 1_000_000, 64_000, 3.0, 15.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_4_6),
    row("anthropic.claude-sonnet-5", 1_000_000, 128_000, 2.0, 10.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_5),
    row("anthropic.claude-sonnet-5-5", 1_000_000, 128_000, 2.0, 10.0, TOOLS | IMAGES | DOCUMENTS | REASONS | SCHEMA | STREAMS_TOOLS, CLAUDE_SONNET_5_5),
    row("cohere.command-r-plus-v1:0", 128_000, 4_096, 3.0, 15.0, TOOLS | DOCUMENTS | STREAMS_TOOLS, UNFORCED),
    row("cohere.command-r-v1:0", 128_000, 4_096, 0.5, 1.5, TOOLS | DOCUMENTS | STREAMS_TOOLS, UNFORCED),
    row("deepseek.r1-v1:0", 128_000, 8_192, 1.35, 5.4, REASONS, DEEPSEEK_R1),
    row("deepseek.v3-v1:0", 128_000, 8_000, 0.58, 1.68, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, DEEPSEEK),
    row("deepseek.v3.2", 164_000, 8_000, 0.62, 1.85, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, DEEPSEEK_3_2),
    row("google.gemma-3-12b-it", 128_000, 8_000, 0.09, 0.29, TOOLS | IMAGES | STREAMS_TOOLS, OTHERS),
    row("google.gemma-3-27b-it", 128_000, 8_000, 0.23, 0.38, TOOLS | IMAGES | STREAMS_TOOLS, OTHERS),
    row("google.gemma-3-4b-it", 128_000, 8_000, 0.04, 0.08, TOOLS | IMAGES | STREAMS_TOOLS, OTHERS),
    row("meta.llama3-1-70b-instruct-v1:0", 128_000, 4_096, 0.72, 0.72, TOOLS, LLAMA),
    row("meta.llama3-1-8b-instruct-v1:0", 128_000, 4_096, 0.22, 0.22, TOOLS, LLAMA),
    row("meta.llama3-2-11b-instruct-v1:0", 128_000, 4_096, 0.16, 0.16, TOOLS | IMAGES, LLAMA),
    row("meta.llama3-2-1b-instruct-v1:0", 128_000, 4_096, 0.1, 0.1, NOTHING, LLAMA),
    row("meta.llama3-2-3b-instruct-v1:0", 128_000, 4_096, 0.15, 0.15, NOTHING, LLAMA),
    row("meta.llama3-2-90b-instruct-v1:0", 128_000, 4_096, 0.72, 0.72, TOOLS | IMAGES, LLAMA),
    row("meta.llama3-3-70b-instruct-v1:0", 128_000, 4_096, 0.72, 0.72, TOOLS, LLAMA),
    row("meta.llama3-70b-instruct-v1:0", 8_192, 2_048, 2.65, 3.5, NOTHING, LLAMA),
    row("meta.llama3-8b-instruct-v1:0", 8_192, 2_048, 0.3, 0.6, NOTHING, LLAMA),
    row("meta.llama4-maverick-17b-instruct-v1:0", 1_000_000, 8_192, 0.24, 0.97, TOOLS | IMAGES | DOCUMENTS, LLAMA),
    row("meta.llama4-scout-17b-instruct-v1:0", 10_000_000, 8_192, 0.17, 0.66, TOOLS | IMAGES | DOCUMENTS, LLAMA),
    row("minimax.minimax-m2", 1_000_000, 8_000, 0.3, 1.2, TOOLS | SCHEMA | STREAMS_TOOLS, OTHERS),
    row("minimax.minimax-m2.1", 196_000, 8_000, 0.3, 1.2, TOOLS | STREAMS_TOOLS, OTHERS),
    row("minimax.minimax-m2.5", 196_000, 8_000, 0.3, 1.2, TOOLS | STREAMS_TOOLS, OTHERS),
    row("mistral.devstral-2-123b", 256_000, 32_000, 0.4, 2.0, TOOLS | STREAMS_TOOLS, MISTRAL),
    row("mistral.magistral-small-2509", 128_000, 40_000, 0.5, 1.5, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, MISTRAL),
    row("mistral.ministral-3-14b-instruct", 128_000, 8_000, 0.2, 0.2, TOOLS | IMAGES | SCHEMA | STREAMS_TOOLS, MISTRAL),
    row("mistral.ministral-3-3b-instruct", 128_000, 8_000, 0.1, 0.1, TOOLS | IMAGES | SCHEMA | STREAMS_TOOLS, MISTRAL),
    row("mistral.ministral-3-8b-instruct", 128_000, 8_000, 0.15, 0.15, TOOLS | IMAGES | SCHEMA | STREAMS_TOOLS, MISTRAL),
    row("mistral.mistral-7b-instruct-v0:2", 32_000, 4_096, 0.15, 0.2, NOTHING, MISTRAL_SMALL),
    row("mistral.mistral-large-2402-v1:0", 32_000, 8_192, 4.0, 12.0, TOOLS | DOCUMENTS | STREAMS_TOOLS, MISTRAL),
    row("mistral.mistral-large-3-675b-instruct", 256_000, 32_000, 0.5, 1.5, TOOLS | IMAGES | SCHEMA | STREAMS_TOOLS, MISTRAL),
    row("mistral.mistral-small-2402-v1:0", 32_000, 8_192, 1.0, 3.0, TOOLS | STREAMS_TOOLS, MISTRAL),
    row("mistral.mixtral-8x7b-instruct-v0:1", 32_000, 4_096, 0.45, 0.7, NOTHING, MISTRAL_SMALL),
    row("mistral.pixtral-large-2502-v1:0", 128_000, 16_384, 2.0, 6.0, TOOLS | IMAGES | DOCUMENTS | STREAMS_TOOLS, PIXTRAL),
    row("mistral.voxtral-mini-3b-2507", 32_768, 8_192, 0.04, 0.04, SCHEMA | AUDIO, MISTRAL),
    row("mistral.voxtral-small-24b-2507", 32_768, 8_192, 0.1, 0.3, SCHEMA | AUDIO, MISTRAL),
    row("moonshot.kimi-k2-thinking", 256_000, 16_000, 0.6, 2.5, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, KIMI),
    row("moonshotai.kimi-k2.5", 256_000, 16_000, 0.6, 3.0, TOOLS | IMAGES | STREAMS_TOOLS, KIMI),
    row("moonshotai.kimi-k3", 1_000_000, 131_072, 3.0, 15.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, KIMI_3),
    row("nvidia.nemotron-nano-12b-v2", 128_000, 8_000, 0.2, 0.6, TOOLS | IMAGES | STREAMS_TOOLS, OTHERS),
    row("nvidia.nemotron-nano-3-30b", 256_000, 8_000, 0.06, 0.24, TOOLS | SCHEMA | STREAMS_TOOLS, OTHERS),
    row("nvidia.nemotron-nano-9b-v2", 128_000, 8_000, 0.06, 0.23, TOOLS | STREAMS_TOOLS, OTHERS),
    row("nvidia.nemotron-super-3-120b", 256_000, 32_000, 0.15, 0.65, TOOLS | REASONS | STREAMS_TOOLS, OTHERS),
    row("openai.gpt-5.4", 922_000, 128_000, 2.5, 15.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT_5_5),
    row("openai.gpt-5.5", 922_000, 128_000, 5.0, 30.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT_5_5),
    row("openai.gpt-5.6-luna", 922_000, 128_000, 0.2, 1.2, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-5.6-sol", 922_000, 128_000, 4.0, 20.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-5.6-terra", 922_000, 128_000, 2.0, 12.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-6-astra", 922_000, 128_000, 10.0, 50.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-6-luna", 922_000, 128_000, 0.1, 0.5, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-6-sol", 922_000, 128_000, 2.0, 10.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-6.1-sol", 1_000_000, 131_072, 2.0, 10.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-6.1-terra", 922_000, 128_000, 1.0, 5.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GPT),
    row("openai.gpt-oss-120b-1:0", 128_000, 16_384, 0.15, 0.6, TOOLS | REASONS | STREAMS_TOOLS, GPT_OSS),
    row("openai.gpt-oss-20b-1:0", 128_000, 16_384, 0.07, 0.3, TOOLS | REASONS | STREAMS_TOOLS, GPT_OSS),
    row("openai.gpt-oss-safeguard-120b", 128_000, 16_000, 0.15, 0.6, TOOLS | STREAMS_TOOLS, GPT_OSS_SAFEGUARD),
    row("openai.gpt-oss-safeguard-20b", 128_000, 16_000, 0.07, 0.2, TOOLS | STREAMS_TOOLS, GPT_OSS_SAFEGUARD),
    row("qwen.qwen3-235b-a22b-2507-v1:0", 262_144, 8_192, 0.22, 0.88, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, QWEN),
    row("qwen.qwen3-32b-v1:0", 32_768, 8_192, 0.15, 0.6, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, QWEN),
    row("qwen.qwen3-coder-30b-a3b-v1:0", 262_144, 16_384, 0.15, 0.6, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, QWEN),
    row("qwen.qwen3-coder-480b-a35b-v1:0", 262_144, 16_384, 0.45, 1.8, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, QWEN),
    row("qwen.qwen3-coder-next", 256_000, 16_000, 0.5, 1.2, TOOLS | STREAMS_TOOLS, QWEN_UNTHINKING),
    row("qwen.qwen3-next-80b-a3b", 256_000, 8_000, 0.15, 1.2, TOOLS | SCHEMA | STREAMS_TOOLS, QWEN_UNTHINKING),
    row("qwen.qwen3-vl-235b-a22b", 256_000, 8_000, 0.53, 2.66, TOOLS | IMAGES | SCHEMA | STREAMS_TOOLS, QWEN_UNTHINKING),
    row("writer.palmyra-vision-7b", 4_096, 4_096, 0.15, 0.6, IMAGES, PALMYRA_VISION),
    row("writer.palmyra-x4-v1:0", 128_000, 8_192, 2.5, 10.0, TOOLS | DOCUMENTS | STREAMS_TOOLS, PALMYRA),
    row("writer.palmyra-x5-v1:0", 128_000, 8_192, 0.6, 6.0, TOOLS | DOCUMENTS | STREAMS_TOOLS, PALMYRA),
    row("xai.grok-4.6", 500_000, 500_000, 2.0, 6.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GROK),
    row("xai.grok-4.7", 524_288, 524_288, 2.0, 6.0, TOOLS | IMAGES | REASONS | STREAMS_TOOLS, GROK),
    row("zai.glm-4.7", 203_000, 128_000, 0.6, 2.2, TOOLS | REASONS | STREAMS_TOOLS, OTHERS),
    row("zai.glm-4.7-flash", 203_000, 128_000, 0.07, 0.4, TOOLS | REASONS | STREAMS_TOOLS, OTHERS),
    row("zai.glm-5", 200_000, 128_000, 1.0, 3.2, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, OTHERS),
    row("zai.glm-5.3", 1_000_000, 128_000, 1.68, 5.28, TOOLS | REASONS | SCHEMA | STREAMS_TOOLS, OTHERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_id_are_the_same_model() {
        for (base, id) in [
            ("anthropic.claude-opus-5", Some("anthropic.claude-opus-5")),
            ("anthropic.claude-opus-5-5", Some("anthropic.claude-opus-5-5")),
            ("anthropic.claude-opus-5-20260801-v1:0", Some("anthropic.claude-opus-5")),
            ("amazon.nova-2-lite-v1:0:256k", Some("amazon.nova-2-lite-v1:0")),
            ("anthropic.claude-opus-55", None),
            ("anthropic.claude-opus-5-20é", None),
            ("", None),
        ] {
            assert_eq!(find(base).map(|row| row.id), id, "{base}");
        }
    }

    #[test]
    fn no_model_stands_twice_and_each_has_a_family() {
        for (at, row) in ROWS.iter().enumerate() {
            assert!(ROWS[..at].iter().all(|other| other.id != row.id), "{}", row.id);
            assert_ne!(of(row.id).name, "unknown", "{}", row.id);
            assert!(row.max_output_tokens <= row.context_window, "{}", row.id);
        }
    }
}
