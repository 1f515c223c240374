//! Content blocks while they are being written. Text, reasoning and arguments are not kept: the
//! host has them from the deltas. What is kept is what the block needs beside them to go back.

use super::payload::Plain;
use crate::bindings::outcrop::provider::types::BlockEnd;
use crate::json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A block that has begun and not ended.
pub(super) struct OpenBlock {
    /// Bedrock's number.
    pub(super) block: u32,
    /// Ours: dense, in order of appearance.
    pub(super) number: u32,
    pub(super) content: Content,
}

impl OpenBlock {
    /// The end of the block.
    pub(super) fn into_end(self) -> BlockEnd {
        let mut end = BlockEnd { index: self.number, signature: None, redacted: None, raw: None };
        match self.content {
            Content::Text { citations_json } => {
                end.raw = (!citations_json.is_empty())
                    .then(|| ["{\"citations\":[", &citations_json, "]}"].concat());
            }
            Content::Reasoning { signature, redacted } => {
                end.signature = signature;
                end.redacted = redacted;
            }
            Content::ToolCall | Content::Output | Content::Unknown { .. } => {}
            Content::ServerTool { start_json, arguments } => {
                let input = if json::is_object(&arguments) { arguments.as_str() } else { "{}" };
                end.raw = Some(whole("toolUse", &start_json, "input", input));
            }
            Content::ToolResult { start_json, content_json } => {
                let content = ["[", &content_json, "]"].concat();
                end.raw = Some(whole("toolResult", &start_json, "content", &content));
            }
            Content::Image { start_json, bytes, other_json } => {
                let (member, value) = other_json.unwrap_or_else(|| {
                    let source = ["{\"bytes\":\"", &STANDARD.encode(&bytes), "\"}"].concat();
                    ("source", source)
                });
                end.raw = Some(whole("image", &start_json, member, &value));
            }
        }
        end
    }
}

/// A block of which the start gives all members but one.
fn whole(kind: &str, start_json: &str, member: &str, value: &str) -> String {
    let mut out = String::from("{");
    json::push_string(&mut out, kind);
    out.push_str(":{");
    if let Some(start) = json::Object::parse(start_json) {
        for (name, value) in start.members().filter(|(name, _)| *name != member) {
            json::push_string(&mut out, name);
            out.push(':');
            out.push_str(value);
            out.push(',');
        }
    }
    json::push_string(&mut out, member);
    out.push(':');
    out.push_str(value);
    out.push_str("}}");
    out
}

/// What must be kept of a block. Names ending in `json` hold JSON text; `start_json` is the value
/// that `contentBlockStart` gave.
pub(super) enum Content {
    Text {
        /// Citation objects, joined by commas.
        citations_json: String,
    },
    Reasoning {
        signature: Option<String>,
        redacted: Option<Vec<u8>>,
    },
    /// A call that the caller is to answer.
    ToolCall,
    /// The answer, in the caller's schema, as the arguments of a tool that stands for it.
    Output,
    /// A call that Bedrock itself answers.
    ServerTool {
        start_json: String,
        arguments: String,
    },
    /// What a server tool gave back.
    ToolResult {
        start_json: String,
        /// Content elements, joined by commas.
        content_json: String,
    },
    Image {
        start_json: String,
        bytes: Vec<u8>,
        /// A source or an error that is not bytes.
        other_json: Option<(&'static str, String)>,
    },
    /// A block that this version does not know. Its deltas are passed on, but how they make a whole
    /// is not known, so it cannot be sent back.
    Unknown {
        kind: String,
    },
}

impl Content {
    /// An empty block of the kind that a plain delta adds to, where such a block may begin without
    /// a `contentBlockStart`. A tool call may not: its id and name stand nowhere else.
    pub(super) fn for_plain(kind: Plain) -> Option<Self> {
        match kind {
            Plain::Text => Some(Self::text()),
            Plain::Reasoning => Some(Self::reasoning()),
            Plain::Arguments => None,
        }
    }

    pub(super) fn text() -> Self {
        Self::Text { citations_json: String::new() }
    }

    pub(super) fn reasoning() -> Self {
        Self::Reasoning { signature: None, redacted: None }
    }

    pub(super) fn tool_result(start_json: &str) -> Self {
        Self::ToolResult { start_json: start_json.into(), content_json: String::new() }
    }

    pub(super) fn image(start_json: &str) -> Self {
        Self::Image { start_json: start_json.into(), bytes: Vec::new(), other_json: None }
    }

    /// The word that `block-start` carries.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Text { .. } | Self::Output => "text",
            Self::Reasoning { .. } => "reasoning",
            Self::ToolCall => "tool-call",
            Self::ServerTool { .. } => "server-tool",
            Self::ToolResult { .. } => "tool-result",
            Self::Image { .. } => "image",
            Self::Unknown { kind } => kind,
        }
    }

    /// Whether a plain delta of this kind adds to this block.
    pub(super) fn takes(&self, kind: Plain) -> bool {
        matches!(
            (self, kind),
            (Self::Text { .. }, Plain::Text)
                | (Self::Reasoning { .. }, Plain::Reasoning)
                | (Self::ToolCall, Plain::Arguments)
        )
    }
}
