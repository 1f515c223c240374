//! Cache points: those that the caller set, and where it set none, one behind the tools, one behind
//! the instructions and one behind each of the last two user's turns. The last of them is what the
//! next request finds again, and the one before it is what the last request wrote.

use super::Draft;
use super::history::{Turn, What};
use super::options::{Options, Retention};
use super::rewrites;
use crate::bindings::outcrop::provider::types::{Block, Error, Request, Role};
use crate::errors;
use crate::models::{Caching, table};
use crate::request::media;
use crate::target::Target;

/// Bedrock's limit of cache points in a request.
const MOST: usize = 4;

/// How long a point lives.
const FIVE_MINUTES: &str = "5m";
const ONE_HOUR: &str = "1h";

/// Where points go, so that the caller's and the plugin's together keep to Bedrock's rules: four
/// points at most, and in the order tools, instructions, messages none that lives longer than one
/// before it.
#[derive(Default)]
pub(super) struct Plan {
    /// The caller's points that are too many; the first ones are left out.
    surplus: usize,
    /// The plugin's point behind the tools, and how long it lives.
    tools: Option<&'static str>,
    /// Its point behind the instructions.
    system: Option<&'static str>,
    /// Its points behind user's turns: how many, and how long they live.
    turns: usize,
    turns_live: &'static str,
    /// Whether the plugin's points wait until enough stands before them for the model to keep it. Where
    /// the caller asked for caching they do not: a point that comes too early does no harm.
    patient: bool,
    /// Whether a point that lives for five minutes stands before what is written next.
    short: bool,
}

impl Plan {
    pub(super) fn of(request: &Request, target: &Target, options: &Options) -> Self {
        let point = |block: &Block| match block {
            Block::CachePoint(ttl) => Some(ttl == ONE_HOUR),
            _ => None,
        };
        let system: Vec<bool> = request.system.iter().filter_map(point).collect();
        let messages: Vec<bool> =
            request.messages.iter().flat_map(|message| &message.content).filter_map(point).collect();
        let explicit = system.len() + messages.len();
        let caching = target.keeps();
        let surplus = explicit.saturating_sub(MOST);
        let mut plan = Self { surplus, patient: options.retention.is_none(), ..Self::default() };
        // Who sets points of its own knows better, unless it asks for more.
        let retention = match options.retention {
            Some(retention) => retention,
            None if explicit > 0 => Retention::None,
            None => Retention::Short,
        };
        let live = match (retention, caching) {
            (Retention::None, _) | (_, Caching::Unknown | Caching::Rejected) => return plan,
            (Retention::Short, _) | (Retention::Long, Caching::Short) => FIVE_MINUTES,
            (Retention::Long, Caching::Long) => ONE_HOUR,
        };
        let before = |hours: bool| if hours && caching == Caching::Long { ONE_HOUR } else { live };
        let free = MOST.saturating_sub(explicit);
        let hour_in_messages = messages.contains(&true);
        plan.turns = usize::from(free >= 1) + usize::from(free >= 4);
        plan.turns_live = live;
        if free >= 2 && system.is_empty() {
            plan.system = Some(before(hour_in_messages));
        }
        if free >= 3 && target.traits().cache.in_tools && !request.tools.is_empty() {
            let live = before(hour_in_messages || system.contains(&true));
            plan.tools = Some(live);
        }
        plan
    }

    /// What stands behind the tools, which come first though they are written last.
    pub(super) fn begin(&mut self, tools_are_sent: bool) {
        if !tools_are_sent {
            self.tools = None;
        }
        self.short = self.tools == Some(FIVE_MINUTES);
    }
}

/// Whether a point that the caller set is sent.
pub(super) fn is_sent(draft: &mut Draft<'_>, ttl: &str, at: &str) -> Result<bool, Error> {
    if ttl != FIVE_MINUTES && ttl != ONE_HOUR {
        return Err(errors::invalid(at, "a cache point lives for `5m` or `1h`"));
    }
    if draft.target.keeps() == Caching::Rejected {
        draft.rewrites.note(rewrites::CACHE_POINT, at, "the model takes no cache points");
        return Ok(false);
    }
    if draft.cache.surplus > 0 {
        draft.cache.surplus -= 1;
        draft.rewrites.note(rewrites::CACHE_POINT, at, "Bedrock takes four; the first ones are left out");
        return Ok(false);
    }
    Ok(true)
}

/// Writes a point that the caller set.
pub(super) fn write(draft: &mut Draft<'_>, ttl: &str, at: &str) {
    if ttl == ONE_HOUR {
        if draft.target.keeps() == Caching::Short {
            draft.rewrites.note(rewrites::CACHE_TTL, at, "the model keeps for five minutes");
        } else if draft.cache.short {
            let detail = "a point before it lives for five minutes, and none may live longer than that";
            draft.rewrites.note(rewrites::CACHE_TTL, at, detail);
        }
    }
    put(draft, ttl);
}

/// Writes a point. Five minutes is the service's own default and goes without saying, since some
/// models refuse to be told.
fn put(draft: &mut Draft<'_>, ttl: &str) {
    draft.body.separate();
    draft.body.json("{\"cachePoint\":{\"type\":\"default\"");
    if ttl == ONE_HOUR && !draft.cache.short && draft.target.keeps() != Caching::Short {
        draft.body.string_member("ttl", ttl);
    } else {
        draft.cache.short = true;
    }
    draft.body.json("}}");
}

/// Whether so many tokens are enough before a point.
fn is_enough(draft: &Draft<'_>, tokens: u64) -> bool {
    !draft.cache.patient || tokens >= u64::from(draft.target.traits().cache.least)
}

/// The plugin's point behind the instructions.
pub(super) fn after_system(draft: &mut Draft<'_>) {
    if let Some(live) = draft.cache.system
        && is_enough(draft, draft.tokens())
    {
        put(draft, live);
    }
}

/// The plugin's point behind the tools.
pub(super) fn after_tools(draft: &mut Draft<'_>) {
    if let Some(live) = draft.cache.tools
        && is_enough(draft, draft.tool_tokens())
    {
        // Tools come first, so no point before this one can be short.
        draft.cache.short = false;
        put(draft, live);
    }
}

/// The last two of the user's turns.
pub(super) fn turns(turns: &[Turn<'_>]) -> Vec<usize> {
    let users = turns.iter().enumerate().filter(|(_, turn)| turn.role == Role::User);
    users.map(|(number, _)| number).rev().take(2).collect()
}

/// The plugin's point behind a user's turn; `back` counts from the last of them.
pub(super) fn after_turn(draft: &mut Draft<'_>, turn: &Turn<'_>, back: usize) {
    let stands = match turn.pieces.last().map(|piece| &piece.what) {
        // One is there, or Bedrock refuses one there.
        None | Some(What::CachePoint(_)) => false,
        Some(What::Media(media)) => media::kind(media) == table::IMAGES,
        Some(_) => true,
    };
    if stands && back < draft.cache.turns && is_enough(draft, draft.tokens()) {
        let live = draft.cache.turns_live;
        put(draft, live);
    }
}
