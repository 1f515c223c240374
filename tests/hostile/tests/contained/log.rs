//! The log, of which only what plugins write is kept.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what plugins write from now on.
pub(crate) fn keep() {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("outcrop_plugin=trace"))
        .without_time()
        .with_ansi(false)
        .with_writer(|| Kept)
        .init();
}

pub(crate) fn lines() -> Vec<String> {
    let bytes = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}
