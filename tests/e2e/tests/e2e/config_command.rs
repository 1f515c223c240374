//! `outcrop config`, and what all commands say of a wrong file.

use std::path::Path;

use serde_json::{Value, json};

use crate::configuration::Place;
use crate::support::{MODEL, bare_outcrop, outcrop, simulator, text};

#[test]
fn a_wrong_file_is_told_by_every_command() {
    let sim = simulator();
    let place = Place::with("{\n  models: { bedrockDiscovery: { enabled: 'yes', regoin: 'x' } },\n}");
    for arguments in [&["chat", "--model", "bedrock/x", "Hello"][..], &["models", "list"], &["auth"]] {
        let output = place.outcrop(&sim).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = text(&output.stderr);
        assert!(
            told.contains("config.json5:2:42: models.bedrockDiscovery.enabled: must be true or false"),
            "{told}"
        );
        assert!(told.contains("did you mean region?"), "{told}");
    }
    assert!(sim.requests().is_empty());
    let output =
        bare_outcrop().args(["--config", "/no/such/file", "models", "list"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("/no/such/file cannot be read"));
}

#[test]
fn the_file_is_shown_and_changed() {
    let place = Place::with(
        "{ // mine\n  models: { bedrockDiscovery: { enabled: false } },\n  channels: { x: { botToken: 't0ps3cret' } },\n}\n",
    );
    let ok = |arguments: &[&str]| {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    assert_eq!(ok(&["config", "path"]), format!("{}\n", place.file().display()));
    ok(&["config", "set", "models.bedrockDiscovery.enabled", "true"]);
    ok(&["config", "set", "models.bedrockDiscovery.refreshInterval", "-1"]);
    ok(&["config", "set", "models.bedrockDiscovery.region", "eu-west-1"]);
    assert_eq!(ok(&["config", "get", "models.bedrockDiscovery.region"]), "eu-west-1\n");
    assert_eq!(ok(&["config", "get", "models.bedrockDiscovery.region", "--json"]), "\"eu-west-1\"\n");
    assert!(!ok(&["config", "get", "channels"]).contains("t0ps3cret"));
    ok(&["config", "unset", "models.bedrockDiscovery.refreshInterval"]);
    assert_eq!(
        std::fs::read_to_string(place.file()).expect("read"),
        "{ // mine\n  models: { bedrockDiscovery: {\n      enabled: true,\n      \"region\": \"eu-west-1\"\n    } },\n  \
         channels: { x: { botToken: 't0ps3cret' } },\n}\n"
    );
    assert!(ok(&["config", "check"]).contains("nothing is wrong"));

    let before = std::fs::read(place.file()).expect("read");
    for (arguments, told) in [
        (&["config", "set", "models.bedrockDiscovery.enabled", "maybe"][..], "must be true or false"),
        (&["config", "unset", "models.none"], "models.none is not set"),
        (&["config", "get", "models.none"], "models.none is not set"),
        (&["config", "get", "models..none"], "a key is empty"),
        (&["config", "set", "models.bedrockDiscovery.x.y", "1"], "there is no such key"),
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{arguments:?}: {}", text(&output.stderr));
    }
    assert_eq!(std::fs::read(place.file()).expect("read"), before, "what is refused changes nothing");
}

#[test]
fn problems_are_lines_of_json_too() {
    let place = Place::with(
        "{ models: { mode: 'x', bedrockDiscovery: { region: '${NO_SUCH_VARIABLE}' } }, agents: { defaults: { params: { serviceTier: 'x' } } } }",
    );
    let output = place.run(&["config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&told["usable"], told["problems"].as_array().map(Vec::len)), (&json!(false), Some(3)));
    let first = &told["problems"][0];
    assert_eq!(
        (&first["key"], &first["line"], &first["column"]),
        (&json!("models.mode"), &json!(1), &json!(19))
    );
    let severities: Vec<_> = (0..3).map(|index| told["problems"][index]["severity"].as_str()).collect();
    assert_eq!(severities, [Some("error"), Some("environment"), Some("note")]);
    let schema = place.run(&["config", "schema"]);
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.schema.json");
    assert_eq!(text(&schema.stdout), std::fs::read_to_string(published).expect("read"));
}

#[test]
fn the_first_value_makes_the_file() {
    let home = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = bare_outcrop();
        command.env("XDG_CONFIG_HOME", home.path()).args(arguments);
        command.output().expect("it runs")
    };
    let output = run(&["config", "path"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("outcrop/config.json5"), "{}", text(&output.stderr));
    let set = run(&["config", "set", "agents.defaults.model.primary", "amazon-bedrock/sim.text-v1:0"]);
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
    let file = home.path().join("outcrop/config.json5");
    assert_eq!(text(&run(&["config", "path"]).stdout), format!("{}\n", file.display()));
    assert_eq!(
        text(&run(&["config", "get", "agents.defaults.model.primary"]).stdout),
        "amazon-bedrock/sim.text-v1:0\n"
    );
    let sim = simulator();
    let mut chat = outcrop(&sim);
    let output =
        chat.env("XDG_CONFIG_HOME", home.path()).args(["chat", "sim:text Hello"]).output().expect("it runs");
    assert_eq!(text(&output.stdout), "Hello\n", "{}", text(&output.stderr));
}

/// A header's value may be a secret: it goes out, and is never shown.
#[test]
fn a_header_is_never_shown() {
    const SECRET: &str = "h3ad3r-s3cr3t";
    let sim = simulator();
    let text_of = |url: &str| {
        format!(
            "{{models: {{providers: {{'amazon-bedrock': {{baseUrl: '{url}', headers: {{'X-Key': '{SECRET}'}}}}}}}}}}"
        )
    };
    let place = Place::with(&text_of(&sim.endpoint()));
    let arguments: &[&[&str]] = &[
        &["chat", "-vvv", "--model", MODEL, "sim:text Hello"],
        &["chat", "-vvv", "--model", MODEL, "sim:access-denied"],
        &["models", "list", "-vvv"],
        &["doctor", "-vvv"],
        &["config", "check"],
        &["config", "get", "models.providers"],
    ];
    for arguments in arguments {
        let mut command = place.outcrop(&sim);
        let output = command.env("RUST_LOG", "trace").args(*arguments).output().expect("it runs");
        let shown = [text(&output.stdout), text(&output.stderr)].concat();
        assert!(!shown.contains(SECRET), "{arguments:?}\n{shown}");
    }
    assert!(sim.requests().iter().all(|request| request.header("x-key") == Some(SECRET)));
    assert!(sim.requests().len() > 4);
}
