//! Dropping a stream closes its connection at once, and leaves nothing behind.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Log, Outcome};
use outcrop::{Event, Host};

use crate::support::{PATIENCE, ask, builder, host, inner_endpoint, inside, isolated, outcrop, simulator};

#[tokio::test]
async fn dropping_a_silent_stream_closes_its_connection_at_once() {
    let sim = simulator();
    let host = host(&sim);
    // After two deltas the service says nothing more for ever: there is no next event to wait for.
    let mut stream = host.stream(ask("sim:silence after=2"));
    let mut deltas = 0;
    while deltas < 2 {
        if let Some(Event::TextDelta { .. }) = stream.next().await {
            deltas += 1;
        }
    }
    assert_eq!(sim.live_responses(), 1);
    drop(stream);
    let gone = |log: &Log| log.requests()[0].outcome == Outcome::ClientGone;
    assert!(sim.wait_for(gone, PATIENCE).await, "the server sees it go");
    assert_eq!(host.streams(), 0);
}

#[tokio::test]
async fn a_stream_that_was_never_answered_can_be_dropped_too() {
    let sim = simulator();
    let host = host(&sim);
    let mut stream = host.stream(ask("sim:no-headers"));
    let waited = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
    assert!(waited.is_err(), "nothing comes");
    drop(stream);
    assert!(sim.wait_for(|log| log.live_responses() == 0, PATIENCE).await);
}

#[test]
fn nothing_is_left_of_a_thousand_cancelled_streams() {
    let sim = simulator();
    // In a process of its own, so that what is counted is nobody else's.
    inside(&sim, "cancel::a_thousand_streams_are_cancelled");
    assert!(sim.wait_for_blocking(|log| log.live_responses() == 0 && log.open_connections() == 0, PATIENCE));
}

#[tokio::test]
#[ignore = "run by nothing_is_left_of_a_thousand_cancelled_streams"]
async fn a_thousand_streams_are_cancelled() {
    let builder = Host::builder().region("us-east-1").endpoint(inner_endpoint()).access_key(
        DEFAULT_ACCESS_KEY,
        DEFAULT_SECRET_KEY,
        None,
    );
    let host = isolated(builder).build().expect("a host");
    cancel(&host, 100).await;
    let before = resources();
    cancel(&host, 1000).await;
    let after = resources();
    assert!(after.threads <= before.threads, "before {before:?}, after {after:?}");
    assert!(after.descriptors <= before.descriptors, "before {before:?}, after {after:?}");
    assert!(after.mappings <= before.mappings + 20, "before {before:?}, after {after:?}");
}

/// Cancels streams before their answer, in the middle of it, and after its first words.
async fn cancel(host: &Host, count: usize) {
    for number in 0..count {
        let prompt = if number % 3 == 0 { "sim:no-headers" } else { "sim:silence after=3" };
        let mut stream = host.stream(ask(prompt));
        let _ = tokio::time::timeout(Duration::from_micros(500), stream.next()).await;
        if number % 3 == 1 {
            while let Some(event) = stream.next().await {
                if matches!(event, Event::TextDelta { .. }) {
                    break;
                }
            }
        }
    }
    assert_eq!(host.streams(), 0, "every instance is gone");
    // Each connection has a task of the HTTP client's; with it the task ends.
    let end = Instant::now() + PATIENCE;
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        assert!(Instant::now() < end, "tasks are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[derive(Debug)]
struct Resources {
    threads: usize,
    descriptors: usize,
    mappings: usize,
}

/// What this process holds.
fn resources() -> Resources {
    let count = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count);
    Resources {
        threads: count("/proc/self/task"),
        descriptors: count("/proc/self/fd"),
        mappings: std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count()),
    }
}

#[tokio::test]
async fn a_finished_stream_gives_its_connection_back() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    for _ in 0..20 {
        crate::support::done(host.stream(ask("sim:text"))).await;
    }
    // The next request may be quicker than the last answer's end, which frees its connection.
    let connections = sim.log(Log::accepted_connections);
    assert!(connections <= 3, "{connections} connections for 20 streams");
}

#[test]
fn interrupting_the_command_closes_its_connection() {
    let sim = simulator();
    let mut child = outcrop(&sim)
        .args(["chat", "--model", crate::support::MODEL, "sim:silence after=2"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    assert!(sim.wait_for_blocking(|log| log.live_responses() == 1, PATIENCE));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let gone = |log: &Log| log.requests().iter().all(|request| request.outcome == Outcome::ClientGone);
    assert!(sim.wait_for_blocking(gone, PATIENCE));
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}
