//! Answers that break the contract, or strain it.

use crate::anywhere::{self, json_bomb};
use crate::calls::Calling;
use crate::guest::exports::outcrop::provider::provider::{NextStep, Progress};
use crate::guest::outcrop::provider::types::{
    BlockDelta, BlockEnd, Chunk, Deltas, Error, ErrorCode, Extension, Finish, Usage,
};
use crate::guest::{error, progress};

/// An answer, as it is to go wrong.
pub(crate) enum Answer {
    /// Given at the first call.
    Once(Vec<Chunk>, NextStep),
    /// At every call, which is told how many there were before.
    Forever(fn(u32) -> Vec<Chunk>, NextStep, u32),
    Fails(Vec<Chunk>, Error),
    Calls(Calling),
}

impl Answer {
    pub(crate) fn of(what: &str) -> Self {
        let once = |chunks: Vec<Chunk>| Self::Once(chunks, NextStep::End);
        let forever = |chunks| Self::Forever(chunks, NextStep::Again, 0);
        match what {
            "whole" => once(vec![start(0), text(0, "whole"), end(0), finished("end-turn")]),
            "none" => once(vec![start(0), text(0, "x"), end(0)]),
            "two-terminals" => once(vec![finished("end-turn"), finished("tool-use")]),
            "chunk-after-end" => once(vec![finished("end-turn"), start(0), text(0, "late")]),
            "block-never-closed" => once(vec![start(0), text(0, "x"), finished("end-turn")]),
            "block-closed-twice" => once(vec![start(0), end(0), end(0), finished("end-turn")]),
            "delta-after-block" => once(vec![start(0), end(0), text(0, "x"), finished("end-turn")]),
            "delta-without-block" => once(vec![text(0, "x"), finished("end-turn")]),
            "delta-of-wrong-kind" => once(vec![start(0), Chunk::ReasoningDelta(deltas(0, "x", vec![]))]),
            "arguments-in-text" => once(vec![start(0), Chunk::ToolArgumentsDelta(deltas(0, "{}", vec![]))]),
            "index-not-dense" => once(vec![start(1)]),
            "index-twice" => once(vec![start(0), start(0)]),
            "index-backwards" => once(vec![start(0), end(0), start(1), end(1), start(0)]),
            "index-giant" => once(vec![start(u32::MAX)]),
            "delta-index-giant" => once(vec![start(0), text(u32::MAX, "x")]),
            "cut-inside-character" => once(vec![start(0), Chunk::TextDelta(deltas(0, "ñ", vec![1]))]),
            "cut-past-the-end" => {
                once(vec![start(0), Chunk::TextDelta(deltas(0, "ab", vec![1, u32::MAX, u32::MAX]))])
            }
            "arguments-no-json" => once(tool_call("{\"a\":", "tool-use")),
            "arguments-an-array" => once(tool_call("[]", "tool-use")),
            "arguments-deep" => once(tool_call(&"{\"a\":".repeat(100_000), "tool-use")),
            "arguments-cut-off" => once(tool_call("{\"a\":", "max-tokens")),
            "many-blocks" => forever(|call| (call * 10_000..(call + 1) * 10_000).map(start).collect()),
            "millions-of-chunks" => once(vec![other("null"); 400_000]),
            "chunks-without-end" => forever(|_| vec![other("null"); 10_000]),
            "usage-without-end" => forever(|_| vec![Chunk::Usage(usage()); 10_000]),
            "text-giant" => once(
                core::iter::once(start(0)).chain((0..40).map(|_| text(0, &"x".repeat(1 << 20)))).collect(),
            ),
            "text-without-end" => forever(|call| match call {
                0 => vec![start(0)],
                _ => vec![text(0, &"x".repeat(8 << 20))],
            }),
            "empty-deltas" => once(vec![start(0), Chunk::TextDelta(deltas(0, "", vec![0; 4 << 20]))]),
            "json-bomb" => once(vec![other(&json_bomb())]),
            "json-bomb-in-block" => once(vec![
                Chunk::BlockStart((0, "image".to_owned())),
                Chunk::BlockDelta(BlockDelta { index: 0, kind: "image".to_owned(), value: json_bomb() }),
            ]),
            "json-bomb-in-arguments" => once(tool_call(&format!("{{\"a\":{}}}", json_bomb()), "tool-use")),
            "slow-without-end" => forever(|_| {
                anywhere::strike("slow");
                vec![Chunk::Usage(usage())]
            }),
            "again-without-end" => forever(|_| Vec::new()),
            "wait-for-nothing" => Self::Forever(|_| Vec::new(), NextStep::Wait, 0),
            "error-giant" => {
                let mut giant = error(ErrorCode::Other, "x".repeat(10 << 20));
                giant.extensions = vec![Extension { key: "k".to_owned(), value: json_bomb() }];
                Self::Fails(Vec::new(), giant)
            }
            "error-that-lies" => {
                let mut lie = error(ErrorCode::RateLimited, "try \u{1b}[31mme\rnow".to_owned());
                lie.retryable = true;
                lie.retry_after_ms = Some(u64::MAX);
                Self::Fails(vec![start(0), text(0, "delivered")], lie)
            }
            other => panic!("no such answer: {other}"),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Progress, Error> {
        match self {
            Self::Once(chunks, next) => progress(core::mem::take(chunks), *next),
            Self::Forever(chunks, next, calls) => {
                let chunks = chunks(*calls);
                *calls += 1;
                progress(chunks, *next)
            }
            Self::Fails(chunks, failure) if chunks.is_empty() => Err(failure.clone()),
            Self::Fails(chunks, _) => progress(core::mem::take(chunks), NextStep::Again),
            Self::Calls(calling) => calling.next(),
        }
    }
}

fn deltas(index: u32, text: &str, lengths: Vec<u32>) -> Deltas {
    Deltas { index, text: text.to_owned(), lengths }
}

pub(crate) fn start(index: u32) -> Chunk {
    Chunk::BlockStart((index, "text".to_owned()))
}

pub(crate) fn text(index: u32, text: &str) -> Chunk {
    Chunk::TextDelta(deltas(index, text, Vec::new()))
}

pub(crate) fn end(index: u32) -> Chunk {
    Chunk::BlockEnd(BlockEnd { index, signature: None, redacted: None, raw: None })
}

pub(crate) fn finished(reason: &str) -> Chunk {
    Chunk::Finished(Finish { reason: reason.to_owned(), raw: reason.to_owned(), extensions: Vec::new() })
}

fn other(value: &str) -> Chunk {
    Chunk::Other(Extension { key: "k".to_owned(), value: value.to_owned() })
}

fn tool_call(arguments: &str, reason: &str) -> Vec<Chunk> {
    vec![
        Chunk::ToolCallStart((0, "id".to_owned(), "tool".to_owned())),
        Chunk::ToolArgumentsDelta(deltas(0, arguments, Vec::new())),
        end(0),
        finished(reason),
    ]
}

fn usage() -> Usage {
    Usage { input: 1, output: 1, cache_read: 0, cache_write: 0, extensions: Vec::new() }
}
