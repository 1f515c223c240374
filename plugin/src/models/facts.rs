//! What holds of a model, field by field: what the user configured wins over the live listing, that
//! over the table, the table over the defaults; and where each fact comes from.

use super::table::{self, Can};
use super::{Caching, Choices, Known, prices};
use crate::bindings::outcrop::provider::types::{Abilities, Modalities, Pricing};
use crate::json::Object;
use crate::settings::{Configured, Settings};

/// Where a fact comes from, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The settings' defaults for models of which nothing is known.
    Default,
    /// What the model's family can do, for a model that the table does not list.
    Family,
    /// The plugin's table.
    Table,
    /// Bedrock's own listing.
    Listing,
    /// What the user says of this model.
    Configuration,
}

impl Source {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Family => "family",
            Self::Table => "table",
            Self::Listing => "listing",
            Self::Configuration => "configuration",
        }
    }
}

/// A fact and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fact<T> {
    /// What holds.
    pub value: T,
    /// Why.
    pub from: Source,
}

impl<T> Fact<T> {
    fn new(value: T, from: Source) -> Self {
        Self { value, from }
    }
}

/// Dollars per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Input tokens that neither came from nor went to the cache.
    pub input: Option<Fact<f64>>,
    /// Output tokens.
    pub output: Option<Fact<f64>>,
    /// Input tokens read from the cache.
    pub cache_read: Option<Fact<f64>>,
    /// Input tokens written to the cache.
    pub cache_write: Option<Fact<f64>>,
    /// Input tokens written to the cache for an hour.
    pub cache_write_1h: Option<Fact<f64>>,
}

/// What holds of a model.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Tokens of input and output together.
    pub context_window: Fact<u32>,
    /// Tokens.
    pub max_output_tokens: Fact<u32>,
    /// What it takes.
    pub input: Fact<Modalities>,
    /// What it gives.
    pub output: Fact<Modalities>,
    /// Whether it can be asked to do this.
    pub abilities: [(Abilities, Fact<bool>); 7],
    /// What it costs.
    pub prices: Prices,
}

impl Facts {
    /// Of a model that is called by this id, with its entry in Bedrock's listing where there is one.
    pub(crate) fn of(id: &str, known: &Known, live: Option<&Object<'_>>, settings: &Settings) -> Self {
        let configured = settings.configured(id);
        let row = known.row;
        let (can, from_here) = row.map_or((known.family.can, Source::Family), |row| (row.can, Source::Table));
        let converse = live.and_then(|live| live.object("converse"));
        let limit = |configured: Option<u32>, live: Option<u32>, table: Option<u32>, default: u32| {
            let known =
                [(configured, Source::Configuration), (live, Source::Listing), (table, Source::Table)];
            known
                .into_iter()
                .find_map(|(limit, from)| Some(Fact::new(limit.filter(|limit| *limit > 0)?, from)))
                .unwrap_or(Fact::new(default, Source::Default))
        };
        let mut max_output_tokens = limit(
            configured.and_then(|configured| configured.max_tokens),
            converse
                .as_ref()
                .and_then(|converse| converse.integer("maxTokensMaximum"))
                .and_then(|tokens| u32::try_from(tokens).ok()),
            row.map(|row| row.max_output_tokens),
            settings.default_max_tokens,
        );
        let mut context_window = limit(
            configured.and_then(|configured| configured.context_window),
            live.and_then(|live| live.object("description"))
                .and_then(|description| description.string("maxContextWindow"))
                .and_then(|written| tokens(&written)),
            row.map(|row| row.context_window),
            settings.default_context_window,
        );
        // An answer is part of the window: of two numbers that contradict this, the one from the
        // weaker source yields.
        if context_window.value < max_output_tokens.value {
            if context_window.from == Source::Default {
                // A guess stays one.
                context_window.value = max_output_tokens.value;
            } else if context_window.from < max_output_tokens.from {
                context_window = max_output_tokens;
            } else {
                max_output_tokens.value = context_window.value;
            }
        }
        Self {
            context_window,
            max_output_tokens,
            input: input(configured, can, live, converse.as_ref(), from_here),
            output: output(live, from_here),
            abilities: abilities(configured, known, (can, from_here), live, converse.as_ref()),
            prices: prices(id, configured, known),
        }
    }

    /// Whether both limits are known.
    pub fn limits_known(&self) -> bool {
        self.context_window.from != Source::Default && self.max_output_tokens.from != Source::Default
    }

    /// What it can be asked to do.
    pub fn abilities(&self) -> Abilities {
        self.abilities
            .iter()
            .filter(|(_, holds)| holds.value)
            .fold(Abilities::empty(), |all, (ability, _)| all | *ability)
    }

