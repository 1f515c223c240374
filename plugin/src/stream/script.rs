//! A call whose arrivals are written down beforehand.

use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, Failure, Frame, FrameKind, Frames};
use crate::bridge::Call;
use core::cell::RefCell;
use std::collections::VecDeque;

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
