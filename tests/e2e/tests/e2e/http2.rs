//! HTTP/2 over TLS, which is how Bedrock is really spoken to.
//!
//! The authority is handed over in `SSL_CERT_FILE`, so each test runs its inside in a process of its own.

use std::time::Duration;

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Log, Outcome, Simulator, Tls};
use outcrop::{Event, Host};

use crate::support::{PATIENCE, Sim, ask, done, inner_endpoint, inside, json_lines, outcrop};

/// The streams that the server allows on one connection.
const SERVER_LIMIT: u32 = 100;

fn simulator() -> Sim {
    let sim = Simulator::builder()
        .tls(Tls::default())
        .max_concurrent_streams(SERVER_LIMIT)
        .start_in_thread()
        .expect("the simulator starts");
    Sim::of(sim)
}

fn host() -> Host {
    Host::builder()
        .region("us-east-1")
        .endpoint(inner_endpoint())
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .limits({
            let mut limits = outcrop::Limits::default();
            limits.streams = 256;
            limits
        })
        .build()
        .expect("a host")
}

#[test]
fn the_binary_speaks_http2() {
    let sim = simulator();
    let output = outcrop(&sim)
        .args(["chat", "--json", "--model", crate::support::MODEL, "Hello"])
        .output()
        .expect("it runs");
    assert_eq!(json_lines(&output).last().expect("an event")["type"], "done");
    let request = &sim.requests()[0];
    assert_eq!(format!("{:?}", request.version), "HTTP/2.0");
}

#[test]
fn an_unknown_authority_is_a_clear_error() {
    let sim = simulator();
    let output = outcrop(&sim)
        .env_remove("SSL_CERT_FILE")
        .args(["chat", "--json", "--model", crate::support::MODEL, "Hello"])
        .output()
        .expect("it runs");
    let event = json_lines(&output).pop().expect("an event");
    assert_eq!(event["error"]["class"], "network", "{event:#}");
    assert!(event["error"]["message"].as_str().expect("a message").contains("certificate"), "{event:#}");
}

#[test]
fn streams_share_a_connection_and_do_not_stop_each_other() {
    let sim = simulator();
    inside(&sim, "http2::more_streams_than_the_server_allows_and_a_stalled_one");
    assert!(sim.requests().len() > SERVER_LIMIT as usize);
    // The first requests may each open one before it is known that they can share.
    let used =
        sim.requests().iter().map(|request| request.connection).collect::<std::collections::BTreeSet<_>>();
    assert!(used.len() <= 2, "{used:?}");
}

#[tokio::test]
#[ignore = "run by streams_share_a_connection_and_do_not_stop_each_other"]
async fn more_streams_than_the_server_allows_and_a_stalled_one() {
    let host = host();
    done(host.stream(ask("warm up"))).await;
    // It begins, and then nobody reads it: two megabytes wait behind it.
    let mut stalled = host.stream(ask("sim:long deltas=20000"));
    while let Some(event) = stalled.next().await {
        if matches!(event, Event::TextDelta { .. }) {
            break;
        }
    }
    let streams = (0..150).map(|_| done(host.stream(ask("sim:long deltas=500"))));
    let all = tokio::time::timeout(PATIENCE * 2, futures_util::future::join_all(streams)).await;
    for message in all.expect("none is stopped") {
        assert_eq!(message.text().len(), 500 * 20);
    }
    // And it goes on where it stood.
    let mut deltas = 1;
    while let Some(event) = stalled.next().await {
        match event {
            Event::TextDelta { .. } => deltas += 1,
            Event::Error { error } => panic!("{error}"),
            _ => {}
        }
    }
    assert_eq!(deltas, 20_000);
}

#[test]
fn dropping_a_stream_resets_it_and_leaves_the_connection() {
    let sim = simulator();
    std::thread::scope(|scope| {
        let inner = scope.spawn(|| inside(&sim, "http2::a_dropped_stream_and_one_after_it"));
        let reset = |log: &Log| {
            log.requests().iter().any(|request| request.outcome == Outcome::ClientGone)
                && log.open_connections() == 1
        };
        assert!(
            sim.wait_for_blocking(reset, PATIENCE),
            "the server sees the reset while the connection lives"
        );
        inner.join().expect("the inner test passes");
    });
    let connections: std::collections::BTreeSet<_> =
        sim.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 1);
}

#[tokio::test]
#[ignore = "run by dropping_a_stream_resets_it_and_leaves_the_connection"]
async fn a_dropped_stream_and_one_after_it() {
    let host = host();
    let mut silent = host.stream(ask("sim:silence after=1"));
    while let Some(event) = silent.next().await {
        if matches!(event, Event::TextDelta { .. }) {
            break;
        }
    }
    drop(silent);
    done(host.stream(ask("sim:paced deltas=20 every=20"))).await;
    // Long enough for the outer test to look.
    tokio::time::sleep(Duration::from_millis(200)).await;
}
