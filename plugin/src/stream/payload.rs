//! The shape of nearly every frame, read without a JSON parser: a text delta is a few bytes of text
//! in a fixed setting, and a long answer is thousands of them.

/// What a plain delta adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// `delta.text`
    Text,
    /// `delta.reasoningContent.text`
    Reasoning,
    /// `delta.toolUse.input`
    Arguments,
}

/// A `contentBlockDelta` of the common shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlainDelta<'a> {
    pub(super) block: u32,
    pub(super) kind: Plain,
    /// Between the quotes, as it stands there.
    written: &'a str,
    /// Whether `written` holds escapes.
    escaped: bool,
}

impl PlainDelta<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Appends what is meant.
    pub(super) fn append_to(&self, out: &mut String) {
        if !self.escaped {
            out.push_str(self.written);
            return;
        }
        let mut pieces = self.written.split('\\');
        out.push_str(pieces.next().unwrap_or_default());
        // After each backslash stands one of the letters that `string` lets through; an escaped
        // backslash leaves an empty piece, behind which the next one is plain text.
        while let Some(piece) = pieces.next() {
            let Some(letter) = piece.as_bytes().first() else {
                out.push('\\');
                out.push_str(pieces.next().unwrap_or_default());
                continue;
            };
            out.push(match letter {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                other => char::from(*other),
            });
            out.push_str(&piece[1..]);
        }
    }
}

/// None for any payload that is not exactly of the common shape; the JSON parser reads it then.
pub(super) fn plain_delta(payload: &str) -> Option<PlainDelta<'_>> {
    let mut scan = Scan { payload, at: 0 };
    let mut block = None;
    let mut delta = None;
    let mut padding = false;
    scan.take("{")?;
    loop {
        if scan.take("\"contentBlockIndex\":").is_some() {
            if block.replace(scan.integer()?).is_some() {
                return None;
            }
        } else if scan.take("\"delta\":{").is_some() {
            let (kind, closing) = if scan.take("\"text\":\"").is_some() {
                (Plain::Text, "}")
            } else if scan.take("\"toolUse\":{\"input\":\"").is_some() {
                (Plain::Arguments, "}}")
            } else if scan.take("\"reasoningContent\":{\"text\":\"").is_some() {
                (Plain::Reasoning, "}}")
            } else {
                return None;
            };
            let (written, escaped) = scan.string()?;
            scan.take(closing)?;
            if delta.replace((kind, written, escaped)).is_some() {
                return None;
            }
        } else if scan.take("\"p\":\"").is_some() {
            scan.string()?;
            if padding {
                return None;
            }
            padding = true;
        } else {
            return None;
        }
        if scan.take(",").is_none() {
            break;
        }
    }
    scan.take("}")?;
    if scan.at != payload.len() {
        return None;
    }
    let (kind, written, escaped) = delta?;
    Some(PlainDelta { block: block?, kind, written, escaped })
}

struct Scan<'a> {
    payload: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.payload.as_bytes()[self.at..]
    }

    fn take(&mut self, literal: &str) -> Option<()> {
        self.rest().starts_with(literal.as_bytes()).then(|| {
            self.at += literal.len();
        })
    }

    /// A number as Bedrock writes a block's: digits, no leading zero.
    fn integer(&mut self) -> Option<u32> {
        let rest = self.rest();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 9 || (digits > 1 && rest[0] == b'0') {
            return None;
        }
        self.at += digits;
        Some(rest[..digits].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    /// What stands before the closing quote, and whether it holds escapes; only those that are one
    /// letter long pass.
    fn string(&mut self) -> Option<(&'a str, bool)> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += unremarkable(self.rest());
            match self.rest() {
                [b'"', ..] => {
                    let written = self.payload.get(start..self.at)?;
                    self.at += 1;
                    return Some((written, escaped));
                }
                [b'\\', b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f', ..] => {
                    escaped = true;
                    self.at += 2;
                }
                _ => return None,
            }
        }
    }
}

