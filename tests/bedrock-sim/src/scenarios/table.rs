//! Every scenario but the errors and exceptions, which have tables of their own.

use super::answers as ok;
use super::faults::{self, AFTER};
use crate::Scenario;
use crate::registry::{Answer, Call, Entry, Parameter};

const fn p(name: &'static str, default: &'static str, about: &'static str) -> Parameter {
    Parameter { name, default, about }
}

/// A good answer that is built from the request.
const fn answer(
    name: &'static str,
    build: fn(&Call<'_>) -> Scenario,
    parameters: &'static [Parameter],
    about: &'static str,
) -> Entry {
    Entry {
        name,
        about,
        parameters,
        answer: Answer::Build(build),
        reads_request: true,
        yields_to_tool_result: true,
    }
}

/// An answer that is the same for every request.
const fn fixed(
    name: &'static str,
    build: fn(&Call<'_>) -> Scenario,
    parameters: &'static [Parameter],
    about: &'static str,
) -> Entry {
    let answer = answer(name, build, parameters, about);
    Entry { reads_request: false, yields_to_tool_result: false, ..answer }
}

const SAY: Parameter = p("say", "", "a text block before the call");

pub(crate) static SCENARIOS: &[Entry] = &[
    answer("text", ok::text, &[], "text: the rest of the line, or `You said: PROMPT`"),
    answer(
        "tools",
        ok::tools,
        &[SAY, p("input", "", "the arguments, as JSON; by default made from the schema")],
        "calls the first (or the chosen) tool, its arguments in several fragments of which the first is empty",
    ),
    answer("tools-no-input", ok::tools_no_input, &[SAY], "calls a tool without a single toolUse delta"),
    answer(
        "parallel-tools",
        ok::parallel_tools,
        &[p("count", "2", "calls"), SAY],
        "calls several tools, in turn",
    ),
    answer("tool-result", ok::tool_result, &[], "text that quotes the tool results of the last message"),
    answer(
        "reasoning",
        ok::reasoning,
        &[p("signed", "yes", "`no` leaves the signature out")],
        "reasoning with a signature, then text",
    ),
    answer("redacted-reasoning", ok::redacted_reasoning, &[], "redacted reasoning, then text"),
    answer("citations", ok::citations, &[], "text with a citation of a document"),
    answer(
        "guardrail",
        ok::guardrail,
        &[p("action", "blocked", "`blocked` or `masked`")],
        "stopReason guardrail_intervened, and the trace in metadata",
    ),
    answer(
        "server-tool",
        ok::server_tool,
        &[],
        "a tool that the service ran by itself: toolUse, toolResult, text, citation of a web page",
    ),
    answer(
        "cached",
        ok::cached,
        &[p("read", "1000", "tokens read from the cache"), p("write", "200", "tokens written to it")],
        "usage with cache reads and writes",
    ),
    answer(
        "service-tier",
        ok::service_tier,
        &[
            p("tier", "priority", "serviceTier.type"),
            p(
                "routed-to",
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "promptRouter.invokedModelId",
            ),
        ],
        "metadata with serviceTier, performanceConfig and the prompt router's choice",
    ),
    answer(
        "stop",
        ok::stop,
        &[p("reason", "a_future_reason", "stopReason")],
        "text that ends with any stop reason",
    ),
    answer("empty", ok::empty, &[], "no content block at all"),
    answer("unknown-event", ok::unknown_event, &[], "an event type that nobody knows, amid text"),
    answer(
        "unknown-members",
        ok::unknown_members,
        &[],
        "unknown members in every event, and a delta of an unknown kind",
    ),
    answer("block-start", ok::block_start_text, &[], "a text block that is opened by contentBlockStart"),
    fixed(
        "long",
        ok::long,
        &[
            p("deltas", "1000", "text deltas"),
            p("bytes", "20", "text bytes in each"),
            p("every", "0", "ms from one to the next"),
        ],
        "a long answer, encoded once for all",
    ),
    fixed(
        "paced",
        ok::long,
        &[
            p("deltas", "100", "text deltas"),
            p("bytes", "20", "text bytes in each"),
            p("every", "20", "ms from one to the next"),
        ],
        "a slow answer that keeps time",
    ),
    fixed(
        "bad-prelude-checksum",
        faults::bad_prelude_checksum,
        &[AFTER],
        "a frame whose prelude checksum is wrong, then the end",
    ),
    fixed(
        "bad-message-checksum",
        faults::bad_message_checksum,
        &[AFTER],
        "a frame whose message checksum is wrong, then the end",
    ),
    fixed(
        "oversized-frame",
        faults::oversized_frame,
        &[AFTER],
        "a frame that claims a gigabyte; the connection stays open",
    ),
    fixed(
        "zero-length-frame",
        faults::zero_length_frame,
        &[AFTER],
        "a frame that claims no length at all; the connection stays open",
    ),
    fixed("empty-frame", faults::empty_frame, &[AFTER], "a frame without headers and payload, then the end"),
    fixed(
        "garbage-headers",
        faults::garbage_headers,
        &[AFTER],
        "a frame whose headers are none, then the end",
    ),
    fixed(
        "go-away",
        faults::go_away,
        &[AFTER],
        "a whole answer, in the middle of which the connection is closed to others: h2 says GOAWAY",
    ),
    fixed("no-metadata", faults::no_metadata, &[AFTER], "messageStop, and then nothing for ever"),
    fixed("gzip", faults::gzip, &[], "a whole answer, compressed though nobody asked for that"),
    fixed(
        "redirect",
        faults::redirect,
        &[p("status", "307", "HTTP status"), p("to", "http://127.0.0.1:9/", "the Location header")],
        "an answer that lies elsewhere",
    ),
    fixed("empty-body", faults::empty_body, &[], "a 200 without a single frame"),
    fixed("cut-frame", faults::cut_frame, &[AFTER], "half a frame, then the end"),
    fixed("early-end", faults::early_end, &[AFTER], "a clean end before messageStop"),
    fixed(
        "end-after-stop",
        faults::end_after_stop,
        &[AFTER],
        "a clean end after messageStop, without metadata",
    ),
    fixed("silence", faults::silence, &[AFTER], "nothing more for ever; the connection stays open"),
    fixed("no-headers", faults::no_headers, &[], "no answer at all; the connection stays open"),
    fixed(
        "close",
        faults::close,
        &[AFTER],
        "the body breaks off: h1 closes without the last chunk, h2 resets the stream",
    ),
    fixed("reset", faults::reset, &[AFTER], "the TCP connection is reset, and all its streams with it"),
    fixed(
        "slow-headers",
        faults::slow_headers,
        &[p("ms", "500", "silence before the headers")],
        "a late answer",
    ),
    fixed(
        "slow-first-frame",
        faults::slow_first_frame,
        &[p("ms", "500", "silence before the first frame")],
        "headers at once, a late body",
    ),
    fixed(
        "error-frame",
        faults::error_frame,
        &[
            AFTER,
            p("code", "InternalError", ":error-code"),
            p("message", "An internal error.", ":error-message"),
        ],
        "a frame of :message-type error",
    ),
    fixed("not-json", faults::not_json, &[AFTER], "an event whose payload is not JSON, then the end"),
    fixed(
        "wrong-content-type",
        faults::wrong_content_type,
        &[p("content-type", "application/octet-stream", "the header")],
        "a whole answer under another content type",
    ),
    fixed(
        "proxy-error",
        faults::proxy_error,
        &[p("status", "502", "HTTP status")],
        "an HTML page of something in between",
    ),
    Entry {
        name: "replay",
        about: "the recording named by the rest of the line, out of the folder of recordings",
        parameters: &[],
        answer: Answer::Recording,
        reads_request: true,
        yields_to_tool_result: false,
    },
];
