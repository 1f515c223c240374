//! JSON of any shape from a target's own words: random letters would never meet a member that is read.

use arbitrary::Unstructured;

/// How deep values nest.
const DEPTH: usize = 5;

/// A JSON text whose names and strings are mostly `words`.
pub(crate) fn text(input: &mut Unstructured<'_>, words: &[&str], out: &mut String) {
    value(input, words, DEPTH, out);
}

/// A JSON object's text.
pub(crate) fn object(input: &mut Unstructured<'_>, words: &[&str], out: &mut String) {
    members(input, words, DEPTH, out);
}

fn value(input: &mut Unstructured<'_>, words: &[&str], depth: usize, out: &mut String) {
    let highest = if depth == 0 { 6 } else { 10 };
    match input.int_in_range(0..=highest).unwrap_or_default() {
        0 => out.push_str("null"),
        1 => out.push_str(if input.arbitrary().unwrap_or_default() { "true" } else { "false" }),
        2 => out.push_str(&input.int_in_range(0..=3_u8).unwrap_or_default().to_string()),
        3 => out.push_str(&input.arbitrary::<i64>().unwrap_or_default().to_string()),
        4 => {
            let numbers = ["-0", "1e999", "0.1", "18446744073709551615", "18446744073709551616", "1E-7"];
            out.push_str(input.choose(&numbers).unwrap_or(&"0"));
        }
        5 | 6 => string(input, words, out),
        7 => {
            out.push('[');
            repeat(input, out, |input, out| value(input, words, depth - 1, out));
            out.push(']');
        }
        _ => members(input, words, depth - 1, out),
    }
}

fn members(input: &mut Unstructured<'_>, words: &[&str], depth: usize, out: &mut String) {
    out.push('{');
    repeat(input, out, |input, out| {
        string(input, words, out);
        out.push(':');
        value(input, words, depth, out);
    });
    out.push('}');
}

fn repeat(
    input: &mut Unstructured<'_>,
    out: &mut String,
    mut item: impl FnMut(&mut Unstructured<'_>, &mut String),
) {
    let mut first = true;
    while input.arbitrary().unwrap_or_default() {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        item(input, out);
    }
}

fn string(input: &mut Unstructured<'_>, words: &[&str], out: &mut String) {
    if input.ratio(7, 8).unwrap_or_default() {
        let word = input.choose(words).unwrap_or(&"");
        out.push_str(&serde_json::to_string(word).expect("a string"));
        return;
    }
    let escapes = [r#""\ud800""#, r#""\ud83d\ude00""#, r#""\u0000""#, r#""\\""#, r#""\n\/\b""#];
    match input.arbitrary().unwrap_or_default() {
        true => out.push_str(input.choose(&escapes).unwrap_or(&"\"\"")),
        false => {
            let text: &str = input.arbitrary().unwrap_or_default();
            out.push_str(&serde_json::to_string(text).expect("a string"));
        }
    }
}
