//! A loaded plugin, and instances of it.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use wasmtime::component::{self, Component, InstancePre, Linker, ResourceAny};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use super::call_time::CallTime;
use super::contract::{guest, inspector, token_counter, types};
use super::cpu_share::CpuShare;
use super::engine::{Running, Sandbox};
use super::guest_state::{self, GuestState, Surroundings};
use super::seat::{Seat, Shared};
use super::work::Work;
use super::{offer, weight};
use crate::admission::{Entry, Place, Room};
use crate::limits::{CALLS_A_WAKE, Limits, STACK_BYTES};
use crate::quarantine::{Leave, Quarantine};
use crate::{Error, ErrorClass, Isolation, Observer, Result};

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
    sandbox: Arc<Sandbox>,
    surroundings: Arc<Surroundings>,
    share: Arc<CpuShare>,
    quarantine: Arc<Quarantine>,
    /// JSON text.
    settings: String,
    spares: Mutex<Vec<Instance>>,
    /// The instance that the next streams share, where streams share one.
    shared: Mutex<Option<Arc<Shared>>>,
    room: Arc<Room>,
}

/// What a plugin is started with, beside its component.
pub(crate) struct Start {
    /// JSON text.
    pub(crate) settings: String,
    pub(crate) surroundings: Surroundings,
    pub(crate) quarantine: Quarantine,
    /// Counts its streams, and those of the one that it takes the place of.
    pub(crate) streams: Arc<AtomicUsize>,
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

/// One instance, configured and not used yet, or serving streams.
pub(crate) struct Instance {
    store: Store<GuestState>,
    instance: component::Instance,
    provider: guest::Guest,
    name: Arc<str>,
    quarantine: Arc<Quarantine>,
}

/// A count of tokens under way.
pub(crate) struct Count {
    seat: Seat,
    counter: token_counter::Guest,
    count: ResourceAny,
    _permit: Permit,
}

impl Count {
    /// Ready once it is counted, or cannot be.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<token_counter::Count>> {
        use token_counter::CountProgress;

