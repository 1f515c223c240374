//! The configuration file, from its text to what is sent.

use std::path::PathBuf;
use std::process::{Command, Output};

use bedrock_sim::{Catalogue, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Operation};
use outcrop::config::{Config, Document};
use outcrop::{Host, HostBuilder, Models};
use serde_json::{Value, json};

use crate::support::{Cache, MODEL, Sim, ask, bare_outcrop, done, json_lines, outcrop, simulator, text};

/// The example of OpenClaw's page on Bedrock as it stands there, its wrong id included.
const DOCUMENTED: &str = r#"{
  models: {
    providers: {
      "amazon-bedrock": {
        baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
        api: "bedrock-converse-stream",
        auth: "aws-sdk",
        models: [
          {
            id: "us.anthropic.claude-opus-4-6-v1:0",
            name: "Claude Opus 4.6 (Bedrock)",
            reasoning: true,
            input: ["text", "image"],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 200000,
            maxTokens: 8192,
          },
        ],
      },
    },
  },
  agents: {
    defaults: {
      model: { primary: "amazon-bedrock/us.anthropic.claude-opus-4-6-v1:0" },
    },
  },
}"#;

/// The id that the service knows.
const REAL_ID: &str = "us.anthropic.claude-opus-4-6-v1";

/// A model that no table has.
const UNKNOWN_ID: &str = "novel.model-v1";

/// A simulator that has the example's model, behind its profile alone as in reality, and one that nobody knows.
fn simulator_with_more() -> Sim {
    let model = |id: &str, name: &str, called: &str| {
        json!({
            "modelId": id, "modelName": name, "providerName": name,
            "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
            "inputModalities": ["TEXT"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
            "inferenceTypesSupported": [called], "modelLifecycle": { "status": "ACTIVE" },
        })
    };
    let base = REAL_ID.strip_prefix("us.").expect("a profile");
    let profile = json!({
        "inferenceProfileId": REAL_ID, "inferenceProfileName": "US Claude Opus 4.6", "status": "ACTIVE",
        "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{REAL_ID}"),
        "type": "SYSTEM_DEFINED",
        "models": [{ "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{base}") }],
    });
    let sim = simulator();
    sim.set_catalogue(
        Catalogue::default()
            .model(model(base, "Claude Opus 4.6", "INFERENCE_PROFILE"))
            .model(model(UNKNOWN_ID, "Novel", "ON_DEMAND"))
            .profile(profile),
    );
    sim
}

/// A folder with a configuration in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.json5"), text).expect("written");
        Self(folder)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("config.json5")
    }

    /// The binary, which reads this configuration.
    pub(crate) fn outcrop(&self, sim: &Sim) -> Command {
        let mut command = outcrop(sim);
        command.env("OUTCROP_CONFIG", self.file());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        bare_outcrop().arg("--config").arg(self.file()).args(arguments).output().expect("it runs")
    }
}

