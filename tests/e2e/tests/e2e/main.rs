//! Outcrop as its users meet it: the built binary and the library, against the simulator,
//! recorded answers of the real service, and peers that are not ours.
#![expect(clippy::print_stdout, reason = "a test that skips says so")]

mod cancel;
mod command_line;
mod configuration;
mod contract;
mod credentials;
mod doctor;
mod errors;
mod faults;
mod http2;
mod library;
mod media;
mod peers;
mod recordings;
mod repair;
mod secrets;
mod support;
