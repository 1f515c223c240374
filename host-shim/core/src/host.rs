//! The host: loads plugins, routes model ids to them, starts streams.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use etcetera::BaseStrategy as _;
use outcrop_config::{Config, Provider};
use serde_json::{Map, Value};

use crate::admission::{Entry, Place};
use crate::answer::Answer;
use crate::bridge::clients::Access;
use crate::bridge::headers::Headers;
use crate::bridge::{Bridge, Discovery};
use crate::failover::{Failover, Fallback, Target};
use crate::instances::{Bedrock, Instance, Instances, Route};
use crate::limits::{self, Limits};
use crate::loading::{Loaded, Loader, Wishes};
use crate::observe::{Observer, Observers, Watch};
use crate::plugins::Plugin;
use crate::private_folder;
use crate::request::{Effort, Timeouts};
use crate::shim::plugin as sandboxed;
use crate::shim::work::Work;
use crate::shim::{self, Places};
use crate::stream::{EventStream, Patience, State};
use crate::{Error, ErrorClass, Isolation, Request, Result};

/// The component that is built along with this crate.
pub(crate) static BUNDLED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/amazon_bedrock.wasm"));

/// The bytes of the plugin that is built in: a component, fit for [`inspect`](crate::inspect).
pub fn bundled_plugin() -> &'static [u8] {
    BUNDLED
}

/// Names the cache folder where the builder does not.
const CACHE_VARIABLE: &str = "OUTCROP_CACHE_DIR";

/// The member of a Converse body that holds the guardrail.
const GUARDRAIL: &str = "guardrailConfig";

/// Loads the sandboxed plugin and routes requests to it.
///
/// Cheap to clone; all clones share connections, credentials, caches and limits.
#[derive(Clone)]
pub struct Host {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) instances: Instances,
    pub(crate) config: Config,
    timeouts: Timeouts,
    pub(crate) wishes: Wishes,
    pub(crate) loader: Loader,
    observers: Observers,
    /// Of every request that names none; over those of its instance.
    fallbacks: Option<Vec<Fallback>>,
    /// `agents.defaults.model.fallbacks`, without those of other providers.
    fallback_models: Vec<String>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

