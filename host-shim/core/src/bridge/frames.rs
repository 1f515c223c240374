//! Splits `application/vnd.amazon.eventstream` into frames and verifies their checksums.
//!
//! Our own, because the SDK's decoder costs more than the whole sandbox (`make bench`); held against
//! that decoder and AWS's vectors by the tests below.
//!
//! A frame is: total length, headers length and a CRC-32 of those two (4 bytes each, big-endian),
//! then headers, payload, and a CRC-32 of everything before it.

use crc32fast::Hasher;

/// Lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum at the end.
const TRAILER_BYTES: usize = 4;
/// The event stream specification's own bound for a message's headers.
const MAX_HEADERS_BYTES: usize = 128 * 1024;
/// The specification's bound for a whole message: 16 MiB of payload and what surrounds it.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024 + MAX_HEADERS_BYTES + PRELUDE_BYTES + TRAILER_BYTES;

/// What a frame is, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    MessageStart,
    ContentBlockStart,
    ContentBlockDelta,
    ContentBlockStop,
    MessageStop,
    Metadata,
    /// Its name is the exception's.
    Exception,
    /// Its name is the event's.
    Other,
}

impl FrameKind {
    fn of_event(name: &[u8]) -> Self {
        match name {
            b"contentBlockDelta" => Self::ContentBlockDelta,
            b"contentBlockStart" => Self::ContentBlockStart,
            b"contentBlockStop" => Self::ContentBlockStop,
            b"messageStart" => Self::MessageStart,
            b"messageStop" => Self::MessageStop,
            b"metadata" => Self::Metadata,
            _ => Self::Other,
        }
    }

    /// Whether the frame carries, or begins, content of the answer.
    pub(crate) fn is_content(self) -> bool {
        matches!(self, Self::ContentBlockStart | Self::ContentBlockDelta | Self::Other)
    }
}

/// A frame in a [`Batch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// Bytes of the name; 0 for kinds that name themselves.
    pub(crate) name_length: u32,
    pub(crate) payload_length: u32,
}

/// Frames that have arrived, their names and payloads in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) frames: Vec<Frame>,
    pub(crate) data: Vec<u8>,
}

impl Batch {
    /// The first exception among the frames: its name and its payload.
    pub(crate) fn first_exception(&self) -> Option<(&str, &[u8])> {
        let mut offset = 0;
        for frame in &self.frames {
            let name_end = offset + frame.name_length as usize;
            let payload_end = name_end + frame.payload_length as usize;
            if frame.kind == FrameKind::Exception {
                let name = std::str::from_utf8(&self.data[offset..name_end]).unwrap_or_default();
                return Some((name, &self.data[name_end..payload_end]));
            }
            offset = payload_end;
        }
        None
    }

    fn push(&mut self, kind: FrameKind, name: &[u8], payload: &[u8]) {
        let name = match kind {
            FrameKind::Exception | FrameKind::Other => name,
            _ => &[],
        };
        // The lengths are bounded by `MAX_FRAME_BYTES`.
        self.frames.push(Frame {
            kind,
            name_length: name.len() as u32,
            payload_length: payload.len() as u32,
        });
        self.data.extend_from_slice(name);
        self.data.extend_from_slice(payload);
    }
}

/// Why bytes are no event stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame's prelude has a wrong checksum")]
    PreludeChecksum,
    #[error("a frame has a wrong checksum")]
    MessageChecksum,
    #[error("a frame of {0} bytes is longer than the event stream format allows")]
    TooLong(usize),
    #[error("a frame's lengths contradict each other")]
    Lengths,
    #[error("a frame's headers cannot be read")]
    Headers,
    #[error("a frame says neither which event nor which exception it is")]
    Unnamed,
}

/// Splits bytes as they come.
#[derive(Debug, Default)]
pub(crate) struct FrameSplitter {
    /// The beginning of a frame whose end has not come yet.
    partial: Vec<u8>,
}

impl FrameSplitter {
    /// Takes the next bytes and puts every frame that they complete into the batch.
    pub(crate) fn split(&mut self, bytes: &[u8], batch: &mut Batch) -> Result<(), FrameError> {
        if self.partial.is_empty() {
            let used = split_whole(bytes, batch)?;
            self.partial.extend_from_slice(&bytes[used..]);
        } else {
            self.partial.extend_from_slice(bytes);
            let used = split_whole(&self.partial, batch)?;
            self.partial.drain(..used);
        }
        Ok(())
    }

