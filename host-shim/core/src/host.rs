//! The host: loads plugins, routes model ids to them, starts streams.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use etcetera::BaseStrategy as _;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::bridge::Bridge;
use crate::bridge::clients::Access;
use crate::limits::{self, Limits};
use crate::request::{Effort, Timeouts};
use crate::shim::memory::Memory;
use crate::shim::plugin::Plugin;
use crate::shim::{self, Places, Surroundings};
use crate::stream::{EventStream, Patience};
use crate::{Error, ErrorClass, LeftOut, Model, Request, Result};

/// The component that is built along with this crate.
static BUNDLED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/amazon_bedrock.wasm"));

/// The bytes of the plugin that is built in: a component, fit for [`inspect`](crate::inspect).
pub fn bundled_plugin() -> &'static [u8] {
    BUNDLED
}

/// What the bundled plugin is called in messages.
const BUNDLED_NAME: &str = "amazon-bedrock";

/// Names the cache folder where the builder does not.
const CACHE_VARIABLE: &str = "OUTCROP_CACHE_DIR";

/// How model ids of the plugin begin. The first is how they are listed.
const PREFIXES: &[&str] = &["amazon-bedrock", "bedrock", "aws-bedrock"];

/// Loads the sandboxed plugin and routes requests to it.
///
/// Cheap to clone; all clones share connections, credentials, caches and limits.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

struct Shared {
    plugin: Arc<Plugin>,
    timeouts: Timeouts,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

/// Models on offer, and what kept others from the list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Models {
    /// Best first, each id once.
    pub models: Vec<Model>,
    /// What is not on offer, and why.
    pub left_out: Vec<LeftOut>,
    /// What could not be listed, and why: a missing permission, for one.
    pub problems: Vec<Error>,
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

    /// Lists the models of the AWS account. Asks AWS where no fresh listing is cached.
    ///
    /// # Errors
    ///
    /// Where nothing at all could be listed.
    pub async fn models(&self) -> Result<Models> {
        let plugin = &self.shared.plugin;
        let listing = plugin.surroundings().bridge.fresh_listing().await;
        let problems: Vec<Error> = listing.failures.iter().map(Error::from).collect();
        let prefix = format!("{}/", PREFIXES[0]);
        let listed = plugin.list_models();
        match listed {
            Ok(offer) if offer.models.is_empty() && !problems.is_empty() => Err(problems[0].clone()),
            Ok(offer) => Ok(Models {
                models: offer.models.into_iter().map(|model| shim::model(model, &prefix)).collect(),
                left_out: offer.left_out.into_iter().map(|model| shim::left_out(model, &prefix)).collect(),
                problems,
            }),
            // The plugin was told the same failure; here it is known what was asked for.
            Err(error) if error.class != ErrorClass::Internal && !problems.is_empty() => {
                Err(problems[0].clone())
            }
            Err(error) => Err(error),
        }
    }

    /// All that is known of a model, and where each fact comes from: a JSON object in the plugin's words.
    /// Uses what is cached, and asks nobody.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`] where the id has no known prefix, [`ErrorClass::Unsupported`] where
    /// the plugin does not explain models, [`ErrorClass::Internal`] where it failed.
    pub fn explain_model(&self, model: &str) -> Result<Value> {
        let (_, id) = route(model)?;
        let explained = self.shared.plugin.explain_model(id)?.ok_or_else(|| {
            Error::new(ErrorClass::Unsupported, "this plugin does not explain what it knows of models")
        })?;
        serde_json::from_str(&explained).map_err(|error| {
            Error::new(ErrorClass::Internal, format!("the plugin's explanation is no JSON: {error}"))
        })
    }

    pub(crate) fn bridge(&self) -> &Bridge {
        &self.shared.plugin.surroundings().bridge
    }

    /// Starts an answer. Never fails: what goes wrong is the stream's one [`Event::Error`](crate::Event::Error).
    pub fn stream(&self, request: Request) -> EventStream {
        self.try_stream(request).unwrap_or_else(EventStream::failed)
    }

    /// Streams that are running now.
    pub fn streams(&self) -> usize {
        self.shared.plugin.streams()
    }

    fn try_stream(&self, request: Request) -> Result<EventStream> {
        let (prefix, model_id) = route(&request.model)?;
        if request.messages.is_empty() {
            return Err(Error::new(ErrorClass::InvalidRequest, "/messages: there is no message to answer"));
        }
        let permit = self.shared.plugin.admit()?;
        let answer = Answer::new(request.model.clone(), Places::of(&request));
        let patience = patience(&request, self.shared.timeouts);
        let (model_id, prefix) = (model_id.to_owned(), prefix.to_owned());
        let (lowered, brought, media) = shim::request(request, &model_id, &prefix);
        let mut instance = self.shared.plugin.instance()?;
        let response =
            instance.start_stream(&lowered, brought, media).map_err(|error| answer.explain(error))?;
        Ok(EventStream::live(instance, response, answer, patience, permit))
    }
}

