//! What every exported function does first.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{ErrorOut, Fault};
use crate::out::Out;
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
pub(crate) fn call(error: ErrorOut, body: impl FnOnce() -> Result<outcrop_status, Fault>) -> outcrop_status {
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
            error.tell(fault);
            status
        }
    }
}

/// The same for functions that give nothing but whether they succeeded.
pub(crate) fn run(error: ErrorOut, body: impl FnOnce() -> Result<(), Fault>) -> outcrop_status {
    call(error, || body().map(|()| OUTCROP_OK))
}

/// The same for functions that give a value, `what`, which is stored where they succeed.
pub(crate) fn give<T>(
    what: &str,
    out: Out<T>,
    error: ErrorOut,
    body: impl FnOnce() -> Result<T, Fault>,
) -> outcrop_status {
    run(error, || {
        out.check(what)?;
        out.store(body()?);
        Ok(())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_status() {
        let status = run(ErrorOut::nowhere(), || panic!("on purpose"));
        assert_eq!(status, OUTCROP_PANIC);
        assert_eq!(or(7, || panic!("on purpose")), 7);
    }

    #[test]
    fn a_place_must_be_there_and_aligned() {
        let mut places = [0_u64; 2];
        let crooked = places.as_mut_ptr().cast::<u8>().wrapping_add(1).cast::<u64>();
        for (place, expected) in [
            (std::ptr::null_mut(), outcrop_status::OUTCROP_INVALID_ARGUMENT),
            (crooked, outcrop_status::OUTCROP_INVALID_ARGUMENT),
            (places.as_mut_ptr(), OUTCROP_OK),
        ] {
            // SAFETY: NULL, or inside an array that outlives the call.
            let out = unsafe { Out::new(place) };
            assert_eq!(give("the place", out, ErrorOut::nowhere(), || Ok(7)), expected);
        }
        assert_eq!(places, [7, 0]);
    }
}
