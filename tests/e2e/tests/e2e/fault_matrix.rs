//! The fault matrix: every fault that the wire and the service can have, each with the one end that it must have.
//!
//! None hangs, none is a success with a short answer, and what was delivered is what the server had sent.

mod cases;
mod proxy;

use std::time::Duration;

use bedrock_sim::raw::RawServer;
use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};
use outcrop::request::Timeouts;
use outcrop::{Error, Event, Host};
use serde_json::Value;

use self::cases::{CASES, Case, End, Server, Text};
use self::proxy::{Proxy, ProxyServer};
use crate::support::{Cache, MODEL, Sim, ask, bare_outcrop, collect, json_lines, simulator};

/// Where running into a limit is the expected end.
const SHORT: Duration = Duration::from_millis(600);
/// Where it is not: no machine is too slow.
const LONG: Duration = Duration::from_secs(25);

/// Which limit of time a case is to meet.
#[derive(Clone, Copy, PartialEq)]
enum Limit {
    None,
    FirstContent,
    Silence,
}

impl Limit {
    /// Until the first content, and between two arrivals.
    fn times(self) -> (Duration, Duration) {
        match self {
            Self::None => (LONG, LONG),
            Self::FirstContent => (SHORT, LONG),
            Self::Silence => (LONG, SHORT),
        }
    }
}

/// How an answer ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// `done`, or the error's class.
    end: String,
    delivered: bool,
    retryable: bool,
    text: String,
    /// For a person.
    message: String,
    via_proxy: bool,
}

/// What a case needs, running.
struct Stage {
    _raw: Option<RawServer>,
    _sim: Option<Sim>,
    endpoint: String,
    authority: String,
    proxy: Option<ProxyServer>,
}

