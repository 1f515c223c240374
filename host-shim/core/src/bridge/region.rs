//! Which region to ask, and whether a profile is in use.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;

/// Where nothing names a region.
const LAST_RESORT: &str = "us-east-1";

/// The region for everything that is no ARN: the configured one, `AWS_REGION`, `AWS_DEFAULT_REGION`,
/// the one of the profile in use, `us-east-1`.
///
/// The SDK's own chain would go on to ask the instance metadata service, which costs seconds
/// on machines that have none.
pub(crate) async fn resolve(configured: Option<&str>, profile: Option<&str>) -> String {
    if let Some(region) = configured.filter(|region| !region.trim().is_empty()) {
        return region.trim().to_owned();
    }
    if let Some(region) = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")) {
        return region;
    }
    // Without keys in the environment the credentials come from a profile, if from any file.
    let profile_in_use = profile.is_some()
        || variable("AWS_PROFILE").is_some()
        || (variable("AWS_ACCESS_KEY_ID").is_none() && variable("AWS_BEARER_TOKEN_BEDROCK").is_none());
    if profile_in_use {
        let mut provider = ProfileFileRegionProvider::builder();
        if let Some(profile) = profile {
            provider = provider.profile_name(profile);
        }
        if let Some(region) = provider.build().region().await {
            return region.to_string();
        }
    }
    LAST_RESORT.to_owned()
}

/// An environment variable; blank counts as unset.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
