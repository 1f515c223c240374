//! Broken files, each told with its place.

use std::path::Path;

use outcrop_config::{Document, Error, KeyPath, load};

/// Text, place of the first problem, and what is said. The place is line and column.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    // not JSON5
    ("", "1:1", "not JSON5: there is no value in it"),
    ("// nothing\n", "2:1", "an empty configuration is {}"),
    ("{\n  models: {\n", "2:11", "not JSON5: unterminated object"),
    ("{ models: {} agents: {} }", "1:13", "not JSON5: expected comma"),
    ("{ models: true false }", "1:15", "not JSON5: "),
    ("{ models: {}, } x", "1:17", "not JSON5: "),
    ("{ 'models: {} }", "1:3", "not JSON5: unterminated string"),
    ("{ models: [}", "1:12", "not JSON5: "),
    ("{ plugins: { entries: { amazon-bedrock: {} } } }", "1:25", "the key \"amazon-bedrock\" needs quotes"),
    ("{ /* open }", "1:3", "not JSON5: unterminated comment block"),
    ("{ a: \"\\u12\" }", "1:", "not JSON5: "),
    // wrong types
    ("[]", "1:1", "must be an object, not a list"),
    ("{ models: [] }", "1:11", "models: must be an object, not a list"),
    (
        "{ models: { bedrockDiscovery: null } }",
        "1:31",
        "models.bedrockDiscovery: must be an object, not null",
    ),
    (
        "{ models: { bedrockDiscovery: {\n enabled: 'yes' } } }",
        "2:11",
        "models.bedrockDiscovery.enabled: must be true or false, not a string",
    ),
    ("{ models: { bedrockDiscovery: { enabled: 1 } } }", "1:42", "must be true or false, not a number"),
    (
        "{ models: { bedrockDiscovery: { region: ['us-east-1'] } } }",
        "1:41",
        "must be an AWS region such as \"us-east-1\", not a list",
    ),
    (
        "{ models: { bedrockDiscovery: { providerFilter: 'anthropic' } } }",
        "1:49",
        "must be a list of strings, not a string",
    ),
    (
        "{ models: { bedrockDiscovery: { providerFilter: ['a', 2] } } }",
        "1:55",
        "providerFilter[1]: must be a string, not a number",
    ),
    (
        "{ models: { bedrockDiscovery: { refreshInterval: '3600' } } }",
        "1:50",
        "must be a number, not a string",
    ),
    ("{ models: { bedrockDiscovery: { defaultMaxTokens: {} } } }", "1:51", "must be a number, not an object"),
    (
        "{ models: { providers: { 'amazon-bedrock': [] } } }",
        "1:44",
        "models.providers.amazon-bedrock: must be an object, not a list",
    ),
    (
        "{ models: { providers: { 'amazon-bedrock': { models: {} } } } }",
        "1:54",
        "models: must be a list of objects, not an object",
    ),
    (
        "{ models: { providers: { 'amazon-bedrock': { models: [ 'a' ] } } } }",
        "1:56",
        "models[0]: must be an object, not a string",
    ),
    (
        "{ models: { providers: { 'amazon-bedrock': { headers: [] } } } }",
        "1:55",
        "must be an object of strings, not a list",
    ),
    (
        "{ agents: { defaults: { model: 1 } } }",
        "1:32",
        "must be a string that is not blank, or an object, not a number",
    ),
    (
        "{ agents: { defaults: { model: { fallbacks: 'a/b' } } } }",
        "1:45",
        "agents.defaults.model.fallbacks: must be a list of strings",
    ),
    (
        "{ models: { providers: { 'amazon-bedrock': { failover: ['eu-west-1'] } } } }",
        "1:57",
        "failover[0]: must be PROVIDER/ID, \"profile:GEOGRAPHY\", \"region:REGION\" or \"fallbacks\"",
    ),
    // wrong keys
    (
        "{ models: { bedrockDiscovery: { regoin: 'us-east-1' } } }",
        "1:33",
        "there is no such key; there are enabled, region, providerFilter, refreshInterval, defaultContextWindow, defaultMaxTokens; did you mean region?",
    ),
    (
        "{ models: { bedrockDiscovery: { cache: 1 } } }",
        "1:33",
        "models.bedrockDiscovery.cache: there is no such key",
    ),
    (
        "{ plugins: { entries: { 'amazon-bedrock': { config: { guardrail: { id: 'a' } } } } } }",
        "1:68",
        "there is no such key; there are guardrailIdentifier,",
    ),
    (
        "{ plugins: { entries: { 'amazon-bedrock': {\n file: 7 } } } }",
        "2:8",
        "plugins.entries.amazon-bedrock.file: must be a string that is not blank, not a number",
    ),
    (
        "{ plugins: { entries: { echo: { digest: 'sha256:12' } } } }",
        "1:41",
        "plugins.entries.echo.digest: must be \"sha256:\" and 64 hexadecimal digits, not \"sha256:12\"",
    ),
    (
        "{ plugins: { entries: { echo: { allowUnpinned: true } } } }",
        "1:31",
        "plugins.entries.echo.file: is missing",
    ),
    (
        "{ plugins: { entries: { echo: { file: 'e', publicKey: 'x' } } } }",
        "1:55",
        "publicKey: must be a minisign public key",
    ),
    (
        "{ plugins: { entries: { echo: { file: 'e', bedrock: 'nobody' } } } }",
        "1:53",
        "plugins.entries.echo.bedrock: \"nobody\" is none of Bedrock's providers; there are amazon-bedrock",
    ),
    (
        "{ plugins: { entries: { echo: { file: 'e', bedrock: 1 } } } }",
        "1:53",
        "must be true or false, or letters, digits and . _ -, not a number",
    ),
    (
        "{ plugins: { entries: { echo: { file: 'e', config: [] } } } }",
        "1:52",
        "plugins.entries.echo.config: must be an object, not a list",
    ),
    (
        "{ plugins: { entries: { 'a/b': { file: 'e' } } } }",
        "1:25",
        "begins model ids, so it must be letters, digits and . _ -",
    ),
    (
        "{ plugins: { entries: { echo: { file: 'e', limits: { memoryBytes: 100 } } } } }",
        "1:67",
        "plugins.entries.echo.limits.memoryBytes: must be a whole number from 65536 to 4294967296, not 100",
    ),
    (
        "{ plugins: { limits: { callTimeMs: 10.5 } } }",
        "1:36",
        "plugins.limits.callTimeMs: must be a whole number from 10 to 60000, not 10.5",
    ),
    (
        "{ plugins: { limits: { handles: 1000001 } } }",
        "1:33",
        "must be a whole number from 8 to 1000000, not 1000001",
    ),
    (
        "{ plugins: { limits: { memory: 1 } } }",
        "1:24",
        "there is no such key; there are memoryBytes, tableElements,",
    ),
    (
        "{ models: { bedrockDiscovery: {}, bedrockDiscovery: {} } }",
        "1:35",
        "models.bedrockDiscovery: stands twice",
    ),
    (
        "{ models: { providers: { bedrock: {}, 'amazon-bedrock': {} } } }",
        "1:39",
        "\"amazon-bedrock\" stands twice",
    ),
    (
        "{ models: { providers: { 'a/b': { api: 'bedrock-converse-stream' } } } }",
        "1:26",
        "the name of a provider begins model ids",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ name: 'x' }] } } } }",
        "1:46",
        "models[0].id: is missing; it must be a string that is not blank",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ id: 'x' }, { id: 'x' }] } } } }",
        "1:65",
        "models[1].id: \"x\" stands twice",
    ),
    (
        "{ plugins: { entries: { bedrock: { config: { guardrail: { guardrailIdentifier: 'a' } } } } } }",
        "1:57",
        "guardrail.guardrailVersion: is missing",
    ),
    // wrong values
    (
        "{ models: { mode: 'overlay' } }",
        "1:19",
        "models.mode: must be one of \"merge\", \"replace\", not \"overlay\"",
    ),
    (
        "{ models: { bedrockDiscovery: { region: 'us east' } } }",
        "1:41",
        "must be an AWS region such as \"us-east-1\", not \"us east\"",
    ),
    ("{ models: { bedrockDiscovery: { region: '' } } }", "1:41", "must be an AWS region"),
    ("{ models: { providers: { bedrock: { baseUrl: 'bedrock.local' } } } }", "1:46", "must be a URL such as"),
    (
        "{ models: { providers: { bedrock: { baseUrl: 'https://u:p@host' } } } }",
        "1:46",
        "without user, query or fragment",
    ),
    (
        "{ models: { providers: { bedrock: { api: 'openai-completions' } } } }",
        "1:42",
        "must be \"bedrock-converse-stream\", not \"openai-completions\"",
    ),
    (
        "{ models: { providers: { bedrock: { auth: 'magic' } } } }",
        "1:43",
        "must be one of \"aws-sdk\", \"api-key\", \"oauth\", \"token\"",
    ),
    (
        "{ models: { providers: { bedrock: { headers: { Authorization: 'x' } } } } }",
        "1:48",
        "cannot be configured",
    ),
    ("{ models: { providers: { bedrock: { headers: { host: 'x' } } } } }", "1:48", "cannot be configured"),
    (
        "{ models: { providers: { bedrock: { headers: { 'X-Amz-Date': 'x' } } } } }",
        "1:48",
        "cannot be configured",
    ),
    (
        "{ models: { providers: { bedrock: { headers: { 'a b': 'x' } } } } }",
        "1:48",
        "a header's name must be letters, digits and hyphens",
    ),
    (
        "{ models: { providers: { bedrock: { headers: { a: 'x\\r\\ny' } } } } }",
        "1:51",
        "must be a string of printable ASCII",
    ),
    ("{ models: { providers: { bedrock: { headers: { a: 'x', A: 'y' } } } } }", "1:56", "\"a\" stands twice"),
    (
        "{ models: { providers: { bedrock: { models: [{ id: 'x', contextWindow: 0 }] } } } }",
        "1:72",
        "must be a number, 1 or more, not 0",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ id: 'x', maxTokens: Infinity }] } } } }",
        "1:68",
        "must be a number, 1 or more, not Infinity",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ id: 'x', cost: { output: -1 } }] } } } }",
        "1:73",
        "cost.output: must be a number, 0 or more, not -1",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ id: 'x', input: ['smell'] }] } } } }",
        "1:65",
        "input[0]: must be one of \"text\", \"image\"",
    ),
    (
        "{ models: { providers: { bedrock: { models: [{ id: '  ' }] } } } }",
        "1:52",
        "must be a string that is not blank",
    ),
    (
        "{ plugins: { entries: { bedrock: { config: { guardrail: { guardrailIdentifier: 'a', guardrailVersion: 1 } } } } } }",
        "1:103",
        "must be a version's number as a string (\"1\"), or \"DRAFT\", not a number",
    ),
    (
        "{ plugins: { entries: { bedrock: { config: { guardrail: { guardrailIdentifier: 'A B', guardrailVersion: '1' } } } } } }",
        "1:80",
        "must be a guardrail's id",
    ),
    (
        "{ plugins: { entries: { bedrock: { config: { guardrail: { guardrailIdentifier: 'a', guardrailVersion: '1', trace: 'on' } } } } } }",
        "1:115",
        "must be one of \"enabled\", \"disabled\", \"enabled_full\"",
    ),
    ("{ agents: { defaults: { model: ' ' } } }", "1:32", "must be a string that is not blank"),
    // variables
    (
        "{ models: { bedrockDiscovery: { region: '${UNSET}' } } }",
        "1:41",
        "the environment variable UNSET is not set, or empty",
    ),
    (
        "{ models: { bedrockDiscovery: { region: '${SECRET}' } } }",
        "1:41",
        "must be an AWS region such as \"us-east-1\"",
    ),
];

