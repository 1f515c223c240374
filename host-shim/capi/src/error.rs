//! Why a call failed.

use std::time::Duration;

use outcrop::{Error, ErrorClass};

use crate::boundary;
use crate::handles::{self, outcrop_error};
use crate::out::Out;
use crate::status::outcrop_status;
use crate::status::outcrop_status::OUTCROP_INVALID_ARGUMENT;
use crate::strings::outcrop_str;

/// A failure, on its way to the caller.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Of the ABI.
    Abi(outcrop_status, String),
    /// Of what the library does.
    Core(Box<Error>),
}

/// What stands behind an `outcrop_error`.
#[derive(Debug)]
pub(crate) struct ErrorObject {
    status: outcrop_status,
    error: Error,
}

impl From<&Box<Error>> for ErrorObject {
    fn from(error: &Box<Error>) -> Self {
        Self { status: error.class.into(), error: (**error).clone() }
    }
}

impl Fault {
    pub(crate) fn new(status: outcrop_status, message: impl Into<String>) -> Self {
        Self::Abi(status, message.into())
    }

    pub(crate) fn null(what: &str) -> Self {
        Self::new(OUTCROP_INVALID_ARGUMENT, format!("{what} is NULL"))
    }

    pub(crate) fn status(&self) -> outcrop_status {
        match self {
            Self::Abi(status, _) => *status,
            Self::Core(error) => error.class.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Core(Box::new(error))
    }
}

/// Where the handle of an error is stored.
pub(crate) type ErrorOut = Out<*mut outcrop_error>;

impl ErrorOut {
    pub(crate) fn tell(self, fault: Fault) {
        if self.check("the place for the error").is_err() {
            return;
        }
        let status = fault.status();
        let error = match fault {
            Fault::Abi(_, message) => Error::new(ErrorClass::Internal, message),
            Fault::Core(error) => *error,
        };
        self.store(handles::enter(ErrorObject { status, error }));
    }
}

fn field<T>(error: *const outcrop_error, otherwise: T, read: impl FnOnce(&ErrorObject) -> Option<T>) -> T {
    boundary::or(otherwise, || read(&*handles::get(error).ok()?))
}

fn view(text: Option<&String>) -> Option<outcrop_str> {
    text.map(|text| outcrop_str::of(text))
}

/// The status that the failed call returned.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_status(error: *const outcrop_error) -> outcrop_status {
    field(error, outcrop_status::OUTCROP_INVALID_HANDLE, |error| Some(error.status))
}

/// What happened, for a person.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_message(error: *const outcrop_error) -> outcrop_str {
    field(error, outcrop_str::NONE, |error| Some(outcrop_str::of(&error.error.message)))
}

/// What a person can do about it; none where that is not known.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_remedy(error: *const outcrop_error) -> outcrop_str {
    field(error, outcrop_str::NONE, |error| view(error.error.remedy.as_ref()))
}

/// The provider's own code, such as "ThrottlingException"; none where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_provider_code(error: *const outcrop_error) -> outcrop_str {
    field(error, outcrop_str::NONE, |error| view(error.error.provider_code.as_ref()))
}

/// The provider's name for the failed request; none where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_request_id(error: *const outcrop_error) -> outcrop_str {
    field(error, outcrop_str::NONE, |error| view(error.error.request_id.as_ref()))
}

/// The status of the HTTP answer; 0 where there was none.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_http_status(error: *const outcrop_error) -> u16 {
    field(error, 0, |error| error.error.http_status)
}

/// How long the provider asks to wait, in milliseconds; -1 where it does not say.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_retry_after_ms(error: *const outcrop_error) -> i64 {
    field(error, -1, |error| error.error.retry_after.map(milliseconds))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Whether any part of the answer had been handed over.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_delivered(error: *const outcrop_error) -> bool {
    field(error, false, |error| Some(error.error.delivered))
}

/// Whether the same request can simply be sent again: it may succeed, and nothing was delivered.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_retryable(error: *const outcrop_error) -> bool {
    field(error, false, |error| Some(error.error.retryable))
}

/// Frees an error. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_error_free(error: *mut outcrop_error) {
    boundary::or((), || handles::take(error).map(drop));
}
