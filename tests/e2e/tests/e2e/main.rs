//! Outcrop as its users meet it: the built binary and the library, against the simulator,
//! recorded answers of the real service, and peers that are not ours.
#![expect(clippy::print_stdout, reason = "a test that skips says so")]

mod cancel;
mod command_line;
mod config_command;
mod configuration;
mod contract;
mod credentials;
mod discovery;
mod doctor;
mod echo;
mod errors;
mod failover;
mod fault_matrix;
mod faults;
mod hostile_endpoint;
mod hostile_files;
mod http2;
mod isolation;
mod killed;
mod library;
mod likeness;
mod listing_cache;
mod long_conversation;
mod matrix;
mod media;
mod microburst;
mod neutral;
mod observability;
mod peers;
mod plugins;
mod pressure;
mod promises;
mod recordings;
mod refusals;
mod repair;
mod round_trip;
mod secrets;
mod shapes;
mod support;
