//! What the plugin would do, without doing it.

use crate::bindings::exports::outcrop::provider::inspector::Preview;
use crate::bindings::outcrop::provider::types::{Abilities, Error, Modalities, Request};
use crate::bridge::Bridge;
use crate::json::{self, Object};
use crate::learned::Learned;
use crate::models::facts::{Facts, Source};
use crate::models::{Known, table};
use crate::request;
use crate::settings::Settings;

/// Modalities as the contract spells them.
const MODALITIES: &[(&str, Modalities)] = &[
    ("text", Modalities::TEXT),
    ("image", Modalities::IMAGE),
    ("document", Modalities::DOCUMENT),
    ("video", Modalities::VIDEO),
    ("audio", Modalities::AUDIO),
];

/// Abilities as the contract spells them.
const ABILITIES: &[(&str, Abilities)] = &[
    ("tools", Abilities::TOOLS),
    ("tools-while-streaming", Abilities::TOOLS_WHILE_STREAMING),
    ("tool-choice", Abilities::TOOL_CHOICE),
    ("reasoning", Abilities::REASONING),
    ("prompt-caching", Abilities::PROMPT_CACHING),
    ("structured-output", Abilities::STRUCTURED_OUTPUT),
    ("system-prompt", Abilities::SYSTEM_PROMPT),
];

/// Maps a request and sends nothing.
///
/// # Errors
/// Where the request cannot be mapped.
pub fn preview<B: Bridge>(bridge: &B, request: &Request, settings: &Settings) -> Result<Preview, Error> {
    let known = Known::resolve(bridge, &request.model_id);
    let learned = Learned::recall(bridge, &known, request);
    let mapped = request::converse(request, &known, settings, learned)?;
    Ok(Preview { body: mapped.readable(), rewrites: mapped.rewrites })
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
    let behaviour = if known.row.is_some() { Source::Table } else { Source::Family };

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
        said.push([&json::quoted(name), ":{\"value\":", &value, ",\"from\":\"", from.name(), "\"}"].concat());
    };
    for (name, limit) in
        [("context-window", facts.context_window), ("max-output-tokens", facts.max_output_tokens)]
    {
        fact(name, limit.value.to_string(), limit.from);
    }
    for (name, modalities) in [("input", facts.input), ("output", facts.output)] {
        let value = words(MODALITIES, |flag| modalities.value & flag == flag);
        fact(name, value, modalities.from);
    }
    let abilities = words(ABILITIES, |flag| facts.abilities & flag == flag);
    fact("abilities", abilities, facts.abilities_from);
    if let Some(pricing) = facts.pricing {
        let value =
            ["{\"input\":", &pricing.input.to_string(), ",\"output\":", &pricing.output.to_string(), "}"]
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

/// The names of the flags that hold, as JSON.
fn words<F: Copy>(names: &[(&str, F)], holds: impl Fn(F) -> bool) -> String {
    let words: Vec<String> =
        names.iter().filter(|(_, flag)| holds(*flag)).map(|(name, _)| json::quoted(name)).collect();
    ["[", &words.join(","), "]"].concat()
}

/// The name of an enum's case.
fn word(case: impl core::fmt::Debug) -> String {
    json::quoted(&format!("{case:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::outcrop::provider::bedrock_bridge::{BodyPart, Failure, Listing};
    use crate::stream::script::Scripted;
    use serde_json::{Value, json};

    const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
    const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

    /// A cache that holds one application profile and its model.
    struct Cache;

    impl Bridge for Cache {
        type Call = Scripted;

        fn list_models(&self) -> Result<Listing, Failure> {
            unreachable!("nothing here waits for discovery")
        }

        fn lookup(&self, id: &str) -> Option<Vec<u8>> {
            let arn = ["arn:aws:bedrock:us-east-1::foundation-model/", HAIKU].concat();
            match id {
                PROFILE => Some(json!({"models": [{"modelArn": arn}]}).to_string().into_bytes()),
                HAIKU => Some(br#"{"converse":{"maxTokensMaximum":5000}}"#.to_vec()),
                _ => None,
            }
        }

        fn start(&self, _: &str, _: &str, _: &[BodyPart]) -> Result<Scripted, Failure> {
            unreachable!("nothing is started")
        }
    }

    #[test]
    fn facts_say_where_they_come_from() {
        let explained = explain(&Cache, PROFILE, &Settings::default());
        let explained: Value = serde_json::from_str(&explained).expect("JSON");
        assert_eq!(explained["base-model"], HAIKU);
        assert_eq!(explained["facts"]["max-output-tokens"], json!({"value": 5000, "from": "listing"}));
        assert_eq!(explained["facts"]["context-window"], json!({"value": 200_000, "from": "table"}));
        assert_eq!(explained["facts"]["input"]["value"], json!(["text", "image", "document"]));
        let unknown: Value =
            serde_json::from_str(&explain(&Cache, "novel \"id", &Settings::default())).expect("JSON");
        assert_eq!(unknown["listing"], Value::Null);
        assert_eq!(unknown["facts"]["context-window"]["from"], "default");
    }
}
