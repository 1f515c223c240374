//! What a configuration says, as types, with everything that follows from it: which home of a setting wins,
//! which provider inherits what, what is rounded and clamped.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::keys::{self, CONTEXT_WINDOW, MAIN, MAX_TOKENS, REFRESH_SECONDS};
use crate::plugin::{self, Plugin};
use crate::problem::Problem;
use crate::tree::{Kind, Node};

/// A configuration that has been read, checked and resolved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where it was read from; none where it was given as text.
    pub file: Option<PathBuf>,
    /// The providers that are Bedrock's: `amazon-bedrock`, which is always there, and others in their order.
    pub providers: Vec<Provider>,
    /// The entries of `plugins.entries` that are for components: of Bedrock's providers, and of others to load.
    pub plugins: Vec<Plugin>,
    /// `plugins.limits`: what every plugin may use up, by the names of [`limits`](crate::limits).
    pub limits: BTreeMap<String, u64>,
    /// `agents.defaults.model`: the model of requests that name none, with its provider's prefix. It may be
    /// another provider's than those here.
    pub default_model: Option<String>,
    /// `agents.defaults.model.fallbacks`: what to try in turn where the default model cannot answer.
    pub fallback_models: Vec<String>,
    /// `agents.defaults.params`.
    pub params: Params,
    /// `agents.defaults.models[NAME].params`, by model with its prefix.
    pub model_params: Vec<(String, Params)>,
    /// Remarks on what has no effect.
    pub notes: Vec<Problem>,
}

/// One instance of Bedrock: an account, a region, an endpoint, under a prefix of its own.
#[derive(Clone)]
#[non_exhaustive]
pub struct Provider {
    /// How ids of its models begin, without the slash.
    pub name: String,
    /// The region: its own, `baseUrl`'s, `discovery.region`; none leaves it to the environment.
    pub region: Option<String>,
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// Where requests go in place of the region's endpoint: `baseUrl`, unless that is a standard host.
    pub endpoint: Option<String>,
    /// Where listings are asked for in place of the region's endpoint.
    pub discovery_endpoint: Option<String>,
    /// Whether `baseUrl` is the standard host of the FIPS endpoint.
    pub fips: bool,
    /// HTTP headers of every request. Values may be secrets.
    pub headers: Vec<(String, String)>,
    /// How models are discovered.
    pub discovery: Discovery,
    /// A guardrail for every request, as Converse takes it.
    pub guardrail: Option<Map<String, Value>>,
    /// Which streams share an instance of its plugin.
    pub isolation: Isolation,
    /// What becomes of configured models.
    pub mode: Mode,
    /// Configured models, each an object with OpenClaw's names.
    pub models: Vec<Value>,
    /// How often a request is tried before its first content.
    pub attempts: Option<u32>,
    /// Where else to ask, in order, as written.
    pub failover: Vec<String>,
    /// Whether requests are held back after Bedrock has throttled.
    pub adaptive_rate: bool,
}

/// Which streams share an instance of a plugin, and with it memory, limits and its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// None: each stream has an instance of its own, which ends with it.
    #[default]
    Stream,
    /// All streams of the plugin. Less memory and less CPU a stream, for a plugin that is trusted: what it keeps of
    /// one conversation it could show another, and when it fails, all streams of the instance fail with it. The limits
    /// of an instance hold for all its streams together, so that it takes 256 of them at a time (a quarter of the
    /// limit of handles) before there is a second one; it takes no more when its memory has grown to half its limit.
    Plugin,
}

/// What becomes of configured models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// They are laid over the discovered ones, field by field.
    #[default]
    Merge,
    /// They are offered in place of the discovered ones.
    Replace,
}

/// How models are discovered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// None: when credentials are found.
    pub enabled: Option<bool>,
    /// Makers whose models are offered: small letters, sorted, each once; empty for all.
    pub provider_filter: Vec<String>,
    /// Seconds for which a listing is fresh; 0 asks every time.
    pub refresh_seconds: u64,
    /// For models whose window is not known.
    pub default_context_window: u32,
    /// For models whose output limit is not known.
    pub default_max_tokens: u32,
}