        let Self { seat, counter, count, .. } = self;
        for _ in 0..CALLS_A_WAKE {
            ready!(seat.poll_turn(cx));
            let polled = seat.enter(|store, _| counter.token_count().call_poll(store, *count));
            match polled.and_then(|progress| Ok(progress?)) {
                Ok(CountProgress::Counted(count)) => return Poll::Ready(Ok(count)),
                Ok(CountProgress::Waiting) if !seat.work().has_live_call() => {
                    return Poll::Ready(Err(seat.fault("waits with nothing under way")));
                }
                Ok(CountProgress::Waiting) => {
                    seat.note_progress(false)?;
                    ready!(seat.poll_calls(cx));
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
    leave: Leave,
    _running: Running,
    _place: Place,
}

/// Whether a component may be loaded: its size, and that it fits the contract, whose version this gives. To take it apart is a fifth of the
/// work of a start-up with cached code, so what is built in is held against the contract by a test instead.
pub(crate) fn check(name: &str, bytes: &[u8], limits: &Limits) -> Result<Option<String>> {
    if bytes.len() > limits.component_bytes {
        return Err(refused(format!(
            "the plugin {name} is larger than it may be (componentBytes: {})",
            limits.component_bytes
        ))
        .with_remedy("raise the limit `componentBytes` if it is meant to be"));
    }
    let inspection = super::inspect::inspect(bytes).map_err(|mut error| {
        error.message = format!("the plugin {name} cannot be loaded: {}", error.message);
        error
    })?;
    if !inspection.fits() {
        let problems = inspection.problems.join("; ");
        return Err(refused(format!("the plugin {name} does not fit the contract: {problems}")));
    }
    Ok(inspection.contract)
}

fn refused(message: String) -> Error {
    Error::new(ErrorClass::InvalidRequest, message)
}

impl Plugin {
    /// Compiles a component that was [`check`]ed, or takes it from the cache, links it, and tries it.
    pub(crate) fn load(name: &str, bytes: &[u8], sandbox: Arc<Sandbox>, start: Start) -> Result<Self> {
        let (pre, exports) = (|| -> wasmtime::Result<_> {
            let component = Component::from_binary(&sandbox.engine, bytes)?;
            let mut linker = Linker::new(&sandbox.engine);
            guest_state::link(&mut linker)?;
            let pre: InstancePre<GuestState> = linker.instantiate_pre(&component)?;
            let exports = Exports::find(&pre)?;
            Ok((pre, exports))
        })()
        .map_err(|error| refused(format!("the plugin {name} cannot be loaded: {error:#}")))?;
        let share = Arc::new(CpuShare::new(start.surroundings.limits.cpu_share));
        Self::start(name.into(), pre, exports, sandbox, share, start)
    }

    /// The same component once more, with settings, surroundings and streams of its own.
    pub(crate) fn again(&self, start: Start) -> Result<Self> {
        let (sandbox, share) = (self.sandbox.clone(), self.share.clone());
        Self::start(self.name.clone(), self.pre.clone(), self.exports.clone(), sandbox, share, start)
    }

    fn start(
        name: Arc<str>,
        pre: InstancePre<GuestState>,
        exports: Exports,
        sandbox: Arc<Sandbox>,
        share: Arc<CpuShare>,
        start: Start,
    ) -> Result<Self> {
        let Start { settings, surroundings, quarantine, streams } = start;
        let plugin = Self {
            name,
            pre,
            exports,
            sandbox,
            share,
            room: Arc::new(Room::new(&surroundings.limits, streams)),
            surroundings: Arc::new(surroundings),
            quarantine: Arc::new(quarantine),
            settings,
            spares: Mutex::default(),
            shared: Mutex::default(),
        };
        // Proves that it starts and takes its settings, before anyone relies on it.
        plugin.make_spare()?;
        Ok(plugin)
    }

    /// Whether its component can be started with these limits too.
    pub(crate) fn has_room_for(&self, limits: &Limits) -> bool {
        self.sandbox.fits(limits)
    }

    pub(crate) fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// For errors.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// A place for a stream, or one in the queue.
    pub(crate) fn admit(&self) -> Result<Entry> {
        self.check_rest()?;
        self.room.enter()
    }

    /// What starts a stream cannot wait for a plugin that has to rest.
    fn check_rest(&self) -> Result<()> {
        let Some(rest) = self.share.rest().filter(|rest| *rest > LONGEST_REST) else { return Ok(()) };
        let mut error = Error::new(
            ErrorClass::Overloaded,
            format!("the plugin {} has used up its share of the processor", self.name),
        )
        .with_remedy("try again later, or raise the limit `cpuShare` if the plugin is meant to use more")
        .retryable();
        error.retry_after = Some(rest);
        Err(error)
    }

    /// What a stream that has a place holds while it runs; an error while the plugin is kept from work.
    pub(crate) fn permit(self: &Arc<Self>, place: Place) -> Result<Permit> {
        let leave = self.quarantine.admit()?;
        Ok(Permit { plugin: self.clone(), leave, _running: self.sandbox.ticker.run(), _place: place })
    }

    /// A seat for a stream, as the plugin's isolation has it.
    pub(crate) fn seat(&self, work: Work) -> Result<Seat> {
        match self.surroundings.isolation {
            Isolation::Stream => Ok(Seat::own(self.instance()?, work)),
            Isolation::Plugin => self.shared_seat(work),
        }
    }

    fn shared_seat(&self, mut work: Work) -> Result<Seat> {
        let limits = &self.surroundings.limits;
        let mut present = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(shared) = &*present {
                work = match shared.seat(limits, work) {
                    Ok(seat) => return Ok(seat),
                    Err(work) => work,
                };
            }
            *present = Some(Arc::new(Shared::new(self.instance()?)));
        }
    }

    /// An instance: a spare one, or a new one.
    fn instance(&self) -> Result<Instance> {
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
        self.quarantine.check()?;
        let _running = self.sandbox.ticker.run();
        let offer =
            self.instance()?.enter(&mut Work::default(), |store, guest| guest.call_list_models(store))??;
        let limit = self.surroundings.limits.answer_bytes;
        offer::check(offer, limit).map_err(|what| Error::of_plugin(&self.name, what))
    }

    /// Instances that live now, spare ones included.
    pub(crate) fn instances(&self) -> usize {
        // Each store holds the surroundings, and nothing else does but this.
        Arc::strong_count(&self.surroundings) - 1
    }

    /// All that the plugin knows of a model, as JSON; none where it cannot tell.
    pub(crate) fn explain_model(&self, id: &str) -> Result<Option<String>> {
        let explained =
            self.inspect(Work::default(), |inspector, store| inspector.call_explain_model(store, id))?;
        explained.map(|json| self.weighed(json)).transpose()
    }

    /// What the plugin would send; none where it cannot tell.
    pub(crate) fn preview(&self, request: &types::Request, work: Work) -> Result<Option<inspector::Preview>> {
        let preview =
            self.inspect(work, |inspector, store| inspector.call_preview_request(store, request))?;
        let Some(mut preview) = preview else { return Ok(None) };
        preview.body = self.weighed(preview.body)?;
        Ok(Some(preview))
    }

    /// JSON that does not take up too much when it is read.
    fn weighed(&self, json: String) -> Result<String> {
        let limit = self.surroundings.limits.answer_bytes;
        if weight::of_json(&json) > limit {
            let what = format_args!("gave JSON that takes up more than {limit} bytes (answerBytes)");
            return Err(Error::of_plugin(&self.name, what));
        }
        Ok(json)
    }

    /// Asks the inspector, where the plugin has one.
    fn inspect<T>(
        &self,
        mut work: Work,
        ask: impl FnOnce(
            &inspector::Guest,
            &mut Store<GuestState>,
        ) -> wasmtime::Result<std::result::Result<T, types::Error>>,
    ) -> Result<Option<T>> {
        let Some(indices) = &self.exports.inspector else { return Ok(None) };
        self.quarantine.check()?;
        let _running = self.sandbox.ticker.run();
        let mut instance = self.instance()?;
        let inner = instance.instance;
        let answered = instance.enter(&mut work, |store, _| {
            let inspector = indices.load(&mut *store, &inner)?;
            ask(&inspector, store)
        })?;
        Ok(Some(answered?))
    }

    /// Starts to count tokens; none where the plugin cannot.
    pub(crate) fn start_count(
        self: &Arc<Self>,
        request: &types::Request,
        work: Work,
    ) -> Result<Option<Count>> {
        let Some(indices) = &self.exports.token_counter else { return Ok(None) };
        self.check_rest()?;
        let permit = self.permit(self.room.enter_now()?)?;
        let instance = self.instance()?;
        let inner = instance.instance;
        let mut seat = Seat::own(instance, work);
        let (counter, count) = seat.enter(|store, _| {
            let counter = indices.load(&mut *store, &inner)?;
            let count = counter.call_start_count(&mut *store, request)?;
            Ok((counter, count))
        })?;
        Ok(Some(Count { seat, counter, count: count?, _permit: permit }))
    }

    fn make_instance(&self) -> Result<Instance> {
        let _running = self.sandbox.ticker.run();
        let limits = &self.surroundings.limits;
        let mut store =
            Store::new(&self.sandbox.engine, GuestState::new(self.surroundings.clone(), self.share.clone()));
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.host_call_bytes);
        store.set_max_component_handles(limits.handles);
        CallTime::new(limits.call_time).watch(&mut store);
        store.set_epoch_deadline(1);
        let made = self.pre.instantiate(&mut store).and_then(|instance| {
            let provider = self.exports.provider.load(&mut store, &instance)?;
            Ok((instance, provider))
        });
        store.data_mut().end_call();
        let (instance, provider) =
            made.map_err(|error| trapped(&self.name, &self.quarantine, &store, &error))?;
        let (name, quarantine) = (self.name.clone(), self.quarantine.clone());
        let mut instance = Instance { store, instance, provider, name, quarantine };
        instance.enter(&mut Work::default(), |store, provider| {
            provider.call_configure(store, &self.settings)
        })??;
        Ok(instance)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.plugin.quarantine.leave(self.leave);
    }
}

impl Permit {
    pub(crate) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// The stream has come to its end, whichever it was.
    pub(crate) fn ended(&self) {
        self.plugin.quarantine.ended(self.leave);
    }
}

impl Instance {
    /// Calls into the guest for whoever's work this is, within the limits of one call. After an error the instance
    /// must be dropped.
    pub(super) fn enter<T>(
        &mut self,
        work: &mut Work,
        call: impl FnOnce(&mut Store<GuestState>, &guest::Guest) -> wasmtime::Result<T>,
    ) -> Result<T> {
        let state = self.store.data_mut();
        state.begin_call();
        work.begin_call();
        std::mem::swap(&mut state.work, work);
        self.store.set_epoch_deadline(1);
        let called = call(&mut self.store, &self.provider);
        let state = self.store.data_mut();
        state.end_call();
        std::mem::swap(&mut state.work, work);
        work.was_slow = state.ticks > 0;
        called.map_err(|error| trapped(&self.name, &self.quarantine, &self.store, &error))
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Who is to be told of its failure. Not to be called while anybody holds the instance.
    pub(super) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.store.data().observer()
    }

