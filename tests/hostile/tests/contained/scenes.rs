//! Attacks that take more than one stream.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use outcrop::{Error, Event, Host, HostBuilder, Limits, Request};

use crate::components::{GOOD, Module};
use crate::log;
use crate::stage::{MODEL, Outcome, Stage, answer};

pub(crate) type Scene = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// Each with its name, and what is tried and what must come of it.
pub(crate) const SCENES: &[(&str, &str, Scene)] = &[
    (
        "scene/words-between-conversations",
        "facts are kept for another conversation and another model: they are not there; of those about its own model, no more than 32 a stream",
        |stage| Box::pin(words_between_conversations(stage)),
    ),
    (
        "scene/words-to-another-identity",
        "facts are looked for from another host with its own keys: none is there",
        |stage| Box::pin(words_to_another_identity(stage)),
    ),
    (
        "scene/left-behind-in-an-instance",
        "a stream looks for what others left in the memory of their instances: nothing",
        |stage| Box::pin(left_behind_in_an_instance(stage)),
    ),
    (
        "scene/left-behind-in-pooled-memory",
        "a stream looks through 50 MiB of fresh memory for anything but zeros: nothing",
        |stage| Box::pin(left_behind_in_pooled_memory(stage)),
    ),
    (
        "scene/error-that-lies",
        "an error after content says that it can be tried again: it is passed on as one that cannot",
        |stage| Box::pin(error_that_lies(stage)),
    ),
    (
        "scene/64-slow-streams",
        "64 streams of long calls on the one thread of an honest stream: that is whole, and they go on",
        |stage| Box::pin(slow_streams(stage)),
    ),
    (
        "scene/slow-starts",
        "long starts of streams, which cannot wait: `overloaded`, at once, once the plugin's share is used up",
        |stage| Box::pin(slow_starts(stage)),
    ),
    (
        "scene/a-hundred-faults",
        "a hundred streams that break the contract where there is room for a few instances: each gives its place back",
        |stage| Box::pin(hundred_faults(stage)),
    ),
    (
        "scene/traps-in-a-row",
        "ten streams that would trap: after the third the plugin is quarantined",
        |stage| Box::pin(traps_in_a_row(stage)),
    ),
    ("scene/endless-file", "a plugin file without an end: refused at 8 MiB", |stage| {
        Box::pin(endless_file(stage))
    }),
    (
        "scene/forged-log",
        "line ends and escapes in log lines: taken out, and each line marked as a plugin's",
        |_| Box::pin(async { forged_log() }),
    ),
];

async fn built(builder: HostBuilder) -> Host {
    tokio::task::spawn_blocking(move || builder.build()).await.expect("no panic").expect("a host")
}

async fn guest(stage: &Stage, attack: &str) -> Host {
    built(stage.builder(outcrop_hostile::HOSTILE_PLUGIN, attack)).await
}

fn ask(conversation: &str, words: &str) -> Request {
    let mut request = Request::new(MODEL).user(words);
    request.conversation_id = Some(conversation.to_owned());
    request
}

/// What was said, which must be this.
fn outcome(host: &Host, said: String, expected: &str) -> Outcome {
    let verdict = if said == expected { Ok(()) } else { Err(format!("{said:?} is not {expected:?}")) };
    Outcome { said, verdict, streams_left: host.streams() }
}

/// Of 300 facts that a stream kept, the next conversation finds those about the model they share, and of these
/// no more than a stream may keep.
async fn words_between_conversations(stage: &Stage) -> Outcome {
    let host = guest(stage, "call/memory-of-others").await;
    answer(host.stream(ask("spy", "keep the words of the prompt"))).await.expect("an answer");
    let found = answer(host.stream(ask("victim", "find"))).await.expect("an answer");
    outcome(&host, found, "conversation 0, foreign model 0, own model 32")
}

async fn words_to_another_identity(stage: &Stage) -> Outcome {
    let (one, other) =
        (guest(stage, "call/memory-of-others").await, guest(stage, "call/memory-of-others").await);
    answer(one.stream(ask("spy", "keep the words of the prompt"))).await.expect("an answer");
    let found = answer(other.stream(ask("spy", "find"))).await.expect("an answer");
    outcome(&other, found, "conversation 0, foreign model 0, own model 0")
}

/// No stream finds what another left in the instance's own memory.
async fn left_behind_in_an_instance(stage: &Stage) -> Outcome {
    let host = guest(stage, "call/left-behind").await;
    let mut found = Vec::new();
    for words in ["first", "second", "third", "fourth"] {
        found.push(answer(host.stream(ask("c", words))).await.expect("an answer"));
    }
    outcome(&host, found.join(" "), "None None None None")
}

/// Each stream looks through 50 MiB for anything but zeros, traps if there is any, and fills them.
async fn left_behind_in_pooled_memory(stage: &Stage) -> Outcome {
    let start_stream = "(local $place i32)
        (if (i32.lt_s (memory.grow (i32.const 800)) (i32.const 0)) (then unreachable))
        (local.set $place (i32.const 131072))
        (loop $look
            (if (i64.ne (i64.load (local.get $place)) (i64.const 0)) (then unreachable))
            (local.set $place (i32.add (local.get $place) (i32.const 8)))
            (br_if $look (i32.lt_u (local.get $place) (i32.const 52559872))))
        (memory.fill (i32.const 131072) (i32.const 0x5a) (i32.const 52428800))
        (i32.store (i32.const 3080) (call $new (i32.const 1)))
        (i32.const 3072)";
    let component = Module { start_stream, ..GOOD }.component();
    let mut limits = Limits::default();
    limits.call_time = Duration::from_secs(10);
    let host = built(stage.builder(&component, "").limits(limits)).await;
    let mut said = Vec::new();
    for _ in 0..6 {
        let end = answer(host.stream(ask("c", "Hello"))).await.expect_err("no answer");
        let clean = end.message.contains("ended the stream without an end");
        said.push(if clean { "zeros".to_owned() } else { end.message });
    }
    outcome(&host, said.join(" "), "zeros zeros zeros zeros zeros zeros")
}

