//! Hosts: made, asked for models and answers, freed.

use std::ffi::c_char;
use std::sync::{Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use outcrop::{Host, ReloadOutcome, Request};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::boundary::{self, Process};
use crate::error::Fault;
use crate::handles::{self, outcrop_error, outcrop_host, outcrop_models, outcrop_options, outcrop_stream};
use crate::log::Log;
use crate::models::ModelsObject;
use crate::options::{Options, OptionsObject};
use crate::out::Out;
use crate::status::outcrop_status;
use crate::status::outcrop_status::{OUTCROP_INTERNAL, OUTCROP_SHUT_DOWN, OUTCROP_TIMEOUT};
use crate::stream::{Inner, StreamObject};
use crate::strings;

/// How long freeing a host waits for work that is under way on its threads.
const GOODBYE: Duration = Duration::from_secs(2);

/// What stands behind an `outcrop_host`.
pub(crate) struct HostObject {
    host: Host,
    /// The library's own threads. Taken when the host is freed, which waits for the calls that use them.
    runtime: RwLock<Option<Runtime>>,
    streams: Mutex<Vec<Weak<Inner>>>,
    freed: watch::Sender<bool>,
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
        Ok(Self {
            host,
            runtime: RwLock::new(Some(runtime)),
            streams: Mutex::default(),
            freed: watch::Sender::new(false),
            log,
            process: Process::current(),
        })
    }

    /// Does what needs the host's threads, which stay until it is done.
    fn with_runtime<T>(&self, work: impl FnOnce(&Runtime) -> Result<T, Fault>) -> Result<T, Fault> {
        self.process.check()?;
        let runtime = self.runtime.read().unwrap_or_else(PoisonError::into_inner);
        match &*runtime {
            Some(runtime) if !*self.freed.borrow() => {
                let _log = self.log.as_ref().map(Log::scope);
                work(runtime)
            }
            _ => Err(was_freed()),
        }
    }

    fn models(&self, patience: Option<Duration>) -> Result<ModelsObject, Fault> {
        let listing = async {
            let listing = self.host.models();
            let listed = match patience {
                None => listing.await,
                Some(patience) => tokio::time::timeout(patience, listing)
                    .await
                    .map_err(|_| Fault::new(OUTCROP_TIMEOUT, "the listing took longer than allowed"))?,
            };
            Ok(ModelsObject::new(&listed?))
        };
        let mut freed = self.freed.subscribe();
        self.with_runtime(|runtime| {
            runtime.block_on(async {
                tokio::select! {
                    listed = listing => listed,
                    _ = freed.wait_for(|freed| *freed) => Err(was_freed()),
                }
            })
        })
    }

    fn reload_plugins(&self) -> Result<(), Fault> {
        self.with_runtime(|_| {
            for reloaded in self.host.reload_plugins()? {
                if let ReloadOutcome::Kept(error) = reloaded.outcome {
                    return Err(error.into());
                }
            }
            Ok(())
        })
    }

    fn start(&self, request: &[u8]) -> Result<StreamObject, Fault> {
        let request = Request::from_json(request)?;
        self.with_runtime(|runtime| {
            let _runtime = runtime.enter();
            let stream = self.host.stream(request);
            let stream = StreamObject::new(stream, runtime.handle().clone(), self.log.clone(), self.process);
            let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
            // Forgets those that are gone, now and then.
            if streams.len() == streams.capacity() {
                streams.retain(|stream| stream.strong_count() > 0);
            }
            streams.push(stream.inner());
            Ok(stream)
        })
    }

    fn end(&self) {
        self.freed.send_replace(true);
        // Waits for calls that are under way: a timer that is looked at after its runtime has gone panics.
        let runtime = self.runtime.write().unwrap_or_else(PoisonError::into_inner).take();
        let streams = std::mem::take(&mut *self.streams.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in streams.iter().filter_map(Weak::upgrade) {
            stream.shut_down();
        }
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(GOODBYE);
        }
    }
}

fn was_freed() -> Fault {
    Fault::new(OUTCROP_SHUT_DOWN, "the host was freed")
}

/// Makes a host and stores it in `host`, to be freed. `options` may be NULL: then everything is at its default.
/// The plugin is compiled where no compiled form is cached, which takes a good part of a second.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_new(
    options: *const outcrop_options,
    host: *mut *mut outcrop_host,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(host), Out::new(error)) };
    boundary::give("the place for the host", out, error, || {
        let options = match options.is_null() {
            true => OptionsObject::default().options(),
            false => handles::get(options)?.options(),
        };
        Ok(handles::enter(HostObject::new(options)?))
    })
}

/// Lists the models on offer and stores the list in `models`, to be freed. Asks AWS where no fresh listing is
/// cached. `timeout_ms` bounds the wait; a negative number sets no bound. OUTCROP_SHUT_DOWN where the host is freed
/// meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_list_models(
    host: *const outcrop_host,
    timeout_ms: i64,
    models: *mut *mut outcrop_models,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(models), Out::new(error)) };
    boundary::give("the place for the models", out, error, || {
        let patience = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        Ok(handles::enter(handles::get(host)?.models(patience)?))
    })
}

/// Reads the host's configuration file anew and replaces the plugins whose file, pin, limits or settings are others now;
/// streams that run end on the plugin that they began with. A host that was given its configuration as text reads the
/// plugins' files anew. Takes as long as `outcrop_host_new`. Where a new plugin is not fit the present one stays and the
/// error tells why; others may have been replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_host_reload_plugins(
    host: *const outcrop_host,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || handles::get(host)?.reload_plugins())
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
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(stream), Out::new(error)) };
    boundary::give("the place for the stream", out, error, || {
        let host = handles::get(host)?;
        // SAFETY: readable during the call, as the caller promises.
        let request = unsafe { strings::bytes("the request", request, request_len) }?;
        Ok(handles::enter(host.start(request)?))
    })
}

/// Frees a host. Its streams and listings end, also those that another thread waits for: OUTCROP_SHUT_DOWN. Its
/// threads are stopped before this returns. NULL is nothing to do.
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
