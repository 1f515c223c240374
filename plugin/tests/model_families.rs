//! `docs/model-families.md` is written from the table itself. `OUTCROP_UPDATE=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test")]

use amazon_bedrock_plugin::models::Traits;
use amazon_bedrock_plugin::models::dialects::Place;
use amazon_bedrock_plugin::models::families::{FAMILIES, UNKNOWN};
use amazon_bedrock_plugin::models::table::{self, Can, ROWS};
use amazon_bedrock_plugin::models::traits::{Caching, CallIds, Choices, Replay, Sampling};
use amazon_bedrock_plugin::request::rewrites::RULES;
use std::path::Path;

/// A column: its title, and what it says of a model.
type Column = (&'static str, fn(&Traits, Can) -> String);

/// The columns, in tables that fit a page.
const TABLES: &[(&str, &[Column])] = &[
    (
        "Conversations and media",
        &[
            ("instructions", |traits, _| word(traits.system, "apart", "in the first user's turn")),
            ("may begin with the model", |traits, _| yes(traits.opens)),
            ("may end with the model", |traits, _| yes(traits.prefill)),
            ("images", |traits, can| taken(traits, can, table::IMAGES)),
            ("documents", |traits, _| word(traits.refuses & table::DOCUMENTS == 0, "yes", "a note instead")),
            ("video", |traits, can| taken(traits, can, table::VIDEO)),
            ("citations go back", |traits, _| yes(traits.citations)),
        ],
    ),
    (
        "Tools",
        &[
            ("tools", |_, can| match (can & table::TOOLS != 0, can & table::STREAMS_TOOLS != 0) {
                (false, _) => "none: left out, history as text".into(),
                (true, false) => "not streamed: asked with Converse".into(),
                (true, true) => "yes".into(),
            }),
            ("choices", |traits, _| {
                match traits.choices {
                    Choices::All => "auto, any, by name",
                    Choices::Any => "auto, any",
                    Choices::Auto => "auto",
                }
                .into()
            }),
            ("none", |traits, _| word(traits.none_choice, "`tool_choice`", "tools left out")),
            ("strict", |traits, _| yes(traits.schemas.strict)),
            ("`$ref`", |traits, _| word(traits.schemas.refs, "kept", "inlined")),
            ("lookaround", |traits, _| word(traits.schemas.lookaround, "kept", "described")),
            ("call ids", |traits, _| {
                match traits.call_ids {
                    CallIds::Service => "the service's",
                    CallIds::Plain => "letters, digits, `_-`",
                    CallIds::Nine => "nine letters and digits",
                }
                .into()
            }),
            ("in results", |traits, _| set(traits.results.inside, "text")),
            ("beside results", |traits, _| {
                set(traits.results.beside & !table::TEXT, base(traits.results.beside))
            }),
            ("status", |traits, _| yes(traits.results.status)),
        ],
    ),
    (
        "Reasoning, sampling, output",
        &[
            ("effort", |traits, _| match traits.dialect.place {
                Place::Nowhere => "not told".into(),
                Place::Adaptive => {
                    ["`thinking` adaptive, `output_config.effort`: ", &efforts(traits)].concat()
                }
                Place::Budget => "`thinking` enabled, `budget_tokens`".into(),
                Place::ReasoningConfig => ["`reasoningConfig`: ", &efforts(traits)].concat(),
                Place::ReasoningEffort => ["`reasoning_effort`: ", &efforts(traits)].concat(),
                Place::FlatReasoningConfig => ["`reasoning_config`: ", &efforts(traits)].concat(),
                Place::Reasoning => ["`reasoning.effort`: ", &efforts(traits)].concat(),
            }),
            ("reasoning goes back", |traits, _| {
                match traits.replay {
                    Replay::Proven => "signed or encrypted",
                    Replay::Redacted => "encrypted",
                    Replay::Text => "as text",
                    Replay::Nothing => "no",
                }
                .into()
            }),
            ("betas", |traits, _| yes(traits.betas)),
            ("sampling", |traits, _| {
                match traits.sampling {
                    Sampling::Taken => "yes",
                    Sampling::One => "temperature or top-p",
                    Sampling::Rejected => "no",
                }
                .into()
            }),
            ("stop sequences", |traits, _| yes(traits.stop_sequences)),
            ("least output", |traits, _| traits.least_output.to_string()),
            ("schema for the answer", |_, can| word(can & table::SCHEMA != 0, "`textFormat`", "a tool")),
        ],
    ),
    (
        "Prompt caching",
        &[
            ("keeps for", |traits, _| {
                match traits.cache.keeps {
                    Caching::Unknown => "as asked",
                    Caching::Rejected => "no points",
                    Caching::Short => "5 minutes",
                    Caching::Long => "5 minutes or 1 hour",
                }
                .into()
            }),
            ("behind tools", |traits, _| yes(traits.cache.in_tools)),
            ("tokens, at least", |traits, _| traits.cache.least.to_string()),
        ],
    ),
];

fn word(holds: bool, so: &str, otherwise: &str) -> String {
    if holds { so } else { otherwise }.into()
}

fn yes(holds: bool) -> String {
    word(holds, "yes", "no")
}

fn taken(traits: &Traits, can: Can, kind: Can) -> String {
    word(traits.refuses & kind == 0 && can & kind != 0, "yes", "a note instead")
}

fn base(beside: Can) -> &'static str {
    if beside & table::TEXT == 0 { "nothing" } else { "text" }
}

