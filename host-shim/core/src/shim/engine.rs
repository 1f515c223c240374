//! The wasmtime engine: what a plugin may be made of, and the clock that bounds its calls.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy,
    PoolingAllocationConfig,
};

use crate::limits::{CORE_INSTANCES, Limits, STACK_BYTES};
use crate::{Error, ErrorClass, Result};

/// How often the clock ticks.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Memory that an idle slot of the pool keeps, so that the next instance finds its pages in place: all that an
/// ordinary stream touches. Each page given back would flush the processor's address translations, which
/// makes everything after it slower. Only pages that were touched are kept, where the kernel can tell which
/// (Linux 6.7), and only in the hundred slots that wasmtime keeps warm.
const KEPT_RESIDENT_BYTES: usize = 512 << 10;

/// The same for tables.
const KEPT_RESIDENT_TABLE_BYTES: usize = 64 << 10;

/// Instances beyond those of running streams: the spare ones, those that count or list, and those
/// that are dropped while their successors are made.
const EXTRA_INSTANCES: usize = 32;

/// An engine with its clock. Plugins share one where their limits fit into it: what an engine costs is the address
/// space of its pool, and a thread.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(super) engine: Engine,
    pub(super) ticker: Ticker,
    limits: Limits,
}

impl Sandbox {
    /// Compiled code is cached in the folder where one is given.
    pub(crate) fn new(limits: &Limits, cache: Option<&Path>) -> Result<Self> {
        let internal = |what: &str, why: String| Error::new(ErrorClass::Internal, format!("{what}: {why}"));
        let engine = engine(limits, cache)
            .map_err(|error| internal("the sandbox cannot be set up", format!("{error:#}")))?;
        let ticker =
            Ticker::start(&engine).map_err(|error| internal("no thread for the clock", error.to_string()))?;
        Ok(Self { engine, ticker, limits: limits.clone() })
    }

    /// Whether plugins with these limits have room in it. Their own limits are held against each of their instances.
    pub(crate) fn fits(&self, limits: &Limits) -> bool {
        self.limits.memory_bytes >= limits.memory_bytes
            && self.limits.table_elements >= limits.table_elements
            && self.limits.process_streams >= limits.process_streams
            && self.limits.signal_handlers == limits.signal_handlers
            && self.limits.parallel_compilation == limits.parallel_compilation
    }
}

fn engine(limits: &Limits, cache: Option<&Path>) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // No call waits, so nothing of the machinery for waiting is there to be attacked.
        .concurrency_support(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .epoch_interruption(true)
        .parallel_compilation(limits.parallel_compilation)
        .signals_based_traps(limits.signal_handlers)
        .max_wasm_stack(STACK_BYTES);
    if let Some(folder) = cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(folder);
        config.cache(Some(Cache::new(cache)?));
    }

    let mut pool = PoolingAllocationConfig::new();
    let instances = u32::try_from(limits.process_streams.saturating_add(EXTRA_INSTANCES)).unwrap_or(u32::MAX);
    let core_instances = CORE_INSTANCES as u32;
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(core_instances))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(core_instances))
        .max_core_instances_per_component(core_instances)
        .max_tables_per_component(core_instances)
        .max_memories_per_component(1)
        .table_elements(limits.table_elements)
        .max_memory_size(limits.memory_bytes)
        .linear_memory_keep_resident(KEPT_RESIDENT_BYTES)
        .table_keep_resident(KEPT_RESIDENT_TABLE_BYTES)
        .pagemap_scan(Enabled::Auto);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).or_else(|error| {
        // A machine with little address space has no room for the pool; instances then cost a little more.
        tracing::debug!("no pool of instances: {error:#}");
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })
}

/// Advances the engine's epoch, but only while anything runs: an idle host is idle.
///
/// A plain thread, because a runtime that a plugin has brought to a stand cannot tick.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

/// How many ticks in a row must find nothing running before the clock stops. Starting it costs a
/// system call and a switch of threads, which short streams in a row would pay again and again.
const IDLE_TICKS: u32 = 100;

#[derive(Debug, Default)]
struct Shared {
    /// What keeps the clock running.
    running: AtomicUsize,
    /// Whether the clock stands still.
    standing: AtomicBool,
    /// Whether the host is gone.
    stopped: Mutex<bool>,
    wake: Condvar,
}

/// Keeps the clock running while it lives.
#[derive(Debug)]
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (engine, watched) = (engine.weak(), shared.clone());
        std::thread::Builder::new().name("outcrop-clock".to_owned()).spawn(move || watched.tick(&engine))?;
        Ok(Self { shared })
    }

    pub(crate) fn run(&self) -> Running {
        // Both sides order their store before their load, so that one of them sees the other's.
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.standing.load(Ordering::SeqCst) {
            let _at_rest = self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner);
            self.shared.wake.notify_all();
        }
        Running(self.shared.clone())
    }
}

impl Shared {
    fn tick(&self, engine: &EngineWeak) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = 0;
        while !*stopped {
            idle = if self.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
            if idle > IDLE_TICKS {
                self.standing.store(true, Ordering::SeqCst);
                if self.running.load(Ordering::SeqCst) == 0 {
                    stopped = self.wake.wait(stopped).unwrap_or_else(PoisonError::into_inner);
                }
                self.standing.store(false, Ordering::SeqCst);
                idle = 0;
                continue;
            }
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
            drop(engine);
            stopped = self.wake.wait_timeout(stopped, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Instance, Module, Store, Trap};

    use super::*;

    /// `(module (memory 1) (func (export "a") ...) (func (export "b") ...) (func (export "c") ...))`, each
    /// giving an i32: `a` loads from beyond the memory, `b` is `unreachable`, `c` divides by zero.
    const TRAPS: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x05\x01\x60\0\x01\x7f\
        \x03\x04\x03\0\0\0\
        \x05\x03\x01\0\x01\
        \x07\x0d\x03\x01a\0\0\x01b\0\x01\x01c\0\x02\
        \x0a\x19\x03\
        \x0b\0\x41\xff\xff\xff\xff\x07\x28\x02\0\x0b\
        \x03\0\0\x0b\
        \x07\0\x41\x01\x41\0\x6d\x0b";

    #[test]
    fn traps_are_traps_with_and_without_signal_handlers() {
        for signal_handlers in [true, false] {
            let limits = Limits { signal_handlers, ..Limits::default() };
            let engine = engine(&limits, None).expect("an engine");
            let module = Module::from_binary(&engine, TRAPS).expect("a module");
            for (name, expected) in [
                ("a", Trap::MemoryOutOfBounds),
                ("b", Trap::UnreachableCodeReached),
                ("c", Trap::IntegerDivisionByZero),
            ] {
                let mut store = Store::new(&engine, ());
                store.set_epoch_deadline(1_000_000);
                let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
                let function = instance.get_typed_func::<(), i32>(&mut store, name).expect("a function");
                let error = function.call(&mut store, ()).expect_err("a trap");
                assert_eq!(
                    error.downcast_ref::<Trap>(),
                    Some(&expected),
                    "{name}, {signal_handlers}: {error:?}"
                );
            }
        }
    }
}