impl Host {
    /// A host with everything at its default.
    ///
    /// # Errors
    ///
    /// As [`HostBuilder::build`].
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// A host with settings.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    pub(crate) fn instances(&self) -> &[Instance] {
        &self.shared.instances.all
    }

    /// Which instance a model belongs to.
    pub(crate) fn route<'a>(&'a self, model: &'a str) -> Result<Route<'a>> {
        self.shared.instances.route(model)
    }

    /// The bridge of `amazon-bedrock`.
    pub(crate) fn main_bridge(&self) -> &Bridge {
        &self.shared.instances.main
    }

    /// The bridge of the instance that a model belongs to, and the model's id there; without a model the bridge
    /// of `amazon-bedrock`. A plugin beside Bedrock has none.
    pub(crate) fn bridge_of<'a>(&'a self, model: Option<&'a str>) -> Result<(&'a Bridge, Option<&'a str>)> {
        let instances = &self.shared.instances;
        Ok(match model {
            None => (self.main_bridge(), None),
            Some(model) => {
                let Route { instance, model_id, .. } = instances.route(model)?;
                let bridge = instance.bridge().ok_or_else(|| {
                    Error::new(
                        ErrorClass::Unsupported,
                        format!(
                            "/model: {} is a plugin beside Bedrock, of which AWS knows nothing",
                            instance.name
                        ),
                    )
                })?;
                (bridge, Some(model_id))
            }
        })
    }

    /// Starts an answer. Never fails: what goes wrong is the stream's one [`Event::Error`](crate::Event::Error).
    pub fn stream(&self, request: Request) -> EventStream {
        let watch = self.shared.observers.watch(self.model_of(&request), &request);
        let stream = {
            let _in_span = watch.as_ref().map(|watch| watch.span().enter());
            match self.failover(&request, watch.clone()) {
                Ok(failover) => EventStream::new(self.begin(request, None, watch.clone()), failover),
                Err(error) => EventStream::new(State::failed(error), None),
            }
        };
        stream.watched_by(watch)
    }

    /// Streams that are running now.
    pub fn streams(&self) -> usize {
        self.instances().iter().map(Instance::streams).sum()
    }

    /// Instances of plugins that live now: those of running streams, and a few that stand ready.
    pub fn plugin_instances(&self) -> usize {
        self.instances().iter().filter_map(|instance| Some(instance.plugin().ok()?.instances())).sum()
    }

    /// The configured default model, `agents.defaults.model`: what a request asks whose `model` is empty.
    pub fn default_model(&self) -> Option<&str> {
        self.shared.config.default_model.as_deref()
    }

    /// The configured `agents.defaults.model.fallbacks`: what to ask in turn where the default model cannot answer.
    pub fn fallback_models(&self) -> &[String] {
        &self.shared.config.fallback_models
    }

    /// Where else to ask for a request, if anywhere.
    fn failover(&self, request: &Request, watch: Option<Watch>) -> Result<Option<Failover>> {
        let own: Vec<Fallback>;
        let shared = &self.shared;
        let listed = match &request.fallbacks {
            Some(entries) => {
                own = parse_fallbacks(&shared.instances, entries).map_err(|(index, problem)| {
                    Error::new(ErrorClass::InvalidRequest, format!("/fallbacks/{index}: {problem}"))
                })?;
                Some(&own)
            }
            None => shared.fallbacks.as_ref(),
        };
        if listed.is_some_and(Vec::is_empty) || (listed.is_none() && !shared.instances.has_failover()) {
            return Ok(None);
        }
        let model = self.model_of(request);
        // What is wrong with the model itself is told by whoever begins the stream.
        let Ok(route) = shared.instances.route(model) else { return Ok(None) };
        let asked = Target::model(model);
        let fallbacks = listed.unwrap_or(&route.instance.fallbacks);
        let targets = Target::list(&asked, route.prefix, fallbacks, &shared.fallback_models);
        if targets.is_empty() {
            return Ok(None);
        }
        let total = request.timeouts.total.or(shared.timeouts.total);
        Ok(Some(Failover::new(self.clone(), request.clone(), total, asked, targets, watch)))
    }

    /// The model that a request asks: its own, or the default one.
    fn model_of<'a>(&'a self, request: &'a Request) -> &'a str {
        if request.model.is_empty() { self.default_model().unwrap_or_default() } else { &request.model }
    }

    /// Begins an answer of this very model, in this region or in its provider's own.
    pub(crate) fn begin(&self, request: Request, region: Option<String>, watch: Option<Watch>) -> State {
        let begun = self.prepare(request).and_then(|mut prepared| {
            prepared.work.brought.region = region;
            prepared.work.watched_by(watch);
            match prepared.plugin.admit()? {
                Entry::Place(place) => prepared.start(place),
                Entry::Wait(wait) => {
                    let limit = prepared.plugin.surroundings().limits.queue_time;
                    Ok(State::queued(wait, prepared, limit))
                }
            }
        });
        begun.unwrap_or_else(State::failed)
    }

    /// Routes a request, adds what is configured for its model, and takes it apart.
    pub(crate) fn prepare(&self, mut request: Request) -> Result<Prepared> {
        let model = self.model_of(&request).to_owned();
        request.model.clear();
        let Route { instance, prefix, model_id } = self.shared.instances.route(&model)?;
        if request.messages.is_empty() {
            return Err(Error::new(ErrorClass::InvalidRequest, "/messages: there is no message to answer"));
        }
        let plugin = instance.plugin()?;
        let params = instance
            .bedrock
            .as_ref()
            .map(|bedrock| self.shared.config.params_of(&bedrock.provider, model_id));
        let params = params.unwrap_or_default();
        for (key, word) in
            [("service-tier", params.service_tier), ("cache-retention", params.cache_retention)]
        {
            if let Some(word) = word {
                request.extensions.entry(key).or_insert(word.into());
            }
        }
        let places = Places::of(&request);
        let patience = patience(&request, self.shared.timeouts, plugin.surroundings().timeouts);
        let (request, mut work) = shim::request(request, model_id, prefix);
        work.brought.patience = Some(patience.total.unwrap_or(Duration::MAX).min(patience.first_content));
        Ok(Prepared { plugin, request, work, places, patience, model })
    }
}

/// A request in the contract's form, and what does not cross with it.
pub(crate) struct Prepared {
    pub(crate) plugin: Arc<sandboxed::Plugin>,
    pub(crate) request: shim::contract::types::Request,
    pub(crate) work: Work,
    pub(crate) places: Places,
    pub(crate) patience: Patience,
    /// With its prefix.
    pub(crate) model: String,
}