/// Defaults of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Params {
    /// `default`, `priority`, `flex` or `reserved`.
    pub service_tier: Option<String>,
    /// `none`, `short` or `long`.
    pub cache_retention: Option<String>,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            enabled: None,
            provider_filter: Vec::new(),
            refresh_seconds: REFRESH_SECONDS,
            default_context_window: CONTEXT_WINDOW,
            default_max_tokens: MAX_TOKENS,
        }
    }
}

impl Default for Config {
    /// What holds without a file.
    fn default() -> Self {
        let nothing = Node { range: 0..0, kind: Kind::Object(Vec::new()) };
        Self::read(&nothing, None, Vec::new())
    }
}

impl Config {
    /// Reads what the check has left.
    pub(crate) fn read(root: &Node, file: Option<&Path>, notes: Vec<Problem>) -> Self {
        let defaults = at(root, &["agents", "defaults"]);
        let choice = get(defaults, "model");
        let fallbacks = get(choice, "fallbacks").map(Node::elements).unwrap_or_default();
        let by_model = get(defaults, "models").map(Node::members).unwrap_or_default();
        let providers = providers(root);
        let is_bedrocks = |name: &str| providers.iter().any(|provider| provider.name == name);
        let (plugins, limits) = plugin::read(root, file.and_then(Path::parent), is_bedrocks);
        Self {
            file: file.map(Path::to_owned),
            plugins,
            limits,
            providers,
            default_model: choice.and_then(Node::text).map(str::to_owned).or_else(|| text(choice, "primary")),
            fallback_models: fallbacks.iter().filter_map(Node::text).map(str::to_owned).collect(),
            params: Params::read(get(defaults, "params")),
            model_params: by_model
                .iter()
                .map(|member| (member.name.clone(), Params::read(member.value.get("params"))))
                .collect(),
            notes,
        }
    }

    /// Whether a model, with its prefix, is one of these providers' or plugins'.
    pub fn serves(&self, model: &str) -> bool {
        let Some(name) = model.split_once('/').map(|(name, _)| keys::normal_name(name)) else { return false };
        self.providers.iter().any(|provider| provider.name == name)
            || self.plugins.iter().any(|plugin| plugin.name == name)
    }

    /// The defaults of requests to a model: said of the model, of its entry among the provider's models, of all.
    pub fn params_of(&self, provider: &Provider, model_id: &str) -> Params {
        let of_model = self.model_params.iter().find(|(name, _)| {
            name.split_once('/').is_some_and(|(prefix, id)| {
                keys::normal_name(prefix) == provider.name && is_same_model(id.trim(), model_id)
            })
        });
        let of_entry = provider
            .models
            .iter()
            .find(|model| model["id"].as_str().is_some_and(|id| is_same_model(id.trim(), model_id)));
        let layers = [
            of_model.map(|(_, params)| params.clone()),
            of_entry.map(|model| Params::of_json(&model["params"])),
            Some(self.params.clone()),
        ];
        layers.into_iter().flatten().fold(Params::default(), |over, under| Params {
            service_tier: over.service_tier.or(under.service_tier),
            cache_retention: over.cache_retention.or(under.cache_retention),
        })
    }
}

/// Whether two ids name one model. OpenClaw's own page writes `...-v1:0` for an id that ends in `-v1`.
fn is_same_model(one: &str, other: &str) -> bool {
    let bare = |id: &str| id.strip_suffix(":0").unwrap_or(id).to_lowercase();
    bare(one) == bare(other)
}

impl Params {
    fn read(node: Option<&Node>) -> Self {
        Self {
            service_tier: text(node, "serviceTier").or_else(|| text(node, "service_tier")),
            cache_retention: text(node, "cacheRetention"),
        }
    }

