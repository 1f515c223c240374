//! The scenarios by name.

mod answers;
pub(crate) mod exceptions;
mod faults;
pub(crate) mod http_errors;
mod table;

pub(crate) use exceptions::StreamException;
pub(crate) use table::SCENARIOS;