/// The one variable that is set.
pub(crate) const ENVIRONMENT: &str = "SECRET";

fn environment(name: &str) -> Option<String> {
    (name == ENVIRONMENT).then(|| "hunter2".to_owned())
}

#[test]
fn each_is_told_with_its_place() {
    for (text, place, said) in CASES {
        let error = Document::parse("broken.json5", *text)
            .and_then(|document| document.config(&environment))
            .map(|config| panic!("{text} is taken: {config:?}"))
            .unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with(&format!("broken.json5:{place}")), "{text}\n{told}\nnot at {place}");
        assert!(told.contains(said), "{text}\n{told}\ndoes not say {said}");
        assert!(!told.contains("hunter2"), "{told}");
        assert!(matches!(error, Error::Invalid(problems) if !problems.is_empty()), "{text}");
    }
    assert!(CASES.len() >= 30);
}

#[test]
fn all_problems_are_told_at_once_and_no_header_is_shown() {
    let text = "{ models: { mode: 1, bedrockDiscovery: { region: 2, x: 3 },
                  providers: { bedrock: { headers: { 'X-Key': 'hunter2\\n', b: 4 } } } } }";
    let error = Document::parse("f", text).unwrap().config(&environment).unwrap_err();
    let told = error.to_string();
    assert_eq!(told.lines().count(), 5, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn what_is_not_ours_is_not_looked_at() {
    let text =
        "{ gateway: { port: 'x' }, models: { pricing: 7, providers: { openai: { baseUrl: 3, headers: 1 } } },
        plugins: { entries: { telegram: { config: { discovery: 1, token: '${UNSET}' } } }, slots: [] },
        agents: { list: [1], defaults: { memorySearch: 1, models: { 'openai/x': 7 }, workspace: 3 } } }";
    let config = Document::parse("f", text).unwrap().config(&environment).unwrap();
    assert!(config.notes.is_empty(), "{:?}", config.notes);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = |path: &Path| load(path, &environment).unwrap_err().to_string();
    assert!(told(&folder.path().join("absent.json5")).contains("absent.json5 cannot be read: "));
    assert!(told(folder.path()).contains("it is a folder"));
    let file = folder.path().join("latin1.json5");
    std::fs::write(&file, b"{\n  a: 'caf\xe9' }").unwrap();
    assert!(told(&file).ends_with("latin1.json5:2:10: not UTF-8"), "{}", told(&file));
    let large = folder.path().join("large.json5");
    std::fs::File::create(&large).unwrap().set_len(17 << 20).unwrap();
    assert!(told(&large).contains("it is larger than 16 MiB"));
    std::fs::write(&file, "\u{feff}{ models: { mode: 'replace' } }").unwrap();
    assert!(load(&file, &environment).is_ok(), "a byte order mark is white space");
}