pub(crate) fn config(text: &str) -> Config {
    Document::parse("test.json5", text)
        .and_then(|document| document.config(&|_| None))
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A host that knows a key and what the configuration says, and nothing else.
fn configured(text: &str) -> HostBuilder {
    Host::builder()
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .cache_folder(Cache::of_process().path())
        .config(config(text))
}

/// `amazon-bedrock` at the simulator, with more members.
fn provider(sim: &Sim, members: &str) -> String {
    let at = sim.endpoint();
    format!(
        "{{models: {{providers: {{'amazon-bedrock': {{baseUrl: '{at}', discoveryBaseUrl: '{at}', {members}}}}}}}}}"
    )
}

/// The same with discovery settings, in the newer home.
fn with_discovery(text: &str, discovery: &str) -> String {
    let text = text.strip_suffix('}').expect("an object");
    format!("{text}, plugins: {{entries: {{'amazon-bedrock': {{config: {{discovery: {discovery}}}}}}}}}}}")
}

fn discovering(sim: &Sim, discovery: &str) -> String {
    with_discovery(&provider(sim, ""), discovery)
}

async fn models(text: &str) -> Models {
    configured(text).build().expect("a host").models().await.expect("models")
}

fn ids(models: &Models) -> Vec<&str> {
    models.models.iter().map(|model| model.id.as_str()).collect()
}

#[test]
fn the_documented_example_gives_a_working_default_model() {
    let sim = simulator_with_more();
    let place = Place::with(DOCUMENTED);
    let output = place.outcrop(&sim).args(["chat", "-v", "sim:text It works."]).output().expect("it runs");
    assert_eq!(text(&output.stdout), "It works.\n", "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("model-id-respelled"), "{}", text(&output.stderr));
    let sent = sim.requests().pop().expect("a request");
    assert_eq!(sent.id.as_deref(), Some(REAL_ID));

    let output = place.outcrop(&sim).args(["models", "list", "--json"]).output().expect("it runs");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let listed = listed["models"].as_array().expect("a list");
    let of_model: Vec<_> =
        listed.iter().filter(|model| model["id"].as_str().is_some_and(|id| id.contains(REAL_ID))).collect();
    let [model] = of_model[..] else { panic!("once, and not {of_model:#?}") };
    assert_eq!(model["name"], "Claude Opus 4.6 (Bedrock)");
    assert_eq!((&model["contextWindow"], &model["maxOutputTokens"]), (&json!(200_000), &json!(8192)));
    assert!(listed.len() > 1, "the discovered ones are there as well");
}

/// What is configured of the provider, and what the request shows of it.
#[tokio::test]
async fn what_is_configured_of_a_provider_reaches_the_request() {
    let sim = simulator();
    let guardrail = "guardrailIdentifier: 'abc123', guardrailVersion: '1', streamProcessingMode: 'async', trace: 'enabled'";
    let text = provider(&sim, "region: 'eu-west-1', headers: {'X-Team': 'search', 'X-B': ' b '}");
    let text = text.strip_suffix('}').expect("an object");
    let text = format!(
        "{text}, plugins: {{entries: {{'amazon-bedrock': {{config: {{guardrail: {{{guardrail}}}}}}}}}}}}}"
    );
    let host = configured(&text).build().expect("a host");
    done(host.stream(ask("Hello"))).await;
    host.models().await.expect("models");
    let sent = sim.requests();
    assert!(sent.len() > 2);
    for request in &sent {
        assert_eq!(request.header("x-team"), Some("search"), "{:?}", request.operation);
        let signature = request.header("authorization").expect("signed");
        assert!(signature.contains("/eu-west-1/bedrock/"), "{signature}");
        assert!(signature.contains(";x-team"), "signed with the headers: {signature}");
    }
    assert_eq!(
        sent[0].json()["guardrailConfig"],
        json!({
            "guardrailIdentifier": "abc123",
            "guardrailVersion": "1",
            "streamProcessingMode": "async",
            "trace": "enabled",
        })
    );
}

#[tokio::test]
async fn what_is_set_in_rust_wins() {
    let sim = simulator();
    let text = "{models: {providers: {'amazon-bedrock': {baseUrl: 'http://127.0.0.1:1', discoveryBaseUrl: 'http://127.0.0.1:1',
                 region: 'eu-west-1'}}}, plugins: {entries: {'amazon-bedrock': {config: {guardrail:
                 {guardrailIdentifier: 'file1', guardrailVersion: '1'}}}}}}";
    let host = configured(text)
        .region("us-west-2")
        .endpoint(sim.endpoint())
        .guardrail(json!({ "guardrailIdentifier": "rust1", "guardrailVersion": "2" }))
        .build()
        .expect("a host");
    done(host.stream(ask("Hello"))).await;
    host.models().await.expect("models");
    let sent = &sim.requests()[0];
    assert!(sent.header("authorization").is_some_and(|signature| signature.contains("/us-west-2/")));
    assert_eq!(sent.json()["guardrailConfig"]["guardrailIdentifier"], "rust1");
}

