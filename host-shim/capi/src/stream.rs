//! Streams: taken event by event, watched, cancelled.

use std::ffi::{c_int, c_void};
use std::os::fd::IntoRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use outcrop::{Error, ErrorClass, Event, EventStream};
use tokio::runtime::Handle;

use crate::boundary::{self, Process};
use crate::error::{ErrorOut, Fault};
use crate::event::EventObject;
use crate::handles::{self, outcrop_cancel_token, outcrop_error, outcrop_event, outcrop_stream};
use crate::log::Log;
use crate::out::Out;
use crate::status::outcrop_status;
use crate::status::outcrop_status::{
    OUTCROP_BUSY, OUTCROP_END, OUTCROP_INTERNAL, OUTCROP_OK, OUTCROP_PENDING, OUTCROP_SHUT_DOWN,
};
use crate::wake::{Callback, Wakeup};

/// What stands behind an `outcrop_stream`.
pub(crate) struct StreamObject {
    inner: Arc<Inner>,
    waker: Waker,
    /// Whether a thread is taking events.
    in_use: AtomicBool,
}

/// What stands behind an `outcrop_cancel_token`.
pub(crate) struct TokenObject {
    inner: Weak<Inner>,
    process: Process,
}

/// A stream, as its consumer, its tokens and its host share it.
pub(crate) struct Inner {
    state: Mutex<State>,
    /// Whether it is to end, and why. Looked at by whoever has just let go of the state.
    cancelled: AtomicBool,
    shut_down: AtomicBool,
    wakeup: Arc<Wakeup>,
    runtime: Handle,
    log: Option<Log>,
    process: Process,
}

enum State {
    Live(Box<EventStream>, Delivered),
    /// Ended by its consumer; the event that says so has not been taken.
    Cancelled(Delivered),
    Over,
}

/// Whether any content has been taken.
#[derive(Clone, Copy)]
struct Delivered(bool);

impl StreamObject {
    pub(crate) fn new(stream: EventStream, runtime: Handle, log: Option<Log>, process: Process) -> Self {
        let wakeup = Arc::new(Wakeup::default());
        let waker = Waker::from(wakeup.clone());
        let inner = Inner {
            state: Mutex::new(State::Live(Box::new(stream), Delivered(false))),
            cancelled: AtomicBool::new(false),
            shut_down: AtomicBool::new(false),
            wakeup,
            runtime,
            log,
            process,
        };
        Self { inner: Arc::new(inner), waker, in_use: AtomicBool::new(false) }
    }

