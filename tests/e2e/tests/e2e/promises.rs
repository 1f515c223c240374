//! What SECURITY.md promises is tested by what it says, and `unsafe` stands where it may and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders in which code may be unsafe: the C ABI, and what generators write there.
const UNSAFE_FOLDERS: &[&str] = &["host-shim/capi", "host-shim/bindings"];
/// Crates whose exports wit-bindgen generates, unsafe as they are; they write none of their own.
const GUESTS: &str = "wit-bindgen";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// All files of the repository whose name is, or ends with, this; nothing that was built or fetched.
fn files(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let named = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A worktree's `.git` is a file.
        if path.is_dir() && !path.is_symlink() {
            if !named.starts_with('.') && !matches!(named.as_str(), "target" | "node_modules" | "build") {
                files(&path, name, found);
            }
        } else if named.ends_with(name) {
            found.push(path);
        }
    }
}

fn all(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root(), name, &mut found);
    assert!(!found.is_empty(), "{name}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn may_be_unsafe(path: &Path) -> bool {
    UNSAFE_FOLDERS.iter().any(|folder| path.starts_with(root().join(folder)))
}

/// `forbid` cannot be taken back further down, so the root of a crate is all there is to look at.
#[test]
fn every_crate_forbids_unsafe_code() {
    let mut seen = 0;
    for manifest in all("Cargo.toml") {
        let text = read(&manifest);
        if may_be_unsafe(&manifest) || !text.contains("[package]") {
            continue;
        }
        let folder = manifest.parent().expect("a folder");
        if text.lines().any(|line| line.starts_with(GUESTS)) {
            let mut sources = Vec::new();
            files(&folder.join("src"), ".rs", &mut sources);
            for source in sources {
                let is_unsafe = |line: &str| {
                    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                        .iter()
                        .any(|words| line.contains(words))
                };
                assert!(!read(&source).lines().any(is_unsafe), "{} is unsafe", source.display());
            }
            continue;
        }
        for name in ["src/lib.rs", "src/main.rs"] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let forbids = read(&path).contains("#![forbid(unsafe_code)]");
            assert!(forbids, "{} does not begin with #![forbid(unsafe_code)]", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen} crates");
}

/// Each exception to that is a lint that is expected, with its reason; the C ABI's own blocks are held to a
/// `// SAFETY:` by clippy.
#[test]
fn what_is_unsafe_says_why() {
    let mut exceptions = Vec::new();
    for path in all(".rs").iter().filter(|path| !may_be_unsafe(path)) {
        for (number, line) in read(path).lines().enumerate() {
            let line = line.trim();
            if ["allow(unsafe_code", "expect(unsafe_code"]
                .iter()
                .any(|word| line.starts_with(&format!("#![{word}")) || line.starts_with(&format!("#[{word}")))
            {
                assert!(line.contains("reason"), "{}:{}: {line}", path.display(), number + 1);
                exceptions.push(path.clone());
            }
        }
    }
    for path in exceptions {
        let manifest =
            path.ancestors().map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.exists());
        let manifest = read(&manifest.expect("a manifest"));
        assert!(manifest.lines().any(|line| line.starts_with(GUESTS)), "{} is no guest's", path.display());
    }
    assert!(read(&root().join("Cargo.toml")).contains("undocumented_unsafe_blocks = \"warn\""));
}

/// Every promise names a test, as a link: its name, and the file that it stands in.
#[test]
fn every_promise_names_a_test_that_exists() {
    let (root, page) = (root(), read(&root().join("SECURITY.md")));
    let (mut promises, mut in_promises) = (0, false);
    for (number, line) in page.lines().enumerate() {
        let mut tests = 0;
        for link in line.split("[`").skip(1) {
            let (name, rest) = link.split_once("`](").expect("a link");
            let (file, _) = rest.split_once(')').expect("the link's end");
            let text = read(&root.join(file));
            // A test by its name, or a case of one by its own.
            let stands = text.contains(&format!("fn {name}(")) || text.contains(&format!("\"{name}\""));
            assert!(stands, "SECURITY.md:{}: there is no {name} in {file}", number + 1);
            tests += 1;
        }
        // A row of a table of promises.
        in_promises = line.starts_with("| what it") || (in_promises && line.starts_with('|'));
        if in_promises && line.starts_with("| ") && !line.starts_with("| what it") {
            assert!(tests > 0, "SECURITY.md:{}: no test is named: {line}", number + 1);
            promises += 1;
        }
    }
    assert!(promises >= 30, "{promises} promises");
}
