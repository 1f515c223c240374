//! What every exported function does first.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Fault, outcrop_error_out};
use crate::status::outcrop_status;
use crate::status::outcrop_status::{OUTCROP_OK, OUTCROP_PANIC, OUTCROP_REENTERED};

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Calls a callback of the embedder. What it calls in turn is refused.
pub(crate) fn call_out(callback: impl FnOnce()) {
    let outer = IN_CALLBACK.replace(true);
    callback();
    IN_CALLBACK.set(outer);
}

/// Ends an object. From inside a callback that is another thread's work: it may have to wait for the callback.
pub(crate) fn end(work: impl FnOnce() + Send + 'static) {
    if IN_CALLBACK.get() {
        // Where no thread can be had the object stays, which is better than to wait for itself.
        let _ = std::thread::Builder::new().name("outcrop-free".to_owned()).spawn(work);
    } else {
        work();
    }
}

/// Runs the body of a function that can fail: panics and calls from inside a callback are errors like others.
pub(crate) fn call(
    error: outcrop_error_out,
    body: impl FnOnce() -> Result<outcrop_status, Fault>,
) -> outcrop_status {
    let outcome = if IN_CALLBACK.get() {
        Err(Fault::new(OUTCROP_REENTERED, "called from inside a callback of this library"))
    } else {
        guarded(body).unwrap_or_else(|| {
            Err(Fault::new(OUTCROP_PANIC, "the library has a fault: it panicked; the host should be freed"))
        })
    };
    match outcome {
        Ok(status) => status,
        Err(fault) => {
            let status = fault.status();
            error.store(fault);
            status
        }
    }
}

/// The same for functions that give nothing but whether they succeeded.
pub(crate) fn run(error: outcrop_error_out, body: impl FnOnce() -> Result<(), Fault>) -> outcrop_status {
    call(error, || body().map(|()| OUTCROP_OK))
}

/// Runs the body of a function that has no way to tell of an error, and gives the value for that case instead.
pub(crate) fn or<T>(otherwise: T, body: impl FnOnce() -> Option<T>) -> T {
    guarded(body).flatten().unwrap_or(otherwise)
}

fn guarded<T>(body: impl FnOnce() -> T) -> Option<T> {
    // What a panic left behind is behind locks that recover, or is dropped.
    catch_unwind(AssertUnwindSafe(body)).ok()
}

/// The process in which an object was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        Self(std::process::id())
    }

    /// Refuses a call from a child of the process: the threads behind the object were not forked along with it.
    pub(crate) fn check(self) -> Result<(), Fault> {
        if self.has_forked() {
            return Err(Fault::new(
                outcrop_status::OUTCROP_FORKED,
                "the process has forked since the host was made; make a host in the child",
            ));
        }
        Ok(())
    }

    pub(crate) fn has_forked(self) -> bool {
        self != Self::current()
    }
}
