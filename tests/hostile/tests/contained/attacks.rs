//! The attacks of the guest in `plugin/`, and what becomes of each.

use std::time::Duration;

use outcrop::ErrorClass::{self, Internal, Other, RateLimited, Timeout, Truncated};
use outcrop::Limits;
use outcrop::request::Timeouts;

/// An attack: a plugin, what is asked of it, and what must come of that.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) plugin: Plugin,
    pub(crate) way: Way,
    pub(crate) limits: fn(&mut Limits, &mut Timeouts),
    pub(crate) expected: Expected,
}

pub(crate) enum Plugin {
    /// The guest, whose setting `attack` is the name of the attack.
    Guest,
    /// A component of its own, or what pretends to be one.
    Made(fn() -> Vec<u8>),
}

/// What is asked of the plugin once it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing: to load it must fail.
    Load,
    List,
    Stream,
    Count,
    Preview,
    Explain,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// An error of this class whose message names the plugin and holds these words.
    Fault(ErrorClass, &'static str),
    /// The plugin's own error, which the host passes on: its class, and how its message begins.
    Told(ErrorClass, &'static str),
    /// An answer with this text, or anything else that is no error, told in these words.
    Harmless(&'static str),
}

use Expected::{Fault, Harmless, Told};
use Way::{Count, Explain, List, Load, Preview, Stream};

const NO_TIME: &str = "took more time for a call than the 100 ms it may (callTimeMs)";
const NO_MEMORY: &str = "used more memory than the 67108864 bytes it may (memoryBytes)";
// The guest keeps its own stack at the beginning of its memory; `raw/recursion` fills that of WebAssembly.
const NO_STACK: &str = "failed: wasm trap: out of bounds memory access";
const NO_HANDLES: &str = "used more handles than the 1024 it may (handles)";
const TOO_MUCH: &str = "gave more data in one call than the 33554432 bytes it may (hostCallBytes)";
const TOO_LARGE: &str = "takes up more than 67108864 bytes (answerBytes)";
const TRAP: &str = "failed: wasm trap: wasm `unreachable` instruction executed";

const fn guest(name: &'static str, way: Way, expected: Expected) -> Attack {
    Attack { name, plugin: Plugin::Guest, way, limits: |_, _| {}, expected }
}

/// Where the attack does nothing until a time limit ends it.
const fn idle(name: &'static str, expected: Expected) -> Attack {
    let limits =
        |_: &mut Limits, timeouts: &mut Timeouts| timeouts.first_content = Some(Duration::from_secs(1));
    Attack { name, plugin: Plugin::Guest, way: Stream, limits, expected }
}

/// Where the attack takes its time before it meets the limit that is tried.
const fn unhurried(name: &'static str, way: Way, expected: Expected) -> Attack {
    let limits = |limits: &mut Limits, _: &mut Timeouts| limits.call_time = Duration::from_secs(10);
    Attack { name, plugin: Plugin::Guest, way, limits, expected }
}

pub(crate) const IN_EACH_EXPORT: &[Attack] = &[
    guest("configure/loop", Load, Fault(Internal, NO_TIME)),
    guest("configure/trap", Load, Fault(Internal, TRAP)),
    guest("configure/recursion", Load, Fault(Internal, NO_STACK)),
    unhurried("configure/memory", Load, Fault(Internal, NO_MEMORY)),
    unhurried("configure/handles", Load, Fault(Internal, NO_HANDLES)),
    guest("configure/log-flood", Load, Fault(Internal, NO_TIME)),
    unhurried("configure/log-giant", Load, Fault(Internal, TOO_MUCH)),
    guest("configure/memory-flood", Load, Fault(Internal, NO_TIME)),
    guest("list-models/loop", List, Fault(Internal, NO_TIME)),
    guest("list-models/trap", List, Fault(Internal, TRAP)),
    guest("list-models/recursion", List, Fault(Internal, NO_STACK)),
    unhurried("list-models/memory", List, Fault(Internal, NO_MEMORY)),
    guest("start-stream/loop", Stream, Fault(Internal, NO_TIME)),
    guest("start-stream/trap", Stream, Fault(Internal, TRAP)),
    guest("start-stream/recursion", Stream, Fault(Internal, NO_STACK)),
    unhurried("start-stream/memory", Stream, Fault(Internal, NO_MEMORY)),
    unhurried("start-stream/handles", Stream, Fault(Internal, NO_HANDLES)),
    guest("next-chunk/loop", Stream, Fault(Internal, NO_TIME)),
    guest("next-chunk/trap", Stream, Fault(Internal, TRAP)),
    guest("next-chunk/recursion", Stream, Fault(Internal, NO_STACK)),
    unhurried("next-chunk/memory", Stream, Fault(Internal, NO_MEMORY)),
    unhurried("next-chunk/memory-to-the-limit", Stream, Harmless("whole")),
    unhurried("next-chunk/handles", Stream, Fault(Internal, NO_HANDLES)),
    guest("next-chunk/log-flood", Stream, Fault(Internal, NO_TIME)),
    unhurried("next-chunk/log-giant", Stream, Fault(Internal, TOO_MUCH)),
    guest("next-chunk/log-forged", Stream, Harmless("whole")),
    guest("next-chunk/memory-flood", Stream, Fault(Internal, NO_TIME)),
    // The host drops a stream's instance whole and runs nothing in it any more.
    guest("destructor/loop", Stream, Harmless("whole")),
    guest("destructor/trap", Stream, Harmless("whole")),
    guest("start-count/loop", Count, Fault(Internal, NO_TIME)),
    guest("start-count/trap", Count, Fault(Internal, TRAP)),
    guest("count/wait-for-nothing", Count, Fault(Internal, "waits with nothing under way")),
    guest("count/never-read", Count, Fault(Internal, "was called 64 times in a row")),
    guest("poll-count/loop", Count, Fault(Internal, NO_TIME)),
    guest("poll-count/trap", Count, Fault(Internal, TRAP)),
    unhurried("poll-count/memory", Count, Fault(Internal, NO_MEMORY)),
    guest("preview-request/loop", Preview, Fault(Internal, NO_TIME)),
    guest("preview-request/trap", Preview, Fault(Internal, TRAP)),
    unhurried("preview/json-bomb", Preview, Fault(Internal, TOO_LARGE)),
    guest("preview/no-json", Preview, Fault(Internal, "previews a body that is no JSON")),
    guest("explain-model/loop", Explain, Fault(Internal, NO_TIME)),
    guest("explain-model/trap", Explain, Fault(Internal, TRAP)),
];

pub(crate) const ANSWERS: &[Attack] = &[
    guest("answer/none", Stream, Fault(Internal, "ended the stream without an end to the answer")),
    // What comes behind the one terminal outcome is never looked at.
    guest("answer/two-terminals", Stream, Harmless("")),
    guest("answer/chunk-after-end", Stream, Harmless("")),
    guest("answer/block-never-closed", Stream, Fault(Internal, "ended the answer with block 0 open")),
    guest("answer/block-closed-twice", Stream, Fault(Internal, "block 0, which is not open")),
    guest("answer/delta-after-block", Stream, Fault(Internal, "block 0, which is not open")),
    guest("answer/delta-without-block", Stream, Fault(Internal, "block 0, which is not open")),
    guest("answer/delta-of-wrong-kind", Stream, Fault(Internal, "a delta of another kind")),
    guest("answer/arguments-in-text", Stream, Fault(Internal, "a delta of another kind")),
    guest("answer/index-not-dense", Stream, Fault(Internal, "numbered a block 1 where 0 was next")),
    guest("answer/index-twice", Stream, Fault(Internal, "numbered a block 0 where 1 was next")),
    guest("answer/index-backwards", Stream, Fault(Internal, "numbered a block 0 where 2 was next")),
    guest("answer/index-giant", Stream, Fault(Internal, "numbered a block 4294967295 where 0 was next")),
    guest("answer/delta-index-giant", Stream, Fault(Internal, "block 4294967295, which is not open")),
    guest("answer/cut-inside-character", Stream, Fault(Internal, "where there is no character")),
    guest("answer/cut-past-the-end", Stream, Fault(Internal, "where there is no character")),
    guest("answer/arguments-no-json", Stream, Told(Truncated, "the arguments of the tool call id (tool)")),
    guest("answer/arguments-an-array", Stream, Told(Truncated, "the arguments of the tool call id (tool)")),
    unhurried("answer/arguments-deep", Stream, Told(Truncated, "the arguments of the tool call id (tool)")),
    guest("answer/arguments-cut-off", Stream, Harmless("")),
    unhurried("answer/many-blocks", Stream, Fault(Internal, "numbered a block 100000 where 100000 was next")),
    unhurried("answer/millions-of-chunks", Stream, Fault(Internal, TOO_MUCH)),
    unhurried("answer/chunks-without-end", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/usage-without-end", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/text-giant", Stream, Fault(Internal, TOO_MUCH)),
    unhurried("answer/text-without-end", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/empty-deltas", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/json-bomb", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/json-bomb-in-block", Stream, Fault(Internal, TOO_LARGE)),
    unhurried("answer/json-bomb-in-arguments", Stream, Fault(Internal, TOO_LARGE)),
    guest("answer/again-without-end", Stream, Fault(Internal, "was called 64 times in a row")),
    guest("answer/wait-for-nothing", Stream, Fault(Internal, "waits with nothing under way")),
    unhurried("answer/error-giant", Stream, Told(Other, "xxxx")),
    guest("answer/error-that-lies", Stream, Told(RateLimited, "try  [31mme now")),
    unhurried("listing/invalid-ids", List, Harmless("1 on offer, 6 left out")),
    unhurried("listing/giant", List, Fault(Internal, TOO_MUCH)),
    unhurried("listing/json-bomb", List, Fault(Internal, TOO_LARGE)),
];

const NOT_ASKED: &str = "is not the requested model or lies elsewhere";
const NOT_BROUGHT: &str = "a storage location (s3Location) that the request did not bring";

pub(crate) const CALLS: &[Attack] = &[
    guest("listing/call", List, Told(Other, "the model id is empty")),
    guest("call/foreign-model", Stream, Told(Other, NOT_ASKED)),
    guest("call/foreign-account", Stream, Told(Other, NOT_ASKED)),
    guest("call/foreign-region", Stream, Told(Other, NOT_ASKED)),
    guest("call/foreign-partition", Stream, Told(Other, "the ARN's partition is none of AWS's")),
    guest("call/foreign-service", Stream, Told(Other, "the ARN is not one of Bedrock's")),
    guest("call/url-as-model", Stream, Told(Other, "a model id with a slash")),
    guest("call/path-as-model", Stream, Told(Other, "a model id with a slash")),
    unhurried("call/giant-model", Stream, Told(Other, "the model id is longer than 2048 bytes")),
    guest("call/foreign-operation", Stream, Told(Other, "there is no operation \"invoke-model\"")),
    guest("call/storage", Stream, Told(Other, NOT_BROUGHT)),
    guest("call/storage-hidden", Stream, Told(Other, NOT_BROUGHT)),
    guest("call/storage-twice", Stream, Told(Other, "the member \"uri\" stands twice")),
    guest("call/guardrail-left-out", Stream, Harmless("answered")),
    guest("call/guardrail-replaced", Stream, Harmless("answered")),
    guest("call/guardrail-twice", Stream, Told(Other, "the member \"guardrailConfig\" stands twice")),
    guest("call/metadata-replaced", Stream, Harmless("answered")),
    guest("call/body-no-json", Stream, Told(Other, "the body is no JSON object")),
    guest("call/body-no-object", Stream, Told(Other, "the body is no JSON object")),
    guest("call/body-no-text", Stream, Told(Other, "the body is not UTF-8")),
    unhurried("call/body-deep", Stream, Told(Other, "the body is no JSON object")),
    unhurried("call/body-giant", Stream, Fault(Internal, TOO_MUCH)),
    unhurried("call/body-many-members", Stream, Told(Other, "it has more than 64 members")),
    unhurried("call/bodies-giant", Stream, Fault(Internal, "are larger than 67108864 bytes")),
    guest(
        "call/media-unknown",
        Stream,
        Fault(Internal, "refers to media 7, which the request does not have"),
    ),
    guest("call/media-outside-a-string", Stream, Told(Other, "media stand outside a string in the body")),
    unhurried("call/media-repeated", Stream, Told(Other, "the request is larger than 128 MiB")),
    guest("call/thousands", Stream, Fault(Internal, "started more than 32 calls to Bedrock for one stream")),
    guest(
        "call/thousands-held",
        Stream,
        Fault(Internal, "has more than 8 calls to Bedrock under way (bridgeCalls)"),
    ),
    guest("call/read-past-the-end", Stream, Harmless("answered")),
    guest("call/read-past-a-failure", Stream, Told(Other, "the model id is empty")),
    guest("call/never-read-and-wait", Stream, Fault(Internal, "was called 64 times in a row")),
    guest("call/never-read-and-again", Stream, Fault(Internal, "was called 64 times in a row")),
    idle("call/wait-for-a-late-call", Told(Timeout, "no content came within 1 s")),
];