    /// How long its plugin is left alone, if it is.
    pub(super) fn pause(&self) -> Option<Duration> {
        Some(self.quarantine.trouble()?.pause).filter(|pause| !pause.is_zero())
    }

    /// What all instances of its plugin may use of the processor.
    pub(super) fn share(&self) -> &Arc<CpuShare> {
        self.store.data().share()
    }

    /// Bytes of its linear memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.store.data().memory_bytes
    }
}

/// What a plugin did wrong, in an error that names it, and the limit that it met.
fn trapped(name: &str, quarantine: &Quarantine, store: &Store<GuestState>, error: &wasmtime::Error) -> Error {
    if error.is::<PoolConcurrencyLimitError>() {
        // Nobody's fault: those that count and list have no places of their own.
        return Error::new(ErrorClass::Overloaded, "there is no room for another instance of a plugin")
            .with_remedy("try again, or raise the limit `processStreams`")
            .retryable();
    }
    let limits = store.data().limits();
    let root = error.root_cause().to_string();
    let what = match error.downcast_ref::<Trap>() {
        _ if store.data().exceeded == Some("memory") => {
            format!("used more memory than the {} bytes it may (memoryBytes)", limits.memory_bytes)
        }
        _ if store.data().exceeded == Some("table") => {
            format!("used larger tables than the {} elements it may (tableElements)", limits.table_elements)
        }
        Some(Trap::Interrupt) => {
            format!(
                "took more time for a call than the {} ms it may (callTimeMs)",
                limits.call_time.as_millis()
            )
        }
        Some(Trap::StackOverflow) => format!("used more stack than the {STACK_BYTES} bytes it may"),
        Some(trap) => format!("failed: {trap}"),
        // wasmtime has no types for these two.
        None if root.contains("fuel allocated for hostcalls") => {
            format!(
                "gave more data in one call than the {} bytes it may (hostCallBytes)",
                limits.host_call_bytes
            )
        }
        None if root.contains("handle limit exceeded") => {
            format!("used more handles than the {} it may (handles)", limits.handles)
        }
        // Without the trace of wasm frames around it.
        None => format!("failed: {root}"),
    };
    tracing::debug!(plugin = name, "{error:?}");
    quarantine.failed(&what);
    Error::of_plugin(name, what)
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        super::convert::error(error)
    }
}
