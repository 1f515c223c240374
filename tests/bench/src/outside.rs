//! Clients that are programs of their own: through the C ABI and the packages that stand on it, and beside them
//! what their languages have otherwise.
//!
//! A client is called with `--endpoint URL --streams N --concurrency C --model ID --prompt TEXT`, runs so many
//! streams, so many at once, after one that does not count, and prints one line of JSON:
//! `{"events": text deltas, "cpu_us": ..., "wall_us": ..., "peak_rss_bytes": ...}`, its CPU time that of the whole
//! process while it streamed. It fails where a stream is incomplete. Where it cannot be set up, it is skipped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::children::Children;
use crate::clients::{MODEL, PROMPT};
use crate::measure::Figures;
use crate::rows::Row;

/// The rows that these clients are measured on: where bytes come in bulk, and as a model writes them.
pub(crate) const ROWS: &[Row] = &[Row::Coalesced1, Row::Frames1, Row::Frames16];

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) title: &'static str,
    /// Whose figures it is set beside.
    pub(crate) beside: Option<&'static str>,
    /// A script in `tests/bench/outside` and its argument: it sets the client up and prints where it is.
    setup: (&'static str, &'static str),
    /// The command, in which `{}` stands for what the script printed.
    command: &'static [&'static str],
}

/// The Rust API, which is measured among the others.
pub(crate) const RUST: &str = "Outcrop, Rust";

pub(crate) const CLIENTS: &[Client] = &[
    Client { title: "Outcrop, C", beside: Some(RUST), setup: ("c_install", ""), command: &["{}"] },
    Client {
        title: "Outcrop, Python",
        beside: Some("boto3"),
        setup: ("python_install", ""),
        command: &["{}", "tests/bench/outside/python_outcrop.py"],
    },
    Client {
        title: "Outcrop, Python, asyncio",
        beside: Some("boto3"),
        setup: ("python_install", ""),
        command: &["{}", "tests/bench/outside/python_outcrop.py", "--asyncio"],
    },
    Client {
        title: "boto3",
        beside: None,
        setup: ("python_install", ""),
        command: &["{}", "tests/bench/outside/python_boto3.py"],
    },
    Client {
        title: "Outcrop, Node",
        beside: Some("AWS SDK for JavaScript"),
        setup: ("node_install", "liboutcrop.so"),
        command: &["node", "{}/node_outcrop.mjs"],
    },
    Client {
        title: "AWS SDK for JavaScript",
        beside: None,
        setup: ("node_install", "liboutcrop.so"),
        command: &["node", "{}/node_sdk.mjs"],
    },
];

/// What one client came to on one row of one run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) run: u32,
    pub(crate) row: Row,
    pub(crate) client: &'static str,
    pub(crate) figures: Figures,
}

/// What a client prints.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Told {
    events: usize,
    cpu_us: f64,
    wall_us: f64,
    peak_rss_bytes: f64,
}

/// The clients that could be set up, each with its command.
#[derive(Debug)]
pub(crate) struct Outside(Vec<(&'static Client, Vec<String>)>);

impl Outside {
    /// Sets the clients up. Gives those that are here, and why the others are not.
    pub(crate) fn set_up() -> (Self, Vec<String>) {
        let (mut ready, mut skipped) = (Vec::new(), Vec::new());
        let mut done: HashMap<&str, Result<String>> = HashMap::new();
        for client in CLIENTS {
            match done.entry(client.setup.0).or_insert_with(|| set_up(client.setup)) {
                Ok(place) => {
                    let words = client.command.iter().map(|word| word.replace("{}", place));
                    ready.push((client, words.collect()));
                }
                Err(why) => skipped.push(format!("skipped: {}: {why:#}", client.title)),
            }
        }
        (Self(ready), skipped)
    }

    /// No client.
    pub(crate) fn none() -> (Self, Vec<String>) {
        (Self(Vec::new()), Vec::new())
    }

    /// Measures all on a row, first to last in even runs and last to first in odd ones.
    pub(crate) fn measure(&self, children: &Children, run: u32, row: Row) -> Result<Vec<Sample>> {
        let mut clients: Vec<_> = self.0.iter().collect();
        if run % 2 == 1 {
            clients.reverse();
        }
        let mut samples = Vec::new();
        for (client, words) in clients {
            let server = children.server(&row.shape().scenario)?;
            let figures = one(children, words, row, server.endpoint())
                .with_context(|| format!("{}, {}", row.title(), client.title))?;
            samples.push(Sample { run, row, client: client.title, figures });
        }
        Ok(samples)
    }
}

/// The repository, in which the scripts are called; they print places in it.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn set_up((script, argument): (&str, &str)) -> Result<String> {
    // The libraries lie beside this program.
    let program = std::env::current_exe()?;
    let libraries = program.parent().context("a folder")?;
    ensure!(
        libraries.join("liboutcrop.so").is_file(),
        "there is no liboutcrop.so in {}",
        libraries.display()
    );
    let output = Command::new(root().join("tests/bench/outside").join(script))
        .arg(libraries.join(argument))
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{script} does not run"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{script}: {}", told.lines().last().unwrap_or("it says nothing"));
    }
    let said = String::from_utf8(output.stdout)?;
    Ok(said.lines().last().context("it prints no place")?.to_owned())
}

fn one(children: &Children, words: &[String], row: Row, endpoint: &str) -> Result<Figures> {
    let shape = row.shape();
    let (program, words) = words.split_first().context("a command")?;
    let mut command = children.client(program.as_ref());
    command
        .current_dir(root())
        .args(words)
        .args(["--endpoint", endpoint, "--model", MODEL, "--prompt", PROMPT])
        .args(["--streams", &shape.streams.to_string(), "--concurrency", &shape.at_once.to_string()]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{}", output.status);
    figures(serde_json::from_slice(&output.stdout).context("its figures cannot be read")?, shape.events())
}

fn figures(told: Told, events: usize) -> Result<Figures> {
    ensure!(told.events == events, "{events} deltas were sent, and {} came", told.events);
    Ok(Figures {
        cpu_us_per_event: told.cpu_us / events as f64,
        wall_ms: told.wall_us / 1e3,
        peak_mb: told.peak_rss_bytes / 1e6,
        first_text_us: f64::NAN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_client_is_set_beside_is_there() {
        for beside in CLIENTS.iter().filter_map(|client| client.beside) {
            assert!(beside == RUST || CLIENTS.iter().any(|client| client.title == beside), "{beside}");
        }
    }

    #[test]
    fn figures_are_of_all_events_or_none() {
        let told: Told =
            serde_json::from_str(r#"{"events": 4, "cpu_us": 10, "wall_us": 2000, "peak_rss_bytes": 3e6}"#)
                .expect("figures");
        let figures = figures(told, 4).expect("whole");
        assert_eq!((figures.cpu_us_per_event, figures.wall_ms, figures.peak_mb), (2.5, 2.0, 3.0));
        assert!(super::figures(told, 5).is_err());
    }
}
