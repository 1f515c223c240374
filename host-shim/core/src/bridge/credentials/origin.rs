//! What the credentials in use are called, and what to do when they are not believed.
//!
//! Told from the environment and the shared configuration files alone, by the rules of the SDK's chain.

use aws_config::profile::ProfileSet;
use aws_types::os_shim_internal::{Env, Fs};

use super::ec2::{Ec2, Sign};
use crate::bridge::clients::Access;
use crate::bridge::profiles::{self, variable};

/// Where credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The host that embeds this one gave a key.
    Given,
    /// A Bedrock API key in the environment.
    Bearer,
    /// An access key in the environment.
    Environment { temporary: bool },
    /// A profile of the shared configuration files.
    Profile { name: String, base: Base, assumes_role: bool },
    /// A token in a file, by variables.
    WebIdentity,
    /// The role of an ECS task or of an EKS pod.
    Container { eks: bool },
    /// The role of an EC2 instance.
    Instance,
    /// A profile that was asked for by name, and that no file has.
    NoSuchProfile { name: String },
    /// None of these.
    Nothing,
}

/// Where a profile's first credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Keys {
        temporary: bool,
    },
    Sso,
    Process,
    WebIdentity,
    Login,
    Environment,
    Container,
    Instance,
    /// The files do not say it in a way that can be used.
    Unclear,
}

/// What the credentials in use are, by the order of the chain.
pub(crate) async fn find(access: &Access, ec2: &Ec2, env: &Env, fs: &Fs) -> Origin {
    if access.key.is_some() {
        return Origin::Given;
    }
    let configured = access.profile();
    if configured.is_none() {
        if variable(env, "AWS_BEARER_TOKEN_BEDROCK").is_some() {
            return Origin::Bearer;
        }
        if variable(env, "AWS_ACCESS_KEY_ID").is_some() && secret(env).is_some() {
            return Origin::Environment { temporary: variable(env, "AWS_SESSION_TOKEN").is_some() };
        }
    }
    let asked_for = profiles::asked_for(configured, env);
    let name = asked_for.clone().unwrap_or_else(|| "default".to_owned());
    let mut is_missing = asked_for.as_deref().is_some_and(|name| name != "default");
    match profiles::load(asked_for, env, fs).await {
        Ok(profiles) => {
            if let Some((base, assumes_role)) = base(&profiles) {
                return Origin::Profile { name, base, assumes_role };
            }
            is_missing &= profiles.get_profile(&name).is_none();
            if configured.is_some() && is_missing {
                return Origin::NoSuchProfile { name };
            }
        }
        // The chain stops here.
        Err(_) => return Origin::Profile { name, base: Base::Unclear, assumes_role: false },
    }
    let role = variable(env, "AWS_ROLE_ARN");
    if variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE").is_some() && role.is_some() {
        return Origin::WebIdentity;
    }
    if variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some() {
        return Origin::Container { eks: false };
    }
    if variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some() {
        return Origin::Container { eks: variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").is_some() };
    }
    match ec2.sign(env) {
        Sign::Machine | Sign::Configured => Origin::Instance,
        Sign::Forbidden | Sign::None if is_missing => Origin::NoSuchProfile { name },
        Sign::Forbidden | Sign::None => Origin::Nothing,
    }
}

/// The SDK still takes the older name of this variable.
fn secret(env: &Env) -> Option<String> {
    variable(env, "AWS_SECRET_ACCESS_KEY").or_else(|| variable(env, "SECRET_ACCESS_KEY"))
}

/// Where the profile in use has its first credentials from, and whether a role is assumed with them. None where
/// it says nothing of credentials, so that the chain goes on.
fn base(profiles: &ProfileSet) -> Option<(Base, bool)> {
    let chain = profiles::chain(profiles);
    // Without a role a source profile means nothing, and the one that is named first counts.
    let assumes_role = |profile: &&_| has(profile, "role_arn") && !has(profile, "web_identity_token_file");
    let first = chain.first()?;
    if !assumes_role(first) {
        return base_of(first).map(|base| (base, false));
    }
    let unclear = Some((Base::Unclear, true));
    if has(first, "source_profile") == has(first, "credential_source") {
        return unclear;
    }
    for (place, profile) in chain.iter().enumerate() {
        // Past the first profile its own keys come before everything else that it says.
        if place > 0 && has(profile, "aws_access_key_id") && has(profile, "aws_secret_access_key") {
            return Some((Base::Keys { temporary: has(profile, "aws_session_token") }, true));
        }
        let is_last = !assumes_role(profile)
            || has(profile, "credential_source")
            || profile.get("source_profile") == Some(profile.name());
        if is_last {
            return base_of(profile).map_or(unclear, |base| Some((base, true)));
        }
    }
    // A profile that is not there, or a circle.
    unclear
}

fn has(profile: &aws_config::profile::Profile, name: &str) -> bool {
    profile.get(name).is_some()
}

fn base_of(profile: &aws_config::profile::Profile) -> Option<Base> {
    if let Some(source) = profile.get("credential_source") {
        return Some(match source.to_ascii_lowercase().as_str() {
            "environment" => Base::Environment,
            "ecscontainer" => Base::Container,
            "ec2instancemetadata" => Base::Instance,
            _ => Base::Unclear,
        });
    }
    let any = |names: &[&str]| names.iter().any(|name| has(profile, name));
    if any(&["web_identity_token_file"]) {
        Some(Base::WebIdentity)
    } else if any(&["sso_account_id", "sso_region", "sso_role_name", "sso_start_url", "sso_session"]) {
        Some(Base::Sso)
    } else if any(&["login_session"]) {
        Some(Base::Login)
    } else if any(&["credential_process"]) {
        Some(Base::Process)
    } else if any(&["aws_access_key_id", "aws_secret_access_key"]) {
        Some(Base::Keys { temporary: any(&["aws_session_token"]) })
    } else {
        None
    }
}

