//! Converse events to chunks.

use super::blocks::{Content, OpenBlock};
use super::cost::Meter;
use super::ending;
use super::joined::Joined;
use super::payload::{Plain, PlainDelta, plain_delta};
use crate::bindings::outcrop::provider::bedrock_bridge::FrameKind;
use crate::bindings::outcrop::provider::types::{
    BlockDelta, Chunk, Deltas, Error, ErrorCode, Extension, Finish,
};
use crate::errors;
use crate::json::{self, Object};
use crate::request::names::Names;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The type of a tool call that Bedrock answers itself.
const SERVER_TOOL: &str = "server_tool_use";

/// Tells the text block that follows the output schema by way of a tool.
const STRUCTURED_OUTPUT: &str = "structured-output";

/// The state of one answer. It is fed frames and filled with chunks, which the caller takes.
pub(super) struct Decoder<'a> {
    pub(super) chunks: Vec<Chunk>,
    /// Deltas that more may join.
    joined: Option<Joined>,
    /// In order of appearance. Few: Bedrock rarely interleaves.
    open: Vec<OpenBlock>,
    blocks: u32,
    /// From `messageStop` on.
    finish: Option<Finish>,
    /// From the trace, which comes after `messageStop`.
    traced: Vec<Extension>,
    metadata: bool,
    /// The tools' names as the caller knows them.
    names: Names,
    /// Whether the caller is asked to call a tool.
    calls: bool,
    /// Knows what tokens cost, where the model is known.
    meter: Option<Meter<'a>>,
    /// What the answer took of the context window, and wrote.
    tokens: Option<(u64, u64)>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(names: Names, meter: Option<Meter<'a>>) -> Self {
        Self {
            chunks: Vec::new(),
            joined: None,
            open: Vec::new(),
            blocks: 0,
            finish: None,
            traced: Vec::new(),
            metadata: false,
            names,
            calls: false,
            meter,
            tokens: None,
        }
    }

    /// Whether any block has begun.
    pub(super) fn has_content(&self) -> bool {
        self.blocks > 0
    }

    /// Whether nothing more can come that matters.
    pub(super) fn is_complete(&self) -> bool {
        self.finish.is_some() && self.metadata
    }

    /// Takes one frame other than an exception.
    pub(super) fn frame(&mut self, kind: FrameKind, payload: &str) -> Result<(), Error> {
        // Behind the end of the message only its metadata matters.
        if self.finish.is_some() && kind != FrameKind::Metadata {
            return Ok(());
        }
        if kind == FrameKind::ContentBlockDelta
            && let Some(delta) = plain_delta(payload)
        {
            return self.plain(&delta);
        }
        let Some(object) = Object::parse(payload) else {
            return match kind {
                FrameKind::Other => Ok(()),
                _ => Err(unreadable("an event that is no JSON object")),
            };
        };
        match kind {
            FrameKind::ContentBlockStart => self.start(&object),
            FrameKind::ContentBlockDelta => self.delta(&object),
            FrameKind::ContentBlockStop => {
                let block = number(&object)?;
                self.stop(block);
                Ok(())
            }
            FrameKind::MessageStop => self.message_stop(&object),
            FrameKind::Metadata => {
                self.flush();
                self.metadata = true;
                self.metadata(&object);
                Ok(())
            }
            FrameKind::MessageStart | FrameKind::Exception | FrameKind::Other => Ok(()),
        }
    }

    fn metadata(&mut self, object: &Object<'_>) {
        let trace = object.object("trace");
        let intervened = self.finish.as_ref().is_some_and(|finish| finish.reason == ending::GUARDRAIL);
        let invoked = trace.as_ref().and_then(ending::invoked_model);
        if let Some(mut usage) = ending::usage(object) {
            let cost = self.meter.as_ref().and_then(|meter| meter.cost(&usage, invoked.as_deref()));
            usage.extensions.extend(cost);
            let input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
            self.tokens = Some((input, usage.output));
            self.chunks.push(Chunk::Usage(usage));
        }
        self.traced = trace.map(|trace| ending::trace(&trace, invoked, intervened)).unwrap_or_default();
    }

    /// Gives out what waits to be joined. To be called when no more frames have arrived.
    pub(super) fn flush(&mut self) {
        if let Some(joined) = self.joined.take() {
            self.chunks.push(joined.into_chunk());
        }
    }

    /// The last chunk, where the answer was complete.
    pub(super) fn finished(&mut self) -> Result<Chunk, Error> {
        let Some(mut finish) = self.finish.take() else {
            return Err(errors::error(ErrorCode::Truncated, "the answer ended before its last event"));
        };
        finish.extensions.append(&mut self.traced);
        // The call that stands for the answer is none that the caller is to answer.
        if finish.reason == ending::TOOL_USE && self.names.output().is_some() && !self.calls {
            finish.reason = ending::END_TURN.into();
        }
        if self.blocks == 0 && self.is_too_long(&finish) {
            let message = "the conversation is as long as the model's context window: nothing was written";
            return Err(errors::error(ErrorCode::ContextTooLong, message));
        }
        Ok(Chunk::Finished(finish))
    }

    /// Whether an answer without content was kept from having any by the context window. Some models
    /// say so; of others it shows in the tokens.
    fn is_too_long(&self, finish: &Finish) -> bool {
        let full = || {
            let (input, output) = self.tokens?;
            let window = self.meter.as_ref()?.window()?;
            Some(output == 0 && input >= window - window / 100)
        };
        match finish.reason.as_str() {
            ending::CONTEXT_WINDOW => true,
            ending::MAX_TOKENS => full().unwrap_or(false),
            _ => false,
        }
    }

    #[inline]
    fn plain(&mut self, delta: &PlainDelta<'_>) -> Result<(), Error> {
        if let Some(joined) = &mut self.joined
            && joined.takes(delta)
        {
            if !delta.is_empty() {
                joined.push(delta);
            }
            return Ok(());
        }
        self.flush();
        if delta.kind == Plain::Arguments
            && let Some(open) = self.find(delta.block)
            && matches!(open.content, Content::ServerTool { .. } | Content::Output)
        {
            let mut text = String::new();
            delta.append_to(&mut text);
            return self.text(delta.block, delta.kind, Some(text));
        }
        let number = self.number_for(
            delta.block,
            |content| content.takes(delta.kind),
            || Content::for_plain(delta.kind),
        )?;
        if !delta.is_empty() {
            self.joined = Some(Joined::new(delta, number));
        }
        Ok(())
    }

    /// The number of the block that a delta belongs to; the block begins where it has not yet.
    fn number_for(
        &mut self,
        block: u32,
        belongs: impl FnOnce(&Content) -> bool,
        begin: impl FnOnce() -> Option<Content>,
    ) -> Result<u32, Error> {
        if let Some(open) = self.find(block)
            && belongs(&open.content)
        {
            return Ok(open.number);
        }
        let content = begin().ok_or_else(|| unreadable("arguments of a tool call that never began"))?;
        Ok(self.begin(block, content))
    }

    fn find(&mut self, block: u32) -> Option<&mut OpenBlock> {
        self.open.iter_mut().find(|open| open.block == block)
    }

    /// Opens a block, after it has ended another of the same number.
    fn begin(&mut self, block: u32, content: Content) -> u32 {
        let number = self.open(block, content);
        let begun = self.find(block).map(|open| open.content.kind().into());
        self.chunks.push(Chunk::BlockStart((number, begun.unwrap_or_default())));
        number
    }

    fn open(&mut self, block: u32, content: Content) -> u32 {
        self.stop(block);
        let number = self.blocks;
        self.blocks += 1;
        self.open.push(OpenBlock { block, number, content });
        number
    }

    fn start(&mut self, object: &Object<'_>) -> Result<(), Error> {
        self.flush();
        let block = number(object)?;
        let Some(start) = object.object("start") else {
            return Ok(());
        };
        let Some((kind, value)) = start.members().next() else {
            return Ok(());
        };
        let content = match kind {
            "toolUse" => {
                let Some(tool) = Object::parse(value) else {
                    return Err(unreadable("a tool call that is no JSON object"));
                };
                let member = |name| tool.string(name).unwrap_or_default();
                if self.names.is_output(&member("name")) {
                    let number = self.begin(block, Content::Output);
                    let value = ["{\"contentIndex\":", &number.to_string(), ",\"by\":\"tool\"}"].concat();
                    self.chunks.push(Chunk::Other(Extension { key: STRUCTURED_OUTPUT.into(), value }));
                    return Ok(());
                }
                if member("type") != SERVER_TOOL {
                    self.calls = true;
                    let number = self.open(block, Content::ToolCall);
                    let (id, name) = (member("toolUseId"), member("name"));
                    let name = self.names.callers(&name).into();
                    self.chunks.push(Chunk::ToolCallStart((number, id, name)));
                    return Ok(());
                }
                Content::ServerTool { start_json: value.into(), arguments: String::new() }
            }
            "toolResult" => Content::tool_result(value),
            "image" => Content::image(value),
            "text" => Content::text(),
            "reasoningContent" => Content::reasoning(),
            _ => Content::Unknown { kind: kebab(kind) },
        };
        self.begin(block, content);
        Ok(())
    }

    /// A delta that the scan does not know.
    fn delta(&mut self, object: &Object<'_>) -> Result<(), Error> {
        self.flush();
        let block = number(object)?;
        let Some(delta) = object.object("delta") else {
            return Ok(());
        };
        for (kind, value) in delta.members() {
            match kind {
                "text" => self.text(block, Plain::Text, json::string(value))?,
                "toolUse" => {
                    let input = Object::parse(value).and_then(|tool| tool.string("input"));
                    self.text(block, Plain::Arguments, input)?;
                }
                "reasoningContent" => self.reasoning(block, value)?,
                "citation" => self.citation(block, value)?,
                "toolResult" => self.tool_result(block, value)?,
                "image" => self.image(block, value)?,
                other => {
                    let kind = kebab(other);
                    let number =
                        self.number_for(block, |_| true, || Some(Content::Unknown { kind: kind.clone() }))?;
                    self.give(number, &kind, value.into());
                }
            }
        }
        Ok(())
    }

    /// Text of any kind that came in an uncommon shape.
    fn text(&mut self, block: u32, kind: Plain, text: Option<String>) -> Result<(), Error> {
        let Some(text) = text else {
            return Ok(());
        };
        if kind == Plain::Arguments
            && let Some(open) = self.find(block)
            && let Content::ServerTool { arguments, .. } = &mut open.content
        {
            arguments.push_str(&text);
            let number = open.number;
            self.give(number, "arguments", json::quoted(&text));
            return Ok(());
        }
        if kind == Plain::Arguments
            && let Some(open) = self.find(block)
            && matches!(open.content, Content::Output)
        {
            let deltas = Deltas { index: open.number, text, lengths: Vec::new() };
            if !deltas.text.is_empty() {
                self.chunks.push(Chunk::TextDelta(deltas));
            }
            return Ok(());
        }
        let number = self.number_for(block, |content| content.takes(kind), || Content::for_plain(kind))?;
        if text.is_empty() {
            return Ok(());
        }
        let deltas = Deltas { index: number, text, lengths: Vec::new() };
        self.chunks.push(match kind {
            Plain::Text => Chunk::TextDelta(deltas),
            Plain::Reasoning => Chunk::ReasoningDelta(deltas),
            Plain::Arguments => Chunk::ToolArgumentsDelta(deltas),
        });
        Ok(())
    }

    fn reasoning(&mut self, block: u32, value: &str) -> Result<(), Error> {
        let Some(delta) = Object::parse(value) else {
            return Err(unreadable("reasoning that is no JSON object"));
        };
        self.text(block, Plain::Reasoning, delta.string("text"))?;
        let signed = delta.string("signature");
        let hidden = match delta.string("redactedContent") {
            Some(encoded) => Some(decoded(&encoded)?),
            None => None,
        };
        if signed.is_none() && hidden.is_none() {
            return Ok(());
        }
        self.number_for(
            block,
            |content| matches!(content, Content::Reasoning { .. }),
            || Some(Content::reasoning()),
        )?;
        if let Some(open) = self.find(block)
            && let Content::Reasoning { signature, redacted } = &mut open.content
        {
            if let Some(part) = signed {
                signature.get_or_insert_default().push_str(&part);
            }
            if let Some(part) = hidden {
                redacted.get_or_insert_default().extend(part);
            }
        }
        Ok(())
    }

    fn citation(&mut self, block: u32, value: &str) -> Result<(), Error> {
        let number = self.number_for(
            block,
            |content| matches!(content, Content::Text { .. }),
            || Some(Content::text()),
        )?;
        if let Some(open) = self.find(block)
            && let Content::Text { citations_json } = &mut open.content
        {
            append_element(citations_json, value);
        }
        self.give(number, "citation", value.into());
        Ok(())
    }

    fn tool_result(&mut self, block: u32, value: &str) -> Result<(), Error> {
        let number = self.number_for(
            block,
            |content| matches!(content, Content::ToolResult { .. }),
            || Some(Content::tool_result("{}")),
        )?;
        if let Some(open) = self.find(block)
            && let Content::ToolResult { content_json, .. } = &mut open.content
        {
            for element in json::array(value).unwrap_or_default() {
                append_element(content_json, element);
            }
        }
        self.give(number, "tool-result", value.into());
        Ok(())
    }

    fn image(&mut self, block: u32, value: &str) -> Result<(), Error> {
        let Some(delta) = Object::parse(value) else {
            return Err(unreadable("an image that is no JSON object"));
        };
        let source = delta.object("source");
        let part = match source.as_ref().and_then(|source| source.string("bytes")) {
            Some(encoded) => Some(decoded(&encoded)?),
            None => None,
        };
        let number = self.number_for(
            block,
            |content| matches!(content, Content::Image { .. }),
            || Some(Content::image("{}")),
        )?;
        if let Some(open) = self.find(block)
            && let Content::Image { bytes, other_json, .. } = &mut open.content
        {
            match part {
                Some(part) => bytes.extend(part),
                None => {
                    *other_json = ["source", "error"]
                        .into_iter()
                        .find_map(|member| Some((member, delta.get(member)?.into())));
                }
            }
        }
        self.give(number, "image", value.into());
        Ok(())
    }

    fn give(&mut self, index: u32, kind: &str, value: String) {
        self.chunks.push(Chunk::BlockDelta(BlockDelta { index, kind: kind.into(), value }));
    }

    /// Ends a block, where one of this number is open.
    fn stop(&mut self, block: u32) {
        self.flush();
        let Some(at) = self.open.iter().position(|open| open.block == block) else {
            return;
        };
        let open = self.open.remove(at);
        self.chunks.push(Chunk::BlockEnd(open.into_end()));
    }

    fn message_stop(&mut self, object: &Object<'_>) -> Result<(), Error> {
        self.flush();
        let finish = ending::finish(object);
        while let Some(first) = self.open.first() {
            let block = first.block;
            self.stop(block);
        }
        self.finish = Some(finish);
        Ok(())
    }
}

fn number(object: &Object<'_>) -> Result<u32, Error> {
    object
        .integer("contentBlockIndex")
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| unreadable("a content block without its number"))
}

fn decoded(encoded: &str) -> Result<Vec<u8>, Error> {
    STANDARD.decode(encoded).map_err(|_| unreadable("bytes that are no base64"))
}

fn append_element(elements: &mut String, element: &str) {
    if !elements.is_empty() {
        elements.push(',');
    }
    elements.push_str(element);
}

fn unreadable(what: &str) -> Error {
    errors::error(ErrorCode::Internal, ["Bedrock sent ", what].concat())
}

/// `toolResult` as the contract spells words: `tool-result`.
fn kebab(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 2);
    for letter in word.chars() {
        if letter.is_ascii_uppercase() {
            out.push('-');
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(if letter == '_' { '-' } else { letter });
        }
    }
    out
}
