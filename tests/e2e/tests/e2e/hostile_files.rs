//! Files that mean harm: configurations that are no files, caches that others could write to.

use std::fs::{File, Permissions, set_permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::support::{MODEL, Sim, outcrop, simulator, text};

fn with_config(sim: &Sim, config: &Path, arguments: &[&str]) -> Output {
    outcrop(sim).env("OUTCROP_CONFIG", config).args(arguments).output().expect("it runs")
}

/// A configuration that is endless, huge, a folder, a circle or a tower is refused with its name, and nothing hangs.
#[test]
fn configurations_that_are_none_are_refused() {
    let (sim, folder) = (simulator(), TempDir::new().expect("a folder"));
    let at = |name: &str| folder.path().join(name);
    File::create(at("huge")).and_then(|file| file.set_len(1 << 40)).expect("a file with a hole");
    symlink(at("circle"), at("other")).expect("a link");
    symlink(at("other"), at("circle")).expect("a link");
    symlink("/dev/zero", at("endless")).expect("a link");
    std::fs::create_dir(at("folder")).expect("a folder");
    std::fs::write(at("tower"), "[".repeat(1 << 20)).expect("written");
    std::fs::write(at("noise"), [0xff; 4096]).expect("written");
    for (name, told) in [
        ("huge", "larger than 16 MiB"),
        ("endless", "larger than 16 MiB"),
        ("circle", "cannot be read"),
        ("folder", "it is a folder"),
        ("tower", "not JSON5"),
        ("noise", "not UTF-8"),
    ] {
        for arguments in [
            &["config", "check"][..],
            &["config", "get", "models"],
            &["config", "set", "models.mode", "merge"],
            &["chat", "--model", MODEL, "sim:text Hello"],
        ] {
            let output = with_config(&sim, &at(name), arguments);
            let said = text(&output.stderr);
            assert!(
                !output.status.success() && output.status.code().is_some(),
                "{name} {arguments:?}: {said}"
            );
            let shown = [text(&output.stdout), said].concat();
            assert!(shown.contains(told) && shown.contains(name), "{name} {arguments:?}: {shown}");
        }
    }
    assert!(sim.requests().is_empty(), "nothing was sent");
}

/// What others put into a folder is neither run nor believed.
#[test]
fn a_cache_that_others_could_fill_is_not_used() {
    let (sim, folder) = (simulator(), TempDir::new().expect("a folder"));
    let cache = folder.path().join("cache");
    let command = |arguments: &[&str]| {
        let output =
            outcrop(&sim).env("OUTCROP_CACHE_DIR", &cache).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    let list = ["models", "list", "--plain"];
    let (listed, _) = command(&list);
    sim.forget_requests();
    assert_eq!(command(&list).0, listed);
    assert!(sim.requests().is_empty(), "the listing is kept");

    for name in ["models", "compiled"] {
        set_permissions(cache.join(name), Permissions::from_mode(0o777)).expect("set");
    }
    let (again, said) = command(&["-v", "models", "list", "--plain"]);
    assert_eq!(again, listed);
    assert!(!sim.requests().is_empty(), "what somebody may have planted is not believed");
    assert_eq!(said.matches("other users could write to it").count(), 2, "{said}");

    for name in ["models", "compiled"] {
        set_permissions(cache.join(name), Permissions::from_mode(0o700)).expect("set");
        if chown(cache.join(name), Some(12345), None).is_err() {
            println!("skipped: only root can give a folder to another user");
            return;
        }
    }
    sim.forget_requests();
    let (again, said) = command(&["-v", "models", "list", "--plain"]);
    assert_eq!(again, listed);
    assert!(!sim.requests().is_empty(), "another user's listing is not believed");
    assert_eq!(said.matches("it belongs to another user").count(), 2, "{said}");
}

/// Without a place for it nothing is kept, and everything works.
#[test]
fn a_cache_that_cannot_be_is_done_without() {
    let sim = simulator();
    for cache in ["/dev/null/cache", "/proc/cache"] {
        let output = outcrop(&sim)
            .env("OUTCROP_CACHE_DIR", cache)
            .args(["chat", "--model", MODEL, "sim:text Hello"])
            .output()
            .expect("it runs");
        assert_eq!(text(&output.stdout), "Hello\n", "{}", text(&output.stderr));
    }
}

/// A plugin that is endless or huge is refused before it fills the memory.
#[test]
fn plugins_that_are_none_are_refused() {
    let (sim, folder) = (simulator(), TempDir::new().expect("a folder"));
    let huge = folder.path().join("huge.wasm");
    File::create(&huge).and_then(|file| file.set_len(1 << 40)).expect("a file with a hole");
    for plugin in [Path::new("/dev/zero"), &huge] {
        let output = outcrop(&sim).args(["plugin", "inspect"]).arg(plugin).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("larger than"), "{said}");
    }
}
