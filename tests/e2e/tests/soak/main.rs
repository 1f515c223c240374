//! Soak: many streams at a time for a long time, with faults and cancellations, in both isolations.
//!
//! What is asked of the simulator is known, so each stream's text is held against what was sent, and each has
//! exactly one outcome. What the process holds (memory, threads, descriptors, instances, tasks) is sampled all
//! along, and does not grow once it is warm.
//!
//! `make test` runs a bounded number of streams, `make soak MINUTES=30` as many as go into that time.

mod plan;
mod resources;
mod tally;

use std::cell::RefCell;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};
use futures_util::future::join_all;
use outcrop::request::Timeouts;
use outcrop::{Event, Host, Isolation, Limits, Metrics, Request};
use plan::{Ends, Plan};
use resources::{Resources, Samples};
use tally::{Outcome, Tally};

const MODEL: &str = "amazon-bedrock/sim.text-v1:0";
/// Streams at a time.
const AT_ONCE: usize = 200;
/// Streams of the form that `make test` runs: about two minutes on two idle cores.
const STREAMS: u64 = 64_000;
/// Samples of a run, about.
const SAMPLES: u64 = 200;
/// Minutes of the long form.
const MINUTES: &str = "OUTCROP_SOAK_MINUTES";
/// The simulator that the inner process asks.
const ENDPOINT: &str = "OUTCROP_SOAK_ENDPOINT";
/// Long enough for a slow machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn streams_end_once_and_whole_and_nothing_grows() {
    let sim = Simulator::builder().start_in_thread().expect("the simulator starts");
    // In a process of its own, so that what is counted is nobody else's.
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args(["--exact", "soak", "--ignored", "--nocapture"])
        .env(ENDPOINT, sim.endpoint())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = loop {
        if let Some(status) = child.try_wait().expect("its status") {
            break status;
        }
        // What the simulator remembers is of no use here, and would fill the memory.
        sim.forget_requests();
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(status.success(), "{status}");
    assert!(sim.wait_for_blocking(|log| log.live_responses() == 0 && log.open_connections() == 0, PATIENCE));
}

/// How long it goes on.
#[derive(Clone, Copy)]
enum Length {
    Streams(u64),
    Until(Instant, Duration),
}

impl Length {
    fn asked() -> Self {
        match std::env::var(MINUTES).ok().filter(|minutes| !minutes.is_empty()) {
            None => Self::Streams(STREAMS),
            Some(minutes) => {
                let minutes: f64 = minutes.parse().unwrap_or_else(|error| panic!("{MINUTES}: {error}"));
                let time = Duration::from_secs_f64(minutes * 60.0);
                Self::Until(Instant::now() + time, time)
            }
        }
    }

    /// How far it is, from 0 to 1.
    fn progress(self, started: u64) -> f64 {
        match self {
            Self::Streams(streams) => started as f64 / streams as f64,
            Self::Until(end, time) => {
                1.0 - end.saturating_duration_since(Instant::now()).as_secs_f64() / time.as_secs_f64()
            }
        }
    }
}

fn host(isolation: Isolation, metrics: &Arc<Metrics>) -> Host {
    let mut limits = Limits::default();
    limits.streams = AT_ONCE;
    let mut timeouts = Timeouts::default();
    timeouts.first_content = Some(PATIENCE);
    timeouts.silence = Some(PATIENCE);
    Host::builder()
        .region("us-east-1")
        .endpoint(std::env::var(ENDPOINT).expect("run by the outer test"))
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .isolation(isolation)
        .observer(metrics.clone())
        .limits(limits)
        .timeouts(timeouts)
        // The faults are to be met, not mended.
        .attempts(1)
        .build()
        .expect("a host")
}

#[tokio::test]
#[ignore = "run by streams_end_once_and_whole_and_nothing_grows"]
async fn soak() {
    let length = Length::asked();
    let began = Instant::now();
    let before = Resources::now(0);
    let metrics = Arc::new(Metrics::default());
    let hosts = [host(Isolation::Stream, &metrics), host(Isolation::Plugin, &metrics)];
    let tally = Rc::new(RefCell::new(Tally::default()));
    let samples = Rc::new(RefCell::new(Samples::default()));
    let started = Rc::new(RefCell::new(0));
    let workers = (0..AT_ONCE).map(|worker| {
        let (host, tally, samples, started) =
            (hosts[worker % 2].clone(), tally.clone(), samples.clone(), started.clone());
        let hosts = &hosts;
        async move {
            loop {
                let number = *started.borrow();
                let progress = length.progress(number);
                if progress >= 1.0 {
                    return;
                }
                *started.borrow_mut() += 1;
                if progress * SAMPLES as f64 >= samples.borrow().len() as f64 {
                    let instances = hosts.iter().map(Host::plugin_instances).sum();
                    samples.borrow_mut().add(Resources::now(instances));
                }
                let plan = Plan::of(number);
                let outcome = run(&host, &plan).await;
                tally.borrow_mut().add(&plan, outcome);
            }
        }
    });
    join_all(workers).await;

    let (tally, samples) = (tally.take(), samples.take());
    println!("{} streams in {:.1} min\n{tally}", started.borrow(), began.elapsed().as_secs_f64() / 60.0);
    println!("{samples}");
    assert_eq!(hosts.iter().map(Host::streams).sum::<usize>(), 0, "streams are left");
    let instances: usize = hosts.iter().map(Host::plugin_instances).sum();
    assert!(instances <= 8, "{instances} instances with no stream");
    drop(hosts);
    let end = Instant::now() + PATIENCE;
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        assert!(Instant::now() < end, "tasks are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("before  {before}\nafter   {}", Resources::now(0));
    assert_eq!(tally.mistakes(), &[] as &[String], "see above");
    tally.check_against(&metrics.snapshot().models[MODEL]);
    samples.check();
    let after = Resources::now(0);
    // The first host makes a few that stay: of the runtime, and of what is loaded but once.
    assert!(after.descriptors <= before.descriptors + 8, "before {before}, after {after}");
}

/// Runs one stream to the end that is planned for it.
async fn run(host: &Host, plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stream = host.stream(Request::new(MODEL).user(&plan.prompt));
    let reading = async {
        let mut events = 0;
        loop {
            if plan.ends == Ends::Cancelled(events) {
                return;
            }
            match stream.next().await {
                None => break,
                Some(event) => {
                    outcome.after_the_end += u32::from(outcome.terminals > 0);
                    outcome.terminals += u32::from(event.is_terminal());
                    match event {
                        Event::TextDelta { delta, .. } => outcome.text.push_str(&delta),
                        Event::Done { message, .. } => outcome.message = Some(message.text()),
                        Event::Error { error } => outcome.error = Some(*error),
                        _ => {}
                    }
                }
            }
            events += 1;
        }
        // The end is the end, however often it is asked for.
        outcome.after_the_end += u32::from(stream.next().await.is_some());
    };
    match plan.patience {
        // Cancelled wherever it happens to be.
        Some(time) => {
            let _ = tokio::time::timeout(time, reading).await;
            // What had its end before was not cancelled, whatever was left to be read of its connection.
            outcome.cancelled = outcome.terminals == 0;
        }
        None => match tokio::time::timeout(PATIENCE * 4, reading).await {
            Ok(()) => outcome.cancelled = outcome.terminals == 0,
            Err(_) => outcome.hung = true,
        },
    }
    drop(stream);
    outcome
}
