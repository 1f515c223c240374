//! What a plugin may use up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize as _;

use crate::{Error, ErrorClass, Result};

/// Limits of the sandbox. Each ends the stream that meets it with an error that names it as the configuration does
/// (`memoryBytes`); lines of the log that are too many or too long are left out or cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of linear memory of one instance. Media stay outside, so that a long conversation
    /// with its answer fits many times.
    pub memory_bytes: usize,
    /// Elements of all tables of one instance: function pointers of an honest guest number some hundreds.
    pub table_elements: usize,
    /// Bytes that may cross in one call to the host.
    pub host_call_bytes: usize,
    /// Resource handles of one instance.
    pub handles: usize,
    /// CPU time of one call into the plugin. An honest call takes microseconds.
    pub call_time: Duration,
    /// Streams of one plugin at a time.
    pub streams: usize,
    /// Streams of the whole process at a time, over all hosts. Each takes about six memory mappings,
    /// of which Linux allows 65,530.
    pub process_streams: usize,
    /// Streams of one plugin that may wait for a place when all are taken; more are `overloaded` at once, and with
    /// none allowed all are.
    pub queued_streams: usize,
    /// How long a stream waits for a place, from when it is first polled.
    pub queue_time: Duration,
    /// Bytes of a component.
    pub component_bytes: usize,
    /// Bytes that one answer, or one listing, may take up in the host: its text, and 64 for each chunk, delta
    /// and JSON value. The longest answers of today's models are some 20 MB so.
    pub answer_bytes: usize,
    /// Percent of the time of the runtime's threads that all streams of a plugin may use over time, after a
    /// first second. Who uses more waits.
    pub cpu_share: u32,
    /// Whether the process's signal handlers may watch over the sandbox. With them a plugin that reaches past its
    /// memory meets a page that is not there, and its thread a SIGSEGV that is taken up here. Without them
    /// no handler is installed and the compiled code checks every access itself: for hosts that keep
    /// those signals to themselves. Its own way of compiling, hence its own place in the cache.
    pub signal_handlers: bool,
    /// Whether a plugin may be compiled on several threads, which belong to the process and stay. A child that was
    /// forked from a process that has them does not, and would wait for them for ever.
    pub parallel_compilation: bool,
    /// Calls to Bedrock that one stream may have under way.
    pub bridge_calls: usize,
    /// Lines that one call may log.
    pub log_lines: u32,
    /// Bytes of a line that a plugin logs.
    pub log_line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            table_elements: 20_000,
            host_call_bytes: 32 << 20,
            handles: 1024,
            call_time: Duration::from_millis(100),
            streams: 64,
            process_streams: 256,
            queued_streams: 0,
            queue_time: Duration::from_secs(30),
            component_bytes: 8 << 20,
            answer_bytes: 64 << 20,
            cpu_share: 75,
            signal_handlers: true,
            parallel_compilation: true,
            bridge_calls: 8,
            log_lines: 100,
            log_line_bytes: 4096,
        }
    }
}

