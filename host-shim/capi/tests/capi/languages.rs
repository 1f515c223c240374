//! Go and Java, where their toolchains are here: each its tests, then its example as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bedrock_sim::Simulator;

use crate::program::{ENDPOINT, with_simulated_account};
use crate::{built, root};

const MODEL: &str = "amazon-bedrock/sim.text-v1:0";
const PROMPT: &str = "sim:text Where the bedrock shows.";
const ANSWER: &str = "Where the bedrock shows.";

fn simulator() -> Simulator {
    Simulator::builder().start_in_thread().expect("the simulator starts")
}

fn is_here(program: &str, argument: &str) -> bool {
    let tried = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_here = tried.is_ok_and(|status| status.success());
    if !is_here {
        println!("skipped: no {program} here");
    }
    is_here
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{told}");
    said
}

/// A folder in which the library goes by its soname.
fn libraries() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(built().join("liboutcrop.so"), folder.path().join("liboutcrop.so.1"))
        .expect("a link");
    folder
}

#[test]
fn go_passes_its_tests_and_streams_an_answer() {
    if !is_here("go", "version") {
        return;
    }
    let (sim, libraries) = (simulator(), libraries());
    let go = |arguments: &[&str]| {
        let mut command = Command::new("go");
        with_simulated_account(&mut command);
        command
            .args(arguments)
            .current_dir(root().join("tests/clients/go"))
            .env("CGO_CFLAGS", format!("-Wall -Werror -I{}", root().join("host-shim/capi/include").display()))
            .env("CGO_LDFLAGS", format!("-L{}", built().display()))
            .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
            // Nothing is fetched: there is nothing that it needs.
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
            // No pointer of Go's is left with C.
            .env("GODEBUG", "cgocheck=1")
            .env("LD_LIBRARY_PATH", libraries.path())
            .env(ENDPOINT, sim.endpoint())
            .env("AWS_ENDPOINT_URL_BEDROCK", sim.endpoint());
        run(&mut command)
    };
    go(&["vet", "./..."]);
    let said = go(&["test", "-count=1", "-v", "./..."]);
    assert!(said.contains("--- PASS") && !said.contains("--- SKIP"), "{said}");
    assert_eq!(go(&["run", ".", MODEL, PROMPT]).trim_end(), ANSWER);
}

/// Where the JDK of `javac` has its headers.
fn java_home() -> PathBuf {
    let shown =
        Command::new("java").args(["-XshowSettings:properties", "-version"]).output().expect("java runs");
    let shown = String::from_utf8_lossy(&shown.stderr).into_owned();
    let home = shown.lines().find_map(|line| line.trim().strip_prefix("java.home = "));
    home.unwrap_or_else(|| panic!("{shown}")).into()
}

#[test]
fn java_passes_its_test_and_streams_an_answer() {
    if !is_here("javac", "-version") {
        return;
    }
    let home = java_home();
    if !home.join("include/jni.h").is_file() {
        println!("skipped: no jni.h in {}", home.display());
        return;
    }
    let (sim, folder) = (simulator(), libraries());
    let sources = root().join("tests/clients/java");
    let classes = ["Native", "OutcropException", "Event", "Stream", "Host"]
        .map(|name| sources.join("outcrop").join(name).with_extension("java"));
    run(Command::new("javac")
        .args(["--release", "17", "-Xlint:all", "-Werror", "-d"])
        .arg(folder.path())
        .args([sources.join("Main.java"), sources.join("Test.java")])
        .args(classes));
    run(Command::new("gcc")
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"])
        .args(
            [home.join("include"), home.join("include/linux"), root().join("host-shim/capi/include")]
                .map(|headers| format!("-I{}", headers.display())),
        )
        .arg(sources.join("outcrop_jni.c"))
        .arg(format!("-L{}", built().display()))
        .args(["-loutcrop", "-o"])
        .arg(folder.path().join("liboutcrop_jni.so")));
    let java = |arguments: &[&str]| {
        let mut command = Command::new("java");
        with_simulated_account(&mut command);
        command
            .arg(format!("-Djava.library.path={}", folder.path().display()))
            .args(["-Dfile.encoding=UTF-8", "-Xcheck:jni", "-cp"])
            .arg(folder.path())
            .args(arguments)
            .env("LD_LIBRARY_PATH", folder.path())
            .env(ENDPOINT, sim.endpoint())
            .env("AWS_ENDPOINT_URL_BEDROCK", sim.endpoint());
        run(&mut command)
    };
    let said = java(&["Test", &sim.endpoint()]);
    assert_eq!(said.trim_end().lines().last(), Some("ok"), "{said}");
    assert!(!said.contains("WARNING"), "JNI is misused: {said}");
    assert_eq!(java(&["Main", MODEL, PROMPT]).trim_end(), ANSWER);
}
