//! Every key, its default, its floors and clamps.

use outcrop_config::{Config, Document, Mode, Provider};
use serde_json::{Value, json};

/// The example of OpenClaw's page on Bedrock, its wrong id included.
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

/// Several providers, with everything that a provider can have.
const SEVERAL: &str = "{models: {
  mode: 'replace',
  bedrockDiscovery: {region: 'us-east-1', refreshInterval: 60, providerFilter: ['amazon'], enabled: true,
                     defaultContextWindow: -1, defaultMaxTokens: 0.5},
  providers: {
    openai: {baseUrl: 7, models: 'not ours', api: 'openai-completions'},
    Work: {api: 'bedrock-converse-stream', profile: 'work', region: 'eu-west-1', models: [{id: 'x'}]},
    gateway: {api: 'bedrock-converse-stream', baseUrl: 'http://localhost:1', headers: {'X-Team': '${TEAM}'},
              discoveryBaseUrl: 'http://localhost:2'},
  }},
plugins: {entries: {
  'amazon-bedrock': {enabled: true, config: {guardrail: {guardrailIdentifier: 'main1', guardrailVersion: '1'}}},
  work: {config: {discovery: {refreshInterval: 5}, guardrail: {guardrailIdentifier: 'work1', guardrailVersion: '2'}}},
  openai: {config: {discovery: 'not ours'}}}},
agents: {defaults: {model: 'work/x', models: {'openai/x': 7, 'bedrock/y': {params: {serviceTier: 'auto'}}}}}}";

/// Plugins, with everything that can be said of one, beside entries of OpenClaw's own.
const PLUGINS: &str = "{models: {providers: {work: {api: 'bedrock-converse-stream'}}},
plugins: {
  enabled: true, allow: ['echo'], slots: {memory: 'x'},
  limits: {streams: 8, processStreams: 100, logLines: 0},
  entries: {
    bedrock: {enabled: false, file: 'other.wasm', limits: {memoryBytes: 1048576}},
    work: {file: 'work.wasm', allowUnpinned: true},
    Echo: {file: 'plugins/echo.wasm', digest: 'sha256:00AAaa00000000000000000000000000000000000000000000000000000000ff',
           publicKey: 'RWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', signature: '/keys/echo.sig',
           bedrock: 'Work', config: {prefix: '${UNSET}', list: [1]}, limits: {streams: 2, totalMs: 5000},
           enabled: true, hooks: {allowPromptInjection: true}, env: {A: 'b'}},
    granted: {file: 'g.wasm', bedrock: true},
    off: {file: 'off.wasm', enabled: false},
    telegram: {enabled: true, apiKey: 7, config: {token: '${UNSET}'}},
  }}}";

/// Files that are taken.
pub(crate) const WHOLE: &[&str] = &[
    DOCUMENTED,
    SEVERAL,
    PLUGINS,
    "{}",
    "{channels: {x: 1}, agents: {defaults: {model: {primary: 'a/b'}}}}",
];

fn environment(name: &str) -> Option<String> {
    (name == "TEAM").then(|| "search".to_owned())
}

