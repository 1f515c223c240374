//! A provider that needs nothing but its input: the plugin that docs/plugin-authors.md builds.

use std::process::Command;

use outcrop::{ErrorClass, Event, Host, Request};
use serde_json::{Map, Value, json};

use crate::support::{Cache, bare_outcrop, collect, done, failed, run, text};

fn settings(prefix: Value) -> Map<String, Value> {
    Map::from_iter([("prefix".to_owned(), prefix)])
}

/// A host with the echo plugin in place of the bundled one.
fn host(settings: Map<String, Value>) -> outcrop::Result<Host> {
    host_of(outcrop_e2e::ECHO_PLUGIN, settings)
}

fn host_of(plugin: &[u8], settings: Map<String, Value>) -> outcrop::Result<Host> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), plugin).expect("written");
    let builder = Host::builder().region("us-east-1").cache_folder(Cache::of_process().path());
    builder.plugin_file(file.path()).settings(settings).build()
}

fn ask(model: &str) -> Request {
    Request::new(format!("amazon-bedrock/{model}")).user("Where the bedrock shows.")
}

fn deltas_of(events: &[Event]) -> Vec<&str> {
    let deltas = events.iter().filter_map(|event| match event {
        Event::TextDelta { delta, .. } => Some(&**delta),
        _ => None,
    });
    deltas.collect()
}

#[tokio::test]
async fn it_says_back_what_it_was_told() {
    let host = host(settings(json!("> "))).expect("a host");
    for (model, deltas) in [
        ("words", &["> ", "Where ", "the ", "bedrock ", "shows."][..]),
        ("whole", &["> Where the bedrock shows."]),
    ] {
        let events = collect(host.stream(ask(model))).await;
        assert_eq!(deltas_of(&events), deltas, "{events:?}");
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

/// What a component imports, as the command line tells it; it must fit the contract.
fn imports(plugin: &[u8]) -> Value {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), plugin).expect("written");
    let said = run(bare_outcrop().args(["plugin", "inspect", "--json"]).arg(file.path()));
    let mut inspection: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(inspection["problems"], json!([]));
    inspection["imports"].take()
}

#[test]
fn it_imports_nothing_but_words() {
    assert_eq!(imports(outcrop_e2e::ECHO_PLUGIN), json!(["outcrop:provider/types@0.1.0"]));
}

#[tokio::test]
async fn c_makes_one_too() {
    let module = tempfile::NamedTempFile::new().expect("a file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../echo-plugin-c/build");
    let built = Command::new(script).arg(module.path()).output().expect("it runs");
    if built.status.code() == Some(77) {
        println!("skipped: the plugin in C: {}", text(&built.stderr).trim());
        return;
    }
    assert!(built.status.success(), "{}", text(&built.stderr));
    let module = std::fs::read(module.path()).expect("a module");
    let component = component_builder::encode(&module).expect("a component");
    assert_eq!(imports(&component), json!(["outcrop:provider/types@0.1.0"]));

    let host = host_of(&component, Map::new()).expect("a host");
    let models = host.models().await.expect("a listing");
    assert_eq!(models.models.len(), 1);
    assert_eq!(models.models[0].id, "amazon-bedrock/words");
    let events = collect(host.stream(ask("words"))).await;
    assert_eq!(deltas_of(&events), ["Where ", "the ", "bedrock ", "shows."], "{events:?}");
    let answer = done(host.stream(ask("words"))).await;
    assert_eq!((answer.usage.input, answer.usage.output), (4, 4));
    let error = failed(host.stream(ask("loud"))).await;
    assert_eq!((error.class, error.remedy.as_deref()), (ErrorClass::ModelNotFound, Some("ask words")));
}
