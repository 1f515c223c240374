//! What wakes whoever waits for a stream: a blocked thread, an event loop's descriptor, a callback.

use std::ffi::c_void;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::task::Wake;
use std::time::Instant;

use crate::boundary;

/// A function of the embedder, with what it is to be given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    pub(crate) function: extern "C" fn(*mut c_void),
    pub(crate) user_data: *mut c_void,
}

// SAFETY: the pointer is only handed back to the embedder's function, which the header says is called on any thread.
unsafe impl Send for Callback {}
// SAFETY: as above; nothing here looks through the pointer.
unsafe impl Sync for Callback {}

/// Wakes a stream's consumer.
#[derive(Debug, Default)]
pub(crate) struct Wakeup {
    /// Whether something has happened since the consumer last looked.
    happened: Mutex<bool>,
    changed: Condvar,
    /// Whether the consumer has been told that there is nothing, and not yet been woken since.
    armed: AtomicBool,
    /// The end that is written to, and the one that the embedder watches a duplicate of.
    descriptors: OnceLock<(UnixStream, UnixStream)>,
    callback: Mutex<Option<Callback>>,
}

impl Wakeup {
    /// Forgets what has happened so far; to be called before the consumer looks.
    pub(crate) fn reset(&self) {
        *self.happened.lock().unwrap_or_else(PoisonError::into_inner) = false;
        if self.armed.swap(false, Ordering::SeqCst) {
            return;
        }
        // It was woken since; the descriptor may still say so.
        if let Some((_, watched)) = self.descriptors.get() {
            let mut bytes = [0; 16];
            while (&*watched).read(&mut bytes).is_ok_and(|count| count == bytes.len()) {}
        }
    }

    /// The consumer is about to be told that there is nothing. False where something has happened meanwhile.
    pub(crate) fn arm(&self) -> bool {
        let happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        self.armed.store(!*happened, Ordering::SeqCst);
        !*happened
    }

    /// Blocks until something has happened. False where nothing has until then.
    pub(crate) fn wait(&self, until: Option<Instant>) -> bool {
        let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        while !*happened {
            happened = match until {
                None => self.changed.wait(happened).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.changed.wait_timeout(happened, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// Tells that something has happened.
    pub(crate) fn wake(&self) {
        {
            let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
            if *happened {
                return;
            }
            *happened = true;
            self.changed.notify_all();
        }
        if !self.armed.swap(false, Ordering::SeqCst) {
            return;
        }
        if let Some((written, _)) = self.descriptors.get() {
            // Full is as good as written.
            let _ = (&*written).write(&[1]);
        }
        // Called under the lock: once the callback has been taken away, it does not run any more.
        let callback = self.callback.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Callback { function, user_data }) = *callback {
            boundary::call_out(|| function(user_data));
        }
    }

    /// A duplicate of the descriptor that becomes readable when the consumer is woken.
    pub(crate) fn descriptor(&self) -> std::io::Result<UnixStream> {
        if self.descriptors.get().is_none() {
            let (written, watched) = UnixStream::pair()?;
            written.set_nonblocking(true)?;
            watched.set_nonblocking(true)?;
            // Readable from the start: nobody has looked yet.
            (&written).write_all(&[1])?;
            // Another thread's pair is as good.
            let _ = self.descriptors.set((written, watched));
        }
        match self.descriptors.get() {
            Some((_, watched)) => watched.try_clone(),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    /// Sets the callback or takes it away; waits for the one that runs.
    pub(crate) fn set_callback(&self, callback: Option<Callback>) {
        *self.callback.lock().unwrap_or_else(PoisonError::into_inner) = callback;
    }
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        Wakeup::wake(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Wakeup::wake(self);
    }
}
