//! Halves of surrogate pairs. Hosts that keep text in UTF-16 cut it anywhere, and what they then write as
//! JSON (`"\ud83d"`) stands for no character: a parser refuses it, and a whole conversation with it. A half
//! without its other half becomes the replacement character.

use std::borrow::Cow;

/// What stands for half a pair.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Bytes of an escape.
const ESCAPE: usize = 6;

/// The text with every half replaced; the text itself where there is none.
pub(super) fn replaced(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        let unit = |at: usize| text.get(at..).and_then(surrogate);
        match (unit(at), unit(at + ESCAPE)) {
            (None, _) => at += 2,
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE,
            (Some(_), _) => {
                out.extend_from_slice(&text[copied..at]);
                out.extend_from_slice(REPLACEMENT);
                at += ESCAPE;
                copied = at;
            }
        }
        at = at.min(text.len());
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[copied..]);
    Cow::Owned(out)
}

/// The surrogate that an escape at the beginning of the text stands for.
fn surrogate(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_are_replaced_and_pairs_stay() {
        for (text, want) in [
            (r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00x\uD83D\uD83D\uDE00""#, r#""\ufffdx\ufffd\uD83D\uDE00""#),
            (r#""\\ud83d \n \"""#, r#""\\ud83d \n \"""#),
            (r#""\"#, r#""\"#),
            (r#""\ud8"#, r#""\ud8"#),
        ] {
            assert_eq!(replaced(text.as_bytes()), want.as_bytes(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_string_of_halves_can_be_read(units in proptest::collection::vec(any::<u16>(), 0..8)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let text = format!("\"{escapes}\"");
            let read: Result<String, _> = serde_json::from_slice(&replaced(text.as_bytes()));
            prop_assert_eq!(read.ok(), Some(String::from_utf16_lossy(&units)));
        }
    }
}
