//! What the tests share: the simulator, a host that asks it, the binary, and the check of every body.

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Operation, Simulator};
use outcrop::{AssistantMessage, Error, Event, EventStream, Host, HostBuilder, Isolation, Request};
use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a slow machine; nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A model that any scenario can be asked of.
pub(crate) const MODEL: &str = "amazon-bedrock/sim.text-v1:0";

/// A simulator on a runtime of its own, and the cache of those who ask it. When the test is over, every
/// body that was sent to it is checked against botocore's model, where botocore is installed.
pub(crate) struct Sim(pub(crate) Simulator, pub(crate) Cache);

impl Sim {
    pub(crate) fn of(simulator: Simulator) -> Self {
        Self(simulator, Cache::new())
    }
}

impl std::ops::Deref for Sim {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.0
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            check_bodies(&self.0);
        }
    }
}

pub(crate) fn simulator() -> Sim {
    Sim::of(Simulator::builder().start_in_thread().expect("the simulator starts"))
}

/// A cache folder of a test's own: no listing comes from another test, whose simulator may have had the
/// same port. Compiled code is everybody's.
pub(crate) struct Cache(TempDir);

impl Cache {
    pub(crate) fn new() -> Self {
        Self::over(tempfile::tempdir().expect("a folder"))
    }

    /// One for all who do not care.
    pub(crate) fn of_process() -> &'static Self {
        static CACHE: LazyLock<Cache> = LazyLock::new(|| {
            Cache::over(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder"))
        });
        &CACHE
    }

    fn over(folder: TempDir) -> Self {
        let common = std::env::var_os("OUTCROP_CACHE_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/outcrop-cache"),
            PathBuf::from,
        );
        let compiled = common.join("compiled");
        // Nothing is kept in a folder that others can write to, whatever the user's umask.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&compiled).expect("a folder");
        std::os::unix::fs::symlink(&compiled, folder.path().join("compiled")).expect("a link");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The files of listings.
    pub(crate) fn listings(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.path().join("models")).into_iter().flatten();
        let files = files.map(|file| file.expect("a file").path());
        files.filter(|file| file.extension().is_some_and(|extension| extension == "json")).collect()
    }
}

/// Has the hosts of the tests share an instance among their streams, where it is set.
pub(crate) const ISOLATION: &str = "OUTCROP_TEST_ISOLATION";

/// A host that knows nothing but the simulator.
pub(crate) fn builder(sim: &Sim) -> HostBuilder {
    let builder = Host::builder()
        .region("us-east-1")
        .endpoint(sim.endpoint())
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .cache_folder(sim.1.path());
    isolated(builder)
}

/// Says which streams share an instance, where the test's caller does.
pub(crate) fn isolated(builder: HostBuilder) -> HostBuilder {
    if std::env::var_os(ISOLATION).is_some() { builder.isolation(Isolation::Plugin) } else { builder }
}

pub(crate) fn host(sim: &Sim) -> Host {
    builder(sim).build().expect("a host")
}

/// A request whose prompt names a scenario of the simulator: `sim:long deltas=3`.
pub(crate) fn ask(prompt: &str) -> Request {
    Request::new(MODEL).user(prompt)
}

/// All events of a stream; fails the test where it does not end.
pub(crate) async fn collect(mut stream: EventStream) -> Vec<Event> {
    let all = async {
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(event);
        }
        events
    };
    let events = tokio::time::timeout(PATIENCE, all).await.expect("the stream ends");
    let terminals = events.iter().filter(|event| event.is_terminal()).count();
    assert_eq!(terminals, 1, "exactly one terminal event: {events:#?}");
    assert!(events.last().is_some_and(Event::is_terminal), "the terminal event is the last: {events:#?}");
    events
}

