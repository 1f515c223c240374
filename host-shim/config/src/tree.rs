//! A JSON5 text as values that know where they stand.

use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions};
use serde_json::{Map, Number, Value};

/// JSON5 and nothing more: the parser's own default would let commas be left out.
pub(crate) const JSON5: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: true,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: true,
    allow_hexadecimal_numbers: true,
    allow_unary_plus_numbers: true,
    allow_bare_decimal_point_numbers: true,
    allow_non_finite_numbers: true,
    allow_extended_string_escapes: true,
};

/// A value and the bytes of the text that it is.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Switch(bool),
    /// The number, and how it is written.
    Number(f64, String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) name_range: Range<usize>,
    pub(crate) value: Node,
}

/// What keeps a text from being JSON5, and the byte at which.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let parsed = jsonc_parser::parse_to_ast(text, &collect, &JSON5)
        .map_err(|error| SyntaxError { offset: error.range().start, message: error.kind().to_string() })?;
    let root = parsed.value.ok_or_else(|| SyntaxError {
        offset: text.len(),
        message: "there is no value in it; an empty configuration is {}".to_owned(),
    })?;
    node(root)
}

fn node(ast: Ast<'_>) -> Result<Node, SyntaxError> {
    let range = ast.range();
    let range = range.start..range.end;
    let kind = match ast {
        Ast::NullKeyword(_) => Kind::Null,
        Ast::BooleanLit(literal) => Kind::Switch(literal.value),
        Ast::NumberLit(literal) => Kind::Number(number(literal.value), literal.value.to_owned()),
        Ast::StringLit(literal) => Kind::Text(literal.value.into_owned()),
        Ast::Array(array) => {
            Kind::List(array.elements.into_iter().map(|element| node(element)).collect::<Result<_, _>>()?)
        }
        Ast::Object(object) => {
            let mut members = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let name_range = property.name.range();
                let name_range = name_range.start..name_range.end;
                if let ObjectPropName::Word(word) = &property.name
                    && !is_identifier(word.value)
                {
                    let message = format!("the key {:?} needs quotes", word.value);
                    return Err(SyntaxError { offset: name_range.start, message });
                }
                members.push(Member {
                    name: property.name.into_string(),
                    name_range,
                    value: node(property.value)?,
                });
            }
            Kind::Object(members)
        }
    };
    Ok(Node { range, kind })
}

/// Whether JSON5 takes this as a key without quotes.
fn is_identifier(word: &str) -> bool {
    word.chars().enumerate().all(|(index, letter)| {
        letter == '_' || letter == '$' || letter.is_alphabetic() || (index > 0 && letter.is_alphanumeric())
    })
}

/// A JSON5 number, which the parser has checked.
fn number(written: &str) -> f64 {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, written.strip_prefix('+').unwrap_or(written)),
    };
    let size = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => hex
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .fold(0.0, |size, digit| size * 16.0 + f64::from(digit)),
        // Rust reads `.5`, `5.`, `Infinity` and `NaN` as JSON5 does.
        None => digits.parse().unwrap_or(f64::NAN),
    };
    sign * size
}

impl Node {
    /// The member of this name; the last one, where it stands twice.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[Member] {
        if let Kind::Object(members) = &self.kind { members } else { &[] }
    }

    /// The elements of a list; none of anything else.
    pub(crate) fn elements(&self) -> &[Self] {
        if let Kind::List(elements) = &self.kind { elements } else { &[] }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        if let Kind::Number(number, _) = self.kind { Some(number) } else { None }
    }

    pub(crate) fn switch(&self) -> Option<bool> {
        if let Kind::Switch(on) = self.kind { Some(on) } else { None }
    }

    /// What it is, with an article.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Switch(_) => "a boolean",
            Kind::Number(..) => "a number",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// The same as JSON, which has no infinite numbers: they become null.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Switch(on) => Value::Bool(*on),
            Kind::Number(number, written) => json_number(*number, written),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(elements) => elements.iter().map(Self::to_json).collect(),
            Kind::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|member| (member.name.clone(), member.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Digit by digit where JSON can write it so.
fn json_number(number: f64, written: &str) -> Value {
    if let Ok(exact) = written.parse::<Number>() {
        return exact.into();
    }
    // Whole numbers without a point, as JavaScript writes them.
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return (number as i64).into();
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// Where a byte stands: line and column, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_json5_has_is_read() {
        let node = parse(
            "// first\n{ unquoted: 'single \\x41 \\\n line', $a_1: .5, b: 5., c: +1, d: 0xFF, e: -Infinity, /* x */\n \
             f: [1, 2,], \"g-h\": null, i: true, }",
        )
        .expect("JSON5");
        let json = node.to_json();
        assert_eq!(json["unquoted"], "single A  line");
        assert_eq!((&json["$a_1"], &json["b"], &json["c"]), (&0.5.into(), &5.into(), &1.into()));
        assert_eq!((&json["d"], &json["e"], &json["g-h"]), (&255.into(), &Value::Null, &Value::Null));
        assert_eq!(node.get("e").and_then(Node::number), Some(f64::NEG_INFINITY));
        assert_eq!(json["f"], serde_json::json!([1, 2]));
        assert_eq!(json["i"], true);
    }

    #[test]
    fn long_integers_keep_their_digits() {
        assert_eq!(
            parse("{a: 12345678901234567890}").expect("JSON5").to_json()["a"].to_string(),
            "12345678901234567890"
        );
    }

    #[test]
    fn what_is_not_json5_has_a_place() {
        for (text, offset) in [
            ("", 0),
            ("// only this", 12),
            ("{a: 1 b: 2}", 5),
            ("{a-b: 1}", 1),
            ("{1a: 1}", 2),
            ("{a: tru}", 4),
            ("{} {}", 3),
            ("{a: 'x}", 4),
            ("[1, 2", 0),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {}", error.message);
        }
        let deep = "[".repeat(100_000);
        parse(&deep).expect_err("too deep");
    }

    #[test]
    fn columns_count_characters() {
        let text = "{\n  é: 'ö', x: 1\n}";
        assert_eq!(line_and_column(text, text.find('x').expect("x")), (2, 11));
        assert_eq!(line_and_column(text, text.len()), (3, 2));
    }
}
