//! What the process uses, as Linux tells it. Elsewhere everything is 0, and no bound is met.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Panics since the start, whoever caught them.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on, and prints them as before.
pub(crate) fn count_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        print(panic);
    }));
}

pub(crate) fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}

/// Resident memory, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    /// The most since [`forget_peak`].
    pub(crate) peak: u64,
}

pub(crate) fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    Memory { now: field("VmRSS:"), peak: field("VmHWM:") }
}

/// Lets the peak begin anew.
pub(crate) fn forget_peak() {
    // Where this is not allowed the peak is that of the whole process, which is bounded all the same.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Time on the processor, of all threads.
pub(crate) fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets; user and system time are the 14th and 15th fields, in hundredths of a second.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(hundredths * 10)
}

pub(crate) fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

pub(crate) fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
