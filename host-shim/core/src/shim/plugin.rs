//! A loaded plugin, and instances of it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use wasmtime::component::{self, Component, InstancePre, Linker, ResourceAny};
use wasmtime::{Engine, Store, Trap};

use super::call_time::CallTime;
use super::contract::{guest, inspector, token_counter, types};
use super::cpu_share::{CpuShare, Turn};
use super::engine::{self, Running, Ticker};
use super::guest_state::{self, GuestState, Surroundings};
use super::{offer, weight};
use crate::bridge::Brought;
use crate::bridge::call::Rest;
use crate::limits::{CALLS_A_WAKE, IDLE_CALLS, Limits, STACK_BYTES, TABLE_ELEMENTS};
use crate::{Error, ErrorClass, Result};

/// Streams of the whole process.
static PROCESS_STREAMS: AtomicUsize = AtomicUsize::new(0);

/// A plugin that would have to rest longer starts nothing.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Instances that stand ready for the next streams, so that making one is not on their way.
const SPARE_INSTANCES: usize = 2;

/// A component that has been compiled, checked against the contract and linked.
pub(crate) struct Plugin {
    /// For errors: whose fault it was.
    name: Arc<str>,
    pre: InstancePre<GuestState>,
    exports: Exports,
    engine: Engine,
    ticker: Arc<Ticker>,
    surroundings: Arc<Surroundings>,
    share: Arc<CpuShare>,
    /// JSON text.
    settings: String,
    spares: Mutex<Vec<Instance>>,
    streams: AtomicUsize,
}

/// Where the interfaces of the contract are among a component's exports.
#[derive(Clone)]
struct Exports {
    provider: guest::GuestIndices,
    token_counter: Option<token_counter::GuestIndices>,
    inspector: Option<inspector::GuestIndices>,
}

impl Exports {
    fn find(pre: &InstancePre<GuestState>) -> wasmtime::Result<Self> {
        Ok(Self {
            provider: guest::GuestIndices::new(pre)?,
            // These a plugin need not have.
            token_counter: token_counter::GuestIndices::new(pre).ok(),
            inspector: inspector::GuestIndices::new(pre).ok(),
        })
    }
}

/// One instance, configured and not used yet, or serving one stream.
pub(crate) struct Instance {
    store: Store<GuestState>,
    instance: component::Instance,
    provider: guest::Guest,
    name: Arc<str>,
    turn: Turn,
    /// Calls in a row that neither gave nor read anything.
    idle_calls: u32,
}

/// A count of tokens under way.
pub(crate) struct Count {
    instance: Instance,
    counter: token_counter::Guest,
    count: ResourceAny,
    _permit: Permit,
}

impl Count {
    /// Ready once it is counted, or cannot be.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<token_counter::Count>> {
        use token_counter::CountProgress;

