//! A file as text: read, checked, edited, and written so that nobody ever sees half of it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::Config;
use crate::path::KeyPath;
use crate::problem::{Problem, Severity};
use crate::tree::{self, Node};
use crate::variables::Environment;
use crate::{Error, check, edit};

/// No configuration is as large; what is, is some other file.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What some editors begin a file with; white space to JSON5.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A configuration file's text, which is JSON5.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    /// Whether the file begins with a byte order mark, which is not in `text`.
    has_mark: bool,
    /// The bytes of the file that was opened.
    opened: Option<Vec<u8>>,
    text: String,
    root: Node,
}

impl Document {
    /// Reads a text. `name` is what problems call it.
    ///
    /// # Errors
    /// Where it is not JSON5.
    pub fn parse(name: impl Into<String>, text: impl Into<String>) -> Result<Self, Error> {
        let (name, mut text) = (name.into(), text.into());
        let has_mark = text.starts_with(BYTE_ORDER_MARK);
        if has_mark {
            text.remove(0);
        }
        match tree::parse(&text) {
            Ok(root) => Ok(Self { name, has_mark, opened: None, text, root }),
            Err(error) => {
                let (line, column) = tree::line_and_column(&text, error.offset);
                let message = format!("not JSON5: {}", uncapitalised(&error.message));
                let severity = Severity::Error;
                let problem = Problem { file: name, line, column, key: String::new(), message, severity };
                Err(Error::Invalid(vec![problem]))
            }
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, is not UTF-8 or not JSON5.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = read(path).map_err(|error| Error::unreadable(path, error))?;
        let name = path.display().to_string();
        let opened = Some(bytes.clone());
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid =
                String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let (line, column) = tree::line_and_column(&valid, valid.len());
            let (key, message) = (String::new(), "not UTF-8".to_owned());
            let severity = Severity::Error;
            Error::Invalid(vec![Problem { file: name.clone(), line, column, key, message, severity }])
        })?;
        Ok(Self { opened, ..Self::parse(name, text)? })
    }

    /// An empty one, to be filled.
    pub fn empty(name: impl Into<String>) -> Self {
        let text = "{}\n".to_owned();
        let root = Node { range: 0..2, kind: tree::Kind::Object(Vec::new()) };
        Self { name: name.into(), has_mark: false, opened: None, text, root }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Everything that is wrong with it, and remarks.
    pub fn problems(&self, environment: Environment<'_>) -> Vec<Problem> {
        check::check(&self.name, &self.text, &self.root, environment).problems
    }

    /// What it says.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn config(&self, environment: Environment<'_>) -> Result<Config, Error> {
        self.config_at(None, environment)
    }

    /// The same of a file, beside which the files that it names lie.
    pub(crate) fn config_at(
        &self,
        file: Option<&Path>,
        environment: Environment<'_>,
    ) -> Result<Config, Error> {
        let checked = check::check(&self.name, &self.text, &self.root, environment);
        let (notes, wrong): (Vec<_>, Vec<_>) =
            checked.problems.into_iter().partition(|problem| problem.severity == Severity::Note);
        if wrong.is_empty() {
            Ok(Config::read(&checked.root, file, notes))
        } else {
            Err(Error::Invalid(wrong))
        }
    }

    /// The value at a place, as it is written: variables are not replaced.
    pub fn get(&self, path: &KeyPath) -> Option<Value> {
        edit::find(&self.root, path).map(Node::to_json)
    }

    /// The same with a value set. Comments, order and the rest of the text stay as they are.
    ///
    /// # Errors
    /// Where there is no such place, a comment would be lost, or the result would be wrong in a way
    /// that the present text is not.
    pub fn set(&self, path: &KeyPath, value: &Value) -> Result<Self, Error> {
        self.changed(edit::set(&self.text, &self.root, path, value).map_err(Error::Edit)?)
    }

    /// The same without a value. Comments on lines of their own stay.
    ///
    /// # Errors
    /// Where there is nothing at this place, or the result would be wrong in a way that the present text is not.
    pub fn unset(&self, path: &KeyPath) -> Result<Self, Error> {
        self.changed(edit::unset(&self.text, &self.root, path).map_err(Error::Edit)?)
    }

    fn changed(&self, text: String) -> Result<Self, Error> {
        let changed = Self {
            has_mark: self.has_mark,
            opened: self.opened.clone(),
            ..Self::parse(self.name.clone(), text)?
        };
        // What is wrong here and now because a variable is not set is not the file's fault.
        let wrong = |document: &Self| -> Vec<Problem> {
            let problems = document.problems(&|name| std::env::var(name).ok());
            problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect()
        };
        let before = wrong(self);
        let is_new = |problem: &Problem| {
            !before.iter().any(|old| (&old.key, &old.message) == (&problem.key, &problem.message))
        };
        let new: Vec<_> = wrong(&changed).into_iter().filter(is_new).collect();
        if new.is_empty() { Ok(changed) } else { Err(Error::Refused(new)) }
    }

    /// Writes it over a file, or makes one: whoever reads sees the old text or the new one, also after a
    /// crash. A symbolic link stays and what it points to is written; permissions stay as they are, a new
    /// file is for its owner alone.
    ///
    /// # Errors
    /// Where it cannot be written, or the file is no longer as it was opened.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mark = if self.has_mark { String::from(BYTE_ORDER_MARK) } else { String::new() };
        let unwritable = |error| Error::Unwritable { path: path.to_owned(), error };
        let present = match read(path) {
            Ok(present) => Some(present),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(error)),
        };
        if present != self.opened {
            return Err(unwritable(io::Error::other("another program has changed it meanwhile")));
        }
        write(path, &(mark + &self.text)).map_err(unwritable)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let target = resolved(path)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    // In the same folder, so that it can be renamed; its permissions are the owner's alone.
    let mut file = tempfile::Builder::new().prefix(".outcrop-config.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    match fs::metadata(&target) {
        Ok(meta) => keep_owner_and_permissions(file.as_file(), &meta)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// What a chain of symbolic links ends in, also where that does not exist yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

#[cfg(unix)]
fn keep_owner_and_permissions(file: &File, meta: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    // Only root can give a file away; whoever else may write here is its owner or shares its group.
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (meta.uid(), meta.gid()) {
        let _ = fchown(file, Some(meta.uid()), Some(meta.gid()));
    }
    file.set_permissions(meta.permissions())
}

#[cfg(not(unix))]
fn keep_owner_and_permissions(file: &File, meta: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(meta.permissions())
}

/// Makes the new name last through a crash.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The parser's messages begin with a capital letter.
fn uncapitalised(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
