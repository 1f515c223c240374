//! Files and standard input.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use crate::failure::Failure;

/// The most that is read of one file: some files have no end.
const MOST_BYTES: u64 = 1 << 30;

/// The bytes of a file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    file_up_to(path, MOST_BYTES)
}

/// The bytes of a file that may have so many, and not more.
pub(crate) fn file_up_to(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{} is larger than {most} bytes", path.display())));
    }
    Ok(bytes)
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
