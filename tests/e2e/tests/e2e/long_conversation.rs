//! An agent's conversation of two hundred turns with tools, images, reasoning and changes of the model, in a simulator
//! that refuses what the real service refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_sim::{Scenario, Simulator, Step, Target};
use outcrop::{Event, Request};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::shapes::PNG;
use crate::support::{Sent, Sim, check_sent, collect, host};

/// Requests, and so answers.
const TURNS: usize = 200;

/// Turns until the model changes. Prime to the length of a task, so that it changes in the middle of calls too.
const STAY: usize = 7;

/// Every so many turns an image is brought along: 18 of them, under Bedrock's limit of twenty in a request.
const IMAGE_EVERY: usize = 11;

/// What a model shows of its reasoning.
#[derive(Clone, Copy)]
enum Shows {
    /// Text and the proof that it is its own.
    Signed,
    /// Text alone.
    Text,
    /// Nothing that could be read.
    Encrypted,
    Nothing,
}

/// One of each of five families, and a second of one, whose reasoning is of another kind.
const MODELS: &[(&str, Shows)] = &[
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Shows::Signed),
    ("us.amazon.nova-2-lite-v1:0", Shows::Text),
    ("us.openai.gpt-5.6-sol", Shows::Encrypted),
    ("mistral.mistral-large-3-675b-instruct", Shows::Nothing),
    ("us.anthropic.claude-opus-5-5", Shows::Signed),
    ("us.meta.llama4-maverick-17b-instruct-v1:0", Shows::Nothing),
];

/// What each of them must have been sent in the course of the conversation.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        &["cachePoint", "image", "toolResult", "reasoningContent"],
    ),
    ("us.amazon.nova-2-lite-v1:0", &["cachePoint", "image", "toolResult", "reasoningContent"]),
    ("us.openai.gpt-5.6-sol", &["image", "toolResult", "reasoningContent"]),
    ("mistral.mistral-large-3-675b-instruct", &["image", "toolResult"]),
    ("us.anthropic.claude-opus-5-5", &["cachePoint", "image", "toolResult", "reasoningContent"]),
    ("us.meta.llama4-maverick-17b-instruct-v1:0", &["image", "toolResult"]),
];

/// What a model's answer proves: that it is of this model and turn.
fn proof(id: &str, turn: usize) -> String {
    STANDARD.encode(format!("{id} wrote this in turn {turn}"))
}

/// An answer as this model gives it: reasoning, text, and so many calls.
fn answer(id: &str, shows: Shows, turn: usize, calls: usize) -> Scenario {
    let mut blocks = Vec::new();
    let reasoning = |delta: Value| json!({ "reasoningContent": delta });
    let thought = json!({ "text": format!("In turn {turn} I think.") });
    match shows {
        Shows::Signed => {
            blocks.push(vec![reasoning(thought), reasoning(json!({ "signature": proof(id, turn) }))]);
        }
        Shows::Text => blocks.push(vec![reasoning(thought)]),
        Shows::Encrypted => blocks.push(vec![reasoning(json!({ "redactedContent": proof(id, turn) }))]),
        Shows::Nothing => {}
    }
    blocks.push(vec![json!({ "text": format!("This is what I say in turn {turn}.") })]);
    let mut steps = vec![Step::event("messageStart", json!({ "role": "assistant" }))];
    let mut index = 0;
    let mut event = |name: &str, mut payload: Value| {
        payload["contentBlockIndex"] = json!(index);
        if name == "contentBlockStop" {
            index += 1;
        }
        steps.push(Step::event(name, payload));
    };
    for deltas in blocks {
        for delta in deltas {
            event("contentBlockDelta", json!({ "delta": delta }));
        }
        event("contentBlockStop", json!({}));
    }
    for call in 0..calls {
        let name = ["read_file", "files.search/everywhere"][(turn + call) % 2];
        // Mistral's own ids are of nine letters and digits.
        let call_id = match id.starts_with("mistral.") {
            true => format!("t{turn:04}c{call:03}"),
            false => format!("tooluse_{turn}-{call}_{}", "x".repeat(20)),
        };
        let call_id = &call_id;
        event(
            "contentBlockStart",
            json!({ "start": { "toolUse": { "toolUseId": call_id, "name": sent(name) } } }),
        );
        let input = json!({ "path": format!("/tmp/{turn}/{call}"), "line": 9_007_199_254_740_993_u64 });
        event("contentBlockDelta", json!({ "delta": { "toolUse": { "input": input.to_string() } } }));
        event("contentBlockStop", json!({}));
    }
    let reason = if calls > 0 { "tool_use" } else { "end_turn" };
    steps.push(Step::event("messageStop", json!({ "stopReason": reason })));
    let usage = json!({ "inputTokens": 10, "outputTokens": 10, "totalTokens": 20 });
    steps.push(Step::event("metadata", json!({ "usage": usage, "metrics": { "latencyMs": 1 } })));
    Scenario::stream(steps)
}

