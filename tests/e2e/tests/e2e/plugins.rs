//! Plugins beside the bundled one: configured, pinned, limited, quarantined, replaced.

use std::path::{Path, PathBuf};
use std::process::Output;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use outcrop::config::Document;
use outcrop::{
    ErrorClass, Event, EventStream, Host, HostBuilder, Isolation, Limits, Plugin, PluginState, ReloadOutcome,
    Request, SignatureState, digest,
};
use outcrop_e2e::{ECHO_PLUGIN, REPAIR_PLUGIN};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Cache, MODEL, Sim, ask, builder, collect, done, failed, inside, outcrop, simulator, text,
};

/// A folder with plugins and a configuration that names them.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("echo.wasm", ECHO_PLUGIN);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// Writes a configuration with these `plugins`.
    fn configure(&self, plugins: &Value) -> PathBuf {
        self.write("config.json5", json!({ "plugins": plugins }).to_string());
        self.path("config.json5")
    }

    /// The same with one entry for echo.
    fn configure_echo(&self, entry: &Value) -> PathBuf {
        self.configure(&json!({ "entries": { "echo": entry } }))
    }

    fn read(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).expect("a file");
        Document::parse(name, text).expect("JSON5").get(&"plugins".parse().expect("a key")).expect("plugins")
    }
}

fn echo() -> Plugin {
    Plugin::bytes("echo", ECHO_PLUGIN)
}

fn prefixed(prefix: &str) -> Plugin {
    echo().settings(object(json!({ "prefix": prefix })))
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

/// A component that does the same, with another digest.
fn another(component: &[u8], number: u8) -> Vec<u8> {
    // A custom section: its id, its size, the size of its name, its name, its contents.
    [component, &[0, 3, 1, b'n', number]].concat()
}

/// The component as another version of the contract would have it.
fn built_for(version: &[u8; 6], component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let places: Vec<_> =
        bytes.windows(6).enumerate().filter(|(_, part)| *part == b"@0.1.0").map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 6].copy_from_slice(version);
    }
    bytes
}

fn say(words: &str) -> Request {
    Request::new("echo/words").user(words)
}

async fn answer(stream: EventStream) -> String {
    done(stream).await.text()
}

fn command(sim: &Sim, config: &Path, args: &[&str]) -> Output {
    outcrop(sim).arg("--config").arg(config).args(args).output().expect("it runs")
}

fn chat(sim: &Sim, config: &Path, model: &str, words: &str) -> Output {
    command(sim, config, &["chat", "--model", model, words])
}

fn state(host: &Host, name: &str) -> PluginState {
    host.plugins().into_iter().find(|plugin| plugin.name == name).expect(name).state
}

#[tokio::test]
async fn a_plugin_beside_bedrock_answers_and_is_listed() {
    let sim = simulator();
    let host = builder(&sim).plugin(echo()).build().expect("a host");
    assert_eq!(answer(host.stream(say("one two three"))).await, "one two three");
    done(host.stream(ask("Hello"))).await;
    let models = host.models().await.expect("models");
    for id in ["echo/words", "echo/whole"] {
        assert!(models.models.iter().any(|model| model.id == id), "{id}");
    }
    assert!(models.models.iter().any(|model| model.id.starts_with("amazon-bedrock/")));
    let error = failed(host.stream(Request::new("Echo/nothing").user("x"))).await;
    assert_eq!(error.class, ErrorClass::ModelNotFound);
    let error = failed(host.stream(Request::new("other/x").user("x"))).await;
    assert!(error.to_string().contains("amazon-bedrock/, bedrock/, aws-bedrock/, echo/"), "{error}");
    let error = host.examine(Some("echo/words")).await.expect_err("AWS knows nothing of it");
    assert_eq!(error.class, ErrorClass::Unsupported);

    let plugins = host.plugins();
    let [bedrock, echo] = &plugins[..] else { panic!("{plugins:#?}") };
    assert!(bedrock.bundled && bedrock.prefix == "amazon-bedrock/");
    assert_eq!(bedrock.digest.as_deref(), Some(&*digest(outcrop::bundled_plugin())));
    assert_eq!(bedrock.bedrock.as_deref(), Some("amazon-bedrock"));
    assert_eq!((echo.prefix.as_str(), echo.bundled, echo.file.as_deref()), ("echo/", false, None));
    assert_eq!(echo.digest.as_deref(), Some(&*digest(ECHO_PLUGIN)));
    assert_eq!((echo.contract.as_deref(), echo.bedrock.as_deref()), (Some("0.1.0"), None));
    assert_eq!((echo.signature, &echo.state), (SignatureState::NotAsked, &PluginState::Ready));
    assert_eq!(host.streams(), 0);
}