/// An error after content that calls itself retryable is not.
async fn error_that_lies(stage: &Stage) -> Outcome {
    let host = guest(stage, "answer/error-that-lies").await;
    let Error { class, delivered, retryable, .. } =
        answer(host.stream(ask("c", "Hello"))).await.expect_err("no answer");
    let said = format!("{class}, delivered {delivered}, retryable {retryable}");
    outcome(&host, said, "rate-limited, delivered true, retryable false")
}

/// As many streams as a plugin may have, each call long and within its bound, on the one thread of the stream
/// beside them. Without a share it would wait for minutes.
async fn slow_streams(stage: &Stage) -> Outcome {
    let mut limits = Limits::default();
    limits.call_time = Duration::from_secs(10);
    let host =
        built(stage.builder(outcrop_hostile::HOSTILE_PLUGIN, "answer/slow-without-end").limits(limits)).await;
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(async move {
                let mut stream = host.stream(ask("c", "Hello"));
                let mut calls = 0_usize;
                while let Some(event) = stream.next().await {
                    assert!(matches!(event, Event::Usage { .. }), "{event:?}");
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    // The stream beside these began before them; this one begins and ends while all of them run.
    let verdict = match stage.bystander().await.expect("no panic") {
        Ok(_) if host.streams() != 64 => Err(format!("{} streams run, not 64", host.streams())),
        Ok(_) => Ok(()),
        Err(harm) => Err(harm),
    };
    for stream in slow {
        stream.abort();
        let _ = stream.await;
    }
    Outcome { said: "64 ran on beside one that was whole".to_owned(), verdict, streams_left: host.streams() }
}

/// What starts a stream cannot wait for the plugin's share: when it is used up, the next is refused at once.
async fn slow_starts(stage: &Stage) -> Outcome {
    let mut limits = Limits::default();
    limits.cpu_share = 10;
    limits.call_time = Duration::from_secs(10);
    let host =
        built(stage.builder(outcrop_hostile::HOSTILE_PLUGIN, "start-stream/slow").limits(limits)).await;
    for _ in 0..1000 {
        // Only what is refused has an event at once; the others would wait, and so pay for themselves.
        let mut stream = host.stream(ask("c", "Hello"));
        if let Ok(Some(Event::Error { error })) = tokio::time::timeout(Duration::ZERO, stream.next()).await {
            return outcome(
                &host,
                format!("{}: {}", error.class, error.message.replace(&stage.folder(), "")),
                "overloaded: the plugin hostile.wasm has used up its share of the processor",
            );
        }
    }
    outcome(&host, "all of a thousand streams were started".to_owned(), "overloaded")
}

/// Far more faults than the sandbox has room for instances: each must give its place back.
async fn hundred_faults(stage: &Stage) -> Outcome {
    let mut limits = Limits::default();
    limits.process_streams = 4;
    let host = built(stage.builder(outcrop_hostile::HOSTILE_PLUGIN, "answer/none").limits(limits)).await;
    let mut faults = 0;
    for _ in 0..100 {
        let error = answer(host.stream(ask("c", "Hello"))).await.expect_err("no answer");
        faults += usize::from(error.message.contains("ended the stream without an end"));
    }
    outcome(&host, format!("{faults} faults"), "100 faults")
}

/// After three traps in a row nothing is run in the plugin any more for a while.
async fn traps_in_a_row(stage: &Stage) -> Outcome {
    let host = guest(stage, "next-chunk/trap").await;
    let (mut traps, mut refused) = (0, 0);
    for _ in 0..10 {
        let error = answer(host.stream(ask("c", "Hello"))).await.expect_err("no answer");
        traps += usize::from(error.message.contains("unreachable` instruction executed"));
        refused += usize::from(error.message.contains("is quarantined"));
    }
    // The reason is told with the refusal.
    outcome(&host, format!("{} traps, {refused} refused", traps - refused), "3 traps, 7 refused")
}

/// A file without an end is not read to the end.
async fn endless_file(stage: &Stage) -> Outcome {
    let builder = stage.builder(b"", "").plugin_file("/dev/zero");
    let said = match tokio::task::spawn_blocking(move || builder.build()).await.expect("no panic") {
        Ok(_) => "it was loaded".to_owned(),
        Err(error) => error.message,
    };
    let expected = "the plugin /dev/zero is larger than it may be (componentBytes: 8388608)";
    let verdict = if said == expected { Ok(()) } else { Err(said.clone()) };
    Outcome { said, verdict, streams_left: 0 }
}

/// After all the others: what they logged is marked as theirs, line by line.
fn forged_log() -> Outcome {
    let lines = log::lines();
    let bad = lines.iter().find(|line| {
        !["ERROR outcrop_plugin: ", " WARN outcrop_plugin: "].iter().any(|mark| line.starts_with(mark))
            || line.chars().any(char::is_control)
            || line.len() > 5000
    });
    let verdict = match bad {
        Some(line) => Err(format!("a line of a plugin's is {line:?}")),
        None if !lines.iter().any(|line| line.contains("forged")) => Err("nothing was logged".to_owned()),
        None => Ok(()),
    };
    Outcome { said: format!("{} lines, each marked as a plugin's", lines.len()), verdict, streams_left: 0 }
}
