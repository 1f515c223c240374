//! Which models and profiles there are, and which ids can be called.

use serde_json::{Value, json};

/// The raw listings of the control plane.
#[derive(Clone, Debug)]
pub struct Catalogue {
    foundation_models: Value,
    inference_profiles: Value,
}

/// The members that hold the lists.
const MODELS: &str = "modelSummaries";
const PROFILES: &str = "inferenceProfileSummaries";
/// How many profiles a page has when the request does not say.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

/// What an id given to the runtime comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callable {
    Yes,
    /// Known, but not on demand: it needs an inference profile.
    NeedsProfile,
    /// Known, but it writes no text.
    NoText,
    Unknown,
}

impl Default for Catalogue {
    /// About twenty models of eight providers, their system profiles and three application
    /// profiles, of account 123456789012 in us-east-1.
    fn default() -> Self {
        let read = |text: &str| serde_json::from_str(text).expect("the built-in listings are JSON");
        Self {
            foundation_models: read(include_str!("../catalogue/foundation-models.json")),
            inference_profiles: read(include_str!("../catalogue/inference-profiles.json")),
        }
    }
}

impl Catalogue {
    /// Listings of the caller's: the raw answers of ListFoundationModels and, on one page, of
    /// ListInferenceProfiles.
    pub fn new(foundation_models: Value, inference_profiles: Value) -> Self {
        Self { foundation_models, inference_profiles }
    }

    /// Neither models nor profiles.
    pub fn empty() -> Self {
        Self::new(json!({ MODELS: [] }), json!({ PROFILES: [] }))
    }

    /// With one more model, in the shape of ListFoundationModels.
    pub fn model(mut self, summary: Value) -> Self {
        push(&mut self.foundation_models, MODELS, summary);
        self
    }

    /// With one more profile, in the shape of ListInferenceProfiles.
    pub fn profile(mut self, summary: Value) -> Self {
        push(&mut self.inference_profiles, PROFILES, summary);
        self
    }

    /// With a system profile, in this geography and routing to these regions, for every model that says that
    /// it can be called through one (`inferenceTypesSupported`) and of which no profile is listed. For a
    /// recorded list of models, whose list of profiles was not recorded along with it.
    pub fn complete_profiles(mut self, geography: &str, regions: &[&str]) -> Self {
        let lacking: Vec<(String, String)> = items(&self.foundation_models, MODELS)
            .filter(|model| holds(&model["inferenceTypesSupported"], "INFERENCE_PROFILE"))
            .map(|model| (text(model, "modelId").to_owned(), text(model, "modelName").to_owned()))
            .filter(|(id, _)| self.find_profile(&format!("{geography}.{id}")).is_none())
            .collect();
        for (id, name) in lacking {
            let arn =
                |region| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{id}") });
            let home = regions.first().copied().unwrap_or_default();
            self = self.profile(json!({
                "inferenceProfileArn":
                    format!("arn:aws:bedrock:{home}:123456789012:inference-profile/{geography}.{id}"),
                "inferenceProfileId": format!("{geography}.{id}"),
                "inferenceProfileName": format!("{} {name}", geography.to_uppercase()),
                "models": regions.iter().map(arn).collect::<Vec<Value>>(),
                "status": "ACTIVE",
                "type": "SYSTEM_DEFINED",
            }));
        }
        self
    }

    /// The answer to ListFoundationModels.
    pub(crate) fn list_models(&self, query: &[(String, String)]) -> Value {
        let kept = items(&self.foundation_models, MODELS).filter(|model| {
            query.iter().all(|(name, wanted)| match name.as_str() {
                "byProvider" => text(model, "providerName").eq_ignore_ascii_case(wanted),
                "byOutputModality" => holds(&model["outputModalities"], wanted),
                "byInferenceType" => holds(&model["inferenceTypesSupported"], wanted),
                "byCustomizationType" => holds(&model["customizationsSupported"], wanted),
                _ => true,
            })
        });
        let kept: Vec<&Value> = kept.collect();
        let mut answer = self.foundation_models.clone();
        answer[MODELS] = json!(kept);
        answer
    }

    /// The answer to GetFoundationModelAvailability; none where there is no such model.
    pub(crate) fn availability(&self, id: &str) -> Option<Value> {
        let known = items(&self.foundation_models, MODELS).any(|model| text(model, "modelId") == id);
        (known || id.starts_with("sim.")).then(|| {
            json!({
                "modelId": id,
                "agreementAvailability": { "status": "AVAILABLE" },
                "authorizationStatus": "AUTHORIZED",
                "entitlementAvailability": "AVAILABLE",
                "regionAvailability": "AVAILABLE",
            })
        })
    }

    /// A page of ListInferenceProfiles, or what is wrong with the request. Without a type only the
    /// system's own profiles are listed.
    pub(crate) fn list_profiles(&self, query: &[(String, String)]) -> Result<Value, String> {
        let parameter =
            |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let wanted = parameter("type").unwrap_or("SYSTEM_DEFINED");
        if !["SYSTEM_DEFINED", "APPLICATION"].contains(&wanted) {
            return Err(format!(
                "1 validation error detected: Value '{wanted}' at 'typeEquals' failed to satisfy \
                 constraint: Member must satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]"
            ));
        }
        let size = match parameter("maxResults").map(str::parse) {
            None => PAGE,
            Some(Ok(size)) if (1..=MAX_PAGE).contains(&size) => size,
            Some(_) => return Err("maxResults must be from 1 to 1000".to_owned()),
        };
        let start = match parameter("nextToken").map(|token| token.strip_prefix(TOKEN)) {
            None => 0,
            Some(Some(place)) => place.parse().map_err(|_| INVALID_TOKEN)?,
            Some(None) => return Err(INVALID_TOKEN.to_owned()),
        };
        let of_type: Vec<&Value> = items(&self.inference_profiles, PROFILES)
            .filter(|profile| text(profile, "type") == wanted)
            .collect();
        let page: Vec<&Value> = of_type.iter().skip(start).take(size).copied().collect();
        let next = start + page.len();
        let mut answer = json!({ PROFILES: page });
        if next < of_type.len() {
            answer["nextToken"] = json!(format!("{TOKEN}{next}"));
        }
        Ok(answer)
    }

