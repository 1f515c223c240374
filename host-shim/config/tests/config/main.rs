//! The configuration as its users meet it: what every key changes, what is told of broken files, and that
//! no file is ever damaged.
#![expect(clippy::unwrap_used, reason = "tests")]

mod broken;
mod editing;
mod options;
mod published;
mod saving;
