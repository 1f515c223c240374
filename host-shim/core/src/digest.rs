//! What tells one component from another.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use crate::host::BUNDLED;

/// How a written digest begins.
const ALGORITHM: &str = "sha256:";
const HEX_DIGITS: usize = 64;

/// The SHA-256 of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// That of the one that is built in, which is seldom asked for.
    Bundled,
    /// As it is written.
    Known(String),
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::Known(digest(bytes))
    }

    /// `sha256:` and 64 hexadecimal digits in small letters.
    pub(crate) fn text(&self) -> &str {
        static OF_BUNDLED: LazyLock<String> = LazyLock::new(|| digest(BUNDLED));
        match self {
            Self::Bundled => &OF_BUNDLED,
            Self::Known(text) => text,
        }
    }
}

/// The digest by which a component is pinned: `sha256:` and the SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().fold(ALGORITHM.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether this is how a digest is written, in small letters or capitals.
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix(ALGORITHM)
        .is_some_and(|hex| hex.len() == HEX_DIGITS && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_elsewhere() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
        assert!(is_digest(empty) && is_digest(&format!("sha256:{}", empty[7..].to_uppercase())));
        for wrong in ["", "sha256:", &empty[7..], &empty[..70], "sha512:00"] {
            assert!(!is_digest(wrong), "{wrong}");
        }
        assert_eq!(Digest::Bundled.text(), digest(crate::bundled_plugin()));
    }
}
