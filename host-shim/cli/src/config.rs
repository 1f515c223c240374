//! `outcrop config`, and the configuration of all other commands.

use std::path::Path;
use std::process::ExitCode;
use std::slice;

use outcrop::ErrorClass;
use outcrop::config::{self, Config, Document, Error, Found, KeyPath, Problem, Severity, Source};
use serde_json::{Value, json};

use crate::args::ConfigCommand;
use crate::failure::Failure;
use crate::output::Channel;
use crate::output::style::{DIM, RED, YELLOW};

/// What stands in place of a secret.
const STARS: &str = "***";

/// Ends of keys whose strings are secrets, in small letters.
const SECRETS: &[&str] = &[
    "api_key",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "passphrase",
    "password",
    "secret",
    "token",
    "webhookurl",
];

/// What ends like one of those and is none.
const PUBLIC: &str = "publickey";

/// The key whose members are secrets, whatever they are called.
const HEADERS: &str = "headers";

/// Reads the configuration that the arguments and the environment name; without any, the defaults.
pub(crate) fn load(asked: Option<&Path>) -> Result<Config, Failure> {
    let Some(found) = config::find(asked, &variable) else { return Ok(Config::default()) };
    let config = config::load(&found.path, &variable).map_err(failure)?;
    tracing::debug!("configuration: {}", found.path.display());
    for note in &config.notes {
        tracing::info!("{note}");
    }
    Ok(config)
}

/// Runs a command on the file that the arguments and the environment name.
pub(crate) fn run(command: &ConfigCommand, asked: Option<&Path>) -> Result<ExitCode, Failure> {
    let mut out = Channel::stdout();
    let found = || config::find(asked, &variable).ok_or_else(no_file);
    match command {
        ConfigCommand::Schema => out.line(&pretty(&config::schema())?)?,
        ConfigCommand::Path => {
            let Found { path, source, .. } = found()?;
            out.line(&path.display().to_string())?;
            Channel::stderr().styled_line(DIM, reason(source))?;
        }
        ConfigCommand::Get { key, json } => {
            let document = Document::open(&found()?.path).map_err(failure)?;
            let value = document.get(key).ok_or_else(|| Failure::usage(format!("{key} is not set")))?;
            out.line(&match masked(key, value) {
                Value::String(text) if !json => text,
                value => pretty(&value)?,
            })?;
        }
        ConfigCommand::Set { key, value } => {
            change(asked, slice::from_ref(key), |document| document.set(key, &config::value(value)))?;
        }
        ConfigCommand::Unset { key } => {
            let path = found()?.path;
            save(&Document::open(&path).and_then(|document| document.unset(key)).map_err(failure)?, &path)?;
        }
        ConfigCommand::Check { json } => return check(&found()?, *json, &mut out),
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Changes the file that the arguments and the environment name, or makes it. The keys are those that are set.
pub(crate) fn change(
    asked: Option<&Path>,
    keys: &[KeyPath],
    change: impl FnOnce(&Document) -> Result<Document, Error>,
) -> Result<(), Failure> {
    let path = match config::find(asked, &variable) {
        Some(found) => {
            if found.source == Source::OpenClaw
                && let Some(key) = keys.iter().find(|key| key.is_addition())
            {
                return Err(Failure::usage_with_remedy(
                    format!("{key} is not a key of OpenClaw's, which would not start with it in its file"),
                    "name a file of Outcrop's own with --config or OUTCROP_CONFIG",
                ));
            }
            found.path
        }
        None => config::default_file(&variable).ok_or_else(no_file)?,
    };
    let document = match Document::open(&path) {
        Err(Error::Unreadable { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
            Document::empty(path.display().to_string())
        }
        opened => opened.map_err(failure)?,
    };
    save(&change(&document).map_err(failure)?, &path)
}

fn check<W: std::io::Write>(found: &Found, json: bool, out: &mut Channel<W>) -> Result<ExitCode, Failure> {
    let problems = match Document::open(&found.path) {
        Ok(document) => document.problems(&variable),
        Err(Error::Invalid(problems)) => problems,
        Err(error) => return Err(failure(error)),
    };
    let usable = problems.iter().all(|problem| problem.severity == Severity::Note);
    if json {
        out.line(&pretty(&json!({ "file": found.path, "usable": usable, "problems": problems }))?)?;
    } else {
        problems.iter().try_for_each(|problem| tell(out, problem))?;
        if problems.is_empty() {
            out.line(&format!("{}: nothing is wrong", found.path.display()))?;
        }
    }
    out.flush()?;
    Ok(if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell<W: std::io::Write>(out: &mut Channel<W>, problem: &Problem) -> std::io::Result<()> {
    let (style, word) = match problem.severity {
        Severity::Note => (YELLOW, "note:"),
        _ => (RED, "error:"),
    };
    out.write(style, word)?;
    out.line(&format!(" {problem}"))
}

fn save(document: &Document, path: &Path) -> Result<(), Failure> {
    document.save(path).map_err(failure)?;
    Channel::stderr().styled_line(DIM, &format!("changed {}", path.display()))?;
    Ok(())
}

fn reason(source: Source) -> &'static str {
    match source {
        Source::Asked => "as --config says",
        Source::Variable => "as OUTCROP_CONFIG says",
        Source::Folder => "in the user's configuration folder",
        Source::OpenClaw => "OpenClaw's own",
        _ => "",
    }
}

/// A value with stars in place of secrets. A reference to a variable is none.
fn masked(key: &KeyPath, value: Value) -> Value {
    let is_secret = |step: &config::Step| matches!(step, config::Step::Key(name) if is_secret(name));
    mask(key.steps().iter().any(is_secret), value)
}

fn mask(secret: bool, value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let secret = secret || is_secret(&name);
                (name, mask(secret, value))
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(|value| mask(secret, value)).collect(),
        Value::String(text) if secret && !is_reference(&text) => STARS.into(),
        value => value,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "");
    name == HEADERS || name != PUBLIC && SECRETS.iter().any(|end| name.ends_with(end))
}

fn is_reference(text: &str) -> bool {
    text.starts_with("${") && text.ends_with('}')
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn pretty(value: &Value) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(std::io::Error::from)?)
}

fn no_file() -> Failure {
    let place =
        config::default_file(&variable).map_or_else(String::new, |path| format!(" makes {}", path.display()));
    Failure::usage_with_remedy(
        "there is no configuration file",
        format!("none is needed; `outcrop config set KEY VALUE`{place}"),
    )
}

/// A file that cannot be used is wrong input; one that cannot be written is a failure.
fn failure(error: Error) -> Failure {
    match error {
        Error::Unwritable { .. } => Failure::run(outcrop::Error::new(ErrorClass::Other, error.to_string())),
        error => Failure::usage(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let value = json!({
            "apiKey": "k", "headers": { "X-Team": "search" }, "maxTokens": 1, "botToken": "t",
            "publicKey": "p", "token": "${TOKEN}", "list": [{ "clientSecret": "s" }], "gatewayToken": ["a"],
        });
        assert_eq!(
            mask(false, value),
            json!({
                "apiKey": "***", "headers": { "X-Team": "***" }, "maxTokens": 1,
                "botToken": "***", "publicKey": "p", "token": "${TOKEN}", "list": [{ "clientSecret": "***" }], "gatewayToken": ["***"],
            })
        );
        let key: KeyPath = "a.apiKey".parse().unwrap();
        assert_eq!(masked(&key, "k".into()), "***");
    }
}
