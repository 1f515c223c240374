//! How hard to think, in the model's dialect, and how many output tokens that leaves room for.

use super::Draft;
use super::rewrites;
use crate::bindings::outcrop::provider::types::Error;
use crate::errors;
use crate::json;
use crate::models::dialects::{self, Place};
use crate::models::ids;

/// The most output tokens where the caller asks for no number. Bedrock takes them from the quota
/// when it admits a request, and without a number it takes the model's maximum (up to 128,000),
/// the commonest cause of throttling; this leaves room for a long answer or a file in a tool call.
const DEFAULT_OUTPUT: u32 = 8_192;

/// The same where the model thinks, which comes out of the same number.
const DEFAULT_OUTPUT_THINKING: u32 = 32_768;

/// What the rest of the request has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thinking {
    /// Whether the request asks the model to think.
    pub(super) on: bool,
    /// The most output tokens.
    pub(super) max_tokens: u32,
}

/// Writes the effort into the model's fields.
pub(super) fn apply(draft: &mut Draft<'_>) -> Result<Thinking, Error> {
    let asked = draft.request.max_output_tokens;
    if asked == Some(0) {
        return Err(errors::invalid("/max-output-tokens", "want at least 1"));
    }
    let limit = draft.known.row.map_or(draft.settings.default_max_tokens, |row| row.max_output_tokens);
    let plain = Thinking { on: false, max_tokens: asked.unwrap_or(DEFAULT_OUTPUT.min(limit)) };
    let Some(effort) = draft.request.effort.as_deref() else {
        return Ok(plain);
    };
    if !dialects::EFFORTS.contains(&effort) {
        let want = ["want one of ", &dialects::EFFORTS.join(", ")].concat();
        return Err(errors::invalid("/effort", &want));
    }
    let dialect = draft.known.traits().dialect;
    let Some((_, word)) = dialect.words.iter().find(|(asked, _)| *asked == effort) else {
        if effort != "off" {
            let detail = "there is no way to tell this model how hard to think";
            draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
        }
        return Ok(plain);
    };
    if dialect.place == Place::Budget {
        return Ok(budget(draft, effort, asked, limit).unwrap_or(plain));
    }
    if *word != effort && effort != "off" {
        let detail = ["asked for `", word, "`"].concat();
        draft.rewrites.note(rewrites::EFFORT_WORD, "/effort", detail);
    }
    let quoted = json::quoted(word);
    match dialect.place {
        Place::Adaptive => {
            let thinking = thinking(draft, "{\"type\":\"adaptive\"");
            draft.fields.set("thinking", thinking);
            draft.fields.set("output_config", ["{\"effort\":", &quoted, "}"].concat());
        }
        Place::ReasoningConfig => draft
            .fields
            .set("reasoningConfig", ["{\"type\":\"enabled\",\"maxReasoningEffort\":", &quoted, "}"].concat()),
        Place::ReasoningEffort => draft.fields.set("reasoning_effort", quoted),
        Place::FlatReasoningConfig => draft.fields.set("reasoning_config", quoted),
        Place::Reasoning => draft.fields.set("reasoning", ["{\"effort\":", &quoted, "}"].concat()),
        Place::Nowhere | Place::Budget => {}
    }
    let on = effort != "off";
    let default = if on { DEFAULT_OUTPUT_THINKING } else { DEFAULT_OUTPUT };
    Ok(Thinking { on, max_tokens: asked.unwrap_or(default.min(limit)) })
}

/// Thinking that is told a number of tokens. They are part of the output, so the output grows by
/// them as far as the model goes, and then they shrink; none where too few are left to think with.
fn budget(draft: &mut Draft<'_>, effort: &str, asked: Option<u32>, limit: u32) -> Option<Thinking> {
    let (_, wanted) = dialects::BUDGETS.iter().find(|(word, _)| *word == effort)?;
    let answer = asked.unwrap_or(DEFAULT_OUTPUT);
    let max_tokens = answer.saturating_add(*wanted).min(limit.max(answer));
    let tokens =
        if max_tokens <= *wanted { max_tokens.saturating_sub(dialects::LEAST_BUDGET) } else { *wanted };
    if tokens < dialects::LEAST_BUDGET {
        let detail = "too few output tokens are left to think with";
        draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
        return None;
    }
    if asked.is_some_and(|asked| asked != max_tokens) {
        let detail = ["sent as ", &max_tokens.to_string(), ", because thinking comes out of the same number"];
        draft.rewrites.note(rewrites::MAX_TOKENS, "/max-output-tokens", detail.concat());
    }
    let head = ["{\"type\":\"enabled\",\"budget_tokens\":", &tokens.to_string()].concat();
    let thinking = thinking(draft, &head);
    draft.fields.set("thinking", thinking);
    draft.fields.beta(dialects::INTERLEAVED_BETA);
    Some(Thinking { on: true, max_tokens })
}

/// Claude's `thinking`, with how it is shown. GovCloud refuses to be told.
fn thinking(draft: &mut Draft<'_>, head: &str) -> String {
    let asked = draft.options.display.take();
    if ids::is_gov_cloud(&draft.request.model_id) {
        draft.options.display = asked;
        return [head, "}"].concat();
    }
    let display = asked.as_ref().map_or("summarized", |(display, _)| display.as_str());
    [head, ",\"display\":", &json::quoted(display), "}"].concat()
}
