//! What the credentials in use are called.
//!
//! Told from the environment and the shared configuration files alone, by the rules of the SDK's chain.

use aws_config::profile::{Profile, ProfileSet};
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
    /// A profile of the shared configuration files, and the one that it has its first credentials from: itself,
    /// unless it assumes a role.
    Profile { name: String, assumes_role: bool, base: Base, base_name: String },
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
            if let Some(found) = of_profiles(&profiles) {
                return found;
            }
            is_missing &= profiles.get_profile(&name).is_none();
            if configured.is_some() && is_missing {
                return Origin::NoSuchProfile { name };
            }
        }
        // The chain stops here.
        Err(_) => return unclear(&name, false),
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
fn of_profiles(profiles: &ProfileSet) -> Option<Origin> {
    let chain = profiles::chain(profiles);
    let first = chain.first()?;
    let of = |profile: &Profile, assumes_role, base| Origin::Profile {
        name: first.name().to_owned(),
        assumes_role,
        base,
        base_name: profile.name().to_owned(),
    };
    let assumes_role =
        |profile: &Profile| has(profile, "role_arn") && !has(profile, "web_identity_token_file");
    // Without a role a source profile means nothing.
    if !assumes_role(first) {
        return base_of(first).map(|base| of(first, false, base));
    }
    let unclear = Some(unclear(first.name(), true));
    if has(first, "source_profile") == has(first, "credential_source") {
        return unclear;
    }
    for (place, profile) in chain.iter().enumerate() {
        // Past the first profile its own keys come before everything else that it says.
        if place > 0 && has(profile, "aws_access_key_id") && has(profile, "aws_secret_access_key") {
            return Some(of(profile, true, Base::Keys { temporary: has(profile, "aws_session_token") }));
        }
        let is_last = !assumes_role(profile)
            || has(profile, "credential_source")
            || profile.get("source_profile") == Some(profile.name());
        if is_last {
            return base_of(profile).map_or(unclear, |base| Some(of(profile, true, base)));
        }
    }
    // A profile that is not there, or a circle.
    unclear
}

fn unclear(name: &str, assumes_role: bool) -> Origin {
    Origin::Profile { name: name.to_owned(), assumes_role, base: Base::Unclear, base_name: name.to_owned() }
}

fn has(profile: &Profile, name: &str) -> bool {
    profile.get(name).is_some()
}

fn base_of(profile: &Profile) -> Option<Base> {
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
            Self::Profile { name, assumes_role, base, .. } => {
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
}
