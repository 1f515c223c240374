//! The log on standard error; and with the feature `otlp` the spans to a collector.

use std::io;

use anstream::{AutoStream, ColorChoice};
use outcrop::{REVEALING_LOG_TARGETS, UNFIT_LOG_TARGETS};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What a plugin writes. Nobody can prove what is in it, so it is left out unless it is asked for by name.
const PLUGIN: &str = "outcrop_plugin";

/// The spans of streams.
const STREAMS: &str = "outcrop::stream";

/// Writes the log from here on, as `-v` says or else RUST_LOG. To be kept until the end.
pub(crate) fn start(verbose: u8) -> impl Sized {
    let asked = match directives(verbose) {
        Some(directives) => directives.to_owned(),
        None => std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default(),
    };
    let filter = filter(&asked);
    let colour = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let log = subscriber(filter, colour, io::stderr);
    #[cfg(feature = "otlp")]
    return spans::start(log);
    #[cfg(not(feature = "otlp"))]
    log.init();
}

fn subscriber<W>(
    filter: EnvFilter,
    colour: bool,
    writer: W,
) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(colour);
    Registry::default().with(lines.with_filter(filter.and(filter_fn(is_safe))))
}

fn filter(asked: &str) -> EnvFilter {
    // The filter's own default does not hold beside other directives.
    let mut directives = format!("warn,{asked}");
    if !asked.contains(PLUGIN) {
        directives.push_str(",outcrop_plugin=off");
    }
    // Each line of a stream would begin with all that its span says.
    if !asked.contains(STREAMS) {
        directives.push_str(",outcrop::stream=off");
    }
    EnvFilter::builder().parse_lossy(directives)
}

fn directives(verbose: u8) -> Option<&'static str> {
    match verbose {
        0 => None,
        1 => Some("warn,outcrop=info"),
        2 => Some("info,outcrop=debug"),
        _ => Some("debug,outcrop=trace"),
    }
}

/// Whether a log line of this origin can hold neither a prompt nor a credential.
fn is_safe(line: &Metadata<'_>) -> bool {
    may_log(line.target(), *line.level())
}

fn may_log(target: &str, level: Level) -> bool {
    let is_one_of = |targets: &[&str]| targets.iter().any(|known| target.starts_with(known));
    !is_one_of(UNFIT_LOG_TARGETS) && (level <= Level::INFO || !is_one_of(REVEALING_LOG_TARGETS))
}

/// Where the environment names a collector, the spans of streams go there.
#[cfg(feature = "otlp")]
mod spans {
    use super::*;

    const VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    pub(super) fn start<S>(log: S) -> Option<outcrop_otlp::Sending>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !VARIABLES.into_iter().any(is_set) {
            log.init();
            return None;
        }
        match outcrop_otlp::layer("outcrop") {
            Ok((layer, sending)) => {
                log.with(layer).init();
                Some(sending)
            }
            Err(error) => {
                log.init();
                tracing::warn!("no spans are sent: {error}");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is logged, for the tests to read.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The log of some events under these directives.
    fn logged(directives: &str) -> String {
        logged_through(EnvFilter::new(directives))
    }

    fn logged_through(filter: EnvFilter) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = subscriber(filter, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "aws_smithy_runtime::client", "a secret");
            tracing::debug!(target: "aws_sdk_bedrockruntime::operation", "a secret");
            tracing::warn!(target: "aws_config::profile", "a secret");
            tracing::info!(target: "aws_runtime::auth", "no region");
            tracing::trace!(target: "outcrop::stream", "woken");
            tracing::info!(target: "outcrop::host", "loaded");
            tracing::warn!(target: "outcrop::host", "no cache");
        });
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_directive_uncovers_what_may_hold_secrets() {
        let log = logged("trace,aws_smithy_runtime=trace");
        assert!(log.contains("woken") && log.contains("no region") && !log.contains("a secret"), "{log}");
    }

    #[test]
    fn warnings_are_said_unless_somebody_wants_otherwise() {
        for (asked, lines) in
            [("", 1), ("error", 0), ("off", 0), ("outcrop=info", 2), ("aws_runtime=info", 2)]
        {
            assert_eq!(logged_through(filter(asked)).lines().count(), lines, "{asked:?}");
        }
    }

    #[test]
    fn each_v_says_more() {
        let lines = [1, 2, 3].map(|verbose| logged(directives(verbose).unwrap()).lines().count());
        assert_eq!(lines, [2, 3, 4]);
        assert_eq!(directives(0), None);
    }

    #[test]
    fn what_may_print_secrets_is_capped() {
        for target in [
            "aws_smithy_runtime::client::orchestrator",
            "aws_smithy_runtime_api::client",
            "aws_smithy_http_client",
            "aws_sdk_bedrockruntime::operation::converse_stream",
            "aws_runtime::auth",
            "aws_sigv4::http_request",
            "hyper::proto",
            "hyper_util::client",
            "h2::codec",
            "rustls::client",
        ] {
            assert!(may_log(target, Level::INFO), "{target}");
            assert!(!may_log(target, Level::DEBUG), "{target}");
            assert!(!may_log(target, Level::TRACE), "{target}");
        }
        assert!(!may_log("aws_config::profile", Level::ERROR));
        assert!(may_log("outcrop::shim", Level::TRACE));
    }
}
