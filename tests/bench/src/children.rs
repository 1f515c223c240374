//! The child processes: this program again, in another role.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use tempfile::TempDir;

use crate::clients::{Kind, REGION};
use crate::machine::{Machine, Pins};
use crate::measure::Figures;
use crate::rows::Row;

/// Where Outcrop keeps compiled code.
const CACHE_VARIABLE: &str = "OUTCROP_CACHE_DIR";
/// What would lead a client elsewhere than to the simulator.
const PROXY_VARIABLES: &[&str] = &["http_proxy", "https_proxy", "all_proxy"];

/// How to start child processes.
#[derive(Debug)]
pub(crate) struct Children {
    program: PathBuf,
    pins: Option<Pins>,
    cache: Cache,
}

/// The folder for compiled code: the one that the environment names, or one of this run.
#[derive(Debug)]
enum Cache {
    Named(OsString),
    OfThisRun(TempDir),
}

impl Children {
    pub(crate) fn new(machine: &Machine) -> Result<Self> {
        let cache = match std::env::var_os(CACHE_VARIABLE).filter(|folder| !folder.is_empty()) {
            Some(folder) => Cache::Named(folder),
            None => Cache::OfThisRun(TempDir::new()?),
        };
        Ok(Self { program: std::env::current_exe()?, pins: machine.pins(), cache })
    }

    /// Sees to it that no client on this row has to compile the plugin.
    pub(crate) fn prepare(&self, row: Row) -> Result<()> {
        let mut command = self.command(&self.program, None);
        let status = command.args(["prepare", &name(row)]).stdin(Stdio::null()).status()?;
        ensure!(status.success(), "the plugin could not be prepared: {status}");
        Ok(())
    }

    /// Starts a server that answers every stream with this scenario.
    pub(crate) fn server(&self, scenario: &str) -> Result<Server> {
        let mut command = self.command(&self.program, self.pins.map(|pins| pins.server));
        let child =
            command.args(["server", scenario]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // From here on it ends with the value.
        let mut server = Server { child, endpoint: String::new() };
        let stdout = server.child.stdout.take().context("the server's stdout")?;
        BufReader::new(stdout).read_line(&mut server.endpoint)?;
        server.endpoint.truncate(server.endpoint.trim_end().len());
        ensure!(server.endpoint.starts_with("http://"), "the server did not start: {:?}", server.endpoint);
        Ok(server)
    }

    /// Has a fresh client measure itself.
    pub(crate) fn measure(&self, kind: Kind, row: Row, endpoint: &str) -> Result<Figures> {
        let mut command = self.client(&self.program);
        command.args(["client", &name(kind), &name(row), endpoint]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{}, {}: {}", row.title(), kind.title(), output.status);
        serde_json::from_slice(&output.stdout).context("a client's figures cannot be read")
    }

    /// The command of a client, in a client's environment and on its CPU.
    pub(crate) fn client(&self, program: &Path) -> Command {
        self.command(program, self.pins.map(|pins| pins.client))
    }

    fn command(&self, program: &Path, cpu: Option<usize>) -> Command {
        let mut command = match cpu {
            None => Command::new(program),
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &cpu.to_string()]).arg(program);
                command
            }
        };
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("AWS_") || PROXY_VARIABLES.contains(&name.to_ascii_lowercase().as_str()) {
                command.env_remove(&variable);
            }
        }
        command
            .env("AWS_ACCESS_KEY_ID", bedrock_sim::DEFAULT_ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", bedrock_sim::DEFAULT_SECRET_KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", REGION)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env(
                CACHE_VARIABLE,
                match &self.cache {
                    Cache::Named(folder) => folder.as_os_str(),
                    Cache::OfThisRun(folder) => folder.path().as_os_str(),
                },
            );
        command
    }
}

/// A server, until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its stdin is its end; how it ended changes nothing that was measured.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The name of a value on the command line.
fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