    /// A profile by its id or ARN.
    pub(crate) fn find_profile(&self, id: &str) -> Option<&Value> {
        items(&self.inference_profiles, PROFILES).find(|profile| {
            text(profile, "inferenceProfileId") == id || text(profile, "inferenceProfileArn") == id
        })
    }

    /// What a model id, model ARN, profile id or profile ARN comes to. An application profile is
    /// called by its ARN alone.
    pub(crate) fn callable(&self, id: &str) -> Callable {
        let model = items(&self.foundation_models, MODELS)
            .find(|model| text(model, "modelId") == id || text(model, "modelArn") == id);
        let profile = || {
            let profile = self.find_profile(id)?;
            let by_arn = text(profile, "inferenceProfileArn") == id;
            (by_arn || text(profile, "type") == "SYSTEM_DEFINED").then_some(Callable::Yes)
        };
        match model {
            None => profile().unwrap_or(Callable::Unknown),
            Some(model) if !holds(&model["inferenceTypesSupported"], "ON_DEMAND") => Callable::NeedsProfile,
            Some(model) if !holds(&model["outputModalities"], "TEXT") => Callable::NoText,
            Some(_) => Callable::Yes,
        }
    }
}

/// What a token of ListInferenceProfiles begins with; the place of the next profile follows.
const TOKEN: &str = "simulator-page-";
const INVALID_TOKEN: &str = "The pagination token is invalid.";

fn push(listing: &mut Value, member: &str, item: Value) {
    if let Some(items) = listing[member].as_array_mut() {
        items.push(item);
    }
}

fn items<'a>(listing: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    listing[member].as_array().into_iter().flatten()
}

fn text<'a>(item: &'a Value, member: &str) -> &'a str {
    item[member].as_str().unwrap_or_default()
}

fn holds(list: &Value, wanted: &str) -> bool {
    list.as_array().into_iter().flatten().any(|item| item == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pages_together_hold_every_profile_once() {
        let catalogue = Catalogue::default();
        let (mut ids, mut token) = (Vec::new(), None);
        loop {
            let mut asked = vec![("maxResults", "4"), ("type", "SYSTEM_DEFINED")];
            asked.extend(token.as_deref().map(|token| ("nextToken", token)));
            let page = catalogue.list_profiles(&query(&asked)).expect("a page");
            ids.extend(items(&page, PROFILES).map(|p| text(p, "inferenceProfileId").to_owned()));
            token = page["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let whole = catalogue.list_profiles(&[]).expect("a page");
        let all: Vec<_> = items(&whole, PROFILES).map(|p| text(p, "inferenceProfileId")).collect();
        assert_eq!(ids, all);
        assert!(ids.len() > 8, "{ids:?}");
    }

    #[test]
    fn ids_are_callable_as_the_listing_says() {
        let catalogue = Catalogue::default();
        let expected = [
            ("amazon.nova-lite-v1:0", Callable::Yes),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", Callable::Yes),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", Callable::NeedsProfile),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Callable::Yes),
            (
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/sim0haiku0app",
                Callable::Yes,
            ),
            ("sim0haiku0app", Callable::Unknown),
            ("amazon.titan-embed-text-v2:0", Callable::NoText),
            ("does-not-exist", Callable::Unknown),
        ];
        for (id, callable) in expected {
            assert_eq!(catalogue.callable(id), callable, "{id}");
        }
    }

    #[test]
    fn profiles_are_completed_once() {
        let catalogue = Catalogue::empty()
            .model(json!({ "modelId": "a.b", "modelName": "B", "inferenceTypesSupported": ["INFERENCE_PROFILE"] }))
            .model(json!({ "modelId": "a.c", "modelName": "C", "inferenceTypesSupported": ["ON_DEMAND"] }))
            .complete_profiles("us", &["us-east-1", "us-west-2"]);
        for catalogue in [catalogue.clone(), catalogue.complete_profiles("us", &["us-east-1"])] {
            let profiles: Vec<_> = items(&catalogue.inference_profiles, PROFILES).collect();
            assert_eq!(profiles.len(), 1);
            assert_eq!(profiles[0]["inferenceProfileId"], "us.a.b");
            assert_eq!(
                profiles[0]["models"][1]["modelArn"],
                "arn:aws:bedrock:us-west-2::foundation-model/a.b"
            );
            assert_eq!(catalogue.callable("us.a.b"), Callable::Yes);
        }
    }

    #[test]
    fn filters_are_those_of_the_service() {
        let models = Catalogue::default().list_models(&query(&[("byOutputModality", "EMBEDDING")]));
        let ids: Vec<_> = items(&models, MODELS).map(|model| text(model, "modelId")).collect();
        assert_eq!(ids, ["amazon.titan-embed-text-v2:0"]);
    }
}
