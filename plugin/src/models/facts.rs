//! What holds of a model, field by field: the live listing wins over the table, the table over the
//! configured defaults; and where each fact comes from.

use super::prices;
use super::table::{self, Can};
use super::{Caching, Choices, Known};
use crate::bindings::outcrop::provider::types::{Abilities, Modalities, Pricing};
use crate::json::Object;
use crate::settings::Settings;

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bedrock's own listing.
    Listing,
    /// The plugin's table.
    Table,
    /// What the model's family can do, for a model that the table does not list.
    Family,
    /// The settings.
    Default,
}

impl Source {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Table => "table",
            Self::Family => "family",
            Self::Default => "default",
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
    /// What it can be asked to do.
    pub abilities: Abilities,
    /// Where most of them come from.
    pub abilities_from: Source,
    /// Dollars.
    pub pricing: Option<Pricing>,
}

impl Facts {
    /// Of a model, with its entry in Bedrock's listing where there is one.
    pub(crate) fn of(known: &Known, live: Option<&Object<'_>>, settings: &Settings) -> Self {
        let row = known.row;
        let (can, from_here) = row.map_or((known.family.can, Source::Family), |row| (row.can, Source::Table));
        let converse = live.and_then(|live| live.object("converse"));
        let limit = |live: Option<u32>, table: Option<u32>, default: u32| {
            let fact = |value, from| Fact { value, from };
            live.filter(|limit| *limit > 0)
                .map(|value| fact(value, Source::Listing))
                .or(table.map(|value| fact(value, Source::Table)))
                .unwrap_or(fact(default, Source::Default))
        };
        let mut max_output_tokens = limit(
            converse
                .as_ref()
                .and_then(|converse| converse.integer("maxTokensMaximum"))
                .and_then(|tokens| u32::try_from(tokens).ok()),
            row.map(|row| row.max_output_tokens),
            settings.default_max_tokens,
        );
        let mut context_window = limit(
            live.and_then(|live| live.object("description"))
                .and_then(|description| description.string("maxContextWindow"))
                .and_then(|written| tokens(&written)),
            row.map(|row| row.context_window),
            settings.default_context_window,
        );
        // An answer is part of the window; of two numbers that contradict this, the guess yields.
        if context_window.from == Source::Default && max_output_tokens.from != Source::Default {
            context_window.value = context_window.value.max(max_output_tokens.value);
        }
        max_output_tokens.value = max_output_tokens.value.min(context_window.value);
        let abilities = abilities(known, can, live, converse.as_ref());
        Self {
            context_window,
            max_output_tokens,
            input: input(can, live, converse.as_ref(), from_here),
            output: output(live, from_here),
            abilities,
            abilities_from: from_here,
            pricing: row.map(|row| prices::of(row, &known.base).pricing),
        }
    }

    /// Whether both limits are known.
    pub fn limits_known(&self) -> bool {
        self.context_window.from != Source::Default && self.max_output_tokens.from != Source::Default
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
    can: Can,
    live: Option<&Object<'_>>,
    converse: Option<&Object<'_>>,
    from_here: Source,
) -> Fact<Modalities> {
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
        return Fact { value: known, from: from_here };
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
    Fact { value: listed, from: Source::Listing }
}

fn output(live: Option<&Object<'_>>, from_here: Source) -> Fact<Modalities> {
    named(live, "outputModalities").map_or(Fact { value: Modalities::TEXT, from: from_here }, |value| Fact {
        value,
        from: Source::Listing,
    })
}

fn abilities(known: &Known, can: Can, live: Option<&Object<'_>>, converse: Option<&Object<'_>>) -> Abilities {
    let traits = known.traits();
    let tools = can & table::TOOLS != 0;
    let cached = live
        .and_then(|live| live.object("explicitPromptCaching"))
        .and_then(|caching| caching.boolean("isSupported"))
        .unwrap_or(matches!(traits.caching, Caching::Short | Caching::Long));
    let reasons = can & table::REASONS != 0
        || converse.is_some_and(|converse| converse.get("reasoningSupported").is_some());
    let system = converse.and_then(|converse| converse.boolean("systemRoleSupported")).unwrap_or(true);
    let mut abilities = Abilities::empty();
    for (holds, ability) in [
        (tools, Abilities::TOOLS),
        (tools && can & table::STREAMS_TOOLS != 0, Abilities::TOOLS_WHILE_STREAMING),
        (tools && traits.choices != Choices::Auto, Abilities::TOOL_CHOICE),
        (reasons, Abilities::REASONING),
        (cached, Abilities::PROMPT_CACHING),
        (can & table::SCHEMA != 0, Abilities::STRUCTURED_OUTPUT),
        (system, Abilities::SYSTEM_PROMPT),
    ] {
        if holds {
            abilities = abilities | ability;
        }
    }
    abilities
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

    #[test]
    fn the_listing_wins_field_by_field() {
        let known = Known::by_id("anthropic.claude-haiku-4-5-20251001-v1:0");
        let settings = Settings::default();
        let table = Facts::of(&known, None, &settings);
        assert_eq!(table.max_output_tokens.value, 64_000);
        assert!(table.limits_known());
        let live = Object::parse(
            r#"{"converse":{"maxTokensMaximum":1000},"description":null,
                "explicitPromptCaching":{"isSupported":false},"inputModalities":["TEXT"]}"#,
        )
        .expect("an entry");
        let facts = Facts::of(&known, Some(&live), &settings);
        assert_eq!(facts.max_output_tokens, Fact { value: 1000, from: Source::Listing });
        assert_eq!(facts.context_window, Fact { value: 200_000, from: Source::Table });
        assert!(facts.abilities & Abilities::PROMPT_CACHING == Abilities::empty());
        assert_eq!(facts.input.value, Modalities::TEXT | Modalities::DOCUMENT);
    }

    #[test]
    fn a_guessed_window_yields_to_a_known_output() {
        let known = Known::by_id("novel.model");
        let live = Object::parse(r#"{"converse":{"maxTokensMaximum":100000}}"#).expect("an entry");
        let facts = Facts::of(&known, Some(&live), &Settings::default());
        assert_eq!(facts.context_window.value, 100_000);
        assert!(!facts.limits_known());
    }
}
