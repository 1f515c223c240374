//! Converse payloads: whatever arrives, the plugin's decoder gives a well-formed sequence of chunks and ends
//! exactly once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::LazyLock;

use amazon_bedrock_plugin::bindings::exports::outcrop::provider::provider::NextStep;
use amazon_bedrock_plugin::bindings::outcrop::provider::bedrock_bridge::{
    Arrival, BodyPart, Failure, Frame, FrameKind, Frames, Listing, SingleFrame,
};
use amazon_bedrock_plugin::bindings::outcrop::provider::types::{
    Block, BlockEnd, Chunk, Message, Request, Role, ToolChoice,
};
use amazon_bedrock_plugin::bridge::{Bridge, Call};
use amazon_bedrock_plugin::settings::Settings;
use amazon_bedrock_plugin::stream::Answer;
use arbitrary::Unstructured;

use crate::json;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);

/// Names and strings of the events.
const WORDS: &[&str] = &[
    "contentBlockIndex",
    "delta",
    "text",
    "reasoningContent",
    "signature",
    "redactedContent",
    "toolUse",
    "input",
    "toolResult",
    "citation",
    "image",
    "source",
    "bytes",
    "format",
    "png",
    "start",
    "toolUseId",
    "name",
    "type",
    "server_tool_use",
    "status",
    "stopReason",
    "end_turn",
    "tool_use",
    "max_tokens",
    "model_context_window_exceeded",
    "guardrail_intervened",
    "additionalModelResponseFields",
    "stop_sequence",
    "stop_details",
    "usage",
    "inputTokens",
    "outputTokens",
    "totalTokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
    "cacheDetails",
    "ttl",
    "1h",
    "serverToolUsage",
    "metrics",
    "latencyMs",
    "trace",
    "guardrail",
    "inputAssessment",
    "outputAssessments",
    "promptRouter",
    "invokedModelId",
    "performanceConfig",
    "latency",
    "serviceTier",
    "role",
    "assistant",
    "output",
    "message",
    "content",
    "reasoningText",
    "citationsContent",
    "citations",
    "json",
    "p",
    "novel",
    "AQ==",
    "{",
    "}",
    "Message",
    "originalStatusCode",
    "originalMessage",
];

const KINDS: [FrameKind; 8] = [
    FrameKind::MessageStart,
    FrameKind::ContentBlockStart,
    FrameKind::ContentBlockDelta,
    FrameKind::ContentBlockStop,
    FrameKind::MessageStop,
    FrameKind::Metadata,
    FrameKind::Exception,
    FrameKind::Other,
];

const MODELS: &[&str] =
    &["novel.model", "us.anthropic.claude-sonnet-4-20250514-v1:0", "amazon.nova-lite-v1:0"];

/// What Bedrock says when it refuses for a reason that is repaired: the answer then begins anew.
const REFUSALS: &[&str] = &[
    "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
    "This model doesn't support tool use in streaming mode.",
    "The provided model identifier is invalid.",
    "on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile",
    "messages.1.content.0: Invalid `signature` in `thinking` block",
];

/// See the module.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let model = *input.choose(MODELS).unwrap_or(&"novel.model");
    let script: Vec<Result<Arrival, Failure>> = arrivals(&mut input);
    let most_steps = script.len() * 8 + 64;
    let played = Rc::new(Script { arrivals: RefCell::new(script), at: Cell::new(0) });
    let Ok(mut answer) = Answer::start(Played(played.clone()), request(model), &SETTINGS) else {
        return;
    };
    let mut order = Order::default();
    let mut ended = false;
    for _ in 0..most_steps {
        match answer.next_chunk() {
            Ok(progress) => {
                progress.chunks.iter().for_each(|chunk| order.take(chunk));
                match progress.next {
                    NextStep::End => {
                        assert!(order.finished, "an answer that ends without an error has its last chunk");
                        ended = true;
                    }
                    NextStep::Wait | NextStep::Again => {
                        assert!(!order.finished, "nothing follows the last chunk")
                    }
                }
            }
            Err(error) => {
                assert!(!order.finished, "an answer that was whole does not fail");
                assert!(!error.message.is_empty());
                ended = true;
            }
        }
        if ended {
            break;
        }
    }
    assert!(ended, "the script is over, and so is the answer");
    let after = answer.next_chunk().expect("it has failed already");
    assert!(after.chunks.is_empty() && after.next == NextStep::End, "one end and no more");
}

/// Holds chunks to the contract, as the host does.
#[derive(Default)]
struct Order {
    blocks: Vec<Open>,
    started: bool,
    finished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    Text,
    Reasoning,
    ToolCall,
    Other,
    Ended,
}