        let Self { instance, counter, count, .. } = self;
        for _ in 0..CALLS_A_WAKE {
            ready!(instance.poll_turn(cx));
            let polled = instance.enter(|store, _| counter.token_count().call_poll(store, *count));
            match polled.and_then(|progress| Ok(progress?)) {
                Ok(CountProgress::Counted(count)) => return Poll::Ready(Ok(count)),
                Ok(CountProgress::Waiting) if !instance.has_live_call() => {
                    return Poll::Ready(Err(instance.fault("waits with nothing under way")));
                }
                Ok(CountProgress::Waiting) => {
                    instance.note_progress(false)?;
                    ready!(instance.poll_calls(cx));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A place among the streams that may run at once.
pub(crate) struct Permit {
    plugin: Arc<Plugin>,
    _running: Running,
}

/// Whether a component may be loaded: its size, and that it fits the contract. To take it apart is a fifth of the
/// work of a start-up with cached code, so what is built in is held against the contract by a test instead.
pub(crate) fn check(name: &str, bytes: &[u8], limits: &Limits) -> Result<()> {
    if bytes.len() > limits.component_bytes {
        return Err(refused(format!("the plugin {name} is larger than {} bytes", limits.component_bytes))
            .with_remedy("raise the limit `component_bytes` if it is meant to be"));
    }
    let inspection = super::inspect::inspect(bytes).map_err(|mut error| {
        error.message = format!("the plugin {name} cannot be loaded: {}", error.message);
        error
    })?;
    let problems = inspection.problems;
    if !problems.is_empty() {
        let problems = problems.join("; ");
        return Err(refused(format!("the plugin {name} does not fit the contract: {problems}")));
    }
    Ok(())
}

fn refused(message: String) -> Error {
    Error::new(ErrorClass::InvalidRequest, message)
}

impl Plugin {
    /// Compiles a component that was [`check`]ed, or takes it from the cache, and links it.
    pub(crate) fn load(
        name: &str,
        bytes: &[u8],
        settings: String,
        surroundings: Surroundings,
        cache: Option<&Path>,
    ) -> Result<Self> {
        let limits = &surroundings.limits;
        let internal = |what: &str, error: wasmtime::Error| {
            Error::new(ErrorClass::Internal, format!("{what}: {error:#}"))
        };
        let engine =
            engine::engine(limits, cache).map_err(|error| internal("the sandbox cannot be set up", error))?;
        let (pre, exports) = (|| -> wasmtime::Result<_> {
            let component = Component::from_binary(&engine, bytes)?;
            let mut linker = Linker::new(&engine);
            guest_state::link(&mut linker)?;
            let pre: InstancePre<GuestState> = linker.instantiate_pre(&component)?;
            let exports = Exports::find(&pre)?;
            Ok((pre, exports))
        })()
        .map_err(|error| refused(format!("the plugin {name} cannot be loaded: {error:#}")))?;
        let ticker = Ticker::start(&engine)
            .map_err(|error| Error::new(ErrorClass::Internal, format!("no thread for the clock: {error}")))?;
        let plugin = Self {
            name: name.into(),
            pre,
            exports,
            engine,
            ticker: Arc::new(ticker),
            share: Arc::new(CpuShare::new(surroundings.limits.cpu_share)),
            surroundings: Arc::new(surroundings),
            settings,
            spares: Mutex::default(),
            streams: AtomicUsize::new(0),
        };
        // Proves that it starts and takes its settings, before anyone relies on it.
        plugin.make_spare()?;
        Ok(plugin)
    }

    /// The same component once more, with settings, surroundings and streams of its own.
    pub(crate) fn again(&self, settings: String, surroundings: Surroundings) -> Result<Self> {
        let plugin = Self {
            name: self.name.clone(),
            pre: self.pre.clone(),
            exports: self.exports.clone(),
            engine: self.engine.clone(),
            ticker: self.ticker.clone(),
            share: self.share.clone(),
            surroundings: Arc::new(surroundings),
            settings,
            spares: Mutex::default(),
            streams: AtomicUsize::new(0),
        };
        plugin.make_spare()?;
        Ok(plugin)
    }

    /// For errors.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Live streams of this plugin.
    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Acquire)
    }

    /// A place for a stream, if there is one.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Permit> {
        // What starts a stream cannot wait.
        if let Some(rest) = self.share.rest().filter(|rest| *rest > LONGEST_REST) {
            let mut error = Error::new(
                ErrorClass::Overloaded,
                format!("the plugin {} has used up its share of the processor", self.name),
            )
            .with_remedy("try again later, or raise the limit `cpu_share` if the plugin is meant to use more")
            .retryable();
            error.retry_after = Some(rest);
            return Err(error);
        }
        let limits = &self.surroundings.limits;
        for (count, limit, whose) in
            [(&self.streams, limits.streams, "plugin"), (&PROCESS_STREAMS, limits.process_streams, "process")]
        {
            if count.fetch_add(1, Ordering::AcqRel) >= limit {
                count.fetch_sub(1, Ordering::AcqRel);
                if whose == "process" {
                    self.streams.fetch_sub(1, Ordering::AcqRel);
                }
                return Err(Error::new(
                    ErrorClass::Overloaded,
                    format!("{limit} streams are running already, the most for one {whose}"),
                )
                .with_remedy("wait for one to end, or raise the limit")
                .retryable());
            }
        }
        Ok(Permit { plugin: self.clone(), _running: self.ticker.run() })
    }

    /// An instance for one stream: a spare one, or a new one.
    pub(crate) fn instance(&self) -> Result<Instance> {
        let spare = self.spares.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare {
            Some(instance) => Ok(instance),
            None => self.make_instance(),
        }
    }

    /// Makes a spare instance, if there are too few. Meant for moments in which a stream waits anyway.
    pub(crate) fn make_spare(&self) -> Result<()> {
        let has_enough =
            || self.spares.lock().unwrap_or_else(PoisonError::into_inner).len() >= SPARE_INSTANCES;
        if !has_enough() {
            let instance = self.make_instance()?;
            self.spares.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
        }
        Ok(())
    }

    pub(crate) fn list_models(&self) -> Result<guest::Offer> {
        let _running = self.ticker.run();
        let offer = self.instance()?.list_models()?;
        let limit = self.surroundings.limits.answer_bytes;
        offer::check(offer, limit).map_err(|what| Error::of_plugin(&self.name, what))
    }

    /// All that the plugin knows of a model, as JSON; none where it cannot tell.
    pub(crate) fn explain_model(&self, id: &str) -> Result<Option<String>> {
        let explained = self.inspect(None, |inspector, store| inspector.call_explain_model(store, id))?;
        explained.map(|json| self.weighed(json)).transpose()
    }

    /// What the plugin would send; none where it cannot tell.
    pub(crate) fn preview(
        &self,
        request: &types::Request,
        brought: Brought,
        media: Vec<Bytes>,
    ) -> Result<Option<inspector::Preview>> {
        let preview = self.inspect(Some((brought, media)), |inspector, store| {
            inspector.call_preview_request(store, request)
        })?;
        let Some(mut preview) = preview else { return Ok(None) };
        preview.body = self.weighed(preview.body)?;
        Ok(Some(preview))
    }

    /// JSON that does not take up too much when it is read.
    fn weighed(&self, json: String) -> Result<String> {
        let limit = self.surroundings.limits.answer_bytes;
        if weight::of_json(&json) > limit {
            let what = format_args!("gave JSON that takes up more than {limit} bytes");
            return Err(Error::of_plugin(&self.name, what));
        }
        Ok(json)
    }

    /// Asks the inspector, where the plugin has one.
    fn inspect<T>(
        &self,
        brought: Option<(Brought, Vec<Bytes>)>,
        ask: impl FnOnce(
            &inspector::Guest,
            &mut Store<GuestState>,
        ) -> wasmtime::Result<std::result::Result<T, types::Error>>,
    ) -> Result<Option<T>> {
        let Some(indices) = &self.exports.inspector else { return Ok(None) };
        let _running = self.ticker.run();
        let mut instance = self.instance()?;
        if let Some((brought, media)) = brought {
            instance.store.data_mut().bring(brought, media);
        }
        let inner = instance.instance;
        let answered = instance.enter(|store, _| {
            let inspector = indices.load(&mut *store, &inner)?;
            ask(&inspector, store)
        })?;
        Ok(Some(answered?))
    }

    /// Starts to count tokens; none where the plugin cannot.
    pub(crate) fn start_count(
        self: &Arc<Self>,
        request: &types::Request,
        brought: Brought,
        media: Vec<Bytes>,
    ) -> Result<Option<Count>> {
        let Some(indices) = &self.exports.token_counter else { return Ok(None) };
        let permit = self.admit()?;
        let mut instance = self.instance()?;
        instance.store.data_mut().bring(brought, media);
        let inner = instance.instance;
        let (counter, count) = instance.enter(|store, _| {
            let counter = indices.load(&mut *store, &inner)?;
            let count = counter.call_start_count(&mut *store, request)?;
            Ok((counter, count))
        })?;
        Ok(Some(Count { instance, counter, count: count?, _permit: permit }))
    }

    fn make_instance(&self) -> Result<Instance> {
        let _running = self.ticker.run();
        let limits = &self.surroundings.limits;
        let mut store =
            Store::new(&self.engine, GuestState::new(self.surroundings.clone(), self.share.clone()));
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.host_call_bytes);
        store.set_max_component_handles(limits.handles);
        CallTime::new(limits.call_time).watch(&mut store);
        store.set_epoch_deadline(1);
        let (instance, provider) = (|| {
            let instance = self.pre.instantiate(&mut store)?;
            let provider = self.exports.provider.load(&mut store, &instance)?;
            Ok((instance, provider))
        })()
        .map_err(|error| trapped(&self.name, &store, &error))?;
        let mut instance = Instance {
            store,
            instance,
            provider,
            name: self.name.clone(),
            turn: Turn::default(),
            idle_calls: 0,
        };
        instance.enter(|store, provider| provider.call_configure(store, &self.settings))??;
        Ok(instance)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.plugin.streams.fetch_sub(1, Ordering::AcqRel);
        PROCESS_STREAMS.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Permit {
    pub(crate) fn plugin(&self) -> &Plugin {
        &self.plugin
    }
}

impl Instance {
    /// Calls into the guest, within the limits of one call. After an error the instance must be dropped.
    fn enter<T>(
        &mut self,
        call: impl FnOnce(&mut Store<GuestState>, &guest::Guest) -> wasmtime::Result<T>,
    ) -> Result<T> {
        self.store.data_mut().begin_call();
        self.store.set_epoch_deadline(1);
        call(&mut self.store, &self.provider).map_err(|error| trapped(&self.name, &self.store, &error))
    }

    fn list_models(&mut self) -> Result<guest::Offer> {
        Ok(self.enter(|store, guest| guest.call_list_models(store))??)
    }

    pub(crate) fn start_stream(
        &mut self,
        request: &types::Request,
        brought: Brought,
        media: Vec<Bytes>,
    ) -> Result<ResourceAny> {
        self.store.data_mut().bring(brought, media);
        Ok(self.enter(|store, guest| guest.call_start_stream(store, request))??)
    }

    pub(crate) fn next_chunk(&mut self, stream: ResourceAny) -> Result<guest::Progress> {
        Ok(self.enter(|store, guest| guest.response_stream().call_next_chunk(store, stream))??)
    }

    pub(crate) fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.store.data_mut().poll_calls(cx)
    }

    /// Ready once the plugin may be called: it has not used up its share of the processor.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.turn.poll(cx, self.store.data().share())
    }

