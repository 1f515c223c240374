//! The log callback.
//!
//! The library installs no logger. A host that was given a callback has its own subscriber, which is the
//! default only on the host's threads and while one of its functions runs.

use std::ffi::{c_char, c_void};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use tracing::dispatcher::DefaultGuard;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::boundary;
use crate::error::Fault;
use crate::status::outcrop_status::OUTCROP_INVALID_ARGUMENT;

/// How weighty a line is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum outcrop_log_level {
    /// Something failed.
    OUTCROP_LOG_ERROR = 1,
    /// Something is wrong and was got around.
    OUTCROP_LOG_WARN = 2,
    /// What an operator wants to know: a second attempt, for one.
    OUTCROP_LOG_INFO = 3,
    /// What a developer wants to know.
    OUTCROP_LOG_DEBUG = 4,
    /// Everything.
    OUTCROP_LOG_TRACE = 5,
}

use outcrop_log_level::*;

impl outcrop_log_level {
    /// A caller's number may be none of them, which no value of the type may be.
    pub(crate) fn from_number(number: u32) -> Result<Self, Fault> {
        let levels =
            [OUTCROP_LOG_ERROR, OUTCROP_LOG_WARN, OUTCROP_LOG_INFO, OUTCROP_LOG_DEBUG, OUTCROP_LOG_TRACE];
        levels.into_iter().find(|level| *level as u32 == number).ok_or_else(|| {
            Fault::new(OUTCROP_INVALID_ARGUMENT, format!("there is no log level {number}, but 1 to 5"))
        })
    }
}

/// Takes a line of the log: its level, where it comes from, and the text; neither is terminated, and both are gone
/// when the function returns. Called on any thread, one call at a time.
pub type outcrop_log_callback = Option<
    extern "C" fn(
        user_data: *mut c_void,
        level: outcrop_log_level,
        target: *const c_char,
        target_len: usize,
        line: *const c_char,
        line_len: usize,
    ),
>;

/// Where the log goes.
#[derive(Clone, Copy)]
pub(crate) struct Sink {
    pub(crate) callback:
        extern "C" fn(*mut c_void, outcrop_log_level, *const c_char, usize, *const c_char, usize),
    pub(crate) user_data: *mut c_void,
    pub(crate) most: outcrop_log_level,
}

// SAFETY: the pointer is only handed back to the embedder's function, which the header says is called on any thread.
unsafe impl Send for Sink {}
// SAFETY: as above; nothing here looks through the pointer.
unsafe impl Sync for Sink {}

/// A host's log.
#[derive(Clone)]
pub(crate) struct Log(Dispatch);

impl Log {
    pub(crate) fn new(sink: Sink) -> Self {
        let most = match sink.most {
            OUTCROP_LOG_ERROR => LevelFilter::ERROR,
            OUTCROP_LOG_WARN => LevelFilter::WARN,
            OUTCROP_LOG_INFO => LevelFilter::INFO,
            OUTCROP_LOG_DEBUG => LevelFilter::DEBUG,
            OUTCROP_LOG_TRACE => LevelFilter::TRACE,
        };
        let lines = Lines(Mutex::new(sink)).with_filter(most);
        Self(Dispatch::new(tracing_subscriber::registry().with(lines)))
    }

    /// Sends the log here while the guard lives.
    pub(crate) fn scope(&self) -> DefaultGuard {
        tracing::dispatcher::set_default(&self.0)
    }

    /// Sends this thread's log here for the rest of its life.
    pub(crate) fn keep(&self) {
        std::mem::forget(self.scope());
    }
}

struct Lines(Mutex<Sink>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        // The libraries below print requests and keys at their lowest levels; what a plugin says may be anything.
        if target.split("::").next() != Some("outcrop") {
            return;
        }
        let level = match *event.metadata().level() {
            Level::ERROR => OUTCROP_LOG_ERROR,
            Level::WARN => OUTCROP_LOG_WARN,
            Level::INFO => OUTCROP_LOG_INFO,
            Level::DEBUG => OUTCROP_LOG_DEBUG,
            Level::TRACE => OUTCROP_LOG_TRACE,
        };
        let mut line = Line::default();
        event.record(&mut line);
        let Line { message, fields } = line;
        let text = message + &fields;
        let sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        boundary::call_out(|| {
            (sink.callback)(
                sink.user_data,
                level,
                target.as_ptr().cast(),
                target.len(),
                text.as_ptr().cast(),
                text.len(),
            );
        });
    }
}

/// A line being put together: the message, then ` name=value` for each field.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