#[tokio::test]
async fn discovery_settings_change_what_is_listed() {
    let sim = simulator_with_more();
    let all = models(&discovering(&sim, "{}")).await;
    assert!(all.models.len() > 20, "{}", all.models.len());

    let some = models(&discovering(&sim, "{providerFilter: ['Meta', ' amazon ']}")).await;
    let vendors: std::collections::BTreeSet<_> =
        some.models.iter().map(|model| model.vendor.as_str()).collect();
    assert_eq!(vendors.into_iter().collect::<Vec<_>>(), ["Amazon", "Meta"]);

    // A model that nothing is known of has the default limits.
    let unknown = |models: &Models| {
        let model = models.models.iter().find(|model| model.id.ends_with(UNKNOWN_ID)).expect("it is listed");
        assert!(!model.limits_known);
        (model.context_window, model.max_output_tokens)
    };
    assert_eq!(unknown(&all), (32_000, 4096));
    let other = models(&discovering(&sim, "{defaultContextWindow: 64000.9, defaultMaxTokens: 1000}")).await;
    assert_eq!(unknown(&other), (64_000, 1000));
    let floors = models(&discovering(&sim, "{defaultContextWindow: -1, defaultMaxTokens: 0}")).await;
    assert_eq!(unknown(&floors), (32_000, 4096));
}

/// How often the models were asked for.
fn listings(sim: &Sim) -> usize {
    sim.requests().iter().filter(|sent| sent.operation == Operation::ListFoundationModels).count()
}

#[tokio::test]
async fn discovery_can_be_switched_off() {
    let sim = simulator();
    let text = provider(&sim, "models: [{id: 'sim.text-v1:0', name: 'Mine'}]");
    let host = configured(&with_discovery(&text, "{enabled: false}")).build().expect("a host");
    assert_eq!(ids(&host.models().await.expect("models")), [MODEL]);
    done(host.stream(ask("Hello"))).await;
    assert_eq!((listings(&sim), sim.requests().len()), (0, 1));
    let on = models(&with_discovery(&text, "{enabled: true}")).await;
    assert!(on.models.len() > 20 && listings(&sim) == 1);
}

/// Seconds, as they are written, and how often two calls ask.
#[tokio::test]
async fn listings_are_fresh_for_as_long_as_is_configured() {
    for (seconds, asked) in [("0", 2), ("-5", 2), ("0.9", 2), ("NaN", 2), ("1e9", 1), ("3600", 1)] {
        let sim = simulator();
        let text = discovering(&sim, &format!("{{refreshInterval: {seconds}}}"));
        let host = configured(&text).cache_folder(sim.1.path()).build().expect("a host");
        for _ in 0..2 {
            assert!(!host.models().await.expect("models").models.is_empty());
        }
        assert_eq!(listings(&sim), asked, "{seconds}");
    }
}

#[tokio::test]
async fn configured_models_are_laid_over_or_replace() {
    let sim = simulator();
    let entry = "{id: 'openai.gpt-oss-120b-1:0', name: 'Mine', reasoning: false, input: ['text', 'image'],
                  cost: {output: 9.5}, contextWindow: 1000, maxTokens: 10}";
    let of = |mode: &str, entries: &str| {
        let text = provider(&sim, &format!("models: [{entries}]"));
        text.replacen("{models: {", &format!("{{models: {{mode: '{mode}', "), 1)
    };
    let before = models(&of("merge", "")).await;
    let after = models(&of("merge", entry)).await;
    assert_eq!(before.models.len(), after.models.len(), "it is the same model");
    let named = |models: &Models| {
        models
            .models
            .iter()
            .find(|model| model.id == "amazon-bedrock/openai.gpt-oss-120b-1:0")
            .expect("a model")
            .clone()
    };
    let (old, new) = (named(&before), named(&after));
    assert_eq!((new.name.as_str(), new.context_window, new.max_output_tokens), ("Mine", 1000, 10));
    assert!(old.abilities.contains(&"reasoning") && !new.abilities.contains(&"reasoning"));
    assert!(new.input.contains(&"image") && !old.input.contains(&"image"));
    let (old, new) = (old.pricing.expect("prices"), new.pricing.expect("prices"));
    assert_eq!((new.input, new.output), (old.input, 9.5), "a field that is not configured stays");

    let replaced = models(&of("replace", entry)).await;
    assert_eq!(ids(&replaced), ["amazon-bedrock/openai.gpt-oss-120b-1:0"]);
}

