//! How many media a request may hold. A conversation that goes on gathers more, and is refused for ever
//! after; so the oldest are replaced by a note. They go several at once, so that what is cached of the
//! conversation changes seldom.

use super::super::Draft;
use super::super::media;
use super::super::rewrites;
use super::{At, PartOf, Turn, What};
use crate::models::table::{self, Can};

/// A kind of media, how many Bedrock takes in a request, and how many are left out at once. Source: the
/// service's own API documentation.
const LIMITS: &[(Can, &str, usize, usize)] =
    &[(table::IMAGES, "image", 20, 10), (table::DOCUMENTS, "document", 5, 2)];

/// Leaves out the oldest media that are too many.
pub(super) fn keep(draft: &mut Draft<'_>, turns: &mut [Turn<'_>]) {
    for (kind, name, most, step) in LIMITS {
        let mut count = 0usize;
        each(turns, *kind, &mut |_| {
            count += 1;
            None
        });
        let mut surplus = count.saturating_sub(*most).div_ceil(*step) * step;
        if surplus == 0 {
            continue;
        }
        let note = ["(", name, " omitted: there are newer ones)"].concat();
        let detail = ["Bedrock takes ", &most.to_string(), " in a request; the oldest are left out"].concat();
        each(turns, *kind, &mut |at| {
            if surplus == 0 {
                return None;
            }
            surplus -= 1;
            draft.rewrites.note(rewrites::MEDIA_OMITTED, at, detail.as_str());
            Some(note.clone())
        });
    }
}

/// Asks of each medium of a kind, the oldest first, what text is to replace it.
fn each(turns: &mut [Turn<'_>], kind: Can, replace: &mut dyn FnMut(At) -> Option<String>) {
    for piece in turns.iter_mut().flat_map(|turn| &mut turn.pieces) {
        match &mut piece.what {
            What::Media(media) if media::kind(media) == kind => {
                if let Some(text) = replace(piece.at) {
                    piece.what = What::Text(text.into());
                }
            }
            What::Outcome(outcome) => {
                for part in &mut outcome.parts {
                    if let PartOf::Media(media) = part.what
                        && media::kind(media) == kind
                        && let Some(text) = replace(part.at)
                    {
                        part.what = PartOf::Text(text.into());
                    }
                }
            }
            _ => {}
        }
    }
}
