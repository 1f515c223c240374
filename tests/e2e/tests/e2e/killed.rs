//! `kill -9` at any moment: the configuration, the listing of models and the compiled code are the old ones or
//! the new ones, and the next start is an ordinary one. (Outcrop writes no log file: its log is standard error.)

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{MODEL, Sim, outcrop, run, simulator, text};

/// Kills of each command: 200 in all.
const KILLS: [(&str, u32); 4] = [("config set", 70), ("models list", 70), ("chat", 40), ("first start", 20)];

/// A configuration and caches of a test's own.
struct Place {
    sim: Sim,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { sim: simulator(), folder: tempfile::tempdir().expect("a folder") }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("config.json5")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The command, with a cache of its own, whose compiled code is its own too.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = outcrop(&self.sim);
        command.env("OUTCROP_CACHE_DIR", self.cache()).env("OUTCROP_CONFIG", self.config()).args(arguments);
        command
    }

    /// Runs a command that must succeed and must have nothing to complain of.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output =
            self.command(arguments).env("RUST_LOG", "outcrop=warn,wasmtime=warn").output().expect("it runs");
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {complained}");
        assert_eq!(complained, "", "{arguments:?}");
        said
    }
}

/// How long the command takes when nobody kills it.
fn duration(command: &mut Command) -> Duration {
    let begun = Instant::now();
    run(command);
    begun.elapsed()
}

/// Starts the command, and kills it at a moment by chance, between its start and a little after its usual end, which
/// is learned of those that end before. Whether it was in time.
fn kill(command: &mut Command, usual: &mut Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let (begun, moment) = (Instant::now(), usual.mul_f64(fastrand::f64() * 1.1));
    while begun.elapsed() < moment {
        if child.try_wait().expect("its status").is_some() {
            *usual = begun.elapsed().min(*usual);
            return false;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    child.kill().expect("SIGKILL can be sent");
    // It may have ended at the same moment.
    child.wait().expect("it ends").signal() == Some(9)
}

/// Long enough that writing it takes more than one moment.
fn configuration(interval: u32) -> String {
    let padding = "// a comment that must not be lost\n".repeat(2000);
    format!("{padding}{{ models: {{ bedrockDiscovery: {{ refreshInterval: {interval} }} }} }}\n{padding}")
}

const INTERVAL: &str = "models.bedrockDiscovery.refreshInterval";

fn kill_config_set(kills: u32) {
    let place = Place::new();
    std::fs::write(place.config(), configuration(1)).expect("written");
    let mut usual = duration(&mut place.command(&["config", "set", INTERVAL, "1000"]));
    let (mut killed, mut written) = (0, 0);
    for number in 1001.. {
        if killed == kills {
            break;
        }
        let before = place.succeeds(&["config", "get", INTERVAL]).trim().parse::<u32>().expect("a number");
        let in_time = kill(&mut place.command(&["config", "set", INTERVAL, &number.to_string()]), &mut usual);
        let found = std::fs::read_to_string(place.config()).expect("it is there");
        let is_new = found == configuration(number);
        assert!(is_new || found == configuration(before), "the old file or the new one, and whole");
        killed += u32::from(in_time);
        written += u32::from(in_time && is_new);
    }
    println!("config set: {kills} kills, {written} of them behind the write");
    run(&mut place.command(&["config", "set", INTERVAL, "7"]));
    assert_eq!(std::fs::read_to_string(place.config()).expect("it is there"), configuration(7));
}

fn kill_models_list(kills: u32) {
    let place = Place::new();
    std::fs::write(place.config(), "{}").expect("written");
    let list = ["models", "list", "--plain"];
    let refresh = ["models", "list", "--plain", "--refresh"];
    let mut usual = duration(&mut place.command(&refresh));
    let listed = place.succeeds(&list);
    let mut killed = 0;
    while killed < kills {
        // Every other time nothing is known yet.
        if killed % 2 == 0 {
            drop(std::fs::remove_dir_all(place.cache().join("models")));
        }
        killed += u32::from(kill(&mut place.command(&refresh), &mut usual));
        for file in files(&place.cache().join("models")) {
            if file.extension().is_some_and(|extension| extension == "json") {
                let bytes = std::fs::read(&file).expect("it is there");
                let end = bytes.iter().position(|byte| *byte == b'\n').expect("a first line");
                let sum = format!("outcrop-models/1 {:08x}", crc32fast::hash(&bytes[end + 1..]));
                assert_eq!(text(&bytes[..end]), sum, "a whole file");
            }
        }
        // The lock of the one that was killed holds nobody up, and nothing is complained of.
        assert_eq!(place.succeeds(&list), listed);
    }
}

fn kill_chat(kills: u32) {
    let place = Place::new();
    std::fs::write(place.config(), "{}").expect("written");
    let chat = ["chat", "--model", MODEL, "sim:long deltas=50"];
    run(&mut place.command(&chat));
    let mut usual = duration(&mut place.command(&chat));
    let mut killed = 0;
    while killed < kills {
        killed += u32::from(kill(&mut place.command(&chat), &mut usual));
    }
    place.succeeds(&chat);
}

fn kill_first_start(kills: u32) {
    let place = Place::new();
    std::fs::write(place.config(), "{}").expect("written");
    let chat = ["chat", "--model", MODEL, "sim:text Hello"];
    let mut usual = duration(&mut place.command(&chat));
    let mut killed = 0;
    while killed < kills {
        drop(std::fs::remove_dir_all(place.cache()));
        killed += u32::from(kill(&mut place.command(&chat), &mut usual));
        // To compile is the long part of a start, so what was left is looked at now and then.
        if killed % 4 == 0 {
            assert_eq!(place.succeeds(&chat), "Hello\n");
        }
    }
    assert_eq!(place.succeeds(&chat), "Hello\n");
    assert!(!files(&place.cache().join("compiled")).is_empty(), "it is kept");
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect()
}

#[test]
fn killed_at_two_hundred_moments_everything_is_whole() {
    assert_eq!(KILLS.iter().map(|(_, kills)| kills).sum::<u32>(), 200);
    let kinds: [fn(u32); 4] = [kill_config_set, kill_models_list, kill_chat, kill_first_start];
    std::thread::scope(|scope| {
        let kinds: Vec<_> = KILLS
            .iter()
            .zip(kinds)
            .map(|((name, kills), kind)| (name, scope.spawn(move || kind(*kills))))
            .collect();
        for (name, kind) in kinds {
            assert!(kind.join().is_ok(), "{name}");
        }
    });
}

/// Compiled code that was cut off or damaged is compiled anew.
#[test]
fn damaged_compiled_code_is_made_again() {
    let place = Place::new();
    std::fs::write(place.config(), json!({}).to_string()).expect("written");
    let chat = ["chat", "--model", MODEL, "sim:text Hello"];
    assert_eq!(place.succeeds(&chat), "Hello\n");
    for damage in ["cut", "empty", "noise"] {
        let compiled = files(&place.cache().join("compiled"));
        assert!(!compiled.is_empty());
        for file in compiled {
            let bytes = std::fs::read(&file).expect("it is there");
            let bytes = match damage {
                "cut" => bytes[..bytes.len() / 2].to_vec(),
                "empty" => Vec::new(),
                _ => bytes.iter().map(|byte| byte ^ 0x55).collect(),
            };
            std::fs::write(&file, bytes).expect("written");
        }
        let output = place.command(&chat).output().expect("it runs");
        assert_eq!(text(&output.stdout), "Hello\n", "{damage}: {}", text(&output.stderr));
    }
}