    /// Whether the bytes so far end between two frames.
    pub(crate) fn is_at_boundary(&self) -> bool {
        self.partial.is_empty()
    }
}

/// Splits off all frames that are whole, and gives how many bytes they took.
fn split_whole(bytes: &[u8], batch: &mut Batch) -> Result<usize, FrameError> {
    let mut used = 0;
    while let Some(length) = split_one(&bytes[used..], batch)? {
        used += length;
    }
    Ok(used)
}

/// Splits off one frame and gives its length; none where it is not whole yet.
fn split_one(bytes: &[u8], batch: &mut Batch) -> Result<Option<usize>, FrameError> {
    let Some(prelude) = bytes.first_chunk::<PRELUDE_BYTES>() else {
        return Ok(None);
    };
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *prelude;
    let total = u32::from_be_bytes([a, b, c, d]) as usize;
    let headers = u32::from_be_bytes([e, f, g, h]) as usize;
    let mut hasher = Hasher::new();
    hasher.update(&prelude[..8]);
    // Before the lengths are believed.
    if hasher.clone().finalize() != u32::from_be_bytes([i, j, k, l]) {
        return Err(FrameError::PreludeChecksum);
    }
    if total > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(total));
    }
    if headers > MAX_HEADERS_BYTES || total < PRELUDE_BYTES + headers + TRAILER_BYTES {
        return Err(FrameError::Lengths);
    }
    let Some(frame) = bytes.get(..total) else {
        return Ok(None);
    };
    let (body, checksum) = frame.split_at(total - TRAILER_BYTES);
    hasher.update(&body[8..]);
    if hasher.finalize().to_be_bytes() != checksum {
        return Err(FrameError::MessageChecksum);
    }
    let (headers, payload) = body[PRELUDE_BYTES..].split_at(headers);
    let (kind, name) = classify(headers)?;
    batch.push(kind, name, payload);
    Ok(Some(total))
}

/// What a frame is, and its name, by `:message-type` and the header that goes with it.
fn classify(mut headers: &[u8]) -> Result<(FrameKind, &[u8]), FrameError> {
    let (mut message_type, mut event, mut exception, mut code): (&[u8], _, _, _) =
        (b"event", None, None, None);
    while !headers.is_empty() {
        let header = Header::read(headers).ok_or(FrameError::Headers)?;
        headers = header.rest;
        match header.name {
            b":message-type" => message_type = header.value,
            b":event-type" => event = Some(header.value),
            b":exception-type" => exception = Some(header.value),
            b":error-code" => code = Some(header.value),
            _ => {}
        }
    }
    match message_type {
        b"event" => event.map(|name| (FrameKind::of_event(name), name)),
        b"exception" => exception.map(|name| (FrameKind::Exception, name)),
        // An error without a model: its code is all there is.
        b"error" => code.map(|name| (FrameKind::Exception, name)),
        _ => None,
    }
    .ok_or(FrameError::Unnamed)
}

