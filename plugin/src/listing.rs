//! Bedrock's listings as models on offer: foundation models that can be called as they are, profiles,
//! through which alone most of the newer ones can, and what the user configured; and the others, each
//! with the reason why it is not on offer.

use crate::bindings::exports::outcrop::provider::provider::{LeftOut, Offer};
use crate::bindings::outcrop::provider::types::{Error, Extension, Model};
use crate::bridge::Bridge;
use crate::errors;
use crate::json::{self, Object};
use crate::models::facts::Facts;
use crate::models::{self, Known, ids, route};
use crate::settings::Settings;
use std::collections::{HashMap, HashSet};

/// Why a model is not on offer: the contract's word, and the sentence for a person.
type Reason = (&'static str, String);

/// How a foundation model says that it can be called through a profile, or with throughput that was
/// bought for it.
const PROFILE: &str = "INFERENCE_PROFILE";
const PROVISIONED: &str = "PROVISIONED";

/// The models on offer and the others.
///
/// A model comes before one with a later name; its ids come in this order: the model's own, the
/// profiles from the nearest geography to the farthest, the account's application profiles.
///
/// # Errors
/// Where nothing could be listed and nothing is configured.
pub fn list_models<B: Bridge>(bridge: &B, settings: &Settings) -> Result<Offer, Error> {
    let listing = bridge.list_models().map_err(errors::of_failure)?;
    let foundations = entries(&listing.foundation_models);
    let profiles = entries(&listing.inference_profiles);
    let shelf = Shelf::new(&listing.region, &foundations, &profiles, settings);
    let mut offered = Vec::new();
    let mut left_out = Vec::new();
    let all = foundations.iter().map(|entry| shelf.foundation_model(entry));
    for item in all.chain(profiles.iter().map(|entry| shelf.profile(entry))).flatten() {
        match item {
            Item::Offered(place, model) => offered.push((place, *model)),
            Item::LeftOut(model) => left_out.push(model),
        }
    }
    if offered.is_empty()
        && settings.models.is_empty()
        && let Some(failure) = listing.failures.into_iter().next()
    {
        return Err(errors::of_failure(failure));
    }
    if settings.replace && !settings.models.is_empty() {
        let replaced = |(_, model): (Place, Model)| {
            let detail = "the configuration replaces what was discovered (mode: replace)".into();
            LeftOut {
                id: model.id,
                name: model.name,
                vendor: model.vendor,
                reason: "replaced".into(),
                detail,
            }
        };
        left_out.extend(
            offered.extract_if(.., |(_, model)| settings.configured(&model.id).is_none()).map(replaced),
        );
    }
    for configured in &settings.models {
        let id = ids::comparable(&configured.id);
        if !offered.iter().any(|(_, model)| ids::comparable(&model.id) == id) {
            offered.push(shelf.configured(&configured.id));
            left_out.retain(|model| ids::comparable(&model.id) != id);
        }
    }
    offered.sort_by(|(place, model), (other_place, other)| (place, &model.id).cmp(&(other_place, &other.id)));
    let mut models: Vec<Model> = offered.into_iter().map(|(_, model)| model).collect();
    let mut seen = HashSet::new();
    models.retain(|model| seen.insert(model.id.to_lowercase()));
    left_out.sort_by(|a, b| a.id.cmp(&b.id));
    left_out.dedup_by(|a, b| a.id == b.id);
    Ok(Offer { models, left_out })
}

/// Where a model stands among the others: the name of its base model, and how near the id is.
type Place = (String, usize);

enum Item {
    Offered(Place, Box<Model>),
    LeftOut(LeftOut),
}

/// What was listed.
struct Shelf<'a> {
    region: &'a str,
    /// Foundation models by their ids.
    foundations: HashMap<String, &'a Object<'a>>,
    /// The nearest system-defined profile of a base model.
    nearest: HashMap<String, String>,
    settings: &'a Settings,
}

