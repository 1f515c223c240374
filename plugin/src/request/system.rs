//! Instructions: text, cache points, and blocks in Converse's own form.

use super::messages::{write_raw, write_text};
use super::rewrites::{self, below};
use super::{Draft, cache_points};
use crate::bindings::outcrop::provider::types::{Block, Error};
use crate::errors;

/// Writes `system`, where there is anything in it: what the caller says, then what the plugin has to.
/// For a model that takes no instructions they stand in the conversation.
pub(super) fn write(draft: &mut Draft<'_>, instruction: Option<&str>) -> Result<(), Error> {
    let system = &draft.request.system;
    let apart = draft.target.takes_instructions();
    let mut begun = false;
    for (number, block) in system.iter().enumerate() {
        let at = below("/system", number);
        match block {
            Block::Text(text) if text.trim().is_empty() => {
                draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
                continue;
            }
            Block::Text(_) | Block::Raw(_) => {}
            Block::CachePoint(ttl) => {
                if !cache_points::is_sent(draft, ttl, &at)? {
                    continue;
                }
                // There is nothing before it that could be cached.
                if !begun {
                    let detail = "nothing stands before it that could be cached";
                    draft.rewrites.note(rewrites::CACHE_POINT, at, detail);
                    continue;
                }
            }
            _ => return Err(errors::invalid(&at, "want text or a cache point")),
        }
        if !apart {
            if matches!(block, Block::Raw(_)) {
                return Err(errors::unsupported(
                    &at,
                    "the model takes no instructions apart; this block of them",
                ));
            }
            continue;
        }
        begin(draft, &mut begun);
        match block {
            Block::Text(text) => write_text(draft, text),
            Block::CachePoint(ttl) => cache_points::write(draft, ttl, &at),
            Block::Raw(raw) => write_raw(draft, raw, &at)?,
            _ => {}
        }
    }
    if let Some(instruction) = instruction.filter(|_| apart) {
        begin(draft, &mut begun);
        write_text(draft, instruction);
    }
    if begun {
        cache_points::after_system(draft);
        draft.body.json("]");
    }
    Ok(())
}

fn begin(draft: &mut Draft<'_>, begun: &mut bool) {
    if !*begun {
        *begun = true;
        draft.body.member("system");
        draft.body.json("[");
    }
}
