//! A scenario made ready to send: every frame encoded once, shared by all who get it.

use bytes::{Bytes, BytesMut};
use hyper::header::{HeaderName, HeaderValue};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::{Operation, Scenario, Step, Writes, events, frame, unary};

/// A compiled scenario.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) before_headers: Duration,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) ops: Vec<Op>,
    /// The body's length, when the answer announces it.
    pub(crate) length: Option<u64>,
}

/// One thing the body does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    /// The same chunk so many times, each flushed by itself; `every` apart.
    Write {
        chunk: Bytes,
        times: usize,
        every: Duration,
    },
    /// One byte after the other.
    Trickle(Bytes),
    Sleep(Duration),
    Hang,
    Close,
    Reset,
    GoAway,
}

/// A scenario with its scripts, each compiled when it is first asked for.
#[derive(Debug)]
pub(crate) struct Prepared {
    scenario: Scenario,
    streamed: OnceLock<Arc<Script>>,
    unary: OnceLock<Arc<Script>>,
}

impl Prepared {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { scenario, streamed: OnceLock::new(), unary: OnceLock::new() }
    }

    /// Whether it answers with an HTTP error.
    pub(crate) fn is_error(&self) -> bool {
        self.scenario.status != 200
    }

    pub(crate) fn script(&self, operation: Operation) -> Arc<Script> {
        let compile = |scenario: &Scenario| Arc::new(Script::compile(scenario));
        let script = match operation {
            Operation::Converse => self.unary.get_or_init(|| compile(&unary::fold(&self.scenario))),
            _ => self.streamed.get_or_init(|| compile(&self.scenario)),
        };
        script.clone()
    }
}

impl Script {
    pub(crate) fn compile(scenario: &Scenario) -> Self {
        let ops: Vec<Op> = scenario.steps.iter().enumerate().map(|(i, s)| op(s, i)).collect();
        let ops = match scenario.writes {
            Writes::Frame => ops,
            Writes::Coalesced => coalesce(ops),
            Writes::Byte => coalesce(ops).into_iter().map(trickle).collect(),
        };
        let whole: Option<Vec<&Bytes>> = ops.iter().map(one_chunk).collect();
        let length = whole
            .filter(|_| !scenario.is_stream())
            .map(|chunks| chunks.iter().map(|chunk| chunk.len() as u64).sum());
        // A name or value that HTTP cannot carry is the scenario's mistake, and is left out.
        let headers = scenario.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        });
        Self {
            before_headers: scenario.before_headers,
            status: scenario.status,
            headers: headers.collect(),
            ops,
            length,
        }
    }
}

fn op(step: &Step, place: usize) -> Op {
    let once = |chunk| Op::Write { chunk, times: 1, every: Duration::ZERO };
    match step {
        Step::Event { name, payload } => once(frame::event(name, &events::pad(payload, place))),
        Step::Exception { name, payload } => once(frame::exception(name, payload)),
        Step::Raw(bytes) => once(bytes.clone()),
        Step::Repeat { name, payload, times, every } => Op::Write {
            chunk: frame::event(name, &events::pad(payload, place)),
            times: *times,
            every: *every,
        },
        Step::Sleep(pause) => Op::Sleep(*pause),
        Step::Hang => Op::Hang,
        Step::Close => Op::Close,
        Step::Reset => Op::Reset,
        Step::GoAway => Op::GoAway,
    }
}

/// Joins writes that nothing stands between.
fn coalesce(ops: Vec<Op>) -> Vec<Op> {
    let mut joined = Vec::new();
    let mut pending = BytesMut::new();
    let flush = |pending: &mut BytesMut, joined: &mut Vec<Op>| {
        if !pending.is_empty() {
            let chunk = pending.split().freeze();
            joined.push(Op::Write { chunk, times: 1, every: Duration::ZERO });
        }
    };
    for op in ops {
        match op {
            Op::Write { chunk, times, every: Duration::ZERO } => {
                (0..times).for_each(|_| pending.extend_from_slice(&chunk));
            }
            other => {
                flush(&mut pending, &mut joined);
                joined.push(other);
            }
        }
    }
    flush(&mut pending, &mut joined);
    joined
}

fn trickle(op: Op) -> Op {
    match op {
        Op::Write { chunk, times: 1, .. } => Op::Trickle(chunk),
        other => other,
    }
}

fn one_chunk(op: &Op) -> Option<&Bytes> {
    match op {
        Op::Write { chunk, times: 1, .. } | Op::Trickle(chunk) => Some(chunk),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scenario() -> Scenario {
        let repeat = Step::Repeat {
            name: "contentBlockDelta".to_owned(),
            payload: json!({}),
            times: 3,
            every: Duration::ZERO,
        };
        let pause = Step::Sleep(Duration::from_millis(1));
        Scenario::stream(vec![events::message_start(), repeat, pause, events::block_stop(0)])
    }

    #[test]
    fn coalescing_joins_what_stands_between_waits() {
        let frames = Script::compile(&scenario());
        let coalesced = Script::compile(&scenario().writes(Writes::Coalesced));
        assert_eq!((frames.ops.len(), coalesced.ops.len()), (4, 3));
        let bytes = |ops: &[Op]| -> usize {
            let sizes = ops.iter().map(|op| match op {
                Op::Write { chunk, times, .. } => chunk.len() * times,
                _ => 0,
            });
            sizes.sum()
        };
        assert_eq!(bytes(&frames.ops), bytes(&coalesced.ops));
    }

    #[test]
    fn only_a_whole_document_announces_its_length() {
        let error = Scenario::error(400, "ValidationException", "no");
        assert_eq!(Script::compile(&error).length, Some(16));
        assert_eq!(Script::compile(&scenario()).length, None);
    }
}
