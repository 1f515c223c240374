//! Whose models a cached listing shows: a name for the credentials in use, made without asking anybody.

use aws_types::os_shim_internal::{Env, Fs};
use sha2::{Digest as _, Sha256};

use super::clients::Access;
use super::profiles::{self, variable};

/// What a profile says of where its credentials come from. Its secrets are not among them.
const SETTINGS: &[&str] = &[
    "aws_access_key_id",
    "aws_account_id",
    "credential_process",
    "credential_source",
    "external_id",
    "login_session",
    "role_arn",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_start_url",
    "web_identity_token_file",
];

/// What a session of single sign-on says of itself.
const SESSION_SETTINGS: &[&str] = &["sso_region", "sso_start_url"];

/// Variables that name a role, where no key and no profile does.
const ROLE_VARIABLES: &[&str] = &[
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// A digest of what the credentials are, 32 letters long: the same for as long as they are taken from the
/// same place, another for another account, role or key. No secret can be read out of it.
///
/// Reads the shared configuration files and nothing else; asks no service, so that a cached listing can be
/// shown without one.
pub(crate) async fn key(access: &Access, env: &Env, fs: &Fs) -> String {
    let mut facts = Facts::default();
    let configured = access.profile();
    if let Some(key) = &access.key {
        facts.add("access key", key.access_key_id());
    } else if let (None, Some(token)) = (configured, variable(env, "AWS_BEARER_TOKEN_BEDROCK")) {
        facts.add("bearer", &token);
    } else if let (None, Some(id), Some(_)) =
        (configured, variable(env, "AWS_ACCESS_KEY_ID"), variable(env, "AWS_SECRET_ACCESS_KEY"))
    {
        facts.add("access key", &id);
    } else {
        facts.add_profile(configured, env, fs).await;
        facts.add_variables(ROLE_VARIABLES, env);
    }
    facts.digest()
}

/// Names and values, told apart by their lengths.
#[derive(Default)]
struct Facts(Sha256);

impl Facts {
    fn add(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.update((text.len() as u64).to_be_bytes());
            self.0.update(text);
        }
    }

    fn add_variables(&mut self, names: &[&str], env: &Env) {
        for name in names {
            if let Some(value) = variable(env, name) {
                self.add(name, &value);
            }
        }
    }

    async fn add_profile(&mut self, configured: Option<&str>, env: &Env, fs: &Fs) {
        let name = profiles::asked_for(configured, env);
        self.add("profile", name.as_deref().unwrap_or("default"));
        // A file that cannot be read is for those to report who need credentials out of it.
        let Ok(profiles) = profiles::load(name, env, fs).await else { return };
        for profile in profiles::chain(&profiles) {
            self.add("profile", profile.name());
            for name in SETTINGS {
                if let Some(value) = profile.get(name) {
                    self.add(name, value);
                }
            }
            if let Some(session) = profile.get("sso_session").and_then(|name| profiles.sso_session(name)) {
                for name in SESSION_SETTINGS {
                    self.add(name, session.get(name).unwrap_or_default());
                }
            }
            match profile.get("credential_source") {
                Some("Environment") => self.add_variables(&["AWS_ACCESS_KEY_ID"], env),
                Some("EcsContainer") => self.add_variables(ROLE_VARIABLES, env),
                _ => {}
            }
        }
    }

    fn digest(self) -> String {
        self.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use aws_credential_types::Credentials;

    use super::*;

    async fn key_of(access: &Access, variables: &[(&str, &str)], config: &str) -> String {
        let mut all = vec![("HOME", "/home")];
        all.extend(variables);
        let fs = Fs::from_raw_map([("/home/.aws/config".into(), config.as_bytes().to_vec())].into());
        key(access, &Env::from_slice(&all), &fs).await
    }

    fn with_profile(name: &str) -> Access {
        Access { profile: Some(name.to_owned()), ..Access::default() }
    }

    fn with_key(id: &str, secret: &str) -> Access {
        Access { key: Some(Credentials::new(id, secret, None, None, "test")), ..Access::default() }
    }

    #[tokio::test]
    async fn other_credentials_are_another_identity() {
        let plain = Access::default();
        let sso = "[profile s]\nsso_session = x\nsso_account_id = 1\nsso_role_name = R\n\
            [sso-session x]\nsso_region = us-east-1\nsso_start_url = https://a\n";
        let role = "[default]\nrole_arn = arn:aws:iam::1:role/A\nsource_profile = b\n\
            [profile b]\naws_access_key_id = B\naws_secret_access_key = secret\n";
        let keys = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let all = [
            key_of(&plain, &[], "").await,
            key_of(&plain, &[("AWS_BEARER_TOKEN_BEDROCK", "t1")], "").await,
            key_of(&plain, &[("AWS_BEARER_TOKEN_BEDROCK", "t2")], "").await,
            key_of(&plain, &keys, "").await,
            key_of(&plain, &[("AWS_ACCESS_KEY_ID", "B"), keys[1]], "").await,
            key_of(&with_profile("s"), &keys, sso).await,
            key_of(&with_profile("s"), &keys, &sso.replace("https://a", "https://b")).await,
            key_of(&with_profile("s"), &keys, &sso.replace("id = 1", "id = 2")).await,
            key_of(&plain, &[], role).await,
            key_of(&plain, &[], &role.replace("= B", "= C")).await,
            key_of(&plain, &[], &role.replace("role/A", "role/B")).await,
            key_of(&plain, &[("AWS_ROLE_ARN", "arn:aws:iam::1:role/W")], "").await,
            key_of(&plain, &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")], "").await,
            key_of(&with_key("K", "s"), &keys, role).await,
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{all:#?}");
        assert!(all.iter().all(|key| key.len() == 32));
    }

    #[tokio::test]
    async fn what_changes_nothing_leaves_the_identity() {
        let plain = Access::default();
        let profile = "[default]\naws_access_key_id = A\naws_secret_access_key = one\n";
        let changed = "[default]\naws_access_key_id = A\naws_secret_access_key = two\n\
            region = eu-west-1\naws_session_token = t\n";
        assert_eq!(key_of(&plain, &[], profile).await, key_of(&plain, &[], changed).await);
        assert_eq!(
            key_of(&plain, &[], profile).await,
            key_of(&plain, &[("AWS_PROFILE", " "), ("AWS_BEARER_TOKEN_BEDROCK", "")], profile).await,
            "blank is unset"
        );
        assert_eq!(key_of(&with_key("A", "1"), &[], "").await, key_of(&with_key("A", "2"), &[], "x").await);
        let bearer = [("AWS_BEARER_TOKEN_BEDROCK", "t")];
        assert_eq!(
            key_of(&with_profile("p"), &[], "").await,
            key_of(&with_profile("p"), &bearer, "").await,
            "a configured profile comes first"
        );
    }
}
