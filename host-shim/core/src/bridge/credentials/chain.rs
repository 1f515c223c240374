//! The SDK's chain of credential providers, made anew for each load so that files are read again.

use std::sync::Arc;

use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{ecs::EcsCredentialsProvider, environment::EnvironmentVariableCredentialsProvider};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_types::os_shim_internal::{Env, Fs};

use super::ec2::{self, Ec2};
use crate::bridge::profiles::{self, is_blank, variable};

/// What the sessions of roles assumed by a web identity are called where nothing names them.
const SESSION_NAME: &str = "outcrop";

/// Everything that a chain is made of.
pub(crate) struct Chain {
    /// The configured profile. Ambient keys do not come before it.
    pub(crate) profile: Option<String>,
    /// Region, endpoints and HTTP of the services that give credentials. Made anew each time: it keeps what
    /// it once read out of a file.
    pub(crate) config: Box<dyn Fn() -> ProviderConfig + Send + Sync>,
    pub(crate) ec2: Arc<Ec2>,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Chain {
    /// Asks each provider in the SDK's order: environment, profile, web identity, container, instance. A
    /// blank variable is no setting to any of them.
    pub(crate) async fn load(&self) -> provider::Result {
        let env = Env::real();
        let config = (self.config)();
        let profile = self.profile_provider(&env, &config).await?;
        let mut chain = match &self.profile {
            Some(_) => CredentialsProviderChain::first_try("Profile", profile),
            None => CredentialsProviderChain::first_try(
                "Environment",
                EnvironmentVariableCredentialsProvider::new(),
            )
            .or_else("Profile", profile),
        };
        if let Some(web_identity) = web_identity(&env, &config) {
            chain = chain.or_else("WebIdentityToken", web_identity);
        }
        if has_container(&env)? {
            let container = EcsCredentialsProvider::builder().configure(&config).build();
            chain = chain.or_else("EcsContainer", container);
        }
        let provider = ec2::provider(&env, &config);
        let instance = Instance { ec2: self.ec2.clone(), env, provider };
        chain.or_else("Ec2InstanceMetadata", instance).provide_credentials().await
    }

    async fn profile_provider(
        &self,
        env: &Env,
        config: &ProviderConfig,
    ) -> Result<ProfileFileCredentialsProvider, CredentialsError> {
        // A typing error must not end in the role of the machine. Nobody mistypes the default.
        if let Some(name) = self.profile.as_ref().filter(|name| *name != "default")
            && let Ok(profiles) = profiles::load(Some(name.clone()), env, &Fs::real()).await
            && profiles.get_profile(name).is_none()
        {
            return Err(CredentialsError::invalid_configuration(format!(
                "there is no profile {name} in the shared configuration files"
            )));
        }
        let name = profiles::asked_for(self.profile.as_deref(), env);
        Ok(ProfileFileCredentialsProvider::builder()
            .configure(config)
            .profile_files(profiles::files(env))
            .profile_name(name.unwrap_or_else(|| "default".to_owned()))
            .with_custom_provider("Ec2InstanceMetadata", ec2::provider(env, config))
            .build())
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// A role for whoever has the token in a file.
fn web_identity(env: &Env, config: &ProviderConfig) -> Option<WebIdentityTokenCredentialsProvider> {
    let role = StaticConfiguration {
        web_identity_token_file: variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE")?.into(),
        role_arn: variable(env, "AWS_ROLE_ARN")?,
        session_name: variable(env, "AWS_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION_NAME.to_owned()),
    };
    Some(WebIdentityTokenCredentialsProvider::builder().static_configuration(role).configure(config).build())
}

/// Whether there is a container's role. The SDK reads these variables by itself, and would take a blank one
/// for a value.
fn has_container(env: &Env) -> Result<bool, CredentialsError> {
    const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    let has_full = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some();
    let has_any = has_full || variable(env, RELATIVE).is_some();
    match [RELATIVE, TOKEN_FILE].into_iter().find(|name| has_any && is_blank(env, name)) {
        Some(name) => Err(CredentialsError::invalid_configuration(format!(
            "{name} is blank, and no credentials of the container can be had so: unset it"
        ))),
        None => Ok(has_any),
    }
}

/// The instance's role as the last of the chain.
#[derive(Debug)]
struct Instance {
    ec2: Arc<Ec2>,
    env: Env,
    provider: ImdsCredentialsProvider,
}

impl ProvideCredentials for Instance {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ec2.credentials(&self.env, &self.provider))
    }
}