impl Order {
    fn take(&mut self, chunk: &Chunk) {
        assert!(!self.finished, "{chunk:?} after the last chunk");
        match chunk {
            Chunk::Started(_) => {
                assert!(!std::mem::replace(&mut self.started, true), "an answer begins once")
            }
            Chunk::BlockStart((number, kind)) => self.open(
                *number,
                match kind.as_str() {
                    "text" => Open::Text,
                    "reasoning" => Open::Reasoning,
                    _ => Open::Other,
                },
            ),
            Chunk::ToolCallStart((number, ..)) => self.open(*number, Open::ToolCall),
            Chunk::TextDelta(deltas) => self.deltas(deltas.index, Open::Text, &deltas.text, &deltas.lengths),
            Chunk::ReasoningDelta(deltas) => {
                self.deltas(deltas.index, Open::Reasoning, &deltas.text, &deltas.lengths)
            }
            Chunk::ToolArgumentsDelta(deltas) => {
                self.deltas(deltas.index, Open::ToolCall, &deltas.text, &deltas.lengths);
            }
            Chunk::BlockDelta(delta) => {
                assert_ne!(self.block(delta.index), Open::Ended);
                is_json(&delta.value);
            }
            Chunk::BlockEnd(BlockEnd { index, raw, .. }) => {
                assert_ne!(self.block(*index), Open::Ended, "a block ends once");
                self.blocks[*index as usize] = Open::Ended;
                raw.iter().for_each(|raw| is_json(raw));
            }
            Chunk::Usage(usage) => usage.extensions.iter().for_each(|extension| is_json(&extension.value)),
            Chunk::Rewritten(rewrite) => assert!(rewrite.at.is_empty() || rewrite.at.starts_with('/')),
            Chunk::Other(extension) => is_json(&extension.value),
            Chunk::Finished(finish) => {
                assert!(self.blocks.iter().all(|block| *block == Open::Ended), "all blocks have ended");
                finish.extensions.iter().for_each(|extension| is_json(&extension.value));
                self.finished = true;
            }
        }
    }

    fn open(&mut self, number: u32, kind: Open) {
        assert_eq!(number as usize, self.blocks.len(), "blocks are numbered densely");
        self.blocks.push(kind);
    }

    fn block(&self, number: u32) -> Open {
        *self.blocks.get(number as usize).expect("a block that has begun")
    }

    fn deltas(&self, number: u32, kind: Open, text: &str, lengths: &[u32]) {
        assert_eq!(self.block(number), kind, "a delta fits its block");
        let mut end = 0_usize;
        for length in lengths {
            end += *length as usize;
            assert!(text.is_char_boundary(end), "deltas are cut where a character ends");
        }
    }
}

fn is_json(text: &str) {
    serde_json::from_str::<&serde_json::value::RawValue>(text)
        .unwrap_or_else(|error| panic!("{error}: {text}"));
}

fn arrivals(input: &mut Unstructured<'_>) -> Vec<Result<Arrival, Failure>> {
    let mut arrivals = Vec::new();
    while !input.is_empty() && arrivals.len() < 64 {
        arrivals.push(match input.int_in_range(0..=15_u8).unwrap_or_default() {
            0 => Ok(Arrival::Nothing),
            1 => Ok(Arrival::End),
            2 => Err(failure(input)),
            3 => {
                let mut body = String::new();
                json::object(input, WORDS, &mut body);
                Ok(Arrival::Body(body.into_bytes()))
            }
            4 => Ok(Arrival::Body(bytes(input))),
            5 => Ok(Arrival::Frames(Frames { frames: wild(input), data: bytes(input), more: false })),
            6..=8 => {
                let (frame, data) = frame(input);
                Ok(Arrival::Frame(SingleFrame { frame, data }))
            }
            _ => Ok(Arrival::Frames(frames(input))),
        });
    }
    arrivals
}

fn frames(input: &mut Unstructured<'_>) -> Frames {
    let (mut all, mut data) = (Vec::new(), Vec::new());
    while input.ratio(7, 8).unwrap_or_default() && !input.is_empty() {
        let (frame, bytes) = frame(input);
        all.push(frame);
        data.extend(bytes);
    }
    Frames { frames: all, data, more: input.arbitrary().unwrap_or_default() }
}

/// Lengths that need not fit anything.
fn wild(input: &mut Unstructured<'_>) -> Vec<Frame> {
    let kind = *input.choose(&KINDS).unwrap_or(&FrameKind::Other);
    let (name_length, payload_length) = input.arbitrary().unwrap_or_default();
    vec![Frame { kind, name_length, payload_length }]
}

fn frame(input: &mut Unstructured<'_>) -> (Frame, Vec<u8>) {
    let kind = *input.choose(&KINDS).unwrap_or(&FrameKind::Other);
    let name: &str = match kind {
        FrameKind::Exception => {
            input.choose(&["throttlingException", "validationException", "novelException"]).unwrap_or(&"")
        }
        FrameKind::Other => "novelEvent",
        _ => "",
    };
    let payload = payload(input, kind);
    let frame = Frame { kind, name_length: name.len() as u32, payload_length: payload.len() as u32 };
    (frame, [name.as_bytes(), &payload[..]].concat())
}

