//! The AWS clients: one of each kind a region, made once, kept for the life of the host.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_bedrockruntime::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use tokio::sync::OnceCell;

use super::call::Exchanges;
use super::credentials::Held;
use super::credentials::chain::Chain;
use super::credentials::ec2::Ec2;
use super::credentials::origin::{self, Origin};
use super::failure::{Failure, Stage};
use super::headers::Headers;
use super::template::Template;
use super::{identity, profiles, region, remedy};

/// The most that a request for credentials, or for whose they are, may take.
const STS_TIME: Duration = Duration::from_secs(10);

/// How to reach AWS, as configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// In place of what the environment says.
    pub(crate) region: Option<String>,
    /// A profile of the shared configuration files.
    pub(crate) profile: Option<String>,
    /// In place of whatever the environment holds. Its `Debug` shows no secret.
    pub(crate) key: Option<Credentials>,
    /// In place of the region's own endpoint, for answers alone.
    pub(crate) runtime_endpoint: Option<String>,
    /// In place of the region's own endpoint, for listings alone.
    pub(crate) control_endpoint: Option<String>,
    /// Whether the regions' endpoints are those for FIPS.
    pub(crate) fips: bool,
    /// For every request.
    pub(crate) headers: Headers,
    /// For a connection to be made.
    pub(crate) connect_timeout: Duration,
    /// Whether requests are paced after the service has throttled.
    pub(crate) adaptive_rate: bool,
    /// Where what was learnt about this machine is kept.
    pub(crate) cache_folder: Option<PathBuf>,
}

impl Access {
    /// The configured profile; blank is none.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref().map(str::trim).filter(|name| !name.is_empty())
    }
}

/// The AWS clients of a host.
#[derive(Debug)]
pub(crate) struct Clients {
    access: Access,
    ec2: Arc<Ec2>,
    shared: OnceCell<Shared>,
    runtime: Mutex<Vec<(String, Runtime)>>,
    control: Mutex<Vec<(String, aws_sdk_bedrock::Client)>>,
}

/// The client for answers of a region.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    pub(super) client: aws_sdk_bedrockruntime::Client,
    pub(super) template: Template,
}

/// What all clients have in common.
#[derive(Debug)]
struct Shared {
    config: SdkConfig,
    region: region::Found,
    /// None where the embedder gave a key.
    held: Option<Arc<Held>>,
}

impl Clients {
    pub(crate) fn new(access: Access) -> Self {
        let ec2 = Arc::new(Ec2::new("/", access.cache_folder.as_deref()));
        Self { access, ec2, shared: OnceCell::new(), runtime: Mutex::default(), control: Mutex::default() }
    }

    /// The region for ids that name none.
    pub(crate) async fn region(&self) -> String {
        self.shared().await.region.name.clone()
    }

    /// The same with what says so.
    pub(crate) async fn region_found(&self) -> &region::Found {
        &self.shared().await.region
    }

    /// A name for the credentials in use, without a network request; see [`identity`].
    pub(crate) async fn identity(&self) -> String {
        identity::key(&self.access, &Env::real(), &Fs::real()).await
    }

    /// Where the credentials come from, and what OpenClaw calls it. Asks nobody.
    pub(crate) async fn origin(&self) -> (Origin, String) {
        let env = Env::real();
        let origin = origin::find(&self.access, &self.ec2, &env, &Fs::real()).await;
        let label = origin.label(&self.access, &env);
        (origin, label)
    }

    /// Loads the credentials, if they are none of the embedder's own and no API key.
    pub(crate) async fn credentials(&self) -> Result<Option<Credentials>, Failure> {
        if self.access.key.is_none() && self.origin().await.0 == Origin::Bearer {
            return Ok(None);
        }
        match self.key().await {
            Ok(key) => Ok(Some(key)),
            Err(failure) => Err(self.explained(failure).await),
        }
    }

    /// What requests are signed with that are not the SDK's.
    pub(super) async fn key(&self) -> Result<Credentials, Failure> {
        match (&self.access.key, &self.shared().await.held) {
            (None, Some(held)) => held.credentials().await.map_err(|error| Failure::of_credentials(&error)),
            (Some(key), _) => Ok(key.clone()),
            (None, None) => Err(Failure::new(Stage::Credentials, "there are no credentials")),
        }
    }

