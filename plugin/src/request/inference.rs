//! `inferenceConfig`: how much, how freely, and where to stop.

use super::Draft;
use super::effort::Thinking;
use super::rewrites::{self, below};
use crate::bindings::outcrop::provider::types::Error;
use crate::errors;
use crate::models::{Sampling, ids};

/// Bedrock's limit.
const MOST_STOP_SEQUENCES: usize = 2_500;

/// The highest temperature that Bedrock takes of any model.
const HOTTEST: f64 = 1.0;

/// Writes `inferenceConfig`.
pub(super) fn write(draft: &mut Draft<'_>, thinking: Thinking) -> Result<(), Error> {
    let request = draft.request;
    let traits = draft.target.traits();
    let mut asked = request.temperature;
    if asked.is_some_and(|asked| asked > HOTTEST && asked.is_finite()) {
        draft.rewrites.note(rewrites::TEMPERATURE, "/temperature", "sent as 1");
        asked = Some(HOTTEST);
    }
    let temperature = number(asked, "/temperature")?;
    let top_p = number(request.top_p, "/top-p")?;
    let refusal = match traits.sampling {
        Sampling::Rejected => Some("the model does not take it"),
        _ if thinking.no_sampling => Some("the model does not take it with this effort"),
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
    if let Some(tokens) = thinking.max_tokens {
        draft.body.json_member("maxTokens", &tokens.to_string());
    }
    for (name, value) in [("temperature", temperature), ("topP", top_p)] {
        if let Some(value) = value {
            draft.body.json_member(name, &value);
        }
    }
    write_stop_sequences(draft)?;
    draft.body.json("}");
    Ok(())
}

fn write_stop_sequences(draft: &mut Draft<'_>) -> Result<(), Error> {
    let sequences = &draft.request.stop_sequences;
    if sequences.len() > MOST_STOP_SEQUENCES {
        return Err(errors::invalid("/stop-sequences", "Bedrock takes 2,500 of them"));
    }
    if sequences.is_empty() {
        return Ok(());
    }
    if !draft.target.traits().stop_sequences {
        draft.rewrites.note(rewrites::STOP_SEQUENCES, "/stop-sequences", "the model does not take them");
        return Ok(());
    }
    let mut kept = Vec::with_capacity(sequences.len());
    for (number, sequence) in sequences.iter().enumerate() {
        if sequence.trim().is_empty() {
            let detail = "Bedrock refuses white space alone";
            draft.rewrites.note(rewrites::STOP_SEQUENCES, below("/stop-sequences", number), detail);
        } else {
            kept.push(sequence);
        }
    }
    if !kept.is_empty() {
        draft.body.member("stopSequences");
        draft.body.json("[");
        for sequence in kept {
            draft.body.separate();
            draft.body.string(sequence);
        }
        draft.body.json("]");
    }
    Ok(())
}

/// A number as JSON.
fn number(value: Option<f64>, at: &str) -> Result<Option<String>, Error> {
    let Some(value) = value else {
        return Ok(None);
    };
    if !(0.0..=1.0).contains(&value) {
        return Err(errors::invalid(at, "want a number from 0 to 1"));
    }
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