/// A limit by the name that it has in a configuration, where it is a number.
type Field = (&'static str, fn(&Limits) -> u64, fn(&mut Limits, u64));

/// The limits that can be configured, by name. Their ranges are the configuration's.
const FIELDS: &[Field] = &[
    ("memoryBytes", |limits| number(limits.memory_bytes), |limits, to| limits.memory_bytes = size(to)),
    ("tableElements", |limits| number(limits.table_elements), |limits, to| limits.table_elements = size(to)),
    (
        "hostCallBytes",
        |limits| number(limits.host_call_bytes),
        |limits, to| limits.host_call_bytes = size(to),
    ),
    ("handles", |limits| number(limits.handles), |limits, to| limits.handles = size(to)),
    (
        "callTimeMs",
        |limits| u64::try_from(limits.call_time.as_millis()).unwrap_or(u64::MAX),
        |limits, to| limits.call_time = Duration::from_millis(to),
    ),
    ("streams", |limits| number(limits.streams), |limits, to| limits.streams = size(to)),
    (
        "processStreams",
        |limits| number(limits.process_streams),
        |limits, to| limits.process_streams = size(to),
    ),
    ("queuedStreams", |limits| number(limits.queued_streams), |limits, to| limits.queued_streams = size(to)),
    (
        "queueTimeMs",
        |limits| u64::try_from(limits.queue_time.as_millis()).unwrap_or(u64::MAX),
        |limits, to| limits.queue_time = Duration::from_millis(to),
    ),
    (
        "componentBytes",
        |limits| number(limits.component_bytes),
        |limits, to| limits.component_bytes = size(to),
    ),
    ("answerBytes", |limits| number(limits.answer_bytes), |limits, to| limits.answer_bytes = size(to)),
    (
        "cpuShare",
        |limits| limits.cpu_share.into(),
        |limits, to| limits.cpu_share = u32::try_from(to).unwrap_or(u32::MAX),
    ),
    ("bridgeCalls", |limits| number(limits.bridge_calls), |limits, to| limits.bridge_calls = size(to)),
    (
        "logLines",
        |limits| limits.log_lines.into(),
        |limits, to| limits.log_lines = u32::try_from(to).unwrap_or(u32::MAX),
    ),
    ("logLineBytes", |limits| number(limits.log_line_bytes), |limits, to| limits.log_line_bytes = size(to)),
];

impl Limits {
    /// These, and what is configured where these are at their defaults.
    pub(crate) fn or_configured(&self, configured: &BTreeMap<String, u64>) -> Self {
        let (mut limits, default) = (self.clone(), Self::default());
        for (name, get, set) in FIELDS {
            if let Some(value) = configured.get(*name)
                && get(self) == get(&default)
            {
                set(&mut limits, *value);
            }
        }
        limits
    }

    /// Refuses what no sandbox can be made with. `whose` is the plugin's name.
    pub(crate) fn check(&self, whose: &str) -> Result<()> {
        for limit in outcrop_config::limits() {
            let field = FIELDS.iter().find(|(name, ..)| *name == limit.name);
            if let Some((name, get, _)) = field
                && !(limit.least..=limit.most).contains(&get(self))
            {
                let (least, most) = (limit.least, limit.most);
                return Err(Error::new(
                    ErrorClass::InvalidRequest,
                    format!(
                        "limits of the plugin {whose}: {name} must be a whole number from {least} to {most}, not {}",
                        get(self)
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// The limits as a configuration has them.
pub(crate) fn as_configured<S: serde::Serializer>(
    limits: &Limits,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let named: serde_json::Map<String, serde_json::Value> =
        FIELDS.iter().map(|(name, get, _)| ((*name).to_owned(), get(limits).into())).collect();
    named.serialize(serializer)
}

fn number(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// A size that this machine can count to.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The work that a component may be to compile, in instructions about: the plugin that is built in is a fortieth of
/// it, a component of 8 MiB of ordinary code half.
pub(crate) const COMPILE_WORK: u64 = 20_000_000;
/// Core instances in one component, and tables: the guest and the adapters around it.
pub(crate) const CORE_INSTANCES: usize = 4;
/// Bytes of WebAssembly's stack.
pub(crate) const STACK_BYTES: usize = 512 << 10;
/// Handles that a stream may need of those of a shared instance: an honest one needs two.
pub(crate) const HANDLES_A_STREAM: usize = 4;
/// Streams after which a shared instance is replaced: what a plugin forgets to free is freed with the instance.
pub(crate) const STREAMS_OF_AN_INSTANCE: u64 = 10_000;
/// Calls of `next-chunk` in a row before the stream gives way to others.
pub(crate) const CALLS_A_WAKE: u32 = 64;
/// Calls to Bedrock that one stream may start in all; each can cost money. A request that is repaired in every
/// known way needs five.
pub(crate) const CALLS_OF_A_STREAM: usize = 32;
/// Bytes that the bodies of all calls of one stream may have, without media. The host holds them all.
pub(crate) const BODIES_OF_A_STREAM: usize = 64 << 20;
/// Calls of a stream in a row that neither give nor read anything.
pub(crate) const IDLE_CALLS: u32 = 64;
/// Facts that one stream may keep.
pub(crate) const FACTS_OF_A_STREAM: u32 = 32;
/// Bytes of each text of an error that a plugin gives.
pub(crate) const ERROR_BYTES: usize = 16 << 10;
/// Time limits, where neither the request nor the host sets others.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Until the first content.
pub(crate) const FIRST_CONTENT_TIME: Duration = Duration::from_secs(60);
/// Until the first content of a model that was asked to think: some think for minutes and show nothing.
pub(crate) const FIRST_CONTENT_TIME_REASONING: Duration = Duration::from_secs(300);
/// Between two arrivals.
pub(crate) const SILENCE_TIME: Duration = Duration::from_secs(60);
/// Until tokens are counted.
pub(crate) const COUNT_TIME: Duration = Duration::from_secs(60);
/// Attempts at a request, the first one included.
pub(crate) const ATTEMPTS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_that_can_be_configured_is_a_limit_or_a_time() {
        let times = ["connectMs", "firstContentMs", "silenceMs", "totalMs"];
        for limit in outcrop_config::limits() {
            let known = FIELDS.iter().find(|(name, ..)| *name == limit.name);
            assert!(known.is_some() != times.contains(&limit.name), "{}", limit.name);
            let Some((name, get, set)) = known else { continue };
            for value in [limit.least, limit.most] {
                let mut limits = Limits::default();
                set(&mut limits, value);
                assert_eq!(get(&limits), value, "{name}");
                limits.check("echo").expect(name);
            }
            for value in [limit.least.checked_sub(1), Some(limit.most + 1)].into_iter().flatten() {
                let mut limits = Limits::default();
                set(&mut limits, value);
                let error = limits.check("echo").expect_err(name).to_string();
                assert!(error.contains(name) && error.contains("echo"), "{error}");
            }
        }
        assert_eq!(outcrop_config::limits().count(), FIELDS.len() + times.len());
        Limits::default().check("echo").expect("the defaults are in range");
    }

    #[test]
    fn what_rust_says_wins_over_what_is_configured() {
        let configured = BTreeMap::from([("streams".to_owned(), 7), ("handles".to_owned(), 8)]);
        let own = Limits { streams: 3, ..Limits::default() }.or_configured(&configured);
        assert_eq!((own.streams, own.handles, own.log_lines), (3, 8, 100));
    }
}
