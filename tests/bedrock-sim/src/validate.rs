//! The least that the service checks of a request's body, in its words where they are known.

use serde_json::Value;

use crate::Operation;

const NO_TOOL_CONFIG: &str =
    "The toolConfig field must be defined when using toolUse and toolResult content blocks.";

/// The body, or the message of the ValidationException that refuses it.
pub(crate) fn body(operation: Operation, bytes: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("The request body is not valid JSON: {error}"))?;
    if !body.is_object() {
        return Err("The request body must be a JSON object.".to_owned());
    }
    match operation {
        Operation::CountTokens => {
            let input = &body["input"];
            if !input["invokeModel"]["body"].is_string() {
                converse(&input["converse"])?;
            }
        }
        _ => converse(&body)?,
    }
    Ok(body)
}

fn converse(body: &Value) -> Result<(), String> {
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    let Some(messages) = messages else {
        return Err("The messages field is missing or empty. Add a message, and try again.".to_owned());
    };
    let mut uses_tools = false;
    for (m, message) in messages.iter().enumerate() {
        if !message["role"].is_string() {
            return Err(format!("The role field in messages.{m} is missing."));
        }
        let Some(content) = message["content"].as_array().filter(|content| !content.is_empty()) else {
            return Err(format!(
                "The content field in the Message object at messages.{m} is empty. Add a \
                 ContentBlock object to the content field and try again."
            ));
        };
        for (c, block) in content.iter().enumerate() {
            if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) {
                return Err(format!(
                    "The text field in the ContentBlock object at messages.{m}.content.{c} is \
                     blank. Add text to the text field, and try again."
                ));
            }
            uses_tools |= block.get("toolUse").is_some() || block.get("toolResult").is_some();
        }
    }
    match uses_tools && body.get("toolConfig").is_none() {
        true => Err(NO_TOOL_CONFIG.to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_refuses_is_refused() {
        let refused = |text: &str| body(Operation::ConverseStream, text.as_bytes()).is_err();
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