    /// The contract's prices; none where one of the two that it must have is not known.
    pub fn pricing(&self) -> Option<Pricing> {
        let value = |price: Option<Fact<f64>>| price.map(|price| price.value);
        Some(Pricing {
            input: value(self.prices.input)?,
            output: value(self.prices.output)?,
            cache_read: value(self.prices.cache_read),
            cache_write: value(self.prices.cache_write),
        })
    }
}

/// The prices of a model that is called by this id.
pub(crate) fn prices(id: &str, configured: Option<&Configured>, known: &Known) -> Prices {
    let cost = configured.map(|configured| configured.cost).unwrap_or_default();
    let table = known.row.map(|row| prices::of(row, id));
    let price = |configured: Option<f64>, table: Option<f64>| {
        configured
            .map(|price| Fact::new(price, Source::Configuration))
            .or(table.map(|price| Fact::new(price, Source::Table)))
    };
    let listed = table.map(|table| table.pricing);
    Prices {
        input: price(cost.input, listed.map(|prices| prices.input)),
        output: price(cost.output, listed.map(|prices| prices.output)),
        cache_read: price(cost.cache_read, listed.and_then(|prices| prices.cache_read)),
        cache_write: price(cost.cache_write, listed.and_then(|prices| prices.cache_write)),
        cache_write_1h: price(None, table.and_then(|table| table.cache_write_1h)),
    }
}

/// `200K`, `1M` and `128000` are how Bedrock writes a window.
fn tokens(written: &str) -> Option<u32> {
    let written = written.trim();
    let (digits, unit) = match written.as_bytes().last()? {
        b'k' | b'K' => (&written[..written.len() - 1], 1_000),
        b'm' | b'M' => (&written[..written.len() - 1], 1_000_000),
        _ => (written, 1),
    };
    digits.trim().parse::<u32>().ok()?.checked_mul(unit)
}

/// Modalities by Bedrock's names for them.
fn modality(name: &str) -> Modalities {
    match name {
        "TEXT" => Modalities::TEXT,
        "IMAGE" => Modalities::IMAGE,
        "VIDEO" => Modalities::VIDEO,
        "SPEECH" | "AUDIO" => Modalities::AUDIO,
        _ => Modalities::empty(),
    }
}

fn named(live: Option<&Object<'_>>, member: &str) -> Option<Modalities> {
    let names = live?.strings(member);
    (!names.is_empty()).then(|| names.iter().fold(Modalities::empty(), |all, name| all | modality(name)))
}

fn input(
    configured: Option<&Configured>,
    can: Can,
    live: Option<&Object<'_>>,
    converse: Option<&Object<'_>>,
    from_here: Source,
) -> Fact<Modalities> {
    if let Some(configured) = configured.and_then(|configured| configured.input) {
        return Fact::new(configured, Source::Configuration);
    }
    let mut known = Modalities::TEXT;
    for (ability, modality) in [
        (table::IMAGES, Modalities::IMAGE),
        (table::DOCUMENTS, Modalities::DOCUMENT),
        (table::VIDEO, Modalities::VIDEO),
    ] {
        if can & ability != 0 {
            known = known | modality;
        }
    }
    let Some(mut listed) = named(live, "inputModalities") else {
        return Fact::new(known, from_here);
    };
    for (member, modality) in
        [("userDocumentTypesSupported", Modalities::DOCUMENT), ("userVideoTypesSupported", Modalities::VIDEO)]
    {
        if converse.is_some_and(|converse| !converse.strings(member).is_empty()) {
            listed = listed | modality;
        }
    }
    // The listing has no word for documents, and leaves the list of their types empty even where
    // they are taken.
    listed = listed | (known & Modalities::DOCUMENT);
    Fact::new(listed, Source::Listing)
}

fn output(live: Option<&Object<'_>>, from_here: Source) -> Fact<Modalities> {
    named(live, "outputModalities")
        .map_or(Fact::new(Modalities::TEXT, from_here), |value| Fact::new(value, Source::Listing))
}