pub(crate) fn config(text: &str) -> Config {
    Document::parse("test.json5", text)
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
        .config(&environment)
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn main_of(text: &str) -> Provider {
    config(text).providers.remove(0)
}

/// In both homes of the discovery settings.
fn discovery(inside: &str) -> [Provider; 2] {
    [
        main_of(&format!("{{models: {{bedrockDiscovery: {inside}}}}}")),
        main_of(&format!(
            "{{plugins: {{entries: {{'amazon-bedrock': {{config: {{discovery: {inside}}}}}}}}}}}"
        )),
    ]
}

#[test]
fn without_a_file_everything_is_as_documented() {
    for config in [Config::default(), config("{}"), config("{models: {bedrockDiscovery: {}, providers: {}}}")]
    {
        let [provider] = &config.providers[..] else { panic!("{config:?}") };
        assert_eq!(provider.name, "amazon-bedrock");
        assert_eq!(
            provider.settings(),
            json!({
                "discovery": {
                    "providerFilter": [], "refreshInterval": 3600, "defaultContextWindow": 32000, "defaultMaxTokens": 4096,
                },
                "mode": "merge",
                "models": [],
            })
        );
        assert_eq!(provider.discovery.enabled, None);
        let Provider { region, profile, endpoint, discovery_endpoint, guardrail, .. } = provider;
        assert_eq!((region, profile, endpoint, discovery_endpoint), (&None, &None, &None, &None));
        assert!(guardrail.is_none() && provider.headers.is_empty() && !provider.fips);
        assert_eq!((config.default_model.as_ref(), config.fallback_models.len()), (None, 0));
        assert!(config.notes.is_empty());
    }
}

#[test]
fn the_documented_example_is_understood_as_pasted() {
    let config = config(DOCUMENTED);
    assert_eq!(config.default_model.as_deref(), Some("amazon-bedrock/us.anthropic.claude-opus-4-6-v1:0"));
    let provider = &config.providers[0];
    assert_eq!((provider.region.as_deref(), &provider.endpoint), (Some("us-east-1"), &None));
    assert_eq!(
        provider.settings()["models"],
        json!([{
            "id": "us.anthropic.claude-opus-4-6-v1:0",
            "name": "Claude Opus 4.6 (Bedrock)",
            "reasoning": true,
            "input": ["text", "image"],
            "cost": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 },
            "contextWindow": 200000,
            "maxTokens": 8192,
        }])
    );
    assert!(config.notes.is_empty(), "{:?}", config.notes);
}

/// Member, what is written, what the plugin is given.
#[test]
fn each_discovery_setting_is_floored_and_clamped() {
    for (member, written, given) in [
        ("enabled", "true", json!(true)),
        ("enabled", "false", json!(false)),
        ("region", "'eu-west-1'", json!("eu-west-1")),
        ("region", "'us-gov-west-1'", json!("us-gov-west-1")),
        ("providerFilter", "['Anthropic', ' amazon ', '', 'anthropic']", json!(["amazon", "anthropic"])),
        ("providerFilter", "[]", json!([])),
        ("refreshInterval", "0", json!(0)),
        ("refreshInterval", "59.9", json!(59)),
        ("refreshInterval", "-5", json!(0)),
        ("refreshInterval", "NaN", json!(0)),
        ("refreshInterval", "Infinity", json!(u32::MAX)),
        ("defaultContextWindow", "100000.9", json!(100_000)),
        ("defaultContextWindow", "0", json!(32_000)),
        ("defaultContextWindow", "-1", json!(32_000)),
        ("defaultContextWindow", "0.5", json!(32_000)),
        ("defaultContextWindow", "NaN", json!(32_000)),
        ("defaultContextWindow", "1e12", json!(u32::MAX)),
        ("defaultMaxTokens", "0x2000", json!(8192)),
        ("defaultMaxTokens", "1.99", json!(1)),
        ("defaultMaxTokens", "-0", json!(4096)),
    ] {
        for provider in discovery(&format!("{{{member}: {written}}}")) {
            assert_eq!(provider.settings()["discovery"][member], given, "{member}: {written}");
        }
    }
}

#[test]
fn the_newer_home_wins_field_by_field() {
    let provider = main_of(
        "{models: {bedrockDiscovery: {region: 'us-west-2', refreshInterval: 60, enabled: false, providerFilter: ['a']}},
          plugins: {entries: {'amazon-bedrock': {config: {discovery: {region: 'eu-west-1', providerFilter: []}}}}}}",
    );
    assert_eq!(provider.region.as_deref(), Some("eu-west-1"));
    assert_eq!((provider.discovery.refresh_seconds, provider.discovery.enabled), (60, Some(false)));
    assert!(provider.discovery.provider_filter.is_empty());
}