/// Key, value, what is said.
#[test]
fn what_would_make_a_file_wrong_is_refused() {
    let text = "{ models: { bedrockDiscovery: { enabled: true } } }";
    let document = Document::parse("f", text).unwrap();
    for (key, value, said) in [
        ("models.bedrockDiscovery.enabled", "yes", "must be true or false"),
        ("models.bedrockDiscovery.enabeld", "true", "did you mean enabled?"),
        ("models.bedrockDiscovery", "[]", "must be an object"),
        ("models.providers.amazon-bedrock.headers.host", "x", "cannot be configured"),
        ("models.providers.amazon-bedrock.models[0].name", "x", "models[0].id: is missing"),
        (
            "plugins.entries.amazon-bedrock.config.guardrail.guardrailVersion",
            "'1'",
            "guardrailIdentifier: is missing",
        ),
        ("models.bedrockDiscovery.enabled.deep", "1", "is a single value, not an object"),
    ] {
        let path: KeyPath = key.parse().unwrap();
        let error = document.set(&path, &outcrop_config::value(value)).unwrap_err();
        assert!(error.to_string().contains(said), "{key}: {error}");
    }
    let guarded = "{ plugins: { entries: { bedrock: { config: { guardrail: \
                   { guardrailIdentifier: 'a', guardrailVersion: '1' } } } } } }";
    let path = "plugins.entries.bedrock.config.guardrail.guardrailVersion".parse().unwrap();
    let error = Document::parse("f", guarded).unwrap().unset(&path).unwrap_err();
    assert!(error.to_string().contains("guardrailVersion: is missing"), "{error}");
}

#[test]
fn a_wrong_file_can_be_mended_step_by_step() {
    let text = "{ models: { mode: 'x', bedrockDiscovery: { enabled: 'yes' } } }";
    let document = Document::parse("f", text).unwrap();
    let document = document.set(&"models.mode".parse().unwrap(), &"merge".into()).unwrap();
    let document = document.unset(&"models.bedrockDiscovery.enabled".parse().unwrap()).unwrap();
    assert!(document.config(&environment).is_ok(), "{}", document.text());
}
