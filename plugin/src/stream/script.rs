//! A call whose arrivals are written down beforehand.

use crate::bindings::outcrop::provider::bedrock_bridge::{
    Arrival, BodyPart, Failure, Frame, FrameKind, Frames, Listing,
};
use crate::bindings::outcrop::provider::types::{Block, Message, Request, Role, ToolChoice};
use crate::bridge::{About, Bridge, Call};
use core::cell::RefCell;
use std::collections::{HashMap, VecDeque};

/// Gives its arrivals one by one, then nothing.
#[derive(Default)]
pub(crate) struct Scripted(RefCell<VecDeque<Result<Arrival, Failure>>>);

impl Scripted {
    pub(crate) fn new(arrivals: impl IntoIterator<Item = Result<Arrival, Failure>>) -> Self {
        Self(RefCell::new(arrivals.into_iter().collect()))
    }
}

impl Call for Scripted {
    fn next_chunk(&self) -> Result<Arrival, Failure> {
        self.0.borrow_mut().pop_front().unwrap_or(Ok(Arrival::Nothing))
    }

    fn request_id(&self) -> Option<String> {
        Some("req-1".into())
    }
}

/// Frames by the names of their events.
pub(crate) fn frames(events: &[(&str, &str)]) -> Arrival {
    let mut data = Vec::new();
    let mut frames = Vec::new();
    for (name, payload) in events {
        let kind = match *name {
            "messageStart" => FrameKind::MessageStart,
            "contentBlockStart" => FrameKind::ContentBlockStart,
            "contentBlockDelta" => FrameKind::ContentBlockDelta,
            "contentBlockStop" => FrameKind::ContentBlockStop,
            "messageStop" => FrameKind::MessageStop,
            "metadata" => FrameKind::Metadata,
            name if name.ends_with("Exception") => FrameKind::Exception,
            _ => FrameKind::Other,
        };
        let named = matches!(kind, FrameKind::Exception | FrameKind::Other);
        let name = if named { name.as_bytes() } else { b"" };
        data.extend_from_slice(name);
        data.extend_from_slice(payload.as_bytes());
        frames.push(Frame { kind, name_length: name.len() as u32, payload_length: payload.len() as u32 });
    }
    Arrival::Frames(Frames { frames, data, more: false })
}

/// A request to a model, with nothing in it but a question.
pub(crate) fn request(model_id: &str) -> Request {
    let question = Message { role: Role::User, content: vec![Block::Text("Hello".into())], model_id: None };
    Request {
        model_id: model_id.into(),
        conversation_id: None,
        system: Vec::new(),
        messages: vec![question],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        effort: None,
        max_output_tokens: None,
        temperature: None,
        top_p: None,
        stop_sequences: Vec::new(),
        output_schema: None,
        extensions: Vec::new(),
    }
}

/// What was sent: operation, model id, body with media as references.
pub(crate) type Sent = (String, String, String);

/// A bridge that remembers, keeps what was sent, and answers each call with the next script.
#[derive(Default)]
pub(crate) struct Memory {
    facts: RefCell<HashMap<String, String>>,
    pub(crate) sent: RefCell<Vec<Sent>>,
    pub(crate) scripts: RefCell<VecDeque<Scripted>>,
}

impl Memory {
    /// Answers with these, in this order.
    pub(crate) fn playing(scripts: impl IntoIterator<Item = Scripted>) -> Self {
        Self { scripts: RefCell::new(scripts.into_iter().collect()), ..Self::default() }
    }
}

impl Bridge for &Memory {
    type Call = Scripted;

    fn list_models(&self) -> Result<Listing, Failure> {
        let (foundation_models, inference_profiles) = (b"[]".to_vec(), b"[]".to_vec());
        let region = "us-east-1".into();
        Ok(Listing { region, fetched_at: 0, foundation_models, inference_profiles, failures: Vec::new() })
    }

    fn lookup(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn start(&self, operation: &str, model_id: &str, body: &[BodyPart]) -> Result<Scripted, Failure> {
        let sent = (operation.into(), model_id.into(), crate::request::readable(body));
        self.sent.borrow_mut().push(sent);
        Ok(self.scripts.borrow_mut().pop_front().unwrap_or_default())
    }

    fn recall(&self, about: About<'_>, key: &str) -> Option<String> {
        self.facts.borrow().get(&format!("{about:?}/{key}")).cloned()
    }

    fn remember(&self, about: About<'_>, key: &str, value: &str, _: u32) {
        self.facts.borrow_mut().insert(format!("{about:?}/{key}"), value.into());
    }
}
