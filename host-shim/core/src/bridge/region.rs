//! Which region to ask, and what says so.

use aws_types::os_shim_internal::{Env, Fs};

use super::clients::Access;
use super::profiles::{self, variable};

/// Where nothing names a region.
const LAST_RESORT: &str = "us-east-1";

/// A region, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) name: String,
    /// For a person: `env: AWS_REGION`.
    pub(crate) origin: String,
}

/// The region for everything that is no ARN: the configured one, `AWS_REGION`, `AWS_DEFAULT_REGION`,
/// the one of the profile in use, `us-east-1`.
///
/// The SDK's own chain would go on to ask the instance metadata service, which costs seconds
/// on machines that have none.
pub(crate) async fn resolve(access: &Access, env: &Env, fs: &Fs) -> Found {
    let found = |name: &str, origin: String| Found { name: name.to_owned(), origin };
    if let Some(region) = access.region.as_deref().map(str::trim).filter(|region| !region.is_empty()) {
        return found(region, "configuration".to_owned());
    }
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = variable(env, name) {
            return found(&region, format!("env: {name}"));
        }
    }
    // Without keys in the environment the credentials come from a profile, if from any file.
    let asked_for = profiles::asked_for(access.profile(), env);
    let has_keys = access.key.is_some()
        || ["AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"].iter().any(|name| variable(env, name).is_some());
    if (asked_for.is_some() || !has_keys)
        && let Ok(profiles) = profiles::load(asked_for, env, fs).await
        // One of an assumed role may leave the region to the profile that it starts from.
        && let Some(region) = profiles::chain(&profiles).iter().find_map(|profile| profile.get("region"))
    {
        return found(region.trim(), format!("profile: {}", profiles.selected_profile()));
    }
    found(LAST_RESORT, "default".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_place_comes_before_the_next() {
        let config = "[default]\nregion = eu-west-1\n[profile a]\nrole_arn = r\nsource_profile = b\n\
            [profile b]\nregion = eu-west-3\n";
        let fs = Fs::from_raw_map([("/home/.aws/config".into(), config.as_bytes().to_vec())].into());
        let mut variables = vec![("HOME", "/home")];
        let mut access = Access::default();
        let resolve = async |access: &Access, variables: &[(&str, &str)]| {
            let Found { name, origin } = super::resolve(access, &Env::from_slice(variables), &fs).await;
            format!("{name} {origin}")
        };
        assert_eq!(resolve(&access, &[]).await, "us-east-1 default");
        assert_eq!(resolve(&access, &variables).await, "eu-west-1 profile: default");
        variables.push(("AWS_BEARER_TOKEN_BEDROCK", "b"));
        assert_eq!(resolve(&access, &variables).await, "us-east-1 default", "no profile is in use");
        variables.push(("AWS_PROFILE", "a"));
        assert_eq!(resolve(&access, &variables).await, "eu-west-3 profile: a");
        variables.push(("AWS_DEFAULT_REGION", "eu-north-1"));
        assert_eq!(resolve(&access, &variables).await, "eu-north-1 env: AWS_DEFAULT_REGION");
        variables.push(("AWS_REGION", " "));
        assert_eq!(
            resolve(&access, &variables).await,
            "eu-north-1 env: AWS_DEFAULT_REGION",
            "blank is unset"
        );
        variables.push(("AWS_REGION", "eu-south-1"));
        assert_eq!(resolve(&access, &variables).await, "eu-south-1 env: AWS_REGION");
        access.region = Some("eu-central-1".to_owned());
        assert_eq!(resolve(&access, &variables).await, "eu-central-1 configuration");
    }
}
