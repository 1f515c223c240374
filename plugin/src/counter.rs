//! Input tokens of a request: counted by Bedrock where the model supports it, estimated where not.

use crate::bindings::exports::outcrop::provider::token_counter::{Count, CountProgress};
use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, BodyPart};
use crate::bindings::outcrop::provider::types::{Error, ErrorCode, Request};
use crate::bridge::{Bridge, Call};
use crate::errors;
use crate::json::Object;
use crate::learned::{Lack, Learned};
use crate::models::Known;
use crate::request;
use crate::settings::Settings;
use crate::target::Target;

/// Characters of a body that make a token, about, in the languages that most is written in.
const CHARACTERS_A_TOKEN: u64 = 4;

/// Tokens of an image or another medium, about: what a picture of a megapixel costs.
const MEDIA_TOKENS: u64 = 1_500;

/// How Bedrock says that it cannot count for a model.
const UNSUPPORTED: &str = "support counting tokens";

/// A count under way.
pub struct Counting<B: Bridge> {
    bridge: B,
    known: Known,
    estimate: u64,
    /// None where the model is known not to have its tokens counted.
    call: Option<B::Call>,
}

/// Starts to count.
///
/// # Errors
/// Where the request cannot be mapped or the host refuses the call.
pub fn start<B: Bridge>(bridge: B, request: &Request, settings: &Settings) -> Result<Counting<B>, Error> {
    let target = Target::of(&bridge, request, settings);
    let mapped = request::count(request, &target, settings)?;
    let estimate = estimate(&mapped.body);
    let call = if target.learned.lacks_this(Lack::Counting) {
        None
    } else {
        // Bedrock counts for a model, and refuses to for a profile of it.
        let id = if request.model_id.starts_with("arn:") { &request.model_id } else { &target.known.base };
        Some(bridge.start("count-tokens", id, &mapped.body).map_err(errors::of_failure)?)
    };
    Ok(Counting { bridge, known: target.known, estimate, call })
}

impl<B: Bridge> Counting<B> {
    /// Works on what has arrived.
    ///
    /// # Errors
    /// Where Bedrock could not be asked, or answered something else than a count.
    pub fn poll(&self) -> Result<CountProgress, Error> {
        let Some(call) = &self.call else { return Ok(self.estimated()) };
        let arrival = match call.next_chunk() {
            Ok(arrival) => arrival,
            Err(failure) => {
                let error = errors::of_failure(failure);
                let unsupported = errors::comparable(&error.message).contains(UNSUPPORTED);
                if unsupported {
                    let mut learned = Learned::default();
                    learned.add(Lack::Counting);
                    learned.remember(&self.bridge, &self.known, None);
                }
                // Who may ask a model need not be allowed to count for it.
                if unsupported || error.code == ErrorCode::PermissionDenied {
                    return Ok(self.estimated());
                }
                return Err(error);
            }
        };
        match arrival {
            Arrival::Nothing => Ok(CountProgress::Waiting),
            Arrival::Body(body) => core::str::from_utf8(&body)
                .ok()
                .and_then(Object::parse)
                .and_then(|answer| answer.integer("inputTokens"))
                .map(|input| CountProgress::Counted(Count { input, exact: true }))
                .ok_or_else(unreadable),
            Arrival::Frame(_) | Arrival::Frames(_) | Arrival::End => Err(unreadable()),
        }
    }

    fn estimated(&self) -> CountProgress {
        CountProgress::Counted(Count { input: self.estimate, exact: false })
    }
}

fn unreadable() -> Error {
    errors::error(ErrorCode::Internal, "Bedrock's count is not readable")
}

/// A guess from the body's length; JSON's own signs stand in for what a model adds around messages.
fn estimate(body: &[BodyPart]) -> u64 {
    body.iter()
        .map(|part| match part {
            BodyPart::Json(text) => {
                let characters = String::from_utf8_lossy(text).chars().count() as u64;
                characters / CHARACTERS_A_TOKEN
            }
            BodyPart::Media(_) => MEDIA_TOKENS,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::outcrop::provider::bedrock_bridge::Failure;
    use crate::stream::script::{Memory, Scripted, request};

    fn polled(arrival: Result<Arrival, Failure>) -> Result<CountProgress, Error> {
        let memory = Memory::playing([Scripted::new([arrival])]);
        start(&memory, &request("us.anthropic.claude-novel-9"), &Settings::default())?.poll()
    }

    fn refused(message: &str) -> Failure {
        Failure {
            stage: "status".into(),
            message: "HTTP error".into(),
            http_status: Some(400),
            error_type: Some("ValidationException".into()),
            request_id: None,
            retry_after_ms: None,
            body: serde_json::json!({ "message": message }).to_string().into_bytes(),
        }
    }

    #[test]
    fn bedrock_counts_where_it_can() {
        assert_eq!(polled(Ok(Arrival::Nothing)), Ok(CountProgress::Waiting));
        let counted = |input, exact| Ok(CountProgress::Counted(Count { input, exact }));
        assert_eq!(polled(Ok(Arrival::Body(br#"{"inputTokens":19}"#.to_vec()))), counted(19, true));
        assert!(polled(Err(refused("Something else."))).is_err());
        assert!(polled(Ok(Arrival::Body(b"{}".to_vec()))).is_err());
        assert!(polled(Ok(Arrival::End)).is_err());
    }

    #[test]
    fn what_cannot_be_counted_is_estimated_and_remembered() {
        let unsupported = refused("The provided model doesn\u{2019}t support counting tokens.");
        let memory = Memory::playing([Scripted::new([Err(unsupported)])]);
        let asked = request("us.anthropic.claude-novel-9");
        for _ in 0..2 {
            let counting = start(&memory, &asked, &Settings::default()).expect("it starts");
            let Ok(CountProgress::Counted(count)) = counting.poll() else { panic!("no count") };
            assert!(!count.exact && count.input > 0, "{count:?}");
        }
        let sent = memory.sent.borrow();
        let sent: Vec<_> = sent.iter().map(|(operation, id, _)| (operation.as_str(), id.as_str())).collect();
        assert_eq!(sent, [("count-tokens", "anthropic.claude-novel-9")]);
        let denied = Failure {
            http_status: Some(403),
            error_type: Some("AccessDeniedException".into()),
            ..refused("User is not authorized to perform: bedrock:CountTokens")
        };
        assert!(matches!(polled(Err(denied)), Ok(CountProgress::Counted(Count { exact: false, .. }))));
    }

    #[test]
    fn an_estimate_counts_characters_and_media() {
        let body = [BodyPart::Json("ééééabcd".into()), BodyPart::Media(1)];
        assert_eq!(estimate(&body), 2 + MEDIA_TOKENS);
    }
}
