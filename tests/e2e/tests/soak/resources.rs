//! What the process holds, sampled.

use std::fmt;

/// What this process holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resources {
    /// Resident memory.
    pub(crate) kilobytes: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
    /// Of plugins.
    pub(crate) instances: u64,
    /// Of the runtime: connections, mostly.
    pub(crate) tasks: u64,
}

impl Resources {
    pub(crate) fn now(instances: usize) -> Self {
        let count = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count) as u64;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        Self {
            kilobytes: kilobytes.unwrap_or_default(),
            threads: count("/proc/self/task"),
            descriptors: count("/proc/self/fd"),
            instances: instances as u64,
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kilobytes, threads, descriptors, instances, tasks } = self;
        write!(
            f,
            "{:>7.1} MB {threads:>4} threads {descriptors:>5} descriptors {instances:>4} instances {tasks:>5} tasks",
            *kilobytes as f64 / 1e3
        )
    }
}

/// Samples at equal distances.
#[derive(Default)]
pub(crate) struct Samples(Vec<Resources>);

impl Samples {
    pub(crate) fn add(&mut self, sample: Resources) {
        self.0.push(sample);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The typical sample of a part of the run, its bounds in percent: of each resource the median.
    fn typical(&self, from: usize, to: usize) -> Resources {
        let part = &self.0[self.0.len() * from / 100..self.0.len() * to / 100];
        let median = |of: fn(&Resources) -> u64| {
            let mut values: Vec<u64> = part.iter().map(of).collect();
            values.sort_unstable();
            values[values.len() / 2]
        };
        Resources {
            kilobytes: median(|sample| sample.kilobytes),
            threads: median(|sample| sample.threads),
            descriptors: median(|sample| sample.descriptors),
            instances: median(|sample| sample.instances),
            tasks: median(|sample| sample.tasks),
        }
    }

    /// Fails where anything has grown since the first part of the run that was warm.
    pub(crate) fn check(&self) {
        let (early, late) = (self.typical(20, 50), self.typical(70, 100));
        // How many of the streams are paced, silent or done at the moment of a sample is chance.
        let by_chance = |value: u64| value + value / 10 + 4;
        let both = format!("\n{early}\n{late}");
        assert!(late.threads <= early.threads, "threads:{both}");
        assert!(late.descriptors <= by_chance(early.descriptors), "descriptors:{both}");
        assert!(late.instances <= by_chance(early.instances), "instances:{both}");
        assert!(late.tasks <= by_chance(early.tasks), "tasks:{both}");
        assert!(late.kilobytes <= by_chance(early.kilobytes), "memory:{both}");
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (from, to) in [(0, 10), (10, 20), (20, 35), (35, 50), (50, 65), (65, 80), (80, 90), (90, 100)] {
            writeln!(f, "  {from:>3} to {to:>3} %  {}", self.typical(from, to))?;
        }
        Ok(())
    }
}
