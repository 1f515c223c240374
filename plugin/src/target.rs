//! What a request goes to: the model, what is known of it, and what earlier answers taught.

use crate::bindings::outcrop::provider::types::{Abilities, Modalities, Request};
use crate::bridge::Bridge;
use crate::json::Object;
use crate::learned::{Lack, Learned};
use crate::models::facts::{Facts, Source};
use crate::models::route::Route;
use crate::models::table::{self, Can};
use crate::models::{Caching, Known, Traits};
use crate::request::rewrites;
use crate::settings::Settings;

/// A model as a request has to take it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is called, where that is not what was asked for.
    pub route: Route,
    /// Which it is.
    pub known: Known,
    /// What holds of it.
    pub facts: Facts,
    /// What it, or the conversation, taught.
    pub learned: Learned,
}

impl Target {
    /// Of a request. Nothing here waits: what the host's caches do not hold is not known.
    pub fn of<B: Bridge>(bridge: &B, request: &Request, settings: &Settings) -> Self {
        let mut route = Route::of(bridge, &request.model_id);
        let known = Known::resolve(bridge, settings, &route.id);
        let learned = Learned::recall(bridge, &known, request);
        if let Some(geography) = learned.profile.as_deref().filter(|_| route.id == known.base) {
            let id = [geography, ".", &known.base].concat();
            let detail =
                ["Bedrock did not serve ", &known.base, " on demand; it is called through ", &id].concat();
            route.change(id, rewrites::PROFILE, detail);
        }
        Self::made(bridge, request, settings, route, known, learned)
    }

    /// The same, called in another way or with something learned anew.
    pub(crate) fn again<B: Bridge>(
        bridge: &B,
        request: &Request,
        settings: &Settings,
        route: Route,
        learned: Learned,
    ) -> Self {
        let known = Known::resolve(bridge, settings, &route.id);
        Self::made(bridge, request, settings, route, known, learned)
    }

    fn made<B: Bridge>(
        bridge: &B,
        request: &Request,
        settings: &Settings,
        route: Route,
        known: Known,
        learned: Learned,
    ) -> Self {
        let known = known.without(&learned);
        let entry = bridge.lookup(&known.base);
        let live = entry.as_deref().and_then(|entry| Object::parse(core::str::from_utf8(entry).ok()?));
        // What the user says of the id that was asked for holds also where another is called for it.
        let asked = settings.configured(&request.model_id).is_some();
        let said_of = if asked { &request.model_id } else { &route.id };
        let facts = Facts::of(said_of, &known, live.as_ref(), settings);
        Self { route, known, facts, learned }
    }

    /// How it behaves.
    pub fn traits(&self) -> &Traits {
        self.known.traits()
    }

    /// Whether it takes media of a kind. Documents are believed to be taken where nothing speaks against
    /// it: Bedrock reads most of them itself, and its listing has no word for them.
    pub fn takes_media(&self, kind: Can) -> bool {
        if self.traits().refuses & kind != 0 {
            return false;
        }
        let modality = match kind {
            table::IMAGES => Modalities::IMAGE,
            table::VIDEO => Modalities::VIDEO,
            table::AUDIO => Modalities::AUDIO,
            _ => return true,
        };
        match self.facts.input.from {
            Source::Configuration | Source::Listing => self.facts.input.value & modality == modality,
            _ => self.known.takes(kind),
        }
    }

    /// Whether it takes instructions apart from the conversation.
    pub fn takes_instructions(&self) -> bool {
        let listed = || self.listed(Abilities::SYSTEM_PROMPT).unwrap_or(self.traits().system);
        !self.learned.lacks_this(Lack::System) && listed()
    }

    /// What it does with cache points, unless it taught otherwise.
    pub fn keeps(&self) -> Caching {
        match (self.traits().cache.keeps, self.listed(Abilities::PROMPT_CACHING)) {
            _ if self.learned.lacks_this(Lack::CachePoints) => Caching::Rejected,
            (_, Some(false)) => Caching::Rejected,
            (Caching::Rejected | Caching::Unknown, Some(true)) => Caching::Short,
            (Caching::Long | Caching::Unknown, _) if self.learned.lacks_this(Lack::CacheTtl) => {
                Caching::Short
            }
            (keeps, _) => keeps,
        }
    }

    /// What Bedrock's listing says of an ability.
    fn listed(&self, ability: Abilities) -> Option<bool> {
        let (_, fact) = self.facts.abilities.iter().find(|(other, _)| *other == ability)?;
        (fact.from == Source::Listing).then_some(fact.value)
    }

    /// The most output tokens that it gives, where that is known.
    pub fn output_limit(&self) -> Option<u32> {
        let limit = &self.facts.max_output_tokens;
        (limit.from != Source::Default).then_some(limit.value)
    }

    /// Its context window, where that is known.
    pub fn window(&self) -> Option<u32> {
        let window = &self.facts.context_window;
        (window.from != Source::Default).then_some(window.value)
    }
}
