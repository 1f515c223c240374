//! The exceptions that a stream can carry, as its first frame or after some deltas.

use serde_json::{Value, json};

use super::faults::AFTER;
use crate::registry::{Answer, Call, Entry, Parameter};
use crate::{Scenario, Step, events};

/// An exception frame of the service.
#[derive(Debug)]
pub(crate) struct StreamException {
    name: &'static str,
    kind: &'static str,
    message: &'static str,
    /// Members of the payload beside the message, as JSON.
    more: &'static str,
}

const fn exception(name: &'static str, kind: &'static str, message: &'static str) -> StreamException {
    StreamException { name, kind, message, more: "{}" }
}

const EXCEPTIONS: &[StreamException] = &[
    exception(
        "exception-internal-server",
        "internalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    StreamException {
        name: "exception-model-stream-error",
        kind: "modelStreamErrorException",
        message: "The model returned an error while streaming.",
        more: r#"{"originalStatusCode":500,"originalMessage":"stream broke"}"#,
    },
    exception(
        "exception-validation",
        "validationException",
        "The model returned the following errors: the input was refused.",
    ),
    exception(
        "exception-throttling",
        "throttlingException",
        "Too many tokens, please wait before trying again.",
    ),
    exception(
        "exception-service-unavailable",
        "serviceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    // The caller brings its own kind.
    exception("exception", "futureException", "An exception that nobody has modelled."),
];

const PARAMETERS: &[Parameter] = &[
    AFTER,
    Parameter { name: "message", default: "", about: "another message" },
    Parameter { name: "kind", default: "", about: "another exception name" },
];

pub(crate) fn entries() -> impl Iterator<Item = Entry> {
    EXCEPTIONS.iter().map(|exception| Entry {
        name: exception.name,
        about: "an exception frame in a 200; `after=0` makes it the very first frame",
        parameters: PARAMETERS,
        answer: Answer::Exception(exception),
        reads_request: false,
        yields_to_tool_result: false,
    })
}

pub(crate) fn build(exception: &StreamException, call: &Call<'_>) -> Scenario {
    let message = call.args.optional("message").unwrap_or_else(|| exception.message.to_owned());
    let kind = call.args.optional("kind").unwrap_or_else(|| exception.kind.to_owned());
    let mut payload = json!({ "message": message });
    let more: Value = serde_json::from_str(exception.more).unwrap_or_default();
    events::merge(&mut payload, more);
    super::faults::begun(call).step(Step::Exception { name: kind, payload })
}
