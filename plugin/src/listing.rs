//! Bedrock's listings as models on offer: foundation models that can be called as they are, and
//! profiles, through which alone most of the newer ones can.

use crate::bindings::outcrop::provider::types::{Error, Extension, Model};
use crate::bridge::Bridge;
use crate::errors;
use crate::json::{self, Object};
use crate::models::facts::Facts;
use crate::models::{self, Known, ids};
use crate::settings::Settings;

/// What stands before the ids that are routed everywhere, which are offered first: they have the
/// most room.
const EVERYWHERE: &str = "global.";

/// The models on offer, best first.
///
/// # Errors
/// Where nothing could be listed.
pub fn list_models<B: Bridge>(bridge: &B, settings: &Settings) -> Result<Vec<Model>, Error> {
    let listing = bridge.list_models().map_err(errors::of_failure)?;
    let foundations = entries(&listing.foundation_models);
    let profiles = entries(&listing.inference_profiles);
    let mut models: Vec<Model> = foundations
        .iter()
        .filter(|entry| is_offered(entry) && takes(entry, "inferenceTypesSupported", "ON_DEMAND"))
        .filter_map(|entry| foundation_model(entry, settings))
        .chain(profiles.iter().filter_map(|entry| profile(entry, &foundations, settings)))
        .filter(|model| passes(model, settings))
        .collect();
    if models.is_empty()
        && let Some(failure) = listing.failures.into_iter().next()
    {
        return Err(errors::of_failure(failure));
    }
    models.sort_by(|a, b| {
        let rank = |model: &Model| !model.id.starts_with(EVERYWHERE);
        (rank(a), &a.name, &a.id).cmp(&(rank(b), &b.name, &b.id))
    });
    models.dedup_by(|a, b| a.id == b.id);
    Ok(models)
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

fn takes(entry: &Object<'_>, member: &str, word: &str) -> bool {
    entry.strings(member).iter().any(|other| other == word)
}

/// Whether a foundation model is current and answers with streamed text.
fn is_offered(entry: &Object<'_>) -> bool {
    let active = entry
        .object("modelLifecycle")
        .and_then(|lifecycle| lifecycle.string("status"))
        .is_some_and(|status| status == "ACTIVE");
    active
        && entry.boolean("responseStreamingSupported") == Some(true)
        && takes(entry, "outputModalities", "TEXT")
}

/// Whether the configured filter lets a model through, by its maker's name or the id's beginning.
fn passes(model: &Model, settings: &Settings) -> bool {
    let filter = &settings.provider_filter;
    let vendor = model.vendor.to_lowercase();
    let maker = ids::base(&model.id).and_then(|base| base.split('.').next());
    filter.is_empty() || filter.iter().any(|name| *name == vendor || maker == Some(name.as_str()))
}

fn foundation_model(entry: &Object<'_>, settings: &Settings) -> Option<Model> {
    let id = entry.string("modelId")?;
    let known = Known::by_id(&id);
    let name = entry.string("modelName").unwrap_or_else(|| id.clone());
    Some(model(id, name, "foundation-model", &known, Some(entry), settings))
}

/// A profile, which is what its base model is. Without an entry of that in the listing or the table
/// nobody knows whether it answers with text, so it is not offered.
fn profile(entry: &Object<'_>, foundations: &[Object<'_>], settings: &Settings) -> Option<Model> {
    if entry.string("status")? != "ACTIVE" {
        return None;
    }
    let members = models::members(entry);
    let base = ids::base(members.first()?)?;
    let known = Known::by_base(base);
    let live = foundations.iter().find(|model| model.string("modelId").as_deref() == Some(base));
    match live {
        Some(live) if !is_offered(live) => return None,
        None if known.row.is_none() => return None,
        _ => {}
    }
    // An application profile's id is opaque and is called by its ARN.
    let (id, origin) = match entry.string("type").as_deref() {
        Some("APPLICATION") => (entry.string("inferenceProfileArn")?, "application-profile"),
        _ => (entry.string("inferenceProfileId")?, "system-profile"),
    };
    let name = entry.string("inferenceProfileName").unwrap_or_else(|| id.clone());
    let mut model = model(id, name, origin, &known, live, settings);
    let mut regions: Vec<&str> =
        members.iter().filter_map(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty()).collect();
    regions.sort_unstable();
    regions.dedup();
    let regions: Vec<String> = regions.into_iter().map(json::quoted).collect();
    model
        .extensions
        .push(Extension { key: "regions".into(), value: ["[", &regions.join(","), "]"].concat() });
    Some(model)
}