#[tokio::test]
async fn params_are_defaults_of_requests() {
    let sim = simulator();
    let nova = "us.amazon.nova-lite-v1:0";
    let text = provider(&sim, "");
    let text = text.strip_suffix('}').expect("an object");
    let text = format!(
        "{text}, agents: {{defaults: {{params: {{serviceTier: 'flex'}}, models: {{
           'amazon-bedrock/{nova}': {{params: {{serviceTier: 'priority', cacheRetention: 'short'}}}}}}}}}}}}"
    );
    let host = configured(&text).build().expect("a host");
    let sent = async |model: &str, extensions: &[(&str, &str)]| {
        let mut request = ask("Hello").system("Be brief.");
        request.model = format!("amazon-bedrock/{model}");
        for (key, value) in extensions {
            request.extensions.insert((*key).to_owned(), (*value).into());
        }
        done(host.stream(request)).await;
        sim.requests().pop().expect("a request").json()
    };
    let of_all = sent("sim.text-v1:0", &[]).await;
    assert_eq!(of_all["serviceTier"], json!({ "type": "flex" }));
    let of_model = sent(nova, &[]).await;
    assert_eq!(of_model["serviceTier"], json!({ "type": "priority" }));
    assert!(of_model["system"].to_string().contains("cachePoint"), "{of_model:#}");
    let own = sent(nova, &[("service-tier", "default"), ("cache-retention", "none")]).await;
    assert_eq!(own["serviceTier"], json!({ "type": "default" }));
    assert!(!own["system"].to_string().contains("cachePoint"), "{own:#}");
}

#[tokio::test]
async fn a_request_without_a_model_asks_the_default_one() {
    let sim = simulator();
    let text = provider(&sim, "");
    let text = text.strip_suffix('}').expect("an object");
    let host =
        configured(&format!("{text}, agents: {{defaults: {{model: '{MODEL}'}}}}}}")).build().expect("a host");
    assert_eq!(host.default_model(), Some(MODEL));
    let mut request = ask("sim:text Hello");
    request.model.clear();
    assert_eq!(done(host.stream(request)).await.text(), "Hello");
}

#[tokio::test]
async fn several_instances_stand_side_by_side() {
    let (main, work) = (simulator(), simulator());
    let text = format!(
        "{{models: {{providers: {{
           'amazon-bedrock': {{baseUrl: '{0}', discoveryBaseUrl: '{0}', region: 'us-east-1'}},
           Work: {{api: 'bedrock-converse-stream', baseUrl: '{1}', discoveryBaseUrl: '{1}', region: 'eu-west-1',
                   models: [{{id: 'only.here', name: 'Only here'}}]}}}}}}}}",
        main.endpoint(),
        work.endpoint()
    );
    let host = configured(&text).build().expect("a host");
    for (prefix, asked, region) in [("bedrock", &main, "us-east-1"), ("work", &work, "eu-west-1")] {
        let mut request = ask("sim:text Hello");
        request.model = format!("{prefix}/sim.text-v1:0");
        assert_eq!(done(host.stream(request)).await.text(), "Hello");
        let sent = asked.requests();
        assert_eq!(sent.len(), 1, "{prefix}");
        assert!(
            sent[0].header("authorization").is_some_and(|signature| signature.contains(region)),
            "{prefix}"
        );
    }
    let models = host.models().await.expect("models");
    let of = |prefix: &str| ids(&models).iter().filter(|id| id.starts_with(prefix)).count();
    assert_eq!(of("amazon-bedrock/") + 1, of("work/"));
    assert_eq!(of("amazon-bedrock/") + of("work/"), models.models.len());
    assert!(ids(&models).contains(&"work/only.here"));
    for sim in [&main, &work] {
        assert_eq!(listings(sim), 1, "each has a listing of its own");
    }
}

