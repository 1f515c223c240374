//! Builds a guest crate of this workspace for `wasm32-unknown-unknown` and makes it a component.
//!
//! It is called from build scripts, so that an ordinary `cargo build` or `cargo test` brings
//! its components along. The guest has no WASI: what it imports is what its WIT world says,
//! because nothing else is there to import.
//!
//! ```no_run
//! // build.rs
//! component_builder::build("amazon-bedrock-plugin", "../../plugin", "amazon_bedrock.wasm");
//! ```
//!
//! # Where the standard library comes from
//!
//! `rustup target add wasm32-unknown-unknown` is tried when the target is missing. Where rustup
//! cannot download, `OUTCROP_WASM_TOOLCHAIN` may name a folder with a `rustc` that builds the
//! target's standard library from source (`make wasm-toolchain` makes one from Debian's packages).
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use wit_component::ComponentEncoder;

/// The only target a guest is built for.
const TARGET: &str = "wasm32-unknown-unknown";

/// Cargo's profile for guests, in the workspace's manifest.
const PROFILE: &str = "guest";

/// The stack of a guest. Small, so that a fresh instance touches few pages, and first in its
/// memory, so that an overflow traps. Serde's recursion limit of 128 levels fits many times.
const STACK_BYTES: u32 = 128 * 1024;

/// A folder with `rustc` and `wasm-ld` for machines where rustup cannot download.
const TOOLCHAIN_VARIABLE: &str = "OUTCROP_WASM_TOOLCHAIN";

/// Builds `package`, whose sources lie in `folder` (relative to the calling crate), and writes
/// the component as `file` into the calling build script's `OUT_DIR`.
///
/// # Panics
///
/// Where the guest cannot be built, with what to do about it: a build script has no other way
/// to fail.
pub fn build(package: &str, folder: &str, file: &str) {
    println!("cargo::rerun-if-env-changed={TOOLCHAIN_VARIABLE}");
    let crate_root = folder_from("CARGO_MANIFEST_DIR");
    let workspace = crate_root
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or_else(|| panic!("no Cargo.lock above {}", crate_root.display()));
    let guest = crate_root.join(folder);
    for input in ["src", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", guest.join(input).display());
    }
    for input in ["wit", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(input).display());
    }

    let module = compile(package, workspace);
    let bytes = std::fs::read(&module)
        .unwrap_or_else(|error| panic!("cannot read the guest at {}: {error}", module.display()));
    let component = encode(&bytes)
        .unwrap_or_else(|error| panic!("{} is no component of its world: {error}", module.display()));
    let destination = folder_from("OUT_DIR").join(file);
    std::fs::write(&destination, component)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", destination.display()));
}

fn folder_from(variable: &str) -> PathBuf {
    env::var_os(variable)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{variable} is not set: this runs in a build script only"))
}

/// The core module that cargo makes of the guest.
fn compile(package: &str, workspace: &Path) -> PathBuf {
    // One folder for all guests and all profiles of the host, beside the caller's own.
    let target_folder = guest_target_folder();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace)
        .args(["build", "--locked", "--package", package, "--lib"])
        .args(["--target", TARGET, "--profile", PROFILE, "--target-dir"])
        .arg(&target_folder);
    // What the outer build is told (clippy's wrapper, the host's flags) is not meant for the guest.
    for variable in [
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
    ] {
        cargo.env_remove(variable);
    }
    let mut flags = vec![
        format!("-Clink-arg=-zstack-size={STACK_BYTES}"),
        format!("--remap-path-prefix={}=/outcrop", workspace.display()),
    ];
    for (variable, name) in [("CARGO_HOME", "/cargo"), ("HOME", "/home")] {
        if let Ok(folder) = env::var(variable) {
            flags.push(format!("--remap-path-prefix={folder}={name}"));
        }
    }
    match env::var_os(TOOLCHAIN_VARIABLE).map(PathBuf::from) {
        Some(toolchain) => {
            cargo
                .env("RUSTC", toolchain.join("rustc"))
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["-Z", "build-std=core,alloc,std,panic_abort"]);
            flags.push(format!("-Clinker={}", toolchain.join("wasm-ld").display()));
        }
        None => install_target(),
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));

    let output = cargo.output().unwrap_or_else(|error| panic!("cannot run cargo: {error}"));
    assert!(
        output.status.success(),
        "the guest {package} did not build for {TARGET}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    target_folder.join(TARGET).join(PROFILE).join(package.replace('-', "_")).with_extension("wasm")
}

/// `OUT_DIR` is `<target>/<profile>/build/<crate>-<hash>/out`.
fn guest_target_folder() -> PathBuf {
    let out = folder_from("OUT_DIR");
    match out.ancestors().find(|folder| folder.ends_with("build")) {
        Some(build) => match build.ancestors().nth(2) {
            Some(target) => target.join("guest"),
            None => out.join("guest"),
        },
        None => out.join("guest"),
    }
}

/// Sees to it that rustc has the target's standard library.
fn install_target() {
    if has_target() {
        return;
    }
    // Exits at once where the server cannot be reached.
    let added = Command::new("rustup").args(["target", "add", TARGET]).output();
    if has_target() {
        return;
    }
    let said = match added {
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!(
        "the standard library for {TARGET} is missing and could not be installed ({}).\n\
         Run `rustup target add {TARGET}`, or on Debian `make wasm-toolchain` and set {TOOLCHAIN_VARIABLE}.",
        said.trim()
    );
}

fn has_target() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output().is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

/// Makes a core module a component. Its WIT world stands in a custom section that wit-bindgen wrote.
///
/// # Errors
///
/// Where the module does not do what its world says, or imports what is not there.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}
