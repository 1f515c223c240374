//! The machine: which CPUs there are, whether processes can be bound to them, what it allows.

use std::fmt;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::rows::Row;

/// Files that a process has open beside its connections.
const OTHER_FILES: usize = 64;

/// What the figures depend on.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The CPUs this process may use.
    cpus: Vec<usize>,
    model: String,
    kernel: String,
    pins: Option<Pins>,
}

/// A CPU each for the server and the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pins {
    pub(crate) server: usize,
    pub(crate) client: usize,
}

impl Machine {
    /// Looks around. Processes are bound to CPUs where that is wanted and can be done.
    pub(crate) fn look(pin: bool) -> Result<Self> {
        let cpus = after(&fs::read_to_string("/proc/self/status")?, "Cpus_allowed_list").map(cpu_list);
        let cpus = cpus.unwrap_or_default();
        let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let pins = match cpus[..] {
            [server, client, ..] if pin && can_pin(server) && can_pin(client) => {
                Some(Pins { server, client })
            }
            _ => None,
        };
        let model = after(&cpu_info, "model name").unwrap_or("an unnamed CPU").to_owned();
        Ok(Self { cpus, model, kernel: kernel.trim().to_owned(), pins })
    }

    pub(crate) fn pins(&self) -> Option<Pins> {
        self.pins
    }

    /// Fails where a row needs more connections than a process may have; children inherit the limit.
    pub(crate) fn check_open_files(&self, rows: &[Row]) -> Result<()> {
        let limits = fs::read_to_string("/proc/self/limits")?;
        let Some(limit) = open_files(&limits) else { return Ok(()) };
        for row in rows {
            let needed = row.shape().at_once + OTHER_FILES;
            if limit < needed {
                bail!(
                    "\"{}\" needs {needed} open files in a process, and `ulimit -n` allows {limit}: \
                     say `ulimit -n {needed}` first, or choose other rows with --rows",
                    row.title()
                );
            }
        }
        Ok(())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Machine: {} cores ({}), Linux {}; ", self.cpus.len(), self.model, self.kernel)?;
        match self.pins {
            Some(Pins { server, client }) => {
                write!(f, "pinned: the server to CPU {server}, the client to CPU {client}.")
            }
            None => write!(f, "NOT pinned: server and client share the CPUs."),
        }
    }
}

fn can_pin(cpu: usize) -> bool {
    let tried = Command::new("taskset").args(["-c", &cpu.to_string(), "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// The value of the first line `NAME: VALUE`.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().strip_prefix(':')?.trim()))
}

/// Reads `0-2,5`. What is none of that is left out.
fn cpu_list(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// The soft limit of open files; none where there is no limit.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists() {
        assert_eq!(cpu_list("0-1"), [0, 1]);
        assert_eq!(cpu_list("3"), [3]);
        assert_eq!(cpu_list("0-2,5,7-8"), [0, 1, 2, 5, 7, 8]);
        assert!(cpu_list("").is_empty());
    }

    #[test]
    fn lines_of_proc() {
        assert_eq!(after("a:\t1\nmodel name\t: X Y \n", "model name"), Some("X Y"));
        assert_eq!(after("abc: 1\n", "ab"), None);
        let limits = "Limit   Soft Limit   Hard Limit   Units\nMax open files   1024   20000   files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files   unlimited   unlimited   files\n"), None);
    }
}
