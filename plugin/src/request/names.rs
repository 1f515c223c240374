//! Tool names as Bedrock takes them: letters, digits, `_` and `-`, 64 at most. A name that is not of
//! this form gets one that is, no two the same, and the answer's calls get the caller's name back.

use std::collections::BTreeMap;

/// Bedrock's limit.
const LONGEST: usize = 64;

/// Hexadecimal digits that tell apart two names that would be one.
const DIGITS: usize = 8;

/// The tool that stands for the answer's schema where the model has no other way to follow one.
/// What it is called with is the answer's text.
pub const OUTPUT_TOOL: &str = "structured_answer";

/// Tool names of one request, as the caller says them and as they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By the caller's name.
    sent: BTreeMap<String, String>,
    /// By the sent name.
    callers: BTreeMap<String, String>,
    output: Option<String>,
}

impl Names {
    /// The names of tools on offer, and then of tools that were called earlier. What is on offer
    /// is named without regard to the conversation, so that its names hold from turn to turn.
    pub(crate) fn of<'a>(
        offered: impl Iterator<Item = &'a str> + Clone,
        called: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut names = Self::default();
        for name in offered.clone().filter(|name| is_valid(name)) {
            names.add(name);
        }
        for name in offered.chain(called) {
            names.add(name);
        }
        names
    }

    fn add(&mut self, name: &str) {
        if !self.sent.contains_key(name) {
            let free = self.free(name);
            self.sent.insert(name.into(), free.clone());
            self.callers.insert(free, name.into());
        }
    }

    /// The tool [`OUTPUT_TOOL`], under a name that no other tool has.
    pub(crate) fn add_output(&mut self) -> &str {
        let name = self.free(OUTPUT_TOOL);
        self.output.insert(name)
    }

    /// A valid name like this one that is not taken.
    fn free(&self, name: &str) -> String {
        let safe = safe(name);
        if safe.len() <= LONGEST && !self.callers.contains_key(&safe) {
            return safe;
        }
        let mut seed = FNV_OFFSET;
        loop {
            seed = fnv(seed, name.as_bytes());
            let digits = hexadecimal(seed);
            let head = &safe[..safe.len().min(LONGEST - DIGITS - 1)];
            let name = [head, "_", &digits].concat();
            if !self.callers.contains_key(&name) {
                return name;
            }
        }
    }

    /// As the caller's tool is sent.
    pub(crate) fn sent<'a>(&'a self, name: &'a str) -> &'a str {
        self.sent.get(name).map_or(name, String::as_str)
    }

    /// The caller's name of a tool that the model called.
    pub fn callers<'a>(&'a self, sent: &'a str) -> &'a str {
        self.callers.get(sent).map_or(sent, String::as_str)
    }

    /// Whether a call of this name is no call but the answer, in the caller's schema: its arguments
    /// are the text.
    pub fn is_output(&self, sent: &str) -> bool {
        self.output.as_deref() == Some(sent)
    }

    /// The name under which [`OUTPUT_TOOL`] is sent, where calls of it can come.
    pub fn output(&self) -> Option<&str> {
        self.output.as_deref()
    }
}

fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(is_safe)
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The name with `_` for each character that is not taken; a word where there is none.
fn safe(name: &str) -> String {
    if name.is_empty() {
        return "tool".into();
    }
    name.chars().map(|letter| if letter.is_ascii() && is_safe(letter as u8) { letter } else { '_' }).collect()
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a, since a name must come out the same in every build and on every machine.
fn fnv(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// A hash of an identifier, another for each seed.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    fnv(FNV_OFFSET ^ seed, text.as_bytes())
}

fn hexadecimal(hash: u64) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    (0..DIGITS).map(|at| char::from(HEX[(hash >> (4 * at)) as usize & 15])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(offered: &[&str], called: &[&str]) -> Names {
        Names::of(offered.iter().copied(), called.iter().copied())
    }

    #[test]
    fn valid_names_stay_and_others_become_valid() {
        let long = "x".repeat(65);
        let names = names(&["mcp.files/read", "mcp_files_read", "naïve", &long], &["old tool", ""]);
        assert_eq!(names.sent("mcp_files_read"), "mcp_files_read");
        assert_eq!(names.sent("naïve"), "na_ve");
        assert_eq!(names.sent("old tool"), "old_tool");
        assert_eq!(names.sent(""), "tool");
        let mapped = names.sent("mcp.files/read");
        assert!(mapped.starts_with("mcp_files_read_"), "{mapped}");
        assert_eq!(names.callers(mapped), "mcp.files/read");
        assert_eq!(names.sent(&long).len(), LONGEST);
        assert_eq!(names.callers("never-heard-of"), "never-heard-of");
    }

    #[test]
    fn what_was_called_changes_nothing_of_what_is_offered() {
        let before = names(&["a.b", "c"], &[]);
        let after = names(&["a.b", "c"], &["a_b", "a?b"]);
        for name in ["a.b", "c"] {
            assert_eq!(before.sent(name), after.sent(name));
        }
        assert_ne!(after.sent("a_b"), after.sent("a.b"));
    }

    #[test]
    fn the_output_tool_is_told_apart() {
        let mut names = names(&[OUTPUT_TOOL], &[]);
        assert_eq!(names.output(), None);
        let output = names.add_output().to_owned();
        assert!(names.is_output(&output));
        assert!(!names.is_output(OUTPUT_TOOL));
    }

    proptest! {
        #[test]
        fn any_names_are_valid_distinct_and_reversible(
            offered in proptest::collection::vec(".{0,80}", 0..12),
            called in proptest::collection::vec("[a_.?]{0,3}", 0..12),
        ) {
            let names = Names::of(offered.iter().map(String::as_str), called.iter().map(String::as_str));
            for name in offered.iter().chain(&called) {
                let sent = names.sent(name);
                prop_assert!(is_valid(sent), "{}", sent);
                prop_assert_eq!(names.callers(sent), name);
            }
        }
    }
}
