//! How a host is to be.

use std::ffi::{c_char, c_void};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use outcrop::config::{Config, Document};
use outcrop::{Host, HostBuilder, Limits};

use crate::boundary;
use crate::error::Fault;
use crate::handles::{self, outcrop_error, outcrop_options};
use crate::log::{Sink, outcrop_log_callback, outcrop_log_level};
use crate::out::Out;
use crate::status::outcrop_status;
use crate::status::outcrop_status::OUTCROP_INVALID_ARGUMENT;
use crate::strings;

/// Threads that a host has for its connections, without the option that says otherwise. Answers are worked on in the
/// threads that ask for them.
const WORKER_THREADS: usize = 2;

/// What stands behind an `outcrop_options`.
#[derive(Default)]
pub(crate) struct OptionsObject(Mutex<Options>);

/// How a host is to be.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) builder: HostBuilder,
    pub(crate) limits: Limits,
    pub(crate) worker_threads: usize,
    pub(crate) log: Option<Sink>,
    access_key: AccessKey,
}

#[derive(Clone, Default)]
struct AccessKey {
    id: String,
    secret: String,
    session_token: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            builder: Host::builder(),
            limits: Limits::default(),
            worker_threads: WORKER_THREADS,
            log: None,
            access_key: AccessKey::default(),
        }
    }
}

impl OptionsObject {
    pub(crate) fn options(&self) -> Options {
        let mut options = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The threads that compile were not forked along.
        options.limits.parallel_compilation &= !handles::fork::is_child();
        options.builder = options.builder.limits(options.limits.clone());
        let AccessKey { id, secret, session_token } = std::mem::take(&mut options.access_key);
        if !id.is_empty() {
            options.builder = options.builder.access_key(id, secret, session_token);
        }
        options
    }

    fn change(&self, change: impl FnOnce(Options) -> Result<Options, Fault>) -> Result<(), Fault> {
        let mut options = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *options = change(options.clone())?;
        Ok(())
    }
}

/// A text option: how it changes a host.
type SetText = fn(Options, &str) -> Result<Options, Fault>;
/// A number option.
type SetNumber = fn(Options, u64) -> Result<Options, Fault>;

/// The options that take text. Appended to, never changed.
const TEXTS: &[(&str, SetText)] = &[
    ("region", |options, text| build(options, |builder| Ok(builder.region(text)))),
    ("profile", |options, text| build(options, |builder| Ok(builder.profile(text)))),
    ("endpoint", |options, text| build(options, |builder| Ok(builder.endpoint(text)))),
    ("plugin_file", |options, text| build(options, |builder| Ok(builder.plugin_file(text)))),
    ("config_file", |options, text| build(options, |builder| Ok(builder.config_file(text)))),
    ("config_text", |options, text| build(options, |builder| Ok(builder.config(config(text)?)))),
    ("cache_folder", |options, text| build(options, |builder| Ok(builder.cache_folder(text)))),
    ("settings", |options, text| build(options, |builder| Ok(builder.settings(json("settings", text)?)))),
    ("guardrail", |options, text| build(options, |builder| Ok(builder.guardrail(json("guardrail", text)?)))),
    ("fallbacks", |options, text| {
        build(options, |builder| Ok(builder.fallbacks(json::<Vec<String>>("fallbacks", text)?)))
    }),
    ("access_key_id", |mut options, text| {
        text.clone_into(&mut options.access_key.id);
        Ok(options)
    }),
    ("secret_access_key", |mut options, text| {
        text.clone_into(&mut options.access_key.secret);
        Ok(options)
    }),
    ("session_token", |mut options, text| {
        options.access_key.session_token = Some(text.to_owned());
        Ok(options)
    }),
];

/// The options that take a number. Appended to, never changed.
const NUMBERS: &[(&str, SetNumber)] = &[
    ("connect_timeout_ms", |options, time| {
        build(options, |builder| Ok(builder.connect_timeout(Duration::from_millis(time))))
    }),
    ("attempts", |options, attempts| {
        build(options, |builder| Ok(builder.attempts(u32::try_from(attempts).unwrap_or(u32::MAX))))
    }),
    ("worker_threads", |mut options, threads| {
        options.worker_threads = usize::try_from(threads).unwrap_or(usize::MAX).clamp(1, 64);
        Ok(options)
    }),
    ("limit_memory_bytes", |options, limit| limits(options, |limits| limits.memory_bytes = size(limit))),
    ("limit_host_call_bytes", |options, limit| {
        limits(options, |limits| limits.host_call_bytes = size(limit))
    }),
    ("limit_handles", |options, limit| limits(options, |limits| limits.handles = size(limit))),
    ("limit_call_time_ms", |options, limit| {
        limits(options, |limits| limits.call_time = Duration::from_millis(limit))
    }),
    ("limit_streams", |options, limit| limits(options, |limits| limits.streams = size(limit))),
    ("limit_process_streams", |options, limit| {
        limits(options, |limits| limits.process_streams = size(limit))
    }),
    ("limit_component_bytes", |options, limit| {
        limits(options, |limits| limits.component_bytes = size(limit))
    }),
    ("limit_answer_bytes", |options, limit| limits(options, |limits| limits.answer_bytes = size(limit))),
    ("limit_cpu_share", |options, limit| {
        limits(options, |limits| limits.cpu_share = u32::try_from(limit).unwrap_or(u32::MAX))
    }),
    ("limit_table_elements", |options, limit| limits(options, |limits| limits.table_elements = size(limit))),
    ("limit_bridge_calls", |options, limit| limits(options, |limits| limits.bridge_calls = size(limit))),
    ("limit_log_lines", |options, limit| {
        limits(options, |limits| limits.log_lines = u32::try_from(limit).unwrap_or(u32::MAX))
    }),
    ("limit_log_line_bytes", |options, limit| limits(options, |limits| limits.log_line_bytes = size(limit))),
    ("signal_handlers", |options, is_on| limits(options, |limits| limits.signal_handlers = is_on != 0)),
    ("limit_queued_streams", |options, limit| limits(options, |limits| limits.queued_streams = size(limit))),
    ("limit_queue_time_ms", |options, limit| {
        limits(options, |limits| limits.queue_time = Duration::from_millis(limit))
    }),
    ("adaptive_rate", |options, on| build(options, |builder| Ok(builder.adaptive_rate(on != 0)))),
];

