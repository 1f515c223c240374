//! What a model costs: the table's prices, with what the geography of a profile adds and what the
//! cache costs.
//!
//! Figures are those of LiteLLM 1.109's price list, which follows the provider's own.

use super::table::Row;
use super::{Caching, ids};
use crate::bindings::outcrop::provider::types::Pricing;

/// Factors by geography.
type MarkUps = &'static [(&'static str, f64)];

/// How much more tokens cost where a geography keeps them. The first beginning of a base id that
/// fits holds, and of its geographies the first that fits; `*` stands for every one but `global`.
const MARK_UPS: &[(&[&str], MarkUps)] = &[
    (&["amazon.nova-2-lite"], &[("us", 1.1), ("eu", 1.43), ("apac", 1.32), ("jp", 1.32)]),
    (&["amazon.nova-2"], &[("us", 1.1), ("eu", 1.1), ("apac", 1.1)]),
    (&["amazon.nova-pro"], &[("eu", 1.3125), ("apac", 1.05)]),
    (&["amazon.nova"], &[("eu", 1.3), ("apac", 1.05)]),
    // Their geographies cost what the world does.
    (&["anthropic.claude-3", "anthropic.claude-mythos-preview"], &[]),
    (&["anthropic.claude-opus-4-1-", "anthropic.claude-opus-4-2", "anthropic.claude-sonnet-4-2"], &[]),
    (&["openai.gpt-oss", "nvidia.nemotron"], &[("us-gov", 1.2)]),
    (
        &["anthropic.claude", "openai.gpt", "moonshotai.kimi-k3", "zai.glm-5.3"],
        &[("us-gov", 1.2), ("*", 1.1)],
    ),
    (&["xai.grok-4"], &[("us-gov", 1.32), ("*", 1.1)]),
    (&["deepseek.v3.2"], &[("eu", 1.2)]),
];

/// What tokens of the cache cost beside input tokens, read and written for five minutes; writing for
/// an hour costs twice the input. The first beginning that fits holds.
const CACHE_SHARES: &[(&[&str], Option<f64>, Option<f64>)] = &[
    (&["anthropic.claude-3-haiku", "openai.gpt-oss"], None, None),
    (&["amazon.nova"], Some(0.25), Some(0.0)),
    (&["anthropic.claude-fable-5-1", "anthropic.claude-mythos-5-1"], Some(0.025), Some(1.25)),
    (&["anthropic.claude-opus-5-5", "anthropic.claude-sonnet-5-5", "openai.gpt-6.1"], Some(0.05), Some(1.25)),
    (&["openai.gpt-5.4", "openai.gpt-5.5"], Some(0.1), None),
    (&["anthropic.claude", "openai.gpt", "moonshotai.kimi-k3"], Some(0.1), Some(1.25)),
    (&["zai.glm-5.3"], Some(0.186), Some(1.25)),
    (&["xai.grok"], Some(0.25), None),
];

/// Writing for an hour, beside input tokens.
const ONE_HOUR: f64 = 2.0;

/// What a model costs under an id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// The contract's four.
    pub pricing: Pricing,
    /// Input tokens written to the cache for an hour.
    pub cache_write_1h: Option<f64>,
}

/// The prices of a row's model, called by this id.
pub fn of(row: &Row, id: &str) -> Prices {
    let factor = mark_up(row.id, geography(id));
    let input = row.input_price * factor;
    let shares = first(CACHE_SHARES.iter(), row.id, |(begins, ..)| begins);
    let cached = |share: Option<f64>| share.map(|share| exact(input * share));
    Prices {
        pricing: Pricing {
            input: exact(input),
            output: exact(row.output_price * factor),
            cache_read: cached(shares.and_then(|(_, read, _)| *read)),
            cache_write: cached(shares.and_then(|(_, _, write)| *write)),
        },
        cache_write_1h: cached((row.traits.cache.keeps == Caching::Long).then_some(ONE_HOUR)),
    }
}

