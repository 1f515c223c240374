//! Writing: atomic, through links, with permissions kept, whole whenever the writer is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use outcrop_config::Document;
use serde_json::json;

const TEXT: &str = "{ // ours\n  models: { bedrockDiscovery: { refreshInterval: 0 } } }\n";

fn set(path: &Path, value: serde_json::Value) -> Document {
    let changed = Document::open(path)
        .unwrap()
        .set(&"models.bedrockDiscovery.refreshInterval".parse().unwrap(), &value)
        .unwrap();
    changed.save(path).unwrap();
    changed
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.json5"), folder.path().join("link.json5"));
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(&real, TEXT).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    // A link to a link, both relative.
    symlink("../real.json5", folder.path().join("sub/inner.json5")).unwrap();
    symlink("sub/inner.json5", &link).unwrap();
    set(&link, json!(7));
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), TEXT.replace(": 0", ": 7"));
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/outcrop/config.json5");
    let document = Document::empty("new").set(&"models.mode".parse().unwrap(), &json!("merge")).unwrap();
    document.save(&path).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "{\n  \"models\": {\n    \"mode\": \"merge\"\n  }\n}\n"
    );
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_another_program_wrote_meanwhile_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json5");
    let save = |document: &Document| {
        let changed = document.set(&"models.mode".parse().unwrap(), &json!("merge")).unwrap();
        changed.save(&path).map_err(|error| error.to_string())
    };
    let new = Document::empty("new");
    save(&new).unwrap();
    assert!(save(&new).unwrap_err().contains("another program has changed it meanwhile"));
    let opened = Document::open(&path).unwrap();
    set(&path, json!(7));
    let theirs = std::fs::read(&path).unwrap();
    assert!(save(&opened).unwrap_err().contains("another program has changed it meanwhile"));
    assert_eq!(std::fs::read(&path).unwrap(), theirs);
}

#[test]
fn a_byte_order_mark_stays() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("\u{feff}{TEXT}")).unwrap();
    set(file.path(), json!(7));
    let expected = format!("\u{feff}{}", TEXT.replace(": 0", ": 7"));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), expected);
}

/// Names the file for the inner process.
const VICTIM: &str = "OUTCROP_CONFIG_TEST_FILE";

/// Writes without end, a line to standard output before each time. Run by the test below.
#[test]
#[ignore = "run by killed_at_any_moment_the_file_is_whole, and killed"]
fn write_until_killed() {
    let path = std::env::var_os(VICTIM).expect("run by another test");
    for number in 1_u64.. {
        writeln!(std::io::stdout(), "{number}").unwrap();
        set(Path::new(&path), json!(number));
    }
}

#[test]
fn killed_at_any_moment_the_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json5");
    // Long enough that writing it takes more than one moment.
    let padding = "// a comment that must not be lost\n".repeat(2000);
    let text = format!("{padding}{TEXT}{padding}");
    let mut kills = 0;
    for _ in 0..40 {
        std::fs::write(&path, &text).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "saving::write_until_killed", "--ignored", "--nocapture"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut begun = BufReader::new(child.stdout.take().unwrap()).lines();
        // A moment by chance: some writes in, and some way into the next.
        let writes = 3 + fastrand::usize(0..8);
        begun.by_ref().map_while(Result::ok).filter(|line| line.parse::<u64>().is_ok()).nth(writes).unwrap();
        for _ in 0..fastrand::u32(0..200_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;

        let found = std::fs::read_to_string(&path).unwrap();
        let number = Document::open(&path)
            .unwrap_or_else(|error| panic!("{error}"))
            .get(&"models.bedrockDiscovery.refreshInterval".parse().unwrap())
            .unwrap();
        assert_eq!(found, text.replace(": 0", &format!(": {number}")), "old or new, and whole");
        assert!(number.as_u64().unwrap() >= 3, "it did write");
    }
    assert_eq!(kills, 40);
}