#[tokio::test]
async fn an_instance_that_cannot_list_does_not_hide_the_others() {
    let (main, work) = (simulator(), simulator());
    let denied = bedrock_sim::Scenario::error(403, "AccessDeniedException", "not authorized");
    for operation in [Operation::ListFoundationModels, Operation::ListInferenceProfiles] {
        work.script(operation, denied.clone());
    }
    let text = format!(
        "{{models: {{providers: {{
           'amazon-bedrock': {{baseUrl: '{0}', discoveryBaseUrl: '{0}'}},
           work: {{api: 'bedrock-converse-stream', baseUrl: '{1}', discoveryBaseUrl: '{1}'}}}}}}}}",
        main.endpoint(),
        work.endpoint()
    );
    let models = models(&text).await;
    assert!(models.models.iter().all(|model| model.id.starts_with("amazon-bedrock/")));
    assert!(!models.models.is_empty());
    assert!(
        models.problems.iter().any(|problem| problem.message.starts_with("work: ")),
        "{:?}",
        models.problems
    );
}

#[test]
fn a_profile_of_its_own_comes_before_ambient_keys() {
    let sim = simulator();
    let place =
        Place::with("{models: {providers: {work: {api: 'bedrock-converse-stream', profile: 'work'}}}}");
    let credentials = place.0.path().join("credentials");
    let key = format!(
        "[work]\naws_access_key_id = {DEFAULT_ACCESS_KEY}\naws_secret_access_key = {DEFAULT_SECRET_KEY}\n"
    );
    std::fs::write(&credentials, key).expect("written");
    let chat = |model: &str| {
        let mut command = place.outcrop(&sim);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIAWRONG")
            .env("AWS_SECRET_ACCESS_KEY", "wrong")
            .env("AWS_SHARED_CREDENTIALS_FILE", &credentials)
            .args(["chat", "--model", model, "sim:text Hello"]);
        command.output().expect("it runs")
    };
    let output = chat("work/sim.text-v1:0");
    assert_eq!(text(&output.stdout), "Hello\n", "{}", text(&output.stderr));
    assert_eq!(chat("bedrock/sim.text-v1:0").status.code(), Some(1), "its key is wrong");
}

#[test]
fn the_fallbacks_are_asked_in_turn() {
    let sim = simulator();
    let place = Place::with(
        "{agents: {defaults: {model: {primary: 'amazon-bedrock/no.such-model',
           fallbacks: ['openai/gpt-4', 'bedrock/none.such-model', 'bedrock/sim.text-v1:0']}}}}",
    );
    let chat = |arguments: &[&str]| {
        place.outcrop(&sim).arg("chat").args(arguments).arg("sim:text Hello").output().expect("it runs")
    };
    let output = chat(&[]);
    assert_eq!(text(&output.stdout), "Hello\n", "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("amazon-bedrock/no.such-model could not answer"), "{told}");
    assert!(told.contains("asking bedrock/sim.text-v1:0"), "{told}");
    let events = json_lines(&chat(&["--json"]));
    let is_terminal = |event: &&Value| event["type"] == "done" || event["type"] == "error";
    assert_eq!(events.iter().filter(is_terminal).count(), 1, "{events:#?}");
    assert_eq!(events.iter().filter(|event| event["rule"] == "model-fallback").count(), 2);
    // Whoever names a model wants that one.
    let output = chat(&["--model", "amazon-bedrock/no.such-model"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
}
