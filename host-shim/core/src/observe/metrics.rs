//! Counters and histograms, ready to be read.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Observer, Occurrence, Outcome};

/// Models that are counted apart; callers name them, so there must be an end to it. The rest goes to [`OTHER`].
const MOST_MODELS: usize = 256;
/// What further models are counted under.
const OTHER: &str = "other";

/// Upper bounds of a histogram's buckets, in seconds: those that OpenTelemetry advises for the operations of
/// generative AI. One more has all that took longer.
const BOUNDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Counts what happens to streams. Give it to [`HostBuilder::observer`](crate::HostBuilder::observer), of one host or
/// of several.
///
/// ```
/// # use std::sync::Arc;
/// let metrics = Arc::new(outcrop::Metrics::default());
/// let host = outcrop::Host::builder().observer(metrics.clone());
/// // ... and where the metrics are asked for:
/// println!("{}", metrics.snapshot());
/// ```
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Snapshot>);

impl Metrics {
    /// What has been counted so far.
    pub fn snapshot(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What was counted, up to some moment. `Display` gives it in Prometheus's text format.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// By model, with its routing prefix.
    pub models: BTreeMap<String, ModelMetrics>,
    /// Instances that broke a limit or trapped, by plugin.
    pub plugin_failures: BTreeMap<String, u64>,
}

/// What was counted of one model.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelMetrics {
    /// Streams that were asked for.
    pub started: u64,
    /// Streams that ended with a whole answer.
    pub done: u64,
    /// Streams that were dropped before their end.
    pub cancelled: u64,
    /// Streams that ended with an error, by its class.
    pub failed: BTreeMap<&'static str, u64>,
    /// Requests that were sent again.
    pub retries: u64,
    /// Tokens read that neither came from nor went to the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the cache.
    pub cache_write_tokens: u64,
    /// From asking to the first content.
    pub first_content: Histogram,
    /// From asking to the end.
    pub duration: Histogram,
}

impl ModelMetrics {
    /// Streams that run.
    pub fn live(&self) -> u64 {
        self.started.saturating_sub(self.done + self.cancelled + self.failed.values().sum::<u64>())
    }
}

/// How often something took how long.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// How often it took longer than the bucket before, and no longer than this one: up to 10 ms, 20 ms and so on to
    /// 81.92 s, and last whatever took longer.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// All of it together.
    pub sum: Duration,
}

impl Histogram {
    /// How often.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    fn add(&mut self, time: Duration) {
        let bucket = BOUNDS.partition_point(|bound| *bound < time.as_secs_f64());
        self.buckets[bucket] += 1;
        self.sum += time;
    }
}

impl Observer for Metrics {
    fn observe(&self, occurrence: &Occurrence<'_>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *occurrence {
            Occurrence::Started { model } => counted.of(model).started += 1,
            Occurrence::Retried { model, .. } => counted.of(model).retries += 1,
            Occurrence::FirstContent { model, after } => counted.of(model).first_content.add(after),
            Occurrence::Ended { model, outcome, usage, after } => {
                let counted = counted.of(model);
                match outcome {
                    Outcome::Done(_) => counted.done += 1,
                    Outcome::Cancelled => counted.cancelled += 1,
                    Outcome::Failed(error) => *counted.failed.entry(error.class.as_str()).or_default() += 1,
                }
                for (total, tokens) in [
                    (&mut counted.input_tokens, usage.input),
                    (&mut counted.output_tokens, usage.output),
                    (&mut counted.cache_read_tokens, usage.cache_read),
                    (&mut counted.cache_write_tokens, usage.cache_write),
                ] {
                    // A plugin or an endpoint can claim any number.
                    *total = total.saturating_add(tokens);
                }
                counted.duration.add(after);
            }
            Occurrence::PluginFailed { plugin, .. } => {
                *counted.plugin_failures.entry(plugin.to_owned()).or_default() += 1;
            }
        }
    }
}

impl Snapshot {
    fn of(&mut self, model: &str) -> &mut ModelMetrics {
        let is_room = self.models.len() < MOST_MODELS || self.models.contains_key(model);
        self.models.entry(if is_room { model } else { OTHER }.to_owned()).or_default()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Exposition { f };
        let models = || self.models.iter().map(|(model, counted)| (label("model", model), counted));

        out.head("outcrop_streams_started_total", "counter", "Streams that were asked for.")?;
        for (model, counted) in models() {
            out.sample("outcrop_streams_started_total", &model, counted.started)?;
        }
        out.head("outcrop_streams_ended_total", "counter", "Streams that have ended, by how.")?;
        for (model, counted) in models() {
            let name = "outcrop_streams_ended_total";
            out.sample(name, &format!("{model},outcome=\"done\""), counted.done)?;
            out.sample(name, &format!("{model},outcome=\"cancelled\""), counted.cancelled)?;
            for (class, count) in &counted.failed {
                let labels = format!("{model},outcome=\"error\",{}", label("error_type", class));
                out.sample(name, &labels, *count)?;
            }
        }
        out.head("outcrop_streams", "gauge", "Streams that run.")?;
        for (model, counted) in models() {
            out.sample("outcrop_streams", &model, counted.live())?;
        }
        out.head("outcrop_retries_total", "counter", "Requests that were sent again.")?;
        for (model, counted) in models() {
            out.sample("outcrop_retries_total", &model, counted.retries)?;
        }
        out.head("outcrop_tokens_total", "counter", "Tokens, by where they came from or went.")?;
        for (model, counted) in models() {
            for (kind, count) in [
                ("input", counted.input_tokens),
                ("output", counted.output_tokens),
                ("cache_read", counted.cache_read_tokens),
                ("cache_write", counted.cache_write_tokens),
            ] {
                out.sample("outcrop_tokens_total", &format!("{model},type=\"{kind}\""), count)?;
            }
        }
        let name = "outcrop_time_to_first_content_seconds";
        out.head(name, "histogram", "From asking to the first content.")?;
        for (model, counted) in models() {
            out.histogram(name, &model, &counted.first_content)?;
        }
        let name = "outcrop_stream_duration_seconds";
        out.head(name, "histogram", "From asking to the end of the stream.")?;
        for (model, counted) in models() {
            out.histogram(name, &model, &counted.duration)?;
        }
        let name = "outcrop_plugin_failures_total";
        out.head(name, "counter", "Instances of plugins that broke a limit or trapped.")?;
        for (plugin, count) in &self.plugin_failures {
            out.sample(name, &label("plugin", plugin), *count)?;
        }
        Ok(())
    }
}