/// `baseUrl`, region, endpoint, FIPS.
#[test]
fn a_standard_host_names_a_region_and_any_other_is_the_endpoint() {
    for (url, region, endpoint, fips) in [
        ("https://bedrock-runtime.eu-central-1.amazonaws.com", Some("eu-central-1"), None, false),
        ("https://Bedrock-Runtime.eu-central-1.amazonaws.com/", Some("eu-central-1"), None, false),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1"), None, true),
        ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn", Some("cn-north-1"), None, false),
        (
            "https://vpce-1-x.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            None,
            Some("https://vpce-1-x.bedrock-runtime.us-east-1.vpce.amazonaws.com"),
            false,
        ),
        ("http://127.0.0.1:8080/", None, Some("http://127.0.0.1:8080"), false),
        ("https://gateway.example/bedrock", None, Some("https://gateway.example/bedrock"), false),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/proxy",
            None,
            Some("https://bedrock-runtime.us-east-1.amazonaws.com/proxy"),
            false,
        ),
    ] {
        let provider = main_of(&format!("{{models: {{providers: {{bedrock: {{baseUrl: '{url}'}}}}}}}}"));
        let found = (provider.region.as_deref(), provider.endpoint.as_deref(), provider.fips);
        assert_eq!(found, (region, endpoint, fips), "{url}");
    }
}

#[test]
fn the_nearest_region_wins() {
    let of = |own: &str| {
        main_of(&format!(
            "{{models: {{bedrockDiscovery: {{region: 'us-west-2'}}, providers: {{'amazon-bedrock': {{{own}}}}}}}}}"
        ))
        .region
    };
    assert_eq!(of("").as_deref(), Some("us-west-2"));
    let url = "baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com'";
    assert_eq!(of(url).as_deref(), Some("eu-west-1"));
    assert_eq!(of(&format!("{url}, region: 'ap-south-1'")).as_deref(), Some("ap-south-1"));
}

#[test]
fn a_provider_has_headers_a_profile_and_an_endpoint_for_listings() {
    let provider = main_of(
        "{models: {providers: {'amazon-bedrock': {
            headers: {'X-Team': '${TEAM}', 'X-Raw': '$${TEAM}'}, profile: ' work ',
            discoveryBaseUrl: 'https://vpce-2.bedrock.us-east-1.vpce.amazonaws.com/', auth: 'aws-sdk'}}}}",
    );
    let headers = [("X-Team", "search"), ("X-Raw", "${TEAM}")];
    assert_eq!(provider.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(provider.profile.as_deref(), Some("work"));
    assert_eq!(
        provider.discovery_endpoint.as_deref(),
        Some("https://vpce-2.bedrock.us-east-1.vpce.amazonaws.com")
    );
    assert!(!format!("{provider:?}").contains("search"), "headers may hold secrets");
}

#[test]
fn a_guardrail_is_what_converse_takes() {
    let guardrail = "{guardrailIdentifier: 'abc123', guardrailVersion: 'DRAFT', streamProcessingMode: 'async', \
                     trace: 'enabled_full'}";
    let provider =
        main_of(&format!("{{plugins: {{entries: {{bedrock: {{config: {{guardrail: {guardrail}}}}}}}}}}}"));
    assert_eq!(
        provider.guardrail.map(Value::Object),
        Some(json!({
            "guardrailIdentifier": "abc123",
            "guardrailVersion": "DRAFT",
            "streamProcessingMode": "async",
            "trace": "enabled_full",
        }))
    );
}

#[test]
fn models_can_be_laid_over_or_replace() {
    let of = |mode: &str, models: &str| {
        main_of(&format!("{{models: {{{mode} providers: {{'amazon-bedrock': {{models: {models}}}}}}}}}"))
    };
    let models = "[{id: 'a.b', cost: {input: 1.5}, contextWindow: 1000.9, maxTokens: 0x10, params: {x: 1}}]";
    let provider = of("", models);
    assert_eq!(provider.mode, Mode::Merge);
    assert_eq!(
        provider.models,
        [
            json!({ "id": "a.b", "cost": { "input": 1.5 }, "contextWindow": 1000, "maxTokens": 16, "params": {} })
        ]
    );
    assert_eq!(of("mode: 'merge',", models).mode, Mode::Merge);
    assert_eq!(of("mode: 'replace',", models).mode, Mode::Replace);
    assert_eq!(of("mode: 'replace',", models).settings()["mode"], "replace");
    assert_eq!(of("mode: 'replace',", "[]").mode, Mode::Merge, "there is nothing to offer in their place");
}

