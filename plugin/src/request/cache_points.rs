//! Cache points: those that the caller set, and one after the instructions and one after the last
//! user's message where the caller asks for `cache-retention`.

use super::Draft;
use super::options::Retention;
use super::rewrites;
use crate::bindings::outcrop::provider::types::{Block, Error, Request};
use crate::errors;
use crate::models::Caching;

/// Bedrock's limit of cache points in a request.
const MOST: usize = 4;

const FIVE_MINUTES: &str = "5m";
const ONE_HOUR: &str = "1h";

/// What the caller set, so that automatic points keep to Bedrock's rules beside it: four points at
/// most, and none that lives longer than one before it.
#[derive(Default)]
pub(super) struct Plan {
    in_system: bool,
    hour_in_messages: bool,
    any_short: bool,
    points: usize,
    ends_with_point: bool,
}

impl Plan {
    pub(super) fn of(request: &Request) -> Self {
        let mut plan = Self::default();
        for block in &request.system {
            if let Block::CachePoint(ttl) = block {
                plan.in_system = true;
                plan.points += 1;
                plan.any_short |= ttl == FIVE_MINUTES;
            }
        }
        for block in request.messages.iter().flat_map(|message| &message.content) {
            plan.ends_with_point = false;
            if let Block::CachePoint(ttl) = block {
                plan.points += 1;
                plan.ends_with_point = true;
                plan.any_short |= ttl == FIVE_MINUTES;
                plan.hour_in_messages |= ttl == ONE_HOUR;
            }
        }
        plan
    }
}

/// Whether a point that the caller set is sent.
pub(super) fn is_sent(draft: &mut Draft<'_>, ttl: &str, at: &str) -> Result<bool, Error> {
    if ttl != FIVE_MINUTES && ttl != ONE_HOUR {
        return Err(errors::invalid(at, "a cache point lives for `5m` or `1h`"));
    }
    match caching(draft) {
        Caching::Rejected => {
            draft.rewrites.note(rewrites::CACHE_POINT, at, "the model takes no cache points");
            Ok(false)
        }
        Caching::Short if ttl == ONE_HOUR => {
            let detail = "the model keeps for five minutes";
            draft.rewrites.note(rewrites::CACHE_TTL, at, detail);
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Writes a cache point. Five minutes is the service's own default and goes without saying, since
/// some models refuse to be told.
pub(super) fn write(draft: &mut Draft<'_>, ttl: &str) {
    draft.body.separate();
    draft.body.json("{\"cachePoint\":{\"type\":\"default\"");
    if ttl == ONE_HOUR && caching(draft) != Caching::Short {
        draft.body.string_member("ttl", ttl);
    }
    draft.body.json("}}");
}

/// The automatic point after the instructions.
pub(super) fn after_system(draft: &mut Draft<'_>) {
    let Some(ttl) = automatic(draft) else {
        return;
    };
    if draft.cache.in_system || (draft.cache.hour_in_messages && ttl == FIVE_MINUTES) {
        return;
    }
    draft.cache.points += 1;
    write(draft, ttl);
}

/// The automatic point at the end of the last user's message.
pub(super) fn after_messages(draft: &mut Draft<'_>) {
    let Some(ttl) = automatic(draft) else {
        return;
    };
    if draft.cache.ends_with_point {
        return;
    }
    let ttl = if draft.cache.any_short { FIVE_MINUTES } else { ttl };
    draft.cache.points += 1;
    write(draft, ttl);
}

/// How long an automatic point would live; none where there is to be none.
fn automatic(draft: &Draft<'_>) -> Option<&'static str> {
    if draft.cache.points >= MOST {
        return None;
    }
    match (draft.options.retention, caching(draft)) {
        (Retention::None, _) | (_, Caching::Unknown | Caching::Rejected) => None,
        (Retention::Short, _) | (Retention::Long, Caching::Short) => Some(FIVE_MINUTES),
        (Retention::Long, Caching::Long) => Some(ONE_HOUR),
    }
}

/// What the model does with cache points, as far as it did not teach otherwise.
fn caching(draft: &Draft<'_>) -> Caching {
    match draft.known.traits().caching {
        _ if draft.learned.no_cache_points => Caching::Rejected,
        Caching::Long | Caching::Unknown if draft.learned.no_cache_ttl => Caching::Short,
        caching => caching,
    }
}
