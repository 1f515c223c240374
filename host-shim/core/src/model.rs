//! A model on offer.

use serde::Serialize;
use serde_json::{Map, Value};

/// One model that a plugin offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Model {
    /// What to write into [`Request::model`](crate::Request::model): the routing prefix and the provider's id.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// What it takes: `text`, `image`, `document`, `video`, `audio`.
    pub input: Vec<&'static str>,
    /// What it gives, in the same words.
    pub output: Vec<&'static str>,
    /// What it can be asked to do: `tools`, `tools-while-streaming`, `tool-choice`, `reasoning`,
    /// `prompt-caching`, `structured-output`, `system-prompt`.
    pub abilities: Vec<&'static str>,
    /// Tokens of input and output together.
    pub context_window: u32,
    /// Tokens.
    pub max_output_tokens: u32,
    /// Whether the two limits are known for this model, or only the configured defaults.
    pub limits_known: bool,
    /// None where no price is known.
    pub pricing: Option<Pricing>,
    /// Where the offer comes from: `foundation-model`, `system-profile`, `application-profile`, `configured`, ...
    pub origin: String,
    /// Anything more that the plugin knows.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pricing {
    /// Input tokens that neither came from nor went to the cache.
    pub input: f64,
    /// Output tokens, reasoning included.
    pub output: f64,
    /// Input tokens read from the cache.
    pub cache_read: Option<f64>,
    /// Input tokens written to the cache.
    pub cache_write: Option<f64>,
}

/// A model that the provider has and that is not on offer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeftOut {
    /// As [`Model::id`].
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// Why, in a word that stays: `no-text-output`, `no-text-input`, `no-streaming`, `inactive`,
    /// `provider-filter`, `provisioned-only`, `needs-profile`, `not-callable`, `unknown-model`,
    /// `replaced`, or another word.
    pub reason: String,
    /// Why, for a person, and what to use in its place where there is something.
    pub detail: String,
}