/// Cuts the routing prefix off a model id: the prefix with its slash, and the rest.
pub(crate) fn route(model: &str) -> Result<(&str, &str)> {
    let known = model.split_once('/').filter(|(prefix, id)| {
        PREFIXES.iter().any(|known| known.eq_ignore_ascii_case(prefix.trim())) && !id.is_empty()
    });
    match known {
        Some((prefix, id)) => Ok((&model[..=prefix.len()], id.trim())),
        None => {
            let prefixes: Vec<String> = PREFIXES.iter().map(|prefix| format!("{prefix}/")).collect();
            Err(Error::new(
                ErrorClass::InvalidRequest,
                format!("/model: {model:?} does not begin with a known prefix"),
            )
            .with_remedy(format!("begin it with one of {}", prefixes.join(", "))))
        }
    }
}

fn patience(request: &Request, host: Timeouts) -> Patience {
    let reasons = request.effort.is_some_and(|effort| effort != Effort::Off);
    let first_content =
        if reasons { limits::FIRST_CONTENT_TIME_REASONING } else { limits::FIRST_CONTENT_TIME };
    let own = request.timeouts;
    Patience {
        first_content: own.first_content.or(host.first_content).unwrap_or(first_content),
        silence: own.silence.or(host.silence).unwrap_or(limits::SILENCE_TIME),
        total: own.total.or(host.total),
    }
}

/// Settings of a [`Host`].
#[derive(Clone, Debug)]
#[must_use = "nothing happens until `build`"]
pub struct HostBuilder {
    plugin_file: Option<PathBuf>,
    settings: Value,
    access: Access,
    imposed: Map<String, Value>,
    timeouts: Timeouts,
    limits: Limits,
    attempts: u32,
    cache_folder: Option<PathBuf>,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            plugin_file: None,
            settings: Value::Object(Map::new()),
            access: Access { connect_timeout: limits::CONNECT_TIME, ..Access::default() },
            imposed: Map::new(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            attempts: limits::ATTEMPTS,
            cache_folder: None,
        }
    }
}

impl HostBuilder {
    /// A component to load in place of the one that is built in.
    pub fn plugin_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.plugin_file = Some(path.into());
        self
    }

    /// The plugin's own settings.
    pub fn settings(mut self, settings: Value) -> Self {
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
        self.access.endpoint = Some(url.into());
        self
    }

    /// A guardrail that every request must carry: `guardrailIdentifier`, `guardrailVersion`, and
    /// what else `guardrailConfig` has. No plugin can leave it out.
    pub fn guardrail(mut self, guardrail: Value) -> Self {
        self.imposed.insert("guardrailConfig".to_owned(), guardrail);
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

    /// What the plugin may use up.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How often a request is tried before its first content, the first time included: 3 without it.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Where compiled code is kept, in place of `OUTCROP_CACHE_DIR` or `outcrop` in the user's cache folder.
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// Loads the plugin. Compiles it where no compiled form is cached, which takes a good part of
    /// a second: call it at start-up, and not on a thread that must stay free.
    ///
    /// # Errors
    ///
    /// Where the plugin cannot be read, does not fit the contract or does not start.
    pub fn build(mut self) -> Result<Host> {
        let (name, bytes) = match &self.plugin_file {
            None => (BUNDLED_NAME.to_owned(), std::borrow::Cow::Borrowed(BUNDLED)),
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|error| {
                    Error::new(
                        ErrorClass::InvalidRequest,
                        format!("the plugin {} cannot be read: {error}", path.display()),
                    )
                })?;
                (path.display().to_string(), bytes.into())
            }
        };
        self.access.cache_folder = cache_folder(self.cache_folder);
        let compiled = self.access.cache_folder.as_deref().and_then(compiled_folder);
        let surroundings = Surroundings {
            bridge: Bridge::new(self.access, self.imposed, self.attempts),
            memory: Memory::default(),
            limits: self.limits,
        };
        let plugin =
            Plugin::load(&name, &bytes, self.settings.to_string(), surroundings, compiled.as_deref())?;
        Ok(Host { shared: Arc::new(Shared { plugin: Arc::new(plugin), timeouts: self.timeouts }) })
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

/// The folder for compiled code, which no other user may write to: what lies in it will run.
fn compiled_folder(cache: &Path) -> Option<PathBuf> {
    let folder = cache.join("compiled");
    make_private(&folder)
        .inspect_err(|error| tracing::warn!("no cache for compiled code at {}: {error}", folder.display()))
        .is_ok()
        .then_some(folder)
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_cut_in_one_place() {
        for (model, id) in [
            ("amazon-bedrock/amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0"),
            ("bedrock/us.a.b", "us.a.b"),
            ("AWS-Bedrock/x", "x"),
            (
                "amazon-bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b",
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b",
            ),
        ] {
            assert_eq!(route(model).expect("routes").1, id);
        }
    }

    #[test]
    fn other_ids_are_told_the_prefixes() {
        for model in ["", "gpt-4", "openai/gpt-4", "amazon-bedrock/", "arn:aws:bedrock:us-east-1:1:x/y"] {
            let error = route(model).expect_err("no route");
            assert!(error.to_string().contains("amazon-bedrock/, bedrock/, aws-bedrock/"), "{error}");
        }
    }
}
