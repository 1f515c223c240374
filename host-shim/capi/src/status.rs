//! How a call went, as a number that never changes its meaning.

use outcrop::ErrorClass;

/// How a call went. Numbers are never used again for something else.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum outcrop_status {
    /// Done.
    OUTCROP_OK = 0,
    /// The stream is over: its terminal event has been taken.
    OUTCROP_END = 1,
    /// Nothing has arrived yet, or not within the time allowed.
    OUTCROP_PENDING = 2,

    /// A NULL where there must be none, text that is not UTF-8, an unknown option.
    OUTCROP_INVALID_ARGUMENT = 10,
    /// A handle that was freed already, or is of another kind.
    OUTCROP_INVALID_HANDLE = 11,
    /// A fault of the library, caught at its boundary.
    OUTCROP_PANIC = 12,
    /// The process has forked since the handle was made.
    OUTCROP_FORKED = 13,
    /// The host that the handle belongs to was freed.
    OUTCROP_SHUT_DOWN = 14,
    /// Called from inside a callback of this library.
    OUTCROP_REENTERED = 15,
    /// Another thread is using the stream.
    OUTCROP_BUSY = 16,

    /// The request is wrong and will stay wrong.
    OUTCROP_INVALID_REQUEST = 101,
    /// No credentials, or the service does not believe them.
    OUTCROP_UNAUTHENTICATED = 102,
    /// The credentials do not allow it.
    OUTCROP_PERMISSION_DENIED = 103,
    /// There is no such model, or not here.
    OUTCROP_MODEL_NOT_FOUND = 104,
    /// The model is being made ready.
    OUTCROP_MODEL_NOT_READY = 105,
    /// The conversation is longer than the model's window.
    OUTCROP_CONTEXT_TOO_LONG = 106,
    /// Too many requests or tokens a minute.
    OUTCROP_RATE_LIMITED = 107,
    /// A quota that does not refill in minutes.
    OUTCROP_QUOTA_EXCEEDED = 108,
    /// Refused for its content.
    OUTCROP_CONTENT_FILTERED = 109,
    /// The service, or this host, has no room now.
    OUTCROP_OVERLOADED = 110,
    /// Nothing came in time.
    OUTCROP_TIMEOUT = 111,
    /// The caller ended it.
    OUTCROP_CANCELLED = 112,
    /// The service could not be reached, or the connection broke.
    OUTCROP_NETWORK = 113,
    /// The answer ended before it was complete.
    OUTCROP_TRUNCATED = 114,
    /// This provider or model cannot do it.
    OUTCROP_UNSUPPORTED = 115,
    /// A fault of the service, the plugin or the host.
    OUTCROP_INTERNAL = 116,
    /// None of these.
    OUTCROP_OTHER = 117,
}

impl From<ErrorClass> for outcrop_status {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::InvalidRequest => Self::OUTCROP_INVALID_REQUEST,
            ErrorClass::Unauthenticated => Self::OUTCROP_UNAUTHENTICATED,
            ErrorClass::PermissionDenied => Self::OUTCROP_PERMISSION_DENIED,
            ErrorClass::ModelNotFound => Self::OUTCROP_MODEL_NOT_FOUND,
            ErrorClass::ModelNotReady => Self::OUTCROP_MODEL_NOT_READY,
            ErrorClass::ContextTooLong => Self::OUTCROP_CONTEXT_TOO_LONG,
            ErrorClass::RateLimited => Self::OUTCROP_RATE_LIMITED,
            ErrorClass::QuotaExceeded => Self::OUTCROP_QUOTA_EXCEEDED,
            ErrorClass::ContentFiltered => Self::OUTCROP_CONTENT_FILTERED,
            ErrorClass::Overloaded => Self::OUTCROP_OVERLOADED,
            ErrorClass::Timeout => Self::OUTCROP_TIMEOUT,
            ErrorClass::Cancelled => Self::OUTCROP_CANCELLED,
            ErrorClass::Network => Self::OUTCROP_NETWORK,
            ErrorClass::Truncated => Self::OUTCROP_TRUNCATED,
            ErrorClass::Unsupported => Self::OUTCROP_UNSUPPORTED,
            ErrorClass::Internal => Self::OUTCROP_INTERNAL,
            // A class that this ABI has no number for is none of its own.
            _ => Self::OUTCROP_OTHER,
        }
    }
}
