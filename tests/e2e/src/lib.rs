//! The plugins that the end-to-end tests load beside the bundled one.
#![forbid(unsafe_code)]

/// A second guest for the contract; see `tests/repair-plugin`.
pub const REPAIR_PLUGIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/repair.wasm"));

/// A provider that needs nothing but its input; see `tests/echo-plugin`.
pub const ECHO_PLUGIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/echo.wasm"));
