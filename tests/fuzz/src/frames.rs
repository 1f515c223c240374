//! Event-stream frames: our splitter takes and refuses what the SDK's decoder takes and refuses, reads the
//! same of it, and does not care where the network cut the bytes.

use arbitrary::Unstructured;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::{HeaderValue, Message};

use crate::ours::frames::{Batch, FrameError, FrameKind, FrameSplitter};

/// What headers are made of, mostly.
const NAMES: &[&str] =
    &[":message-type", ":event-type", ":exception-type", ":error-code", ":content-type", ""];
const VALUES: &[&str] =
    &["event", "exception", "error", "contentBlockDelta", "metadata", "throttlingException"];

/// See the module.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let cuts: Vec<u8> = input.arbitrary().unwrap_or_default();
    let mut bytes = Vec::new();
    while !input.is_empty() {
        piece(&mut input, &mut bytes);
    }
    let whole = split([&bytes[..]]);
    let pieces = split(cut(&bytes, &cuts));
    assert_eq!(whole.batch, pieces.batch, "the same frames, however the bytes are cut");
    assert_eq!(whole.error, pieces.error, "the same error, however the bytes are cut");
    compare(&bytes, &whole);
}

struct Split {
    batch: Batch,
    error: Option<FrameError>,
    is_at_boundary: bool,
}

fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Split {
    let (mut splitter, mut batch) = (FrameSplitter::default(), Batch::default());
    let error = pieces.into_iter().find_map(|piece| splitter.split(piece, &mut batch).err());
    Split { batch, error, is_at_boundary: splitter.is_at_boundary() }
}