impl Prepared {
    /// Starts the stream, which has a place now.
    pub(crate) fn start(self, place: Place) -> Result<State> {
        let permit = self.plugin.permit(place)?;
        let limit = self.plugin.surroundings().limits.answer_bytes;
        let answer = Answer::new(self.plugin.name().clone(), limit, self.model, self.places);
        let mut seat = self.plugin.seat(self.work)?;
        seat.start_stream(&self.request).map_err(|error| answer.explain(error))?;
        Ok(State::live(seat, answer, self.patience, permit))
    }
}

/// Reads fallbacks, of which each must be one of these instances'; or tells which is wrong, and why.
fn parse_fallbacks(instances: &Instances, entries: &[String]) -> Result<Vec<Fallback>, (usize, String)> {
    let read = |(index, entry): (usize, &String)| {
        let fallback = Fallback::parse(entry).map_err(|problem| (index, problem))?;
        if let Fallback::Model(model) = &fallback {
            instances.route(model).map_err(|error| (index, error.to_string()))?;
        }
        Ok(fallback)
    };
    entries.iter().enumerate().map(read).collect()
}

fn patience(request: &Request, host: Timeouts, plugin: Timeouts) -> Patience {
    let reasons = request.effort.is_some_and(|effort| effort != Effort::Off);
    let first_content =
        if reasons { limits::FIRST_CONTENT_TIME_REASONING } else { limits::FIRST_CONTENT_TIME };
    let own = request.timeouts;
    Patience {
        first_content: own
            .first_content
            .or(host.first_content)
            .or(plugin.first_content)
            .unwrap_or(first_content),
        silence: own.silence.or(host.silence).or(plugin.silence).unwrap_or(limits::SILENCE_TIME),
        total: own.total.or(host.total).or(plugin.total),
    }
}

/// Settings of a [`Host`].
#[derive(Clone, Debug)]
#[must_use = "nothing happens until `build`"]
pub struct HostBuilder {
    config: Config,
    config_file: Option<PathBuf>,
    wishes: Wishes,
    settings: Map<String, Value>,
    access: Access,
    imposed: Map<String, Value>,
    timeouts: Timeouts,
    observers: Observers,
    attempts: Option<u32>,
    adaptive_rate: Option<bool>,
    fallbacks: Option<Vec<String>>,
    cache_folder: Option<PathBuf>,
    refresh_interval: Option<Duration>,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            config_file: None,
            wishes: Wishes::default(),
            settings: Map::new(),
            access: Access { connect_timeout: limits::CONNECT_TIME, ..Access::default() },
            imposed: Map::new(),
            timeouts: Timeouts::default(),
            observers: Observers::default(),
            attempts: None,
            adaptive_rate: None,
            fallbacks: None,
            cache_folder: None,
            refresh_interval: None,
        }
    }
}

