//! An answer that came as a whole, told as if it had been streamed: each block of it as the events that
//! would have made it. Some models call no tools while they stream.

use super::decoder::Decoder;
use crate::bindings::outcrop::provider::bedrock_bridge::FrameKind;
use crate::bindings::outcrop::provider::types::{Error, ErrorCode};
use crate::errors;
use crate::json::{self, Object};

/// Feeds the decoder what the answer to Converse says.
pub(super) fn read(body: &[u8], decoder: &mut Decoder<'_>) -> Result<(), Error> {
    let text = core::str::from_utf8(body).map_err(|_| unreadable())?;
    let answer = Object::parse(text).ok_or_else(unreadable)?;
    let message = answer.object("output").and_then(|output| output.object("message"));
    let content = message.and_then(|message| message.array("content")).ok_or_else(unreadable)?;
    for (number, block) in content.into_iter().enumerate() {
        let block = Object::parse(block).ok_or_else(unreadable)?;
        let mut events = Events { number: number.to_string(), decoder };
        for (kind, value) in block.members() {
            events.block(kind, value)?;
        }
        events.send(FrameKind::ContentBlockStop, "")?;
    }
    let reason = answer.get("stopReason").ok_or_else(unreadable)?;
    let fields = answer.get("additionalModelResponseFields").unwrap_or("null");
    let stop = ["{\"stopReason\":", reason, ",\"additionalModelResponseFields\":", fields, "}"].concat();
    decoder.frame(FrameKind::MessageStop, &stop)?;
    // Usage, trace and tier have the same names here as there.
    decoder.frame(FrameKind::Metadata, text)
}

fn unreadable() -> Error {
    errors::error(ErrorCode::Internal, "Bedrock's answer cannot be read")
}

/// The events of one block.
struct Events<'d, 'a> {
    number: String,
    decoder: &'d mut Decoder<'a>,
}

impl Events<'_, '_> {
    fn block(&mut self, kind: &str, value: &str) -> Result<(), Error> {
        match kind {
            "text" => self.delta("text", value),
            "toolUse" => {
                let call = Object::parse(value).ok_or_else(unreadable)?;
                self.start(kind, &without(&call, "input"))?;
                let input = json::quoted(call.get("input").unwrap_or("{}"));
                self.delta(kind, &["{\"input\":", &input, "}"].concat())
            }
            "toolResult" => {
                let result = Object::parse(value).ok_or_else(unreadable)?;
                self.start(kind, &without(&result, "content"))?;
                self.delta(kind, result.get("content").unwrap_or("[]"))
            }
            "reasoningContent" => {
                let reasoning = Object::parse(value).ok_or_else(unreadable)?;
                // The text's own members are those of a delta; what is redacted is one itself.
                self.delta(kind, reasoning.get("reasoningText").unwrap_or(value))
            }
            "citationsContent" => {
                let cited = Object::parse(value).ok_or_else(unreadable)?;
                for part in cited.array("content").unwrap_or_default() {
                    if let Some(text) = Object::parse(part).and_then(|part| part.get("text")) {
                        self.delta("text", text)?;
                    }
                }
                for citation in cited.array("citations").unwrap_or_default() {
                    self.delta("citation", citation)?;
                }
                Ok(())
            }
            "image" => {
                let image = Object::parse(value).ok_or_else(unreadable)?;
                self.start(kind, &without(&image, "source"))?;
                self.delta(kind, value)
            }
            other => self.delta(other, value),
        }
    }

    fn start(&mut self, kind: &str, value: &str) -> Result<(), Error> {
        let start = [",\"start\":{", &json::quoted(kind), ":", value, "}"].concat();
        self.send(FrameKind::ContentBlockStart, &start)
    }

    fn delta(&mut self, kind: &str, value: &str) -> Result<(), Error> {
        let delta = [",\"delta\":{", &json::quoted(kind), ":", value, "}"].concat();
        self.send(FrameKind::ContentBlockDelta, &delta)
    }

    fn send(&mut self, kind: FrameKind, members: &str) -> Result<(), Error> {
        let event = ["{\"contentBlockIndex\":", &self.number, members, "}"].concat();
        self.decoder.frame(kind, &event)
    }
}

/// An object without one of its members.
fn without(object: &Object<'_>, left_out: &str) -> String {
    let members: Vec<String> = object
        .members()
        .filter(|(name, _)| *name != left_out)
        .map(|(name, value)| [&json::quoted(name), ":", value].concat())
        .collect();
    ["{", &members.join(","), "}"].concat()
}
