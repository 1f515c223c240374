//! What `configure` sets. The settings have the shape of an OpenClaw configuration's parts; what
//! concerns the host (region, refresh interval) is its business.

use crate::bindings::outcrop::provider::types::{Error, Modalities};
use crate::errors;
use crate::json::{self, Object};
use crate::models::ids;

/// The context window of a model that nothing is known of.
pub const DEFAULT_CONTEXT_WINDOW: u32 = 32_000;

/// The most output tokens of a model that nothing is known of.
pub const DEFAULT_MAX_TOKENS: u32 = 4_096;

/// The plugin's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Vendors whose models are offered, lower-case; empty for all.
    pub provider_filter: Vec<String>,
    /// For models whose window is not known.
    pub default_context_window: u32,
    /// For models whose output limit is not known.
    pub default_max_tokens: u32,
    /// Whether the configured models are all that is offered.
    pub replace: bool,
    /// Models that the user configured, in order.
    pub models: Vec<Configured>,
}

/// What the user says of a model. What is none is as discovered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configured {
    /// As it is to be called.
    pub id: String,
    /// What a person calls it.
    pub name: Option<String>,
    /// Whether it shows its reasoning.
    pub reasoning: Option<bool>,
    /// What it takes.
    pub input: Option<Modalities>,
    /// Dollars per million tokens.
    pub cost: Cost,
    /// Tokens of input and output together.
    pub context_window: Option<u32>,
    /// Tokens of output.
    pub max_tokens: Option<u32>,
    /// The base model of an id that hides it: `params.canonicalModelId`.
    pub base: Option<String>,
    /// Tokens of output that are asked for where a request asks for no number: `params.maxTokens`. Without
    /// it the plugin finds what is sensible.
    pub asked_tokens: Option<u32>,
    /// All of `params`, a JSON object.
    pub params_json: Option<String>,
}

/// What the user says of prices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Input tokens.
    pub input: Option<f64>,
    /// Output tokens.
    pub output: Option<f64>,
    /// Input tokens read from the cache.
    pub cache_read: Option<f64>,
    /// Input tokens written to the cache.
    pub cache_write: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            provider_filter: Vec::new(),
            default_context_window: DEFAULT_CONTEXT_WINDOW,
            default_max_tokens: DEFAULT_MAX_TOKENS,
            replace: false,
            models: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads `{"discovery":{"providerFilter":[..],"defaultContextWindow":n,"defaultMaxTokens":n},
    /// "mode":"merge"|"replace","models":[{"id","name","reasoning","input","cost":{"input","output",
    /// "cacheRead","cacheWrite"},"contextWindow","maxTokens","params"}]}`, every member but a model's id
    /// optional. A limit is rounded down; one that is not above zero counts as not given.
    ///
    /// # Errors
    /// Where the text is no JSON object or a member has the wrong type; the error names the member.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut settings = Self::default();
        if text.trim().is_empty() {
            return Ok(settings);
        }
        let all = Place { at: String::new(), value: text }.object()?;
        if let Some(discovery) = all.member("discovery") {
            let discovery = discovery.object()?;
            if let Some(filter) = discovery.member("providerFilter") {
                settings.provider_filter =
                    filter.strings()?.into_iter().map(|name| name.trim().to_lowercase()).collect();
                settings.provider_filter.retain(|name| !name.is_empty());
            }
            for (member, setting) in [
                ("defaultContextWindow", &mut settings.default_context_window),
                ("defaultMaxTokens", &mut settings.default_max_tokens),
            ] {
                if let Some(limit) =
                    discovery.member(member).map(|place| place.limit()).transpose()?.flatten()
                {
                    *setting = limit;
                }
            }
        }
        if let Some(mode) = all.member("mode") {
            settings.replace = match mode.string()?.as_str() {
                "replace" => true,
                "merge" => false,
                _ => return Err(mode.want("\"merge\" or \"replace\"")),
            };
        }
        if let Some(models) = all.member("models") {
            let models = models.array()?.into_iter().map(|model| configured(&model.object()?));
            settings.models = models.collect::<Result<_, _>>()?;
        }
        Ok(settings)
    }

    /// What the user says of a model, by the id that it is called with.
    pub fn configured(&self, id: &str) -> Option<&Configured> {
        let id = ids::comparable(id);
        self.models.iter().find(|model| ids::comparable(&model.id) == id)
    }
}

