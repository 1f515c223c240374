//! The guest itself.

#![allow(missing_docs, unreachable_pub, reason = "generated from wit/, which has the docs")]

wit_bindgen::generate!({
    world: "bedrock-plugin",
    path: "../../wit",
});

use std::cell::RefCell;

use exports::outcrop::provider::provider::{
    Guest, GuestResponseStream, NextStep, Offer, Progress, ResponseStream,
};
use outcrop::provider::bedrock_bridge::{
    self as bridge, Arrival, BodyPart, Call, Failure, FrameKind, Frames,
};
use outcrop::provider::memory::{self, Scope};
use outcrop::provider::types::{
    Block, BlockEnd, Chunk, Deltas, Error, ErrorCode, Finish, Request, Rewrite, Role, Usage,
};
use serde_json::{Value, json};

/// What is remembered of a model, and for how long.
const REFUSES_TEMPERATURE: &str = "refuses-temperature";
const ONE_DAY: u32 = 24 * 60 * 60;
/// Before the repaired request is sent.
const PAUSE_MS: u32 = 20;

struct Repair;

impl Guest for Repair {
    type ResponseStream = Answer;

    fn configure(_: String) -> Result<(), Error> {
        Ok(())
    }

    fn list_models() -> Result<Offer, Error> {
        Ok(Offer { models: Vec::new(), left_out: Vec::new() })
    }

    fn start_stream(request: Request) -> Result<ResponseStream, Error> {
        let scope = Scope::Model(request.model_id.clone());
        let mut rewrites = Vec::new();
        let mut temperature = request.temperature;
        if temperature.is_some() && memory::recall(&scope, REFUSES_TEMPERATURE).is_some() {
            temperature = None;
            rewrites.push(temperature_dropped("remembered from an earlier request"));
        }
        let call = send(&request, temperature, 0).map_err(|failure| refused(&failure))?;
        let state = State { request, temperature, call, rewrites, open: false, stop: None };
        Ok(ResponseStream::new(Answer(RefCell::new(state))))
    }
}

struct Answer(RefCell<State>);

struct State {
    request: Request,
    temperature: Option<f64>,
    call: Call,
    rewrites: Vec<Rewrite>,
    /// Whether the one text block has begun.
    open: bool,
    stop: Option<String>,
}

impl GuestResponseStream for Answer {
    fn next_chunk(&self) -> Result<Progress, Error> {
        self.0.borrow_mut().next_chunk()
    }
}

impl State {
    fn next_chunk(&mut self) -> Result<Progress, Error> {
        let mut chunks: Vec<Chunk> = self.rewrites.drain(..).map(Chunk::Rewritten).collect();
        let next = match self.call.next_chunk() {
            Ok(Arrival::Nothing) => NextStep::Wait,
            Ok(Arrival::Frame(single)) => self
                .read(&Frames { frames: vec![single.frame], data: single.data, more: false }, &mut chunks)?,
            Ok(Arrival::Frames(frames)) => self.read(&frames, &mut chunks)?,
            Ok(Arrival::Body(_) | Arrival::End) => return Err(truncated()),
            Err(failure) if self.temperature.is_some() && names_temperature(&failure) => {
                let scope = Scope::Model(self.request.model_id.clone());
                memory::remember(&scope, REFUSES_TEMPERATURE, "yes", ONE_DAY);
                chunks.push(Chunk::Rewritten(temperature_dropped("the model refuses it")));
                self.temperature = None;
                // Replacing the call drops the refused one.
                self.call = send(&self.request, None, PAUSE_MS).map_err(|failure| refused(&failure))?;
                NextStep::Wait
            }
            Err(failure) => return Err(refused(&failure)),
        };
        Ok(Progress { chunks, next })
    }

