//! Why a call to Bedrock failed, as the transport saw it.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

/// How the quotation of a signed request begins.
const QUOTE: &str = "The Canonical String";

/// How the SDK quotes what a failed `credential_process` wrote.
const PROCESS_OUTPUT: &str = ". Stderr: ";

/// The most of an error answer that is kept.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Where a call failed. The plugin is told the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// No credentials could be had.
    Credentials,
    /// No connection could be made.
    Connect,
    /// The other side could not be authenticated.
    Tls,
    /// The answer was an HTTP error.
    Status,
    /// The answer broke off, or was none of Bedrock's.
    Stream,
    /// Nothing came in time.
    Timeout,
    /// This host's own policy forbids the call.
    Refused,
}

impl Stage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Status => "status",
            Self::Stream => "stream",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
        }
    }
}

/// What the service says of credentials whose time is over, or that are no longer known. Without `Exception`.
const STALE: &[&str] = &["ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId"];
/// What it says of others that it does not believe.
const DISBELIEVED: &[&str] =
    &["IncompleteSignature", "InvalidSignature", "MissingAuthenticationToken", "SignatureDoesNotMatch"];

/// What it says of a signature whose time is not its own.
const CLOCK: &[&str] = &["RequestTimeTooSkewed", "RequestExpired"];

/// A failed call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) message: String,
    pub(crate) http_status: Option<u16>,
    pub(crate) error_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
    /// What a person can do, where this host knows better than the plugin.
    pub(crate) remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self {
            stage,
            message: message.into(),
            http_status: None,
            error_type: None,
            request_id: None,
            retry_after: None,
            body: Vec::new(),
            remedy: None,
        }
    }

    /// No credentials could be had.
    pub(crate) fn of_credentials(error: &CredentialsError) -> Self {
        let said = chain(error);
        // Nobody knows what a `credential_process` wrote.
        let said = said.split(PROCESS_OUTPUT).next().unwrap_or_default();
        Self::new(Stage::Credentials, attempts(said))
    }

    /// Whether the credentials are at fault: there are none, or the service does not believe them.
    pub(crate) fn is_of_credentials(&self) -> bool {
        self.stage == Stage::Credentials
            || self.http_status == Some(401)
            || self.is_one_of(STALE)
            || self.is_one_of(DISBELIEVED)
    }

    /// Whether other credentials from the same place may serve.
    pub(crate) fn is_of_stale_credentials(&self) -> bool {
        self.is_one_of(STALE)
    }

    /// Whether the signature was refused for its time: `Signature expired: ...`, `Signature not yet current:
    /// ...`.
    pub(crate) fn tells_of_clock(&self) -> bool {
        self.is_one_of(CLOCK)
            || (self.is_one_of(&["InvalidSignature", "SignatureDoesNotMatch"])
                && ["Signature expired", "not yet current"].iter().any(|words| self.said().contains(words)))
    }

    /// The action that no policy allows: `bedrock:InvokeModel`.
    pub(crate) fn denied_action(&self) -> Option<String> {
        if !self.is_access_denied() {
            return None;
        }
        let said = self.said();
        let (_, after) = said.split_once("not authorized to perform: ")?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-');
        let action = after.split(|letter| !is_name(letter)).next()?;
        action.contains(':').then(|| action.to_owned())
    }

    /// What the service said, or else what this side has to say.
    pub(crate) fn said(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(alias = "Message")]
            message: String,
        }
        let said = serde_json::from_slice(&self.body).ok().map(|body: Body| body.message);
        said.unwrap_or_else(|| self.message.clone())
    }

    /// Whether a policy forbids it, or an API key is not known.
    pub(crate) fn is_access_denied(&self) -> bool {
        self.is_one_of(&["AccessDenied"])
    }

    fn is_one_of(&self, codes: &[&str]) -> bool {
        let code = self.error_type.as_deref().unwrap_or_default();
        let code = code.strip_suffix("Exception").unwrap_or(code);
        codes.iter().any(|known| known.eq_ignore_ascii_case(code))
    }

    /// What the SDK's error says.
    pub(crate) fn from_sdk<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: StdError + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(context) => Self::from_response(context.raw()),
            SdkError::ResponseError(context) => match Refusal::find(error) {
                Some(refusal) => refusal.failure(),
                None => {
                    let mut failure = Self::from_response(context.raw());
                    failure.stage = Stage::Stream;
                    failure.message = chain(error);
                    failure
                }
            },
            SdkError::TimeoutError(_) => Self::new(Stage::Timeout, chain(error)),
            SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
                Self::new(Stage::Timeout, format!("could not connect in time: {}", chain(error)))
            }
            _ => match Refusal::find(error) {
                Some(refusal) => refusal.failure(),
                None => match causes(error).find_map(|cause| cause.downcast_ref()) {
                    Some(error) => Self::of_credentials(error),
                    None => Self::new(stage_of(error), chain(error)),
                },
            },
        }
    }

    /// What an HTTP answer says that is no success.
    pub(super) fn from_response(response: &HttpResponse) -> Self {
        let headers = response.headers();
        let body = response.body().bytes().unwrap_or_default();
        Self {
            stage: Stage::Status,
            message: format!("Bedrock answered with HTTP status {}", response.status().as_u16()),
            http_status: Some(response.status().as_u16()),
            error_type: headers
                .get("x-amzn-errortype")
                .and_then(|value| value.split(':').next())
                .map(str::to_owned),
            request_id: request_id(headers),
            retry_after: retry_after(headers),
            body: without_signed_request(&body[..body.len().min(MAX_BODY_BYTES)]),
            remedy: None,
        }
    }
}

