//! What must hold of any input, as one function a target: it panics where it does not hold.
//!
//! `guided/` feeds these functions with what libFuzzer finds by coverage (`make fuzz`), `tests/random.rs` with random
//! bytes, and with those that once broke one.
#![forbid(unsafe_code)]

pub mod answers;
#[cfg(feature = "sandbox")]
pub mod components;
pub mod configuration;
pub mod frames;
mod json;
pub mod requests;

// The files themselves: a dependency on their crate would bring wasmtime and the AWS SDK along, which take long to
// build under a sanitizer.
#[allow(dead_code, unreachable_pub, reason = "the checks use some of it")]
#[path = "../../../host-shim/core/src"]
mod ours {
    pub mod error;
    #[path = "bridge/frames.rs"]
    pub mod frames;
    pub mod request;
}

use crate::ours::error::{Error, ErrorClass, Result};
use crate::ours::request::{self, Request};

/// A target's name, and its check.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("frames", frames::check),
    ("answers", answers::check),
    ("configuration", configuration::check),
    ("requests", requests::check),
    #[cfg(feature = "sandbox")]
    ("components", components::check),
];
