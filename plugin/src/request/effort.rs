//! How hard to think, in the model's dialect, and how many output tokens that leaves room for.

use super::Draft;
use super::history::{self, Turn};
use super::rewrites;
use crate::bindings::outcrop::provider::types::{Error, Role};
use crate::errors;
use crate::json;
use crate::learned::Earlier;
use crate::models::dialects::{self, Place};
use crate::models::ids;

/// The most output tokens where the caller asks for no number. Bedrock takes them from the quota
/// when it admits a request, and without a number it takes the model's maximum (up to 128,000),
/// the commonest cause of throttling; this leaves room for a long answer or a file in a tool call.
const DEFAULT_OUTPUT: u32 = 8_192;

/// The same where the model thinks, which comes out of the same number.
const DEFAULT_OUTPUT_THINKING: u32 = 32_768;

/// Tokens of the window that are left free, since the input is estimated and not counted.
const SAFETY: u64 = 4_096;

/// The least room for an answer; where less is left, the service shall say that the input is too long.
const LEAST_ROOM: u32 = 1_024;

/// Lets a Claude request say what happens to reasoning that belongs to another conversation.
const BINDING_BETA: &str = "thinking-binding-controls-2026-08-01";

/// What the model is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Word(&'static str),
    /// Claude's kind of thinking, and no effort.
    Kind(&'static str),
    Budget(u32),
}

/// What the rest of the request has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thinking {
    /// Whether the model thinks.
    pub(super) on: bool,
    /// The most output tokens; none where the model refuses a number.
    pub(super) max_tokens: Option<u32>,
    /// Whether the model refuses temperature and top-p because of the effort.
    pub(super) no_sampling: bool,
    told: Told,
}

/// Whether the caller asks a model to think that can be told what to do with foreign reasoning.
pub(super) fn binds(draft: &Draft<'_>) -> bool {
    let place = draft.target.traits().dialect.place;
    matches!(place, Place::Adaptive | Place::Budget)
        && draft.request.effort.as_deref().is_some_and(|effort| effort != "off")
}

/// Finds out what to tell the model.
///
/// # Errors
/// Where the effort or the number of tokens is none.
pub(super) fn plan(draft: &mut Draft<'_>, turns: &[Turn<'_>]) -> Result<Thinking, Error> {
    let asked = asked_tokens(draft)?;
    let dialect = draft.target.traits().dialect;
    let always = dialect.place == Place::Adaptive && dialect.word("off").is_some();
    let plain = Thinking {
        on: always,
        max_tokens: Some(asked.unwrap_or_else(|| default(draft, dialect.by_default))),
        no_sampling: false,
        told: Told::Nothing,
    };
    let Some(effort) = draft.request.effort.as_deref() else {
        return Ok(plain);
    };
    if !dialects::EFFORTS.contains(&effort) {
        let want = ["want one of ", &dialects::EFFORTS.join(", ")].concat();
        return Err(errors::invalid("/effort", &want));
    }
    if effort == "off"
        && let Some(kind) = dialect.off
    {
        let tokens = asked.unwrap_or_else(|| default(draft, false));
        return Ok(Thinking { max_tokens: Some(tokens), told: Told::Kind(kind), ..plain });
    }
    let Some(word) = dialect.word(effort) else {
        if effort != "off" {
            let detail = "there is no way to tell this model how hard to think";
            draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
        }
        return Ok(plain);
    };
    if dialect.place == Place::Budget {
        if history::is_unthought_loop(turns) {
            let detail =
                "the model is between tool calls, and what it thought before them is not in the request";
            draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
            return Ok(plain);
        }
        if turns.last().is_some_and(|turn| turn.role == Role::Assistant) {
            let detail = "the model cannot think before words that it is to go on writing";
            draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
            return Ok(plain);
        }
        return Ok(budget(draft, effort, asked).unwrap_or(plain));
    }
    if word != effort && (effort != "off" || always) {
        let detail = ["asked for `", word, "`"].concat();
        draft.rewrites.note(rewrites::EFFORT_WORD, "/effort", detail);
    }
    let on = effort != "off" || always;
    let unbounded = dialect.unbounded == Some(word);
    if unbounded && asked.is_some() {
        let detail = "left out: with this effort the model refuses a number";
        draft.rewrites.note(rewrites::MAX_TOKENS, "/max-output-tokens", detail);
    }
    let tokens = asked.unwrap_or_else(|| default(draft, on));
    Ok(Thinking {
        on,
        max_tokens: (!unbounded).then_some(tokens),
        no_sampling: unbounded,
        told: Told::Word(word),
    })
}

/// The number of tokens that the caller asks for, as far as the model goes.
fn asked_tokens(draft: &mut Draft<'_>) -> Result<Option<u32>, Error> {
    let Some(asked) = draft.request.max_output_tokens else {
        return Ok(None);
    };
    if asked == 0 {
        return Err(errors::invalid("/max-output-tokens", "want at least 1"));
    }
    let least = draft.target.traits().least_output;
    let tokens = asked.min(draft.target.output_limit().unwrap_or(u32::MAX)).max(least);
    if tokens != asked {
        let detail =
            ["sent as ", &tokens.to_string(), ": the model gives no more, or wants no less"].concat();
        draft.rewrites.note(rewrites::MAX_TOKENS, "/max-output-tokens", detail);
    }
    Ok(Some(tokens))
}

