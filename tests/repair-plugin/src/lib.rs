//! A second guest for the contract, as small as one can be that still repairs a refused request.
//!
//! It asks a model with the temperature it was given. A model that refuses temperatures is asked again
//! without one, after a short delay; the caller is told, and the model is remembered, so that the
//! next stream asks rightly at once. A second refusal is an error: it never loops.

// Its exports are named as only a wasm linker takes them; natively there is nothing to build.
#[cfg(target_family = "wasm")]
mod guest;
