//! The table behind all handles.
//!
//! What C holds is not the address of anything but a place in a table, with the number of times that
//! the place has been used. So a handle that was freed, made up, or is of another kind is told from a live
//! one, at the price of a look into a table.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use slotmap::{DefaultKey, Key as _, KeyData, SlotMap};

use crate::error::{ErrorObject, Fault};
use crate::event::EventObject;
use crate::host::HostObject;
use crate::models::ModelsObject;
use crate::options::OptionsObject;
use crate::status::outcrop_status::OUTCROP_INVALID_HANDLE;
use crate::stream::{StreamObject, TokenObject};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a handle is a number of 64 bits in a pointer");

type Objects = SlotMap<DefaultKey, Object>;

static OBJECTS: RwLock<Option<Objects>> = RwLock::new(None);

/// How a host is to be.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_options {
    _private: [u8; 0],
}

/// A loaded plugin with its connections and caches.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_host {
    _private: [u8; 0],
}

/// A list of models.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_models {
    _private: [u8; 0],
}

/// One answer being streamed.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_stream {
    _private: [u8; 0],
}

/// One step of an answer.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_event {
    _private: [u8; 0],
}

/// Why a call failed.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_error {
    _private: [u8; 0],
}

/// Ends a stream, from any thread and at any time, also after the stream was freed.
#[repr(C)]
#[derive(Debug)]
pub struct outcrop_cancel_token {
    _private: [u8; 0],
}

macro_rules! kinds {
    ($($kind:ident, $object:ty, $handle:ident, $what:literal;)*) => {
        #[derive(Clone)]
        pub(crate) enum Object {
            $($kind(Arc<$object>),)*
        }

        $(impl Handle for $handle {
            type Object = $object;
            const WHAT: &'static str = $what;

            fn wrap(object: Arc<$object>) -> Object {
                Object::$kind(object)
            }

            fn unwrap(object: Object) -> Option<Arc<$object>> {
                match object {
                    Object::$kind(object) => Some(object),
                    _ => None,
                }
            }
        })*
    };
}

kinds! {
    Options, OptionsObject, outcrop_options, "options";
    Host, HostObject, outcrop_host, "host";
    Models, ModelsObject, outcrop_models, "list of models";
    Stream, StreamObject, outcrop_stream, "stream";
    Event, EventObject, outcrop_event, "event";
    Error, ErrorObject, outcrop_error, "error";
    Token, TokenObject, outcrop_cancel_token, "cancel token";
}

/// A kind of handle.
pub(crate) trait Handle {
    /// What stands behind it.
    type Object;
    /// What it is called in messages.
    const WHAT: &'static str;

    fn wrap(object: Arc<Self::Object>) -> Object;
    fn unwrap(object: Object) -> Option<Arc<Self::Object>>;
}

/// Enters an object into the table.
pub(crate) fn enter<H: Handle>(object: H::Object) -> *mut H {
    fork::watch();
    let object = H::wrap(Arc::new(object));
    let key = write().get_or_insert_default().insert(object);
    std::ptr::without_provenance_mut(key.data().as_ffi() as usize)
}

fn write() -> RwLockWriteGuard<'static, Option<Objects>> {
    OBJECTS.write().unwrap_or_else(PoisonError::into_inner)
}

fn key<H>(handle: *const H) -> DefaultKey {
    KeyData::from_ffi(handle.addr() as u64).into()
}

/// The object behind a handle.
pub(crate) fn get<H: Handle>(handle: *const H) -> Result<Arc<H::Object>, Fault> {
    if handle.is_null() {
        return Err(Fault::null(H::WHAT));
    }
    let objects = OBJECTS.read().unwrap_or_else(PoisonError::into_inner);
    let object = objects.as_ref().and_then(|objects| objects.get(key(handle))).cloned();
    object.and_then(H::unwrap).ok_or_else(|| {
        Fault::new(
            OUTCROP_INVALID_HANDLE,
            format!("the {} was freed already, or the handle is of another kind", H::WHAT),
        )
    })
}

/// Takes an object out of the table. NULL and stale handles are nothing to do.
pub(crate) fn take<H: Handle>(handle: *const H) -> Option<Arc<H::Object>> {
    if handle.is_null() {
        return None;
    }
    let mut objects = write();
    let objects = objects.as_mut()?;
    // Of this kind, or it stays.
    H::unwrap(objects.get(key(handle))?.clone())?;
    let object = objects.remove(key(handle))?;
    H::unwrap(object)
}

/// The table across forks: a child that was forked while another thread held the lock could never take it.
pub(crate) mod fork {
    use std::cell::Cell;
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    static IS_CHILD: AtomicBool = AtomicBool::new(false);

    thread_local! {
        /// Held by the thread that forks, while it does.
        static HELD: Cell<Option<RwLockWriteGuard<'static, Option<Objects>>>> = const { Cell::new(None) };
    }

    /// Whether the process has forked from one that had handles already.
    pub(crate) fn is_child() -> bool {
        IS_CHILD.load(Ordering::Relaxed)
    }

    pub(super) fn watch() {
        static WATCHED: Once = Once::new();
        // SAFETY: the three functions live as long as the process, and neither unwind nor fork.
        // Where there is no memory for them, forks are as they were.
        WATCHED.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(after), Some(in_child));
        });
    }

    unsafe extern "C" fn before() {
        let guard = write();
        let _ = HELD.try_with(|held| held.set(Some(guard)));
    }

    unsafe extern "C" fn after() {
        let _ = HELD.try_with(Cell::take);
    }

    unsafe extern "C" fn in_child() {
        IS_CHILD.store(true, Ordering::Relaxed);
        let _ = HELD.try_with(Cell::take);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OptionsObject;

    #[test]
    fn a_stale_handle_is_told_from_a_live_one() {
        let handle: *mut outcrop_options = enter(OptionsObject::default());
        assert!(get(handle).is_ok());
        assert!(get(handle.cast::<outcrop_host>()).is_err(), "of another kind");
        assert!(take(handle.cast::<outcrop_host>()).is_none(), "of another kind");
        assert!(take(handle).is_some());
        assert!(take(handle).is_none(), "twice");
        let next: *mut outcrop_options = enter(OptionsObject::default());
        assert_ne!(handle, next, "the same place has another number");
        assert!(get(handle).is_err());
        take(next);
    }

    #[test]
    fn made_up_handles_are_none() {
        for number in [1_usize, 2, 7, usize::MAX, 1 << 32, (1 << 32) | 1] {
            assert!(get::<outcrop_stream>(std::ptr::without_provenance(number)).is_err());
        }
    }
}
