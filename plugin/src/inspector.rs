//! What the plugin would do, without doing it.

use crate::bindings::exports::outcrop::provider::inspector::Preview;
use crate::bindings::outcrop::provider::types::{Abilities, Error, Modalities, Request};
use crate::bridge::Bridge;
use crate::json::{self, Object};
use crate::models::facts::{Facts, Source};
use crate::models::route::Route;
use crate::models::{Known, table};
use crate::request;
use crate::settings::Settings;
use crate::target::Target;

/// Modalities as the contract spells them.
const MODALITIES: &[(&str, Modalities)] = &[
    ("text", Modalities::TEXT),
    ("image", Modalities::IMAGE),
    ("document", Modalities::DOCUMENT),
    ("video", Modalities::VIDEO),
    ("audio", Modalities::AUDIO),
];

/// Abilities as members of JSON.
const ABILITIES: &[(&str, Abilities)] = &[
    ("tools", Abilities::TOOLS),
    ("toolsWhileStreaming", Abilities::TOOLS_WHILE_STREAMING),
    ("toolChoice", Abilities::TOOL_CHOICE),
    ("reasoning", Abilities::REASONING),
    ("promptCaching", Abilities::PROMPT_CACHING),
    ("structuredOutput", Abilities::STRUCTURED_OUTPUT),
    ("systemPrompt", Abilities::SYSTEM_PROMPT),
];

/// Maps a request and sends nothing.
///
/// # Errors
/// Where the request cannot be mapped.
pub fn preview<B: Bridge>(bridge: &B, request: &Request, settings: &Settings) -> Result<Preview, Error> {
    let target = Target::of(bridge, request, settings);
    let mapped = request::converse(request, &target, settings)?;
    Ok(Preview { body: mapped.readable(), rewrites: mapped.rewrites })
}

/// What is known of a model, as JSON: an object of
/// - `id`, and `called`, the id that would be called for it, with `rewrites`, what the caller would be told;
/// - `baseModel`, `family`, `tableAsOf` (year and month);
/// - `listing` (Bedrock's own entry of the base model, or null), `profile` (its entry of the profile, or
///   null), `configured` (what the user says in `params`, or null);
/// - `facts`, each `{"value":..,"from":".."}` where `from` is `configuration`, `listing`, `table`,
///   `family` or `default`. Tokens, dollars per million tokens.
pub fn explain<B: Bridge>(bridge: &B, id: &str, settings: &Settings) -> String {
    let route = Route::of(bridge, id);
    let known = Known::resolve(bridge, settings, &route.id);
    let cached = |id: &str| {
        let entry = bridge.lookup(id).and_then(|entry| String::from_utf8(entry).ok());
        entry.filter(|entry| json::is_object(entry))
    };
    let entry = cached(&known.base);
    let profile = cached(&route.id).filter(|_| route.id != known.base);
    let live = entry.as_deref().and_then(Object::parse);
    // What the user says of the id that was asked for holds also where another is called for it.
    let said_of = if settings.configured(id).is_some() { id } else { &route.id };
    let facts = Facts::of(said_of, &known, live.as_ref(), settings);
    let params = settings.configured(said_of).and_then(|configured| configured.params_json.as_deref());
    let traits = known.traits();
    let behaviour = if known.row.is_some() { Source::Table } else { Source::Family };

    let rewrites: Vec<String> = route
        .rewrites
        .iter()
        .map(|rewrite| {
            object([("rule", json::quoted(&rewrite.rule)), ("detail", json::quoted(&rewrite.detail))])
        })
        .collect();
    let mut said: Vec<(&str, String)> = Vec::new();
    let mut fact = |name, value: String, from: Source| {
        said.push((name, object([("value", value), ("from", json::quoted(from.name()))])));
    };
    for (name, limit) in
        [("contextWindow", facts.context_window), ("maxOutputTokens", facts.max_output_tokens)]
    {
        fact(name, limit.value.to_string(), limit.from);
    }
    for (name, modalities) in [("input", facts.input), ("output", facts.output)] {
        let words: Vec<String> = MODALITIES
            .iter()
            .filter(|(_, flag)| modalities.value & *flag == *flag)
            .map(|(name, _)| json::quoted(name))
            .collect();
        fact(name, array(&words), modalities.from);
    }
    for (ability, holds) in facts.abilities {
        let name = ABILITIES.iter().find(|(_, known)| *known == ability).map_or("", |(name, _)| name);
        fact(name, holds.value.to_string(), holds.from);
    }
    for (name, price) in [
        ("inputPrice", facts.prices.input),
        ("outputPrice", facts.prices.output),
        ("cacheReadPrice", facts.prices.cache_read),
        ("cacheWritePrice", facts.prices.cache_write),
        ("cacheWrite1hPrice", facts.prices.cache_write_1h),
    ] {
        if let Some(price) = price {
            fact(name, price.value.to_string(), price.from);
        }
    }
    for (name, value) in [
        ("effort", word(traits.dialect.place)),
        ("sampling", word(traits.sampling)),
        ("toolChoices", word(traits.choices)),
        ("caching", word(traits.cache.keeps)),
        ("reasoningReplay", word(traits.replay)),
    ] {
        fact(name, value, behaviour);
    }
    object([
        ("id", json::quoted(id)),
        ("called", json::quoted(&route.id)),
        ("rewrites", array(&rewrites)),
        ("baseModel", json::quoted(&known.base)),
        ("family", json::quoted(known.family.name)),
        ("tableAsOf", json::quoted(table::AS_OF)),
        ("facts", object(said)),
        ("configured", params.unwrap_or("null").to_owned()),
        ("profile", profile.unwrap_or_else(|| "null".into())),
        ("listing", entry.unwrap_or_else(|| "null".into())),
    ])
}