    /// Whether the last call took so long that others should have their turn.
    pub(crate) fn was_slow(&self) -> bool {
        self.store.data().ticks > 0
    }

    /// After a call that gave something or not: one that gives nothing and reads nothing may be repeated only so
    /// often, since nothing would ever end it.
    pub(crate) fn note_progress(&mut self, gave: bool) -> Result<()> {
        self.idle_calls = if gave || self.store.data().has_read() { 0 } else { self.idle_calls + 1 };
        if self.idle_calls > IDLE_CALLS {
            return Err(self.fault(format_args!(
                "was called {IDLE_CALLS} times in a row and neither gave anything nor read what had arrived"
            )));
        }
        Ok(())
    }

    /// The plugin has broken the contract. `what` goes on from its name.
    pub(crate) fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::of_plugin(&self.name, what)
    }

    pub(crate) fn has_live_call(&self) -> bool {
        self.store.data().has_live_call()
    }

    /// What the bridge advises about the failure of a call that the plugin was last told of.
    pub(crate) fn remedy(&self) -> Option<&str> {
        self.store.data().remedy.as_deref()
    }

    /// Ends the instance after a complete answer, and gives what is left to be read of that.
    pub(crate) fn finish(mut self) -> Option<Rest> {
        self.store.data_mut().take_rest()
    }
}

