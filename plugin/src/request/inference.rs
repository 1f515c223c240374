//! `inferenceConfig`: how much, how freely, and where to stop.

use super::Draft;
use super::effort::Thinking;
use super::rewrites;
use crate::bindings::outcrop::provider::types::Error;
use crate::errors;
use crate::models::{Sampling, ids};

/// Writes `inferenceConfig`.
pub(super) fn write(draft: &mut Draft<'_>, thinking: Thinking) -> Result<(), Error> {
    let request = draft.request;
    let traits = draft.known.traits();
    let temperature = number(request.temperature, "/temperature")?;
    let top_p = number(request.top_p, "/top-p")?;
    let refusal = match traits.sampling {
        Sampling::Rejected => Some("the model does not take it"),
        _ if thinking.on && traits.strict_thinking => Some("the model does not take it while it thinks"),
        _ => None,
    };
    let temperature = kept(draft, temperature, "/temperature", refusal);
    let both = (traits.sampling == Sampling::One && temperature.is_some())
        .then_some("the model takes temperature or top-p, not both");
    let top_p = kept(draft, top_p, "/top-p", refusal.or(both));

    // A managed prompt brings its own, and Bedrock refuses a second.
    if ids::is_prompt(&request.model_id)
        && request.max_output_tokens.is_none()
        && temperature.is_none()
        && top_p.is_none()
        && request.stop_sequences.is_empty()
    {
        return Ok(());
    }
    draft.body.member("inferenceConfig");
    draft.body.json("{");
    draft.body.json_member("maxTokens", &thinking.max_tokens.to_string());
    for (name, value) in [("temperature", temperature), ("topP", top_p)] {
        if let Some(value) = value {
            draft.body.json_member(name, &value);
        }
    }
    if !request.stop_sequences.is_empty() {
        if traits.stop_sequences {
            draft.body.member("stopSequences");
            draft.body.json("[");
            for sequence in &request.stop_sequences {
                draft.body.separate();
                draft.body.string(sequence);
            }
            draft.body.json("]");
        } else {
            draft.rewrites.note(rewrites::STOP_SEQUENCES, "/stop-sequences", "the model does not take them");
        }
    }
    draft.body.json("}");
    Ok(())
}

/// A number as JSON.
fn number(value: Option<f64>, at: &str) -> Result<Option<String>, Error> {
    let Some(value) = value else {
        return Ok(None);
    };
    serde_json::Number::from_f64(value)
        .map(|number| Some(number.to_string()))
        .ok_or_else(|| errors::invalid(at, "want a number"))
}

/// The value, unless something speaks against it.
fn kept(draft: &mut Draft<'_>, value: Option<String>, at: &str, refusal: Option<&str>) -> Option<String> {
    match (value, refusal) {
        (Some(_), Some(why)) => {
            draft.rewrites.note(rewrites::SAMPLING, at, why);
            None
        }
        (value, _) => value,
    }
}
