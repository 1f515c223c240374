//! What is offered, and why the rest is not.

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
    {"modelId":"old.model","modelName":"Old","providerName":"Old","inputModalities":["TEXT"],"outputModalities":["TEXT"],
     "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"LEGACY"}},
    {"modelId":"mute.model","modelName":"Mute","providerName":"Mute","inputModalities":["TEXT"],"outputModalities":["TEXT"],
     "responseStreamingSupported":null,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
    {"modelId":"embed.model","modelName":"Embed","providerName":"Embed","inputModalities":["TEXT"],"outputModalities":["EMBEDDING"],
     "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
    {"modelId":"voice.model","modelName":"Voice","inputModalities":["SPEECH"],"outputModalities":["SPEECH","TEXT"],
     "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],"modelLifecycle":{"status":"ACTIVE"}},
    {"modelId":"bought.model","modelName":"Bought","inputModalities":["TEXT"],"outputModalities":["TEXT"],
     "responseStreamingSupported":true,"inferenceTypesSupported":["PROVISIONED"],"modelLifecycle":{"status":"ACTIVE"}},
    {"modelId":"idle.model","modelName":"Idle","inputModalities":["TEXT"],"outputModalities":["TEXT"],
     "responseStreamingSupported":true,"inferenceTypesSupported":[],"modelLifecycle":{"status":"ACTIVE"}},
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

fn listed(settings: &str) -> Offer {
    let fake = Fake(FOUNDATIONS.into(), PROFILES.into(), Vec::new());
    list_models(&fake, &Settings::parse(settings).expect("settings")).expect("models")
}

fn ids_of(models: &[Model]) -> Vec<&str> {
    models.iter().map(|model| model.id.as_str()).collect()
}

#[test]
fn what_can_be_called_is_offered_in_order() {
    let models = listed("").models;
    assert_eq!(
        ids_of(&models),
        [
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
            "global.anthropic.claude-opus-4-5-20251101-v1:0",
            "openai.gpt-oss-20b-1:0",
            "novel.model-v1",
        ]
    );
    let regions = models[1].extensions.iter().find(|extension| extension.key == "regions");
    assert_eq!(regions.expect("regions").value, r#"["us-east-1","us-west-2"]"#);
}

#[test]
fn what_is_left_out_has_its_reason() {
    let left_out = listed("").left_out;
    let told: Vec<_> = left_out.iter().map(|model| (model.id.as_str(), model.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            ("anthropic.claude-opus-4-5-20251101-v1:0", "needs-profile"),
            ("bought.model", "provisioned-only"),
            ("embed.model", "no-text-output"),
            ("idle.model", "not-callable"),
            ("mute.model", "no-streaming"),
            ("old.model", "inactive"),
            ("us.novel.unheard", "unknown-model"),
            ("us.old.model", "inactive"),
            ("voice.model", "no-text-input"),
        ]
    );
    assert_eq!(left_out[0].detail, "it is called through us.anthropic.claude-opus-4-5-20251101-v1:0");
    assert_eq!(left_out[5].detail, "the model old.model is LEGACY");
    assert_eq!(left_out[8].detail, "it takes speech and no text");
}

#[test]
fn a_profile_is_what_its_model_is() {
    let models = listed("").models;
    let opus = &models[2];
    assert_eq!(
        (opus.vendor.as_str(), opus.origin.as_str(), opus.limits_known),
        ("Anthropic", "system-profile", true)
    );
    assert_eq!((opus.context_window, opus.max_output_tokens), (200_000, 64_000));
    assert_eq!(opus.input, Modalities::TEXT | Modalities::IMAGE | Modalities::DOCUMENT);
    let wanted = Abilities::TOOLS | Abilities::REASONING | Abilities::PROMPT_CACHING;
    assert!(opus.abilities & wanted == wanted);
    let price = |model: &Model| model.pricing.as_ref().expect("a price").input;
    assert_eq!((price(opus), price(&models[1])), (5.0, 5.5), "what stays in a geography costs more");
    let nova = &models[0];
    assert_eq!((nova.vendor.as_str(), nova.origin.as_str()), ("amazon", "application-profile"));
    assert_eq!(nova.context_window, 300_000);
    assert!(nova.pricing.is_some());
}

#[test]
fn unknown_limits_are_the_configured_defaults() {
    let offer = listed(
        r#"{"discovery":{"defaultContextWindow":10000,"defaultMaxTokens":2000,"providerFilter":["novel"]}}"#,
    );
    assert_eq!(ids_of(&offer.models), ["novel.model-v1"]);
    let model = &offer.models[0];
    assert_eq!((model.context_window, model.max_output_tokens), (10_000, 2_000));
    assert!(!model.limits_known);
    let filtered = offer.left_out.iter().filter(|model| model.reason == "provider-filter");
    assert_eq!(
        filtered.map(|model| model.id.as_str()).collect::<Vec<_>>(),
        [
            "anthropic.claude-opus-4-5-20251101-v1:0",
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
            "bought.model",
            "global.anthropic.claude-opus-4-5-20251101-v1:0",
            "idle.model",
            "openai.gpt-oss-20b-1:0",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
        ]
    );
}

#[test]
fn configured_models_lie_over_discovered_ones() {
    let offer = listed(
        r#"{"models":[{"id":"openai.gpt-oss-20b-1","name":"Mine","maxTokens":9},
            {"id":"anthropic.claude-opus-4-5-20251101-v1:0"},
            {"id":"arn:aws:bedrock:us-east-1:1:application-inference-profile/xyz","cost":{"input":1,"output":2},
             "params":{"canonicalModelId":"amazon.nova-micro-v1:0"}}]}"#,
    );
    assert_eq!(
        ids_of(&offer.models),
        [
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/xyz",
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
            "anthropic.claude-opus-4-5-20251101-v1:0",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
            "global.anthropic.claude-opus-4-5-20251101-v1:0",
            "openai.gpt-oss-20b-1:0",
            "novel.model-v1",
        ]
    );
    let mine = &offer.models[5];
    assert_eq!(
        (mine.name.as_str(), mine.max_output_tokens, mine.origin.as_str()),
        ("Mine", 9, "foundation-model")
    );
    assert!(mine.extensions.iter().any(|more| more.value == r#""openai.gpt-oss-20b-1""#));
    let hidden = &offer.models[0];
    assert_eq!((hidden.origin.as_str(), hidden.context_window), ("configured", 128_000));
    assert_eq!(hidden.pricing.as_ref().expect("a price").output, 2.0);
    assert!(offer.left_out.iter().all(|model| model.reason != "needs-profile"), "it was configured");
}

#[test]
fn configured_models_can_replace_all_others() {
    let offer = listed(r#"{"mode":"replace","models":[{"id":"novel.model-v1"},{"id":"my.own"}]}"#);
    assert_eq!(ids_of(&offer.models), ["my.own", "novel.model-v1"]);
    assert_eq!(offer.left_out.iter().filter(|model| model.reason == "replaced").count(), 4);
    let none = listed(r#"{"mode":"replace"}"#);
    assert_eq!(none.models.len(), 5, "nothing is there to replace them");
}

#[test]
fn an_id_is_offered_once() {
    let twice =
        PROFILES.replacen('[', &["[", &PROFILES[1..PROFILES.rfind(']').expect("an end")], ","].concat(), 1);
    let fake = Fake(FOUNDATIONS.into(), twice.into(), Vec::new());
    let offer = list_models(&fake, &Settings::default()).expect("models");
    assert_eq!(ids_of(&offer.models), ids_of(&listed("").models));
    assert_eq!(offer.left_out, listed("").left_out);
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
    assert_eq!(list_models(&fake, &Settings::default()).expect("some").models.len(), 2);
}