fn model(
    id: String,
    name: String,
    origin: &str,
    known: &Known,
    live: Option<&Object<'_>>,
    settings: &Settings,
) -> Model {
    let facts = Facts::of(known, live, settings);
    let maker = known.base.split('.').next().unwrap_or_default();
    Model {
        id,
        name,
        vendor: live.and_then(|live| live.string("providerName")).unwrap_or_else(|| maker.into()),
        input: facts.input.value,
        output: facts.output.value,
        abilities: facts.abilities,
        context_window: facts.context_window.value,
        max_output_tokens: facts.max_output_tokens.value,
        limits_known: facts.limits_known(),
        pricing: facts.pricing,
        origin: origin.into(),
        extensions: [("base-model", known.base.as_str()), ("family", known.family.name)]
            .into_iter()
            .map(|(key, value)| Extension { key: key.into(), value: json::quoted(value) })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::outcrop::provider::bedrock_bridge::{BodyPart, Failure, Listing};
    use crate::bindings::outcrop::provider::types::{Abilities, ErrorCode, Modalities};
    use crate::stream::script::Scripted;

    const FOUNDATIONS: &str = r#"[
        {"modelId":"anthropic.claude-opus-4-5-20251101-v1:0","modelName":"Claude Opus 4.5","providerName":"Anthropic",
         "inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT"],"responseStreamingSupported":true,
         "inferenceTypesSupported":["INFERENCE_PROFILE"],"modelLifecycle":{"status":"ACTIVE"},
         "converse":{"maxTokensMaximum":64000,"systemRoleSupported":true,"reasoningSupported":{"embedded":false}},
         "description":{"maxContextWindow":"200K"},"explicitPromptCaching":{"isSupported":true}},
        {"modelId":"openai.gpt-oss-20b-1:0","modelName":"gpt-oss-20b","providerName":"OpenAI","converse":null,"description":null,
         "inputModalities":["TEXT"],"outputModalities":["TEXT"],"responseStreamingSupported":true,
         "inferenceTypesSupported":["PROVISIONED","ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
        {"modelId":"novel.model-v1","modelName":"Novel","providerName":"Novel",
         "inputModalities":["TEXT"],"outputModalities":["TEXT"],"responseStreamingSupported":true,
         "inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
        {"modelId":"old.model","modelName":"Old","providerName":"Old","outputModalities":["TEXT"],
         "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"LEGACY"}},
        {"modelId":"mute.model","modelName":"Mute","providerName":"Mute","outputModalities":["TEXT"],
         "responseStreamingSupported":null,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
        {"modelId":"embed.model","modelName":"Embed","providerName":"Embed","outputModalities":["EMBEDDING"],
         "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
        {"modelId":null}, 7
    ]"#;

    const PROFILES: &str = r#"[
        {"inferenceProfileId":"us.anthropic.claude-opus-4-5-20251101-v1:0","inferenceProfileName":"US Claude Opus 4.5",
         "inferenceProfileArn":"arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0",
         "status":"ACTIVE","type":"SYSTEM_DEFINED","models":[
           {"modelArn":"arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-opus-4-5-20251101-v1:0"},
           {"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-5-20251101-v1:0"}]},
        {"inferenceProfileId":"global.anthropic.claude-opus-4-5-20251101-v1:0","inferenceProfileName":"Global Claude Opus 4.5",
         "status":"ACTIVE","type":"SYSTEM_DEFINED","models":[
           {"modelArn":"arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-5-20251101-v1:0"}]},
        {"inferenceProfileId":"abc","inferenceProfileName":"billing","description":null,
         "inferenceProfileArn":"arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
         "status":"ACTIVE","type":"APPLICATION","models":[
           {"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}]},
        {"inferenceProfileId":"us.novel.unheard","inferenceProfileName":"Unheard","status":"ACTIVE","type":"SYSTEM_DEFINED",
         "models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/novel.unheard"}]},
        {"inferenceProfileId":"us.old.model","inferenceProfileName":"US Old","status":"ACTIVE","type":"SYSTEM_DEFINED",
         "models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/old.model"}]}
    ]"#;

    struct Fake(Vec<u8>, Vec<u8>, Vec<Failure>);

    impl Bridge for Fake {
        type Call = Scripted;

        fn list_models(&self) -> Result<Listing, Failure> {
            Ok(Listing {
                region: "us-east-1".into(),
                fetched_at: 0,
                foundation_models: self.0.clone(),
                inference_profiles: self.1.clone(),
                failures: self.2.clone(),
            })
        }

        fn lookup(&self, _id: &str) -> Option<Vec<u8>> {
            None
        }

        fn start(&self, _: &str, _: &str, _: &[BodyPart]) -> Result<Scripted, Failure> {
            Ok(Scripted::default())
        }
    }

    fn listed(settings: &Settings) -> Vec<Model> {
        let fake = Fake(FOUNDATIONS.into(), PROFILES.into(), Vec::new());
        list_models(&fake, settings).expect("models")
    }

    #[test]
    fn what_can_be_called_is_offered_in_order() {
        let models = listed(&Settings::default());
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "global.anthropic.claude-opus-4-5-20251101-v1:0",
                "novel.model-v1",
                "us.anthropic.claude-opus-4-5-20251101-v1:0",
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
                "openai.gpt-oss-20b-1:0",
            ]
        );
        assert_eq!(models[2].extensions[2].value, r#"["us-east-1","us-west-2"]"#);
    }

    #[test]
    fn a_profile_is_what_its_model_is() {
        let models = listed(&Settings::default());
        let opus = &models[0];
        assert_eq!(
            (opus.vendor.as_str(), opus.origin.as_str(), opus.limits_known),
            ("Anthropic", "system-profile", true)
        );
        assert_eq!((opus.context_window, opus.max_output_tokens), (200_000, 64_000));
        assert_eq!(opus.input, Modalities::TEXT | Modalities::IMAGE | Modalities::DOCUMENT);
        let wanted = Abilities::TOOLS | Abilities::REASONING | Abilities::PROMPT_CACHING;
        assert!(opus.abilities & wanted == wanted);
        let nova = &models[3];
        assert_eq!((nova.vendor.as_str(), nova.origin.as_str()), ("amazon", "application-profile"));
        assert_eq!(nova.context_window, 300_000);
        assert!(nova.pricing.is_some());
    }

    #[test]
    fn unknown_limits_are_the_configured_defaults() {
        let settings = Settings {
            default_context_window: 10_000,
            default_max_tokens: 2_000,
            provider_filter: vec!["novel".into()],
        };
        let models = listed(&settings);
        assert_eq!(models.len(), 1);
        assert_eq!((models[0].context_window, models[0].max_output_tokens), (10_000, 2_000));
        assert!(!models[0].limits_known);
    }

    #[test]
    fn a_failure_is_told_where_nothing_was_listed() {
        let failure = Failure {
            stage: "credentials".into(),
            message: "none".into(),
            http_status: None,
            error_type: None,
            request_id: None,
            retry_after_ms: None,
            body: Vec::new(),
        };
        let fake = Fake(b"".to_vec(), b"null".to_vec(), vec![failure.clone()]);
        let error = list_models(&fake, &Settings::default()).expect_err("nothing");
        assert_eq!(error.code, ErrorCode::Unauthenticated);
        let fake = Fake(FOUNDATIONS.into(), Vec::new(), vec![failure]);
        assert_eq!(list_models(&fake, &Settings::default()).expect("some").len(), 2);
    }
}
