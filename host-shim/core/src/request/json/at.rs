//! A JSON value that knows where it stands, so that every mistake can be named with its place.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Error, ErrorClass, Result};

/// The longest piece of the caller's text that an error repeats, in characters. Long enough for a
/// misspelt word, too short for a prompt.
const QUOTED_CHARS: usize = 40;

/// A value and its JSON Pointer.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    value: &'a Value,
    place: Place<'a>,
}

/// A JSON Pointer as a chain towards the root: written out only when there is a mistake to report.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, place: Place::Root }
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    /// The mistake of this value.
    pub(super) fn wrong(&self, what: impl fmt::Display) -> Error {
        self.place.wrong(what)
    }

    fn expected(&self, what: &str) -> Error {
        self.wrong(format_args!("expected {what}, found {}", kind(self.value)))
    }

    /// The members of an object. `ignored` ones may be there too, but nobody needs to know.
    pub(super) fn members(&self, known: &[&str], ignored: &[&str]) -> Result<Members<'a>> {
        let map = self.object()?;
        for name in map.keys().map(String::as_str) {
            if !known.contains(&name) && !ignored.contains(&name) {
                let known = known.join(", ");
                return Err(
                    Place::Member(&self.place, name).wrong(format_args!("unknown member; one of {known}"))
                );
            }
        }
        Ok(Members { map, place: self.place })
    }

    /// The members of an object whose names are not checked yet.
    pub(super) fn any_members(&self) -> Result<Members<'a>> {
        Ok(Members { map: self.object()?, place: self.place })
    }

    pub(super) fn object(&self) -> Result<&'a Map<String, Value>> {
        self.value.as_object().ok_or_else(|| self.expected("an object"))
    }

    /// Each item of an array, read.
    pub(super) fn items<T>(&self, read: impl Fn(&At<'_>) -> Result<T>) -> Result<Vec<T>> {
        let items = self.value.as_array().ok_or_else(|| self.expected("an array"))?;
        self.read_items(items, read)
    }

    /// Each item of an array, or the one thing that a string stands for.
    pub(super) fn string_or_items<T>(
        &self,
        from_string: impl Fn(&str) -> T,
        read: impl Fn(&At<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self.value {
            Value::String(text) => Ok(vec![from_string(text)]),
            Value::Array(items) => self.read_items(items, read),
            _ => Err(self.expected("a string or an array")),
        }
    }

    fn read_items<T>(&self, items: &[Value], read: impl Fn(&At<'_>) -> Result<T>) -> Result<Vec<T>> {
        let item = |(index, value)| read(&At { value, place: Place::Item(&self.place, index) });
        items.iter().enumerate().map(item).collect()
    }

    pub(super) fn str(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    pub(super) fn string(&self) -> Result<String> {
        self.str().map(str::to_owned)
    }

    pub(super) fn non_empty_string(&self) -> Result<String> {
        match self.string()? {
            empty if empty.is_empty() => Err(self.wrong("must not be empty")),
            text => Ok(text),
        }
    }

    pub(super) fn bool(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }

    pub(super) fn positive_u32(&self) -> Result<u32> {
        self.value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| self.wrong(format_args!("expected a whole number from 1 to {}", u32::MAX)))
    }

    /// A number from 0 to `most`.
    pub(super) fn number_up_to(&self, most: f64) -> Result<f64> {
        self.value
            .as_f64()
            .filter(|number| (0.0..=most).contains(number))
            .ok_or_else(|| self.wrong(format_args!("expected a number from 0 to {most}")))
    }

    /// The mistake of a word that is none of `allowed`; `what` names what such a word says.
    pub(super) fn unknown(&self, what: &str, allowed: &[&str]) -> Error {
        let word = self.value.as_str().unwrap_or_default();
        self.wrong(format_args!("unknown {what} {}; one of {}", quoted(word), allowed.join(", ")))
    }
}

/// The members of an object.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    map: &'a Map<String, Value>,
    place: Place<'a>,
}

impl Members<'_> {
    /// The member, where it is there and not null.
    pub(super) fn get(&self, name: &'static str) -> Option<At<'_>> {
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some(At { value, place: Place::Member(&self.place, name) })
    }

    /// The member, which must be there.
    pub(super) fn require(&self, name: &'static str) -> Result<At<'_>> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    /// The mistake that this member is not there.
    pub(super) fn missing(&self, name: &'static str) -> Error {
        Place::Member(&self.place, name).wrong("is missing")
    }

    /// Reads the member, where it is there.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&At<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.get(name).map(|at| read(&at)).transpose()
    }

    /// Whether the member is there, null or not.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }
}

impl Place<'_> {
    fn wrong(&self, what: impl fmt::Display) -> Error {
        let place = match self {
            Place::Root => "top level".to_owned(),
            place => place.to_string(),
        };
        Error::new(ErrorClass::InvalidRequest, format!("{place}: {what}"))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Member(parent, name) => {
                write!(f, "{parent}/{}", cut(&name.replace('~', "~0").replace('/', "~1")).escape_debug())
            }
            Place::Item(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// A short word of the caller's, in quotes and safe to print.
pub(super) fn quoted(word: &str) -> String {
    format!("{:?}", cut(word))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
