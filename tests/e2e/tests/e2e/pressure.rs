//! More streams than may run: an error at once, or a queue that is fair; and a service that throttles is spared.

use std::time::Duration;

use bedrock_sim::Scenario;
use futures_util::future::join_all;
use outcrop::{ErrorClass, Event, Host, Limits};

use crate::support::{Sim, ask, builder, collect, done, failed, simulator};

fn host(sim: &Sim, streams: usize, queued: usize, time: Duration) -> Host {
    let mut limits = Limits::default();
    (limits.streams, limits.queued_streams, limits.queue_time) = (streams, queued, time);
    builder(sim).limits(limits).build().expect("a host")
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn whoever_waits_has_its_turn_and_whoever_leaves_makes_room() {
    let sim = simulator();
    let host = host(&sim, 1, 2, LONG);
    let first = host.stream(ask("sim:silence after=1"));
    let second = host.stream(ask("sim:text second"));
    let third = host.stream(ask("sim:text third"));
    let error = failed(host.stream(ask("sim:text fourth"))).await;
    assert_eq!((error.class, error.retryable, error.delivered), (ErrorClass::Overloaded, true, false));
    let told = error.to_string();
    for part in ["1 streams are running", "2 wait", "`streams`", "`queuedStreams`"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(sim.requests().is_empty(), "nothing is sent by who waits");
    // A cancelled one frees its place in the queue.
    drop(second);
    let fifth = host.stream(ask("sim:text fifth"));
    assert_eq!(host.streams(), 1);
    drop(first);
    let both = tokio::join!(done(fifth), done(third));
    assert_eq!((both.1.text().as_str(), both.0.text().as_str()), ("third", "fifth"));
    let prompts: Vec<_> = sim
        .requests()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).contains("third"))
        .collect();
    assert_eq!(prompts, [true, false], "first come, first served");
    assert_eq!(host.streams(), 0);
}

#[tokio::test]
async fn waiting_has_an_end() {
    let sim = simulator();
    let host = host(&sim, 1, 1, Duration::from_millis(200));
    let _first = host.stream(ask("sim:silence after=1"));
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!((error.class, error.retryable), (ErrorClass::Overloaded, true));
    let told = error.to_string();
    assert!(told.contains("0.2 s") && told.contains("`queueTimeMs`"), "{told}");
}

#[tokio::test]
async fn many_pass_through_few_places() {
    let sim = simulator();
    let host = host(&sim, 3, 100, LONG);
    let streams: Vec<_> = (0..60).map(|_| host.stream(ask("sim:long deltas=20"))).collect();
    let all = join_all(streams.into_iter().map(async |mut stream| {
        let mut deltas = 0;
        while let Some(event) = stream.next().await {
            assert!(host.streams() <= 3);
            match event {
                Event::TextDelta { .. } => deltas += 1,
                Event::Error { error } => panic!("{error}"),
                _ => {}
            }
        }
        deltas
    }));
    assert_eq!(all.await, [20; 60]);
    assert_eq!(host.streams(), 0);
}

#[test]
fn a_stream_that_waits_is_polled_in_a_runtime_too() {
    let sim = simulator();
    let host = host(&sim, 1, 1, LONG);
    let _first = host.stream(ask("Hello"));
    let mut waits = host.stream(ask("Hello"));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let polled = futures_util::Stream::poll_next(std::pin::Pin::new(&mut waits), &mut cx);
    let std::task::Poll::Ready(Some(Event::Error { error })) = polled else { panic!("{polled:?}") };
    assert!(error.message.contains("tokio runtime"), "{error}");
}

#[tokio::test]
async fn a_service_that_is_down_is_not_hammered() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    // The budget is for a hundred retries of what was told. Pauses are skipped.
    let refused =
        Scenario::error(503, "ServiceUnavailableException", "down").header("x-amz-retry-after", "0");
    sim.script(bedrock_sim::Target::Any, refused);
    for _ in 0..60 {
        failed(host.stream(ask("Hello"))).await;
    }
    assert_eq!(sim.requests().len(), 60 + 100);
    // An answer fills it again, slowly.
    sim.clear_scripts();
    for _ in 0..5 {
        done(host.stream(ask("Hello"))).await;
    }
    sim.forget_requests();
    let events = collect(host.stream(ask("sim:internal-server times=1 amz-retry-after=1"))).await;
    assert!(matches!(events.last(), Some(Event::Done { .. })), "{events:?}");
    assert_eq!(sim.requests().len(), 2);
}

#[tokio::test]
async fn a_pause_that_is_longer_than_the_caller_waits_is_told_at_once() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    let mut request = ask("sim:throttling retry-after=15");
    request.timeouts.first_content = Some(Duration::from_secs(5));
    let error = failed(host.stream(request)).await;
    assert_eq!(error.class, ErrorClass::RateLimited, "{error:?}");
    assert_eq!(error.retry_after, Some(Duration::from_secs(15)));
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn requests_are_paced_after_throttling_where_that_is_asked_for() {
    let sim = simulator();
    for (on, paced) in [(false, false), (true, true)] {
        sim.forget_requests();
        let host = builder(&sim).attempts(1).adaptive_rate(on).build().expect("a host");
        failed(host.stream(ask("sim:throttling"))).await;
        let mut request = ask("Hello");
        // The SDK's limiter begins with a request every two seconds.
        request.timeouts.first_content = on.then_some(Duration::from_millis(500));
        let streams = (0..3).map(|_| collect(host.stream(request.clone())));
        let answered = join_all(streams)
            .await
            .into_iter()
            .filter(|events| matches!(events.last(), Some(Event::Done { .. })));
        assert_eq!(answered.count() < 3, paced, "{on}");
    }
}
