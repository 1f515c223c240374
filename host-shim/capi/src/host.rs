//! Hosts: made, asked for models and answers, freed.

use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use outcrop::{Host, Request};
use tokio::runtime::Runtime;

use crate::boundary::{self, Process};
use crate::error::{Fault, outcrop_error_out};
use crate::handles::{self, outcrop_error, outcrop_host, outcrop_models, outcrop_options, outcrop_stream};
use crate::log::Log;
use crate::models::ModelsObject;
use crate::options::Options;
use crate::status::outcrop_status;
use crate::status::outcrop_status::{OUTCROP_INTERNAL, OUTCROP_SHUT_DOWN, OUTCROP_TIMEOUT};
use crate::stream::{Inner, StreamObject};
use crate::strings;

/// How long freeing a host waits for work that is under way on its threads.
const GOODBYE: Duration = Duration::from_secs(2);

/// What stands behind an `outcrop_host`.
pub(crate) struct HostObject {
    host: Host,
    /// The library's own threads. Taken when the host is freed.
    runtime: Mutex<Option<Runtime>>,
    handle: tokio::runtime::Handle,
    streams: Mutex<Vec<Weak<Inner>>>,
    freed: AtomicBool,
    log: Option<Log>,
    process: Process,
}

impl HostObject {
    fn new(options: Options) -> Result<Self, Fault> {
        let log = options.log.map(Log::new);
        let on_thread = log.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.worker_threads)
            .thread_name("outcrop")
            .on_thread_start(move || {
                if let Some(log) = &on_thread {
                    log.keep();
                }
            })
            .enable_all()
            .build()
            .map_err(|error| Fault::new(OUTCROP_INTERNAL, format!("no threads for the host: {error}")))?;
        let host = {
            let _log = log.as_ref().map(Log::scope);
            options.builder.build()?
        };
        let handle = runtime.handle().clone();
        Ok(Self {
            host,
            runtime: Mutex::new(Some(runtime)),
            handle,
            streams: Mutex::default(),
            freed: AtomicBool::new(false),
            log,
            process: Process::current(),
        })
    }

    /// Refuses what can no longer be done.
    fn check(&self) -> Result<(), Fault> {
        self.process.check()?;
        if self.freed.load(Ordering::SeqCst) {
            return Err(Fault::new(OUTCROP_SHUT_DOWN, "the host was freed"));
        }
        Ok(())
    }

    fn models(&self, patience: Option<Duration>) -> Result<ModelsObject, Fault> {
        self.check()?;
        let _log = self.log.as_ref().map(Log::scope);
        let listed = self.handle.block_on(async {
            match patience {
                None => Ok(self.host.models().await),
                Some(patience) => tokio::time::timeout(patience, self.host.models()).await,
            }
        });
        let listed =
            listed.map_err(|_| Fault::new(OUTCROP_TIMEOUT, "the listing took longer than allowed"))?;
        Ok(ModelsObject::new(&listed?))
    }

    fn start(&self, request: &[u8]) -> Result<StreamObject, Fault> {
        self.check()?;
        let request = Request::from_json(request)?;
        let stream = {
            let _runtime = self.handle.enter();
            let _log = self.log.as_ref().map(Log::scope);
            self.host.stream(request)
        };
        let stream = StreamObject::new(stream, self.handle.clone(), self.log.clone(), self.process);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Forgets those that are gone, now and then.
        if streams.len() == streams.capacity() {
            streams.retain(|stream| stream.strong_count() > 0);
        }
        streams.push(stream.inner());
        drop(streams);
        // Freed meanwhile: whoever freed the host may not have seen this stream.
        self.check().inspect_err(|_| self.end_streams())?;
        Ok(stream)
    }

    fn end_streams(&self) {
        let streams = std::mem::take(&mut *self.streams.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in streams.iter().filter_map(Weak::upgrade) {
            stream.shut_down();
        }
    }

    fn end(&self) {
        self.freed.store(true, Ordering::SeqCst);
        self.end_streams();
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(GOODBYE);
        }
    }
}

/// Makes a host and stores it in `host`, to be freed. `options` may be NULL: then everything is at its default.
/// The plugin is compiled where no compiled form is cached, which takes a good part of a second.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_new(
    options: *const outcrop_options,
    host: *mut *mut outcrop_host,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { outcrop_error_out::new(error) };
    boundary::run(error, || {
        if host.is_null() {
            return Err(Fault::null("the place for the host"));
        }
        let options = match options.is_null() {
            true => Options::default(),
            false => handles::get(options)?.options(),
        };
        let handle = handles::enter(HostObject::new(options)?);
        // SAFETY: not NULL, and writable as the caller promises.
        unsafe { host.write(handle) };
        Ok(())
    })
}

/// Lists the models on offer and stores the list in `models`, to be freed. Asks AWS where no fresh listing is
/// cached. `timeout_ms` bounds the wait; a negative number sets no bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_list_models(
    host: *const outcrop_host,
    timeout_ms: i64,
    models: *mut *mut outcrop_models,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { outcrop_error_out::new(error) };
    boundary::run(error, || {
        if models.is_null() {
            return Err(Fault::null("the place for the models"));
        }
        let patience = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        let handle = handles::enter(handles::get(host)?.models(patience)?);
        // SAFETY: not NULL, and writable as the caller promises.
        unsafe { models.write(handle) };
        Ok(())
    })
}

/// Starts an answer and stores its stream in `stream`, to be freed. `request` is JSON (docs/request.md) of
/// `request_len` bytes. Nothing is sent before the first event is asked for. A request that is no request is an error
/// of this function; what goes wrong after that is the stream's last event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_start_stream(
    host: *const outcrop_host,
    request: *const c_char,
    request_len: usize,
    stream: *mut *mut outcrop_stream,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { outcrop_error_out::new(error) };
    boundary::run(error, || {
        if stream.is_null() {
            return Err(Fault::null("the place for the stream"));
        }
        let host = handles::get(host)?;
        // SAFETY: readable during the call, as the caller promises.
        let request = unsafe { strings::bytes("the request", request, request_len) }?;
        let handle = handles::enter(host.start(request)?);
        // SAFETY: not NULL, and writable as the caller promises.
        unsafe { stream.write(handle) };
        Ok(())
    })
}

/// Frees a host. Its streams end: OUTCROP_SHUT_DOWN. Its threads are stopped before this returns. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_host_free(host: *mut outcrop_host) {
    boundary::or((), || {
        let host = handles::take(host)?;
        if host.process.has_forked() {
            // Its threads are the parent's; waiting for them would be for ever.
            std::mem::forget(host);
            return Some(());
        }
        boundary::end(move || host.end());
        Some(())
    });
}
