//! What can go wrong, in one type.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The class of an [`Error`]: what a program decides by.
///
/// The same list as `error-code` in the plugin contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorClass {
    /// The request is wrong and will stay wrong.
    InvalidRequest,
    /// No credentials, or the service does not believe them.
    Unauthenticated,
    /// The credentials do not allow it.
    PermissionDenied,
    /// There is no such model, or not here.
    ModelNotFound,
    /// The model is being made ready.
    ModelNotReady,
    /// The conversation is longer than the model's window.
    ContextTooLong,
    /// Too many requests or tokens a minute.
    RateLimited,
    /// A quota that does not refill in minutes.
    QuotaExceeded,
    /// Refused for its content.
    ContentFiltered,
    /// The service, or this host, has no room now.
    Overloaded,
    /// Nothing came in time.
    Timeout,
    /// The caller ended it.
    Cancelled,
    /// The service could not be reached, or the connection broke.
    Network,
    /// The answer ended before it was complete.
    Truncated,
    /// This provider or model cannot do it.
    Unsupported,
    /// A fault of the service, the plugin or the host.
    Internal,
    /// None of these.
    Other,
}

impl ErrorClass {
    /// The class in its written form, as in the JSON of an event: `rate-limited`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission-denied",
            Self::ModelNotFound => "model-not-found",
            Self::ModelNotReady => "model-not-ready",
            Self::ContextTooLong => "context-too-long",
            Self::RateLimited => "rate-limited",
            Self::QuotaExceeded => "quota-exceeded",
            Self::ContentFiltered => "content-filtered",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Network => "network",
            Self::Truncated => "truncated",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is no answer, or no more of it.
///
/// `Display` says what happened, then what to do. It never holds a credential or a prompt.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Error {
    /// The class.
    pub class: ErrorClass,
    /// What happened.
    pub message: String,
    /// What a person can do about it.
    pub remedy: Option<String>,
    /// The provider's own code, such as `ThrottlingException`.
    pub provider_code: Option<String>,
    /// The status of the HTTP answer, where there was one.
    pub http_status: Option<u16>,
    /// The provider's name for the failed request.
    pub request_id: Option<String>,
    /// How long the provider asks to wait.
    #[serde(rename = "retryAfterMs", serialize_with = "as_milliseconds")]
    pub retry_after: Option<Duration>,
    /// Whether any part of the answer had been handed over.
    pub delivered: bool,
    /// Whether the same request can simply be sent again: it may succeed, and nothing was delivered.
    pub retryable: bool,
    /// Anything more that the plugin told, by key.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub details: serde_json::Map<String, serde_json::Value>,
}

impl Error {
    /// An error of this class, with no more than a message.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            remedy: None,
            provider_code: None,
            http_status: None,
            request_id: None,
            retry_after: None,
            delivered: false,
            retryable: false,
            details: serde_json::Map::new(),
        }
    }

    /// A plugin did what it must not. `what` goes on from its name.
    pub(crate) fn of_plugin(name: &str, what: impl fmt::Display) -> Self {
        Self::new(ErrorClass::Internal, format!("the plugin {name} {what}"))
            .with_remedy("this is a fault of the plugin, not of the request")
    }

    /// The same with what a person can do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same, marked as worth another try.
    #[must_use]
    pub(crate) fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

fn as_milliseconds<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_millis() as u64).serialize(serializer)
}
