//! OpenClaw's configuration file as Outcrop reads it.
//!
//! ```
//! use outcrop_config::Document;
//!
//! let text = "{ models: { bedrockDiscovery: { region: 'eu-west-1', /* hourly */ refreshInterval: 3600 } } }";
//! let document = Document::parse("openclaw.json", text)?;
//! let config = document.config(&|_| None)?;
//! assert_eq!(config.providers[0].region.as_deref(), Some("eu-west-1"));
//!
//! let changed = document.set(&"models.bedrockDiscovery.refreshInterval".parse().unwrap(), &0.into())?;
//! assert!(changed.text().contains("/* hourly */ refreshInterval: 0"));
//! # Ok::<(), outcrop_config::Error>(())
//! ```
//!
//! # Layout
//!
//! - [`find`]: where the file is.
//! - [`Document`]: its text; checked, edited, written.
//! - [`Config`]: what it says; of components [`Plugin`].
//! - [`Problem`]: what is wrong with it, and where.
//! - [`schema`]: the same knowledge as a JSON Schema, for editors.
//!
//! One table of keys drives the check, the schema and the table of `docs/configuration.md`.
#![forbid(unsafe_code)]

mod check;
mod config;
mod document;
mod edit;
mod files;
mod keys;
mod path;
mod plugin;
mod problem;
mod reference;
mod schema;
mod shape;
mod tree;
mod variables;

use std::path::{Path, PathBuf};

pub use config::{Config, Discovery, Isolation, Mode, Params, Provider};
pub use document::Document;
pub use files::{Found, Source, default_file, find, load};
pub use path::{KeyPath, Step};
pub use plugin::{Limit, Plugin, limits};
pub use problem::{Problem, Severity};
pub use reference::reference;
pub use schema::schema;
pub use variables::Environment;

/// The provider that is there without being configured, and the other names that it goes by.
pub const MAIN_PROVIDER: &str = keys::MAIN;
/// Other names of [`MAIN_PROVIDER`].
pub const MAIN_PROVIDER_ALIASES: &[&str] = keys::ALIASES;

/// The name of a provider or plugin as model ids begin with it: small letters, and no alias.
pub fn normal_name(name: &str) -> String {
    keys::normal_name(name)
}

/// Whether a provider or plugin can have this name: it begins model ids.
pub fn is_name(name: &str) -> bool {
    keys::PROVIDER_NAME.fits(name)
}

/// A value as the command line gives it: JSON5 where it can be read as that, and otherwise a string.
pub fn value(text: &str) -> serde_json::Value {
    match tree::parse(text) {
        Ok(node) if edit::is_writable(&node) => node.to_json(),
        _ => text.into(),
    }
}

/// Why a configuration cannot be used or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The text is wrong.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
    /// The text would become wrong.
    #[error("nothing was changed, because this would be wrong:\n{}", lines(.0))]
    Refused(Vec<Problem>),
    /// The change cannot be made.
    #[error("{0}")]
    Edit(String),
}

impl Error {
    fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), error }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