#[test]
fn a_configured_plugin_answers_on_the_command_line() {
    let (sim, folder) = (simulator(), Folder::new());
    let config = folder.configure_echo(&json!({
        "file": "echo.wasm", "digest": digest(ECHO_PLUGIN), "config": { "prefix": "heard: " },
    }));
    let output = chat(&sim, &config, "echo/words", "one two");
    assert_eq!(text(&output.stdout).trim(), "heard: one two", "{}", text(&output.stderr));
    let output = command(&sim, &config, &["models", "list", "--plain"]);
    assert!(text(&output.stdout).lines().any(|line| line == "echo/words"), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("amazon-bedrock/"));

    let output = command(&sim, &config, &["plugin", "list"]);
    let listed = text(&output.stdout);
    assert!(output.status.success(), "{listed}");
    for part in ["amazon-bedrock/", "bundled", "echo/", "echo.wasm", "0.1.0", "not asked", "0 of 64", "ready"]
    {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let output = command(&sim, &config, &["plugin", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(listed["count"], 2);
    let echo = &listed["plugins"][1];
    assert_eq!((&echo["name"], &echo["state"]), (&json!("echo"), &json!("ready")));
    assert_eq!(echo["digest"], digest(ECHO_PLUGIN));
    assert_eq!(echo["limits"]["memoryBytes"], 64 << 20);
    assert_eq!(listed["plugins"][0]["bundled"], true);

    let disabled = folder.configure_echo(&json!({ "file": "echo.wasm", "enabled": false }));
    let output = chat(&sim, &disabled, "echo/words", "x");
    assert!(text(&output.stderr).contains("does not begin with a known prefix"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn the_configuration_may_name_another_component_for_bedrock() {
    let (sim, folder) = (simulator(), Folder::new());
    folder.write("repair.wasm", REPAIR_PLUGIN);
    let entry = json!({ "file": "repair.wasm", "digest": digest(REPAIR_PLUGIN) });
    let config = folder.configure(&json!({ "entries": { "bedrock": entry } }));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    assert_eq!(host.plugins()[0].file.as_deref(), Some(&*folder.path("repair.wasm")));
    done(host.stream(ask("Hello"))).await;

    folder.write("repair.wasm", another(REPAIR_PLUGIN, 1));
    let error = builder(&sim).config_file(&config).build().expect_err("not the pinned one");
    assert!(error.message.contains("is not the one that is pinned"), "{error}");
}

#[tokio::test]
async fn an_unpinned_plugin_is_refused_and_the_others_work() {
    let (sim, folder) = (simulator(), Folder::new());
    let config = folder.configure_echo(&json!({ "file": "echo.wasm" }));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    done(host.stream(ask("Hello"))).await;
    let error = failed(host.stream(say("x"))).await;
    assert_eq!(error.class, ErrorClass::InvalidRequest);
    for part in ["echo is not pinned", "outcrop plugin pin echo", &digest(ECHO_PLUGIN), "allowUnpinned"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(matches!(state(&host, "echo"), PluginState::Refused { reason } if reason.contains("not pinned")));
    let models = host.models().await.expect("models");
    assert!(models.problems.iter().any(|problem| problem.message.contains("echo is not pinned")));
    let checks = host.examine(None).await.expect("checks");
    assert!(checks.iter().any(|check| check.name == "plugin echo"), "{checks:#?}");

    let config = folder.configure_echo(&json!({ "file": "echo.wasm", "allowUnpinned": true }));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    assert_eq!(answer(host.stream(say("one two"))).await, "one two");
}

#[test]
fn pinning_writes_the_digest_into_the_configuration() {
    let (sim, folder) = (simulator(), Folder::new());
    folder.write("config.json5", "{\n  // ours\n  plugins: { entries: {} },\n}\n");
    let config = folder.path("config.json5");
    let file = folder.path("echo.wasm").display().to_string();

    let output = command(&sim, &config, &["plugin", "inspect", &file]);
    assert!(text(&output.stdout).contains(&digest(ECHO_PLUGIN)), "{}", text(&output.stdout));
    let output = command(&sim, &config, &["plugin", "pin", "echo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("outcrop plugin pin echo FILE"), "{}", text(&output.stderr));

    let output = command(&sim, &config, &["plugin", "pin", "echo", &file]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), digest(ECHO_PLUGIN));
    assert!(std::fs::read_to_string(&config).expect("a file").contains("// ours"));
    assert_eq!(text(&chat(&sim, &config, "echo/whole", "one two").stdout).trim(), "one two");

    folder.write("echo.wasm", another(ECHO_PLUGIN, 1));
    let output = chat(&sim, &config, "echo/whole", "one two");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for part in [&digest(ECHO_PLUGIN), &digest(&another(ECHO_PLUGIN, 1)), "outcrop plugin pin echo"] {
        assert!(said.contains(part), "{said}");
    }
    let output = command(&sim, &config, &["plugin", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("refused"), "{}", text(&output.stdout));

    let output = command(&sim, &config, &["plugin", "pin", "Echo"]);
    assert!(
        text(&output.stderr).contains(&format!("it was {}", digest(ECHO_PLUGIN))),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(folder.read("config.json5")["entries"]["echo"]["digest"], digest(&another(ECHO_PLUGIN, 1)));
    assert_eq!(text(&chat(&sim, &config, "echo/whole", "one two").stdout).trim(), "one two");

    folder.write("echo.wasm", "no component");
    let output = command(&sim, &config, &["plugin", "pin", "echo"]);
    assert!(text(&output.stderr).contains("no WebAssembly component"), "{}", text(&output.stderr));
    let output = command(&sim, &config, &["plugin", "pin", "amazon-bedrock"]);
    assert!(text(&output.stderr).contains("needs no pin"), "{}", text(&output.stderr));
}

/// Signs as minisign does: <https://jedisct1.github.io/minisign/#signature-format>
struct Signer(Ed25519KeyPair);

impl Signer {
    const KEY_ID: &[u8] = b"outcrop!";

    fn new() -> Self {
        Self(Ed25519KeyPair::generate().expect("a key"))
    }

    fn public_key(&self) -> String {
        BASE64_STANDARD.encode([b"Ed", Self::KEY_ID, self.0.public_key().as_ref()].concat())
    }

    fn sign(&self, bytes: &[u8]) -> String {
        let signature = self.0.sign(blake2b_simd::blake2b(bytes).as_bytes());
        let comment = "of the tests";
        let both = self.0.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        format!(
            "untrusted comment: signature\n{}\ntrusted comment: {comment}\n{}\n",
            BASE64_STANDARD.encode([b"ED", Self::KEY_ID, signature.as_ref()].concat()),
            BASE64_STANDARD.encode(both),
        )
    }
}

#[tokio::test]
async fn a_signature_is_verified_before_anything_else() {
    let (sim, folder) = (simulator(), Folder::new());
    let signer = Signer::new();
    let sign = |bytes: &[u8]| signer.sign(bytes);
    folder.write("echo.wasm.minisig", sign(ECHO_PLUGIN));
    let entry = json!({ "file": "echo.wasm", "publicKey": signer.public_key() });
    let config = folder.configure_echo(&entry);
    let host = builder(&sim).config_file(&config).build().expect("a host");
    assert_eq!(answer(host.stream(say("one two"))).await, "one two");
    assert_eq!(host.plugins()[1].signature, SignatureState::Verified);

    // Signed by nobody: told before it is found out that this is no component at all.
    folder.write("echo.wasm", "no component");
    let host = builder(&sim).config_file(&config).build().expect("a host");
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("does not hold for `publicKey`"), "{error}");
    let output = command(&sim, &config, &["plugin", "pin", "echo"]);
    assert!(text(&output.stderr).contains("does not hold"), "{}", text(&output.stderr));

    // Signed, and no component.
    folder.write("echo.wasm.minisig", sign(b"no component"));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("no WebAssembly component"), "{error}");

    std::fs::remove_file(folder.path("echo.wasm.minisig")).expect("removed");
    let host = builder(&sim).config_file(&config).build().expect("a host");
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("echo.wasm.minisig cannot be read"), "{error}");

    folder.write("echo.wasm", ECHO_PLUGIN);
    folder.write("elsewhere", sign(ECHO_PLUGIN));
    let config = folder.configure_echo(&json!({
        "file": "echo.wasm", "publicKey": signer.public_key(), "signature": "elsewhere",
    }));
    assert_eq!(text(&chat(&sim, &config, "echo/words", "one").stdout).trim(), "one");
    let output = command(&sim, &config, &["config", "get", "plugins.entries.echo.publicKey"]);
    assert_eq!(text(&output.stdout).trim(), signer.public_key());
}

#[tokio::test]
async fn bedrock_is_granted_or_out_of_reach() {
    let sim = simulator();
    let other = || Plugin::bytes("other", outcrop::bundled_plugin());
    let model = MODEL.replace("amazon-bedrock/", "other/");
    let host = builder(&sim).plugin(other()).build().expect("a host");
    let error = failed(host.stream(Request::new(&model).user("Hello"))).await;
    assert!(error.message.contains("may not call Bedrock"), "{error:?}");
    assert!(sim.requests().is_empty(), "nothing was sent");
    let models = host.models().await.expect("models");
    assert!(models.models.iter().all(|model| !model.id.starts_with("other/")));

    let guardrail = json!({ "guardrailIdentifier": "imposed1", "guardrailVersion": "1" });
    let host = builder(&sim).guardrail(guardrail).plugin(other().bedrock("bedrock")).build().expect("a host");
    sim.forget_requests();
    done(host.stream(Request::new(&model).user("Hello"))).await;
    assert_eq!(sim.requests()[0].json()["guardrailConfig"]["guardrailIdentifier"], "imposed1");
    assert_eq!(host.plugins()[1].bedrock.as_deref(), Some("amazon-bedrock"));
    let models = host.models().await.expect("models");
    assert!(models.models.iter().any(|model| model.id.starts_with("other/")));

    let host = builder(&sim).plugin(other().bedrock("nobody")).build().expect("a host");
    let error = failed(host.stream(Request::new(&model).user("Hello"))).await;
    assert!(error.to_string().contains("\"nobody\", which is no provider of Bedrock's"), "{error}");
}

fn limited(name: &str, value: u64) -> HostBuilder {
    let config =
        json!({ "plugins": { "entries": { "echo": { "file": "unused", "limits": { name: value } } } } });
    let config = Document::parse("limits", config.to_string()).expect("JSON").config(&|_| None).expect(name);
    Host::builder().cache_folder(Cache::of_process().path()).config(config).plugin(echo())
}

/// The limit, its value, what is asked, and what the error says.
#[tokio::test]
async fn every_limit_that_a_plugin_meets_is_named() {
    let long = "word ".repeat(1 << 20);
    for (name, value, words, told) in [
        ("memoryBytes", 3 << 20, &*long, "used more memory than the 3145728 bytes it may (memoryBytes)"),
        ("tableElements", 16, "x", "used larger tables than the 16 elements it may (tableElements)"),
        (
            "hostCallBytes",
            4096,
            &long[..8192],
            "gave more data in one call than the 4096 bytes it may (hostCallBytes)",
        ),
        ("answerBytes", 65_536, &long[..1 << 20], "takes up more than 65536 bytes (answerBytes)"),
        ("componentBytes", 1024, "x", "is larger than it may be (componentBytes: 1024)"),
    ] {
        let host = limited(name, value).build().expect("a host");
        let error = failed(host.stream(Request::new("echo/whole").user(words))).await;
        assert!(error.to_string().contains(told), "{name}: {error}");
        assert!(error.to_string().contains("echo"), "{name}: {error}");
    }
    for (name, told) in
        [("streams", "the most for one plugin"), ("processStreams", "the most for one process")]
    {
        // Of the process there may be more already.
        let host = limited(name, 1).build().expect("a host");
        let first = host.stream(say("x"));
        let error = failed(host.stream(say("x"))).await;
        assert_eq!(error.class, ErrorClass::Overloaded);
        assert!(error.to_string().contains(told) && error.to_string().contains(name), "{error}");
        drop(first);
    }
    let mut limits = Limits::default();
    limits.memory_bytes = 7;
    let host = Host::builder().plugin(echo().limits(limits)).build().expect("a host");
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("memoryBytes must be a whole number from 65536"), "{error}");
}

/// Of all plugins, of one, and of one request: whoever is nearer wins.
#[tokio::test]
async fn times_are_limits_of_a_plugin_too() {
    let (sim, folder) = (simulator(), Folder::new());
    folder.write("other.wasm", outcrop::bundled_plugin());
    let config = folder.configure(&json!({
        "limits": { "totalMs": 86_400_000 },
        "entries": {
            "bedrock": { "limits": { "totalMs": 70 } },
            "other": { "file": "other.wasm", "allowUnpinned": true, "bedrock": true, "limits": { "silenceMs": 60, "totalMs": 50 } },
        },
    }));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    let silent = |model: &str| Request::new(model).user("sim:silence after=0");
    for (model, told) in
        [(MODEL.to_owned(), "within 0.07 s"), (MODEL.replace("amazon-bedrock/", "other/"), "within 0.05 s")]
    {
        let error = failed(host.stream(silent(&model))).await;
        assert_eq!(error.class, ErrorClass::Timeout, "{error}");
        assert!(error.message.contains(told), "{model}: {error}");
        let mut request = silent(&model);
        request.timeouts.total = Some(std::time::Duration::from_millis(30));
        let error = failed(host.stream(request)).await;
        assert!(error.message.contains("within 0.03 s"), "{model}: {error}");
    }
    assert!(
        host.plugins().iter().all(|plugin| plugin.state == PluginState::Ready),
        "silence is no fault of theirs"
    );
}

#[tokio::test]
async fn streams_of_a_trusted_plugin_share_an_instance() {
    let config = json!({ "plugins": { "entries": { "echo": {
        "file": concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "allowUnpinned": true,
    } } } });
    let config = Document::parse("shared", config.to_string())
        .expect("JSON")
        .config(&|_| None)
        .expect("a configuration");
    let configured = Host::builder().cache_folder(Cache::of_process().path()).config(config);
    // What Rust says of a name wins over what is configured.
    let host = configured.plugin(echo().isolation(Isolation::Plugin)).build().expect("a host");
    let before = host.plugin_instances();
    let mut streams: Vec<_> = (0..20).map(|_| host.stream(say("a b c"))).collect();
    for stream in &mut streams {
        assert!(matches!(stream.next().await, Some(Event::Start { .. })));
    }
    assert!(host.plugin_instances() < before + 5, "{} instances", host.plugin_instances());
    host.replace_plugin(prefixed("new ")).expect("replaced");
    for stream in streams {
        let events = collect(stream).await;
        assert!(
            matches!(events.last(), Some(Event::Done { message, .. }) if message.text() == "a b c"),
            "{events:?}"
        );
    }
    assert_eq!(answer(host.stream(say("x"))).await, "new x");

    // That of Bedrock's providers is said of the provider, whichever component it has.
    let sim = simulator();
    let host = builder(&sim).isolation(Isolation::Plugin).build().expect("a host");
    host.replace_plugin(Plugin::bytes("bedrock", REPAIR_PLUGIN)).expect("replaced");
    let before = host.plugin_instances();
    let streams: Vec<_> = (0..20).map(|_| host.stream(ask("Hello"))).collect();
    assert!(host.plugin_instances() < before + 5, "{} instances", host.plugin_instances());
    for stream in streams {
        done(stream).await;
    }
}

/// A host whose echo fails when it is given a long text.
fn fragile(sim: &Sim, folder: &Folder) -> Host {
    let config = folder.configure_echo(&json!({
        "file": "echo.wasm", "digest": digest(ECHO_PLUGIN), "limits": { "memoryBytes": 3 << 20 },
    }));
    builder(sim).config_file(config).build().expect("a host")
}

async fn trap(host: &Host) {
    let error = failed(host.stream(Request::new("echo/whole").user("word ".repeat(1 << 20)))).await;
    assert!(error.message.contains("memoryBytes"), "{error}");
}

#[tokio::test]
async fn a_plugin_that_fails_again_and_again_is_left_alone() {
    let (sim, folder) = (simulator(), Folder::new());
    let host = fragile(&sim, &folder);
    // Answers between failures: it works.
    for _ in 0..2 {
        trap(&host).await;
        trap(&host).await;
        assert!(matches!(state(&host, "echo"), PluginState::Troubled { failures: 2, .. }));
        assert_eq!(answer(host.stream(say("one two"))).await, "one two");
        assert_eq!(state(&host, "echo"), PluginState::Ready);
    }
    for _ in 0..3 {
        trap(&host).await;
    }
    let error = failed(host.stream(say("x"))).await;
    assert_eq!(error.class, ErrorClass::Internal);
    assert!(
        error.message.contains("echo is quarantined: it failed 3 times in a row (used more memory"),
        "{error}"
    );
    assert!(error.message.contains("left alone for another"), "{error}");
    assert!(error.retryable && error.retry_after.is_some(), "{error:?}");
    assert!(matches!(state(&host, "echo"), PluginState::Quarantined { failures: 3, .. }));
    assert_eq!(host.streams(), 0);
    done(host.stream(ask("Hello"))).await;

    // Another process knows it, and says how long.
    let record = sim.1.path().join("quarantine/echo.json");
    let mut known: Value = serde_json::from_slice(&std::fs::read(&record).expect("a record")).expect("JSON");
    let now = known["lastFailure"].as_u64().expect("a time");
    known["pausedUntil"] = (now + 200_000).into();
    std::fs::write(&record, known.to_string()).expect("written");
    let config = folder.path("config.json5");
    let output = command(&sim, &config, &["plugin", "list"]);
    assert_eq!(output.status.code(), Some(1));
    let listed = text(&output.stdout);
    assert!(listed.contains("quarantined") && listed.contains("left alone for another"), "{listed}");
    let output = command(&sim, &config, &["plugin", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(listed["plugins"][1]["state"], "quarantined");
    assert!(listed["plugins"][1]["pauseMs"].as_u64().is_some_and(|pause| pause > 0), "{listed}");
    let output = chat(&sim, &config, "echo/words", "x");
    assert!(text(&output.stderr).contains("is quarantined"), "{}", text(&output.stderr));

    // The pause is over: one stream tries.
    known["pausedUntil"] = (now - 1).into();
    std::fs::write(&record, known.to_string()).expect("written");
    let host = fragile(&sim, &folder);
    let probe = host.stream(say("one two"));
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("one stream is trying"), "{error}");
    drop(probe);
    // It fails again: a longer pause. Another component has a clean slate.
    trap(&host).await;
    let error = failed(host.stream(say("x"))).await;
    assert!(error.retry_after.is_some_and(|pause| pause.as_secs() > 5), "{error:?}");
    host.replace_plugin(Plugin::bytes("echo", another(ECHO_PLUGIN, 1))).expect("replaced");
    assert_eq!(answer(host.stream(say("one two"))).await, "one two");

    known["pausedUntil"] = (now - 1).into();
    std::fs::write(&record, known.to_string()).expect("written");
    let host = fragile(&sim, &folder);
    assert_eq!(answer(host.stream(say("one two"))).await, "one two");
    assert_eq!(state(&host, "echo"), PluginState::Ready);
    assert!(!record.exists(), "nothing is left of it");
}

#[tokio::test]
async fn running_streams_end_on_the_plugin_that_they_began_with() {
    let sim = simulator();
    let host = builder(&sim).plugin(prefixed("old ")).build().expect("a host");
    let mut running: Vec<_> = (0..10).map(|_| host.stream(say("a b c"))).collect();
    for stream in &mut running[..5] {
        assert!(matches!(stream.next().await, Some(Event::Start { .. })));
    }
    let info = host.replace_plugin(prefixed("new ")).expect("replaced");
    assert_eq!((info.name.as_str(), info.streams), ("echo", 10));
    assert_eq!(answer(host.stream(say("a b c"))).await, "new a b c");
    for stream in running.drain(..5) {
        let events = collect(stream).await;
        let Some(Event::Done { message, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(message.text(), "old a b c");
    }
    drop(running);
    assert_eq!(host.streams(), 0);
}

#[tokio::test]
async fn a_plugin_that_is_not_fit_changes_nothing() {
    let sim = simulator();
    let host = builder(&sim).plugin(prefixed("old ")).build().expect("a host");
    let newer = built_for(b"@0.2.0", ECHO_PLUGIN);
    let older = built_for(b"@0.0.9", ECHO_PLUGIN);
    for (plugin, told) in [
        (echo().digest(digest(b"another")), "is not the one that is pinned"),
        (Plugin::file("echo", "/no/such/file").allow_unpinned(), "cannot be read"),
        (Plugin::bytes("echo", "no component"), "no WebAssembly component"),
        (Plugin::bytes("echo", &ECHO_PLUGIN[..ECHO_PLUGIN.len() / 2]), "cannot be"),
        (
            Plugin::bytes("echo", newer),
            "version 0.2.0 of the contract, which is newer than this host's (0.1): update the host",
        ),
        (
            Plugin::bytes("echo", older),
            "version 0.0.9 of the contract, which is older than this host's (0.1): rebuild the plugin",
        ),
        (echo().settings(object(json!({ "prefix": 7 }))), "/prefix: 7 is no string"),
        (echo().bedrock("nobody"), "no provider of Bedrock's"),
        (Plugin::bytes("nobody", ECHO_PLUGIN), "there is no plugin \"nobody\" to be replaced"),
    ] {
        let error = host.replace_plugin(plugin).expect_err(told);
        assert!(error.to_string().contains(told), "{told}: {error}");
        assert_eq!(answer(host.stream(say("x"))).await, "old x", "{told}");
        assert_eq!(state(&host, "echo"), PluginState::Ready);
    }
}

#[test]
fn a_hundred_swaps_under_load_leave_nothing_behind() {
    inside(&simulator(), "plugins::inner_a_hundred_swaps");
}

/// In a process of its own, with room for so few instances that there soon is none where each swap leaves one behind.
#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn inner_a_hundred_swaps() {
    const STREAMS: usize = 4;
    let mut limits = Limits::default();
    limits.process_streams = STREAMS + 1;
    let host = Host::builder()
        .region("us-east-1")
        .cache_folder(Cache::of_process().path())
        .limits(limits)
        .plugin(prefixed("0 "))
        .build()
        .expect("a host");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load = |host: Host, stopped: tokio::sync::watch::Receiver<bool>| async move {
        let (mut answers, mut last) = (0_u32, 0_u32);
        while !*stopped.borrow() {
            let text = answer(host.stream(say("a b c d"))).await;
            let (version, rest) = text.split_once(' ').expect("a version");
            assert_eq!(rest, "a b c d");
            let version: u32 = version.parse().expect("a number");
            assert!(version >= last, "{version} came after {last}");
            last = version;
            answers += 1;
            tokio::task::yield_now().await;
        }
        answers
    };
    let loads: Vec<_> = (0..STREAMS).map(|_| tokio::spawn(load(host.clone(), stopped.clone()))).collect();
    let before = open_maps();
    for number in 1..=100_u32 {
        let swapped = host.clone();
        let plugin = Plugin::bytes("echo", another(ECHO_PLUGIN, number as u8))
            .settings(object(json!({ "prefix": format!("{number} ") })));
        tokio::task::spawn_blocking(move || swapped.replace_plugin(plugin))
            .await
            .expect("no panic")
            .expect("replaced");
        // Some stream has gone to it.
        assert_eq!(answer(host.stream(say("x"))).await, format!("{number} x"));
    }
    stop.send(true).expect("listening");
    for load in loads {
        assert!(load.await.expect("no panic") > 0);
    }
    assert_eq!(host.streams(), 0);
    let after = open_maps();
    println!("memory mappings: {before} before 100 swaps, {after} after");
    // Each instance takes several; a hundred components left behind would be hundreds.
    assert!(after < before + 100, "{before} mappings became {after}");
}

/// Memory mappings of this process.
fn open_maps() -> usize {
    std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

#[tokio::test]
async fn the_configuration_is_read_anew() {
    let (sim, folder) = (simulator(), Folder::new());
    let entry = |prefix: &str, bytes: &[u8]| json!({ "file": "echo.wasm", "digest": digest(bytes), "config": { "prefix": prefix } });
    let config = folder.configure_echo(&entry("old ", ECHO_PLUGIN));
    let host = builder(&sim).config_file(&config).build().expect("a host");
    let outcomes = || -> Vec<(String, ReloadOutcome)> {
        let reloaded = host.reload_plugins().expect("a configuration");
        reloaded.into_iter().map(|one| (one.name, one.outcome)).collect()
    };
    let of_echo = || outcomes().into_iter().find(|(name, _)| name == "echo").expect("echo").1;
    assert!(outcomes().iter().all(|(_, outcome)| matches!(outcome, ReloadOutcome::Unchanged)));

    // The file alone: not the pinned one.
    folder.write("echo.wasm", another(ECHO_PLUGIN, 1));
    let kept = of_echo();
    assert!(
        matches!(&kept, ReloadOutcome::Kept(error) if error.message.contains("not the one that is pinned")),
        "{kept:?}"
    );
    assert_eq!(answer(host.stream(say("x"))).await, "old x");
    // And its digest.
    folder.configure_echo(&entry("new ", &another(ECHO_PLUGIN, 1)));
    assert!(matches!(of_echo(), ReloadOutcome::Replaced));
    assert!(matches!(of_echo(), ReloadOutcome::Unchanged));
    assert_eq!(answer(host.stream(say("x"))).await, "new x");

    folder.write("config.json5", "{ plugins: { entries: { echo: { file: 7 } } } }");
    let error = host.reload_plugins().expect_err("a wrong file");
    assert!(error.message.contains("config.json5:1:"), "{error}");
    folder.configure(&json!({ "entries": { "second": entry("", ECHO_PLUGIN) } }));
    let all = outcomes();
    assert!(matches!(&all[1], (name, ReloadOutcome::Removed) if name == "echo"), "{all:?}");
    assert!(matches!(&all[2], (name, ReloadOutcome::NeedsRestart) if name == "second"), "{all:?}");
    let error = failed(host.stream(say("x"))).await;
    assert!(error.message.contains("was taken out of the configuration"), "{error}");
    folder.configure_echo(&entry("back ", &another(ECHO_PLUGIN, 1)));
    assert!(matches!(of_echo(), ReloadOutcome::Replaced));
    assert_eq!(answer(host.stream(say("x"))).await, "back x");
}