fn abilities(
    configured: Option<&Configured>,
    known: &Known,
    (can, from_here): (Can, Source),
    live: Option<&Object<'_>>,
    converse: Option<&Object<'_>>,
) -> [(Abilities, Fact<bool>); 7] {
    let traits = known.traits();
    let tools = can & table::TOOLS != 0;
    let here = |holds: bool| Fact::new(holds, from_here);
    let listed = |said: Option<bool>, else_here: bool| {
        said.map_or(here(else_here), |holds| Fact::new(holds, Source::Listing))
    };
    // The listing says which models reason, and is silent of some that do.
    let reasons = converse.and_then(|converse| converse.get("reasoningSupported")).map(|_| true);
    let reasoning = match configured.and_then(|configured| configured.reasoning) {
        Some(reasons) => Fact::new(reasons, Source::Configuration),
        None => listed(reasons, can & table::REASONS != 0),
    };
    let caching = live
        .and_then(|live| live.object("explicitPromptCaching"))
        .and_then(|caching| caching.boolean("isSupported"));
    let system = converse.and_then(|converse| converse.boolean("systemRoleSupported"));
    [
        (Abilities::TOOLS, here(tools)),
        (Abilities::TOOLS_WHILE_STREAMING, here(tools && can & table::STREAMS_TOOLS != 0)),
        (Abilities::TOOL_CHOICE, here(tools && traits.choices != Choices::Auto)),
        (Abilities::REASONING, reasoning),
        (
            Abilities::PROMPT_CACHING,
            listed(caching, matches!(traits.cache.keeps, Caching::Short | Caching::Long)),
        ),
        (Abilities::STRUCTURED_OUTPUT, here(can & table::SCHEMA != 0)),
        (Abilities::SYSTEM_PROMPT, listed(system, true)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_as_bedrock_writes_them() {
        for (written, want) in [
            ("200K", Some(200_000)),
            ("200k", Some(200_000)),
            ("1M", Some(1_000_000)),
            ("128000", Some(128_000)),
            ("", None),
            ("many", None),
            ("99999999M", None),
            ("é", None),
        ] {
            assert_eq!(tokens(written), want, "{written}");
        }
    }

    fn facts(id: &str, live: Option<&str>, settings: &str) -> Facts {
        let live = live.map(|live| Object::parse(live).expect("an entry"));
        Facts::of(id, &Known::by_id(id), live.as_ref(), &Settings::parse(settings).expect("settings"))
    }

    fn ability(facts: &Facts, ability: Abilities) -> Fact<bool> {
        facts.abilities.iter().find(|(known, _)| *known == ability).expect("an ability").1
    }

    #[test]
    fn the_listing_wins_field_by_field() {
        const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
        let table = facts(HAIKU, None, "");
        assert_eq!(table.max_output_tokens, Fact::new(64_000, Source::Table));
        assert!(table.limits_known());
        let live = r#"{"converse":{"maxTokensMaximum":1000,"reasoningSupported":null,"systemRoleSupported":null},
            "description":null,"explicitPromptCaching":{"isSupported":false},"inputModalities":["TEXT"]}"#;
        let facts = facts(HAIKU, Some(live), "");
        assert_eq!(facts.max_output_tokens, Fact::new(1000, Source::Listing));
        assert_eq!(facts.context_window, Fact::new(200_000, Source::Table));
        assert_eq!(ability(&facts, Abilities::PROMPT_CACHING), Fact::new(false, Source::Listing));
        assert_eq!(ability(&facts, Abilities::REASONING), Fact::new(true, Source::Table));
        assert_eq!(ability(&facts, Abilities::SYSTEM_PROMPT), Fact::new(true, Source::Table));
        assert_eq!(facts.input, Fact::new(Modalities::TEXT | Modalities::DOCUMENT, Source::Listing));
    }

    #[test]
    fn what_the_user_says_wins_field_by_field() {
        let settings = r#"{"models":[{"id":"us.anthropic.claude-sonnet-4-6:0","reasoning":false,"input":["text"],
            "cost":{"output":1},"maxTokens":500}]}"#;
        let live = r#"{"converse":{"maxTokensMaximum":1000,"reasoningSupported":{"embedded":false}},
            "inputModalities":["TEXT","IMAGE"]}"#;
        let facts = facts("us.anthropic.claude-sonnet-4-6", Some(live), settings);
        let said = Source::Configuration;
        assert_eq!(facts.max_output_tokens, Fact::new(500, said));
        assert_eq!(facts.input, Fact::new(Modalities::TEXT, said));
        assert_eq!(ability(&facts, Abilities::REASONING), Fact::new(false, said));
        assert_eq!(facts.prices.output, Some(Fact::new(1.0, said)));
        assert_eq!(facts.prices.input, Some(Fact::new(3.3, Source::Table)));
        assert_eq!(facts.context_window, Fact::new(1_000_000, Source::Table));
    }

    #[test]
    fn an_answer_fits_into_the_window() {
        let live = Some(r#"{"converse":{"maxTokensMaximum":300000}}"#);
        let novel = facts("novel.model", live, "");
        assert_eq!(novel.context_window, Fact::new(300_000, Source::Default));
        assert!(!novel.limits_known());
        let gemma = facts("google.gemma-3-4b-it", live, "");
        assert_eq!(gemma.context_window, Fact::new(300_000, Source::Listing), "the table knew less");
        let settings = r#"{"models":[{"id":"google.gemma-3-4b-it","contextWindow":1000}]}"#;
        let small = facts("google.gemma-3-4b-it", live, settings);
        assert_eq!(small.context_window, Fact::new(1000, Source::Configuration));
        assert_eq!(small.max_output_tokens.value, 1000);
    }
}
