//! What a caller asks for, in words that no provider owns.

mod json;
mod media;

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

/// A request for one answer.
///
/// ```
/// let request = outcrop::Request::new("amazon-bedrock/amazon.nova-micro-v1:0")
///     .system("Answer in one sentence.")
///     .user("What is an outcrop?")
///     .max_tokens(200);
/// ```
///
/// The same as JSON, as the command line and the C ABI take it: [`Request::from_json`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// A routing prefix and the provider's id: `amazon-bedrock/amazon.nova-micro-v1:0`.
    /// The id may be an ARN.
    pub model: String,
    /// Names the conversation, so that what was learned in it (this model refuses that) is remembered.
    pub conversation_id: Option<String>,
    /// Instructions: text and cache points.
    pub system: Vec<Content>,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools the model may call.
    pub tools: Vec<Tool>,
    /// Which of them it is to call.
    pub tool_choice: ToolChoice,
    /// How hard the model should think.
    pub effort: Option<Effort>,
    /// Tokens of output, at most.
    pub max_tokens: Option<u32>,
    /// Randomness, 0 to 1 (some models: to 2).
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// The answer ends before any of these.
    pub stop_sequences: Vec<String>,
    /// A JSON Schema that the answer must follow.
    pub output_schema: Option<Value>,
    /// What the fields above have no place for, by the plugin's documented keys:
    /// `guardrail`, `service-tier`, `latency`, `metadata`, `model-fields`, ...
    pub extensions: Map<String, Value>,
    /// How long to wait for what. The host's defaults where unset.
    pub timeouts: Timeouts,
    /// Where else to ask, in order, while no content has been delivered: `PROVIDER/ID` (another model),
    /// `profile:global` (the same one through that geography's profile), `region:us-west-2` (the same one in that
    /// region), `fallbacks` (what `agents.defaults.model.fallbacks` lists). None: as the host says; empty: nowhere.
    pub fallbacks: Option<Vec<String>>,
}

impl Request {
    /// A request to this model, with nothing said yet.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), ..Self::default() }
    }

    /// Adds an instruction.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.system.push(Content::text(text));
        self
    }

    /// Adds a turn of the person.
    #[must_use]
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(Message::user(vec![Content::text(text)]))
    }

    /// Adds a turn.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Bounds the output, in tokens.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Reads the JSON form; see the repository's `docs/request.md` for all of it.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`](crate::ErrorClass::InvalidRequest), whose message begins with the
    /// JSON Pointer of the place, or with line and column where the text is no JSON.
    pub fn from_json(text: &[u8]) -> crate::Result<Self> {
        json::request(text)
    }

    /// Reads a request to which `model` or `messages` will be added: the same as
    /// [`from_json`](Self::from_json), but these two may be absent.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    pub fn draft_from_json(text: &[u8]) -> crate::Result<Self> {
        json::draft(text)
    }
}

/// One turn.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// In order.
    pub content: Vec<Content>,
    /// The model that wrote it, with its routing prefix; for assistant turns, where known.
    pub model: Option<String>,
}

impl Message {
    /// A turn of the person, or tool results.
    pub fn user(content: Vec<Content>) -> Self {
        Self { role: Role::User, content, model: None }
    }

    /// A turn of the model.
    pub fn assistant(content: Vec<Content>) -> Self {
        Self { role: Role::Assistant, content, model: None }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person, or the program in their place; tool results too.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(String),
    /// An image, document, video or sound.
    Media(Media),
    /// Reasoning of an earlier answer.
    Reasoning(Reasoning),
    /// A tool call of an earlier answer.
    ToolCall(ToolCall),
    /// A tool's answer.
    ToolResult(ToolResult),
    /// Everything before this point may be cached, for `5m` or `1h`.
    CachePoint(String),
    /// An instruction in the middle of the conversation; in a user's turn.
    Instruction(String),
    /// A block that carries the provider's own JSON.
    Raw(RawBlock),
}

impl Content {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// An image, document, video or sound. Its bytes never enter the sandbox.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// `png`, `jpeg`, `pdf`, `mp4`, ...
    pub format: String,
    /// The bytes themselves, not encoded.
    pub data: Bytes,
    /// A file name.
    pub name: Option<String>,
    /// What the provider takes beside: `citations`, `context`, ...
    pub extensions: Map<String, Value>,
}

impl Media {
    /// Media of this kind and format.
    pub fn new(kind: MediaKind, format: impl Into<String>, data: impl Into<Bytes>) -> Self {
        Self { kind, format: format.into(), data: data.into(), name: None, extensions: Map::new() }
    }
}

/// Kinds of [`Media`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaKind {
    /// A still image.
    Image,
    /// A document.
    Document,
    /// Moving images.
    Video,
    /// Sound.
    Audio,
}

