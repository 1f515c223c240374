//! A Bedrock endpoint on loopback, for tests and benchmarks.
//!
//! It speaks HTTP/1.1 in the clear, or HTTP/2 and HTTP/1.1 over TLS by ALPN, checks SigV4
//! signatures and bearer tokens by its own recomputation, answers in the shapes of the real
//! service, and fails in every way a test wants. Control plane and runtime share one listener:
//!
//! | request | operation |
//! |---|---|
//! | `POST /model/{id}/converse-stream` | ConverseStream |
//! | `POST /model/{id}/converse` | Converse (the same scenarios, folded into one JSON answer) |
//! | `POST /model/{id}/count-tokens` | CountTokens |
//! | `GET /foundation-models` | ListFoundationModels |
//! | `GET /inference-profiles?maxResults&nextToken&type` | ListInferenceProfiles |
//! | `GET /inference-profiles/{id}` | GetInferenceProfile |
//! | `GET /foundation-model-availability/{id}` | GetFoundationModelAvailability |
//! | `POST /` | GetCallerIdentity of the Security Token Service |
//!
//! # Use
//!
//! ```
//! use bedrock_sim::{Outcome, Scenario, Simulator, Tls};
//! use std::time::Duration;
//!
//! # async fn example() -> std::io::Result<()> {
//! let sim = Simulator::builder().tls(Tls::default()).start().await?;
//! let endpoint = sim.endpoint(); // https://localhost:PORT
//! let authority = sim.ca_file(); // hand it over in SSL_CERT_FILE
//!
//! // One refusal, then what the model id or the prompt asks for.
//! let throttled = Scenario::error(429, "ThrottlingException", "Too many requests");
//! sim.script_next("anthropic.claude-haiku-4-5-20251001-v1:0", throttled);
//!
//! // ... drive a client against `endpoint` ...
//!
//! let gone = |log: &bedrock_sim::Log| log.requests().iter().any(|r| r.outcome == Outcome::ClientGone);
//! assert!(sim.wait_for(gone, Duration::from_secs(5)).await);
//! # Ok(())
//! # }
//! ```
//!
//! A test without a runtime, or whose client has its own, uses [`Builder::start_in_thread`] and
//! [`Simulator::wait_for_blocking`]. Dropping the [`Simulator`] shuts it down.
//!
//! # Which scenario answers
//!
//! The first of these that applies:
//!
//! 1. [`Simulator::script_next`]: queued for a model id, an operation or anything; each used once.
//! 2. [`Simulator::script`] (and [`Simulator::replay`]): what the caller registered for it.
//! 3. The last text of the last user message, when its first line is `sim:NAME key=value ... rest`.
//! 4. A last user message that holds tool results: `tool-result`, unless the model id names a
//!    scenario that insists (a fault, say).
//! 5. A model id `sim.NAME-v1:0`, also behind a prefix such as `us.` and inside an ARN.
//!    `sim.NAME-x2-v1:0` is the same with `times=2`. These ids can always be called.
//! 6. `text`, for any id of the catalogue that can be called on demand or is an inference profile.
//!
//! A value is a word, or JSON (`text="two words"`, `input={"city":"Oslo"}`). An unknown scenario
//! or parameter is a ValidationException that says so.
//!
#![doc = include_str!("../SCENARIOS.md")]
//!
//! # What is refused
//!
//! Requests that no scenario could read, always. Built with [`Builder::enforce_rules`], whatever the real service
//! would refuse for the model that is asked: see [`rules`], and `RULES.md` for the list with its sources.
//!
//! # Signing in
//!
//! By default the access key [`DEFAULT_ACCESS_KEY`] with [`DEFAULT_SECRET_KEY`] and the bearer token
//! [`DEFAULT_BEARER_TOKEN`] are good, in any region. See [`Auth`]. [`Scenario::denied`] is what a missing
//! permission gives, for any operation.

#![forbid(unsafe_code)]

mod args;
mod auth;
mod body;
mod catalogue;
mod choose;
mod connection;
mod converse_request;
mod date;
mod events;
pub mod frame;
mod listing;
mod log;
mod operation;
pub mod raw;
mod registry;
mod replay;
pub mod rules;
mod scenario;
mod scenarios;
mod script;
mod server;
mod service;
mod sigv4;
mod simulator;
mod sts;
mod tls;
mod unary;
mod validate;

pub use auth::{AccessKey, Auth, AuthOutcome, DEFAULT_ACCESS_KEY, DEFAULT_BEARER_TOKEN, DEFAULT_SECRET_KEY};
pub use catalogue::Catalogue;
pub use listing::scenario_listing;
pub use log::{Log, Outcome, Request};
pub use operation::Operation;
pub use registry::{Entry, Parameter, common_parameters, entries};
pub use replay::operation as recorded_operation;
pub use scenario::{EVENT_STREAM, Scenario, Step, Writes};
pub use simulator::{Builder, Simulator, Target};
pub use tls::Tls;
