//! Whether a component is the one that is meant.

use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

use crate::digest::{Digest, is_digest};
use crate::{Error, ErrorClass, Result};

/// What a component must be. Looked at before anything is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pin {
    /// `sha256:` and hexadecimal digits.
    pub(crate) digest: Option<String>,
    /// A minisign key in its written form.
    pub(crate) public_key: Option<String>,
    /// None: beside the component.
    pub(crate) signature: Option<PathBuf>,
    /// Whether it may be any.
    pub(crate) allow_unpinned: bool,
}

/// How much of a signature's file is read: it has four lines.
const SIGNATURE_BYTES: u64 = 8192;

impl Pin {
    /// Holds a component against this.
    pub(crate) fn check(&self, name: &str, file: Option<&Path>, bytes: &[u8]) -> Result<Digest> {
        let found = Digest::of(bytes);
        if let Some(wanted) = &self.digest {
            self.check_digest(name, wanted, &found)?;
        }
        if let Some(key) = &self.public_key {
            self.check_signature(name, key, file, bytes)?;
        }
        // What the host's own program holds in its hands needs no pin.
        if self.digest.is_none() && self.public_key.is_none() && !self.allow_unpinned && file.is_some() {
            return Err(refused(format!("the plugin {name} is not pinned, so nothing says that its file is the one that is meant"))
                .with_remedy(format!(
                    "`outcrop plugin pin {name}` writes its digest ({}) into the configuration; or give `publicKey`, \
                     or `allowUnpinned: true`",
                    found.text()
                )));
        }
        Ok(found)
    }

    fn check_digest(&self, name: &str, wanted: &str, found: &Digest) -> Result<()> {
        if !is_digest(wanted) {
            return Err(refused(format!("the digest {wanted:?} of the plugin {name} is none")).with_remedy(
                "write \"sha256:\" and 64 hexadecimal digits, as `outcrop plugin inspect` prints it",
            ));
        }
        if wanted.eq_ignore_ascii_case(found.text()) {
            return Ok(());
        }
        let (wanted, found) = (wanted.to_lowercase(), found.text());
        Err(refused(format!(
            "the plugin {name} is not the one that is pinned: its file has the digest {found}, pinned is {wanted}"
        ))
        .with_remedy(format!("put the pinned file back; if the new one is meant, `outcrop plugin pin {name}`")))
    }

    fn check_signature(&self, name: &str, key: &str, file: Option<&Path>, bytes: &[u8]) -> Result<()> {
        let key = PublicKey::from_base64(key.trim()).map_err(|error| {
            refused(format!("the public key of the plugin {name} is no minisign key: {error}"))
                .with_remedy("give the second line of the file that minisign calls minisign.pub")
        })?;
        let path = match (&self.signature, file) {
            (Some(path), _) => path.clone(),
            (None, Some(file)) => {
                let mut path = file.as_os_str().to_owned();
                path.push(".minisig");
                path.into()
            }
            (None, None) => {
                return Err(refused(format!("nothing names the signature of the plugin {name}")));
            }
        };
        let wrong = |what: String| {
            refused(format!("the plugin {name} is not loaded: {what}")).with_remedy(
                "get component and signature anew from whoever signs them, or take out `publicKey`",
            )
        };
        let text = read(&path)
            .map_err(|error| wrong(format!("its signature {} cannot be read: {error}", path.display())))?;
        let signature = Signature::decode(&text)
            .map_err(|error| wrong(format!("{} is no minisign signature: {error}", path.display())))?;
        key.verify(bytes, &signature, false).map_err(|error| {
            wrong(format!("its signature {} does not hold for `publicKey`: {error}", path.display()))
        })
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    std::fs::File::open(path)?.take(SIGNATURE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn refused(message: String) -> Error {
    Error::new(ErrorClass::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"a component";

    #[test]
    fn what_is_no_key_and_no_signature_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("echo.wasm");
        let key = format!("RWQ{}", "A".repeat(53));
        let told = |public_key: &str, signature: Option<&str>| {
            let pin = Pin {
                public_key: Some(public_key.to_owned()),
                signature: signature.map(|name| folder.path().join(name)),
                ..Pin::default()
            };
            pin.check("echo", Some(&file), BYTES).expect_err("refused").to_string()
        };
        assert!(told("RW", None).contains("is no minisign key"));
        assert!(told(&key, None).contains("echo.wasm.minisig cannot be read"));
        std::fs::write(folder.path().join("nonsense"), "untrusted comment: x\nRUQf\n").expect("written");
        assert!(told(&key, Some("nonsense")).contains("nonsense is no minisign signature"));
        let pin = Pin { public_key: Some(key), ..Pin::default() };
        let error = pin.check("echo", None, BYTES).expect_err("no signature");
        assert!(error.message.contains("nothing names the signature"), "{error}");
    }

    #[test]
    fn a_digest_pins_and_a_wrong_one_tells_both() {
        let file = Path::new("echo.wasm");
        let right = Pin {
            digest: Some(Digest::of(BYTES).text().to_uppercase().replace("SHA", "sha")),
            ..Pin::default()
        };
        right.check("echo", Some(file), BYTES).expect("pinned");
        let error = right.check("echo", Some(file), b"other").expect_err("not the one").to_string();
        for part in [Digest::of(BYTES).text(), Digest::of(b"other").text(), "outcrop plugin pin echo"] {
            assert!(error.contains(part), "{error}");
        }
        let none = Pin { digest: Some("sha256:12".to_owned()), ..Pin::default() };
        assert!(none.check("echo", Some(file), BYTES).is_err());
    }

    #[test]
    fn what_nothing_pins_is_refused_unless_allowed() {
        let file = Some(Path::new("echo.wasm"));
        let error = Pin::default().check("echo", file, BYTES).expect_err("not pinned").to_string();
        assert!(error.contains("is not pinned") && error.contains(Digest::of(BYTES).text()), "{error}");
        Pin { allow_unpinned: true, ..Pin::default() }.check("echo", file, BYTES).expect("allowed");
        Pin::default().check("echo", None, BYTES).expect("the program's own bytes");
    }
}