#[test]
fn every_fault_has_its_one_right_end() {
    let plain = simulator();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut table = vec![
        "| | over | fault | sent by | expected | actual | text | said |".to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    let mut wrong = Vec::new();
    for (index, case) in CASES.iter().enumerate() {
        let limit = match (case.end, case.text) {
            (End::Late, Text::Parts(0)) => Limit::FirstContent,
            (End::Late, _) => Limit::Silence,
            _ => Limit::None,
        };
        let stage = Stage::new(case, &plain);
        let outcomes = if case.variables.is_empty() {
            let host = host(&stage.endpoint, limit, &plain.1);
            // A host's first request is made by the AWS SDK, those after it are made in its likeness.
            ["SDK", "copy"].map(|sender| (sender, runtime.block_on(in_process(&host, case)))).into()
        } else {
            vec![("SDK", by_binary(&stage, case, limit))]
        };
        for (sender, outcome) in outcomes {
            let (expected, fits) = case.judge(&outcome);
            table.push(format!(
                "| {} | {} | {} | {sender} | {expected} | {} | {} | {} |",
                index + 1,
                case.over,
                case.fault,
                told(&outcome.end, outcome.delivered, outcome.retryable, outcome.via_proxy),
                outcome.text.len(),
                outcome.message.chars().take(90).collect::<String>(),
            ));
            if !fits {
                wrong.push(format!(
                    "{} {} ({sender}): {expected} expected, {outcome:?}",
                    case.over, case.fault
                ));
            }
        }
    }
    println!("{}", table.join("\n"));
    assert!(CASES.len() >= 60);
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
    let settled = plain.wait_for_blocking(|log| log.live_responses() == 0, crate::support::PATIENCE);
    assert!(settled, "no connection is left hanging");
}

fn told(end: &str, delivered: bool, retryable: bool, via_proxy: bool) -> String {
    let mut told = end.to_owned();
    for (word, holds) in [("delivered", delivered), ("retryable", retryable), ("by proxy", via_proxy)] {
        if holds {
            told += ", ";
            told += word;
        }
    }
    told
}

impl Case {
    /// What is expected, and whether it is so.
    fn judge(&self, outcome: &Outcome) -> (String, bool) {
        let parts = |count: usize| (0..count).map(|part| format!("part {part} ")).collect::<String>();
        let (text_fits, some) = match self.text {
            Text::Parts(count) => (outcome.text == parts(count), count > 0),
            // A reset throws away what was not read yet.
            Text::UpTo(count) => (parts(count).starts_with(&outcome.text), !outcome.text.is_empty()),
            Text::Is(text) => (outcome.text == text, !text.is_empty()),
        };
        let by_proxy = matches!(self.proxy, Proxy::Works | Proxy::AsksForPassword) && self.by_proxy;
        let (ends, retryable) = match self.end {
            End::Done => (&["done"][..], false),
            End::Late => (&["timeout"][..], !some),
            End::Error(classes, retryable) => (classes, retryable && !some),
        };
        let expected = told(&ends.join(" or "), some && self.end != End::Done, retryable, by_proxy);
        let fits = ends.contains(&outcome.end.as_str())
            && text_fits
            && outcome.delivered == (some && self.end != End::Done)
            && outcome.retryable == retryable
            && outcome.via_proxy == by_proxy;
        (expected, fits)
    }
}

fn host(endpoint: &str, limit: Limit, cache: &Cache) -> Host {
    let mut timeouts = Timeouts::default();
    let (first_content, silence) = limit.times();
    (timeouts.first_content, timeouts.silence) = (Some(first_content), Some(silence));
    Host::builder()
        .region("us-east-1")
        .endpoint(endpoint)
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .cache_folder(cache.path())
        .timeouts(timeouts)
        .attempts(1)
        .build()
        .expect("a host")
}

async fn in_process(host: &Host, case: &Case) -> Outcome {
    let events = collect(host.stream(ask(case.fault))).await;
    let text = events.iter().filter_map(|event| match event {
        Event::TextDelta { delta, .. } => Some(&**delta),
        _ => None,
    });
    let text: String = text.collect();
    match events.last() {
        Some(Event::Done { message, .. }) => {
            assert_eq!(message.text(), text, "{}", case.fault);
            Outcome::done(text)
        }
        Some(Event::Error { error }) => {
            let Error { class, message, delivered, retryable, .. } = &**error;
            let (end, message) = (class.to_string(), message.clone());
            Outcome { end, delivered: *delivered, retryable: *retryable, text, message, via_proxy: false }
        }
        other => panic!("{}: {other:?}", case.fault),
    }
}

impl Outcome {
    fn done(text: String) -> Self {
        let (end, message) = ("done".to_owned(), String::new());
        Self { end, delivered: false, retryable: false, text, message, via_proxy: false }
    }
}

/// In a process of its own: what it trusts, and which proxy it uses, stands in its environment.
fn by_binary(stage: &Stage, case: &Case, limit: Limit) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.json5");
    std::fs::write(&config, "{models: {providers: {'amazon-bedrock': {attempts: 1}}}}").expect("written");
    let proxy = stage.proxy.as_ref().map(ProxyServer::url).unwrap_or_default();
    let (first_content, silence) = limit.times();
    let mut command = bare_outcrop();
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
        .env_remove("SSL_CERT_FILE")
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)
        .envs(case.variables.iter().map(|(name, value)| {
            (name, value.replace("{authority}", &stage.authority).replace("{proxy}", &proxy))
        }))
        .args(["--endpoint", &stage.endpoint, "--config"])
        .arg(config)
        .args(["chat", "--json", "--model", MODEL])
        .args(["--timeout-first-content", &first_content.as_secs_f64().to_string()])
        .args(["--timeout-silence", &silence.as_secs_f64().to_string()])
        .arg(case.fault);
    let events = json_lines(&command.output().expect("it runs"));
    let deltas = events.iter().filter(|event| event["type"] == "text_delta");
    let text: String = deltas.map(|event| event["delta"].as_str().expect("text")).collect();
    let last = events.last().unwrap_or_else(|| panic!("{} says nothing", case.fault));
    let via_proxy = stage.proxy.as_ref().is_some_and(ProxyServer::was_used);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let outcome = match word(&last["type"]).as_str() {
        "done" => {
            assert_eq!(last["message"]["content"][0]["text"], text, "{}", case.fault);
            Outcome::done(text)
        }
        _ => {
            let error = &last["error"];
            Outcome {
                end: word(&error["class"]),
                delivered: error["delivered"] == true,
                retryable: error["retryable"] == true,
                text,
                message: word(&error["message"]),
                via_proxy: false,
            }
        }
    };
    Outcome { via_proxy, ..outcome }
}

impl Stage {
    fn new(case: &Case, plain: &Simulator) -> Self {
        let mut stage = Self {
            _raw: None,
            _sim: None,
            endpoint: String::new(),
            authority: String::new(),
            proxy: ProxyServer::start(case.proxy),
        };
        match case.server {
            Server::Sim => stage.endpoint = plain.endpoint(),
            Server::TlsTo(port) => {
                let address = plain.address();
                stage.endpoint = format!("https://localhost:{}", port.unwrap_or(address.port()));
            }
            Server::Nobody(endpoint) => endpoint.clone_into(&mut stage.endpoint),
            Server::Tls(tls, clear) => {
                let sim = Simulator::builder().tls(tls()).start_in_thread().expect("the simulator starts");
                stage.endpoint = match clear {
                    true => format!("http://{}", sim.address()),
                    false => sim.endpoint(),
                };
                stage.authority = sim.ca_file().expect("an authority").display().to_string();
                stage._sim = Some(Sim::of(sim));
            }
            Server::Raw(scheme, acts) => {
                let server = RawServer::start(acts()).expect("it starts");
                stage.endpoint = format!("{scheme}://{}", server.address());
                stage._raw = Some(server);
            }
        }
        stage
    }
}