fn mark_up(base: &str, geography: &str) -> f64 {
    let ups = first(MARK_UPS.iter(), base, |(begins, _)| begins).map_or(&[][..], |(_, ups)| ups);
    let fits = |place: &str| place == geography || (place == "*" && !["", "global"].contains(&geography));
    ups.iter().find(|(place, _)| fits(place)).map_or(1.0, |(_, factor)| *factor)
}

/// The geography that an id names; an ARN of a profile holds it behind the slash.
fn geography(id: &str) -> &str {
    let name = if id.starts_with("arn:") { id.rsplit('/').next().unwrap_or_default() } else { id };
    ids::geography(name).unwrap_or_default()
}

fn first<'t, T>(
    mut rows: impl Iterator<Item = &'t T>,
    base: &str,
    begins: impl Fn(&'t T) -> &'static [&'static str],
) -> Option<&'t T> {
    rows.find(|row| begins(row).iter().any(|begin| base.starts_with(begin)))
}

/// Without the dust of binary fractions: to a hundred-thousandth of a dollar.
fn exact(dollars: f64) -> f64 {
    (dollars * 1e5).round() / 1e5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::table;

    fn prices(id: &str) -> Prices {
        let row = table::find(ids::base(id).expect("a base")).expect("a row");
        of(row, id)
    }

    /// Input, output, cache read, cache write, cache write for an hour, as the list has them.
    #[test]
    fn geographies_and_the_cache_have_prices_of_their_own() {
        for (id, input, output, read, write, hour) in [
            ("amazon.nova-lite-v1:0", 0.06, 0.24, Some(0.015), Some(0.0), None),
            ("us.amazon.nova-lite-v1:0", 0.06, 0.24, Some(0.015), Some(0.0), None),
            ("eu.amazon.nova-lite-v1:0", 0.078, 0.312, Some(0.0195), Some(0.0), None),
            ("apac.amazon.nova-pro-v1:0", 0.84, 3.36, Some(0.21), Some(0.0), None),
            ("global.anthropic.claude-opus-4-6-v1", 5.0, 25.0, Some(0.5), Some(6.25), Some(10.0)),
            ("us.anthropic.claude-opus-4-6-v1", 5.5, 27.5, Some(0.55), Some(6.875), Some(11.0)),
            ("us-gov.anthropic.claude-sonnet-5", 2.4, 12.0, Some(0.24), Some(3.0), Some(4.8)),
            ("jp.anthropic.claude-sonnet-5-5", 2.2, 11.0, Some(0.11), Some(2.75), Some(4.4)),
            ("us.anthropic.claude-fable-5-1", 11.0, 55.0, Some(0.275), Some(13.75), Some(22.0)),
            ("eu.anthropic.claude-sonnet-4-20250514-v1:0", 3.0, 15.0, Some(0.3), Some(3.75), None),
            ("us.anthropic.claude-opus-4-1-20250805-v1:0", 15.0, 75.0, Some(1.5), Some(18.75), None),
            ("us.openai.gpt-6.1-sol", 2.2, 11.0, Some(0.11), Some(2.75), None),
            ("global.openai.gpt-5.5", 5.0, 30.0, Some(0.5), None, None),
            ("us-gov.openai.gpt-oss-120b-1:0", 0.18, 0.72, None, None, None),
            ("us-gov.xai.grok-4.6", 2.64, 7.92, Some(0.66), None, None),
            ("eu.deepseek.v3.2", 0.744, 2.22, None, None, None),
            ("in.moonshotai.kimi-k3", 3.3, 16.5, Some(0.33), Some(4.125), None),
            ("anthropic.claude-3-haiku-20240307-v1:0", 0.25, 1.25, None, None, None),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6",
                3.3,
                16.5,
                Some(0.33),
                Some(4.125),
                Some(6.6),
            ),
        ] {
            let want = Prices {
                pricing: Pricing { input, output, cache_read: read, cache_write: write },
                cache_write_1h: hour,
            };
            assert_eq!(prices(id), want, "{id}");
        }
    }
}
