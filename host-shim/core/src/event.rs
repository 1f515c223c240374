//! What an answer is made of, step by step.

use bytestring::ByteString;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::request::{Content, Message, RawBlock, Reasoning, Role, ToolCall};
use crate::{Error, Result};

/// One step of an answer.
///
/// A stream gives [`Start`](Event::Start), then for each block of content its start, deltas and end,
/// and last exactly one of [`Done`](Event::Done) and [`Error`](Event::Error). Blocks are numbered from 0
/// in the order in which they appear (`contentIndex`); blocks may overlap.
///
/// `Serialize` gives the JSON of the C ABI and of `outcrop chat --json`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// The service took the request.
    Start {
        /// The model asked, with its routing prefix.
        model: String,
        /// The provider's name for the request.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// A text block begins.
    TextStart {
        /// Which block.
        content_index: u32,
    },
    /// More text.
    TextDelta {
        /// Which block.
        content_index: u32,
        /// What is new.
        delta: ByteString,
    },
    /// A text block is whole.
    TextEnd {
        /// Which block.
        content_index: u32,
        /// All of its text.
        content: ByteString,
    },
    /// A block of reasoning begins.
    ThinkingStart {
        /// Which block.
        content_index: u32,
    },
    /// More reasoning.
    ThinkingDelta {
        /// Which block.
        content_index: u32,
        /// What is new.
        delta: ByteString,
    },
    /// A block of reasoning is whole.
    ThinkingEnd {
        /// Which block.
        content_index: u32,
        /// All that was shown.
        content: ByteString,
    },
    /// A tool call begins.
    ToolcallStart {
        /// Which block.
        content_index: u32,
        /// Ties the result to the call.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of the arguments' JSON text.
    ToolcallDelta {
        /// Which block.
        content_index: u32,
        /// A fragment, whole only together with the others.
        delta: ByteString,
    },
    /// A tool call is whole: its arguments are a JSON object.
    ToolcallEnd {
        /// Which block.
        content_index: u32,
        /// The call.
        tool_call: ToolCall,
    },
    /// A block of another kind begins: `image`, `tool-result`, ...
    BlockStart {
        /// Which block.
        content_index: u32,
        /// What it is.
        kind: String,
    },
    /// A step of a block that is neither text, reasoning nor arguments; a `citation` of a text block too.
    BlockDelta {
        /// Which block.
        content_index: u32,
        /// What `value` is: `citation`, `image`, ...
        kind: String,
        /// In the provider's shape.
        value: Value,
    },
    /// A block of another kind is whole.
    BlockEnd {
        /// Which block.
        content_index: u32,
    },
    /// What the answer has cost so far; the last one holds.
    Usage {
        /// Tokens.
        usage: Usage,
    },
    /// The plugin changed the request so that the model takes it.
    Rewritten {
        /// A stable word for the rule: `empty-text-dropped`, ...
        rule: String,
        /// A JSON Pointer into the request as it was given.
        at: String,
        /// For a person.
        detail: String,
    },
    /// Something that the contract has no field for.
    Extension {
        /// What it is.
        key: String,
        /// In the provider's shape.
        value: Value,
    },
    /// The answer is complete. Nothing follows.
    Done {
        /// Why it ended.
        reason: StopReason,
        /// All of it, fit to be sent back as history.
        message: Box<AssistantMessage>,
        /// What it cost.
        usage: Usage,
    },
    /// The answer failed. Nothing follows.
    Error {
        /// Why.
        error: Box<Error>,
    },
}

impl Event {
    /// Whether nothing follows this event.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Error { .. })
    }
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The model had said all, or came upon a stop sequence.
    Stop,
    /// It came upon a limit: its output tokens or the context window.
    Length,
    /// It wants tools called.
    ToolUse,
    /// The provider's filter stopped it.
    Filtered,
    /// A guardrail stopped it.
    Guardrail,
    /// The model refused.
    Refusal,
    /// What the model wrote could not be read (a tool call, a structured answer).
    Malformed,
    /// A reason this version does not know, in the provider's word.
    Other(String),
}