/// An error answer without the request that it quotes: AWS explains a wrong signature by what should have been
/// signed, which holds the session token.
fn without_signed_request(body: &[u8]) -> Vec<u8> {
    let Some(place) = memchr::memmem::find(body, QUOTE.as_bytes()) else { return body.to_vec() };
    match serde_json::from_slice(body) {
        Ok(serde_json::Value::Object(mut members)) => {
            for value in members.values_mut() {
                if let Some(text) = value.as_str() {
                    *value = without_quotation(text).into();
                }
            }
            serde_json::Value::Object(members).to_string().into_bytes()
        }
        // It is none of Bedrock's.
        _ => body[..place].to_vec(),
    }
}

/// A message without the request that it quotes.
pub(crate) fn without_quotation(message: &str) -> &str {
    message.split(QUOTE).next().unwrap_or_default().trim_end()
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: StdError + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        Self::from_sdk(&error)
    }
}

/// Bedrock's name for a request.
pub(crate) fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-amzn-requestid").map(str::to_owned)
}

/// How long the answer asks to wait: `x-amz-retry-after` in milliseconds, `Retry-After` in seconds or as a date.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let number = |name| headers.get(name).and_then(|value: &str| value.trim().parse::<u64>().ok());
    let date = || {
        let date = DateTime::from_str(headers.get("retry-after")?.trim(), Format::HttpDate).ok()?;
        // What is past is now.
        Some(SystemTime::try_from(date).ok()?.duration_since(SystemTime::now()).unwrap_or_default())
    };
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
        .or_else(date)
}

/// A call that one of our own interceptors stopped.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// A key that anybody on the way could read.
    #[error(
        "the Bedrock API key (AWS_BEARER_TOKEN_BEDROCK) is not sent over plain http to {host}; use an https endpoint"
    )]
    BearerOverPlainHttp { host: String },
    /// A success that is no event stream, so nothing that could be read as one.
    #[error(
        "the endpoint answered with content type {content_type:?} in place of an event stream; is it Bedrock's?"
    )]
    NoEventStream { content_type: String },
    /// A success that something on the way has compressed, which nobody asked for.
    #[error(
        "the answer is compressed ({encoding}), which was not asked for; something between here and Bedrock does that"
    )]
    Encoded { encoding: String },
}

impl Refusal {
    fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        causes(error).find_map(|cause| cause.downcast_ref())
    }

    pub(super) fn failure(&self) -> Failure {
        let stage = match self {
            Self::BearerOverPlainHttp { .. } => Stage::Refused,
            // It was somebody else who answered: Bedrock was not reached.
            Self::NoEventStream { .. } | Self::Encoded { .. } => Stage::Connect,
        };
        Failure::new(stage, self.to_string())
    }
}

/// An error and what caused it.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn stage_of(error: &(dyn StdError + 'static)) -> Stage {
    // The SDK hides these behind private types; their words are all there is.
    let text = chain(error);
    if text.contains("no auth scheme") || text.contains("identity") {
        Stage::Credentials
    } else if text.contains("peer certificate") || text.contains("HandshakeFailure") {
        Stage::Tls
    } else {
        Stage::Connect
    }
}

/// What the SDK says of a chain that found nothing, on one line and without what it says each time.
fn attempts(text: &str) -> String {
    const NOTHING: &str = "the credential provider was not enabled";
    let Some((_, attempts)) = text.split_once("no credentials found in chain. Attempted:") else {
        return text.to_owned();
    };
    let attempts: Vec<String> = attempts
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (place, why) = line.split_once(": ").unwrap_or((line, ""));
            match why.strip_prefix(NOTHING).unwrap_or(why).trim_start_matches(": ") {
                "" => format!("{place}: nothing there"),
                why => format!("{place}: {why}"),
            }
        })
        .collect();
    format!("no AWS credentials were found ({})", attempts.join("; "))
}

