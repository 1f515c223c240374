//! A request body while it is written: JSON text, cut where the host is to put media.

use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::json;

/// JSON text with media references.
#[derive(Default)]
pub(crate) struct Body {
    parts: Vec<BodyPart>,
    text: String,
    /// Bytes of the parts that are text.
    bytes: usize,
    /// The parts that are media.
    media: usize,
}

impl Body {
    /// Appends JSON text.
    pub(crate) fn json(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a JSON string.
    pub(crate) fn string(&mut self, value: &str) {
        json::push_string(&mut self.text, value);
    }

    /// Appends `"name":`, behind a comma where a member stands before it.
    pub(crate) fn member(&mut self, name: &str) {
        self.separate();
        json::push_string(&mut self.text, name);
        self.text.push(':');
    }

    /// Appends `"name":"value"`.
    pub(crate) fn string_member(&mut self, name: &str, value: &str) {
        self.member(name);
        self.string(value);
    }

    /// Appends `"name":` and JSON text.
    pub(crate) fn json_member(&mut self, name: &str, text: &str) {
        self.member(name);
        self.json(text);
    }

    /// Appends a comma, unless nothing stands before it in its object or array.
    pub(crate) fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }

    /// Appends a JSON string that holds media as base64.
    pub(crate) fn media(&mut self, id: u32) {
        self.text.push('"');
        let text = core::mem::take(&mut self.text);
        self.bytes += text.len();
        self.media += 1;
        self.parts.push(BodyPart::Json(text.into_bytes()));
        self.parts.push(BodyPart::Media(id));
        self.text.push('"');
    }

    /// How much has been written: bytes of text, and media.
    pub(crate) fn written(&self) -> (usize, usize) {
        (self.bytes + self.text.len(), self.media)
    }

    /// The parts, in order.
    pub(crate) fn into_parts(mut self) -> Vec<BodyPart> {
        if !self.text.is_empty() {
            self.parts.push(BodyPart::Json(self.text.into_bytes()));
        }
        self.parts
    }
}

/// The body for a person to read: where media would stand, an object `{"$media":id}`.
pub(crate) fn readable(parts: &[BodyPart]) -> String {
    let mut out = String::new();
    let mut after_media = false;
    for part in parts {
        match part {
            BodyPart::Json(text) => {
                let text = String::from_utf8_lossy(text);
                // The quotes around the base64 belong to the text on both sides of it.
                let text: &str = if after_media { text.strip_prefix('"').unwrap_or(&text) } else { &text };
                out.push_str(text);
                after_media = false;
            }
            BodyPart::Media(id) => {
                out.pop();
                out.push_str("{\"$media\":");
                out.push_str(&id.to_string());
                out.push('}');
                after_media = true;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_cut_the_text_and_are_readable() {
        let mut body = Body::default();
        body.json("{");
        body.member("a");
        body.media(7);
        body.string_member("b", "x\"");
        body.json("}");
        let parts = body.into_parts();
        assert_eq!(
            parts,
            [
                BodyPart::Json(b"{\"a\":\"".to_vec()),
                BodyPart::Media(7),
                BodyPart::Json(b"\",\"b\":\"x\\\"\"}".to_vec()),
            ]
        );
        assert_eq!(readable(&parts), r#"{"a":{"$media":7},"b":"x\""}"#);
    }
}
