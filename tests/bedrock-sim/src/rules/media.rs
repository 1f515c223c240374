//! Images, videos and sounds: who takes them, how many, how large, and what their bytes are.

use serde_json::Value;

use super::Rule;
use super::family::{AUDIO, DOCUMENT, IMAGE, VIDEO};
use super::view::{Block, Request};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "media-unsupported",
        about: "a kind of media that the family does not take in a user's turn",
        source: "recorded: videos for Claude; LiteLLM's flags; the table of families",
        refuses: unsupported,
    },
    Rule {
        name: "storage",
        about: "media named by their place in S3, for Claude",
        source: "recorded: Claude refuses, Nova 2 takes them",
        refuses: storage,
    },
    Rule {
        name: "too-many-images",
        about: "more than twenty images",
        source: "docs: Message",
        refuses: count,
    },
    Rule {
        name: "media-size",
        about: "an image over 3.75 MB, a document over 4.5 MB, a video over 25 MB",
        source: "docs: Message; OpenClaw's limit for videos",
        refuses: size,
    },
    Rule {
        name: "image-bytes",
        about: "an image whose bytes are of another format than its label, but for Claude 3 and 3.5",
        source: "NousResearch/hermes-agent#55429; recorded: Claude 3.5 takes a PNG for a JPEG",
        refuses: bytes,
    },
];

const MEGABYTE: f64 = 1024.0 * 1024.0;
/// The most images of a request.
const MOST_IMAGES: usize = 20;
/// The most bytes of one, by kind.
const SIZES: &[(&str, f64)] =
    &[("image", 3.75 * MEGABYTE), ("document", 4.5 * MEGABYTE), ("video", 25.0 * MEGABYTE)];

/// Kinds of media and their bits.
type Kinds = [(&'static str, u8)];

fn unsupported(request: &Request<'_>) -> Option<String> {
    const KINDS: &Kinds = &[("image", IMAGE), ("document", DOCUMENT), ("video", VIDEO), ("audio", AUDIO)];
    refused_kind(request.blocks().filter(|block| !block.in_result), KINDS, request.model.family.media)
}

/// The refusal of the first of these blocks that is of one of these kinds and not among those taken.
pub(super) fn refused_kind<'a>(
    mut blocks: impl Iterator<Item = Block<'a>>,
    kinds: &Kinds,
    taken: u8,
) -> Option<String> {
    let (kind, _) = blocks
        .find_map(|block| kinds.iter().find(|(kind, bit)| taken & bit == 0 && block.get(kind).is_some()))?;
    Some(format!(
        "This model doesn't support the {kind} content block that you provided. Update the content block and try \
         again."
    ))
}

fn sources<'a>(request: &Request<'a>) -> impl Iterator<Item = (&'static str, &'a Value)> + use<'a> {
    request.blocks().filter_map(|block| {
        ["image", "document", "video", "audio"].into_iter().find_map(|kind| Some((kind, block.get(kind)?)))
    })
}

fn storage(request: &Request<'_>) -> Option<String> {
    let stored = sources(request).any(|(_, media)| media["source"].get("s3Location").is_some());
    (stored && !request.model.family.storage)
        .then(|| "This model doesn't support the s3Uri field. Remove s3Uri and try again.".to_owned())
}

fn count(request: &Request<'_>) -> Option<String> {
    let images = sources(request).filter(|(kind, _)| *kind == "image").count();
    (images > MOST_IMAGES).then(|| format!("You can't include more than {MOST_IMAGES} images in a request."))
}

fn size(request: &Request<'_>) -> Option<String> {
    sources(request).find_map(|(kind, media)| {
        let (_, most) = SIZES.iter().find(|(name, _)| *name == kind)?;
        let bytes = media["source"]["bytes"].as_str()?.trim_end_matches('=').len() * 3 / 4;
        (bytes as f64 > *most).then(|| {
            format!(
                "The {kind} exceeds the maximum size of {:.2} MB. Use a smaller {kind} and try again.",
                most / MEGABYTE
            )
        })
    })
}

/// How the bytes of each format begin, in base64.
const BEGINNINGS: &[(&str, &str)] =
    &[("png", "iVBORw0KGg"), ("jpeg", "/9j/"), ("gif", "R0lGOD"), ("webp", "UklGR")];

fn bytes(request: &Request<'_>) -> Option<String> {
    if request.model.family.name.starts_with("Claude 3 ")
        || request.model.family.name.starts_with("Claude 3.5")
    {
        return None;
    }
    sources(request).filter(|(kind, _)| *kind == "image").find_map(|(_, image)| {
        let bytes = image["source"]["bytes"].as_str()?;
        let (shown, _) = BEGINNINGS.iter().find(|(_, begins)| bytes.starts_with(begins))?;
        let label = image["format"].as_str()?;
        (label != *shown).then(|| {
            format!(
                "The model returned the following errors: Image does not match the provided media type image/{label}"
            )
        })
    })
}