/// Pieces of these lengths, again and again; of one byte where there are none.
fn cut<'a>(mut bytes: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut lengths = lengths.iter().cycle();
    while !bytes.is_empty() {
        let length = lengths.next().map_or(1, |&length| usize::from(length).max(1)).min(bytes.len());
        let (piece, rest) = bytes.split_at(length);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Frame by frame against the SDK's decoder.
fn compare(bytes: &[u8], ours: &Split) {
    let mut rest = bytes;
    let mut data = &ours.batch.data[..];
    let mut decoder = MessageFrameDecoder::new();
    for frame in &ours.batch.frames {
        let message = match decoder.decode_frame(&mut rest) {
            Ok(DecodedFrame::Complete(message)) => message,
            Ok(DecodedFrame::Incomplete) => panic!("we see a frame where the SDK waits for more"),
            // It insists on UTF-8 in headers that we do not read.
            Err(error) if error.to_string().contains("UTF") => return,
            Err(error) => panic!("we take a frame that the SDK refuses: {error}"),
        };
        let (name, behind) = data.split_at(frame.name_length as usize);
        let (payload, behind) = behind.split_at(frame.payload_length as usize);
        data = behind;
        assert_eq!(payload, &message.payload()[..]);
        if let Some((kind, expected)) = classified(&message) {
            assert_eq!((frame.kind, name), (kind, &expected[..]));
        }
    }
    assert!(data.is_empty(), "no bytes beside the frames");
    let is_at_boundary = rest.is_empty();
    match (&ours.error, decoder.decode_frame(&mut rest)) {
        (None, Ok(DecodedFrame::Incomplete)) => assert_eq!(ours.is_at_boundary, is_at_boundary),
        (None, Ok(DecodedFrame::Complete(_))) => panic!("the SDK sees a frame where we wait for more"),
        (None, Err(error)) => panic!("the SDK refuses what we wait for the rest of: {error}"),
        // The SDK leaves it to its caller to ask which event a frame is.
        (Some(FrameError::Unnamed), Ok(DecodedFrame::Complete(message))) => {
            assert_eq!(classified(&message), None)
        }
        // A header without a name says nothing; the SDK takes it.
        (Some(FrameError::Headers), Ok(DecodedFrame::Complete(message))) => {
            assert!(message.headers().iter().any(|header| header.name().as_str().is_empty()));
        }
        (Some(error), Ok(DecodedFrame::Complete(_))) => panic!("we refuse what the SDK takes: {error}"),
        // We check a prelude as soon as it is there; the SDK waits for the whole frame.
        (Some(_), Ok(DecodedFrame::Incomplete) | Err(_)) => {}
    }
}

/// What a frame is by the SDK's reading of its headers, and the name that we keep of it.
fn classified(message: &Message) -> Option<(FrameKind, Vec<u8>)> {
    // Of two headers of one name the last holds.
    let header = |name: &str| {
        let found = message.headers().iter().rev().find(|header| header.name().as_str() == name);
        found.map(|header| written(header.value()))
    };
    let message_type = header(":message-type").unwrap_or_else(|| b"event".to_vec());
    match &message_type[..] {
        b"event" => header(":event-type").map(|name| match &name[..] {
            b"messageStart" => (FrameKind::MessageStart, Vec::new()),
            b"contentBlockStart" => (FrameKind::ContentBlockStart, Vec::new()),
            b"contentBlockDelta" => (FrameKind::ContentBlockDelta, Vec::new()),
            b"contentBlockStop" => (FrameKind::ContentBlockStop, Vec::new()),
            b"messageStop" => (FrameKind::MessageStop, Vec::new()),
            b"metadata" => (FrameKind::Metadata, Vec::new()),
            _ => (FrameKind::Other, name),
        }),
        b"exception" => header(":exception-type").map(|name| (FrameKind::Exception, name)),
        b"error" => header(":error-code").map(|name| (FrameKind::Exception, name)),
        _ => None,
    }
}

/// A header's value as its bytes: we read them whatever their type.
fn written(value: &HeaderValue) -> Vec<u8> {
    match value {
        HeaderValue::Byte(value) => value.to_be_bytes().to_vec(),
        HeaderValue::Int16(value) => value.to_be_bytes().to_vec(),
        HeaderValue::Int32(value) => value.to_be_bytes().to_vec(),
        HeaderValue::Int64(value) => value.to_be_bytes().to_vec(),
        HeaderValue::ByteArray(value) => value.to_vec(),
        HeaderValue::String(value) => value.as_str().as_bytes().to_vec(),
        HeaderValue::Timestamp(value) => value.to_millis().unwrap_or_default().to_be_bytes().to_vec(),
        HeaderValue::Uuid(value) => value.to_be_bytes().to_vec(),
        _ => Vec::new(),
    }
}

/// Writes a piece of a stream.
fn piece(input: &mut Unstructured<'_>, out: &mut Vec<u8>) {
    match input.int_in_range(0..=7_u8).unwrap_or_default() {
        // As it comes: no random bytes have the right checksums.
        0 => out.extend_from_slice(bytes(input)),
        // Right checksums over any lengths.
        1 => {
            let (total, headers): (u32, u16) = input.arbitrary().unwrap_or_default();
            seal(total, headers.into(), &[bytes(input)], out);
        }
        // A sound frame, or one that was damaged on its way.
        kind => {
            let headers = headers(input);
            let payload = bytes(input);
            let total = 16 + headers.len() + payload.len();
            seal(total as u32, headers.len() as u32, &[&headers, payload], out);
            if kind == 2 {
                let damaged = out.len() - 1 - input.choose_index(total).unwrap_or_default();
                out[damaged] ^= 1;
            }
        }
    }
}

/// Writes a frame, its checksums over whatever it is made of.
fn seal(total: u32, headers_length: u32, rest: &[&[u8]], out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(&total.to_be_bytes());
    out.extend_from_slice(&headers_length.to_be_bytes());
    out.extend_from_slice(&crc32fast::hash(&out[begin..]).to_be_bytes());
    for part in rest {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&crc32fast::hash(&out[begin..]).to_be_bytes());
}

/// Headers as they are written, or bytes that are none.
fn headers(input: &mut Unstructured<'_>) -> Vec<u8> {
    if input.ratio(1, 8).unwrap_or_default() {
        return bytes(input).to_vec();
    }
    let mut out = Vec::new();
    while !input.is_empty() && input.ratio(3, 4).unwrap_or_default() {
        let name = input.choose(NAMES).unwrap_or(&"");
        out.push(name.len() as u8);
        out.extend_from_slice(name.as_bytes());
        let kind = input.int_in_range(0..=9_u8).unwrap_or_default();
        let length = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            _ => {
                let value = match input.ratio(3, 4).unwrap_or_default() {
                    true => input.choose(VALUES).unwrap_or(&"").as_bytes(),
                    false => bytes(input),
                };
                // More than fits is a header whose length is wrong, which is as good.
                out.push(kind);
                out.extend_from_slice(&(value.len() as u16).to_be_bytes());
                out.extend_from_slice(value);
                continue;
            }
        };
        out.push(kind);
        out.extend((0..length).map(|_| input.arbitrary::<u8>().unwrap_or_default()));
    }
    out
}

fn bytes<'a>(input: &mut Unstructured<'a>) -> &'a [u8] {
    input.arbitrary().unwrap_or_default()
}
