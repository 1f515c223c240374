//! Whose credentials are in use, and where they come from.

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Serialize, Serializer};

use crate::bridge::Bridge;
use crate::bridge::probe;
use crate::{Error, Host};

/// Whose credentials are in use, where they come from, and which region is asked. Holds no secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Account {
    /// The source by the name that OpenClaw gives it: `env: AWS_BEARER_TOKEN_BEDROCK`,
    /// `env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY`, `env: AWS_PROFILE` or `aws-sdk default chain`; beyond
    /// those `profile: NAME` where one is configured, and `access key of the host`.
    pub source: String,
    /// What that source holds: an access key, single sign-on, a role, and so on. None where it holds nothing.
    pub found: Option<String>,
    /// The number of the AWS account, where the Security Token Service answered.
    pub account: Option<String>,
    /// The ARN of the user or of the role's session, where the Security Token Service answered.
    pub arn: Option<String>,
    /// When the credentials expire, if they do. They are replaced before, where that is possible.
    #[serde(serialize_with = "as_date")]
    pub expires: Option<SystemTime>,
    /// The region for model ids that name none.
    pub region: String,
    /// What says so: `configuration`, a variable, a profile, or `default`.
    pub region_source: String,
    /// Why no credentials could be had, or why they are not believed.
    pub problem: Option<Error>,
    /// Why there is no account and no ARN, though the credentials may well be good.
    pub unidentified: Option<Error>,
    /// Whether there are credentials, believed or not.
    #[serde(skip)]
    pub(crate) loaded: bool,
}

impl Host {
    /// Whose credentials `amazon-bedrock` uses, where they come from, and which region is asked. Asks the Security
    /// Token Service where it can.
    pub async fn account(&self) -> Account {
        Account::of(self.main_bridge()).await
    }
}

impl Account {
    pub(crate) async fn of(bridge: &Bridge) -> Self {
        let clients = bridge.clients();
        let region = clients.region_found().await.clone();
        let (origin, source) = clients.origin().await;
        let mut account = Self {
            source,
            found: origin.found(),
            account: None,
            arn: None,
            expires: None,
            region: region.name,
            region_source: region.origin,
            problem: None,
            unidentified: None,
            loaded: true,
        };
        match clients.credentials().await {
            Err(failure) => {
                account.problem = Some(Error::from(&failure));
                account.loaded = false;
            }
            // An API key signs nothing, so nobody can be asked whose it is.
            Ok(None) => {}
            Ok(Some(credentials)) => {
                account.expires = credentials.expiry();
                match probe::identity(clients).await {
                    Ok(identity) => {
                        account.account = Some(identity.account);
                        account.arn = Some(identity.arn);
                    }
                    Err(failure) if failure.is_of_credentials() || failure.tells_of_clock() => {
                        account.problem = Some(Error::from(&failure));
                    }
                    Err(failure) => account.unidentified = Some(Error::from(&failure)),
                }
            }
        }
        account
    }
}

/// The time as in `2026-11-21T14:05:00Z`.
fn as_date<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.and_then(date).serialize(serializer)
}

/// A time as in `2026-11-21T14:05:00Z`.
pub(crate) fn date(time: SystemTime) -> Option<String> {
    let mut time = DateTime::from(time);
    time.set_subsec_nanos(0);
    time.fmt(Format::DateTime).ok()
}