fn configured(model: &Members<'_>) -> Result<Configured, Error> {
    let id = model.member("id").ok_or_else(|| model.want("a member \"id\""))?;
    let mut read = Configured { id: id.string()?.trim().to_owned(), ..Configured::default() };
    if read.id.is_empty() {
        return Err(id.want("a model id"));
    }
    read.name = model.member("name").map(|name| name.string()).transpose()?;
    read.reasoning = model.member("reasoning").map(|reasons| reasons.boolean()).transpose()?;
    read.input = model.member("input").map(|input| modalities(&input)).transpose()?;
    read.context_window = model.member("contextWindow").map(|limit| limit.limit()).transpose()?.flatten();
    read.max_tokens = model.member("maxTokens").map(|limit| limit.limit()).transpose()?.flatten();
    if let Some(cost) = model.member("cost") {
        let cost = cost.object()?;
        for (member, price) in [
            ("input", &mut read.cost.input),
            ("output", &mut read.cost.output),
            ("cacheRead", &mut read.cost.cache_read),
            ("cacheWrite", &mut read.cost.cache_write),
        ] {
            *price = cost.member(member).map(|place| place.price()).transpose()?;
        }
    }
    if let Some(params) = model.member("params") {
        read.params_json = Some(params.value.to_owned());
        let params = params.object()?;
        read.asked_tokens = params.member("maxTokens").map(|limit| limit.limit()).transpose()?.flatten();
        let base = params.member("canonicalModelId").map(|base| base.string()).transpose()?;
        read.base = base.map(|base| base.trim().to_owned()).filter(|base| !base.is_empty());
    }
    Ok(read)
}

/// Modalities as a configuration spells them; a word that this version does not know is passed over.
fn modalities(place: &Place<'_>) -> Result<Modalities, Error> {
    let known = |word: &str| match word {
        "text" => Modalities::TEXT,
        "image" => Modalities::IMAGE,
        "document" => Modalities::DOCUMENT,
        "video" => Modalities::VIDEO,
        "audio" => Modalities::AUDIO,
        _ => Modalities::empty(),
    };
    let words = place.strings()?;
    Ok(words.iter().fold(Modalities::empty(), |all, word| all | known(&word.trim().to_lowercase())))
}

/// A value and where it stands, for errors.
struct Place<'a> {
    at: String,
    value: &'a str,
}

/// An object and where it stands.
struct Members<'a> {
    at: String,
    object: Object<'a>,
}

impl<'a> Members<'a> {
    fn member(&self, name: &str) -> Option<Place<'a>> {
        let value = self.object.get(name)?;
        Some(Place { at: [&self.at, "/", name].concat(), value })
    }

    fn want(&self, what: &str) -> Error {
        errors::invalid(&self.at, &["want ", what].concat())
    }
}

impl<'a> Place<'a> {
    fn want(&self, what: &str) -> Error {
        errors::invalid(&self.at, &["want ", what].concat())
    }