/// The media of a set, behind a first word.
fn set(media: Can, first: &str) -> String {
    let mut words = vec![first];
    for (kind, name) in [
        (table::IMAGES, "images"),
        (table::DOCUMENTS, "documents"),
        (table::VIDEO, "video"),
        (table::AUDIO, "audio"),
    ] {
        if media & kind != 0 {
            words.push(name);
        }
    }
    words.join(", ")
}

/// The words that a model knows.
fn efforts(traits: &Traits) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (_, word) in traits.dialect.words {
        if !words.contains(word) {
            words.push(word);
        }
    }
    words.join(", ")
}

const HEAD: &str = "\
# Families of models, and what Outcrop does for each

Written from the plugin's own table by `OUTCROP_UPDATE=1 cargo test -p amazon-bedrock-plugin --test model_families`.
The table is of ";

const ABOUT: &str = ". A request is one neutral request; the tables say how it is
changed so that a model takes it, and every change is told as a `rewritten` event whose `rule` stands in
[the list of rules](#rules).

A model is looked up by its base id, by a profile's id and by its ARN; an application profile's model is what the cached
listing says. Of a model that is not in the table its family's row holds, of a family that is not in it the last row:
the request is left as it is wherever that can be right. What Bedrock's listing says of modalities and limits wins over
the table, what the configuration says over both.

**Output tokens.** Bedrock takes `maxTokens` from the quota when it admits a request, and the model's maximum where it is
not told a number. So one is always sent: what the request says, clamped to the model's maximum and to what the window
leaves; without one 8,192, or 32,768 where the model thinks. Nova 2 with effort `high` refuses a number and gets none.
";

fn page() -> String {
    let mut page = [HEAD, table::AS_OF, ABOUT].concat();
    let families = || FAMILIES.iter().chain([&UNKNOWN]);
    for (title, columns) in TABLES {
        page += &format!("\n## {title}\n\n| family |");
        for (column, _) in *columns {
            page += &format!(" {column} |");
        }
        page += &["\n|---|", &"---|".repeat(columns.len()), "\n"].concat();
        for family in families() {
            page += &format!("| {} |", family.name);
            for (_, say) in *columns {
                // Of the unknown everything is believed.
                let can = if family.name == UNKNOWN.name { Can::MAX } else { family.can };
                page += &format!(" {} |", say(&family.traits, can));
            }
            page.push('\n');
        }
    }
    page += "\n## Models that differ from their family\n\n| model | where |\n|---|---|\n";
    for row in ROWS {
        let family = amazon_bedrock_plugin::models::families::of(row.id);
        let mut differs = Vec::new();
        if !row.traits.converse {
            differs.push("answers Bedrock's OpenAI endpoints alone: refused with a clear error".to_owned());
        }
        for (column, say) in TABLES.iter().flat_map(|(_, columns)| *columns) {
            let (ours, theirs) = (say(&row.traits, row.can), say(&family.traits, family.can));
            if ours != theirs {
                differs.push(format!("{column}: {ours}"));
            }
        }
        if !differs.is_empty() {
            page += &format!("| `{}` | {} |\n", row.id, differs.join("; "));
        }
    }
    page += "\n## What is known, and from where\n\n| family | ids begin with | notes |\n|---|---|---|\n";
    for family in families() {
        let begins: Vec<String> = family.begins.iter().map(|begin| format!("`{begin}`")).collect();
        page += &format!("| {} | {} | {} |\n", family.name, begins.join(", "), family.notes);
    }
    page += "\n## Rules\n\n| rule | what it did |\n|---|---|\n";
    for (name, about) in RULES {
        page += &format!("| `{name}` | {about} |\n");
    }
    page
}

#[test]
fn the_page_of_the_documentation_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/model-families.md");
    let expected = page();
    if std::env::var_os("OUTCROP_UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "docs/model-families.md is not up to date: run this test with OUTCROP_UPDATE=1"
    );
}

#[test]
fn rules_and_families_have_one_name_each() {
    for (at, (name, about)) in RULES.iter().enumerate() {
        assert!(RULES[..at].iter().all(|(other, _)| other != name), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        assert!(about.ends_with('.'), "{name}");
    }
    for (at, family) in FAMILIES.iter().enumerate() {
        assert!(FAMILIES[..at].iter().all(|other| other.name != family.name), "{}", family.name);
        assert!(!family.notes.is_empty() && !family.begins.is_empty(), "{}", family.name);
    }
}

/// What the columns say must not contradict itself.
#[test]
fn traits_are_consistent() {
    let models = FAMILIES.iter().map(|family| (family.name, &family.traits, family.can));
    for (name, traits, can) in models.chain(ROWS.iter().map(|row| (row.id, &row.traits, row.can))) {
        assert!(
            can & table::STREAMS_TOOLS == 0 || can & table::TOOLS != 0,
            "{name} streams tools it has not"
        );
        for kind in [table::IMAGES, table::DOCUMENTS, table::VIDEO, table::AUDIO] {
            assert!(can & traits.refuses & kind == 0, "{name} takes and refuses {kind}");
        }
        assert!(traits.results.beside & table::TEXT != 0 || traits.results.beside == 0, "{name}");
        assert!(traits.least_output >= 1, "{name}");
        let caches = matches!(traits.cache.keeps, Caching::Short | Caching::Long);
        assert_eq!(caches, traits.cache.least > 0, "{name}: a least size where it caches, and only there");
        for (asked, _) in traits.dialect.words {
            assert!(amazon_bedrock_plugin::models::dialects::EFFORTS.contains(asked), "{name}: {asked}");
        }
        let thinks = traits.dialect.place != Place::Nowhere;
        assert!(!thinks || can & table::REASONS != 0, "{name} is told to think, and cannot");
    }
}
