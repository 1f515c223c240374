//! A stream's events folded into the one answer of Converse.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::events::merge;
use crate::scenarios::http_errors;
use crate::{Scenario, Step};

/// The Converse answer of a scenario. What is no stream stays; what breaks a stream breaks this.
pub(crate) fn fold(scenario: &Scenario) -> Scenario {
    if !scenario.is_stream() {
        return scenario.clone();
    }
    let mut fold = Fold::default();
    let mut before_headers = scenario.before_headers;
    for step in &scenario.steps {
        match step {
            Step::Event { name, payload } => fold.event(name, payload),
            Step::Repeat { name, payload, times, every } => {
                (0..*times).for_each(|_| fold.event(name, payload));
                before_headers += *every * u32::try_from(*times).unwrap_or(u32::MAX);
            }
            Step::Exception { name, payload } => return exception(name, payload),
            Step::Sleep(pause) => before_headers += *pause,
            Step::GoAway => {}
            // A body that cannot be read as events is sent as it is.
            Step::Raw(_) | Step::Hang | Step::Close | Step::Reset => {
                let broken = scenario.clone().header("content-type", "application/json");
                let only = matches!(step, Step::Raw(_));
                let steps = if only { scenario.steps.clone() } else { vec![step.clone()] };
                return Scenario { steps, before_headers, ..broken };
            }
        }
    }
    let answer = Scenario::json(200, &fold.answer());
    Scenario { before_headers, writes: scenario.writes, ..answer }
}

/// The HTTP error of the same name, which begins with a capital.
fn exception(name: &str, payload: &Value) -> Scenario {
    let code = name[..1].to_uppercase() + &name[1..];
    let known = http_errors::HTTP_ERRORS.iter().find(|error| error.code == code);
    let status = known.map_or(500, |error| error.status);
    Scenario::json(status, payload).header("x-amzn-errortype", &code)
}

#[derive(Default)]
struct Fold {
    role: Value,
    blocks: BTreeMap<u64, Block>,
    stop_reason: Value,
    metadata: Value,
}

/// The deltas of one block, put together by kind.
#[derive(Default)]
struct Block {
    start: Value,
    text: Option<String>,
    input: String,
    results: Vec<Value>,
    reasoning: Map<String, Value>,
    redacted: Option<Value>,
    citations: Vec<Value>,
}

impl Fold {
    fn event(&mut self, name: &str, payload: &Value) {
        let index = payload["contentBlockIndex"].as_u64();
        match (name, index) {
            ("messageStart", _) => self.role = payload["role"].clone(),
            ("messageStop", _) => self.stop_reason = payload["stopReason"].clone(),
            ("metadata", _) => self.metadata = payload.clone(),
            ("contentBlockStart", Some(index)) => {
                self.blocks.entry(index).or_default().start = payload["start"].clone();
            }
            ("contentBlockDelta", Some(index)) => {
                self.blocks.entry(index).or_default().delta(&payload["delta"]);
            }
            _ => {}
        }
    }

    fn answer(self) -> Value {
        let content: Vec<Value> = self.blocks.into_values().filter_map(Block::content).collect();
        let mut answer = json!({
            "output": { "message": { "content": content, "role": self.role } },
            "stopReason": self.stop_reason,
        });
        merge(&mut answer, self.metadata);
        answer
    }
}

impl Block {
    fn delta(&mut self, delta: &Value) {
        if let Some(text) = delta["text"].as_str() {
            *self.text.get_or_insert_default() += text;
        }
        self.input += delta["toolUse"]["input"].as_str().unwrap_or_default();
        self.results.extend(delta["toolResult"].as_array().into_iter().flatten().cloned());
        self.citations.extend(delta.get("citation").cloned());
        for (member, value) in delta["reasoningContent"].as_object().into_iter().flatten() {
            match (member.as_str(), value.as_str()) {
                ("redactedContent", _) => self.redacted = Some(value.clone()),
                (_, Some(piece)) => {
                    let known = self.reasoning.get(member).and_then(Value::as_str);
                    let joined = known.unwrap_or_default().to_owned() + piece;
                    self.reasoning.insert(member.clone(), Value::from(joined));
                }
                (_, None) => {}
            }
        }
    }

    fn content(self) -> Option<Value> {
        if let Some(tool_use) = self.start.get("toolUse") {
            let mut tool_use = tool_use.clone();
            tool_use["input"] = serde_json::from_str(&self.input).unwrap_or_else(|_| json!({}));
            return Some(json!({ "toolUse": tool_use }));
        }
        if let Some(tool_result) = self.start.get("toolResult") {
            let mut tool_result = tool_result.clone();
            tool_result["content"] = Value::from(self.results);
            return Some(json!({ "toolResult": tool_result }));
        }
        if let Some(redacted) = self.redacted {
            return Some(json!({ "reasoningContent": { "redactedContent": redacted } }));
        }
        if !self.reasoning.is_empty() {
            return Some(json!({ "reasoningContent": { "reasoningText": self.reasoning } }));
        }
        let text = self.text.map(|text| json!({ "text": text }));
        if self.citations.is_empty() {
            return text;
        }
        let cited = text.into_iter().collect::<Vec<_>>();
        Some(json!({ "citationsContent": { "citations": self.citations, "content": cited } }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(command: &str) -> Value {
        let scenario = fold(&Scenario::named(command).expect("a scenario"));
        let [Step::Raw(bytes)] = scenario.steps.as_slice() else { panic!("one document") };
        serde_json::from_slice(bytes).expect("JSON")
    }

    #[test]
    fn reasoning_keeps_its_signature() {
        let answer = folded("reasoning");
        let content = &answer["output"]["message"]["content"];
        assert_eq!(
            content[0]["reasoningContent"]["reasoningText"]["text"],
            "The user wants an answer. I shall give a short one."
        );
        assert!(content[0]["reasoningContent"]["reasoningText"]["signature"].is_string());
        assert_eq!(content[1]["text"], "Here is a short answer.");
        assert_eq!(answer["stopReason"], "end_turn");
        assert_eq!(answer["metrics"]["latencyMs"], 314);
    }

    #[test]
    fn an_exception_becomes_the_http_error_of_its_name() {
        let scenario = fold(&Scenario::named("exception-throttling").expect("a scenario"));
        assert_eq!(scenario.status, 429);
        let name = ("x-amzn-errortype".to_owned(), "ThrottlingException".to_owned());
        assert!(scenario.headers.contains(&name));
    }
}
