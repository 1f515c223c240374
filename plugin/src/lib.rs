//! Amazon Bedrock as a provider plugin.
//!
//! The crate is a WebAssembly guest for the world `full-bedrock-plugin`: it turns neutral
//! requests into Converse bodies, Converse events into neutral chunks, and Bedrock's listings
//! into models on offer. It holds no credentials, opens no socket, reads no file and never waits;
//! what it needs of Bedrock it asks of the bridge that the host grants.
//!
//! A reader who wants to change
//! - what is sent goes to [`request`],
//! - what is made of an answer goes to [`stream`],
//! - what is known of models goes to [`models`],
//! - what a failure means goes to [`errors`], and what is done about a refusal to `recovery`.
//!
//! Everything but [`component`] is plain Rust that also builds natively, where its unit tests run
//! against a fake [`bridge`]. For wasm the crate is built with `panic = "abort"`: a panic is a trap,
//! which ends one stream and nothing else.

#![deny(unsafe_code)]
#![allow(
    clippy::result_large_err,
    reason = "the contract's error records are large; an error is rare, and once out of here it is copied anyway"
)]

pub mod bindings;
pub mod bridge;
#[cfg(target_arch = "wasm32")]
pub mod component;
pub mod counter;
pub mod errors;
pub mod inspector;
mod json;
pub mod learned;
pub mod listing;
pub mod models;
mod recovery;
pub mod request;
pub mod settings;
pub mod stream;
pub mod target;
