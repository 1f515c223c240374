//! The AWS clients: one of each kind a region, made once, kept for the life of the host.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_types::os_shim_internal::{Env, Fs};
use tokio::sync::OnceCell;

use super::call::Exchanges;
use super::{identity, region};

/// How to reach AWS, as configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// In place of what the environment says.
    pub(crate) region: Option<String>,
    /// A profile of the shared configuration files.
    pub(crate) profile: Option<String>,
    /// In place of whatever the environment holds. Its `Debug` shows no secret.
    pub(crate) key: Option<Credentials>,
    /// In place of the region's own endpoint, for both services.
    pub(crate) endpoint: Option<String>,
    /// For a connection to be made.
    pub(crate) connect_timeout: Duration,
}

/// The AWS clients of a host.
#[derive(Debug)]
pub(crate) struct Clients {
    access: Access,
    /// The credential chain, the region and the connection pool that all clients share.
    shared: OnceCell<SdkConfig>,
    runtime: Mutex<Vec<(String, aws_sdk_bedrockruntime::Client)>>,
    control: Mutex<Vec<(String, aws_sdk_bedrock::Client)>>,
}

impl Clients {
    pub(crate) fn new(access: Access) -> Self {
        Self { access, shared: OnceCell::new(), runtime: Mutex::default(), control: Mutex::default() }
    }

    /// The region for ids that name none.
    pub(crate) async fn region(&self) -> String {
        self.shared().await.region().map_or_else(String::new, ToString::to_string)
    }

    /// A name for the credentials in use, without a network request; see [`identity`].
    #[allow(dead_code, reason = "the discovery cache is keyed by it")]
    pub(crate) async fn identity(&self) -> String {
        identity::key(&self.access, &Env::real(), &Fs::real()).await
    }

    /// The client for answers, in this region or in the default one.
    pub(crate) async fn runtime(&self, region: Option<&str>) -> aws_sdk_bedrockruntime::Client {
        let shared = self.shared().await;
        client_of(&self.runtime, shared, region, |region| {
            let config =
                aws_sdk_bedrockruntime::config::Builder::from(shared).region(region).interceptor(Exchanges);
            aws_sdk_bedrockruntime::Client::from_conf(config.build())
        })
    }

    /// The client for listings, in this region or in the default one.
    pub(crate) async fn control(&self, region: Option<&str>) -> aws_sdk_bedrock::Client {
        let shared = self.shared().await;
        client_of(&self.control, shared, region, |region| {
            let config = aws_sdk_bedrock::config::Builder::from(shared).region(region).interceptor(Exchanges);
            aws_sdk_bedrock::Client::from_conf(config.build())
        })
    }

    async fn shared(&self) -> &SdkConfig {
        self.shared
            .get_or_init(async || {
                let Access { region, profile, key, endpoint, connect_timeout } = &self.access;
                let region = region::resolve(region.as_deref(), profile.as_deref()).await;
                let mut loader = aws_config::defaults(BehaviorVersion::latest())
                    .region(Region::new(region))
                    // Retries, and every time limit but the connection's, have one owner: the call.
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(TimeoutConfig::builder().connect_timeout(*connect_timeout).build())
                    // Its verdict is wrong for models that think in silence.
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
                if let Some(profile) = profile {
                    loader = loader.profile_name(profile);
                }
                if let Some(key) = key {
                    // Over a bearer token in the environment too.
                    loader = loader
                        .credentials_provider(SharedCredentialsProvider::new(key.clone()))
                        .auth_scheme_preference([AuthSchemeId::from("sigv4")]);
                }
                if let Some(endpoint) = endpoint {
                    loader = loader.endpoint_url(endpoint);
                }
                loader.load().await
            })
            .await
    }
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
