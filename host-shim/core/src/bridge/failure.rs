//! Why a call to Bedrock failed, as the transport saw it.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::Headers;

/// The most of an error answer that is kept.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Where a call failed. The plugin is told the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A failed call.
#[derive(Clone, Debug)]
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
        Self::new(Stage::Credentials, chain(error))
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
                None => Self::new(stage_of(error), chain(error)),
            },
        }
    }

    /// What an HTTP answer says that is no success.
    fn from_response(response: &HttpResponse) -> Self {
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
            body: body[..body.len().min(MAX_BODY_BYTES)].to_vec(),
            remedy: None,
        }
    }
}

/// Bedrock's name for a request.
pub(crate) fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-amzn-requestid").map(str::to_owned)
}

/// How long the answer asks to wait: `x-amz-retry-after` in milliseconds, `Retry-After` in seconds.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let number = |name| headers.get(name).and_then(|value: &str| value.trim().parse::<u64>().ok());
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
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
}

impl Refusal {
    fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        causes(error).find_map(|cause| cause.downcast_ref())
    }

    fn failure(&self) -> Failure {
        let stage = match self {
            Self::BearerOverPlainHttp { .. } => Stage::Refused,
            Self::NoEventStream { .. } => Stage::Stream,
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
    if causes(error).any(|cause| cause.is::<CredentialsError>()) {
        return Stage::Credentials;
    }
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

        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(alias = "Message")]
            message: String,
        }
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
        let said = serde_json::from_slice(&failure.body).ok().map(|body: Body| body.message);
        let mut error = Self::new(class, said.unwrap_or_else(|| failure.message.clone()));
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
