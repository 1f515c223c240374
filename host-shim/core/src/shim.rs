//! The shim: loads a plugin into the sandbox and speaks the contract with it.
//!
//! It knows wasmtime and the contract, and nothing of AWS or Converse.

mod call_time;
mod complexity;
pub(crate) mod contract;
mod convert;
pub(crate) mod cpu_share;
pub(crate) mod engine;
mod guest_state;
pub(crate) mod inspect;
pub(crate) mod memory;
mod offer;
pub(crate) mod plugin;
pub(crate) mod seat;
pub(crate) mod weight;
pub(crate) mod work;

pub(crate) use convert::{Places, details, json, left_out, model, request, usage};
pub(crate) use guest_state::Surroundings;
