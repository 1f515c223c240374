//! Folders of what is believed, or run, when it is read again: compiled code, listings.

use std::io;
use std::path::Path;

/// Makes the folder where there is none, and sees to it that this user alone can write to it, and could until now.
///
/// # Errors
///
/// Where it cannot be made or written to, belongs to another user, or others could write to it: what they put there
/// would be believed.
#[cfg(unix)]
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    use std::fs::{DirBuilder, Permissions, metadata, set_permissions};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let found = metadata(folder)?;
    // A file that is made there is this user's; the standard library has no other way to ask who that is.
    if tempfile::tempfile_in(folder)?.metadata()?.uid() != found.uid() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "other users could write to it; remove it, and it is made anew for you alone",
        ));
    }
    set_permissions(folder, Permissions::from_mode(0o700))
}

/// The same where a user's folders are theirs alone.
#[cfg(not(unix))]
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{Permissions, create_dir, metadata, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn a_new_folder_is_for_its_owner_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("a/b");
        make(&folder).expect("made");
        for folder in [folder.as_path(), &place.path().join("a")] {
            assert_eq!(metadata(folder).expect("there").permissions().mode() & 0o777, 0o700);
        }
        set_permissions(&folder, Permissions::from_mode(0o755)).expect("set");
        make(&folder).expect("nobody else could write");
        assert_eq!(metadata(&folder).expect("there").permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_could_fill_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("open");
        create_dir(&folder).expect("made");
        symlink(&folder, place.path().join("link")).expect("linked");
        for mode in [0o777, 0o1777, 0o770, 0o702] {
            set_permissions(&folder, Permissions::from_mode(mode)).expect("set");
            for path in [folder.clone(), place.path().join("link")] {
                let error = make(&path).expect_err("others could write").to_string();
                assert!(error.contains("other users could write to it"), "{mode:o}: {error}");
            }
        }
        set_permissions(&folder, Permissions::from_mode(0o700)).expect("set");
        // Only root can give a folder away, so only root's tests see this.
        if chown(&folder, Some(12345), None).is_ok() {
            let error = make(&folder).expect_err("it is another user's").to_string();
            assert!(error.contains("belongs to another user"), "{error}");
        }
    }
}
