//! What one answer is made of, as data.

use bytes::Bytes;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use crate::{events, registry, replay};

/// The content type of a streamed answer.
pub const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// One scripted answer: status, headers and what the body does, step by step.
///
/// The same scenario answers ConverseStream as written, and Converse folded into one JSON object.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Silence before the response headers.
    pub before_headers: Duration,
    /// The HTTP status.
    pub status: u16,
    /// Response headers, `content-type` among them.
    pub headers: Vec<(String, String)>,
    /// How the bytes are cut into writes.
    pub writes: Writes,
    /// What the body does.
    pub steps: Vec<Step>,
}

/// How the bytes of a body are cut into writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// Every frame is a body chunk of its own and is flushed by itself.
    #[default]
    Frame,
    /// All that stands between two waits is one chunk.
    Coalesced,
    /// One byte at a time.
    Byte,
}

/// One thing the body of an answer does.
#[derive(Clone, Debug)]
pub enum Step {
    /// An event frame. A payload that is an object gets the padding member `p`, as real ones have.
    Event {
        /// `:event-type`
        name: String,
        /// The JSON payload.
        payload: Value,
    },
    /// The same event frame many times, encoded once.
    Repeat {
        /// `:event-type`
        name: String,
        /// The JSON payload.
        payload: Value,
        /// How often.
        times: usize,
        /// The time from one to the next; the first comes at once.
        every: Duration,
    },
    /// An exception frame; `name` as on the wire, for example `throttlingException`.
    Exception {
        /// `:exception-type`
        name: String,
        /// The JSON payload.
        payload: Value,
    },
    /// Bytes as they are: a damaged frame, part of one, or something else altogether.
    Raw(Bytes),
    /// A pause; what was written before it has left.
    Sleep(Duration),
    /// Nothing more for ever; the connection stays open.
    Hang,
    /// The body breaks off: over HTTP/1.1 the connection is closed without the last chunk, over
    /// HTTP/2 the stream is reset with INTERNAL_ERROR.
    Close,
    /// The TCP connection is reset (RST), and with it every HTTP/2 stream on it.
    Reset,
    /// The connection takes no more requests: HTTP/2 says GOAWAY. What is under way on it goes on.
    GoAway,
}

impl Step {
    /// An event frame.
    pub fn event(name: &str, payload: Value) -> Self {
        Self::Event { name: name.to_owned(), payload }
    }

    /// An exception frame with a message.
    pub fn exception(name: &str, message: &str) -> Self {
        Self::Exception { name: name.to_owned(), payload: json!({ "message": message }) }
    }
}

impl Scenario {
    /// A streamed 200 of these steps.
    pub fn stream(steps: Vec<Step>) -> Self {
        Self {
            before_headers: Duration::ZERO,
            status: 200,
            headers: vec![("content-type".to_owned(), EVENT_STREAM.to_owned())],
            writes: Writes::default(),
            steps,
        }
    }

    /// A whole, well-behaved answer of one text block.
    pub fn text(text: &str) -> Self {
        Self::stream(events::text_answer(text))
    }

    /// An HTTP error in the service's shape: named by `x-amzn-errortype`, body `{"message":..}`.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "message": message })).header("x-amzn-errortype", code)
    }

    /// The refusal of an action, such as `bedrock:InvokeModel`, that no policy allows.
    pub fn denied(action: &str) -> Self {
        let message = format!(
            "User: {} is not authorized to perform: {action} because no identity-based policy allows \
             the {action} action",
            crate::sts::CALLER
        );
        Self::error(403, "AccessDeniedException", &message)
    }

    /// A JSON answer, as the control plane gives.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::stream(vec![Step::Raw(Bytes::from(body.to_string()))])
            .status(status)
            .header("content-type", "application/json")
    }

    /// The answer kept in a recording: `NAME.response.eventstream` or `NAME.response.json`, with
    /// status and error type from `NAME.meta.json` beside it when there is one.
    pub fn replay(path: impl AsRef<Path>) -> std::io::Result<Self> {
        replay::load(path.as_ref())
    }

    /// A scenario of the registry, written as in a prompt but without `sim:`, for example
    /// `long deltas=10`. It is built for an empty request.
    pub fn named(command: &str) -> Result<Self, String> {
        registry::build_without_request(command)
    }

    /// With another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a response header, in the place of one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With its bytes cut into writes in another way.
    pub fn writes(mut self, writes: Writes) -> Self {
        self.writes = writes;
        self
    }

    /// With a silence before the response headers.
    pub fn before_headers(mut self, silence: Duration) -> Self {
        self.before_headers = silence;
        self
    }

    /// With a silence between the response headers and the first byte of the body.
    pub fn before_first_frame(mut self, silence: Duration) -> Self {
        self.steps.insert(0, Step::Sleep(silence));
        self
    }

    /// With one more step at the end.
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map_or("", |(_, value)| value)
    }

    /// Whether this is a streamed answer (and not an error or another JSON document).
    pub(crate) fn is_stream(&self) -> bool {
        self.status == 200 && self.content_type() != "application/json"
    }
}
