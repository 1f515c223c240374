//! Which id to call for the one that was asked for.
//!
//! Most of the newer models cannot be called by their own id, only through a profile; and an id may be
//! written with a `:0` too many or too few. What the cached listing knows is put right before the
//! request is sent, without waiting for a listing; what only the service knows, after it refused.

use super::ids;
use crate::bindings::outcrop::provider::types::Rewrite;
use crate::bridge::Bridge;
use crate::json::Object;
use crate::models::table;
use crate::request::rewrites::{PROFILE, SPELLING};

/// Where in a request the model id stands.
const AT: &str = "/model-id";

/// How a foundation model says that it can be called by its own id.
pub(crate) const ON_DEMAND: &str = "ON_DEMAND";

/// The id to call, and what was changed to have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What to call.
    pub id: String,
    /// For the caller.
    pub rewrites: Vec<Rewrite>,
}

impl Route {
    /// The way to what was asked for, as far as the cached listing and the table know it.
    pub fn of(bridge: &impl Bridge, asked: &str) -> Self {
        let mut route = Self { id: asked.into(), rewrites: Vec::new() };
        let mut entry = bridge.lookup(asked);
        if entry.is_none() {
            let other = ids::respelled(asked);
            entry = bridge.lookup(&other);
            if entry.is_some() || (is_in_table(&other) && !is_in_table(asked)) {
                let detail = ["Bedrock spells this id ", &other].concat();
                route.change(other, SPELLING, detail);
            }
        }
        let entry =
            entry.as_deref().and_then(|entry| core::str::from_utf8(entry).ok()).and_then(Object::parse);
        if let Some(entry) = entry
            && let Some(base) = entry.string("modelId")
            && !entry.strings("inferenceTypesSupported").iter().any(|way| way == ON_DEMAND)
            && let Some(region) = entry.string("modelArn").as_deref().and_then(ids::region)
            && let Some(profile) = listed(bridge, region, &base)
        {
            let detail = [&base, " cannot be called on demand; it is called through ", &profile].concat();
            route.change(profile, PROFILE, detail);
        }
        route
    }

    pub(crate) fn change(&mut self, id: String, rule: &str, detail: String) {
        self.rewrites.push(Rewrite { rule: rule.into(), at: AT.into(), detail });
        self.id = id;
    }
}

/// The profiles to try, in this order, for an id that the service refused to serve on demand: those
/// that the cached listing has, and where nothing is cached those that the region is likely to have.
/// None for an id that is a profile's, or that hides its model.
pub fn after_refusal(bridge: &impl Bridge, refused: &str) -> Vec<Route> {
    let is_base = |base: &&str| refused == *base || refused.ends_with(&["foundation-model/", base].concat());
    let Some(base) = ids::base(refused).filter(is_base) else { return Vec::new() };
    let cached = bridge.list_models().ok();
    let asked = cached.as_ref().map(|listing| listing.region.as_str()).unwrap_or_default();
    let region = ids::region(refused).unwrap_or(asked);
    // A profile of another region than the one that is asked by default is called by an ARN, for which
    // the account would have to be known.
    if region.is_empty() || region != asked {
        return Vec::new();
    }
    let profiles: Vec<String> = match listed(bridge, region, base) {
        Some(profile) => vec![profile],
        None if cached.as_ref().is_some_and(|listing| listing.fetched_at > 0) => Vec::new(),
        None => {
            let mut likely: Vec<&str> = ids::nearest(region).to_vec();
            if !region.starts_with("us-gov-") {
                likely.push(ids::EVERYWHERE);
            }
            likely.into_iter().map(|geography| [geography, ".", base].concat()).collect()
        }
    };
    let route = |id: String| {
        let detail = ["Bedrock does not serve ", base, " on demand; it is called through ", &id].concat();
        let mut route = Route { id: String::new(), rewrites: Vec::new() };
        route.change(id, PROFILE, detail);
        route
    };
    profiles.into_iter().map(route).collect()
}

/// The nearest system-defined profile of a base model that the cached listing has.
fn listed(bridge: &impl Bridge, region: &str, base: &str) -> Option<String> {
    let mut geographies: Vec<&str> = ids::GEOGRAPHIES.to_vec();
    geographies.sort_by_key(|geography| ids::distance(region, geography));
    geographies.into_iter().map(|geography| [geography, ".", base].concat()).find(|id| {
        let entry = bridge.lookup(id);
        let entry =
            entry.as_deref().and_then(|entry| core::str::from_utf8(entry).ok()).and_then(Object::parse);
        entry.and_then(|entry| entry.string("status")).is_some_and(|status| status == "ACTIVE")
    })
}