/// An error's message and those of its causes, each said once.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let said = cause.to_string();
        if !text.contains(&said) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&said);
        }
    }
    text
}

/// For a caller that asks the bridge without a plugin in between.
impl From<&Failure> for crate::Error {
    fn from(failure: &Failure) -> Self {
        use crate::ErrorClass;

        let class = match (failure.stage, failure.http_status) {
            (Stage::Credentials, _) | (Stage::Status, Some(401)) => ErrorClass::Unauthenticated,
            (Stage::Connect | Stage::Tls, _) => ErrorClass::Network,
            (Stage::Timeout, _) => ErrorClass::Timeout,
            (Stage::Refused, _) => ErrorClass::InvalidRequest,
            (Stage::Stream, _) => ErrorClass::Truncated,
            (Stage::Status, Some(403)) if failure.error_type.as_deref() == Some("AccessDeniedException") => {
                ErrorClass::PermissionDenied
            }
            (Stage::Status, Some(403)) => ErrorClass::Unauthenticated,
            (Stage::Status, Some(429)) => ErrorClass::RateLimited,
            (Stage::Status, Some(400..=499)) => ErrorClass::InvalidRequest,
            (Stage::Status, _) => ErrorClass::Internal,
        };
        let mut error = Self::new(class, failure.said());
        error.remedy.clone_from(&failure.remedy);
        error.provider_code.clone_from(&failure.error_type);
        error.http_status = failure.http_status;
        error.request_id.clone_from(&failure.request_id);
        error.retry_after = failure.retry_after;
        error.retryable = matches!(
            class,
            ErrorClass::Network | ErrorClass::Timeout | ErrorClass::RateLimited | ErrorClass::Internal
        );
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_request_is_left_out() {
        let quoted = r#"{"message":"It does not match.\n\nThe Canonical String for this request should be\n
            'x-amz-security-token:SECRET'","__type":"x"}"#;
        let quoted = quoted.replace("\n            ", "");
        let kept = without_signed_request(quoted.as_bytes());
        assert_eq!(kept, br#"{"message":"It does not match.","__type":"x"}"#);
        let html = without_signed_request(b"<p>No.</p> The Canonical String: SECRET");
        assert_eq!(html, b"<p>No.</p> ");
        assert_eq!(without_signed_request(b"{\"message\":1}"), b"{\"message\":1}");
    }

    #[test]
    fn a_pause_is_asked_for_in_three_ways() {
        let asked = |name: &'static str, value: &str| {
            let mut headers = Headers::new();
            headers.insert(name, value.to_owned());
            retry_after(&headers)
        };
        assert_eq!(asked("retry-after", "3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("x-amz-retry-after", "3"), Some(Duration::from_millis(3)));
        let date = DateTime::from(SystemTime::now() + Duration::from_secs(600));
        let date = date.fmt(Format::HttpDate).expect("a date");
        let asked_for = asked("retry-after", &date).expect("a pause").as_secs();
        assert!((500..=600).contains(&asked_for), "{asked_for}");
        assert_eq!(asked("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("retry-after", "soon"), None);
    }

    #[test]
    fn the_denied_action_is_read_out_of_the_message() {
        let mut failure = Failure::new(Stage::Status, "");
        failure.error_type = Some("AccessDeniedException".to_owned());
        for (message, action) in [
            (
                "User: a is not authorized to perform: bedrock:InvokeModel on resource: arn:b",
                Some("bedrock:InvokeModel"),
            ),
            (
                "User: a is not authorized to perform: aws-marketplace:Subscribe.",
                Some("aws-marketplace:Subscribe"),
            ),
            ("Authentication failed", None),
            ("not authorized to perform: ", None),
        ] {
            failure.body = serde_json::json!({ "Message": message }).to_string().into_bytes();
            assert_eq!(failure.denied_action().as_deref(), action, "{message}");
        }
    }

    #[test]
    fn a_chain_that_found_nothing_is_told_on_one_line() {
        let told = attempts(
            "the credential provider was not enabled: no credentials found in chain. Attempted:\n  \
             Environment: the credential provider was not enabled: environment variable not set\n  \
             Profile: the credential provider was not enabled",
        );
        assert_eq!(
            told,
            "no AWS credentials were found (Environment: environment variable not set; Profile: nothing there)"
        );
        assert_eq!(attempts("another error"), "another error");
    }
}
