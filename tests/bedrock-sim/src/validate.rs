//! The least that the service checks of a request's body, in its words where they are known.

use serde_json::Value;

use crate::{Operation, rules};

/// The body, or the message of the ValidationException that refuses it.
pub(crate) fn body(operation: Operation, id: &str, bytes: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("The request body is not valid JSON: {error}"))?;
    if !body.is_object() {
        return Err("The request body must be a JSON object.".to_owned());
    }
    match operation {
        Operation::CountTokens => {
            let input = &body["input"];
            if !input["invokeModel"]["body"].is_string() {
                converse(id, &input["converse"])?;
            }
        }
        _ => converse(id, &body)?,
    }
    Ok(body)
}

fn converse(id: &str, body: &Value) -> Result<(), String> {
    rules::check_always(id, body).map_err(|refusal| refusal.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_refuses_is_refused() {
        let refused = |text: &str| body(Operation::ConverseStream, "sim.text-v1:0", text.as_bytes()).is_err();
        for text in [
            "",
            "[]",
            "{}",
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user","content":[]}]}"#,
            r#"{"messages":[{"role":"user","content":[{"text":" "}]}]}"#,
            r#"{"messages":[{"role":"user","content":[{"toolResult":{}}]}]}"#,
        ] {
            assert!(refused(text), "{text}");
        }
        assert!(!refused(r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#));
    }
}
