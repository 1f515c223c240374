//! What the kernel knows of this process: its CPU time and its peak memory.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// A thread's CPU time is booked when it leaves its CPU (or at a tick, which may be 4 ms away), so
/// this thread leaves it for a moment before it looks.
const OFF_THE_CPU: Duration = Duration::from_micros(200);

/// The figures of one client on one row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// CPU time of the client, microseconds a text delta.
    pub(crate) cpu_us_per_event: f64,
    /// From the first request to the end of the last answer, ms.
    pub(crate) wall_ms: f64,
    /// The most memory the process ever had resident, MB.
    pub(crate) peak_mb: f64,
    /// From asking to the first text, microseconds, the median of all streams.
    pub(crate) first_text_us: f64,
}

/// One of the [`Figures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Cpu,
    Wall,
    Memory,
    FirstText,
}

impl Measure {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Cpu => "CPU, us an event",
            Self::Wall => "wall, ms",
            Self::Memory => "peak memory, MB",
            Self::FirstText => "first text, us",
        }
    }

    pub(crate) fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::Cpu => figures.cpu_us_per_event,
            Self::Wall => figures.wall_ms,
            Self::Memory => figures.peak_mb,
            Self::FirstText => figures.first_text_us,
        }
    }
}

/// Measures from its start to its stop.
#[derive(Debug)]
pub(crate) struct Meter {
    cpu: HashMap<String, u64>,
    started: Instant,
}

impl Meter {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { cpu: cpu_by_thread()?, started: Instant::now() })
    }

    /// The figures since the start. The first texts are one for each stream.
    pub(crate) fn stop(self, events: usize, first_texts: &[Duration]) -> Result<Figures> {
        let wall = self.started.elapsed();
        let cpu = cpu_by_thread()?;
        ensure!(
            self.cpu.keys().all(|thread| cpu.contains_key(thread)),
            "a thread ended during the measurement, and its CPU time is lost"
        );
        let spent = |(thread, now): (&String, &u64)| now - self.cpu.get(thread).copied().unwrap_or(0);
        let nanoseconds: u64 = cpu.iter().map(spent).sum();
        let first_texts: Vec<f64> = first_texts.iter().map(|time| time.as_secs_f64() * 1e6).collect();
        Ok(Figures {
            cpu_us_per_event: nanoseconds as f64 / 1e3 / events as f64,
            wall_ms: wall.as_secs_f64() * 1e3,
            peak_mb: peak_memory_bytes()? as f64 / 1e6,
            first_text_us: median(&first_texts),
        })
    }
}

/// The middle one, or the mean of the two middle ones. Not a number where there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Nanoseconds on a CPU, user and kernel, of every thread of this process, by thread id.
///
/// `/proc/self/schedstat` tells only of the main thread; `/proc/self/stat` counts in steps of 10 ms.
fn cpu_by_thread() -> Result<HashMap<String, u64>> {
    thread::sleep(OFF_THE_CPU);
    let tasks = fs::read_dir("/proc/self/task").context("this needs Linux's /proc")?;
    tasks
        .map(|task| {
            let task = task?;
            let path = task.path().join("schedstat");
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
            let nanoseconds = nanoseconds.with_context(|| format!("{}: {text:?}", path.display()))?;
            Ok((task.file_name().to_string_lossy().into_owned(), nanoseconds))
        })
        .collect()
}

fn peak_memory_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kilobytes.context("/proc/self/status tells no VmHWM")? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert!(median(&[]).is_nan());
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn the_kernel_tells() {
        let meter = Meter::start().expect("a start");
        let figures = meter.stop(1, &[Duration::from_micros(7)]).expect("figures");
        assert!(
            figures.cpu_us_per_event >= 0.0 && figures.wall_ms > 0.0 && figures.peak_mb > 0.1,
            "{figures:?}"
        );
        assert_eq!(figures.first_text_us, 7.0);
    }
}
