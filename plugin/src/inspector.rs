//! What the plugin would do, without doing it.

use crate::bindings::exports::outcrop::provider::inspector::Preview;
use crate::bindings::outcrop::provider::types::{Error, Request};
use crate::bridge::Bridge;
use crate::json::{self, Object};
use crate::models::facts::{Facts, Source};
use crate::models::{Known, table};
use crate::request;
use crate::settings::Settings;

/// Maps a request and sends nothing.
///
/// # Errors
/// Where the request cannot be mapped.
pub fn preview<B: Bridge>(
    bridge: &B,
    request: &Request,
    settings: &Settings,
) -> Result<Preview, Error> {
    let known = Known::resolve(bridge, &request.model_id);
    let mapped = request::converse(request, &known, settings)?;
    Ok(Preview {
        body: mapped.readable(),
        rewrites: mapped.rewrites,
    })
}

/// What is known of a model, as JSON: an object of `id`, `base-model`, `family`, `table-as-of`,
/// `listing` (Bedrock's own entry, or null) and `facts`, each `{"value":..,"from":".."}` where `from` is
/// `listing`, `table`, `family` or `default`.
pub fn explain<B: Bridge>(bridge: &B, id: &str, settings: &Settings) -> String {
    let known = Known::resolve(bridge, id);
    let entry = bridge
        .lookup(&known.base)
        .and_then(|entry| String::from_utf8(entry).ok())
        .filter(|entry| json::is_object(entry));
    let live = entry.as_deref().and_then(Object::parse);
    let facts = Facts::of(&known, live.as_ref(), settings);
    let traits = known.traits();
    let behaviour = if known.row.is_some() {
        Source::Table
    } else {
        Source::Family
    };

    let mut out = String::from("{");
    let mut member = |name: &str, value: &str| {
        if out.len() > 1 {
            out.push(',');
        }
        json::push_string(&mut out, name);
        out.push(':');
        out.push_str(value);
    };
    member("id", &json::quoted(id));
    member("base-model", &json::quoted(&known.base));
    member("family", &json::quoted(known.family.name));
    member("table-as-of", &json::quoted(table::AS_OF));
    member("listing", entry.as_deref().unwrap_or("null"));
    let mut said = Vec::new();
    let mut fact = |name: &str, value: String, from: Source| {
        said.push(
            [
                &json::quoted(name),
                ":{\"value\":",
                &value,
                ",\"from\":\"",
                from.name(),
                "\"}",
            ]
            .concat(),
        );
    };
    for (name, limit) in [
        ("context-window", facts.context_window),
        ("max-output-tokens", facts.max_output_tokens),
    ] {
        fact(name, limit.value.to_string(), limit.from);
    }
    for (name, modalities) in [("input", facts.input), ("output", facts.output)] {
        let value = words(modalities.value.iter_names().map(|(name, _)| name));
        fact(name, value, modalities.from);
    }
    let abilities = words(facts.abilities.iter_names().map(|(name, _)| name));
    fact("abilities", abilities, facts.abilities_from);
    if let Some(pricing) = facts.pricing {
        let value = [
            "{\"input\":",
            &pricing.input.to_string(),
            ",\"output\":",
            &pricing.output.to_string(),
            "}",
        ]
        .concat();
        fact("pricing", value, Source::Table);
    }
    for (name, value) in [
        ("effort", word(traits.dialect.place)),
        ("sampling", word(traits.sampling)),
        ("tool-choice", word(traits.choices)),
        ("caching", word(traits.caching)),
        ("reasoning-replay", word(traits.replay)),
    ] {
        fact(name, value, behaviour);
    }
    member("facts", &["{", &said.join(","), "}"].concat());
    out.push('}');
    out
}

/// Names of flags as the contract spells them.
fn words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = names
        .map(|name| json::quoted(&name.to_lowercase().replace('_', "-")))
        .collect();
    ["[", &words.join(","), "]"].concat()
}

/// The name of an enum's case.
fn word(case: impl core::fmt::Debug) -> String {
    json::quoted(&format!("{case:?}"))
}