    /// To be taken before a request, for [`renew`](Self::renew) after it.
    pub(crate) async fn mark(&self) -> u64 {
        self.shared().await.held.as_ref().map_or(0, |held| held.mark())
    }

    /// Whether a request that was begun at this mark failed for its credentials, and there are others now.
    pub(crate) async fn renew(&self, mark: u64, failure: &Failure) -> bool {
        match &self.shared().await.held {
            Some(held) if failure.is_of_stale_credentials() => {
                self.origin().await.0 != Origin::Bearer && held.renew(mark).await
            }
            _ => false,
        }
    }

    /// Sends a request; and once more where it failed for this machine's clock, or for credentials and there
    /// are others. The failure says what a person can do.
    pub(crate) async fn renewing<T, F>(&self, request: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mark = self.mark().await;
        let answer = match request().await {
            // The SDK has learned the service's clock from the refusal.
            Err(failure) if failure.tells_of_clock() => request().await,
            Err(failure) if self.renew(mark, &failure).await => request().await,
            answer => answer,
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self.explained(failure).await),
        }
    }

    /// A failure with what a person can do about it, where that can be told from here.
    pub(crate) async fn explained(&self, mut failure: Failure) -> Failure {
        if failure.remedy.is_none() {
            failure.remedy = remedy::of(&failure, self).await;
        }
        failure
    }

    /// The endpoints that were configured, if any were: for answers, and for listings. Without the user that
    /// they may name.
    pub(crate) fn endpoint(&self) -> Option<String> {
        let endpoints = [&self.access.runtime_endpoint, &self.access.control_endpoint];
        let mut endpoints: Vec<String> =
            endpoints.into_iter().flatten().map(|url| without_user(url)).collect();
        endpoints.dedup();
        (!endpoints.is_empty()).then(|| endpoints.join(" or "))
    }

    /// Where listings are asked for, as configured, without a network request; empty for the region's own
    /// endpoint.
    pub(crate) async fn control_endpoint(&self) -> String {
        if let Some(endpoint) = &self.access.control_endpoint {
            return endpoint.clone();
        }
        let shared = &self.shared().await.config;
        let mut said: Vec<String> = ServiceConfigKey::builder()
            .service_id("Bedrock")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()
            .and_then(|key| shared.service_config()?.load_config(key))
            .or_else(|| shared.endpoint_url().map(str::to_owned))
            .into_iter()
            .collect();
        for (word, holds) in [("fips", shared.use_fips()), ("dual-stack", shared.use_dual_stack())] {
            if holds == Some(true) {
                said.push(word.to_owned());
            }
        }
        said.join(" ")
    }

    /// The client for answers, in this region or in the default one.
    pub(super) async fn runtime(&self, region: Option<&str>) -> Runtime {
        let shared = &self.shared().await.config;
        client_of(&self.runtime, shared, region, |region| {
            let template = Template::default();
            // A pace is kept by the SDK.
            let exchanges = Exchanges::new((!self.access.adaptive_rate).then(|| template.clone()));
            let mut config =
                aws_sdk_bedrockruntime::config::Builder::from(shared).region(region).interceptor(exchanges);
            if !self.access.headers.is_empty() {
                config = config.interceptor(self.access.headers.clone());
            }
            if let Some(endpoint) = &self.access.runtime_endpoint {
                config = config.endpoint_url(endpoint);
            }
            if self.access.adaptive_rate {
                // Of this account's own: the SDK's would be the whole process's.
                config = config.retry_partition(RetryPartition::custom("outcrop").build());
            }
            Runtime { client: aws_sdk_bedrockruntime::Client::from_conf(config.build()), template }
        })
    }

    /// The client for listings, in this region or in the default one.
    pub(crate) async fn control(&self, region: Option<&str>) -> aws_sdk_bedrock::Client {
        let shared = &self.shared().await.config;
        client_of(&self.control, shared, region, |region| {
            let mut config = aws_sdk_bedrock::config::Builder::from(shared)
                .region(region)
                .interceptor(Exchanges::new(None));
            if !self.access.headers.is_empty() {
                config = config.interceptor(self.access.headers.clone());
            }
            if let Some(endpoint) = &self.access.control_endpoint {
                config = config.endpoint_url(endpoint);
            }
            aws_sdk_bedrock::Client::from_conf(config.build())
        })
    }

    /// The client that tells whose credentials these are. It never goes to an endpoint meant for Bedrock.
    pub(crate) async fn sts(&self) -> aws_sdk_sts::Client {
        let limits = TimeoutConfig::builder()
            .connect_timeout(self.access.connect_timeout.min(STS_TIME))
            .operation_timeout(STS_TIME)
            .build();
        let shared = &self.shared().await.config;
        let config = aws_sdk_sts::config::Builder::from(shared).timeout_config(limits);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    async fn shared(&self) -> &Shared {
        self.shared.get_or_init(|| self.load()).await
    }

    async fn load(&self) -> Shared {
        let (loaded, region) = self.settings().await;
        let (provider, held) = match &self.access.key {
            Some(key) => (SharedCredentialsProvider::new(key.clone()), None),
            None => {
                let held = Arc::new(Held::new(self.chain(&loaded, &region.name)));
                let provider: Arc<dyn ProvideCredentials> = held.clone();
                (SharedCredentialsProvider::new(provider), Some(held))
            }
        };
        let settings = NotBlank(loaded.clone());
        let config = loaded.into_builder().credentials_provider(provider).service_config(settings).build();
        Shared { config, region, held }
    }

    /// Everything but the credentials.
    pub(super) async fn settings(&self) -> (SdkConfig, region::Found) {
        let Access { key, connect_timeout, .. } = &self.access;
        let env = Env::real();
        let region = region::resolve(&self.access, &env, &Fs::real()).await;
        let profile = profiles::asked_for(self.access.profile(), &env);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.name.clone()))
            .profile_name(profile.unwrap_or_else(|| "default".to_owned()))
            .profile_files(profiles::files(&env))
            .no_credentials()
            .identity_cache(IdentityCache::no_cache())
            // Retries, and every time limit but the connection's, have one owner: the call. What is left to the
            // SDK is when the one attempt that it makes is sent.
            .retry_config(match self.access.adaptive_rate {
                true => RetryConfig::adaptive().with_max_attempts(1),
                false => RetryConfig::disabled(),
            })
            .timeout_config(TimeoutConfig::builder().connect_timeout(*connect_timeout).build())
            // Its verdict is wrong for models that think in silence.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if key.is_some() || self.access.profile().is_some() {
            // Over a bearer token in the environment too.
            loader = loader.auth_scheme_preference([AuthSchemeId::from("sigv4")]);
        }
        if self.access.fips {
            loader = loader.use_fips(true);
        }
        (loader.load().await, region)
    }

    /// The chain that loads credentials, with the endpoints that the configuration asks for.
    pub(super) fn chain(&self, loaded: &SdkConfig, region: &str) -> Chain {
        let (fips, dual_stack) = (loaded.use_fips(), loaded.use_dual_stack());
        let limits = TimeoutConfig::builder()
            .connect_timeout(self.access.connect_timeout.min(STS_TIME))
            .operation_timeout(STS_TIME)
            .build();
        let region = Region::new(region.to_owned());
        let config = move || {
            ProviderConfig::without_region()
                .with_region(Some(region.clone()))
                .with_use_fips(fips)
                .with_use_dual_stack(dual_stack)
                .with_behavior_version(Some(BehaviorVersion::latest()))
                .with_retry_config(RetryConfig::standard())
                .with_timeout_config(limits.clone())
        };
        Chain {
            profile: self.access.profile().map(str::to_owned),
            config: Box::new(config),
            ec2: self.ec2.clone(),
        }
    }
}

/// Settings of single services, such as their endpoints and API keys, of which blank ones count as unset.
#[derive(Debug)]
struct NotBlank(SdkConfig);

impl LoadServiceConfig for NotBlank {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = self.0.service_config()?.load_config(key)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }
}

/// A URL without its `user:password@`.
fn without_user(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// The region's client, made where there is none yet.
fn client_of<C: Clone>(
    clients: &Mutex<Vec<(String, C)>>,
    shared: &SdkConfig,
    region: Option<&str>,
    make: impl FnOnce(Region) -> C,
) -> C {
    let region = region.or_else(|| shared.region().map(AsRef::as_ref)).unwrap_or_default();
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, client)) = clients.iter().find(|(known, _)| known == region) {
        return client.clone();
    }
    let client = make(Region::new(region.to_owned()));
    clients.push((region.to_owned(), client.clone()));
    client
}
