//! The lists on disk, shared by all processes of a user.
//!
//! A file for each place and identity that was asked, of a line that says what it is, then JSON. It is
//! replaced as a whole, so that a reader sees the old one or the new one. Whoever asks Bedrock holds the
//! lock beside the file, so that of many processes one asks and the others read what it was told.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::listing::Lists;

/// The first word of a file. The number changes with the form of the rest.
const FORM: &str = "outcrop-models/1";
/// Files that nobody has written for as long are removed.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Whose models a listing shows, and where. The region names its partition.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) region: String,
    /// Empty for the region's own. May hold a password.
    pub(crate) endpoint: String,
    /// A name for the credentials that holds no secret.
    pub(crate) identity: String,
}

/// The file for one key.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// A digest of the key.
    key: String,
    file: PathBuf,
}

/// Held while Bedrock is asked.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Closing it unlocks it.
    _file: File,
}

#[derive(Serialize, Deserialize)]
struct Document<K, L> {
    key: K,
    lists: L,
}

impl Store {
    pub(crate) fn new(folder: &Path, key: Key) -> Self {
        let mut digest = Sha256::new();
        for part in [&key.region, &key.endpoint, &key.identity] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let key: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: folder.join(format!("{}.json", &key[..16])), key }
    }

    /// What is kept. A damaged file is removed, with a warning.
    pub(crate) fn read(&self) -> Option<Lists> {
        let bytes = match std::fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("the cached models at {} cannot be read: {error}", self.file.display());
                }
                return None;
            }
        };
        match parse(&bytes) {
            Ok(None) => None,
            Ok(Some(document)) if document.key == self.key => Some(document.lists),
            // Two keys with one digest, which nobody will live to see, or a file that was renamed.
            Ok(Some(_)) => None,
            Err(damage) => {
                tracing::warn!("the cached models at {} are discarded: {damage}", self.file.display());
                drop(std::fs::remove_file(&self.file));
                None
            }
        }
    }

    /// Keeps the lists. What cannot be written is asked for again the next time.
    pub(crate) fn write(&self, lists: &Lists) {
        if let Err(error) = self.try_write(lists) {
            tracing::warn!("the models cannot be cached at {}: {error}", self.file.display());
        }
    }

    fn try_write(&self, lists: &Lists) -> io::Result<()> {
        let json = serde_json::to_vec(&Document { key: &self.key, lists })?;
        let folder = self.file.parent().unwrap_or(Path::new("."));
        // Readable by the user alone, as all of this library's temporary files are.
        let mut file = tempfile::Builder::new().prefix(".models-").tempfile_in(folder)?;
        writeln!(file, "{FORM} {:08x}", crc32fast::hash(&json))?;
        file.write_all(&json)?;
        file.persist(&self.file)?;
        remove_old(folder);
        Ok(())
    }

    /// Waits until no other process asks Bedrock for these lists. Blocks. None where files cannot be locked
    /// here, so that everybody asks for himself.
    pub(crate) fn lock(&self) -> Option<Lock> {
        let path = self.file.with_extension("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        match file.and_then(|file| file.lock().map(|()| file)) {
            Ok(file) => Some(Lock { _file: file }),
            Err(error) => {
                tracing::debug!("{} cannot be locked: {error}", path.display());
                None
            }
        }
    }
}

/// None for a file of another version.
fn parse(bytes: &[u8]) -> Result<Option<Document<String, Lists>>, String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "its first line is no text")?;
    let (form, sum) = head.split_once(' ').ok_or("its first line does not say what it is")?;
    if form != FORM {
        return if form.starts_with("outcrop-models/") { Ok(None) } else { Err("it is another file".into()) };
    }
    let json = &bytes[end + 1..];
    if u32::from_str_radix(sum, 16) != Ok(crc32fast::hash(json)) {
        return Err("its checksum is wrong".into());
    }
    serde_json::from_slice(json).map(Some).map_err(|error| error.to_string())
}

/// Keys come and go with temporary credentials; their files would stay for ever.
fn remove_old(folder: &Path) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let written = file.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = written.and_then(|written| SystemTime::now().duration_since(written).ok());
        if age.is_some_and(|age| age > KEPT) {
            drop(std::fs::remove_file(file.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::catalogue::listing::tests::{list, missed};
    use crate::bridge::failure::Stage;

    fn key() -> Key {
        let endpoint = "https://user:password@bedrock.example.com".into();
        Key { region: "us-east-1".into(), endpoint, identity: "me".into() }
    }

    fn lists() -> Lists {
        Lists {
            models: list(5, r#"{"modelId": "a", "big": 12345678901234567890}"#),
            asked_at: 6,
            missed: vec![missed(Stage::Timeout, Some(429), None)],
            ..Lists::default()
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), key());
        assert!(store.read().is_none());
        store.write(&lists());
        let read = store.read().expect("lists");
        assert_eq!(
            read.models.expect("models").entries[0].get(),
            r#"{"modelId": "a", "big": 12345678901234567890}"#
        );
        assert_eq!((read.asked_at, read.missed.len()), (6, 1));
        assert_eq!(read.missed[0].failure.http_status, Some(429));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left over");
        let said = String::from_utf8(std::fs::read(&store.file).expect("a file")).expect("text");
        assert!(!said.contains("password"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), key());
        store.write(&lists());
        let mode = std::fs::metadata(&store.file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_place_or_identity_is_another_file() {
        let folder = tempfile::tempdir().expect("a folder");
        Store::new(folder.path(), key()).write(&lists());
        for other in [
            Key { region: "eu-west-1".into(), ..key() },
            Key { endpoint: "https://a".into(), ..key() },
            Key { identity: "you".into(), ..key() },
        ] {
            assert!(Store::new(folder.path(), other).read().is_none());
        }
        let mine = Store::new(folder.path(), key());
        let other = Store { key: "another".into(), ..mine };
        assert!(other.read().is_none(), "the file says whose it is");
    }

    #[test]
    fn damage_is_discarded_and_another_version_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), key());
        store.write(&lists());
        let good = std::fs::read(&store.file).expect("a file");
        let mut flipped = good.clone();
        let last = flipped.len() - 10;
        flipped[last] ^= 1;
        let newer = [b"outcrop-models/2 ".as_slice(), &good[FORM.len() + 1..]].concat();
        for (bytes, stays) in [
            (&good[..good.len() / 2], false),
            (b"", false),
            (b"{}", false),
            (b"\xff\xff\n{}", false),
            (&flipped, false),
            (&newer, true),
        ] {
            std::fs::write(&store.file, bytes).expect("written");
            assert!(store.read().is_none());
            assert_eq!(
                store.file.exists(),
                stays,
                "{:?}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(30)])
            );
        }
        store.write(&lists());
        assert!(store.read().is_some());
    }

    #[test]
    fn old_files_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = folder.path().join("old.json");
        let long_ago = SystemTime::now() - KEPT - Duration::from_secs(60);
        File::create(&old).and_then(|file| file.set_modified(long_ago)).expect("a file");
        let store = Store::new(folder.path(), key());
        let _lock = store.lock().expect("a lock");
        store.write(&lists());
        assert!(!old.exists());
        assert!(store.file.exists() && store.file.with_extension("lock").exists());
    }
}
