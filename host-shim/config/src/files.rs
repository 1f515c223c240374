//! Where the configuration file is.

use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::{Config, Document, Environment, Error};

/// Names the file where the command line does not.
const VARIABLE: &str = "OUTCROP_CONFIG";
/// Name OpenClaw's own file, and the folder that it lies in.
const OPENCLAW_FILE_VARIABLE: &str = "OPENCLAW_CONFIG_PATH";
const OPENCLAW_FOLDER_VARIABLE: &str = "OPENCLAW_STATE_DIR";
const OPENCLAW_FILE: &str = "openclaw.json";

/// A configuration file, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// Why it is this one.
    pub source: Source,
}

/// What names a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Whoever asked.
    Asked,
    /// `OUTCROP_CONFIG`.
    Variable,
    /// It lies in the user's configuration folder.
    Folder,
    /// It is OpenClaw's.
    OpenClaw,
}

/// The file to read: the one that is asked for, the one that `OUTCROP_CONFIG` names, `outcrop/config.json5` in the
/// user's configuration folder, OpenClaw's own. The first two need not exist, which is an error for whoever reads
/// them; of the last two the first that exists.
pub fn find(asked: Option<&Path>, environment: Environment<'_>) -> Option<Found> {
    if let Some(path) = asked {
        return Some(Found { path: path.to_owned(), source: Source::Asked });
    }
    if let Some(path) = set(VARIABLE, environment) {
        return Some(Found { path, source: Source::Variable });
    }
    let own = default_file(environment).map(|path| Found { path, source: Source::Folder });
    let openclaw = openclaw_file(environment).map(|path| Found { path, source: Source::OpenClaw });
    own.into_iter().chain(openclaw).find(|found| may_exist(&found.path))
}

/// What may not be looked at is told when it is read. Users of services have homes such as /dev/null.
fn may_exist(path: &Path) -> bool {
    path.try_exists().unwrap_or_else(|error| error.kind() != io::ErrorKind::NotADirectory)
}

/// The file to make where there is none: `outcrop/config.json5` in the user's configuration folder.
pub fn default_file(environment: Environment<'_>) -> Option<PathBuf> {
    let folder = match set("XDG_CONFIG_HOME", environment).filter(|folder| folder.is_absolute()) {
        Some(folder) => folder,
        None => match set("HOME", environment) {
            Some(home) => home.join(".config"),
            None => etcetera::choose_base_strategy().ok()?.config_dir(),
        },
    };
    Some(folder.join("outcrop").join("config.json5"))
}

fn openclaw_file(environment: Environment<'_>) -> Option<PathBuf> {
    if let Some(path) = set(OPENCLAW_FILE_VARIABLE, environment) {
        return Some(path);
    }
    let folder = match set(OPENCLAW_FOLDER_VARIABLE, environment) {
        Some(folder) => folder,
        None => match set("HOME", environment) {
            Some(home) => home.join(".openclaw"),
            None => etcetera::home_dir().ok()?.join(".openclaw"),
        },
    };
    Some(folder.join(OPENCLAW_FILE))
}

/// A path in the environment; a blank one counts as unset, `~/` is the user's own folder.
fn set(name: &str, environment: Environment<'_>) -> Option<PathBuf> {
    let value = environment(name).filter(|value| !value.trim().is_empty())?;
    match (value.strip_prefix("~/"), environment("HOME")) {
        (Some(rest), Some(home)) => Some(Path::new(&home).join(rest)),
        _ => Some(value.into()),
    }
}

/// Reads and checks a file.
///
/// # Errors
/// Where it cannot be read or is wrong.
pub fn load(path: &Path, environment: Environment<'_>) -> Result<Config, Error> {
    Document::open(path)?.config_at(Some(path), environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        let write = |path: &Path| {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "{}").expect("written");
        };
        let found = |asked: Option<&Path>, set: &[(&str, PathBuf)]| {
            let environment = |name: &str| {
                let value = set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
                let value = value.or_else(|| (name == "HOME").then(|| home.path().to_owned()));
                value.map(|value| value.to_string_lossy().into_owned())
            };
            find(asked, &environment).map(|found| (found.path, found.source))
        };
        assert_eq!(found(None, &[]), None);
        assert_eq!(found(None, &[("HOME", "/dev/null".into())]), None);
        write(&at(".openclaw/openclaw.json"));
        assert_eq!(found(None, &[]), Some((at(".openclaw/openclaw.json"), Source::OpenClaw)));
        write(&at("state/openclaw.json"));
        let state = ("OPENCLAW_STATE_DIR", at("state"));
        assert_eq!(
            found(None, std::slice::from_ref(&state)),
            Some((at("state/openclaw.json"), Source::OpenClaw))
        );
        write(&at("other.json"));
        let file = ("OPENCLAW_CONFIG_PATH", at("other.json"));
        assert_eq!(found(None, &[state, file]), Some((at("other.json"), Source::OpenClaw)));
        write(&at(".config/outcrop/config.json5"));
        assert_eq!(found(None, &[]), Some((at(".config/outcrop/config.json5"), Source::Folder)));
        write(&at("xdg/outcrop/config.json5"));
        let xdg = ("XDG_CONFIG_HOME", at("xdg"));
        assert_eq!(
            found(None, std::slice::from_ref(&xdg)),
            Some((at("xdg/outcrop/config.json5"), Source::Folder))
        );
        let variable = ("OUTCROP_CONFIG", at("absent.json5"));
        assert_eq!(
            found(None, &[xdg.clone(), variable.clone()]),
            Some((at("absent.json5"), Source::Variable))
        );
        assert_eq!(found(Some(Path::new("x")), &[variable]), Some(("x".into(), Source::Asked)));
        let blank = ("OUTCROP_CONFIG", PathBuf::from("  "));
        assert_eq!(found(None, &[xdg, blank]), Some((at("xdg/outcrop/config.json5"), Source::Folder)));
    }
}