    fn object(&self) -> Result<Members<'a>, Error> {
        let object = Object::parse(self.value).ok_or_else(|| self.want("a JSON object"))?;
        Ok(Members { at: self.at.clone(), object })
    }

    fn array(&self) -> Result<Vec<Place<'a>>, Error> {
        let items = json::array(self.value).ok_or_else(|| self.want("an array"))?;
        let place =
            |(number, value): (usize, _)| Place { at: [&self.at, "/", &number.to_string()].concat(), value };
        Ok(items.into_iter().enumerate().map(place).collect())
    }

    fn string(&self) -> Result<String, Error> {
        json::string(self.value).ok_or_else(|| self.want("a string"))
    }

    fn strings(&self) -> Result<Vec<String>, Error> {
        let items = self.array().map_err(|_| self.want("an array of strings"))?;
        items.iter().map(|item| item.string().map_err(|_| self.want("an array of strings"))).collect()
    }

    fn boolean(&self) -> Result<bool, Error> {
        self.value.parse().map_err(|_| self.want("true or false"))
    }

    fn number(&self) -> Result<f64, Error> {
        self.value.parse().map_err(|_| self.want("a number"))
    }

    /// Saturates: no model's limit is near the largest number.
    fn limit(&self) -> Result<Option<u32>, Error> {
        let number = self.number()?;
        Ok((number >= 1.0).then_some(number as u32))
    }

    fn price(&self) -> Result<f64, Error> {
        let price = self.number()?;
        if price.is_finite() && price >= 0.0 { Ok(price) } else { Err(self.want("dollars, 0 or more")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_optional() {
        for text in
            ["", "{}", r#"{"discovery":null}"#, r#"{"discovery":{"region":"x"},"mode":"merge","models":[]}"#]
        {
            assert_eq!(Settings::parse(text), Ok(Settings::default()), "{text}");
        }
    }

    #[test]
    fn limits_are_rounded_down_and_must_be_above_zero() {
        let settings = Settings::parse(
            r#"{"discovery":{"providerFilter":[" Anthropic",""],"defaultContextWindow":1000.9,"defaultMaxTokens":-1}}"#,
        )
        .expect("settings");
        assert_eq!(settings.provider_filter, ["anthropic"]);
        assert_eq!(settings.default_context_window, 1000);
        assert_eq!(settings.default_max_tokens, DEFAULT_MAX_TOKENS);
    }

    #[test]
    fn a_configured_model_is_found_with_and_without_its_end() {
        let settings = Settings::parse(
            r#"{"mode":"replace","models":[{"id":"us.anthropic.claude-opus-4-6-v1:0","name":"Opus","reasoning":true,
                "input":["text","image","smell"],"cost":{"input":5,"cacheRead":0.5},"contextWindow":200000,"maxTokens":0,
                "params":{"canonicalModelId":"anthropic.claude-opus-4-6-v1","cacheRetention":"long","maxTokens":3000}}]}"#,
        )
        .expect("settings");
        assert!(settings.replace);
        let model = settings.configured("us.anthropic.claude-opus-4-6-v1").expect("a model");
        assert_eq!(
            *model,
            Configured {
                id: "us.anthropic.claude-opus-4-6-v1:0".into(),
                name: Some("Opus".into()),
                reasoning: Some(true),
                input: Some(Modalities::TEXT | Modalities::IMAGE),
                cost: Cost { input: Some(5.0), cache_read: Some(0.5), ..Cost::default() },
                context_window: Some(200_000),
                max_tokens: None,
                base: Some("anthropic.claude-opus-4-6-v1".into()),
                asked_tokens: Some(3000),
                params_json: Some(
                    r#"{"canonicalModelId":"anthropic.claude-opus-4-6-v1","cacheRetention":"long","maxTokens":3000}"#
                        .into()
                ),
            }
        );
        assert!(settings.configured("anthropic.claude-opus-4-6-v1").is_none());
    }

    #[test]
    fn a_wrong_type_is_named() {
        for (text, at) in [
            ("[]", ""),
            (r#"{"discovery":1}"#, "/discovery"),
            (r#"{"discovery":{"providerFilter":"a"}}"#, "/discovery/providerFilter"),
            (r#"{"discovery":{"providerFilter":[1]}}"#, "/discovery/providerFilter"),
            (r#"{"discovery":{"defaultMaxTokens":"a"}}"#, "/discovery/defaultMaxTokens"),
            (r#"{"mode":"both"}"#, "/mode"),
            (r#"{"models":{}}"#, "/models"),
            (r#"{"models":[{}]}"#, "/models/0"),
            (r#"{"models":[{"id":" "}]}"#, "/models/0/id"),
            (r#"{"models":[{"id":"a","input":"text"}]}"#, "/models/0/input"),
            (r#"{"models":[{"id":"a"},{"id":"b","cost":{"input":-1}}]}"#, "/models/1/cost/input"),
            (r#"{"models":[{"id":"a","params":[]}]}"#, "/models/0/params"),
        ] {
            let error = Settings::parse(text).expect_err(text);
            assert!(error.message.starts_with(&[at, ":"].concat()) || at.is_empty(), "{}", error.message);
        }
    }
}
