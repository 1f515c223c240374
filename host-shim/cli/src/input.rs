//! Files and standard input.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use crate::failure::Failure;

/// The bytes of a file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Fails where the file cannot be opened.
pub(crate) fn check_readable(path: &Path) -> Result<(), Failure> {
    File::open(path).map(drop).map_err(|error| unreadable(path, &error))
}

/// The bytes of standard input, to its end.
pub(crate) fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::usage(format!("standard input cannot be read: {error}"))),
    }
}

/// Whether something is piped or redirected to standard input.
pub(crate) fn stdin_is_piped() -> bool {
    !io::stdin().is_terminal()
}

/// Whether a path or text means standard input.
pub(crate) fn is_dash(path: &impl AsRef<Path>) -> bool {
    path.as_ref() == Path::new("-")
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {error}", path.display()))
}
