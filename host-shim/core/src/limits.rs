//! What a plugin may use up.

use std::time::Duration;

/// Limits of the sandbox. Each ends the stream that meets it with an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of linear memory of one instance. Media stay outside, so that a long conversation
    /// with its answer fits many times.
    pub memory_bytes: usize,
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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            host_call_bytes: 32 << 20,
            handles: 1024,
            call_time: Duration::from_millis(100),
            streams: 64,
            process_streams: 256,
            component_bytes: 8 << 20,
            answer_bytes: 64 << 20,
            cpu_share: 75,
            signal_handlers: true,
            parallel_compilation: true,
        }
    }
}

/// Elements of all tables of an instance: function pointers of an honest guest number some hundreds.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
/// Core instances in one component, and tables: the guest and the adapters around it.
pub(crate) const CORE_INSTANCES: usize = 4;
/// Bytes of WebAssembly's stack.
pub(crate) const STACK_BYTES: usize = 512 << 10;
/// Handles that a stream may need of those of a shared instance: an honest one needs two.
pub(crate) const HANDLES_A_STREAM: usize = 4;
/// Streams after which a shared instance is replaced: what a plugin forgets to free is freed with the instance.
pub(crate) const STREAMS_OF_AN_INSTANCE: u64 = 10_000;
/// Bytes of a line that a plugin logs.
pub(crate) const LOG_LINE_BYTES: usize = 4096;
/// Lines that a plugin may log in one call.
pub(crate) const LOG_LINES: u32 = 100;
/// Calls of `next-chunk` in a row before the stream gives way to others.
pub(crate) const CALLS_A_WAKE: u32 = 64;
/// Calls to Bedrock that one stream may have under way.
pub(crate) const CALLS_UNDER_WAY: usize = 8;
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
