//! Which models are on offer, over what the real service listed: 126 foundation models in us-east-1, the
//! recorded system profiles, completed from what the models say of themselves, and the recorded
//! application profiles.

use std::collections::BTreeMap;

use bedrock_sim::{Catalogue, Operation, Simulator};
use outcrop::{Event, LeftOut, Models, Request};
use serde_json::{Value, json};

use crate::support::{Sim, builder, collect, done, host, outcrop, shared, text};

/// Models that the recorded listing says can be had through a profile alone, and are current and fit.
const NEEDS_PROFILE: &[&str] = &[
    "amazon.nova-2-lite-v1:0",
    "amazon.nova-premier-v1:0",
    "anthropic.claude-3-5-haiku-20241022-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-1-20250805-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "deepseek.r1-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "meta.llama3-1-8b-instruct-v1:0",
    "meta.llama3-2-11b-instruct-v1:0",
    "meta.llama3-2-1b-instruct-v1:0",
    "meta.llama3-2-3b-instruct-v1:0",
    "meta.llama3-2-90b-instruct-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "meta.llama4-maverick-17b-instruct-v1:0",
    "meta.llama4-scout-17b-instruct-v1:0",
    "mistral.pixtral-large-2502-v1:0",
    "writer.palmyra-x4-v1:0",
    "writer.palmyra-x5-v1:0",
];

/// A simulator that lists what was recorded.
fn recorded() -> Option<Sim> {
    let folder = shared("recordings")?;
    let read = |name: &str| -> Value {
        let file = std::fs::read(folder.join(format!("{name}.response.json"))).expect("a recording");
        serde_json::from_slice(&file).expect("JSON")
    };
    let system = read("ListInferenceProfiles/brag-bot--list-inference-profiles.us-east-2.2024-11");
    let own = [
        "bedrock_inference_profile_token_metrics.ListInferenceProfiles_1",
        "test_bedrock_application_inference_profile_v2.ListInferenceProfiles_1",
        "test_bedrock_inference_profile_delete.ListInferenceProfiles_1",
    ]
    .map(|name| read(&format!("ListInferenceProfiles/cloud-custodian--{name}")));
    let mut catalogue = Catalogue::new(read("ListFoundationModels/chatlas--test_anthropic_models.1"), system);
    for profile in
        own.iter().flat_map(|answer| answer["inferenceProfileSummaries"].as_array().expect("a list"))
    {
        catalogue = catalogue.profile(profile.clone());
    }
    let catalogue = catalogue.complete_profiles("us", &["us-east-1", "us-east-2", "us-west-2"]);
    let sim = Simulator::builder().catalogue(catalogue).start_in_thread().expect("the simulator starts");
    Some(Sim::of(sim))
}

fn bare(id: &str) -> &str {
    id.strip_prefix("amazon-bedrock/").expect("the prefix")
}

fn reasons(left_out: &[LeftOut]) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for model in left_out {
        reasons.entry(&model.reason).or_default().push(bare(&model.id));
    }
    reasons
}

