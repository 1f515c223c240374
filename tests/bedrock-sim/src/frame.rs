//! Event-stream frames: `application/vnd.amazon.eventstream`, encoded by our own hand.
//!
//! ```text
//! total length (4) | headers length (4) | CRC-32 of these (4) | headers | payload | CRC-32 of all (4)
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

/// Lengths and their checksum.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// The type byte of a header whose value is a string.
const STRING: u8 = 7;

/// An event frame with a JSON payload; headers in the order of the real service.
pub fn event(name: &str, payload: &Value) -> Bytes {
    json_frame(":event-type", name, "event", payload)
}

/// An exception frame.
pub fn exception(name: &str, payload: &Value) -> Bytes {
    json_frame(":exception-type", name, "exception", payload)
}

/// An error frame: what the protocol has for failures that no service models.
pub fn error(code: &str, message: &str) -> Bytes {
    encode(&[(":error-code", code), (":error-message", message), (":message-type", "error")], b"")
}

/// Any frame whose headers are strings.
pub fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let headers_len: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    let mut written = BytesMut::with_capacity(headers_len);
    for (name, value) in headers {
        written.put_u8(name.len() as u8);
        written.put_slice(name.as_bytes());
        written.put_u8(STRING);
        written.put_u16(value.len() as u16);
        written.put_slice(value.as_bytes());
    }
    with_headers(&written, payload)
}

/// The beginning of a frame that claims these lengths, with the checksum that they have.
pub fn prelude(total: u32, headers: u32) -> Bytes {
    let mut prelude = BytesMut::with_capacity(PRELUDE);
    prelude.put_u32(total);
    prelude.put_u32(headers);
    prelude.put_u32(crc32fast::hash(&prelude));
    prelude.freeze()
}

/// A frame whose checksums are right and whose headers are these bytes.
pub fn with_headers(headers: &[u8], payload: &[u8]) -> Bytes {
    let total = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut frame = BytesMut::from(&prelude(total as u32, headers.len() as u32)[..]);
    frame.put_slice(headers);
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

/// The frame with its prelude's checksum damaged.
pub fn with_bad_prelude_checksum(frame: &Bytes) -> Bytes {
    with_flipped_byte(frame, PRELUDE - 1)
}

/// The frame with its message's checksum damaged.
pub fn with_bad_message_checksum(frame: &Bytes) -> Bytes {
    with_flipped_byte(frame, frame.len() - 1)
}

/// Cuts bytes into frames by their lengths alone; what is no whole frame comes last, as it is.
pub fn split(mut bytes: Bytes) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(length) = bytes.first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        if length < PRELUDE + CHECKSUM || length > bytes.len() {
            break;
        }
        frames.push(bytes.split_to(length));
    }
    if !bytes.is_empty() {
        frames.push(bytes);
    }
    frames
}

fn json_frame(type_header: &str, name: &str, message_type: &str, payload: &Value) -> Bytes {
    let headers =
        [(type_header, name), (":content-type", "application/json"), (":message-type", message_type)];
    encode(&headers, payload.to_string().as_bytes())
}

fn with_flipped_byte(frame: &Bytes, place: usize) -> Bytes {
    let mut damaged = BytesMut::from(&frame[..]);
    damaged[place] ^= 0xff;
    damaged.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::error::Error;
    use aws_smithy_eventstream::frame::read_message_from;
    use serde_json::json;

    fn decode(frame: &Bytes) -> Result<(Vec<(String, String)>, Value), Error> {
        let message = read_message_from(&mut frame.clone())?;
        let headers = message.headers().iter().map(|header| {
            let value = header.value().as_string().expect("a string header");
            (header.name().as_str().to_owned(), value.as_str().to_owned())
        });
        let headers = headers.collect();
        Ok((headers, serde_json::from_slice(message.payload()).unwrap_or_default()))
    }

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn another_decoder_reads_our_events() {
        let payload = json!({ "contentBlockIndex": 0, "delta": { "text": "grüße" } });
        let decoded = decode(&event("contentBlockDelta", &payload)).expect("a good frame");
        let expected = headers(&[
            (":event-type", "contentBlockDelta"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ]);
        assert_eq!(decoded, (expected, payload));
    }

    #[test]
    fn another_decoder_reads_our_exceptions() {
        let payload = json!({ "message": "no" });
        let decoded = decode(&exception("throttlingException", &payload)).expect("a good frame");
        let expected = headers(&[
            (":exception-type", "throttlingException"),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ]);
        assert_eq!(decoded, (expected, payload));
    }

    #[test]
    fn another_decoder_sees_the_damage() {
        let frame = event("messageStart", &json!({ "role": "assistant" }));
        assert!(decode(&with_bad_prelude_checksum(&frame)).is_err());
        assert!(decode(&with_bad_message_checksum(&frame)).is_err());
    }

    #[test]
    fn splitting_gives_the_frames_and_the_rest() {
        let (first, second) = (event("a", &json!({})), event("b", &json!({})));
        let joined = Bytes::from([&first[..], &second[..], &first[..9]].concat());
        assert_eq!(split(joined), [first.clone(), second, first.slice(..9)]);
    }
}