/// Members whose values are JSON already, as an object.
fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| [&json::quoted(name), ":", &value].concat()).collect();
    ["{", &members.join(","), "}"].concat()
}

/// Values that are JSON already, as an array.
fn array(values: &[String]) -> String {
    ["[", &values.join(","), "]"].concat()
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

    fn explained(id: &str, settings: &str) -> Value {
        let settings = Settings::parse(settings).expect("settings");
        serde_json::from_str(&explain(&Cache, id, &settings)).expect("JSON")
    }

    #[test]
    fn facts_say_where_they_come_from() {
        let known = explained(PROFILE, "");
        assert_eq!((&known["baseModel"], &known["called"]), (&json!(HAIKU), &json!(PROFILE)));
        assert_eq!(known["facts"]["maxOutputTokens"], json!({"value": 5000, "from": "listing"}));
        assert_eq!(known["facts"]["contextWindow"], json!({"value": 200_000, "from": "table"}));
        assert_eq!(known["facts"]["input"]["value"], json!(["text", "image", "document"]));
        assert_eq!(known["facts"]["tools"], json!({"value": true, "from": "table"}));
        assert_eq!(known["facts"]["cacheReadPrice"], json!({"value": 0.1, "from": "table"}));
        assert!(known["profile"]["models"].is_array() && known["listing"]["converse"].is_object());

        let unknown = explained("novel \"id", "");
        assert_eq!((&unknown["listing"], &unknown["profile"]), (&Value::Null, &Value::Null));
        assert_eq!(unknown["facts"]["contextWindow"]["from"], "default");
        assert_eq!(unknown["facts"]["reasoning"], json!({"value": false, "from": "family"}));
        assert!(unknown["facts"].get("inputPrice").is_none());
    }

    #[test]
    fn what_the_user_says_and_what_would_be_changed_is_told() {
        let settings = r#"{"models":[{"id":"us.anthropic.claude-opus-4-6-v1:0","contextWindow":7,
            "params":{"cacheRetention":"long"}}]}"#;
        let known = explained("us.anthropic.claude-opus-4-6-v1:0", settings);
        assert_eq!(known["called"], "us.anthropic.claude-opus-4-6-v1");
        assert_eq!(known["rewrites"][0]["rule"], "model-id-respelled");
        assert_eq!(known["facts"]["contextWindow"], json!({"value": 7, "from": "configuration"}));
        assert_eq!(known["facts"]["outputPrice"], json!({"value": 27.5, "from": "table"}));
        assert_eq!(known["configured"], json!({"cacheRetention": "long"}));
    }
}
