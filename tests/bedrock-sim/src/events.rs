//! The events of a Converse stream, in the shapes of the real service.

use serde_json::{Value, json};

use crate::Step;

const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Words to a text delta.
const WORDS_A_DELTA: usize = 3;

pub(crate) fn message_start() -> Step {
    Step::event("messageStart", json!({ "role": "assistant" }))
}

pub(crate) fn block_start(index: usize, start: Value) -> Step {
    Step::event("contentBlockStart", json!({ "contentBlockIndex": index, "start": start }))
}

pub(crate) fn delta(index: usize, delta: Value) -> Step {
    Step::event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }))
}

pub(crate) fn block_stop(index: usize) -> Step {
    Step::event("contentBlockStop", json!({ "contentBlockIndex": index }))
}

pub(crate) fn message_stop(reason: &str) -> Step {
    Step::event("messageStop", json!({ "stopReason": reason }))
}

/// The closing event; `more` are its members beside metrics and usage.
pub(crate) fn metadata(input_tokens: u64, output_tokens: u64, more: Value) -> Step {
    let mut payload = json!({
        "metrics": { "latencyMs": 314 },
        "usage": {
            "inputTokens": input_tokens,
            "outputTokens": output_tokens,
            "serverToolUsage": {},
            "totalTokens": input_tokens + output_tokens,
        },
    });
    merge(&mut payload, more);
    Step::event("metadata", payload)
}

/// The deltas and the end of a text block, which begins without a contentBlockStart.
pub(crate) fn text_block(index: usize, text: &str) -> Vec<Step> {
    let deltas = pieces(text).into_iter().map(|piece| delta(index, json!({ "text": piece })));
    deltas.chain([block_stop(index)]).collect()
}

/// A whole answer of one text block.
pub(crate) fn text_answer(text: &str) -> Vec<Step> {
    answer(text_block(0, text), "end_turn", 10, tokens(text))
}

/// The blocks of an answer with what stands before and after them.
pub(crate) fn answer(blocks: Vec<Step>, reason: &str, input: u64, output: u64) -> Vec<Step> {
    let end = [message_stop(reason), metadata(input, output, json!({}))];
    [message_start()].into_iter().chain(blocks).chain(end).collect()
}

/// About how many tokens a text has.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4).max(1)
}

/// Cuts a text before every third word; a space belongs to the word behind it.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let starts = text.match_indices(' ').map(|(place, _)| place).filter(|place| *place > 0);
    let cuts: Vec<usize> = starts.skip(WORDS_A_DELTA - 1).step_by(WORDS_A_DELTA).collect();
    let begins = [0].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([text.len()]);
    begins.zip(ends).map(|(begin, end)| &text[begin..end]).collect()
}

/// Adds the member `p`, whose length hides that of the payload; here it varies but is repeatable.
pub(crate) fn pad(payload: &Value, salt: usize) -> Value {
    let mut payload = payload.clone();
    if let Some(members) = payload.as_object_mut() {
        let length = 3 + (salt * 17) % (PADDING.len() - 3);
        members.entry("p").or_insert_with(|| json!(PADDING[..length]));
    }
    payload
}

/// Merges objects member by member.
pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value))
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        for text in ["", "one", " leading space kept here too", "a b c d e f g", "ünï cödé wörds äre fine"]
        {
            assert_eq!(pieces(text).concat(), text);
        }
        assert_eq!(pieces("a b c d e f g"), ["a b c", " d e f", " g"]);
    }
}
