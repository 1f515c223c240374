//! Reading `NAME key=value key="two words" key={"a":1} rest of the line`.

use serde_json::Value;
use std::time::Duration;

use crate::registry::Parameter;

/// A scenario's name and what was said with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) values: Vec<(String, Value)>,
    /// The words that are no `key=value`.
    pub(crate) rest: String,
}

impl Command {
    pub(crate) fn parse(text: &str) -> Self {
        let (name, mut text) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let mut command = Self { name: name.to_owned(), ..Self::default() };
        loop {
            text = text.trim_start();
            let Some((key, after)) = text.split_once('=').filter(|(key, _)| is_key(key)) else {
                break;
            };
            let (value, left) = value(after);
            command.values.push((key.to_owned(), value));
            text = left;
        }
        command.rest = text.trim_end().to_owned();
        command
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// `key=value` come before the rest, so that a prompt can hold an equals sign.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// JSON where a string, object or array begins, else a word.
fn value(text: &str) -> (Value, &str) {
    if text.starts_with(['"', '{', '[']) {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            let end = values.byte_offset();
            return (value, &text[end..]);
        }
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (Value::from(&text[..end]), &text[end..])
}

/// A checked command together with the parameters its scenario knows, and their defaults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'a> {
    command: &'a Command,
    parameters: &'a [Parameter],
}

impl<'a> Args<'a> {
    /// Refuses a parameter that is not known, or is no number where its default is one.
    pub(crate) fn check(
        command: &'a Command,
        parameters: &'a [Parameter],
        common: &'a [Parameter],
    ) -> Result<Self, String> {
        for (key, value) in &command.values {
            let known = parameters.iter().chain(common).find(|parameter| parameter.name == key);
            let parameter = known.ok_or_else(|| format!("{} has no parameter {key}", command.name))?;
            if parameter.default.parse::<u64>().is_ok() && number(value).is_none() {
                return Err(format!("{key} of {} is not a number: {value}", command.name));
            }
        }
        Ok(Self::new(command, parameters))
    }

    pub(crate) fn new(command: &'a Command, parameters: &'a [Parameter]) -> Self {
        Self { command, parameters }
    }

    pub(crate) fn text(&self, name: &str) -> String {
        match self.command.value(name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => self.default(name).to_owned(),
        }
    }

    /// The text, unless it is empty.
    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        let given = self.command.value(name).and_then(number);
        given.or_else(|| self.default(name).parse().ok()).unwrap_or_default()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    pub(crate) fn millis(&self, name: &str) -> Duration {
        Duration::from_millis(self.number(name))
    }

    /// The value as JSON, when it was given.
    pub(crate) fn json(&self, name: &str) -> Option<&'a Value> {
        self.command.value(name)
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.command.rest
    }

    fn default(&self, name: &str) -> &'a str {
        let parameter = self.parameters.iter().find(|parameter| parameter.name == name);
        parameter.map_or("", |parameter| parameter.default)
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_words_or_json_and_the_rest_stays() {
        let command = Command::parse(r#"tools count=2 say="two words" input={"a": [1]} b + c = d"#);
        assert_eq!(command.name, "tools");
        let expected = [("count", json!("2")), ("say", json!("two words")), ("input", json!({ "a": [1] }))];
        assert_eq!(command.values, expected.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(command.rest, "b + c = d");
    }

    #[test]
    fn unknown_and_ill_typed_parameters_are_refused() {
        let parameters = [Parameter { name: "deltas", default: "10", about: "" }];
        let check = |text| Args::check(&Command::parse(text), &parameters, &[]).map(|_| ());
        assert_eq!(check("long deltas=3"), Ok(()));
        assert!(check("long deltas=x").is_err());
        assert!(check("long delta=3").is_err());
    }
}
