//! What is wrong with a file, and where.

use std::fmt;

use serde::Serialize;

/// A mistake in a file, or a remark on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The key, as [`KeyPath`](crate::KeyPath) writes it; empty for the text as a whole.
    pub key: String,
    /// What is wrong, and what is allowed. Never holds the value of a header, a variable or a foreign key.
    pub message: String,
    /// Whether the file can be used in spite of it.
    pub severity: Severity,
}

/// How much a [`Problem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// The file is not used.
    Error,
    /// An environment variable that the file names is not set: here and now the file is not used.
    Environment,
    /// The file is used; something in it has no effect.
    Note,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