#[test]
fn the_default_model_is_a_string_or_an_object() {
    for (written, model, fallbacks) in [
        ("'amazon-bedrock/a.b'", Some("amazon-bedrock/a.b"), &[][..]),
        ("{primary: 'amazon-bedrock/a.b'}", Some("amazon-bedrock/a.b"), &[]),
        (
            "{primary: 'openai/x', fallbacks: ['bedrock/c', 'work/d']}",
            Some("openai/x"),
            &["bedrock/c", "work/d"],
        ),
        ("{fallbacks: []}", None, &[]),
    ] {
        let config = config(&format!("{{agents: {{defaults: {{model: {written}}}}}}}"));
        assert_eq!(config.default_model.as_deref(), model);
        assert_eq!(config.fallback_models, fallbacks);
        assert!(config.serves("bedrock/x") && !config.serves("openai/x") && !config.serves("x"));
    }
}

#[test]
fn a_provider_says_what_is_tried_where() {
    let config = config(
        "{models: {providers: {bedrock: {attempts: 2.5, adaptiveRate: true,
            failover: ['fallbacks', 'profile:global', 'region:us-west-2', 'work/arn:aws:bedrock:x']}}}}",
    );
    let provider = &config.providers[0];
    assert_eq!((provider.attempts, provider.adaptive_rate), (Some(2), true));
    assert_eq!(
        provider.failover,
        ["fallbacks", "profile:global", "region:us-west-2", "work/arn:aws:bedrock:x"]
    );
}

#[test]
fn the_nearest_params_win() {
    let config = config(
        "{agents: {defaults: {
            params: {serviceTier: 'flex', cacheRetention: 'short', temperature: 1},
            models: {'bedrock/us.a.b-v1': {alias: 'b', params: {cacheRetention: 'long'}}, 'openai/x': {params: {serviceTier: 1}}}}},
          models: {providers: {'amazon-bedrock': {models: [
            {id: 'us.a.b-v1:0', params: {service_tier: 'priority', cacheRetention: 'none'}}]}}}}",
    );
    let of = |id: &str| {
        let params = config.params_of(&config.providers[0], id);
        (params.service_tier, params.cache_retention)
    };
    let words = |tier: &str, retention: &str| (Some(tier.to_owned()), Some(retention.to_owned()));
    assert_eq!(of("other"), words("flex", "short"));
    for id in ["us.a.b-v1", "us.a.b-v1:0", "US.a.b-v1"] {
        assert_eq!(of(id), words("priority", "long"), "{id}");
    }
    assert!(config.notes.is_empty(), "{:?}", config.notes);
}

#[test]
fn what_may_be_meant_for_others_is_a_note() {
    let config = config(
        "{agents: {defaults: {params: {serviceTier: 'auto', cacheRetention: 3}}},
          models: {providers: {'amazon-bedrock': {auth: 'api-key', apiKey: 'k', regoin: 'x', models: [{id: 'a', maxToken: 1}]}}},
          plugins: {entries: {'amazon-bedrock': {$include: './x.json5'}}}}",
    );
    assert_eq!((config.params.service_tier, config.params.cache_retention), (None, None));
    let notes: Vec<_> = config.notes.iter().map(|note| (note.key.as_str(), note.message.as_str())).collect();
    for (key, part) in [
        ("agents.defaults.params.serviceTier", "\"flex\", \"reserved\", not \"auto\"; it has no effect"),
        ("agents.defaults.params.cacheRetention", "not a number; it has no effect"),
        ("models.providers.amazon-bedrock.auth", "AWS_BEARER_TOKEN_BEDROCK"),
        ("models.providers.amazon-bedrock.regoin", "did you mean region?"),
        ("models.providers.amazon-bedrock.models[0].maxToken", "did you mean maxTokens?"),
        ("plugins.entries.amazon-bedrock.$include", "is not followed"),
    ] {
        assert!(notes.iter().any(|(at, said)| *at == key && said.contains(part)), "{key}: {notes:#?}");
    }
    assert_eq!(notes.len(), 6, "{notes:#?}");
}

