//! Text in and out.

use std::ffi::c_char;

use crate::error::Fault;
use crate::status::outcrop_status::OUTCROP_INVALID_ARGUMENT;

/// The longest text that is taken, in bytes: what a request with its media may come to.
const MOST_BYTES: usize = 1 << 30;

/// Text that belongs to a handle: UTF-8, not terminated, to be read until the handle is freed.
/// `data` is NULL where there is none.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct outcrop_str {
    /// The first byte.
    pub data: *const c_char,
    /// Bytes.
    pub len: usize,
}

impl outcrop_str {
    pub(crate) const NONE: Self = Self { data: std::ptr::null(), len: 0 };

    pub(crate) fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }
}

/// The bytes that a caller's pointer and length describe.
///
/// # Safety
///
/// Where `data` is not NULL, `len` bytes must be readable there while `'a` lasts.
pub(crate) unsafe fn bytes<'a>(what: &str, data: *const c_char, len: usize) -> Result<&'a [u8], Fault> {
    if len > MOST_BYTES {
        return Err(Fault::new(
            OUTCROP_INVALID_ARGUMENT,
            format!("{what} is {len} bytes long, the most is {MOST_BYTES}"),
        ));
    }
    match (data.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(Fault::null(what)),
        // SAFETY: not NULL, not longer than isize::MAX, and readable as the caller promises.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) }),
    }
}

/// The text that a caller's pointer and length describe.
///
/// # Safety
///
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(what: &str, data: *const c_char, len: usize) -> Result<&'a str, Fault> {
    // SAFETY: the caller's promise is passed on.
    let bytes = unsafe { bytes(what, data, len) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        Fault::new(
            OUTCROP_INVALID_ARGUMENT,
            format!("{what} is not UTF-8: byte {} cannot stand there", error.valid_up_to()),
        )
    })
}