/// How many bytes stand before the first quote, backslash or control character: eight at a time,
/// since a guest has no wider registers.
fn unremarkable(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const SPACES: u64 = ONES * b' ' as u64;

    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = word ^ QUOTES;
        let backslashes = word ^ BACKSLASHES;
        // A byte's high bit is set where the byte is zero (or, in the last term, below a space).
        // A borrow can only set bits above a byte that is itself found, so the lowest is right.
        let found = ((quotes.wrapping_sub(ONES) & !quotes)
            | (backslashes.wrapping_sub(ONES) & !backslashes)
            | (word.wrapping_sub(SPACES) & !word))
            & HIGH;
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let done = words.len() * 8;
    let tail = &bytes[done..];
    done + tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The same by the JSON parser: block, kind, text.
    fn parsed(payload: &str) -> Option<(u64, Plain, String)> {
        let value: Value = serde_json::from_str(payload).ok()?;
        let block = value.get("contentBlockIndex")?.as_u64()?;
        let delta = value.get("delta")?;
        let (kind, text) = if let Some(text) = delta.get("text") {
            (Plain::Text, text)
        } else if let Some(tool) = delta.get("toolUse") {
            (Plain::Arguments, tool.get("input")?)
        } else {
            (Plain::Reasoning, delta.get("reasoningContent")?.get("text")?)
        };
        Some((block, kind, text.as_str()?.into()))
    }

    fn scanned(payload: &str) -> Option<(u64, Plain, String)> {
        let delta = plain_delta(payload)?;
        let mut text = String::new();
        delta.append_to(&mut text);
        assert_eq!(text.is_empty(), delta.is_empty());
        Some((u64::from(delta.block), delta.kind, text))
    }

    #[test]
    fn the_common_shapes_need_no_parser() {
        for payload in [
            r#"{"contentBlockIndex":0,"delta":{"text":"Hello"},"p":"abc"}"#,
            r#"{"contentBlockIndex":12,"delta":{"text":""}}"#,
            r#"{"p":"abcdefghijkl","contentBlockIndex":3,"delta":{"text":"é \\ \" \n\/x\\\\y\t"}}"#,
            r#"{"delta":{"toolUse":{"input":"{\"a\": \"b\"}"}},"p":"","contentBlockIndex":7}"#,
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"so\\n"}},"p":"abc"}"#,
        ] {
            assert_eq!(scanned(payload), parsed(payload), "{payload}");
            assert!(scanned(payload).is_some(), "{payload}");
        }
    }

    #[test]
    fn any_other_shape_is_left_to_the_parser() {
        for payload in [
            "",
            "{",
            "{}",
            r#"{"contentBlockIndex":0,"delta":{"text":"\u00e9"}}"#,
            r#"{"contentBlockIndex":0, "delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":00,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"}} "#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a","more":1}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"more":1}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"delta":{"text":"b"}}"#,
            r#"{"contentBlockIndex":0,"contentBlockIndex":1,"delta":{"text":"b"}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"x","p":"y"}"#,
            r#"{"contentBlockIndex":4294967296,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":-1,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":null}}"#,
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"a"}}}"#,
            "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\nb\"}}",
            r#"{"contentBlockIndex":0,"delta":{"text":"a"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a\"#,
        ] {
            assert_eq!(plain_delta(payload), None, "{payload}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            proptest::collection::vec(
                prop_oneof![
                    Just('"'),
                    Just('\\'),
                    Just('\n'),
                    Just('n'),
                    Just('u'),
                    Just('/'),
                    Just('é'),
                    Just('\u{7f}')
                ],
                0..24
            )
            .prop_map(|letters| letters.into_iter().collect()),
        ]
    }

    fn payload() -> impl Strategy<Value = String> {
        (text(), 0u64..20, 0usize..4, 0usize..6, any::<bool>()).prop_map(
            |(text, block, kind, order, padded)| {
                let text = crate::json::quoted(&text);
                let delta = match kind {
                    0 => format!("\"delta\":{{\"text\":{text}}}"),
                    1 => format!("\"delta\":{{\"toolUse\":{{\"input\":{text}}}}}"),
                    2 => format!("\"delta\":{{\"reasoningContent\":{{\"text\":{text}}}}}"),
                    _ => format!("\"delta\":{{\"reasoningContent\":{{\"signature\":{text}}}}}"),
                };
                let mut members = vec![format!("\"contentBlockIndex\":{block}"), delta];
                if padded {
                    members.push("\"p\":\"abcdefghijklmnopqrstuvwxyz\"".into());
                }
                let length = members.len();
                members.rotate_left(order % length);
                if order > 2 {
                    members.reverse();
                }
                format!("{{{}}}", members.join(","))
            },
        )
    }

    proptest! {
        #[test]
        fn what_the_scan_reads_is_what_the_parser_reads(payload in payload()) {
            if let Some(read) = scanned(&payload) {
                prop_assert_eq!(Some(read), parsed(&payload));
            }
        }

        #[test]
        fn a_damaged_payload_is_never_read_otherwise(
            payload in payload(),
            at in any::<proptest::sample::Index>(),
            with in any::<char>(),
        ) {
            let mut letters: Vec<char> = payload.chars().collect();
            let at = at.index(letters.len());
            letters[at] = with;
            let payload: String = letters.into_iter().collect();
            if let Some(read) = scanned(&payload) {
                prop_assert_eq!(Some(read), parsed(&payload));
            }
        }

        #[test]
        fn the_first_remarkable_byte_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let slow = bytes
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
                .unwrap_or(bytes.len());
            prop_assert_eq!(unremarkable(&bytes), slow);
        }
    }
}