impl<'a> Shelf<'a> {
    fn new(
        region: &'a str,
        foundations: &'a [Object<'a>],
        profiles: &[Object<'_>],
        settings: &'a Settings,
    ) -> Self {
        let foundations =
            foundations.iter().filter_map(|entry| Some((entry.string("modelId")?, entry))).collect();
        let distance = |id: &str| ids::distance(region, ids::geography(id).unwrap_or_default());
        let mut nearest: HashMap<String, String> = HashMap::new();
        for entry in profiles {
            let is_active = entry.string("status").as_deref() == Some("ACTIVE");
            if let Some(id) = entry.string("inferenceProfileId")
                && is_active
                && entry.string("type").as_deref() != Some("APPLICATION")
                && let Some(base) = ids::base(&id)
                && nearest.get(base).is_none_or(|known| distance(&id) < distance(known))
            {
                nearest.insert(base.to_owned(), id);
            }
        }
        Self { region, foundations, nearest, settings }
    }

    fn foundation_model(&self, entry: &Object<'_>) -> Option<Item> {
        let id = entry.string("modelId")?;
        let name = entry.string("modelName").unwrap_or_else(|| id.clone());
        let known = Known::by_id(&id);
        let reason = self.unfit(&known, Some(entry)).or_else(|| self.uncallable(entry, &id));
        Some(match reason {
            Some(reason) => left_out(id, name, &known, Some(entry), reason),
            None => {
                let place = (name.to_lowercase(), 0);
                Item::Offered(place, Box::new(self.model(id, name, "foundation-model", &known, Some(entry))))
            }
        })
    }

    /// A profile, which is what its base model is.
    fn profile(&self, entry: &Object<'_>) -> Option<Item> {
        // An application profile's id is opaque and is called by its ARN.
        let (id, origin) = match entry.string("type").as_deref() {
            Some("APPLICATION") => (entry.string("inferenceProfileArn")?, "application-profile"),
            _ => (entry.string("inferenceProfileId")?, "system-profile"),
        };
        let name = entry.string("inferenceProfileName").unwrap_or_else(|| id.clone());
        let members = models::members(entry);
        let base = members.iter().find_map(|arn| ids::base(arn)).or_else(|| ids::base(&id));
        let known = match self.settings.configured(&id).and_then(|configured| configured.base.as_deref()) {
            Some(base) => Known::by_id(base),
            None => Known::by_id(base?),
        };
        let live = self.foundations.get(&known.base).copied();
        let status = entry.string("status").unwrap_or_default();
        let inactive = (status != "ACTIVE").then(|| ("inactive", ["the profile is ", &status].concat()));
        if let Some(reason) = inactive.or_else(|| self.unfit(&known, live)) {
            return Some(left_out(id, name, &known, live, reason));
        }
        let distance = match origin {
            "application-profile" => usize::MAX,
            _ => 1 + ids::distance(self.region, ids::geography(&id).unwrap_or_default()),
        };
        let sorted_by = live.and_then(|live| live.string("modelName")).unwrap_or_else(|| name.clone());
        let mut model = self.model(id, name, origin, &known, live);
        let mut regions: Vec<&str> = members.iter().filter_map(|arn| ids::region(arn)).collect();
        regions.sort_unstable();
        regions.dedup();
        let regions: Vec<String> = regions.into_iter().map(json::quoted).collect();
        model
            .extensions
            .push(Extension { key: "regions".into(), value: ["[", &regions.join(","), "]"].concat() });
        Some(Item::Offered((sorted_by.to_lowercase(), distance), Box::new(model)))
    }

    /// A model that the user configured and that discovery did not find.
    fn configured(&self, id: &str) -> (Place, Model) {
        let configured = self.settings.configured(id);
        let base = configured.and_then(|configured| configured.base.as_deref());
        let known = base.map_or_else(|| Known::by_id(id), Known::by_id);
        let live = self.foundations.get(&known.base).copied();
        let name = live.and_then(|live| live.string("modelName")).unwrap_or_else(|| id.into());
        let model = self.model(id.into(), name, "configured", &known, live);
        ((model.name.to_lowercase(), 0), model)
    }

