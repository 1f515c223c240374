//! Streams that share an instance of the plugin: each is as it would be alone, but for the end of the instance.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Log};
use bytes::Bytes;
use futures_util::future::join_all;
use outcrop::config::Document;
use outcrop::request::{Content, Media, MediaKind, Message};
use outcrop::{ErrorClass, Event, EventStream, Host, Isolation, Limits, Request};

use crate::configuration::Place;
use crate::support::{
    Cache, ISOLATION, MODEL, PATIENCE, Sim, ask, builder, collect, done, failed, json_lines, run, simulator,
};

/// Instances that stand ready, and the one that is shared.
const FEW: usize = 3;

fn sharing(sim: &Sim, limits: Limits) -> Host {
    builder(sim).isolation(Isolation::Plugin).limits(limits).build().expect("a host")
}

fn roomy() -> Limits {
    let mut limits = Limits::default();
    limits.streams = 200;
    limits
}

/// A stream that has begun and will say no more.
async fn silent(host: &Host) -> EventStream {
    let mut stream = host.stream(ask("sim:silence after=2"));
    while !matches!(stream.next().await, Some(Event::TextDelta { .. })) {}
    stream
}

/// Runs streams until the instances stand ready that are to.
async fn settled(host: &Host) {
    for _ in 0..2 {
        done(host.stream(ask("Hello"))).await;
    }
    assert_eq!(host.plugin_instances(), FEW);
}

#[test]
fn all_that_holds_of_streams_holds_where_they_share_an_instance() {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["library::", "errors::", "faults::", "cancel::", "media::", "refusals::"]);
    let said = run(command.env(ISOLATION, "plugin"));
    let passed = said.split(" passed").next().and_then(|before| before.rsplit(' ').next());
    let passed: usize = passed.and_then(|number| number.parse().ok()).expect("a summary");
    assert!(passed > 30, "{said}");
}

#[tokio::test]
async fn a_hundred_streams_share_an_instance_and_keep_what_is_theirs() {
    let sim = simulator();
    let host = sharing(&sim, roomy());
    let models = [MODEL, "amazon-bedrock/us.amazon.nova-lite-v1:0"];
    let image = |number: usize| Bytes::from(format!("\u{89}PNG\r\n\x1a\nimage {number}"));
    let streams: Vec<_> = (0..100)
        .map(|number| {
            let media = Content::Media(Media::new(MediaKind::Image, "png", image(number)));
            let text = Content::text(format!("sim:paced deltas={} every=2", 20 + number));
            let message = Message::user(vec![media, text]);
            (number, host.stream(Request::new(models[number % 2]).message(message)))
        })
        .collect();
    assert!(host.plugin_instances() <= FEW, "{} instances", host.plugin_instances());
    let answers = streams.into_iter().map(|(number, stream)| async move { (number, done(stream).await) });
    for (number, answer) in join_all(answers).await {
        assert_eq!(answer.text().len(), (20 + number) * 20);
        assert_eq!(answer.model, models[number % 2]);
    }
    assert!(host.plugin_instances() <= FEW, "{} instances", host.plugin_instances());
    let mut seen = 0;
    for request in sim.requests() {
        let body = request.json();
        let content = &body["messages"][0]["content"];
        let text = content[1]["text"].as_str().expect("a text").to_owned();
        let deltas = text.split(['=', ' ']).nth(2).and_then(|word| word.parse::<usize>().ok());
        let number = deltas.expect("a number") - 20;
        let sent = content[0]["image"]["source"]["bytes"].as_str().expect("bytes");
        assert_eq!(BASE64_STANDARD.decode(sent).expect("base64"), image(number), "{text}");
        let model = models[number % 2].trim_start_matches("amazon-bedrock/");
        assert!(request.target.contains(&model.replace(':', "%3A")), "{} for {text}", request.target);
        seen += 1;
    }
    assert_eq!(seen, 100);
}

#[tokio::test]
async fn a_failure_ends_all_streams_of_the_instance_at_once_and_no_others() {
    let sim = simulator();
    let mut limits = roomy();
    limits.memory_bytes = 8 << 20;
    let host = sharing(&sim, limits);
    let bystanders = join_all((0..10).map(|_| silent(&host))).await;
    let sleeping: Vec<_> = bystanders.into_iter().map(|stream| tokio::spawn(collect(stream))).collect();

    let error = failed(host.stream(ask(&"x".repeat(12 << 20)))).await;
    assert_eq!(error.class, ErrorClass::Internal);
    assert!(error.message.contains("memory"), "{error}");
    for stream in sleeping {
        // Nothing more arrives for them; they are told, and not when their patience ends.
        let events = stream.await.expect("no panic");
        let Some(Event::Error { error }) = events.last() else { panic!("{events:?}") };
        assert_eq!(error.class, ErrorClass::Internal);
        assert!(error.message.contains("failed while it served another stream"), "{error}");
        assert!(error.delivered && !error.retryable, "{error:?}");
    }
    assert!(sim.wait_for(|log| log.live_responses() == 0, PATIENCE).await, "their connections are closed");
    assert_eq!(done(host.stream(ask("sim:text Hello"))).await.text(), "Hello");
    assert!(host.plugin_instances() <= FEW);
}