/// Counted by hand: 126 models, of which 39 can be called by their own id; 48 system profiles, of which
/// 26 are of a model that is current and fit; 3 application profiles, all of Nova.
#[tokio::test]
async fn the_right_models_are_offered_and_the_others_have_the_right_reason() {
    let Some(sim) = recorded() else { return };
    let Models { models, left_out, problems, .. } = host(&sim).models().await.expect("models");
    assert!(problems.is_empty(), "{problems:?}");

    let mut origins: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for model in &models {
        origins.entry(&model.origin).or_default().push(bare(&model.id));
    }
    let counts: Vec<_> = origins.iter().map(|(origin, ids)| (*origin, ids.len())).collect();
    assert_eq!(counts, [("application-profile", 3), ("foundation-model", 39), ("system-profile", 26)]);
    for base in NEEDS_PROFILE {
        assert!(origins["system-profile"].contains(&format!("us.{base}").as_str()), "{base}");
    }
    for both in ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0", "amazon.nova-pro-v1:0"] {
        assert!(origins["foundation-model"].contains(&both));
        assert!(origins["system-profile"].contains(&format!("us.{both}").as_str()));
    }
    let mut ids: Vec<String> = models.iter().map(|model| model.id.to_lowercase()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), models.len(), "no id stands twice");

    // Of the models and of the profiles.
    let reasons = reasons(&left_out);
    let counts: Vec<_> = reasons.iter().map(|(reason, ids)| (*reason, ids.len())).collect();
    assert_eq!(
        counts,
        [
            ("inactive", 18 + 5),
            ("needs-profile", 21),
            ("no-streaming", 1),
            ("no-text-input", 2),
            ("no-text-output", 32 + 16),
            ("not-callable", 4),
            ("provisioned-only", 9),
            ("unknown-model", 1),
        ]
    );
    assert_eq!(models.len() + left_out.len(), 126 + 48 + 3);
    let mut needs_profile = reasons["needs-profile"].clone();
    needs_profile.sort_unstable();
    assert_eq!(needs_profile, NEEDS_PROFILE);
    assert_eq!(reasons["no-streaming"], ["cohere.rerank-v3-5:0"]);
    assert_eq!(reasons["no-text-input"], ["amazon.nova-2-sonic-v1:0", "amazon.nova-sonic-v1:0"]);
    assert!(reasons["not-callable"].iter().all(|id| id.starts_with("amazon.nova-premier-v1:0:")));
    assert_eq!(reasons["unknown-model"], ["us.meta.llama3-1-405b-instruct-v1:0"]);
    assert!(reasons["inactive"].contains(&"us.anthropic.claude-3-7-sonnet-20250219-v1:0"));
    let haiku = left_out.iter().find(|model| model.id.ends_with("/anthropic.claude-haiku-4-5-20251001-v1:0"));
    assert_eq!(
        haiku.expect("left out").detail,
        "it is called through us.anthropic.claude-haiku-4-5-20251001-v1:0"
    );
}

/// Id, window, most output tokens: as the listing's own members have them, and where those are null, the table.
#[tokio::test]
async fn limits_come_from_the_live_members() {
    let Some(sim) = recorded() else { return };
    let host = host(&sim);
    let models = host.models().await.expect("models").models;
    for (id, window, output, window_from, output_from) in [
        ("us.amazon.nova-2-lite-v1:0", 1_000_000, 65_535, "listing", "listing"),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", 200_000, 32_000, "listing", "listing"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 200_000, 65_536, "listing", "listing"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, "table", "listing"),
        ("openai.gpt-oss-120b-1:0", 128_000, 128_000, "table", "listing"),
        ("google.gemma-3-27b-it", 131_072, 131_072, "listing", "listing"),
        ("amazon.nova-pro-v1:0", 300_000, 10_000, "table", "listing"),
        ("amazon.nova-lite-v1:0", 300_000, 10_000, "table", "table"),
        ("mistral.mistral-7b-instruct-v0:2", 32_000, 4_096, "table", "table"),
        ("amazon.titan-tg1-large", 32_000, 4_096, "default", "default"),
    ] {
        let full = format!("amazon-bedrock/{id}");
        let model = models.iter().find(|model| model.id == full).unwrap_or_else(|| panic!("{id}"));
        assert_eq!((model.context_window, model.max_output_tokens), (window, output), "{id}");
        assert_eq!(model.limits_known, window_from != "default", "{id}");
        let facts = &host.explain_model(&full).expect("known")["facts"];
        assert_eq!(facts["contextWindow"], json!({ "value": window, "from": window_from }), "{id}");
        assert_eq!(facts["maxOutputTokens"], json!({ "value": output, "from": output_from }), "{id}");
    }
    let unknown = models.iter().filter(|model| !model.limits_known).map(|model| bare(&model.id));
    assert_eq!(
        unknown.collect::<Vec<_>>(),
        ["twelvelabs.pegasus-1-2-v1:0", "us.twelvelabs.pegasus-1-2-v1:0", "amazon.titan-tg1-large"]
    );
    // Both profiles of the account route Nova 2 Lite without naming a region.
    let own =
        models.iter().find(|model| model.id.ends_with("/4cbyr2n9st9w")).expect("an application profile");
    assert_eq!(
        (own.details["base-model"].as_str(), own.context_window),
        (Some("amazon.nova-2-lite-v1:0"), 1_000_000)
    );
    assert_eq!(own.details["regions"], json!(["us-east-1"]));
}