    /// Why a model, or a profile of it, is not what a conversation can be had with.
    fn unfit(&self, known: &Known, live: Option<&Object<'_>>) -> Option<Reason> {
        let vendor = vendor(known, live);
        let filter = &self.settings.provider_filter;
        let vendor_key = vendor.to_lowercase();
        let has = |entry: &Object<'_>, member: &str| entry.strings(member).iter().any(|word| word == "TEXT");
        let said = |entry: &Object<'_>, member: &str| entry.strings(member).join(" and ").to_lowercase();
        match live {
            None if known.row.is_none() => {
                let detail = "neither the listing nor the table knows the model behind it".into();
                return Some(("unknown-model", detail));
            }
            Some(live) if !has(live, "outputModalities") => {
                let detail = ["it gives ", &said(live, "outputModalities"), " and no text"].concat();
                return Some(("no-text-output", detail));
            }
            Some(live) if !has(live, "inputModalities") => {
                let detail = ["it takes ", &said(live, "inputModalities"), " and no text"].concat();
                return Some(("no-text-input", detail));
            }
            Some(live) if live.boolean("responseStreamingSupported") != Some(true) => {
                return Some(("no-streaming", "it does not stream its answers".into()));
            }
            Some(live) => {
                let status = live.object("modelLifecycle").and_then(|cycle| cycle.string("status"));
                if status.as_deref() != Some("ACTIVE") {
                    let status = status.as_deref().unwrap_or("of no known state");
                    return Some(("inactive", ["the model ", &known.base, " is ", status].concat()));
                }
            }
            None => {}
        }
        (!filter.is_empty() && !filter.iter().any(|name| *name == vendor_key || name == maker(known)))
            .then(|| ("provider-filter", ["providerFilter does not name ", &vendor].concat()))
    }

    /// Why a foundation model cannot be called by its own id.
    fn uncallable(&self, entry: &Object<'_>, id: &str) -> Option<Reason> {
        let ways = entry.strings("inferenceTypesSupported");
        let has = |way: &str| ways.iter().any(|known| known == way);
        if has(route::ON_DEMAND) {
            return None;
        }
        if has(PROFILE) {
            return Some((
                "needs-profile",
                match self.nearest.get(id) {
                    Some(profile) => ["it is called through ", profile].concat(),
                    None => "it is called through a profile, and none of it is listed".into(),
                },
            ));
        }
        Some(if has(PROVISIONED) {
            let detail = "it is called with provisioned throughput only, by the ARN of that";
            ("provisioned-only", detail.into())
        } else {
            ("not-callable", "Bedrock lists no way to call it".into())
        })
    }

    fn model(
        &self,
        id: String,
        name: String,
        origin: &str,
        known: &Known,
        live: Option<&Object<'_>>,
    ) -> Model {
        let facts = Facts::of(&id, known, live, self.settings);
        let configured = self.settings.configured(&id);
        let mut extensions = vec![
            Extension { key: "base-model".into(), value: json::quoted(&known.base) },
            Extension { key: "family".into(), value: json::quoted(known.family.name) },
        ];
        if let Some(price) = facts.prices.cache_write_1h {
            extensions.push(Extension { key: "cache-write-1h-price".into(), value: price.value.to_string() });
        }
        if let Some(configured) = configured.filter(|configured| configured.id != id) {
            extensions.push(Extension { key: "configured-as".into(), value: json::quoted(&configured.id) });
        }
        Model {
            name: configured.and_then(|configured| configured.name.clone()).unwrap_or(name),
            vendor: vendor(known, live),
            input: facts.input.value,
            output: facts.output.value,
            abilities: facts.abilities(),
            context_window: facts.context_window.value,
            max_output_tokens: facts.max_output_tokens.value,
            limits_known: facts.limits_known(),
            pricing: facts.pricing(),
            origin: origin.into(),
            extensions,
            id,
        }
    }
}

fn left_out(
    id: String,
    name: String,
    known: &Known,
    live: Option<&Object<'_>>,
    (reason, detail): Reason,
) -> Item {
    Item::LeftOut(LeftOut { id, name, vendor: vendor(known, live), reason: reason.into(), detail })
}

/// Who made a model, as the listing says it or the id begins.
fn vendor(known: &Known, live: Option<&Object<'_>>) -> String {
    live.and_then(|live| live.string("providerName")).unwrap_or_else(|| maker(known).into())
}

fn maker(known: &Known) -> &str {
    known.base.split('.').next().unwrap_or_default()
}

/// The entries of a listing; what is not readable is left out.
fn entries(listing: &[u8]) -> Vec<Object<'_>> {
    core::str::from_utf8(listing)
        .ok()
        .and_then(json::array)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Object::parse)
        .collect()
}

#[cfg(test)]
mod tests;
