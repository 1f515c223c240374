//! The forms that values can have. The table in [`keys`](crate::keys) is made of them; the check, the
//! JSON Schema and the table of the documentation are all read off it.

/// What a value must look like.
#[derive(Debug)]
pub(crate) enum Shape {
    Switch,
    Number(Bound),
    /// A string of this kind.
    Text(Text),
    List(&'static Shape),
    Object(&'static Object),
    /// An object whose names the user chooses. Only those that are ours are looked into.
    Map(Whose, &'static Shape),
    /// A string, or an object.
    TextOr(Text, &'static Object),
    /// True, false, or a string.
    SwitchOr(Text),
    /// An object that is handed on as it is, variables and all.
    Handed,
}

/// Which numbers will do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Every number; the reader rounds and clamps it.
    None,
    /// Finite, and zero or more.
    NotNegative,
    /// Finite, and one or more; rounded down.
    Positive,
    /// A whole number from one to the other.
    Whole(u64, u64),
}

/// Which strings will do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text {
    /// Any.
    Any,
    /// Any that is not blank.
    Free,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Those that match a regular expression; and what that says, for a person.
    Pattern(&'static str, &'static str),
}

/// Whose members of a map are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Providers that speak Converse: by their name, or by their `api`.
    Providers,
    /// Plugin entries: those that carry the name of such a provider, and those that bring a component.
    Entries,
    /// Models of such a provider: `NAME/ID`.
    Models,
    /// HTTP headers: their names are checked as well.
    Headers,
}

/// The members of an object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) others: Others,
    pub(crate) members: &'static [Key],
}

/// What a key means that is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// Somebody else's; not looked at.
    Ignored,
    /// Most likely somebody else's; remarked upon where it looks like one of the table's.
    Compared,
    /// A mistake: nobody else writes here.
    Refused,
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) need: Need,
    /// What holds where it is absent; empty where nothing does.
    pub(crate) default: &'static str,
    /// What it means; empty for objects that only hold others.
    pub(crate) about: &'static str,
}

/// How strictly a member is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Optional,
    Required,
    /// A wrong value is remarked upon and left out, since it may be meant for another provider.
    Lenient,
}

/// A key that may be absent.
pub(crate) const fn key(name: &'static str, shape: Shape, default: &'static str, about: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, default, about }
}

impl Key {
    pub(crate) const fn required(mut self) -> Self {
        self.need = Need::Required;
        self
    }

    pub(crate) const fn lenient(mut self) -> Self {
        self.need = Need::Lenient;
        self
    }
}

impl Text {
    /// Whether a string will do.
    pub(crate) fn fits(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Free => !text.trim().is_empty(),
            Self::Word(words) => words.contains(&text),
            Self::Pattern(pattern, _) => matches(pattern, text),
        }
    }

    /// What is allowed, to stand after "must be".
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Any => "a string".to_owned(),
            Self::Free => "a string that is not blank".to_owned(),
            Self::Word([word]) => format!("{word:?}"),
            Self::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Pattern(_, allowed) => allowed.to_owned(),
        }
    }
}

impl Shape {
    /// What is allowed, to stand after "must be".
    pub(crate) fn allowed(&self) -> String {
        match self {
            Self::Switch => "true or false".to_owned(),
            Self::Number(Bound::None) => "a number".to_owned(),
            Self::Number(Bound::NotNegative) => "a number, 0 or more".to_owned(),
            Self::Number(Bound::Positive) => "a number, 1 or more".to_owned(),
            Self::Number(Bound::Whole(least, most)) => format!("a whole number from {least} to {most}"),
            Self::Text(text) => text.allowed(),
            Self::List(Self::Text(Text::Free | Text::Any)) => "a list of strings".to_owned(),
            Self::List(Self::Text(text)) => format!("a list, each {}", text.allowed()),
            Self::List(_) => "a list of objects".to_owned(),
            Self::Object(_) | Self::Handed => "an object".to_owned(),
            Self::Map(Whose::Headers, _) => "an object of strings".to_owned(),
            Self::Map(..) => "an object".to_owned(),
            Self::TextOr(text, _) => format!("{}, or an object", text.allowed()),
            Self::SwitchOr(text) => format!("true or false, or {}", text.allowed()),
        }
    }
}

/// Whether the text matches. The patterns are constants, and the tests meet each.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}