    pub(crate) fn inner(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// The next event. Waits for it where a time is given; none stands for no limit.
    fn next(&self, patience: Patience) -> Result<Next, Fault> {
        if self.in_use.swap(true, Ordering::Acquire) {
            return Err(Fault::new(OUTCROP_BUSY, "another thread is taking events from the stream"));
        }
        let _done = Done(&self.in_use);
        loop {
            self.inner.wakeup.reset();
            match self.inner.poll(&mut Context::from_waker(&self.waker)) {
                Poll::Ready(next) => return next,
                Poll::Pending => {}
            }
            let woken = match patience {
                Patience::None => !self.inner.wakeup.arm(),
                Patience::Until(until) => self.inner.wakeup.wait(until),
            };
            if !woken {
                return Ok(Next::Pending);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Patience {
    None,
    Until(Option<Instant>),
}

enum Next {
    Event(Box<Event>),
    End,
    Pending,
}

/// Gives the stream free for the next caller.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Inner {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<Next, Fault>> {
        let polled = {
            let _runtime = self.runtime.enter();
            let _log = self.log.as_ref().map(Log::scope);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.settle(&mut state);
            state.poll(cx)
        };
        // Who cancelled while the state was taken left the rest to this thread.
        if polled.is_pending() && self.is_to_end() {
            self.try_settle();
            cx.waker().wake_by_ref();
        }
        match polled {
            Poll::Ready(Next::End) if self.shut_down.load(Ordering::SeqCst) => {
                Poll::Ready(Err(Fault::new(OUTCROP_SHUT_DOWN, "the host of the stream was freed")))
            }
            other => other.map(Ok),
        }
    }

    fn is_to_end(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst) || self.shut_down.load(Ordering::SeqCst)
    }

    /// Does what was asked of the stream from outside. Dropping the answer closes its connection.
    fn settle(&self, state: &mut State) {
        if let State::Live(_, delivered) = *state {
            if self.shut_down.load(Ordering::SeqCst) {
                *state = State::Over;
            } else if self.cancelled.load(Ordering::SeqCst) {
                *state = State::Cancelled(delivered);
            }
        }
    }

    fn try_settle(&self) {
        let _runtime = self.runtime.enter();
        let _log = self.log.as_ref().map(Log::scope);
        match self.state.try_lock() {
            Ok(mut state) => self.settle(&mut state),
            Err(TryLockError::Poisoned(state)) => self.settle(&mut state.into_inner()),
            // Whoever holds it looks again when it has let go.
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.try_settle();
        self.wakeup.wake();
    }

    /// Ends the stream because its host is no more. Waits for the thread that is at work on it: once this has
    /// returned, nothing of the stream needs the host's threads.
    pub(crate) fn shut_down(&self) {
        self.shut_down.store(true, Ordering::SeqCst);
        {
            let _runtime = self.runtime.enter();
            let _log = self.log.as_ref().map(Log::scope);
            self.settle(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.wakeup.wake();
    }
}

impl State {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let event = match self {
            Self::Over => None,
            Self::Cancelled(Delivered(delivered)) => {
                let mut error = Error::new(ErrorClass::Cancelled, "the stream was cancelled");
                error.delivered = *delivered;
                *self = Self::Over;
                Some(Event::Error { error: Box::new(error) })
            }
            Self::Live(stream, delivered) => {
                let event = std::task::ready!(std::pin::pin!(stream.next()).poll(cx));
                delivered.0 |= event.as_ref().is_some_and(is_content);
                event
            }
        };
        Poll::Ready(match event {
            Some(event) => Next::Event(Box::new(event)),
            None => {
                *self = Self::Over;
                Next::End
            }
        })
    }
}

fn is_content(event: &Event) -> bool {
    matches!(
        event,
        Event::TextDelta { .. }
            | Event::ThinkingDelta { .. }
            | Event::ToolcallStart { .. }
            | Event::ToolcallDelta { .. }
            | Event::BlockDelta { .. }
    )
}

/// The stream behind a handle, unless it is a parent's.
fn live(stream: *const outcrop_stream) -> Result<Arc<StreamObject>, Fault> {
    let stream = handles::get(stream)?;
    stream.inner.process.check()?;
    Ok(stream)
}

fn next(
    stream: *const outcrop_stream,
    patience: Patience,
    out: Out<*mut outcrop_event>,
) -> Result<outcrop_status, Fault> {
    out.check("the place for the event")?;
    Ok(match live(stream)?.next(patience)? {
        Next::End => OUTCROP_END,
        Next::Pending => OUTCROP_PENDING,
        Next::Event(event) => {
            out.store(handles::enter(EventObject::new(*event)));
            OUTCROP_OK
        }
    })
}

/// Waits for the next event and stores it in `event`, to be freed.
///
/// `timeout_ms` bounds the wait: 0 does not wait, a negative number waits for ever. OUTCROP_PENDING when nothing
/// came in time, OUTCROP_END after the terminal event. A failed answer is an event too (OUTCROP_EVENT_ERROR); an
/// error of this function is about the call. A cancelled stream ends at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_next(
    stream: *const outcrop_stream,
    timeout_ms: i64,
    event: *mut *mut outcrop_event,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(event), Out::new(error)) };
    boundary::call(error, || {
        let patience = match u64::try_from(timeout_ms) {
            // Beyond what a clock can show is for ever.
            Ok(time) => Patience::Until(Instant::now().checked_add(Duration::from_millis(time))),
            Err(_) => Patience::Until(None),
        };
        next(stream, patience, out)
    })
}

/// Takes the next event if there is one; never waits. OUTCROP_PENDING arms the descriptor and the callback: call
/// again, until OUTCROP_PENDING, when the one is readable or the other has been called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_try_next(
    stream: *const outcrop_stream,
    event: *mut *mut outcrop_event,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(event), Out::new(error)) };
    boundary::call(error, || next(stream, Patience::None, out))
}

