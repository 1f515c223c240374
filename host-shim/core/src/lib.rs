//! Amazon Bedrock for any agent host, as a sandboxed plugin.
//!
//! ```no_run
//! use outcrop::{Event, Host, Request};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> outcrop::Result<()> {
//!     let host = Host::new()?;
//!     let request = Request::new("amazon-bedrock/us.amazon.nova-micro-v1:0").user("What is an outcrop?");
//!     let mut answer = host.stream(request);
//!     while let Some(event) = answer.next().await {
//!         match event {
//!             Event::TextDelta { delta, .. } => print!("{delta}"),
//!             Event::Error { error } => return Err(*error),
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The credentials, the region and the endpoint are those that the AWS tools use. What is known of
//! Bedrock's Converse protocol is in a WebAssembly component that is built along with this crate; it
//! holds no key, opens no socket and reads no file, and each answer has an instance of its own.
//!
//! # Layout
//!
//! - [`Host`]: loads the plugin, lists [`Models`], starts streams.
//! - [`Account`] and [`Check`]: whose credentials are in use, and what works.
//! - [`config`]: OpenClaw's configuration file, for [`HostBuilder::config_file`] and [`HostBuilder::config`].
//! - [`Request`] and the module [`request`]: what is asked.
//! - [`EventStream`] of [`Event`]s: what is answered.
//! - [`Host::preview`] and [`Host::count_tokens`]: what would be sent, and how long it is.
//! - [`Error`] and [`ErrorClass`]: why not.
//! - [`Plugin`]: a component beside the bundled one; [`Host::plugins`] tells how each stands,
//!   [`Host::replace_plugin`] replaces one while its streams run.
//! - [`Limits`]: what a plugin may use up.
//! - [`Observer`] and [`Metrics`]: what happens to streams, and how often.
//! - [`inspect`]: what a component is, without running it.
//!
//! # Logging
//!
//! Outcrop writes `tracing` events and never a prompt, an answer or a key. The libraries below it do,
//! at their lowest levels: keep [`REVEALING_LOG_TARGETS`] at `info`, and leave [`UNFIT_LOG_TARGETS`] out.
//! Each stream has a span of the target `outcrop::stream`, with the names of OpenTelemetry's conventions for
//! generative AI. What a plugin writes has the target `outcrop_plugin`; nobody can prove what is in it, so leave it out
//! unless you need it.
#![forbid(unsafe_code)]

/// Log targets (each stands for all that begin with it) that print request bodies, headers or credentials
/// below `info`.
pub const REVEALING_LOG_TARGETS: &[&str] =
    &["aws_credential_types", "aws_runtime", "aws_sdk_", "aws_sigv4", "aws_smithy_", "h2", "hyper", "rustls"];

/// Log targets that print what a credential process wrote, and parts of the AWS configuration, at every level.
/// What they tell is in the errors too.
pub const UNFIT_LOG_TARGETS: &[&str] = &["aws_config"];

pub use outcrop_config as config;
pub use outcrop_config::Isolation;

mod account;
mod admission;
mod answer;
mod bridge;
mod digest;
mod doctor;
mod error;
mod event;
mod failover;
mod host;
mod instances;
mod limits;
mod listing;
mod loading;
mod management;
mod model;
mod observe;
mod pin;
mod plugins;
mod policy;
mod preflight;
mod private_folder;
mod quarantine;
pub mod request;
mod shim;
mod stream;

pub use account::Account;
pub use digest::digest;
pub use doctor::{Check, Verdict};
pub use error::{Error, ErrorClass, Result};
pub use event::{AssistantMessage, Cost, Event, StopReason, Usage};
pub use failover::MODEL_FALLBACK;
pub use host::{Host, HostBuilder, bundled_plugin};
pub use limits::Limits;
pub use listing::Models;
pub use model::{LeftOut, Model, Pricing};
pub use observe::{Histogram, Metrics, ModelMetrics, Observer, Occurrence, Outcome, Snapshot};
pub use plugins::{Plugin, PluginInfo, PluginState, ReloadOutcome, Reloaded, SignatureState};
pub use preflight::{Preview, Rewrite, TokenCount};
pub use request::Request;
pub use shim::inspect::{Inspection, inspect};
pub use stream::EventStream;
