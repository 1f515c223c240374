//! Instructions: text, cache points, and blocks in Converse's own form.

use super::messages::{write_raw, write_text};
use super::rewrites::{self, below};
use super::{Draft, cache_points};
use crate::bindings::outcrop::provider::types::{Block, Error};
use crate::errors;

/// Writes `system`, where there is anything in it: what the caller says, then what the plugin has to.
pub(super) fn write(draft: &mut Draft<'_>, system: &[Block], instruction: Option<&str>) -> Result<(), Error> {
    let mut begun = false;
    for (number, block) in system.iter().enumerate() {
        let at = below("/system", number);
        match block {
            Block::Text(text) if text.trim().is_empty() => {
                draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
                continue;
            }
            Block::CachePoint(ttl) if !cache_points::is_sent(draft, ttl, &at)? => continue,
            _ => {}
        }
        if !begun {
            begun = true;
            draft.body.member("system");
            draft.body.json("[");
        }
        match block {
            Block::Text(text) => write_text(draft, text),
            Block::CachePoint(ttl) => cache_points::write(draft, ttl),
            Block::Raw(raw) => write_raw(draft, raw, &at)?,
            _ => return Err(errors::invalid(&at, "want text or a cache point")),
        }
    }
    if let Some(instruction) = instruction {
        if !begun {
            begun = true;
            draft.body.member("system");
            draft.body.json("[");
        }
        write_text(draft, instruction);
    }
    if begun {
        cache_points::after_system(draft);
        draft.body.json("]");
    }
    Ok(())
}