/// Whether the table has this very id, behind a geography or an ARN's beginning.
fn is_in_table(id: &str) -> bool {
    ids::base(id).is_some_and(|base| table::find(base).is_some_and(|row| row.id == base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::outcrop::provider::bedrock_bridge::{BodyPart, Failure, Listing};
    use crate::stream::script::Scripted;
    use std::collections::HashMap;

    const BASE: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

    /// A cache: the region that is asked, and entries by id.
    struct Cache(&'static str, HashMap<String, String>);

    impl Bridge for Cache {
        type Call = Scripted;

        fn list_models(&self) -> Result<Listing, Failure> {
            Ok(Listing {
                region: self.0.into(),
                fetched_at: u64::from(!self.1.is_empty()),
                foundation_models: Vec::new(),
                inference_profiles: Vec::new(),
                failures: Vec::new(),
            })
        }

        fn lookup(&self, id: &str) -> Option<Vec<u8>> {
            self.1.get(id).map(|entry| entry.clone().into_bytes())
        }

        fn start(&self, _: &str, _: &str, _: &[BodyPart]) -> Result<Scripted, Failure> {
            unreachable!("nothing is started")
        }
    }

    fn cache(region: &'static str, ways: &str, geographies: &[&str]) -> Cache {
        let arn = format!("arn:aws:bedrock:{region}::foundation-model/{BASE}");
        let model =
            format!(r#"{{"modelId":"{BASE}","modelArn":"{arn}","inferenceTypesSupported":[{ways}]}}"#);
        let mut entries = HashMap::from([(BASE.into(), model.clone()), (arn, model)]);
        for geography in geographies {
            entries.insert(format!("{geography}.{BASE}"), r#"{"status":"ACTIVE"}"#.into());
        }
        Cache(region, entries)
    }

    fn rules(route: &Route) -> Vec<&str> {
        route.rewrites.iter().map(|rewrite| rewrite.rule.as_str()).collect()
    }

    #[test]
    fn a_bare_id_goes_through_the_nearest_profile() {
        for (region, geographies, want) in [
            ("us-east-1", &["global", "us"][..], "us"),
            ("ap-northeast-1", &["global", "apac", "jp"], "jp"),
            ("ap-southeast-2", &["global", "apac"], "apac"),
            ("eu-central-1", &["global"], "global"),
            ("ca-central-1", &["us", "global"], "us"),
            ("us-gov-west-1", &["us-gov"], "us-gov"),
        ] {
            let cache = cache(region, r#""INFERENCE_PROFILE""#, geographies);
            let want = format!("{want}.{BASE}");
            let arn = format!("arn:aws:bedrock:{region}::foundation-model/{BASE}");
            for asked in [BASE, &arn, BASE.trim_end_matches(":0")] {
                let route = Route::of(&cache, asked);
                assert_eq!(route.id, want, "{asked}");
                assert_eq!(route.rewrites.last().expect("told").rule, PROFILE);
                assert_eq!(route.rewrites.last().expect("told").at, "/model-id");
            }
            assert_eq!(Route::of(&cache, &want), Route { id: want, rewrites: Vec::new() });
        }
    }

    #[test]
    fn what_can_be_called_stays() {
        let cached = cache("us-east-1", r#""ON_DEMAND","INFERENCE_PROFILE""#, &["us"]);
        assert_eq!(Route::of(&cached, BASE), Route { id: BASE.into(), rewrites: Vec::new() });
        let none = cache("us-east-1", r#""INFERENCE_PROFILE""#, &[]);
        assert_eq!(Route::of(&none, BASE).id, BASE, "no profile is listed: the service has the last word");
        assert_eq!(Route::of(&none, "novel.model-v1:0").id, "novel.model-v1:0");
    }

    #[test]
    fn an_id_is_respelled_without_a_cache_too() {
        let empty = Cache("us-east-1", HashMap::new());
        for (asked, want) in [
            ("us.anthropic.claude-opus-4-6-v1:0", "us.anthropic.claude-opus-4-6-v1"),
            ("anthropic.claude-haiku-4-5-20251001-v1", BASE),
            ("global.anthropic.claude-sonnet-5:0", "global.anthropic.claude-sonnet-5"),
        ] {
            let route = Route::of(&empty, asked);
            assert_eq!(route.id, want);
            assert_eq!(rules(&route), [SPELLING]);
        }
        for asked in ["amazon.nova-lite-v1:0", "novel.model-v1:0", "novel.model", "arn:aws:bedrock:x"] {
            assert_eq!(Route::of(&empty, asked), Route { id: asked.into(), rewrites: Vec::new() });
        }
    }

    #[test]
    fn after_a_refusal_the_likely_profiles_are_tried() {
        let ids = |cache: &Cache, refused: &str| -> Vec<String> {
            after_refusal(cache, refused).into_iter().map(|route| route.id).collect()
        };
        let jp = Cache("ap-northeast-1", HashMap::new());
        assert_eq!(ids(&jp, "a.b"), ["jp.a.b", "apac.a.b", "ap.a.b", "global.a.b"]);
        let gov = Cache("us-gov-west-1", HashMap::new());
        assert_eq!(ids(&gov, "a.b"), ["us-gov.a.b"]);
        assert_eq!(ids(&jp, "us.a.b"), [""; 0], "it is a profile's");
        assert_eq!(ids(&jp, "arn:aws:bedrock:eu-west-1::foundation-model/a.b"), [""; 0], "another region");
        let cached = cache("us-east-1", "", &["global"]);
        assert_eq!(ids(&cached, BASE), [format!("global.{BASE}")]);
        assert_eq!(ids(&cached, "other.model"), [""; 0], "the listing has no profile of it");
    }
}