/// What a plugin did wrong, in an error that names it, and the limit that it met.
fn trapped(name: &str, store: &Store<GuestState>, error: &wasmtime::Error) -> Error {
    let limits = store.data().limits();
    let root = error.root_cause().to_string();
    let what = match error.downcast_ref::<Trap>() {
        _ if store.data().exceeded == Some("memory") => {
            format!("used more memory than the {} bytes it may", limits.memory_bytes)
        }
        _ if store.data().exceeded == Some("table") => {
            format!("used larger tables than the {TABLE_ELEMENTS} elements it may")
        }
        Some(Trap::Interrupt) => {
            format!("took more time for a call than the {} ms it may", limits.call_time.as_millis())
        }
        Some(Trap::StackOverflow) => format!("used more stack than the {STACK_BYTES} bytes it may"),
        Some(trap) => format!("failed: {trap}"),
        // wasmtime has no types for these two.
        None if root.contains("fuel allocated for hostcalls") => {
            format!("gave more data in one call than the {} bytes it may", limits.host_call_bytes)
        }
        None if root.contains("handle limit exceeded") => {
            format!("used more handles than the {} it may", limits.handles)
        }
        // Without the trace of wasm frames around it.
        None => format!("failed: {root}"),
    };
    tracing::debug!(plugin = name, "{error:?}");
    Error::of_plugin(name, what)
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        super::convert::error(error)
    }
}
