//! The library as C sees it: its symbols, and programs that use it.

#![expect(clippy::print_stdout, reason = "a test that skips says so")]

mod guide;
mod header;
mod languages;
mod program;
mod programs;
mod symbols;
mod tools;

use std::path::PathBuf;

/// The workspace's root.
fn root() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace").to_owned()
}

/// The folder that cargo has put `liboutcrop.so` and `liboutcrop.a` into: above this test's.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("a folder").to_owned();
    assert!(
        folder.join("liboutcrop.so").exists(),
        "liboutcrop.so is missing: run `make test`, or `cargo build --workspace`"
    );
    folder
}
