//! The hostile plugin that is written in Rust; the others are put together by the test, `tests/contained`.
#![forbid(unsafe_code)]

/// A well-formed component that does what its setting `attack` says; see `plugin/`.
pub const HOSTILE_PLUGIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.wasm"));
