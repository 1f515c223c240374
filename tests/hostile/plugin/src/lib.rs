//! A guest that attacks its host. Its setting `attack` is `PLACE/WHAT`: what to do, and in which export.
//!
//! - [`anywhere`](guest): what can be done in any export (loop, trap, eat memory, flood the log).
//! - `answers`: answers that break the contract.
//! - `calls`: misuse of the bridge. What the host says of it comes back in the stream's error, so that a test
//!   can read it.
//! - `listings`: what a listing must not hold.

// Its exports are named as only a wasm linker takes them; natively there is nothing to build.
#[cfg(target_family = "wasm")]
mod answers;
#[cfg(target_family = "wasm")]
mod anywhere;
#[cfg(target_family = "wasm")]
mod calls;
#[cfg(target_family = "wasm")]
mod guest;
#[cfg(target_family = "wasm")]
mod listings;
