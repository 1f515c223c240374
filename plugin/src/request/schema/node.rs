//! JSON as a tree of which the leaves are text, so that what is not changed is written as it was.

use crate::json::{self, Object};

/// Levels of nesting that are looked into.
const DEEPEST: usize = 64;

/// JSON whose leaves are kept as they were written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Object(Members),
    Array(Vec<Node>),
    Leaf(String),
}

/// Members in order.
pub(super) type Members = Vec<(String, Node)>;

impl Node {
    /// None where it is nested too deeply to be looked into.
    pub(super) fn parse(text: &str, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let text = text.trim();
        Some(match text.as_bytes().first()? {
            b'{' => Self::Object(
                Object::parse(text)?
                    .into_iter()
                    .map(|(name, value)| Some((name, Self::parse(value, depth + 1)?)))
                    .collect::<Option<_>>()?,
            ),
            b'[' => Self::Array(
                json::array(text)?
                    .into_iter()
                    .map(|value| Self::parse(value, depth + 1))
                    .collect::<Option<_>>()?,
            ),
            _ => Self::Leaf(text.into()),
        })
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(text) => out.push_str(text),
            Self::Array(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    json::push_string(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub(super) fn string(&self) -> Option<String> {
        match self {
            Self::Leaf(text) => json::string(text),
            _ => None,
        }
    }

    pub(super) fn strings(&self) -> Vec<String> {
        match self {
            Self::Array(items) => items.iter().filter_map(Self::string).collect(),
            _ => Vec::new(),
        }
    }
}

pub(super) fn quoted(text: &str) -> Node {
    Node::Leaf(json::quoted(text))
}

pub(super) fn get<'a>(members: &'a Members, name: &str) -> Option<&'a Node> {
    members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

pub(super) fn take(members: &mut Members, name: &str) -> Option<Node> {
    let at = members.iter().position(|(other, _)| other == name)?;
    Some(members.remove(at).1)
}

pub(super) fn set(members: &mut Members, name: &str, value: Node) {
    match members.iter_mut().find(|(other, _)| other == name) {
        Some((_, other)) => *other = value,
        None => members.push((name.into(), value)),
    }
}

/// Adds a sentence to a schema's description.
pub(super) fn describe(members: &mut Members, sentence: &str) {
    let said = get(members, "description").and_then(Node::string).unwrap_or_default();
    let joined = if said.trim().is_empty() { sentence.into() } else { [&said, " ", sentence].concat() };
    set(members, "description", quoted(&joined));
}
