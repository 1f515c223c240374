//! What the simulator saw: every request and how its answer ended, and a way to wait for it.

use bytes::Bytes;
use hyper::{HeaderMap, Method, Version};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

use crate::{AuthOutcome, Operation};

/// How the answer to a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not: the request is being read, or the answer is under way.
    Live,
    /// Every byte of it was handed to the connection.
    Completed,
    /// The client closed the connection or reset the stream first. Seen when it happens, not at
    /// the next write.
    ClientGone,
    /// The scenario itself broke it off ([`Step::Close`](crate::Step::Close),
    /// [`Step::Reset`](crate::Step::Reset)).
    BrokenOff,
}

/// One request, as received.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its place among all requests since the start, from 0.
    pub index: usize,
    /// The connection it came on, from 0.
    pub connection: u64,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: Version,
    /// The method.
    pub method: Method,
    /// The raw path and query, percent-encoding untouched.
    pub target: String,
    /// The request headers.
    pub headers: HeaderMap,
    /// The body; empty until it was read.
    pub body: Bytes,
    /// What the path asks for.
    pub operation: Operation,
    /// The decoded model or profile id of the path.
    pub id: Option<String>,
    /// Who the request was found to come from; `None` until its body was read.
    pub auth: Option<AuthOutcome>,
    /// The scenario that answers: a name of the registry with its parameters, or `scripted`.
    pub scenario: Option<String>,
    /// The status answered; `None` until the headers go out.
    pub status: Option<u16>,
    /// When its headers had arrived.
    pub received_at: Instant,
    /// When its answer ended.
    pub ended_at: Option<Instant>,
    /// The chunks of the body that were handed to the connection, known at the end.
    pub chunks_sent: usize,
    /// How its answer ended.
    pub outcome: Outcome,
}

impl Request {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A request header, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct Log {
    /// The index of the first entry: requests before it were forgotten.
    first: usize,
    requests: Vec<Request>,
    accepted_connections: u64,
    open_connections: usize,
    live_responses: usize,
}

impl Log {
    /// The requests, oldest first.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Connections accepted since the start.
    pub fn accepted_connections(&self) -> u64 {
        self.accepted_connections
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.open_connections
    }

    /// Requests whose answer has not ended.
    pub fn live_responses(&self) -> usize {
        self.live_responses
    }

    /// The request with this [`Request::index`], unless it was forgotten.
    pub fn request(&self, index: usize) -> Option<&Request> {
        self.requests.get(index.checked_sub(self.first)?)
    }
}

/// The log and those who wait for it to change.
#[derive(Debug)]
pub(crate) struct SharedLog {
    log: Mutex<Log>,
    changed: Condvar,
    revision: watch::Sender<u64>,
}

impl SharedLog {
    pub(crate) fn new() -> Self {
        Self { log: Mutex::default(), changed: Condvar::new(), revision: watch::Sender::new(0) }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        read(&self.lock())
    }

    pub(crate) fn connection_opened(&self) -> u64 {
        self.change(|log| {
            log.open_connections += 1;
            log.accepted_connections += 1;
            log.accepted_connections - 1
        })
    }

    pub(crate) fn connection_closed(&self) {
        self.change(|log| log.open_connections -= 1);
    }

    /// Enters a request and returns its index.
    pub(crate) fn enter(&self, mut request: Request) -> usize {
        self.change(|log| {
            request.index = log.first + log.requests.len();
            log.live_responses += 1;
            log.requests.push(request);
            log.first + log.requests.len() - 1
        })
    }

    pub(crate) fn update(&self, index: usize, update: impl FnOnce(&mut Request)) {
        self.change(|log| {
            let place = index.checked_sub(log.first);
            if let Some(request) = place.and_then(|place| log.requests.get_mut(place)) {
                update(request);
            }
        });
    }

    pub(crate) fn end(&self, index: usize, outcome: Outcome, chunks_sent: usize) {
        self.change(|log| log.live_responses -= 1);
        self.update(index, |request| {
            request.outcome = outcome;
            request.chunks_sent = chunks_sent;
            request.ended_at = Some(Instant::now());
        });
    }

    pub(crate) fn forget(&self) {
        self.change(|log| {
            log.first += log.requests.len();
            log.requests.clear();
        });
    }

    /// Waits until `reached` holds; false when `limit` passes first.
    pub(crate) async fn wait_for(&self, reached: impl Fn(&Log) -> bool, limit: Duration) -> bool {
        let mut revision = self.revision.subscribe();
        let wait = async {
            // The sender lives as long as `self`, so `changed` only ends with a change.
            while !self.read(&reached) && revision.changed().await.is_ok() {}
        };
        tokio::time::timeout(limit, wait).await.is_ok() || self.read(reached)
    }

    /// As `wait_for`, for threads without a runtime.
    pub(crate) fn wait_for_blocking(&self, reached: impl Fn(&Log) -> bool, limit: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), limit, |log| !reached(log));
        let (log, _) = waited.unwrap_or_else(PoisonError::into_inner);
        reached(&log)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        self.revision.send_modify(|revision| *revision += 1);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        // A test's predicate that panics must not take the simulator with it.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