    fn read(&mut self, frames: &Frames, chunks: &mut Vec<Chunk>) -> Result<NextStep, Error> {
        let mut rest = frames.data.as_slice();
        for frame in &frames.frames {
            let (name, after) = rest.split_at(frame.name_length as usize);
            let (payload, after) = after.split_at(frame.payload_length as usize);
            rest = after;
            let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
            match frame.kind {
                FrameKind::MessageStart => chunks.push(Chunk::Started(self.call.request_id())),
                FrameKind::ContentBlockDelta => {
                    if let Some(text) = payload["delta"]["text"].as_str() {
                        if !self.open {
                            self.open = true;
                            chunks.push(Chunk::BlockStart((0, "text".to_owned())));
                        }
                        let deltas = Deltas { index: 0, text: text.to_owned(), lengths: Vec::new() };
                        chunks.push(Chunk::TextDelta(deltas));
                    }
                }
                FrameKind::MessageStop => {
                    if self.open {
                        chunks.push(Chunk::BlockEnd(BlockEnd {
                            index: 0,
                            signature: None,
                            redacted: None,
                            raw: None,
                        }));
                    }
                    self.stop = payload["stopReason"].as_str().map(str::to_owned);
                }
                FrameKind::Metadata => {
                    let Some(raw) = self.stop.take() else { return Err(truncated()) };
                    let tokens = |member: &str| payload["usage"][member].as_u64().unwrap_or(0);
                    chunks.push(Chunk::Usage(Usage {
                        input: tokens("inputTokens"),
                        output: tokens("outputTokens"),
                        cache_read: 0,
                        cache_write: 0,
                        extensions: Vec::new(),
                    }));
                    let reason = raw.replace('_', "-");
                    chunks.push(Chunk::Finished(Finish { reason, raw, extensions: Vec::new() }));
                    return Ok(NextStep::End);
                }
                FrameKind::Exception => {
                    let code = String::from_utf8_lossy(name).into_owned();
                    return Err(error(ErrorCode::Internal, "the answer broke off".to_owned(), Some(code)));
                }
                FrameKind::ContentBlockStart | FrameKind::ContentBlockStop | FrameKind::Other => {}
            }
        }
        Ok(if frames.more { NextStep::Again } else { NextStep::Wait })
    }
}

fn send(request: &Request, temperature: Option<f64>, delay_ms: u32) -> Result<Call, Failure> {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| {
            let role = if message.role == Role::User { "user" } else { "assistant" };
            let texts = message.content.iter().filter_map(|block| match block {
                Block::Text(text) => Some(json!({ "text": text })),
                _ => None,
            });
            json!({ "role": role, "content": texts.collect::<Vec<_>>() })
        })
        .collect();
    let mut body = json!({ "messages": messages, "inferenceConfig": { "maxTokens": 256 } });
    if let Some(temperature) = temperature {
        body["inferenceConfig"]["temperature"] = json!(temperature);
    }
    let body = [BodyPart::Json(body.to_string().into_bytes())];
    bridge::start_stream("converse-stream", &request.model_id, &body, delay_ms)
}

fn names_temperature(failure: &Failure) -> bool {
    failure.error_type.as_deref() == Some("ValidationException")
        && String::from_utf8_lossy(&failure.body).contains("temperature")
}

fn temperature_dropped(why: &str) -> Rewrite {
    Rewrite { rule: "temperature-dropped".to_owned(), at: "/temperature".to_owned(), detail: why.to_owned() }
}

fn refused(failure: &Failure) -> Error {
    let message = String::from_utf8_lossy(&failure.body).into_owned();
    let mut error = error(ErrorCode::InvalidRequest, message, failure.error_type.clone());
    error.http_status = failure.http_status;
    error
}

fn truncated() -> Error {
    error(ErrorCode::Truncated, "the answer ended before it was complete".to_owned(), None)
}

fn error(code: ErrorCode, message: String, provider_code: Option<String>) -> Error {
    Error {
        code,
        message,
        remedy: None,
        provider_code,
        http_status: None,
        request_id: None,
        retry_after_ms: None,
        retryable: false,
        extensions: Vec::new(),
    }
}

export!(Repair);