/// As the model knows the tool: it can only call what it was offered.
fn sent(name: &str) -> String {
    name.replace(['.', '/'], "_")
}

fn tools() -> Value {
    let schema = json!({
        "type": "object",
        "properties": { "path": { "type": "string" }, "line": { "type": "integer" } },
        "required": ["path"],
    });
    let tool = |name: &str| json!({ "name": name, "description": format!("The tool {name}."), "parameters": schema });
    json!([tool("read_file"), tool("files.search/everywhere"), tool("add")])
}

/// What comes back of a call: text, JSON, a failure, nothing, and now and then an image.
fn result(call: &Value, turn: usize, with_image: bool) -> Value {
    let text = format!("What was read in turn {turn}. {}", "It rains on the rocks. ".repeat(turn % 5));
    let content = match turn % 7 {
        _ if with_image => json!([{ "type": "text", "text": text }, image()]),
        2 => json!([{ "type": "json", "json": { "turn": turn } }]),
        4 => json!([]),
        5 => json!([{ "type": "text", "text": " " }]),
        _ => json!([{ "type": "text", "text": text }]),
    };
    json!({
        "role": "toolResult",
        "toolCallId": call["id"],
        "toolName": call["name"],
        "content": content,
        "isError": turn % 7 == 5,
    })
}

fn image() -> Value {
    json!({ "type": "image", "mimeType": "image/png", "data": PNG })
}

#[tokio::test]
async fn two_hundred_turns_without_one_refusal() {
    let sim = Sim::of(Simulator::builder().enforce_rules().start_in_thread().expect("the simulator starts"));
    let host = host(&sim);
    let mut messages =
        vec![json!({ "role": "user", "content": "Read the files and tell me what is in them." })];
    let mut kept = Kept::default();
    let mut bodies = Vec::new();
    let mut seen = BTreeSet::new();
    for turn in 0..TURNS {
        let (id, shows) = MODELS[turn / STAY % MODELS.len()];
        // Tasks of four answers: one call, two at once, one, and then what was found.
        let calls = [1, 2, 1, 0][turn % 4];
        sim.script_next(Target::Any, answer(id, shows, turn, calls));
        let request = json!({
            "model": format!("amazon-bedrock/{id}"),
            "conversationId": "two hundred turns",
            "system": "You are an agent that reads files. ".repeat(40),
            "messages": messages,
            "tools": tools(),
            "effort": "medium",
            "maxTokens": 8000,
            "extensions": { "cache-retention": "short" },
        });
        sim.forget_requests();
        let request = Request::from_json(request.to_string().as_bytes()).expect("a request");
        let events = collect(host.stream(request)).await;
        let Some(Event::Done { message, .. }) = events.last() else {
            panic!("turn {turn} of {id}: {:#?}", events.last());
        };
        let message = serde_json::to_value(message).expect("JSON");
        let sent = sim.requests();
        assert_eq!(sent.len(), 1, "turn {turn} of {id} was sent once: {events:#?}");
        assert_eq!(sent[0].status, Some(200), "turn {turn} of {id}");
        proofs_are_its_own(id, &sent[0].json());
        let text = String::from_utf8_lossy(&sent[0].body);
        seen.extend(
            ["cachePoint", "image", "toolResult", "reasoningContent"]
                .into_iter()
                .filter_map(|kind| text.contains(&format!("{{\"{kind}\":")).then_some((id, kind))),
        );
        kept.hold(id, &sent[0].body);
        bodies.extend(sent.into_iter().map(Sent::from));

        let with_image = turn % IMAGE_EVERY == 0 && turn / IMAGE_EVERY < 18;
        let content = message["content"].as_array().cloned().unwrap_or_default();
        messages.push(message);
        let called: Vec<Value> = content.into_iter().filter(|block| block["type"] == "toolCall").collect();
        assert_eq!(called.len(), calls, "turn {turn} of {id}");
        for (number, call) in called.iter().enumerate() {
            assert!(
                ["read_file", "files.search/everywhere"].contains(&call["name"].as_str().expect("a name"))
            );
            messages.push(result(call, turn, with_image && number == 0));
        }
        if called.is_empty() {
            let text = json!({ "type": "text", "text": format!("And the next one, after turn {turn}?") });
            let content = if with_image { json!([text, image()]) } else { json!([text]) };
            messages.push(json!({ "role": "user", "content": content }));
        }
    }
    println!("{kept}");
    for (id, kinds) in EXPECTED {
        for kind in *kinds {
            assert!(seen.contains(&(*id, *kind)), "{id} was never sent a {kind}: {seen:?}");
        }
    }
    check_sent(bodies);
    sim.forget_requests();
}

