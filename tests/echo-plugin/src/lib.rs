//! The smallest whole provider: it says back what it was told.
//!
//! `words` gives the text of the last message in one delta a word, `whole` in a single one. Both are what a host
//! needs to be tried without a service, and what docs/plugin-authors.md is about.

// Its exports are named as only a wasm linker takes them; natively there is nothing to build.
#[cfg(target_family = "wasm")]
mod guest;
