//! What an answer cost: the tokens that Bedrock counted, at the prices of the model that answered, of
//! the geography that it was called through, and of the service tier that it was served with.

use crate::bindings::outcrop::provider::types::{Extension, Usage};
use crate::models::facts::{self, Prices};
use crate::models::{Known, ids};
use crate::settings::Settings;

/// What a service tier costs beside the default one, by AWS's price list of November 2026. Of a tier
/// that is not listed (`reserved` is paid for by the hour) no cost is told.
const TIERS: &[(&str, f64)] = &[("default", 1.0), ("priority", 1.75), ("flex", 0.5)];

/// Tokens in a priced unit.
const UNIT: f64 = 1e6;

/// Prices the usage of one answer.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    known: Known,
    /// As it was called, which tells the geography.
    id: String,
    settings: &'a Settings,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(known: Known, id: String, settings: &'a Settings) -> Self {
        Self { known, id, settings }
    }

    /// Its context window, where the table has it.
    pub(super) fn window(&self) -> Option<u64> {
        self.known.row.map(|row| u64::from(row.context_window))
    }

    /// The cost as an extension of the usage, in dollars, for each kind of tokens and in all. None
    /// where a price is not known of which there are tokens. `invoked` is the model that a prompt
    /// router chose.
    pub(super) fn cost(&self, usage: &Usage, invoked: Option<&str>) -> Option<Extension> {
        let said = |key: &str| usage.extensions.iter().find(|extension| extension.key == key);
        let tier = said("service-tier").map_or("default", |tier| tier.value.trim_matches('"'));
        let (_, factor) = TIERS.iter().find(|(name, _)| *name == tier)?;
        // Answers of lower latency have prices of their own, which no list has.
        if said("latency").is_some_and(|latency| latency.value == "\"optimized\"") {
            return None;
        }
        let prices = match invoked {
            Some(id) => facts::prices(id, self.settings.configured(id), &Known::by_id(id)),
            None => facts::prices(&self.id, self.configured(), &self.known),
        };
        let hourly: u64 = said("cache-write-1h").and_then(|hourly| hourly.value.parse().ok()).unwrap_or(0);
        let parts = parts(usage, &prices, hourly)?.map(|dollars| dollars * factor / UNIT);
        let mut value = String::from("{");
        for (name, dollars) in ["input", "output", "cacheRead", "cacheWrite"].into_iter().zip(parts) {
            value.push_str(&["\"", name, "\":", &decimal(dollars), ","].concat());
        }
        value.push_str(&["\"total\":", &decimal(parts.iter().sum()), "}"].concat());
        Some(Extension { key: "cost".into(), value })
    }

    fn configured(&self) -> Option<&crate::settings::Configured> {
        let base = ids::base(&self.id);
        self.settings.configured(&self.id).or_else(|| self.settings.configured(base?))
    }
}

/// Input, output, cache reads and cache writes, in dollars a million times.
fn parts(usage: &Usage, prices: &Prices, hourly: u64) -> Option<[f64; 4]> {
    let cost = |tokens: u64, price: Option<crate::models::facts::Fact<f64>>| match (tokens, price) {
        (0, _) => Some(0.0),
        (tokens, price) => Some(tokens as f64 * price?.value),
    };
    let short = usage.cache_write.saturating_sub(hourly);
    Some([
        cost(usage.input, prices.input)?,
        cost(usage.output, prices.output)?,
        cost(usage.cache_read, prices.cache_read)?,
        cost(short, prices.cache_write)?
            + cost(hourly.min(usage.cache_write), prices.cache_write_1h.or(prices.cache_write))?,
    ])
}

/// Dollars as JSON, without the dust of binary fractions: to a billionth.
fn decimal(dollars: f64) -> String {
    let rounded = (dollars * 1e9).round() / 1e9;
    serde_json::Number::from_f64(rounded).map_or_else(|| "0".into(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    fn usage(extensions: &[(&str, &str)]) -> Usage {
        let extensions = extensions
            .iter()
            .map(|(key, value)| Extension { key: (*key).into(), value: (*value).into() })
            .collect();
        Usage { input: 1_000_000, output: 100_000, cache_read: 10_000, cache_write: 2_000, extensions }
    }

    fn cost(
        id: &str,
        settings: &str,
        extensions: &[(&str, &str)],
        invoked: Option<&str>,
    ) -> Option<[f64; 5]> {
        let settings = Settings::parse(settings).expect("settings");
        let meter = Meter::new(Known::by_id(id), id.into(), &settings);
        let cost = meter.cost(&usage(extensions), invoked)?;
        assert_eq!(cost.key, "cost");
        let cost = Object::parse(&cost.value).expect("an object");
        Some(
            ["input", "output", "cacheRead", "cacheWrite", "total"]
                .map(|part| cost.get(part).and_then(|number| number.parse().ok()).expect("a number")),
        )
    }

    const CLAUDE: &str = "us.anthropic.claude-opus-4-6-v1";

    #[test]
    fn geography_tier_and_cache_lifetime_have_their_price() {
        let us = Some([5.5, 2.75, 0.0055, 0.01375, 8.26925]);
        assert_eq!(cost(CLAUDE, "", &[], None), us);
        assert_eq!(cost(CLAUDE, "", &[("service-tier", "\"default\"")], None), us);
        let global = cost("global.anthropic.claude-opus-4-6-v1", "", &[], None);
        assert_eq!(global, Some([5.0, 2.5, 0.005, 0.0125, 7.5175]));
        let flex = cost(CLAUDE, "", &[("service-tier", "\"flex\"")], None);
        assert_eq!(flex, Some([2.75, 1.375, 0.00275, 0.006875, 4.134625]));
        let hour = cost(CLAUDE, "", &[("cache-write-1h", "1500")], None).expect("a cost");
        assert_eq!(hour[3], 0.0199375);
    }

    #[test]
    fn the_model_that_a_router_chose_is_paid() {
        let router = "arn:aws:bedrock:us-east-1:1:default-prompt-router/x";
        let chosen = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1";
        assert_eq!(cost(router, "", &[], Some(chosen)), cost(CLAUDE, "", &[], None));
    }

    #[test]
    fn what_has_no_known_price_has_no_cost() {
        assert_eq!(cost("novel.model", "", &[], None), None);
        assert_eq!(cost(CLAUDE, "", &[("service-tier", "\"reserved\"")], None), None);
        assert_eq!(cost(CLAUDE, "", &[("latency", "\"optimized\"")], None), None);
        // A model that has no price for cache reads, and has some.
        assert_eq!(cost("us.meta.llama4-scout-17b-instruct-v1:0", "", &[], None), None);
    }
}
