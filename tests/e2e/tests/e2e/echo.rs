//! A provider that needs nothing but its input: the plugin that docs/plugin-authors.md builds.

use outcrop::{ErrorClass, Event, Host, Request};
use serde_json::{Map, Value, json};

use crate::support::{Cache, bare_outcrop, collect, done, failed, run};

fn settings(prefix: Value) -> Map<String, Value> {
    Map::from_iter([("prefix".to_owned(), prefix)])
}

/// A host with the echo plugin in place of the bundled one.
fn host(settings: Map<String, Value>) -> outcrop::Result<Host> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), outcrop_e2e::ECHO_PLUGIN).expect("written");
    let builder = Host::builder().region("us-east-1").cache_folder(Cache::of_process().path());
    builder.plugin_file(file.path()).settings(settings).build()
}

fn ask(model: &str) -> Request {
    Request::new(format!("amazon-bedrock/{model}")).user("Where the bedrock shows.")
}

#[tokio::test]
async fn it_says_back_what_it_was_told() {
    let host = host(settings(json!("> "))).expect("a host");
    for (model, deltas) in [
        ("words", &["> ", "Where ", "the ", "bedrock ", "shows."][..]),
        ("whole", &["> Where the bedrock shows."]),
    ] {
        let events = collect(host.stream(ask(model))).await;
        let given: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::TextDelta { delta, .. } => Some(&**delta),
                _ => None,
            })
            .collect();
        assert_eq!(given, deltas, "{events:?}");
    }
    let answer = done(host.stream(ask("whole"))).await;
    assert_eq!((answer.usage.input, answer.usage.output), (4, 5));
}

#[tokio::test]
async fn it_offers_what_it_has_and_refuses_the_rest() {
    let host = host(Map::new()).expect("a host");
    let models = host.models().await.expect("a listing");
    let ids: Vec<_> = models.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["amazon-bedrock/words", "amazon-bedrock/whole"]);

    let error = failed(host.stream(ask("loud"))).await;
    assert_eq!(error.class, ErrorClass::ModelNotFound);
    assert_eq!(error.remedy.as_deref(), Some("ask one of words, whole"));

    let mut request = ask("words");
    request.extensions.insert("volume".to_owned(), json!(11));
    let error = failed(host.stream(request)).await;
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert!(error.message.contains("/extensions/volume"), "{error}");
}

#[test]
fn settings_that_are_wrong_are_told_when_it_is_loaded() {
    let error = host(settings(json!(7))).expect_err("no host");
    assert!(error.message.contains("/prefix: 7 is no string"), "{error}");
}

#[test]
fn it_imports_nothing() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), outcrop_e2e::ECHO_PLUGIN).expect("written");
    let said = run(bare_outcrop().args(["plugin", "inspect", "--json"]).arg(file.path()));
    let inspection: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(inspection["problems"], json!([]));
    let imports = inspection["imports"].as_array().expect("a list");
    assert!(imports.iter().all(|name| name == "outcrop:provider/types@0.1.0"), "{imports:?}");
}
