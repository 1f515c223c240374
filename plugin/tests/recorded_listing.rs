//! Every text model of the recorded listing has an entry, or the defaults knowingly.

#![allow(clippy::unwrap_used, reason = "a test")]

use amazon_bedrock_plugin::models::Known;
use std::io::Write;
use std::path::Path;

/// Models that are listed and not answered by the plugin's mapping: they are no chat models, so nothing is
/// claimed of them.
const DEFAULTS: &[&str] = &["twelvelabs.pegasus-1-2-v1:0", "cohere.rerank-v3-5:0"];

#[test]
fn every_listed_text_model_has_an_entry_or_the_defaults_knowingly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/recordings/ListFoundationModels");
    let Ok(files) = std::fs::read_dir(&folder) else {
        let _ = writeln!(std::io::stderr(), "skipped: no recordings");
        return;
    };
    let mut checked = 0;
    for file in files {
        let path = file.unwrap().path();
        if !path.to_string_lossy().ends_with(".response.json") {
            continue;
        }
        let answer: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for model in answer["modelSummaries"].as_array().unwrap() {
            let id = model["modelId"].as_str().unwrap();
            let text = |member: &str| {
                model[member].as_array().is_some_and(|all| all.iter().any(|modality| modality == "TEXT"))
            };
            if !text("outputModalities") || DEFAULTS.contains(&id) {
                continue;
            }
            checked += 1;
            let known = Known::by_id(id);
            assert_ne!(known.family.name, "unknown", "{id}");
            // What the listing says of caching must not contradict the table.
            if let Some(caches) = model["explicitPromptCaching"]["isSupported"].as_bool() {
                use amazon_bedrock_plugin::models::Caching;
                let ours = matches!(known.traits().cache.keeps, Caching::Short | Caching::Long);
                assert!(ours == caches || !text("inputModalities") || id.contains("sonic"), "{id}: {caches}");
            }
        }
    }
    assert!(checked > 80, "{checked}");
}