/// Prometheus's text format, version 0.0.4.
struct Exposition<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
}

impl Exposition<'_, '_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.f, "# HELP {name} {help}\n# TYPE {name} {kind}")
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl fmt::Display) -> fmt::Result {
        writeln!(self.f, "{name}{{{labels}}} {value}")
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram) -> fmt::Result {
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut below = 0;
        for (bound, count) in bounds.zip(histogram.buckets) {
            below += count;
            self.sample(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), below)?;
        }
        self.sample(&format!("{name}_sum"), labels, histogram.sum.as_secs_f64())?;
        self.sample(&format!("{name}_count"), labels, below)
    }
}

/// `name="value"`, the value escaped.
fn label(name: &str, value: &str) -> String {
    let mut text = format!("{name}=\"");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    // Writing to a string cannot fail.
    let _ = text.write_char('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ErrorClass, StopReason, Usage};

    fn ended(metrics: &Metrics, model: &str, outcome: Outcome<'_>, millis: u64) {
        let mut usage = Usage::default();
        (usage.input, usage.output, usage.cache_read) = (10, 3, 5);
        let after = Duration::from_millis(millis);
        metrics.observe(&Occurrence::Started { model });
        metrics.observe(&Occurrence::Ended { model, outcome, usage: &usage, after });
    }

    #[test]
    fn prometheus_can_read_it() {
        let metrics = Metrics::default();
        let error = Error::new(ErrorClass::RateLimited, "slow down");
        ended(&metrics, "a/b\"c", Outcome::Done(&StopReason::Stop), 15);
        ended(&metrics, "a/b\"c", Outcome::Failed(&error), 20);
        ended(&metrics, "a/b\"c", Outcome::Cancelled, 100_000);
        metrics.observe(&Occurrence::Started { model: "a/b\"c" });
        let text = metrics.snapshot().to_string();
        for line in [
            "# TYPE outcrop_streams_ended_total counter",
            "outcrop_streams_started_total{model=\"a/b\\\"c\"} 4",
            "outcrop_streams_ended_total{model=\"a/b\\\"c\",outcome=\"done\"} 1",
            "outcrop_streams_ended_total{model=\"a/b\\\"c\",outcome=\"error\",error_type=\"rate-limited\"} 1",
            "outcrop_streams{model=\"a/b\\\"c\"} 1",
            "outcrop_tokens_total{model=\"a/b\\\"c\",type=\"cache_read\"} 15",
            "outcrop_stream_duration_seconds_bucket{model=\"a/b\\\"c\",le=\"0.01\"} 0",
            "outcrop_stream_duration_seconds_bucket{model=\"a/b\\\"c\",le=\"0.02\"} 2",
            "outcrop_stream_duration_seconds_bucket{model=\"a/b\\\"c\",le=\"81.92\"} 2",
            "outcrop_stream_duration_seconds_bucket{model=\"a/b\\\"c\",le=\"+Inf\"} 3",
            "outcrop_stream_duration_seconds_sum{model=\"a/b\\\"c\"} 100.035",
            "outcrop_stream_duration_seconds_count{model=\"a/b\\\"c\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn no_claim_of_tokens_is_too_large_to_be_counted() {
        let metrics = Metrics::default();
        let mut usage = Usage::default();
        (usage.input, usage.output) = (u64::MAX, 7);
        for _ in 0..2 {
            let outcome = Outcome::Done(&StopReason::Stop);
            metrics.observe(&Occurrence::Ended { model: "a", outcome, usage: &usage, after: Duration::ZERO });
        }
        let counted = &metrics.snapshot().models["a"];
        assert_eq!((counted.input_tokens, counted.output_tokens), (u64::MAX, 14));
    }

    #[test]
    fn callers_cannot_fill_the_memory_with_models() {
        let metrics = Metrics::default();
        for number in 0..2 * MOST_MODELS {
            ended(&metrics, &number.to_string(), Outcome::Cancelled, 1);
        }
        let snapshot = metrics.snapshot();
        assert_eq!(snapshot.models.len(), MOST_MODELS + 1);
        assert_eq!(snapshot.models[OTHER].cancelled, MOST_MODELS as u64);
        assert_eq!(snapshot.models["0"].cancelled, 1);
    }
}