pub(crate) async fn done(stream: EventStream) -> AssistantMessage {
    match collect(stream).await.pop() {
        Some(Event::Done { message, .. }) => *message,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) async fn failed(stream: EventStream) -> Error {
    match collect(stream).await.pop() {
        Some(Event::Error { error }) => *error,
        other => panic!("no error: {other:?}"),
    }
}

/// The built binary, in an environment that holds the simulator's address and key and nothing else of AWS.
pub(crate) fn outcrop(sim: &Sim) -> Command {
    let mut command = bare_outcrop();
    command
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", sim.endpoint())
        .env("AWS_ENDPOINT_URL_BEDROCK", sim.endpoint())
        .env("OUTCROP_CACHE_DIR", sim.1.path());
    if let Some(authority) = sim.ca_file() {
        command.env("SSL_CERT_FILE", authority);
    }
    command
}

/// The built binary, with nothing of AWS in its environment.
pub(crate) fn bare_outcrop() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("RUST_LOG")
        .env_remove("OUTCROP_MODEL")
        .env("OUTCROP_CACHE_DIR", Cache::of_process().path())
        // The configuration of whoever runs the tests is left alone.
        .env_remove("OUTCROP_CONFIG")
        .env_remove("OPENCLAW_CONFIG_PATH")
        .env("XDG_CONFIG_HOME", "/no/such/folder")
        .env("OPENCLAW_STATE_DIR", "/no/such/folder")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::null());
    command
}

/// `target/PROFILE/outcrop`, beside the folder that this test lies in.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps");
    let binary = folder.join("outcrop");
    assert!(
        binary.is_file(),
        "{} is missing: run `make test`, or `cargo build -p outcrop-cli`",
        binary.display()
    );
    binary
}

/// Where the simulator of the outer test listens; set for the inner process.
const INNER_ENDPOINT: &str = "OUTCROP_TEST_ENDPOINT";

/// Runs the ignored test of this name in a process of its own, which asks and trusts this simulator.
pub(crate) fn inside(sim: &Simulator, name: &str) {
    inside_with(sim, name, &[]);
}

/// The same with nothing of AWS in its environment but these variables.
pub(crate) fn inside_with(sim: &Simulator, name: &str, variables: &[(&str, &Path)]) {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    command.args(["--exact", name, "--ignored", "--nocapture"]).env(INNER_ENDPOINT, sim.endpoint());
    if let Some(authority) = sim.ca_file() {
        command.env("SSL_CERT_FILE", authority);
    }
    let said = run(&mut command);
    assert!(said.contains("1 passed"), "{said}");
}

/// The simulator that an inner test is to ask.
pub(crate) fn inner_endpoint() -> String {
    std::env::var(INNER_ENDPOINT).expect("run by the outer test")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines of `--json` as values.
pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// A folder beside the repository that only some machines have.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(folder);
    if path.exists() {
        return path.canonicalize().ok();
    }
    println!("skipped: {} is absent", path.display());
    None
}

/// A file beside these tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e").join(name)
}

/// A Python that has these modules: the peers' own (`make peers`), or the machine's.
pub(crate) fn python_with(modules: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/bin/python");
    let found = [own, PathBuf::from("python3")].into_iter().find(|python| {
        Command::new(python)
            .args(["-c", &format!("import {modules}")])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    if found.is_none() {
        println!("skipped: no Python here has {modules}");
    }
    found
}

/// Runs a script that must succeed, and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The most bodies of one test that are checked after it.
const CHECKED: usize = 20;

fn check_bodies(sim: &Simulator) {
    let has_body = |request: &bedrock_sim::Request| {
        matches!(request.operation, Operation::ConverseStream | Operation::Converse | Operation::CountTokens)
    };
    check_first(sim.requests().into_iter().filter(has_body).map(Sent::from), CHECKED);
}

/// A request that was sent to the simulator.
pub(crate) struct Sent {
    /// `POST /model/ID/converse`
    line: String,
    body: bytes::Bytes,
}

impl From<bedrock_sim::Request> for Sent {
    fn from(request: bedrock_sim::Request) -> Self {
        Self { line: format!("{} {}", request.method, request.target), body: request.body }
    }
}

/// Checks all of these against botocore's model, where it is installed.
pub(crate) fn check_sent(sent: impl IntoIterator<Item = Sent>) {
    check_first(sent.into_iter(), usize::MAX);
}

fn check_first(sent: impl Iterator<Item = Sent>, most: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut seen = HashSet::new();
    // What the service itself would refuse to read is no body of ours.
    for Sent { line, body } in sent.filter(|sent| !sent.body.is_empty()) {
        if seen.len() < most && seen.insert(body.clone()) {
            let file = folder.path().join(seen.len().to_string());
            std::fs::write(&file, &body).expect("written");
            std::fs::write(file.with_extension("target"), line).expect("written");
        }
    }
    if seen.is_empty() {
        return;
    }
    let Some(tools) = shared("tools") else { return };
    let Some(python) = python_with("botocore") else { return };
    run(Command::new(python).arg(script("check_bodies.py")).arg(tools).arg(folder.path()));
}