impl HostBuilder {
    /// What a configuration file says: instances of Bedrock with their regions, profiles and endpoints, discovery,
    /// guardrail, models, defaults. What is set here in Rust wins over it, for every instance.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The same from a file, which [`build`](Self::build) reads. [`config::find`](crate::config::find) tells which
    /// one the command line would take.
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config_file = Some(path.into());
        self
    }

    /// A component to load in place of the one that is built in. It needs no pin: whoever names it here chooses it at
    /// this very moment, as the program itself was chosen. For one that is pinned there is [`plugin`](Self::plugin).
    pub fn plugin_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.wishes.file = Some(path.into());
        self
    }

    /// A plugin beside the bundled one, or in its place; over a configured one of the same name. One beside it that
    /// cannot be loaded does not keep the host from starting: its models answer with the reason, and
    /// [`Host::plugins`] tells it.
    pub fn plugin(mut self, plugin: Plugin) -> Self {
        self.wishes.plugins.push(plugin);
        self
    }

    /// The plugin's own settings. Members replace those that a configuration gives.
    pub fn settings(mut self, settings: Map<String, Value>) -> Self {
        self.settings = settings;
        self
    }

    /// The AWS region, in place of what `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile say.
    /// A model's ARN names its own.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.access.region = Some(region.into());
        self
    }

    /// A profile of the shared AWS configuration, in place of `AWS_PROFILE`.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.access.profile = Some(profile.into());
        self
    }

    /// An access key, in place of every other source of credentials: for hosts that keep the keys of
    /// several tenants. The session token goes with temporary keys.
    pub fn access_key(
        mut self,
        id: impl Into<String>,
        secret: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        let key = Credentials::new(id, secret, session_token, None, "outcrop::HostBuilder::access_key");
        self.access.key = Some(key);
        self
    }

    /// A URL in place of Bedrock's own endpoints. The environment's
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and `AWS_ENDPOINT_URL_BEDROCK` set them apart.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.access.runtime_endpoint = Some(url.clone());
        self.access.control_endpoint = Some(url);
        self
    }

    /// A guardrail that every request must carry: `guardrailIdentifier`, `guardrailVersion`, and
    /// what else `guardrailConfig` has. No plugin can leave it out.
    pub fn guardrail(mut self, guardrail: Value) -> Self {
        self.imposed.insert(GUARDRAIL.to_owned(), guardrail);
        self
    }

    /// Metadata that every request must carry, for the invocation log.
    pub fn request_metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.imposed.insert("requestMetadata".to_owned(), Value::Object(metadata));
        self
    }

    /// How long to wait for what, where a request does not say. Without them: 60 s for the first
    /// content (300 s where the model is asked to think), 60 s of silence, no limit for the whole.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How long a connection may take to be made: 10 s without it.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.access.connect_timeout = time;
        self
    }

    /// What each plugin may use up. A limit that differs from its default wins over a configured one.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.wishes.limits = limits;
        self
    }

    /// Which streams share an instance of a Bedrock provider's plugin: none of them without it, if no configuration says otherwise.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.wishes.isolation = Some(isolation);
        self
    }

    /// Who is told what happens to the streams: [`Metrics`](crate::Metrics), or something of your own.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.observer = Some(observer);
        self
    }

    /// Whether the spans of streams hold what was asked and answered (`gen_ai.input.messages`,
    /// `gen_ai.system_instructions`, `gen_ai.output.messages`; no bytes of media): off without it. Everybody who can
    /// read the traces can read the conversations then.
    pub fn record_content(mut self, on: bool) -> Self {
        self.observers.content = on;
        self
    }

    /// How often a request is tried before its first content, the first time included: 3 without it.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Whether requests are held back after the service has throttled, so that as many go out as it takes; off
    /// without it. The time that a request is held back counts towards its first content.
    pub fn adaptive_rate(mut self, on: bool) -> Self {
        self.adaptive_rate = Some(on);
        self
    }

    /// Where else to ask, in order, for requests that do not say: as [`Request::fallbacks`]. Nowhere without it.
    pub fn fallbacks(mut self, fallbacks: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fallbacks = Some(fallbacks.into_iter().map(Into::into).collect());
        self
    }

    /// How long a listing of models is fresh: an hour, if no configuration says otherwise. Zero asks AWS for
    /// every listing, and keeps none, in memory or on disk.
    pub fn refresh_interval(mut self, time: Duration) -> Self {
        self.refresh_interval = Some(time);
        self
    }

    /// Where compiled code and listings of models are kept, in place of `OUTCROP_CACHE_DIR` or `outcrop` in the user's cache folder.
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// Loads the plugin. Compiles it where no compiled form is cached, which takes a good part of
    /// a second: call it at start-up, and not on a thread that must stay free.
    ///
    /// # Errors
    ///
    /// Where the configuration or the plugin cannot be read, or is wrong, or the plugin does not start.
    pub fn build(mut self) -> Result<Host> {
        if let Some(path) = &self.config_file {
            self.config = outcrop_config::load(path, &|name| std::env::var(name).ok())
                .map_err(|error| Error::new(ErrorClass::InvalidRequest, error.to_string()))?;
        }
        self.access.cache_folder = cache_folder(self.cache_folder.take());
        let loader =
            Loader::new(self.kept("compiled"), self.kept("quarantine"), self.observers.observer.clone());
        let (config, wishes) = (&self.config, &self.wishes);
        let mut all: Vec<Instance> = Vec::with_capacity(config.providers.len());
        let mut loaded: Vec<Loaded> = Vec::new();
        for provider in &config.providers {
            let terms = wishes.of_provider(&provider.name, config);
            let bridge = Arc::new(self.bridge(provider, terms.connect_time));
            let (settings, streams) = (self.settings_of(provider), Arc::default());
            let bedrock = Bedrock { provider: provider.clone(), bridge, settings };
            let now = loader.load(terms, bedrock.place(&streams), &loaded)?;
            loaded.push(now.clone());
            all.push(Instance::new(provider.name.clone(), Some(bedrock), streams, now));
        }
        let main = match all.first().and_then(|instance| instance.bedrock.as_ref()) {
            Some(bedrock) => bedrock.bridge.clone(),
            None => return Err(Error::new(ErrorClass::Internal, "the configuration has no provider")),
        };
        let mut instances = Instances { all, main };
        for terms in wishes.others(config) {
            let streams = Arc::default();
            let now = instances
                .place_beside(&terms, &streams)
                .and_then(|place| loader.load(terms.clone(), place, &[]));
            let now = now.unwrap_or_else(|error| {
                tracing::error!("{error}");
                Loaded::refused(terms.clone(), error)
            });
            instances.all.push(Instance::new(terms.name, None, streams, now));
        }
        let wrong = |whose: String| {
            move |(index, problem)| {
                Error::new(ErrorClass::InvalidRequest, format!("{whose}[{index}]: {problem}"))
            }
        };
        for index in 0..instances.all.len() {
            let Some(Bedrock { provider, .. }) = &instances.all[index].bedrock else { continue };
            let whose = format!("the configured failover of {}", provider.name);
            let fallbacks = parse_fallbacks(&instances, &provider.failover).map_err(wrong(whose))?;
            instances.all[index].fallbacks = fallbacks;
        }
        let fallbacks = self.fallbacks.as_deref().map(|entries| parse_fallbacks(&instances, entries));
        let fallbacks = fallbacks.transpose().map_err(wrong("fallbacks".to_owned()))?;
        let Self { config, timeouts, wishes, observers, .. } = self;
        let mut fallback_models = config.fallback_models.clone();
        fallback_models.retain(|model| instances.route(model).is_ok());
        let shared =
            Shared { instances, config, timeouts, wishes, loader, observers, fallbacks, fallback_models };
        Ok(Host { shared: Arc::new(shared) })
    }

    /// What a provider's plugin can reach. What was set in Rust comes before what is configured.
    fn bridge(&self, provider: &Provider, connect_time: Option<Duration>) -> Bridge {
        let mut access = self.access.clone();
        if access.connect_timeout == limits::CONNECT_TIME {
            access.connect_timeout = connect_time.unwrap_or(limits::CONNECT_TIME);
        }
        access.region = access.region.or_else(|| provider.region.clone());
        access.profile = access.profile.or_else(|| provider.profile.clone());
        access.runtime_endpoint = access.runtime_endpoint.or_else(|| provider.endpoint.clone());
        access.control_endpoint = access.control_endpoint.or_else(|| provider.discovery_endpoint.clone());
        access.fips = provider.fips;
        access.headers = Headers::new(&provider.headers);
        access.adaptive_rate = self.adaptive_rate.unwrap_or(provider.adaptive_rate);
        let mut imposed = self.imposed.clone();
        if let Some(guardrail) = &provider.guardrail {
            imposed.entry(GUARDRAIL).or_insert_with(|| guardrail.clone().into());
        }
        let attempts = self.attempts.or(provider.attempts).unwrap_or(limits::ATTEMPTS);
        Bridge::new(access, imposed, attempts, self.discovery(provider))
    }

    fn discovery(&self, provider: &Provider) -> Discovery {
        let configured = &provider.discovery;
        Discovery {
            is_on: configured.enabled != Some(false),
            fresh: self.refresh_interval.unwrap_or(Duration::from_secs(configured.refresh_seconds)),
            folder: self.kept("models"),
        }
    }

    /// A folder of what is cached. No other user may write to it: compiled code will run, a listing is believed.
    fn kept(&self, name: &str) -> Option<PathBuf> {
        let folder = self.access.cache_folder.as_deref()?.join(name);
        private_folder::make(&folder)
            .inspect_err(|error| tracing::warn!("nothing is cached at {}: {error}", folder.display()))
            .is_ok()
            .then_some(folder)
    }

    /// The settings of the instance's plugin, as JSON.
    fn settings_of(&self, provider: &Provider) -> String {
        let mut settings = provider.settings();
        for (name, value) in &self.settings {
            settings[name] = value.clone();
        }
        settings.to_string()
    }
}

/// The folder for what can be made again.
fn cache_folder(asked: Option<PathBuf>) -> Option<PathBuf> {
    let folder = match asked.or_else(|| std::env::var_os(CACHE_VARIABLE).map(PathBuf::from)) {
        Some(folder) => folder,
        None => etcetera::choose_base_strategy().ok()?.cache_dir().join("outcrop"),
    };
    std::path::absolute(folder).ok()
}
