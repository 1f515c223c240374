//! What those who observe are told: spans with the names of OpenTelemetry's conventions, and metrics; and that no
//! prompt, answer or key is in any of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY};
use outcrop::{
    Event, Isolation, Limits, Metrics, Observer, Occurrence, REVEALING_LOG_TARGETS, Request,
    UNFIT_LOG_TARGETS,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level, Metadata};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{MODEL, ask, builder, collect, done, failed, simulator};

const SPANS: &str = "outcrop::stream";

/// All that a subscriber at trace level is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Everything>>);

#[derive(Default)]
struct Everything {
    /// The spans of streams, in their order.
    spans: Vec<(Id, BTreeMap<String, String>)>,
    /// Every field of every span and event of what may be logged.
    text: String,
}

/// Whether a program that follows the crate's advice would see it.
fn may_log(metadata: &Metadata<'_>) -> bool {
    let is_one_of = |targets: &[&str]| targets.iter().any(|known| metadata.target().starts_with(known));
    !is_one_of(UNFIT_LOG_TARGETS) && (*metadata.level() <= Level::INFO || !is_one_of(REVEALING_LOG_TARGETS))
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Told {
    fn listen() -> (Self, DefaultGuard) {
        // Where there is one subscriber alone, tracing takes it for the process's: a span that another thread, which
        // has none, comes upon first would be off for this one too.
        static OTHER: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(LevelFilter::OFF)));
        LazyLock::force(&OTHER);
        let told = Self::default();
        let guard = tracing_subscriber::registry().with(told.clone()).set_default();
        (told, guard)
    }

    fn note(&self, metadata: &Metadata<'_>, fields: &BTreeMap<String, String>) {
        if may_log(metadata) {
            let line = format!("{} {} {fields:?}\n", metadata.target(), metadata.name());
            self.0.lock().expect("unpoisoned").text.push_str(&line);
        }
    }

    fn spans(&self) -> Vec<BTreeMap<String, String>> {
        self.0.lock().expect("unpoisoned").spans.iter().map(|(_, fields)| fields.clone()).collect()
    }

    fn text(&self) -> String {
        let everything = self.0.lock().expect("unpoisoned");
        format!("{}{:?}", everything.text, everything.spans)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        self.note(attributes.metadata(), &fields);
        if attributes.metadata().target() == SPANS {
            self.0.lock().expect("unpoisoned").spans.push((id.clone(), fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut everything = self.0.lock().expect("unpoisoned");
        if let Some((_, fields)) = everything.spans.iter_mut().rev().find(|(known, _)| known == id) {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        self.note(event.metadata(), &fields);
    }
}

#[track_caller]
fn has(span: &BTreeMap<String, String>, name: &str, value: &str) {
    assert_eq!(span.get(name).map(String::as_str), Some(value), "{name} of {span:#?}");
}

#[tokio::test]
async fn a_stream_is_a_span_with_the_names_of_the_conventions() {
    let sim = simulator();
    let (told, _listening) = Told::listen();
    let host = builder(&sim).build().expect("a host");
    let mut request = ask("sim:cached read=1000 write=200").max_tokens(77);
    request.temperature = Some(0.5);
    let answer = done(host.stream(request)).await;
    let span = told.spans().pop().expect("a span");
    for (name, value) in [
        ("otel.name", "chat sim.text-v1:0"),
        ("otel.kind", "client"),
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "aws.bedrock"),
        ("gen_ai.request.model", "sim.text-v1:0"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.request.max_tokens", "77"),
        ("gen_ai.request.temperature", "0.5"),
        ("gen_ai.response.model", "sim.text-v1:0"),
        ("gen_ai.response.finish_reasons", "[\"end_turn\"]"),
        ("gen_ai.usage.cache_read.input_tokens", "1000"),
        ("gen_ai.usage.cache_creation.input_tokens", "200"),
        ("server.address", "127.0.0.1"),
    ] {
        has(&span, name, value);
    }
    has(&span, "gen_ai.usage.input_tokens", &(answer.usage.input + 1200).to_string());
    has(&span, "gen_ai.usage.output_tokens", &answer.usage.output.to_string());
    has(&span, "server.port", sim.endpoint().rsplit(':').next().expect("a port"));
    has(&span, "aws.request_id", answer.request_id.as_deref().expect("a request id"));
    let first: f64 = span["gen_ai.response.time_to_first_chunk"].parse().expect("seconds");
    assert!(first > 0.0);
    assert!(!span.contains_key("error.type") && !span.contains_key("gen_ai.input.messages"), "{span:#?}");

    failed(host.stream(ask("sim:throttling"))).await;
    let span = told.spans().pop().expect("a span");
    has(&span, "error.type", "rate-limited");
    has(&span, "otel.status_code", "ERROR");
    assert!(!span.contains_key("gen_ai.usage.input_tokens"), "{span:#?}");

    let mut stream = host.stream(ask("sim:silence after=2"));
    while !matches!(stream.next().await, Some(Event::TextDelta { .. })) {}
    drop(stream);
    let span = told.spans().pop().expect("a span");
    has(&span, "error.type", "cancelled");
    assert!(!span.contains_key("otel.status_code"), "{span:#?}");

    failed(host.stream(Request::new("gpt-4").user("Hello"))).await;
    has(&told.spans().pop().expect("a span"), "error.type", "invalid-request");
}

#[tokio::test]
async fn nothing_of_a_conversation_is_told_unless_it_is_asked_for() {
    const SYSTEM: &str = "canary-system-7f3a";
    const PROMPT: &str = "canary-prompt-91bc";
    const ANSWER: &str = "canary-answer-d04e";
    let sim = simulator();
    let metrics = Arc::new(Metrics::default());
    for asked_for in [false, true] {
        let (told, _listening) = Told::listen();
        let host = builder(&sim).observer(metrics.clone()).record_content(asked_for).build().expect("a host");
        let request = || {
            let mut request = Request::new(MODEL).user(PROMPT).user(format!("sim:text {ANSWER}"));
            request.system.push(outcrop::request::Content::text(SYSTEM));
            request
        };
        done(host.stream(request())).await;
        // Errors, retries and cancellations have a log of their own.
        failed(host.stream(request().user(format!("sim:internal-server message={ANSWER}")))).await;
        drop(host.stream(request()));
        let text = told.text();
        assert!(text.contains("gen_ai.request.model") && text.contains("trying again"), "{text}");
        for canary in [SYSTEM, PROMPT, ANSWER] {
            assert_eq!(text.contains(canary), asked_for, "{canary}: {text}");
        }
        for key in [DEFAULT_SECRET_KEY, DEFAULT_ACCESS_KEY] {
            assert!(!text.contains(key), "{text}");
        }
        if asked_for {
            let span = &told.spans()[0];
            let input: serde_json::Value =
                serde_json::from_str(&span["gen_ai.input.messages"]).expect("JSON");
            assert_eq!(input[0]["parts"][0]["content"], PROMPT);
            let output: serde_json::Value =
                serde_json::from_str(&span["gen_ai.output.messages"]).expect("JSON");
            assert_eq!(output[0]["parts"][0]["content"], ANSWER);
        }
    }
    let text = metrics.snapshot().to_string();
    assert!(text.contains("outcrop_streams_ended_total"), "{text}");
    assert!(!text.contains("canary") && !text.contains(DEFAULT_SECRET_KEY), "{text}");
}

#[tokio::test]
async fn metrics_count_every_stream_once() {
    let sim = simulator();
    let metrics = Arc::new(Metrics::default());
    let host = builder(&sim).observer(metrics.clone()).build().expect("a host");
    let usage = done(host.stream(ask("sim:cached read=1000 write=200"))).await.usage;
    done(host.stream(ask("sim:throttling times=1 key=metrics then=empty"))).await;
    failed(host.stream(ask("sim:cut-frame after=2"))).await;
    failed(host.stream(ask("sim:access-denied"))).await;
    drop(host.stream(ask("Hello")));
    let mut running = host.stream(ask("sim:silence after=2"));
    while !matches!(running.next().await, Some(Event::TextDelta { .. })) {}

    let counted = metrics.snapshot().models[MODEL].clone();
    assert_eq!((counted.started, counted.done, counted.cancelled, counted.live()), (6, 2, 1, 1));
    assert_eq!(counted.failed, BTreeMap::from([("permission-denied", 1), ("truncated", 1)]));
    assert!(counted.retries >= 1, "{counted:?}");
    assert_eq!(counted.first_content.count(), 3, "the empty answer, the denied and the dropped had none");
    assert_eq!(counted.duration.count(), 5);
    assert_eq!((counted.cache_read_tokens, counted.cache_write_tokens), (1000, 200));
    assert!(counted.input_tokens >= usage.input && counted.output_tokens >= usage.output);
    drop(running);
    let counted = metrics.snapshot().models[MODEL].clone();
    assert_eq!((counted.cancelled, counted.live()), (2, 0));
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_of_once() {
    /// Keeps what is told of.
    #[derive(Default)]
    struct Failures(Mutex<Vec<String>>);

    impl Observer for Failures {
        fn observe(&self, occurrence: &Occurrence<'_>) {
            if let Occurrence::PluginFailed { plugin, error, .. } = occurrence {
                self.0.lock().expect("unpoisoned").push(format!("{plugin}: {error}"));
            }
        }
    }

    let sim = simulator();
    for isolation in [Isolation::Stream, Isolation::Plugin] {
        let failures = Arc::new(Failures::default());
        let mut limits = Limits::default();
        limits.memory_bytes = 8 << 20;
        let host = builder(&sim)
            .isolation(isolation)
            .limits(limits)
            .observer(failures.clone())
            .build()
            .expect("a host");
        let bystander = host.stream(ask("sim:slow-headers ms=200"));
        failed(host.stream(ask(&"x".repeat(12 << 20)))).await;
        collect(bystander).await;
        let failures = failures.0.lock().expect("unpoisoned");
        assert_eq!(failures.len(), 1, "{isolation:?}: {failures:?}");
        assert!(
            failures[0].starts_with("amazon-bedrock: ") && failures[0].contains("memory"),
            "{failures:?}"
        );
    }
}
