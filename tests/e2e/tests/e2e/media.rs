//! Large media stay outside the sandbox.

use bytes::Bytes;
use outcrop::request::{Content, Media, MediaKind, Message};
use outcrop::{Limits, Request};

use crate::support::{MODEL, builder, done, simulator};

/// The most that Bedrock takes in one request.
const IMAGES: usize = 20;
const IMAGE_BYTES: usize = 3_932_160;

fn image(number: usize) -> Bytes {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(IMAGE_BYTES, number as u8);
    bytes.into()
}

#[tokio::test]
async fn twenty_large_images_do_not_grow_the_plugin() {
    let sim = simulator();
    let mut limits = Limits::default();
    // 75 MB of images, and a plugin that may not have more than 4.
    limits.memory_bytes = 4 << 20;
    let host = builder(&sim).limits(limits).build().expect("a host");
    let mut content = vec![Content::text("What is in these?")];
    content
        .extend((0..IMAGES).map(|number| Content::Media(Media::new(MediaKind::Image, "png", image(number)))));
    done(host.stream(Request::new(MODEL).message(Message::user(content)))).await;

    let sent = sim.requests().pop().expect("a request").json();
    let blocks = sent["messages"][0]["content"].as_array().expect("content");
    assert_eq!(blocks.len(), 1 + IMAGES);
    for (number, block) in blocks[1..].iter().enumerate() {
        assert_eq!(block["image"]["format"], "png");
        let encoded = block["image"]["source"]["bytes"].as_str().expect("base64");
        assert_eq!(encoded.len(), IMAGE_BYTES.div_ceil(3) * 4);
        // Eight bytes of magic, then the number for ever: the period of three bytes is four characters.
        let tail = &encoded[encoded.len() - 8..];
        let expected = [number as u8; 3];
        assert_eq!(decode(&tail[..4]), expected, "image {number}");
    }
    // Botocore's check would take minutes over a body of 105 MB; smaller ones are checked elsewhere.
    sim.forget_requests();
}

/// Four characters of base64, by hand: nothing of ours is to judge itself.
fn decode(quad: &str) -> [u8; 3] {
    let value = |character: u8| match character {
        b'A'..=b'Z' => u32::from(character - b'A'),
        b'a'..=b'z' => u32::from(character - b'a') + 26,
        b'0'..=b'9' => u32::from(character - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let bits = quad.bytes().fold(0, |bits, character| (bits << 6) | value(character));
    [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
}