/// A header, and what follows it.
struct Header<'a> {
    name: &'a [u8],
    /// Its bytes, whatever its type.
    value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&length, rest) = bytes.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        let (&value_type, rest) = rest.split_first()?;
        let (length, rest) = match value_type {
            // true, false
            0 | 1 => (0, rest),
            // byte, short, integer, long
            2 => (1, rest),
            3 => (2, rest),
            4 => (4, rest),
            5 => (8, rest),
            // bytes, string
            6 | 7 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            // timestamp, UUID
            8 => (8, rest),
            9 => (16, rest),
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        (!name.is_empty()).then_some(Self { name, value, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder, write_message_to};
    use aws_smithy_types::event_stream::{self, HeaderValue, Message};
    use proptest::prelude::*;

    fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut message = Message::new(payload.to_vec());
        for (name, value) in headers {
            message = message.add_header(event_stream::Header::new(
                (*name).to_owned(),
                HeaderValue::String((*value).to_owned().into()),
            ));
        }
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).expect("encodes");
        bytes
    }

    fn event(name: &str, payload: &[u8]) -> Vec<u8> {
        encode(
            &[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
            payload,
        )
    }

    fn split(pieces: &[&[u8]]) -> Result<(Batch, bool), FrameError> {
        let (mut splitter, mut batch) = (FrameSplitter::default(), Batch::default());
        for piece in pieces {
            splitter.split(piece, &mut batch)?;
        }
        Ok((batch, splitter.is_at_boundary()))
    }

    #[test]
    fn frames_are_named_and_their_payloads_joined() {
        let mut bytes = event("messageStart", br#"{"role":"assistant"}"#);
        bytes.extend(event("newEvent", b"{}"));
        bytes.extend(encode(
            &[(":exception-type", "throttlingException"), (":message-type", "exception")],
            br#"{"message":"slow down"}"#,
        ));
        let (batch, whole) = split(&[&bytes]).expect("splits");
        assert!(whole);
        let kinds: Vec<_> = batch.frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(kinds, [FrameKind::MessageStart, FrameKind::Other, FrameKind::Exception]);
        assert_eq!(
            batch.data,
            br#"{"role":"assistant"}newEvent{}throttlingException{"message":"slow down"}"#
        );
        assert_eq!(
            batch.first_exception(),
            Some(("throttlingException", &br#"{"message":"slow down"}"#[..]))
        );
    }

    #[test]
    fn a_cut_frame_is_not_at_a_boundary() {
        let bytes = event("messageStop", b"{}");
        let (batch, whole) = split(&[&bytes[..bytes.len() - 1]]).expect("splits");
        assert!(batch.frames.is_empty() && !whole);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = event("messageStop", br#"{"stopReason":"end_turn"}"#);
        for position in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[position] ^= 1;
            assert!(split(&[&broken]).is_err(), "byte {position}");
        }
    }

    #[test]
    fn a_frame_without_a_name_is_an_error() {
        let unnamed = encode(&[(":message-type", "event")], b"{}");
        assert_eq!(split(&[&unnamed]), Err(FrameError::Unnamed));
    }

    /// AWS's vectors are not in the repository; where the folder beside it is absent, this says so.
    #[test]
    fn the_vectors_agree() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/event-stream");
        let Ok(entries) = std::fs::read_dir(folder) else {
            eprintln!("skipped: {folder} is absent");
            return;
        };
        let mut seen = 0;
        for entry in entries {
            let path = entry.expect("readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            let bytes = std::fs::read(&path).expect("readable");
            let result = split(&[&bytes]);
            if name.starts_with("valid_") {
                // None of these frames says which event it is, which is all that we find wrong with them.
                assert_eq!(result, Err(FrameError::Unnamed), "{name}");
            } else {
                assert!(result.is_err_and(|error| error != FrameError::Unnamed), "{name}");
            }
            seen += 1;
        }
        assert!(seen >= 11);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_frames(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| event("contentBlockDelta", payload)).collect();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let (batch, whole) = split(&pieces).expect("splits");
            prop_assert!(whole);
            prop_assert_eq!(batch.frames.len(), payloads.len());
            prop_assert_eq!(batch.data, payloads.concat());
        }

        /// The SDK's decoder and ours take and refuse the same bytes.
        #[test]
        fn the_sdk_agrees(
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            payload in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut bytes = event("contentBlockDelta", &payload);
            for (place, mask) in flips {
                let place = place.index(bytes.len());
                bytes[place] ^= mask;
            }
            let theirs = MessageFrameDecoder::new().decode_frame(&mut &bytes[..]);
            match (split(&[&bytes]), theirs) {
                (Ok((batch, _)), Ok(DecodedFrame::Complete(message))) => {
                    prop_assert_eq!(&batch.data[..], &message.payload()[..]);
                }
                (Ok((batch, whole)), Ok(DecodedFrame::Incomplete)) => {
                    prop_assert!(batch.frames.is_empty() && !whole);
                }
                // We check a prelude as soon as it is there; the SDK waits for the whole frame.
                (Err(_), Err(_) | Ok(DecodedFrame::Incomplete)) => {}
                (ours, theirs) => prop_assert!(false, "ours {ours:?}, theirs {}", theirs.is_ok()),
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = split(&[&bytes]);
        }
    }
}