impl Origin {
    /// The source in OpenClaw's words.
    pub(crate) fn label(&self, access: &Access, env: &Env) -> String {
        match self {
            Self::Given => "access key of the host".to_owned(),
            Self::Bearer => "env: AWS_BEARER_TOKEN_BEDROCK".to_owned(),
            Self::Environment { .. } => "env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY".to_owned(),
            _ => match access.profile() {
                Some(profile) => format!("profile: {profile}"),
                None if variable(env, "AWS_PROFILE").is_some() => "env: AWS_PROFILE".to_owned(),
                None => "aws-sdk default chain".to_owned(),
            },
        }
    }

    /// What it is, in the SDK's terms; none where there is nothing.
    pub(crate) fn found(&self) -> Option<String> {
        let temporary = |temporary: bool| if temporary { "temporary access key" } else { "access key" };
        Some(match self {
            Self::Given => "access key".to_owned(),
            Self::Bearer => "Bedrock API key".to_owned(),
            Self::Environment { temporary: is } => temporary(*is).to_owned(),
            Self::Profile { name, base, assumes_role } => {
                let base = match base {
                    Base::Keys { temporary: is } => {
                        format!("{} in the shared configuration files", temporary(*is))
                    }
                    Base::Sso => "single sign-on (SSO)".to_owned(),
                    Base::Process => "credential_process".to_owned(),
                    Base::WebIdentity => "web identity token".to_owned(),
                    Base::Login => "console sign-in (login_session)".to_owned(),
                    Base::Environment => "access key in the environment".to_owned(),
                    Base::Container => "container role".to_owned(),
                    Base::Instance => "EC2 instance role".to_owned(),
                    Base::Unclear => "cannot be used as it is written".to_owned(),
                };
                let assumed = if *assumes_role { "assumed role, by " } else { "" };
                format!("{assumed}{base} (profile {name})")
            }
            Self::WebIdentity => "web identity token".to_owned(),
            Self::Container { eks: true } => "EKS pod identity".to_owned(),
            Self::Container { eks: false } => "ECS container role".to_owned(),
            Self::Instance => "EC2 instance role".to_owned(),
            Self::NoSuchProfile { .. } | Self::Nothing => return None,
        })
    }

    /// What a person can do when these credentials cannot be had, or are not believed.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Given => "give the host an access key that is valid, with its session token if it is temporary".into(),
            Self::Bearer => "AWS_BEARER_TOKEN_BEDROCK holds no key that is valid (it may have expired): make a new Bedrock API key, or unset the variable".into(),
            Self::Environment { temporary: true } => "get new temporary keys and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to them".into(),
            Self::Environment { temporary: false } => "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the key may be deleted, inactive or mistyped, or lack its AWS_SESSION_TOKEN".into(),
            Self::Profile { name, base, assumes_role } => of_profile(name, base, *assumes_role),
            Self::WebIdentity => "see that the file of AWS_WEB_IDENTITY_TOKEN_FILE holds a fresh token and that the role of AWS_ROLE_ARN trusts its issuer".into(),
            Self::Container { eks: true } => "see that the pod's service account has a pod identity association, and that its agent runs".into(),
            Self::Container { eks: false } => "see that the task has a task role (taskRoleArn)".into(),
            Self::Instance => "see that an IAM role is attached to the instance and that its metadata service is on (IMDSv2, hop limit 2 for containers)".into(),
            Self::NoSuchProfile { name } => format!("add [profile {name}] to ~/.aws/config (`aws configure --profile {name}`), or name another profile"),
            Self::Nothing => "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached (on EC2 that does not look like it set AWS_EC2_METADATA_DISABLED=false)".into(),
        }
    }
}

fn of_profile(name: &str, base: &Base, assumes_role: bool) -> String {
    let base = match base {
        Base::Sso => format!("run `aws sso login --profile {name}`"),
        Base::Login => format!(
            "console sign-in is not supported here: use `aws configure sso --profile {name}`, or export keys with `aws configure export-credentials --profile {name}`"
        ),
        Base::Keys { temporary: true } => {
            format!(
                "get new temporary keys for the profile {name} (aws_access_key_id, aws_secret_access_key, aws_session_token)"
            )
        }
        Base::Keys { temporary: false } => {
            format!(
                "check aws_access_key_id and aws_secret_access_key of the profile {name} (`aws configure --profile {name}`)"
            )
        }
        Base::Process => {
            format!("run the credential_process of the profile {name} by hand to see what it says")
        }
        Base::WebIdentity => {
            format!("see that the web_identity_token_file of the profile {name} holds a fresh token")
        }
        Base::Environment => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which the profile takes its credentials from"
                .to_owned()
        }
        Base::Container => {
            "see that the container has a role, which the profile takes its credentials from".to_owned()
        }
        Base::Instance => {
            "see that an IAM role is attached to the instance, which the profile takes its credentials from"
                .to_owned()
        }
        Base::Unclear => {
            return format!(
                "mend the profile {name} in ~/.aws/config (`aws configure list --profile {name}` shows how it is read)"
            );
        }
    };
    if assumes_role {
        format!("{base}; and see that the role_arn of the profile {name} may be assumed with that")
    } else {
        base
    }
}