/// Stores in `descriptor` one end of a socket pair that becomes readable when `outcrop_stream_try_next` may have
/// more after OUTCROP_PENDING. It is a duplicate and belongs to the caller, who closes it. What is read from it
/// means nothing, and need not be read: the next `outcrop_stream_try_next` does that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_descriptor(
    stream: *const outcrop_stream,
    descriptor: *mut c_int,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(descriptor), Out::new(error)) };
    boundary::give("the place for the descriptor", out, error, || {
        let stream = live(stream)?;
        let end = stream.inner.wakeup.descriptor();
        let end =
            end.map_err(|error| Fault::new(OUTCROP_INTERNAL, format!("no socket pair to watch: {error}")))?;
        Ok(end.into_raw_fd())
    })
}

/// Has `callback` called with `user_data`, once after each OUTCROP_PENDING of `outcrop_stream_try_next`, when there
/// may be more. It is called on any thread, also on the one that is inside `outcrop_stream_try_next`, and must
/// return soon; functions of this library answer OUTCROP_REENTERED inside it. NULL takes it away. It is not called
/// any more once this function, with NULL, or `outcrop_stream_free` has returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_set_wakeup(
    stream: *const outcrop_stream,
    callback: Option<extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || {
        let stream = live(stream)?;
        stream.inner.wakeup.set_callback(callback.map(|function| Callback { function, user_data }));
        Ok(())
    })
}

/// Ends the stream, from any thread: its connection is closed, a blocked `outcrop_stream_next` returns at once, and
/// the stream's last event is an error with the status OUTCROP_CANCELLED. A stream that has ended stays as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_cancel(
    stream: *const outcrop_stream,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: NULL or writable, as the caller promises.
    let error = unsafe { Out::new(error) };
    boundary::run(error, || {
        let stream = live(stream)?;
        stream.inner.cancel();
        Ok(())
    })
}

/// Stores in `token` what `outcrop_cancel_token_cancel` takes, to be freed on its own. It outlives the stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcrop_stream_cancel_token(
    stream: *const outcrop_stream,
    token: *mut *mut outcrop_cancel_token,
    error: *mut *mut outcrop_error,
) -> outcrop_status {
    // SAFETY: each is NULL or writable, as the caller promises.
    let (out, error) = unsafe { (Out::new(token), Out::new(error)) };
    boundary::give("the place for the token", out, error, || {
        let stream = live(stream)?;
        Ok(handles::enter(TokenObject { inner: stream.inner(), process: stream.inner.process }))
    })
}

/// Ends the token's stream, as `outcrop_stream_cancel`. Safe from any thread at any moment; a stream that has ended
/// or was freed is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_cancel_token_cancel(token: *const outcrop_cancel_token) -> outcrop_status {
    boundary::run(ErrorOut::nowhere(), || {
        let TokenObject { inner, process } = &*handles::get(token)?;
        process.check()?;
        if let Some(inner) = inner.upgrade() {
            inner.cancel();
        }
        Ok(())
    })
}

/// Frees a token. Its stream goes on. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_cancel_token_free(token: *mut outcrop_cancel_token) {
    boundary::or((), || handles::take(token).map(drop));
}

/// Frees a stream; one that has not ended is cancelled. Events that were taken from it stay. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_stream_free(stream: *mut outcrop_stream) {
    boundary::or((), || {
        let stream = handles::take(stream)?;
        if stream.inner.process.has_forked() {
            // What it would close and wake belongs to the parent.
            std::mem::forget(stream);
            return Some(());
        }
        boundary::end(move || {
            stream.inner.wakeup.set_callback(None);
            stream.inner.cancel();
        });
        Some(())
    });
}