fn build(
    mut options: Options,
    change: impl FnOnce(HostBuilder) -> Result<HostBuilder, Fault>,
) -> Result<Options, Fault> {
    options.builder = change(options.builder)?;
    Ok(options)
}

fn limits(mut options: Options, change: impl FnOnce(&mut Limits)) -> Result<Options, Fault> {
    change(&mut options.limits);
    Ok(options)
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn json<T: serde::de::DeserializeOwned>(option: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new(
            OUTCROP_INVALID_ARGUMENT,
            format!("the option {option} is not the JSON it is to be: {error}"),
        )
    })
}

fn config(text: &str) -> Result<Config, Fault> {
    Document::parse("config_text", text)
        .and_then(|document| document.config(&|name| std::env::var(name).ok()))
        .map_err(|error| Fault::new(OUTCROP_INVALID_ARGUMENT, error.to_string()))
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Result<T, Fault> {
    table.iter().find(|(known, _)| *known == name).map(|&(_, set)| set).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        Fault::new(
            OUTCROP_INVALID_ARGUMENT,
            format!("there is no such option as {name:?} here; there are {}", names.join(", ")),
        )
    })
}

/// Makes options, all at their defaults, to be freed. NULL where there is no memory for them.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_options_new() -> *mut outcrop_options {
    boundary::or(std::ptr::null_mut(), || Some(handles::enter(OptionsObject::default())))
}

/// Sets an option that takes text: "region", "profile", "endpoint", "plugin_file", "cache_folder",
/// "config_file" (a path) or "config_text" (JSON5; docs/configuration.md), "settings", "guardrail" and "fallbacks" (all
/// JSON), "access_key_id", "secret_access_key", "session_token".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_options_set_text(
    options: *const outcrop_options,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || {
        let options = handles::get(options)?;
        // SAFETY: readable during the call, as the caller promises.
        let name = unsafe { strings::text("the option's name", name, name_len) }?;
        // SAFETY: as above.
        let value = unsafe { strings::text("the option's value", value, value_len) }?;
        let set = find(TEXTS, name)?;
        options.change(|options| set(options, value))
    })
}

/// Sets an option that takes a number: "connect_timeout_ms", "attempts", "worker_threads",
/// "limit_memory_bytes", "limit_host_call_bytes", "limit_handles", "limit_call_time_ms", "limit_streams",
/// "limit_process_streams", "limit_queued_streams", "limit_queue_time_ms", "limit_component_bytes",
/// "limit_answer_bytes", "limit_cpu_share" (percent), "limit_table_elements", "limit_bridge_calls", "limit_log_lines",
/// "limit_log_line_bytes", "adaptive_rate" (0 or 1; docs/reliability.md), and "signal_handlers": 0 where the library is
/// to install no handlers of signals (docs/embedding.md).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_options_set_number(
    options: *const outcrop_options,
    name: *const c_char,
    name_len: usize,
    value: u64,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || {
        let options = handles::get(options)?;
        // SAFETY: readable during the call, as the caller promises.
        let name = unsafe { strings::text("the option's name", name, name_len) }?;
        let set = find(NUMBERS, name)?;
        options.change(|options| set(options, value))
    })
}

/// Has lines of the log, up to a level (an `outcrop_log_level`), given to `callback` with `user_data`. NULL takes
/// it away. No line holds a prompt, an answer or a key. Until the host is freed, the callback may be called on any
/// thread; functions of this library answer OUTCROP_REENTERED inside it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_options_set_log(
    options: *const outcrop_options,
    most: u32,
    callback: outcrop_log_callback,
    user_data: *mut c_void,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || {
        let most = outcrop_log_level::from_number(most)?;
        handles::get(options)?.change(|mut options| {
            options.log = callback.map(|callback| Sink { callback, user_data, most });
            Ok(options)
        })
    })
}

/// Frees options. Hosts made with them stay as they are. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_options_free(options: *mut outcrop_options) {
    boundary::or((), || handles::take(options).map(drop));
}