fn payload(input: &mut Unstructured<'_>, kind: FrameKind) -> Vec<u8> {
    let block = input.int_in_range(0..=3_u8).unwrap_or_default();
    let mut text = String::new();
    match (input.int_in_range(0..=7_u8).unwrap_or_default(), kind) {
        (0, _) => return bytes(input),
        (1, _) => json::text(input, WORDS, &mut text),
        (_, FrameKind::ContentBlockDelta) => {
            let delta = *input
                .choose(&["text", "toolUse", "reasoningContent", "citation", "toolResult", "image", "novel"])
                .unwrap_or(&"text");
            text = format!("{{\"contentBlockIndex\":{block},\"delta\":{{\"{delta}\":");
            match (delta, input.arbitrary().unwrap_or_default()) {
                ("text", true) => quoted(input, &mut text),
                ("toolUse", true) => {
                    text.push_str("{\"input\":");
                    quoted(input, &mut text);
                    text.push('}');
                }
                ("reasoningContent", true) => {
                    let member = input.choose(&["text", "signature", "redactedContent"]).unwrap_or(&"text");
                    text.push_str(&format!("{{\"{member}\":"));
                    quoted(input, &mut text);
                    text.push('}');
                }
                _ => json::text(input, WORDS, &mut text),
            }
            text.push_str("}}");
        }
        (_, FrameKind::ContentBlockStart) => {
            let kind = *input
                .choose(&["toolUse", "toolResult", "image", "text", "reasoningContent", "novel"])
                .unwrap_or(&"text");
            text = format!("{{\"contentBlockIndex\":{block},\"start\":{{\"{kind}\":");
            json::text(input, WORDS, &mut text);
            text.push_str("}}");
        }
        (_, FrameKind::ContentBlockStop) => text = format!("{{\"contentBlockIndex\":{block}}}"),
        (2..=4, FrameKind::MessageStop) => text = "{\"stopReason\":\"tool_use\"}".to_owned(),
        (2, FrameKind::Exception) => {
            text = format!("{{\"message\":{:?}}}", input.choose(REFUSALS).unwrap_or(&""));
        }
        _ => json::object(input, WORDS, &mut text),
    }
    text.into_bytes()
}

fn quoted(input: &mut Unstructured<'_>, out: &mut String) {
    let text: &str = input.arbitrary().unwrap_or_default();
    out.push_str(&serde_json::to_string(text).expect("a string"));
}

fn bytes(input: &mut Unstructured<'_>) -> Vec<u8> {
    input.arbitrary().unwrap_or_default()
}

fn failure(input: &mut Unstructured<'_>) -> Failure {
    let refused = input.choose(REFUSALS).map(|message| format!("{{\"message\":{message:?}}}").into_bytes());
    let stages = ["status", "connect", "tls", "timeout", "stream", "refused", "credentials", "novel"];
    let types =
        ["ValidationException", "ThrottlingException", "AccessDeniedException", "ResourceNotFoundException"];
    Failure {
        stage: (*input.choose(&stages).unwrap_or(&"status")).to_owned(),
        message: "it failed".to_owned(),
        http_status: input.arbitrary().unwrap_or_default(),
        error_type: input.choose(&types).ok().map(|name| (*name).to_owned()),
        request_id: None,
        retry_after_ms: input.arbitrary().unwrap_or_default(),
        body: match input.arbitrary().unwrap_or_default() {
            true => refused.unwrap_or_default(),
            false => bytes(input),
        },
    }
}

/// Arrivals of one call after the other: a request that is sent again goes on where the first was refused.
struct Script {
    arrivals: RefCell<Vec<Result<Arrival, Failure>>>,
    at: Cell<usize>,
}

struct Played(Rc<Script>);

impl Bridge for Played {
    type Call = Self;

    fn list_models(&self) -> Result<Listing, Failure> {
        let (foundation_models, inference_profiles) = (b"[]".to_vec(), b"[]".to_vec());
        let region = "us-east-1".to_owned();
        Ok(Listing { region, fetched_at: 0, foundation_models, inference_profiles, failures: Vec::new() })
    }

    fn lookup(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn start(&self, _: &str, _: &str, _: &[BodyPart]) -> Result<Self, Failure> {
        Ok(Self(self.0.clone()))
    }
}

impl Call for Played {
    fn next_chunk(&self) -> Result<Arrival, Failure> {
        let at = self.0.at.replace(self.0.at.get() + 1);
        self.0.arrivals.borrow().get(at).cloned().unwrap_or(Ok(Arrival::End))
    }

    fn request_id(&self) -> Option<String> {
        Some("req-1".to_owned())
    }
}

fn request(model: &str) -> Request {
    let question =
        Message { role: Role::User, content: vec![Block::Text("Hello".to_owned())], model_id: None };
    Request {
        model_id: model.to_owned(),
        conversation_id: None,
        system: Vec::new(),
        messages: vec![question],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        effort: None,
        max_output_tokens: None,
        temperature: None,
        top_p: None,
        stop_sequences: vec!["STOP".to_owned()],
        output_schema: None,
        extensions: Vec::new(),
    }
}