#[tokio::test]
async fn what_streams_used_is_free_after_them() {
    let sim = simulator();
    let mut limits = roomy();
    // The plugin begins with about 1.2 MB; past half of this, streams get another instance.
    limits.memory_bytes = 4 << 20;
    let host = sharing(&sim, limits);
    let held = silent(&host).await;
    settled(&host).await;
    for round in 0..100 {
        let streams = (0..20).map(|number| {
            let mut stream = host.stream(ask(match number / 5 {
                0 => "sim:silence after=3",
                1 => "sim:exception-throttling after=2",
                2 => "sim:long deltas=40 writes=coalesced",
                _ => "sim:text A few words, and that is all.",
            }));
            async move {
                let mut seen = 0;
                // Most are cancelled, here and there; the silent ones give five events.
                while seen < 1 + number % 4 && stream.next().await.is_some() {
                    seen += 1;
                }
            }
        });
        tokio::time::timeout(PATIENCE, join_all(streams)).await.expect("they end");
        assert_eq!(host.plugin_instances(), FEW, "another instance after {round} rounds");
    }
    drop(held);
    assert!(sim.wait_for(|log: &Log| log.live_responses() == 0, PATIENCE).await);
    sim.forget_requests();
}

#[tokio::test]
async fn an_instance_that_has_grown_is_replaced_and_its_streams_run_on() {
    let sim = simulator();
    let mut limits = roomy();
    limits.memory_bytes = 16 << 20;
    let host = sharing(&sim, limits);
    let mut first = host.stream(ask("sim:slow-first-frame ms=3000"));
    settled(&host).await;
    // Takes a few times its size while it is mapped.
    done(host.stream(ask(&format!("sim:text {}", "x".repeat(2 << 20))))).await;
    done(host.stream(ask("Hello"))).await;
    assert_eq!(host.plugin_instances(), FEW + 1, "the old one and its successor");
    assert!(matches!(first.next().await, Some(Event::Start { .. })));
    done(first).await;
    assert_eq!(host.plugin_instances(), FEW, "the old one is gone with its last stream");
    sim.forget_requests();
}

#[tokio::test]
async fn handles_bound_how_many_share() {
    let sim = simulator();
    let mut limits = roomy();
    limits.handles = 40;
    let host = sharing(&sim, limits);
    let streams: Vec<_> = (0..45).map(|_| host.stream(ask("sim:paced deltas=5 every=2"))).collect();
    // Ten an instance.
    assert!((5..=7).contains(&host.plugin_instances()), "{}", host.plugin_instances());
    for answer in join_all(streams.into_iter().map(done)).await {
        assert_eq!(answer.text().len(), 100);
    }
    assert!(host.plugin_instances() <= FEW);
}

#[tokio::test]
async fn the_configuration_says_which_streams_share() {
    let sim = simulator();
    let at = sim.endpoint();
    let file = |isolation: &str| {
        format!(
            "{{models: {{providers: {{'amazon-bedrock': {{baseUrl: '{at}', discoveryBaseUrl: '{at}'}}, \
             work: {{api: 'bedrock-converse-stream', baseUrl: '{at}'}}}}}}, \
             plugins: {{entries: {{bedrock: {{isolation: '{isolation}'}}}}}}}}"
        )
    };
    for (isolation, instances) in [("stream", 20..=40), ("plugin", 1..=2 * FEW)] {
        let config = Document::parse("test.json5", file(isolation)).expect("it parses");
        let host = Host::builder()
            .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
            .region("us-east-1")
            .cache_folder(Cache::of_process().path())
            .config(config.config(&|_| None).expect("it is right"))
            .build()
            .expect("a host");
        let streams: Vec<_> = (0..20)
            .map(|number| {
                let model = ["amazon-bedrock/sim.text-v1:0", "work/sim.text-v1:0"][number % 2];
                host.stream(Request::new(model).user("sim:text Hello"))
            })
            .collect();
        assert!(instances.contains(&host.plugin_instances()), "{isolation}: {}", host.plugin_instances());
        for answer in join_all(streams.into_iter().map(done)).await {
            assert_eq!(answer.text(), "Hello");
        }
    }
    let output = Place::with(&file("plugin"))
        .outcrop(&sim)
        .args(["chat", "--json", "--model", MODEL, "sim:text Hello"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(json_lines(&output).last().expect("a line")["message"]["content"][0]["text"], "Hello");
    let output = Place::with(&file("host")).run(&["config", "check"]);
    assert!(!output.status.success(), "{output:?}");
}
