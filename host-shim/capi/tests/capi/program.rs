//! C and C++ programs: compiled against a header, run against the built library.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator};

use crate::tools::Tool;
use crate::{built, root};

/// Nothing that a compiler could complain of.
pub(crate) const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Leads the SDK elsewhere than to Bedrock.
pub(crate) const ENDPOINT: &str = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";

/// A compiled program.
pub(crate) struct Program {
    path: PathBuf,
    tool: Tool,
    folder: tempfile::TempDir,
}

impl Program {
    /// Compiles a source file of `tests/clients`.
    pub(crate) fn compile(source: &str, tool: Tool) -> Self {
        Self::compile_against(&root().join("host-shim/capi/include"), source, tool)
    }

    /// The same against the header of another folder.
    pub(crate) fn compile_against(headers: &Path, source: &str, tool: Tool) -> Self {
        let source = root().join("tests/clients").join(source);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("program");
        let (compiler, standard) = match source.extension().is_some_and(|extension| extension == "cpp") {
            true => ("g++", "-std=gnu++17"),
            false => ("gcc", "-std=gnu11"),
        };
        let compiled = Command::new(compiler)
            .args([standard, "-g", "-pthread"])
            .args(STRICT)
            .args(tool.flags())
            .arg("-I")
            .arg(headers)
            .arg(&source)
            .arg("-L")
            .arg(built())
            .arg("-loutcrop")
            .arg("-o")
            .arg(&path)
            .output()
            .expect("the compiler runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        // The library goes by its soname where it is installed, and by its file name where it was built.
        std::os::unix::fs::symlink(built().join("liboutcrop.so"), folder.path().join("liboutcrop.so.1"))
            .expect("a link");
        Self { path, tool, folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.tool.start(&self.path);
        with_simulated_account(&mut command);
        command.args(arguments).env("LD_LIBRARY_PATH", self.folder.path());
        command
    }

    /// Runs it as a user does, but that the service is the simulator.
    pub(crate) fn run_at(&self, sim: &Simulator, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.env(ENDPOINT, sim.endpoint()).output().expect("the program runs")
    }

    /// Runs a test program.
    pub(crate) fn says_ok(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().expect("the program runs");
        let said = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.0 == "ok\n", "{}: {}\n{}", output.status, said.0, said.1);
    }
}

/// Nothing of AWS in the environment but the simulator's key.
pub(crate) fn with_simulated_account(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
}
