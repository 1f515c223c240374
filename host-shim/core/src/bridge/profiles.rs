//! The shared AWS configuration files, `~/.aws/config` and `~/.aws/credentials`, as the SDK reads them.

use std::path::PathBuf;

use aws_config::profile::{Profile, ProfileFileLoadError, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};

/// Where the files are when no variable says otherwise: kind, variable, place below the home folder.
const FILES: [(EnvConfigFileKind, &str, &str); 2] = [
    (EnvConfigFileKind::Config, "AWS_CONFIG_FILE", ".aws/config"),
    (EnvConfigFileKind::Credentials, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
];

/// The value of a variable; blank counts as unset.
pub(crate) fn variable(env: &Env, name: &str) -> Option<String> {
    env.get(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Whether a variable is there, and blank. The SDK would take it for a value.
pub(crate) fn is_blank(env: &Env, name: &str) -> bool {
    env.get(name).is_ok_and(|value| value.trim().is_empty())
}

/// The profile that is asked for by name: the configured one, or `AWS_PROFILE`.
pub(crate) fn asked_for(configured: Option<&str>, env: &Env) -> Option<String> {
    configured.map(str::to_owned).or_else(|| variable(env, "AWS_PROFILE"))
}

/// The files to read. The SDK's own search, but a blank variable does not hide a file.
pub(crate) fn files(env: &Env) -> EnvConfigFiles {
    let mut files = EnvConfigFiles::builder();
    for (kind, name, place) in FILES {
        files = if !is_blank(env, name) {
            match kind {
                EnvConfigFileKind::Credentials => files.include_default_credentials_file(true),
                _ => files.include_default_config_file(true),
            }
        } else {
            let home = variable(env, "HOME").or_else(|| variable(env, "USERPROFILE")).map(PathBuf::from);
            match home.map(|home| home.join(place)).filter(|file| file.is_file()) {
                Some(file) => files.with_file(kind, file),
                None => files.with_contents(kind, ""),
            }
        };
    }
    files.build()
}

/// Reads the files. Without a name the profile is `default`.
pub(crate) async fn load(
    name: Option<String>,
    env: &Env,
    fs: &Fs,
) -> Result<ProfileSet, ProfileFileLoadError> {
    let name = name.unwrap_or_else(|| "default".to_owned());
    aws_config::profile::load(fs, env, &files(env), Some(name.into())).await
}

/// The profile in use and those it takes its first credentials from, each once.
pub(crate) fn chain(profiles: &ProfileSet) -> Vec<&Profile> {
    let mut chain: Vec<&Profile> = Vec::new();
    let mut next = profiles.get_profile(profiles.selected_profile());
    while let Some(profile) = next.take() {
        if chain.iter().any(|known| known.name() == profile.name()) {
            break;
        }
        chain.push(profile);
        next = profile.get("source_profile").and_then(|name| profiles.get_profile(name));
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_unset() {
        let env = Env::from_slice(&[("A", " \t"), ("B", " b ")]);
        assert_eq!(variable(&env, "A"), None);
        assert_eq!(variable(&env, "B").as_deref(), Some("b"));
        assert!(is_blank(&env, "A") && !is_blank(&env, "B") && !is_blank(&env, "C"));
    }

    #[tokio::test]
    async fn a_blank_variable_does_not_hide_the_files() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".aws")).expect("a folder");
        std::fs::write(home.path().join(".aws/config"), "[profile p]\nregion = eu-west-1\n")
            .expect("written");
        let path = home.path().to_string_lossy();
        for blank in ["", "  "] {
            let env = Env::from_slice(&[
                ("HOME", &*path),
                ("AWS_CONFIG_FILE", blank),
                ("AWS_SHARED_CREDENTIALS_FILE", blank),
                ("AWS_PROFILE", blank),
            ]);
            assert_eq!(asked_for(None, &env), None);
            let profiles = load(asked_for(Some("p"), &env), &env, &Fs::real()).await.expect("read");
            assert_eq!(profiles.get("region"), Some("eu-west-1"));
        }
    }

    #[tokio::test]
    async fn a_chain_ends_also_where_it_is_a_circle() {
        let env = Env::from_slice(&[("HOME", "/home")]);
        let config = "[default]\nsource_profile = b\n[profile b]\nsource_profile = default\n";
        let fs = Fs::from_raw_map([("/home/.aws/config".into(), config.as_bytes().to_vec())].into());
        let profiles = load(None, &env, &fs).await.expect("read");
        let names: Vec<_> = chain(&profiles).iter().map(|profile| profile.name()).collect();
        assert_eq!(names, ["default", "b"]);
    }
}
