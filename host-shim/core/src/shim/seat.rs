//! A stream's seat in an instance: in one of its own, or in one that it shares with other streams.
//!
//! Because the guest never waits, one instance can serve many streams: each holds it for the microseconds of a
//! call into it, and waits without it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::contract::{guest, types};
use super::cpu_share::{CpuShare, Turn};
use super::guest_state::GuestState;
use super::plugin::Instance;
use super::work::Work;
use crate::bridge::call::Rest;
use crate::limits::{HANDLES_A_STREAM, IDLE_CALLS, Limits, STREAMS_OF_AN_INSTANCE};
use crate::{Error, Occurrence, Result};

/// What one stream has of the sandbox.
pub(crate) struct Seat {
    home: Home,
    work: Work,
    /// The guest's side of the stream, once it has begun.
    response: Option<ResourceAny>,
    /// The plugin's, for errors.
    name: Arc<str>,
    share: Arc<CpuShare>,
    turn: Turn,
    /// Calls in a row that neither gave nor read anything.
    idle_calls: u32,
}

enum Home {
    Own(Box<Instance>),
    Shared(Place),
}

/// A place in a shared instance.
struct Place {
    shared: Arc<Shared>,
    number: u64,
    /// Whom the end of the instance wakes.
    waker: Option<Waker>,
}

impl Seat {
    /// In an instance that nobody else uses.
    pub(super) fn own(instance: Instance, work: Work) -> Self {
        let (name, share) = (instance.name().clone(), instance.share().clone());
        Self::of(Home::Own(Box::new(instance)), work, name, share)
    }

    fn of(home: Home, work: Work, name: Arc<str>, share: Arc<CpuShare>) -> Self {
        Self { home, work, response: None, name, share, turn: Turn::default(), idle_calls: 0 }
    }

    /// Calls into the guest for this stream. An error is the end of the instance.
    pub(super) fn enter<T>(
        &mut self,
        call: impl FnOnce(&mut Store<GuestState>, &guest::Guest) -> wasmtime::Result<T>,
    ) -> Result<T> {
        let entered = match &mut self.home {
            Home::Own(instance) => {
                let entered = instance.enter(&mut self.work, call);
                if let Err(error) = &entered {
                    tell(instance, &self.name, error);
                }
                entered
            }
            Home::Shared(place) => place.shared.enter(&mut self.work, call),
        };
        self.work.end_dropped();
        entered
    }

    pub(crate) fn start_stream(&mut self, request: &types::Request) -> Result<()> {
        self.response = Some(self.enter(|store, guest| guest.call_start_stream(store, request))??);
        Ok(())
    }

    pub(crate) fn next_chunk(&mut self) -> Result<guest::Progress> {
        let Some(stream) = self.response else {
            return Err(self.fault("was asked for an answer that has not begun"));
        };
        Ok(self.enter(|store, guest| guest.response_stream().call_next_chunk(store, stream))??)
    }

    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// Ready once the plugin may be called: it has not used up its share of the processor.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.turn.poll(cx, &self.share)
    }

    /// After a call that gave something or not: one that gives nothing and reads nothing may be repeated only so
    /// often, since nothing would ever end it.
    pub(crate) fn note_progress(&mut self, gave: bool) -> Result<()> {
        self.idle_calls = if gave || self.work.has_read { 0 } else { self.idle_calls + 1 };
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

    /// Ready once there is a reason to call the guest: something has arrived, or the instance is no more.
    pub(crate) fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (self.work.poll_calls(cx), &mut self.home) {
            (Poll::Pending, Home::Shared(place)) => place.poll_gone(cx),
            (arrived, _) => arrived,
        }
    }

    /// Leaves after a complete answer, and gives what is left to be read of that.
    pub(crate) fn finish(mut self) -> Option<Rest> {
        self.work.take_rest()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Home::Shared(_) = self.home
            && let Some(response) = self.response.take()
        {
            // The guest frees what it has of the stream. If it fails in that, the others have been told.
            let _ = self.enter(|store, _| response.resource_drop(store));
        }
    }
}

impl Place {
    /// Ready once the instance is no more.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_known = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !is_known {
            let waker = cx.waker().clone();
            self.waker = Some(waker.clone());
            let replaced = self.shared.lock().streams.insert(self.number, Some(waker));
            drop(replaced);
        }
        if self.shared.gone.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let waker = self.shared.lock().streams.remove(&self.number);
        drop(waker);
    }
}

/// Tells whoever observes that an instance has failed.
fn tell(instance: &Instance, plugin: &str, error: &Error) {
    if let Some(observer) = instance.observer() {
        observer.observe(&Occurrence::PluginFailed { plugin, error, pause: instance.pause() });
    }
}

/// An instance that serves many streams.
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// Set when the instance is dropped before its streams.
    gone: AtomicBool,
    name: Arc<str>,
    share: Arc<CpuShare>,
}

struct Inner {
    /// None once it has failed.
    instance: Option<Instance>,
    /// Those that run, each with whom to wake when the instance fails.
    streams: HashMap<u64, Option<Waker>>,
    /// How many it has taken, ever.
    taken: u64,
}

impl Shared {
    pub(super) fn new(instance: Instance) -> Self {
        let (name, share) = (instance.name().clone(), instance.share().clone());
        let inner = Inner { instance: Some(instance), streams: HashMap::new(), taken: 0 };
        Self { inner: Mutex::new(inner), gone: AtomicBool::new(false), name, share }
    }

    /// A seat, unless the instance is full, has grown large, has served its time, or has failed: then it goes
    /// with the last of its streams.
    pub(super) fn seat(self: &Arc<Self>, limits: &Limits, work: Work) -> std::result::Result<Seat, Work> {
        let mut inner = self.lock();
        let takes = inner.instance.as_ref().is_some_and(|instance| {
            // What it has grown by is never given back, and the next request may be a large one.
            instance.memory_bytes() <= limits.memory_bytes / 2
                && inner.streams.len() < (limits.handles / HANDLES_A_STREAM).max(1)
                && inner.taken < STREAMS_OF_AN_INSTANCE
        });
        if !takes {
            return Err(work);
        }
        inner.taken += 1;
        let number = inner.taken;
        inner.streams.insert(number, None);
        drop(inner);
        let place = Place { shared: self.clone(), number, waker: None };
        Ok(Seat::of(Home::Shared(place), work, self.name.clone(), self.share.clone()))
    }

    fn enter<T>(
        &self,
        work: &mut Work,
        call: impl FnOnce(&mut Store<GuestState>, &guest::Guest) -> wasmtime::Result<T>,
    ) -> Result<T> {
        let mut inner = self.lock();
        let Some(instance) = &mut inner.instance else {
            return Err(Error::of_plugin(
                &self.name,
                "failed while it served another stream of the same instance",
            )
            .with_remedy(
                "send the request again; with the isolation `stream` every stream has an instance of its own",
            )
            .retryable());
        };
        let entered = instance.enter(work, call);
        if let Err(error) = &entered {
            let failed = inner.instance.take();
            self.gone.store(true, Ordering::Release);
            let wakers: Vec<Waker> = inner.streams.values_mut().filter_map(Option::take).collect();
            drop(inner);
            wakers.into_iter().for_each(Waker::wake);
            if let Some(failed) = &failed {
                tell(failed, &self.name, error);
            }
        }
        entered
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| {
            // Somebody panicked within a call: nobody knows in what state that left the instance.
            let mut inner = poisoned.into_inner();
            inner.instance = None;
            self.gone.store(true, Ordering::Release);
            inner
        })
    }
}
