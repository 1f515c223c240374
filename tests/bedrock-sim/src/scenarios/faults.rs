//! Answers that go wrong below the level of the service's own errors.

use bytes::Bytes;
use serde_json::json;

use crate::registry::{Call, Parameter};
use crate::{Scenario, Step, events, frame};

/// How far an answer gets before it goes wrong.
pub(crate) const AFTER: Parameter = Parameter {
    name: "after",
    default: "2",
    about: "text deltas before it; with 0 nothing at all comes before, not even messageStart",
};

/// The beginning of an answer: messageStart and `after` text deltas, or nothing for 0.
pub(crate) fn begun(call: &Call<'_>) -> Scenario {
    let after = call.args.count("after");
    let deltas = (0..after).map(|i| events::delta(0, json!({ "text": format!("part {i} ") })));
    let start = (after > 0).then(events::message_start);
    Scenario::stream(start.into_iter().chain(deltas).collect())
}

fn next_frame() -> Bytes {
    frame::event(
        "contentBlockDelta",
        &json!({ "contentBlockIndex": 0, "delta": { "text": "damaged" }, "p": "abcdefg" }),
    )
}

pub(crate) fn bad_prelude_checksum(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Raw(frame::with_bad_prelude_checksum(&next_frame())))
}

pub(crate) fn bad_message_checksum(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Raw(frame::with_bad_message_checksum(&next_frame())))
}

pub(crate) fn oversized_frame(call: &Call<'_>) -> Scenario {
    // The format ends at 24 MiB; whoever believed this would wait, or set the memory aside.
    begun(call).step(Step::Raw(frame::prelude(1 << 30, 32))).step(Step::Hang)
}

pub(crate) fn zero_length_frame(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Raw(frame::prelude(0, 0))).step(Step::Hang)
}

pub(crate) fn empty_frame(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Raw(frame::with_headers(b"", b"")))
}

pub(crate) fn garbage_headers(call: &Call<'_>) -> Scenario {
    let garbage = b"\xff\x00:event-type\x63\xff\xff";
    begun(call).step(Step::Raw(frame::with_headers(garbage, b"{}")))
}

pub(crate) fn go_away(call: &Call<'_>) -> Scenario {
    let rest = [events::delta(0, json!({ "text": "and the rest" })), events::block_stop(0)];
    let rest = rest.into_iter().chain([events::message_stop("end_turn"), events::metadata(1, 1, json!({}))]);
    rest.fold(begun(call).step(Step::GoAway), Scenario::step)
}

pub(crate) fn no_metadata(call: &Call<'_>) -> Scenario {
    let after_stop = [events::block_stop(0), events::message_stop("end_turn"), Step::Hang];
    after_stop.into_iter().fold(begun(call), Scenario::step)
}

pub(crate) fn gzip(_: &Call<'_>) -> Scenario {
    let text: Vec<u8> = events::text_answer("These are frames, compressed.")
        .iter()
        .filter_map(|step| match step {
            Step::Event { name, payload } => Some(frame::event(name, payload)),
            _ => None,
        })
        .flatten()
        .collect();
    Scenario::stream(vec![Step::Raw(gzipped(&text))]).header("content-encoding", "gzip")
}

/// A gzip member of one stored block (RFC 1952, RFC 1951 3.2.4).
fn gzipped(bytes: &[u8]) -> Bytes {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let bytes = &bytes[..usize::from(length)];
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    member.extend(length.to_le_bytes());
    member.extend((!length).to_le_bytes());
    member.extend(bytes);
    member.extend(crc32fast::hash(bytes).to_le_bytes());
    member.extend(u32::from(length).to_le_bytes());
    member.into()
}

pub(crate) fn redirect(call: &Call<'_>) -> Scenario {
    let status = u16::try_from(call.args.number("status")).unwrap_or(307);
    Scenario::stream(Vec::new())
        .status(status)
        .header("content-type", "text/html")
        .header("location", &call.args.text("to"))
}

pub(crate) fn empty_body(_: &Call<'_>) -> Scenario {
    Scenario::stream(Vec::new())
}

pub(crate) fn cut_frame(call: &Call<'_>) -> Scenario {
    let frame = next_frame();
    begun(call).step(Step::Raw(frame.slice(..frame.len() / 2)))
}

pub(crate) fn early_end(call: &Call<'_>) -> Scenario {
    begun(call)
}

pub(crate) fn end_after_stop(call: &Call<'_>) -> Scenario {
    let after_stop = [events::block_stop(0), events::message_stop("end_turn")];
    after_stop.into_iter().fold(begun(call), Scenario::step)
}

pub(crate) fn silence(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Hang)
}

pub(crate) fn close(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Close)
}

pub(crate) fn reset(call: &Call<'_>) -> Scenario {
    begun(call).step(Step::Reset)
}

pub(crate) fn no_headers(_: &Call<'_>) -> Scenario {
    // Longer than any test waits.
    Scenario::text("").before_headers(std::time::Duration::from_secs(24 * 3600))
}

pub(crate) fn slow_headers(call: &Call<'_>) -> Scenario {
    Scenario::text("Better late than never.").before_headers(call.args.millis("ms"))
}

pub(crate) fn slow_first_frame(call: &Call<'_>) -> Scenario {
    Scenario::text("Better late than never.").before_first_frame(call.args.millis("ms"))
}

pub(crate) fn error_frame(call: &Call<'_>) -> Scenario {
    let (code, message) = (call.args.text("code"), call.args.text("message"));
    begun(call).step(Step::Raw(frame::error(&code, &message)))
}

pub(crate) fn not_json(call: &Call<'_>) -> Scenario {
    let headers = [
        (":event-type", "contentBlockDelta"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    begun(call).step(Step::Raw(frame::encode(&headers, b"{\"contentBlockIndex\":0,")))
}

pub(crate) fn wrong_content_type(call: &Call<'_>) -> Scenario {
    Scenario::text("These are frames all the same.").header("content-type", &call.args.text("content-type"))
}

pub(crate) fn proxy_error(call: &Call<'_>) -> Scenario {
    let status = u16::try_from(call.args.number("status")).unwrap_or(502);
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    Scenario::stream(vec![Step::Raw(Bytes::from_static(page.as_bytes()))])
        .status(status)
        .header("content-type", "text/html")
}
