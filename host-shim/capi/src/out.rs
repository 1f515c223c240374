//! Places of the caller that a function writes to.

use crate::error::Fault;
use crate::status::outcrop_status::OUTCROP_INVALID_ARGUMENT;

/// A place of the caller for a value.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    ///
    /// `place` is NULL, or writable until the value is gone.
    pub(crate) unsafe fn new(place: *mut T) -> Self {
        Self(place)
    }

    /// A place that is not there: what is stored is dropped.
    pub(crate) fn nowhere() -> Self {
        Self(std::ptr::null_mut())
    }

    /// Refuses a place that is not there or where no such value can lie.
    pub(crate) fn check(&self, what: &str) -> Result<(), Fault> {
        if self.0.is_null() {
            return Err(Fault::null(what));
        }
        if !self.0.is_aligned() {
            return Err(Fault::new(OUTCROP_INVALID_ARGUMENT, format!("{what} is not aligned")));
        }
        Ok(())
    }

    /// Writes the value, where there is a place for it.
    pub(crate) fn store(self, value: T) {
        if !self.0.is_null() && self.0.is_aligned() {
            // SAFETY: not NULL, aligned, and writable as was promised to `new`.
            unsafe { self.0.write(value) };
        }
    }
}
