//! Places inside a configuration: `models.providers.amazon-bedrock.models[0].name`.

use std::fmt;

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into an object.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Step {
    /// The key, if it is one.
    pub fn name(&self) -> Option<&str> {
        if let Self::Key(name) = self { Some(name) } else { None }
    }
}

/// A way from the top of a configuration to a value, in OpenClaw's notation: keys are divided by dots, or stand
/// in brackets, where they may be quoted; a number in brackets is an index. A backslash takes a dot's meaning away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPath(pub(crate) Vec<Step>);

impl KeyPath {
    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is a key that OpenClaw does not have. It does not start with a file that holds one.
    pub fn is_addition(&self) -> bool {
        crate::keys::is_addition(self)
    }

    /// One step further, into an object.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.with(Step::Key(name.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl std::str::FromStr for KeyPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        let wrong = |what: &str| Err(format!("the key {text:?} cannot be read: {what}"));
        if rest.is_empty() {
            return wrong("it is empty");
        }
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = match bracketed(inside) {
                    Ok(found) => found,
                    Err(what) => return wrong(what),
                };
                steps.push(step);
                rest = after;
                if !rest.is_empty() && !rest.starts_with(['.', '[']) {
                    return wrong("after ] comes a dot, or another [");
                }
            } else {
                let (key, after) = plain(rest);
                if key.is_empty() {
                    return wrong("a key is empty");
                }
                steps.push(Step::Key(key));
                rest = after;
            }
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() {
                    return wrong("it ends with a dot");
                }
                rest = after;
            }
        }
        Ok(Self(steps))
    }
}

/// A key up to the next dot or bracket, and what follows.
fn plain(text: &str) -> (String, &str) {
    let mut key = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '.' | '[' => return (key, &text[at..]),
            '\\' => key.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => key.push(letter),
        }
    }
    (key, "")
}

/// What stands in brackets, and what follows them.
fn bracketed(inside: &str) -> Result<(Step, &str), &'static str> {
    for quote in ['"', '\''] {
        if let Some(quoted) = inside.strip_prefix(quote) {
            let (key, after) = quoted.split_once(quote).ok_or("a quote is not closed")?;
            let after = after.strip_prefix(']').ok_or("a bracket is not closed")?;
            return Ok((Step::Key(key.to_owned()), after));
        }
    }
    let (name, after) = inside.split_once(']').ok_or("a bracket is not closed")?;
    let name = name.trim();
    if name.is_empty() {
        return Err("there is nothing in the brackets");
    }
    let step = name.parse().map_or_else(|_| Step::Key(name.to_owned()), Step::Index);
    Ok((step, after))
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key)
                    if key.is_empty() || key.contains(['.', '[', ']', '\\', '"', '\'', ' ', '/']) =>
                {
                    let quote = if key.contains('"') { '\'' } else { '"' };
                    write!(f, "[{quote}{key}{quote}]")?;
                }
                Step::Key(key) if number == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_are_read_and_the_plainest_is_written() {
        for (text, written) in [
            ("models.bedrockDiscovery.enabled", "models.bedrockDiscovery.enabled"),
            (
                "models.providers[\"amazon-bedrock\"].models[0].name",
                "models.providers.amazon-bedrock.models[0].name",
            ),
            ("a['b.c'].d", "a[\"b.c\"].d"),
            ("a[b.c][1]", "a[\"b.c\"][1]"),
            ("a.b\\.c", "a[\"b.c\"]"),
            (
                "agents.defaults.models[amazon-bedrock/us.a.b-v1:0].params",
                "agents.defaults.models[\"amazon-bedrock/us.a.b-v1:0\"].params",
            ),
        ] {
            let path: KeyPath = text.parse().expect(text);
            assert_eq!(path.to_string(), written);
            assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn additions_to_openclaws_keys_are_known() {
        let is_addition = |text: &str| text.parse::<KeyPath>().is_ok_and(|path| path.is_addition());
        assert!(is_addition("models.providers.amazon-bedrock.region"));
        assert!(!is_addition("models.providers.amazon-bedrock.baseUrl"));
        assert!(!is_addition("models.bedrockDiscovery.region"));
        assert!(is_addition("plugins.entries.echo.limits.streams") && is_addition("plugins.limits"));
        assert!(!is_addition("plugins.entries.echo.config.file"));
    }

    #[test]
    fn what_is_no_path_is_told() {
        for text in ["", " ", ".a", "a.", "a..b", "a[", "a[]", "a[\"b]", "a[0]b"] {
            let error = text.parse::<KeyPath>().expect_err(text);
            assert!(error.contains("cannot be read"), "{error}");
        }
    }
}