#[tokio::test]
async fn every_offered_id_can_be_called() {
    let Some(sim) = recorded() else { return };
    let host = host(&sim);
    for model in host.models().await.expect("models").models {
        let request = Request::new(&model.id).user("Hello");
        let events = collect(host.stream(request)).await;
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{}: {events:#?}", model.id);
        let changed =
            events.iter().any(|event| matches!(event, Event::Rewritten { at, .. } if at == "/model"));
        assert!(!changed, "{} is called as it is", model.id);
    }
}

fn called(sim: &Sim) -> Vec<String> {
    let requests = sim.requests().into_iter();
    requests
        .filter(|request| request.operation == Operation::ConverseStream)
        .filter_map(|request| request.id)
        .collect()
}

/// Rule and detail of what was told of the model's id.
fn told(events: &[Event]) -> Vec<(String, String)> {
    let told = events.iter().filter_map(|event| match event {
        Event::Rewritten { rule, at, detail, .. } if at == "/model" => Some((rule.clone(), detail.clone())),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_bare_id_is_called_through_its_profile_and_that_is_told() {
    let Some(sim) = recorded() else { return };
    let host = host(&sim);
    host.models().await.expect("models");
    for base in NEEDS_PROFILE {
        let events = collect(host.stream(Request::new(format!("amazon-bedrock/{base}")).user("Hello"))).await;
        let profile = format!("us.{base}");
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{base}: {events:#?}");
        assert_eq!(called(&sim).last(), Some(&profile));
        let told = told(&events);
        assert_eq!(told.len(), 1);
        assert!(told[0].0 == "profile-used" && told[0].1.ends_with(&profile), "{told:?}");
    }
    // A `:0` too few and one too many.
    for (asked, want) in [
        ("anthropic.claude-haiku-4-5-20251001-v1", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("us.amazon.nova-lite-v1", "us.amazon.nova-lite-v1:0"),
        ("google.gemma-3-4b-it:0", "google.gemma-3-4b-it"),
    ] {
        let events =
            collect(host.stream(Request::new(format!("amazon-bedrock/{asked}")).user("Hello"))).await;
        assert!(matches!(events.last(), Some(Event::Done { .. })), "{asked}: {events:#?}");
        assert_eq!(called(&sim).last().map(String::as_str), Some(want));
        assert_eq!(told(&events)[0].0, "model-id-respelled");
    }
}

/// A stream takes what another process has listed from the disk, and asks for no listing itself.
#[tokio::test]
async fn a_stream_knows_the_listing_of_another_process() {
    let Some(sim) = recorded() else { return };
    host(&sim).models().await.expect("models");
    sim.forget_requests();
    let request = Request::new(format!("amazon-bedrock/{}", NEEDS_PROFILE[3])).user("Hello");
    done(host(&sim).stream(request)).await;
    assert_eq!(called(&sim), [format!("us.{}", NEEDS_PROFILE[3])]);
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn settings_filter_overlay_and_replace() {
    let Some(sim) = recorded() else { return };
    let listed = async |settings: Value| {
        let settings = settings.as_object().expect("settings").clone();
        builder(&sim).settings(settings).build().expect("a host").models().await.expect("models")
    };
    let filtered = listed(json!({ "discovery": { "providerFilter": ["Writer", "deepseek"] } })).await;
    let mut ids: Vec<_> = filtered.models.iter().map(|model| bare(&model.id)).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["us.deepseek.r1-v1:0", "us.writer.palmyra-x4-v1:0", "us.writer.palmyra-x5-v1:0"]);
    // All that was offered, of whatever maker, and the needy, bought and idle ones of the others.
    assert_eq!(reasons(&filtered.left_out)["provider-filter"].len(), 68 - 3 + 21 - 3 + 9 + 4);

    let overlaid = listed(json!({ "models": [
        { "id": "us.writer.palmyra-x5-v1", "cost": { "input": 9.5 } },
        { "id": "my.own-model", "name": "Mine", "contextWindow": 77 },
    ]}))
    .await;
    let find = |id: &str| overlaid.models.iter().find(|model| bare(&model.id) == id).expect("on offer");
    let palmyra = find("us.writer.palmyra-x5-v1:0");
    let price = palmyra.pricing.expect("a price");
    assert_eq!((price.input, price.output, palmyra.max_output_tokens), (9.5, 6.0, 8192));
    assert_eq!(find("my.own-model").context_window, 77);
    assert_eq!(overlaid.models.len(), 69);

    let replaced = listed(json!({ "mode": "replace", "models": [{ "id": "my.own-model" }] })).await;
    assert_eq!(replaced.models.iter().map(|model| bare(&model.id)).collect::<Vec<_>>(), ["my.own-model"]);
    assert_eq!(reasons(&replaced.left_out)["replaced"].len(), 68);
}

#[test]
fn the_command_lists_and_explains() {
    let Some(sim) = recorded() else { return };
    let run = |arguments: &[&str]| {
        let output = outcrop(&sim).args(["models"]).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    };
    let table = run(&["list"]);
    assert_eq!(table.lines().count(), 1 + 68);
    for (line, parts) in [
        (
            "/us.amazon.nova-2-lite-v1:0 ",
            &["US Nova 2 Lite", "text image document video", "1M", "65K", "0.33", "2.75", "tools", "profile"]
                [..],
        ),
        ("/amazon.titan-tg1-large ", &["Titan Text Large", "~32K", "~4K", "model"]),
    ] {
        let row = table.lines().find(|row| row.contains(line)).unwrap_or_else(|| panic!("{line}"));
        for part in parts {
            assert!(row.contains(part), "{part} in {row}");
        }
    }
    let all = run(&["list", "--all"]);
    assert_eq!(all.lines().count(), 1 + 68 + 2 + 109);
    assert!(all.contains("it is called through us.deepseek.r1-v1:0"), "{all}");
    let plain = run(&["list", "--plain", "--provider", "deepseek", "--provider", "Writer"]);
    let mut ids: Vec<_> = plain.lines().map(bare).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["us.deepseek.r1-v1:0", "us.writer.palmyra-x4-v1:0", "us.writer.palmyra-x5-v1:0"]);
    let listed: Value = serde_json::from_str(&run(&["list", "--json", "--all"])).expect("JSON");
    assert_eq!((&listed["count"], &listed["isStale"]), (&json!(68), &json!(false)));
    assert_eq!(listed["leftOut"].as_array().map(Vec::len), Some(109));
    assert_eq!(listed["leftOut"][0].as_object().map(serde_json::Map::len), Some(5));

    let shown = run(&["show", "amazon-bedrock/anthropic.claude-opus-4-1-20250805-v1:0"]);
    for part in [
        "called through us.anthropic.claude-opus-4-1-20250805-v1:0",
        "context window",
        "200000",
        "listing",
        "table",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown: Value =
        serde_json::from_str(&run(&["show", "--json", "amazon-bedrock/us.deepseek.r1-v1:0"])).expect("JSON");
    assert_eq!(shown["facts"]["inputPrice"], json!({ "value": 1.35, "from": "table" }));
    assert_eq!(shown["listing"]["modelName"], "DeepSeek-R1");
    assert_eq!(shown["profile"]["inferenceProfileId"], "us.deepseek.r1-v1:0");

    let unknown =
        outcrop(&sim).args(["models", "show", "amazon-bedrock/no.such-model"]).output().expect("it runs");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("models list --all"), "{}", text(&unknown.stderr));
}