impl MediaKind {
    /// The word for it in JSON and in the plugin contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// Reasoning a model showed, kept so that it can be sent back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reasoning {
    /// What was shown; empty where all of it was redacted.
    pub text: String,
    /// The provider's proof that it wrote `text`, byte for byte.
    pub signature: Option<String>,
    /// Reasoning that the provider encrypted.
    pub redacted: Option<Bytes>,
}

/// A call that a model made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// Ties the result to the call.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// A JSON object.
    pub arguments: Map<String, Value>,
}

impl ToolCall {
    /// A call of this tool.
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: Map<String, Value>) -> Self {
        Self { id: id.into(), name: name.into(), arguments }
    }
}

/// What a tool gave back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The id of the call it answers.
    pub call_id: String,
    /// In order.
    pub output: Vec<ToolOutput>,
    /// Whether the tool failed.
    pub is_error: bool,
}

impl ToolResult {
    /// The result of the call with this id.
    pub fn new(call_id: impl Into<String>, output: Vec<ToolOutput>) -> Self {
        Self { call_id: call_id.into(), output, is_error: false }
    }
}

/// A part of what a tool gave back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToolOutput {
    /// Text.
    Text(String),
    /// A JSON value.
    Json(Value),
    /// An image, document or video.
    Media(Media),
    /// What a search found, to be cited: an object of `source`, `title` and `content`.
    SearchResult(Value),
}

/// A block of an earlier answer that is more than its text, or one in the provider's own JSON.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawBlock {
    /// `text`, `image`, `tool-result`, ...: what the block was called when it began.
    pub kind: String,
    /// Its text, empty where it had none.
    pub text: String,
    /// The provider's own JSON, sent back as it came.
    pub json: Value,
}

impl RawBlock {
    /// A block of this kind.
    pub fn new(kind: impl Into<String>, text: impl Into<String>, json: Value) -> Self {
        Self { kind: kind.into(), text: text.into(), json }
    }
}

/// A tool the model may call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tool {
    /// Unique in the request.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// A JSON Schema of its arguments.
    pub parameters: Value,
    /// Whether the arguments must follow the schema to the letter.
    pub strict: bool,
}

impl Tool {
    /// A tool with this name, purpose and JSON Schema.
    pub fn new(name: impl Into<String>, description: impl Into<String>, parameters: Value) -> Self {
        Self { name: name.into(), description: description.into(), parameters, strict: false }
    }

    /// Reads a JSON array of tools, each as in the JSON form of a request.
    ///
    /// # Errors
    ///
    /// As [`Request::from_json`].
    pub fn list_from_json(text: &[u8]) -> crate::Result<Vec<Self>> {
        json::tools(text)
    }
}

/// Which tool the model is to call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It must call one.
    Any,
    /// It must call none.
    None,
    /// It must call this one.
    Named(String),
}

/// How hard a model should think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Effort {
    /// Not at all, where the model can leave it.
    Off,
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// In between.
    Medium,
    /// A lot.
    High,
    /// More than that.
    Xhigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// All levels, lowest first.
    pub const ALL: [Self; 7] =
        [Self::Off, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    /// The word for it: `off`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// How long to wait for what. What is unset takes the host's default
/// ([`HostBuilder::timeouts`](crate::HostBuilder::timeouts)).
///
/// Connecting has a limit too, but one for the host and not for a request: connections are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Until the first content of the answer.
    pub first_content: Option<Duration>,
    /// Between two arrivals of an answer that has begun.
    pub silence: Option<Duration>,
    /// For the whole answer.
    pub total: Option<Duration>,
}