/// The number where the caller asks for none.
fn default(draft: &Draft<'_>, thinks: bool) -> u32 {
    let configured = [&draft.request.model_id, &draft.target.route.id]
        .into_iter()
        .find_map(|id| draft.settings.configured(id)?.asked_tokens);
    let wanted = match configured {
        Some(tokens) => tokens,
        None if thinks => DEFAULT_OUTPUT_THINKING,
        None => DEFAULT_OUTPUT,
    };
    wanted.min(draft.target.facts.max_output_tokens.value).max(draft.target.traits().least_output)
}

/// Thinking that is told a number of tokens. They are part of the output, so the output grows by
/// them as far as the model goes, and then they shrink; none where too few are left to think with.
fn budget(draft: &mut Draft<'_>, effort: &str, asked: Option<u32>) -> Option<Thinking> {
    let (_, wanted) = dialects::BUDGETS.iter().find(|(word, _)| *word == effort)?;
    let answer = asked.unwrap_or_else(|| default(draft, false));
    let limit = draft.target.facts.max_output_tokens.value;
    let max_tokens = answer.saturating_add(*wanted).min(limit.max(answer));
    let Some(tokens) = share(*wanted, max_tokens) else {
        let detail = "too few output tokens are left to think with";
        draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
        return None;
    };
    if asked.is_some_and(|asked| asked != max_tokens) {
        let detail = ["sent as ", &max_tokens.to_string(), ", because thinking comes out of the same number"];
        draft.rewrites.note(rewrites::MAX_TOKENS, "/max-output-tokens", detail.concat());
    }
    let max_tokens = Some(max_tokens);
    Some(Thinking { on: true, max_tokens, no_sampling: false, told: Told::Budget(tokens) })
}

/// The tokens to think with out of all; none where they are too few.
fn share(wanted: u32, max_tokens: u32) -> Option<u32> {
    let tokens =
        if max_tokens <= wanted { max_tokens.saturating_sub(dialects::LEAST_BUDGET) } else { wanted };
    (tokens >= dialects::LEAST_BUDGET).then_some(tokens)
}

/// Keeps the output inside the window, once the conversation has been written.
pub(super) fn fit(draft: &mut Draft<'_>, thinking: &mut Thinking) {
    let (Some(window), Some(max_tokens)) = (draft.target.window(), thinking.max_tokens) else {
        return;
    };
    let used = draft.tokens();
    if used + u64::from(max_tokens) <= u64::from(window) {
        return;
    }
    let room = u64::from(window).saturating_sub(used).saturating_sub(SAFETY);
    let room = u32::try_from(room).unwrap_or(u32::MAX).max(LEAST_ROOM).min(max_tokens);
    if room == max_tokens {
        return;
    }
    let detail = ["sent as ", &room.to_string(), ": about as much as the window leaves"].concat();
    draft.rewrites.note(rewrites::MAX_TOKENS, "/max-output-tokens", detail);
    thinking.max_tokens = Some(room);
    if let Told::Budget(tokens) = thinking.told {
        match share(tokens, room) {
            Some(tokens) => thinking.told = Told::Budget(tokens),
            None => {
                let detail = "too few output tokens are left to think with";
                draft.rewrites.note(rewrites::EFFORT, "/effort", detail);
                thinking.told = Told::Nothing;
                thinking.on = false;
            }
        }
    }
}

/// Tells the model, in its own fields.
pub(super) fn write(draft: &mut Draft<'_>, thinking: Thinking) {
    match thinking.told {
        Told::Nothing => {}
        Told::Kind(kind) => {
            draft.fields.set("thinking", ["{\"type\":", &json::quoted(kind), "}"].concat());
        }
        Told::Budget(tokens) => {
            let head = ["{\"type\":\"enabled\",\"budget_tokens\":", &tokens.to_string()].concat();
            let thinking = claude(draft, head);
            draft.fields.set("thinking", thinking);
            if draft.options.interleaved && draft.tools_sent && draft.target.traits().dialect.interleaves {
                draft.fields.beta(dialects::INTERLEAVED_BETA);
            }
        }
        Told::Word(word) => {
            let quoted = json::quoted(word);
            match draft.target.traits().dialect.place {
                Place::Adaptive => {
                    if draft.request.effort.as_deref() != Some("off") {
                        let thinking = claude(draft, "{\"type\":\"adaptive\"".into());
                        draft.fields.set("thinking", thinking);
                    }
                    draft.fields.set("output_config", ["{\"effort\":", &quoted, "}"].concat());
                }
                Place::ReasoningConfig => {
                    let config = ["{\"type\":\"enabled\",\"maxReasoningEffort\":", &quoted, "}"].concat();
                    draft.fields.set("reasoningConfig", config);
                }
                Place::ReasoningEffort => draft.fields.set("reasoning_effort", quoted),
                Place::FlatReasoningConfig => draft.fields.set("reasoning_config", quoted),
                Place::Reasoning => {
                    draft.fields.set("reasoning", ["{\"effort\":", &quoted, "}"].concat());
                }
                Place::Nowhere | Place::Budget => {}
            }
        }
    }
}

/// Claude's `thinking`, with how it is shown, which GovCloud refuses to be told, and what to do with
/// reasoning that belongs to another conversation.
fn claude(draft: &mut Draft<'_>, mut head: String) -> String {
    if !ids::is_gov_cloud(&draft.target.route.id) {
        let asked = draft.options.display.take();
        let display = asked.as_ref().map_or("summarized", |(display, _)| display.as_str());
        head.push_str(",\"display\":");
        head.push_str(&json::quoted(display));
    }
    if draft.target.learned.reasoning == Earlier::Dropped {
        head.push_str(",\"block_binding\":{\"prefix_mismatch_behavior\":\"drop_block\"}");
        draft.fields.beta(BINDING_BETA);
    }
    head.push('}');
    head
}
