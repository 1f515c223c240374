//! What the shared library shows to others.

use std::process::Command;

use crate::{built, root};

/// Names of functions in the header.
fn declared() -> Vec<String> {
    let header =
        std::fs::read_to_string(root().join("host-shim/capi/include/outcrop.h")).expect("the header");
    let mut names: Vec<String> = header
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'))
        .flat_map(|line| line.match_indices("outcrop_").map(move |(at, _)| &line[at..]))
        .filter_map(|rest| {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
            rest[end..].starts_with('(').then(|| rest[..end].to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
#[cfg(target_os = "linux")]
fn only_what_the_header_declares_is_exported() {
    let library = built().join("liboutcrop.so");
    let listed =
        Command::new("nm").args(["--dynamic", "--defined-only", "--format=posix"]).arg(&library).output();
    let listed = match listed {
        Ok(listed) if listed.status.success() => listed,
        other => panic!("nm cannot read {}: {other:?}", library.display()),
    };
    let mut exported: Vec<String> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    exported.sort();
    let declared = declared();
    assert!(declared.len() > 40, "{declared:?}");
    assert_eq!(exported, declared);
}

#[test]
#[cfg(target_os = "linux")]
fn the_shared_library_is_named_by_its_abi() {
    let told =
        Command::new("readelf").arg("-d").arg(built().join("liboutcrop.so")).output().expect("readelf runs");
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains("[liboutcrop.so.1]"), "{told}");
}