    fn of_json(params: &Value) -> Self {
        let word = |name: &str| params[name].as_str().map(str::to_owned);
        Self {
            service_tier: word("serviceTier").or_else(|| word("service_tier")),
            cache_retention: word("cacheRetention"),
        }
    }
}

impl Provider {
    /// The settings of the plugin: `discovery`, `mode` and `models`, with OpenClaw's names.
    pub fn settings(&self) -> Value {
        let Discovery { enabled, provider_filter, refresh_seconds, .. } = &self.discovery;
        let mut discovery = json!({
            "providerFilter": provider_filter,
            "refreshInterval": refresh_seconds,
            "defaultContextWindow": self.discovery.default_context_window,
            "defaultMaxTokens": self.discovery.default_max_tokens,
        });
        if let Some(enabled) = enabled {
            discovery["enabled"] = (*enabled).into();
        }
        if let Some(region) = &self.region {
            discovery["region"] = region.as_str().into();
        }
        let mode = match self.mode {
            Mode::Merge => "merge",
            Mode::Replace => "replace",
        };
        json!({ "discovery": discovery, "mode": mode, "models": self.models })
    }

    fn read(name: String, own: Option<&Node>, root: &Node) -> Self {
        let base_url = text(own, "baseUrl").map(|url| Host::of(&url));
        let whole_entry = |name: &str| {
            let entries = at(root, &["plugins", "entries"]).map(Node::members).unwrap_or_default();
            let entry = entries.iter().find(|member| keys::normal_name(&member.name) == name);
            entry.map(|member| &member.value)
        };
        let entry = |name: &str| whole_entry(name)?.get("config");
        // Whoever comes later wins, field by field.
        let homes = [
            at(root, &["models", "bedrockDiscovery"]),
            get(entry(MAIN), "discovery"),
            get(entry(&name).filter(|_| name != MAIN), "discovery"),
        ];
        let field = |name: &str| homes.iter().rev().find_map(|home| get(*home, name));
        let models: Vec<Value> = get(own, "models")
            .map(Node::elements)
            .unwrap_or_default()
            .iter()
            .map(|model| with_whole_limits(model.to_json()))
            .collect();
        let replace = at(root, &["models", "mode"]).and_then(Node::text) == Some("replace");
        let region = text(own, "region").or_else(|| base_url.as_ref()?.region.clone());
        Self {
            region: region.or_else(|| field("region")?.text().map(str::to_owned)),
            profile: text(own, "profile").map(|profile| profile.trim().to_owned()),
            endpoint: base_url.as_ref().and_then(|host| host.endpoint.clone()),
            discovery_endpoint: text(own, "discoveryBaseUrl").map(|url| without_slash(&url)),
            fips: base_url.is_some_and(|host| host.fips),
            headers: get(own, "headers")
                .map(Node::members)
                .unwrap_or_default()
                .iter()
                .filter_map(|member| Some((member.name.clone(), member.value.text()?.to_owned())))
                .collect(),
            discovery: Discovery::read(field),
            guardrail: [get(entry(&name), "guardrail"), get(entry(MAIN), "guardrail")]
                .into_iter()
                .flatten()
                .next()
                .and_then(|guardrail| guardrail.to_json().as_object().cloned()),
            isolation: [whole_entry(&name), whole_entry(MAIN)]
                .into_iter()
                .find_map(|entry| entry?.get("isolation")?.text())
                .map_or(Isolation::Stream, |word| match word {
                    "plugin" => Isolation::Plugin,
                    _ => Isolation::Stream,
                }),
            mode: if replace && !models.is_empty() { Mode::Replace } else { Mode::Merge },
            models,
            attempts: get(own, "attempts").and_then(Node::number).map(whole),
            failover: get(own, "failover")
                .map(Node::elements)
                .unwrap_or_default()
                .iter()
                .filter_map(Node::text)
                .map(str::to_owned)
                .collect(),
            adaptive_rate: get(own, "adaptiveRate").and_then(Node::switch).unwrap_or_default(),
            name,
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("endpoint", &self.endpoint)
            .field("discovery_endpoint", &self.discovery_endpoint)
            .field("fips", &self.fips)
            .field("headers", &headers)
            .field("discovery", &self.discovery)
            .field("guardrail", &self.guardrail)
            .field("isolation", &self.isolation)
            .field("mode", &self.mode)
            .field("models", &self.models)
            .field("attempts", &self.attempts)
            .field("failover", &self.failover)
            .field("adaptive_rate", &self.adaptive_rate)
            .finish()
    }
}

impl Discovery {
    fn read<'a>(field: impl Fn(&str) -> Option<&'a Node>) -> Self {
        let default = Self::default();
        let limit = |name: &str, default: u32| {
            field(name).and_then(Node::number).filter(|limit| *limit >= 1.0).map_or(default, whole)
        };
        let mut provider_filter: Vec<String> = field("providerFilter")
            .map(Node::elements)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
            .map(|name| name.trim().to_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        provider_filter.sort_unstable();
        provider_filter.dedup();
        Self {
            enabled: field("enabled").and_then(Node::switch),
            provider_filter,
            refresh_seconds: field("refreshInterval")
                .and_then(Node::number)
                .map_or(default.refresh_seconds, |seconds| u64::from(whole(seconds))),
            default_context_window: limit("defaultContextWindow", default.default_context_window),
            default_max_tokens: limit("defaultMaxTokens", default.default_max_tokens),
        }
    }
}

/// Rounded down, at least 0; what is no number is 0 too. Nothing is beyond the largest.
fn whole(number: f64) -> u32 {
    number as u32
}

/// A model whose limits are whole numbers.
fn with_whole_limits(mut model: Value) -> Value {
    for name in ["contextWindow", "maxTokens"] {
        if let Some(limit) = model.get_mut(name)
            && let Some(number) = limit.as_f64()
        {
            *limit = whole(number).into();
        }
    }
    model
}

fn providers(root: &Node) -> Vec<Provider> {
    let configured = at(root, &["models", "providers"]).map(Node::members).unwrap_or_default();
    let is_main = |name: &str| keys::normal_name(name) == MAIN;
    let main = configured.iter().find(|member| is_main(&member.name)).map(|member| &member.value);
    let others = configured.iter().filter(|member| !is_main(&member.name));
    let others =
        others.map(|member| Provider::read(keys::normal_name(&member.name), Some(&member.value), root));
    [Provider::read(MAIN.to_owned(), main, root)].into_iter().chain(others).collect()
}

/// What a `baseUrl` means.
struct Host {
    region: Option<String>,
    endpoint: Option<String>,
    fips: bool,
}

impl Host {
    /// A standard host names a region; any other is the endpoint.
    fn of(url: &str) -> Self {
        let url = without_slash(url.trim());
        let lower = url.to_lowercase();
        let standard = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"))
            .and_then(|host| host.strip_prefix("bedrock-runtime"))
            .and_then(|host| {
                host.strip_suffix(".amazonaws.com.cn").or_else(|| host.strip_suffix(".amazonaws.com"))
            })
            .and_then(|host| {
                let (kind, region) = host.split_once('.')?;
                let is_region = !region.is_empty()
                    && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                (["", "-fips"].contains(&kind) && is_region).then_some((region.to_owned(), kind == "-fips"))
            });
        match standard {
            Some((region, fips)) => Self { region: Some(region), endpoint: None, fips },
            None => Self { region: None, endpoint: Some(url), fips: false },
        }
    }
}

fn without_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn at<'a>(root: &'a Node, names: &[&str]) -> Option<&'a Node> {
    names.iter().try_fold(root, |node, name| node.get(name))
}

fn get<'a>(node: Option<&'a Node>, name: &str) -> Option<&'a Node> {
    node?.get(name)
}

fn text(node: Option<&Node>, name: &str) -> Option<String> {
    get(node, name)?.text().map(str::to_owned)
}