/// What a model is sent back of reasoning it can check: signed by one of its family, encrypted by itself.
fn proofs_are_its_own(id: &str, body: &Value) {
    let (family, _) = id.rsplit_once('.').expect("a vendor and a name");
    let turns = body["messages"].as_array().into_iter().flatten();
    for block in turns.flat_map(|turn| turn["content"].as_array()).flatten() {
        let reasoning = &block["reasoningContent"];
        for (proof, by) in
            [(&reasoning["reasoningText"]["signature"], family), (&reasoning["redactedContent"], id)]
        {
            let Some(proof) = proof.as_str() else { continue };
            let written = STANDARD.decode(proof).expect("base64");
            let written = String::from_utf8(written).expect("text");
            assert!(written.starts_with(by), "{id} is sent the proof {written:?}");
        }
    }
}

/// How much of a request's prefix the next one to the same model kept. The prefix is what Bedrock caches by: the
/// tools, the system prompt and the messages, in this order.
#[derive(Default)]
struct Kept {
    before: Option<Before>,
    /// Requests that followed one to the same model.
    followed: usize,
    /// The bytes of their prefixes, and those that they have in common with the one before.
    bytes: usize,
    common: usize,
}

/// The prefix of the request before, without its cache points.
struct Before {
    id: &'static str,
    text: String,
    /// Where its last cache point stood, or where the model takes none, where its messages end.
    cached: usize,
}

impl Before {
    fn of(id: &'static str, body: &[u8]) -> Self {
        let members: BTreeMap<&str, &RawValue> = serde_json::from_slice(body).expect("an object");
        let mut prefix = Self { id, text: String::new(), cached: 0 };
        for name in ["toolConfig", "system", "messages"] {
            let raw = members.get(name).map_or("", |raw| raw.get());
            prefix.push(raw);
        }
        if prefix.cached == 0 {
            // All but the bracket that closes the list.
            prefix.cached = prefix.text.len() - 1;
        }
        prefix
    }

    /// Adds JSON text, noting where its cache points stood, and leaves them out.
    fn push(&mut self, mut json: &str) {
        while let Some(place) = json.find(POINT) {
            self.text.push_str(json[..place].trim_end_matches(','));
            self.cached = self.text.len();
            let rest = &json[place..];
            json = &rest[rest.find("}}").expect("a cache point ends") + 2..];
        }
        self.text.push_str(json);
    }
}

const POINT: &str = r#"{"cachePoint":"#;

impl Kept {
    /// Holds a request against the one before, where that went to the same model: all that was to be cached must
    /// have stayed, to the byte.
    fn hold(&mut self, id: &'static str, body: &[u8]) {
        let now = Before::of(id, body);
        if let Some(before) = self.before.take().filter(|before| before.id == id) {
            let pairs = before.text.bytes().zip(now.text.bytes());
            let common = pairs.take_while(|(one, other)| one == other).count();
            assert!(
                common >= before.cached,
                "{id}: {common} of {} bytes to be cached stayed\n{}\n{}",
                before.cached,
                around(&before.text, common),
                around(&now.text, common),
            );
            self.followed += 1;
            self.bytes += now.text.len();
            self.common += common;
        }
        self.before = Some(now);
    }
}

/// What stands about a place, for a person.
fn around(text: &str, place: usize) -> String {
    text.chars().skip(place.saturating_sub(200)).take(300).collect()
}

impl fmt::Display for Kept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { followed, bytes, common, .. } = self;
        let share = *common as f64 * 100.0 / (*bytes).max(1) as f64;
        write!(
            out,
            "{followed} requests followed one to the same model; {common} of {bytes} bytes of prefix kept ({share:.1} %)"
        )
    }
}
