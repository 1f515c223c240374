//! The C ABI of Outcrop: `liboutcrop` and `include/outcrop.h`.
//!
//! # Layout
//!
//! - [`boundary`]: what every exported function does first: catches panics, notices forks and re-entry.
//! - [`handles`]: the table behind all handles. A handle is a number in a pointer's clothes, so that a stale one
//!   is found in no table and dereferenced by nobody.
//! - [`strings`], [`out`], [`status`], [`error`]: what crosses.
//! - [`options`], [`host`], [`models`], [`stream`], [`event`]: the functions, by handle.
//! - [`wake`]: what wakes a waiting thread or event loop.
//! - [`log`]: the log callback.
//!
//! All unsafe code of Outcrop is in this crate, and all of it is of three kinds: reading what a caller's pointer and
//! length describe, writing to a caller's out pointer, and asking to be told of forks.

// C's names.
#![allow(non_camel_case_types, reason = "the types are named as C names them")]
#![allow(unreachable_pub, reason = "what C calls is reached by its name, and not by a path")]

mod boundary;
mod error;
mod event;
mod handles;
mod host;
mod log;
mod models;
mod options;
mod out;
mod status;
mod stream;
mod strings;
#[cfg(test)]
mod tests;
mod wake;

use std::ffi::c_char;

/// The version of the ABI. It grows when functions are added; what exists does not change.
pub const OUTCROP_ABI_VERSION: u32 = 2;

/// The version of the ABI that this library offers: `OUTCROP_ABI_VERSION` of the header it was built with.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_abi_version() -> u32 {
    OUTCROP_ABI_VERSION
}

/// The library's version, such as "0.1.0", with a terminating zero. Never NULL, never to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
