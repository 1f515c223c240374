//! The log on standard error.

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Targets of libraries that print request bodies, headers or credentials below `info`. Each stands for
/// all targets that begin with it.
const CAPPED: &[&str] = &[
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk_",
    "aws_sigv4",
    "aws_smithy_",
    "h2",
    "hyper",
    "rustls",
];

/// Writes the log from here on, as `-v` says or else RUST_LOG.
pub(crate) fn start(verbose: u8) {
    let filter = match directives(verbose) {
        Some(directives) => EnvFilter::new(directives),
        None => EnvFilter::builder().with_default_directive(Level::WARN.into()).from_env_lossy(),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
        .with_filter(filter.and(filter_fn(is_safe)));
    tracing_subscriber::registry().with(lines).init();
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
    level <= Level::INFO || !CAPPED.iter().any(|capped| target.starts_with(capped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_print_secrets_is_capped() {
        for target in [
            "aws_smithy_runtime::client::orchestrator",
            "aws_smithy_http_client",
            "aws_sdk_bedrockruntime::operation::converse_stream",
            "aws_config::profile",
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
        assert!(may_log("outcrop::shim", Level::TRACE));
    }
}