impl StopReason {
    /// The word for it in JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolUse => "toolUse",
            Self::Filtered => "filtered",
            Self::Guardrail => "guardrail",
            Self::Refusal => "refusal",
            Self::Malformed => "malformed",
            Self::Other(word) => word,
        }
    }
}

impl Serialize for StopReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Usage {
    /// Read anew: neither from nor to the cache.
    pub input: u64,
    /// Written, reasoning included.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache.
    pub cache_write: u64,
    /// The four together.
    pub total_tokens: u64,
    /// What they cost, where all their prices are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What the provider says beside: `service-tier`, `latency`, `latency-ms`, `cache-write-1h`, ...
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// US dollars, at the prices of the model that answered, of the geography it was called through and of the service
/// tier it was served with. The prices are the plugin's or the user's; no bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cost {
    /// Of the tokens read anew.
    pub input: f64,
    /// Of those written.
    pub output: f64,
    /// Of those read from the cache.
    pub cache_read: f64,
    /// Of those written to the cache.
    pub cache_write: f64,
    /// The four together.
    pub total: f64,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssistantMessage {
    /// Its blocks, in order. A tool call that was cut off is not among them.
    pub content: Vec<Content>,
    /// The model asked, with its routing prefix.
    pub model: String,
    /// The provider's name for the request.
    pub request_id: Option<String>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// The provider's own word for that.
    pub raw_stop_reason: String,
    /// What it cost.
    pub usage: Usage,
    /// What the provider says beside: `guardrail`, `stop-details`, `invoked-model`, ...
    pub details: Map<String, Value>,
}

impl AssistantMessage {
    /// The text of the answer: its text blocks, one after the other.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(|block| match block {
                Content::Text(text) | Content::Raw(RawBlock { text, .. }) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The tool calls of the answer.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.content.iter().filter_map(|block| match block {
            Content::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// The answer as a turn of the next request's history.
    pub fn into_message(self) -> Message {
        Message { role: Role::Assistant, content: self.content, model: Some(self.model) }
    }
}

impl Serialize for AssistantMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", "assistant")?;
        map.serialize_entry("content", &self.content.iter().map(content).collect::<Vec<_>>())?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("stopReason", &self.stop_reason)?;
        map.serialize_entry("rawStopReason", &self.raw_stop_reason)?;
        map.serialize_entry("usage", &self.usage)?;
        if let Some(id) = &self.request_id {
            map.serialize_entry("requestId", id)?;
        }
        if !self.details.is_empty() {
            map.serialize_entry("details", &self.details)?;
        }
        map.end()
    }
}

/// The JSON of a block in an answer; [`Request::from_json`](crate::Request::from_json) reads the same.
fn content(block: &Content) -> Value {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde_json::json;

    match block {
        Content::Text(text) => json!({ "type": "text", "text": text }),
        Content::Reasoning(Reasoning { redacted: Some(bytes), .. }) => json!({
            "type": "thinking",
            "thinking": "[Reasoning redacted]",
            "redacted": true,
            "thinkingSignature": BASE64_STANDARD.encode(bytes),
        }),
        Content::Reasoning(Reasoning { text, signature: Some(signature), .. }) => {
            json!({ "type": "thinking", "thinking": text, "thinkingSignature": signature })
        }
        Content::Reasoning(Reasoning { text, .. }) => json!({ "type": "thinking", "thinking": text }),
        Content::ToolCall(call) => json!({
            "type": "toolCall", "id": call.id, "name": call.name, "arguments": call.arguments,
        }),
        Content::Raw(RawBlock { kind, text, json }) if text.is_empty() => {
            json!({ "type": kind, "raw": json })
        }
        Content::Raw(RawBlock { kind, text, json }) => json!({ "type": kind, "text": text, "raw": json }),
        // No answer holds these.
        Content::Media(_) | Content::ToolResult(_) | Content::CachePoint(_) | Content::Instruction(_) => {
            Value::Null
        }
    }
}