#[test]
fn a_region_that_is_not_used_is_a_note() {
    let of = |own: &str, discovery: &str| {
        let text = format!(
            "{{models: {{bedrockDiscovery: {{region: '{discovery}'}}, providers: {{'amazon-bedrock': {{{own}}}}}}}}}"
        );
        config(&text).notes.into_iter().map(|note| note.to_string()).collect::<Vec<_>>()
    };
    let url = "baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com'";
    assert!(of(url, "eu-west-1").is_empty() && of("", "eu-west-1").is_empty());
    let notes = of(url, "us-east-1");
    let expected =
        "models.bedrockDiscovery.region: has no effect: eu-west-1, which another key names, comes first";
    assert!(notes.len() == 1 && notes[0].ends_with(expected), "{notes:?}");
}

#[test]
fn several_instances_stand_side_by_side() {
    let config = config(SEVERAL);
    let names: Vec<_> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["amazon-bedrock", "work", "gateway"]);
    let [main, work, gateway] = &config.providers[..] else { panic!("{config:?}") };
    assert_eq!((work.region.as_deref(), work.profile.as_deref()), (Some("eu-west-1"), Some("work")));
    assert_eq!(
        (gateway.region.as_deref(), gateway.endpoint.as_deref()),
        (Some("us-east-1"), Some("http://localhost:1"))
    );
    assert_eq!((main.profile.as_deref(), main.models.len(), work.models.len()), (None, 0, 1));
    let refresh = [main, work, gateway].map(|provider| provider.discovery.refresh_seconds);
    assert_eq!(refresh, [60, 5, 60]);
    assert!(config.providers.iter().all(|provider| provider.discovery.provider_filter == ["amazon"]));
    let modes = [main, work, gateway].map(|provider| provider.mode);
    assert_eq!(modes, [Mode::Merge, Mode::Replace, Mode::Merge], "only who has models has any to offer");
    let guardrails = [main, work, gateway].map(|provider| {
        provider.guardrail.as_ref().map(|guardrail| guardrail["guardrailIdentifier"].clone())
    });
    assert_eq!(guardrails, [Some(json!("main1")), Some(json!("work1")), Some(json!("main1"))]);
}

#[test]
fn plugins_are_read_with_their_terms() {
    let config = config(PLUGINS);
    assert!(config.notes.is_empty(), "{:?}", config.notes);
    let names: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(names, ["amazon-bedrock", "work", "echo", "granted"]);
    let [main, work, echo, granted] = &config.plugins[..] else { panic!("{names:?}") };
    // It is there without its component too, and keeps its limits.
    assert_eq!((&main.file, main.limits["memoryBytes"]), (&None, 1 << 20));
    assert_eq!((work.file.as_deref(), work.allow_unpinned), (Some("work.wasm".as_ref()), true));
    assert_eq!(echo.file.as_deref(), Some("plugins/echo.wasm".as_ref()));
    assert_eq!(echo.digest.as_deref(), Some(&*format!("sha256:00aaaa{}ff", "0".repeat(56))));
    assert!(echo.public_key.is_some() && !echo.allow_unpinned);
    assert_eq!(echo.signature.as_deref(), Some("/keys/echo.sig".as_ref()));
    assert_eq!((echo.bedrock.as_deref(), granted.bedrock.as_deref()), (Some("work"), Some("amazon-bedrock")));
    assert_eq!(Value::from(echo.settings.clone()), json!({ "prefix": "${UNSET}", "list": [1] }));
    assert_eq!((echo.limits["streams"], echo.limits["totalMs"]), (2, 5000));
    assert_eq!((config.limits["streams"], config.limits["logLines"]), (8, 0));
    assert!(config.serves("Echo/x") && config.serves("work/x") && !config.serves("off/x"));
}

#[test]
fn files_of_plugins_lie_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json5");
    std::fs::write(&path, "{plugins: {entries: {echo: {file: 'echo.wasm'}, other: {file: '/other.wasm'}}}}")
        .unwrap();
    let config = outcrop_config::load(&path, &|_| None).unwrap();
    assert_eq!(config.plugins[0].file, Some(folder.path().join("echo.wasm")));
    assert_eq!(config.plugins[1].file.as_deref(), Some("/other.wasm".as_ref()));
}
