//! The JSON form of a request, read with the place of every mistake.
//!
//! The text is parsed to a [`Value`] first and then walked with a cursor that knows its JSON Pointer
//! ([`At`]): a derived reader would name a line, which is of no use in a request that a program wrote.

mod at;
mod media;
mod message;
mod surrogates;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Value, json};

use self::at::At;
use super::{Effort, Timeouts, Tool, ToolChoice};
use crate::{Error, ErrorClass, Request, Result};

const MEMBERS: &[&str] = &[
    "model",
    "system",
    "messages",
    "tools",
    "toolChoice",
    "effort",
    "maxTokens",
    "temperature",
    "topP",
    "stopSequences",
    "outputSchema",
    "conversationId",
    "extensions",
    "timeouts",
    "fallbacks",
];

/// A whole request.
pub(super) fn request(text: &[u8]) -> Result<Request> {
    let value = parse(text)?;
    let request = draft_of(&value)?;
    let members = At::root(&value).any_members()?;
    members.require("model")?;
    let messages = members.require("messages")?;
    if request.messages.is_empty() {
        return Err(messages.wrong("must not be empty"));
    }
    Ok(request)
}

/// A request that may still be without model and messages.
pub(super) fn draft(text: &[u8]) -> Result<Request> {
    draft_of(&parse(text)?)
}

/// An array of tools.
pub(super) fn tools(text: &[u8]) -> Result<Vec<Tool>> {
    At::root(&parse(text)?).items(tool)
}

fn parse(text: &[u8]) -> Result<Value> {
    // Some editors and shells begin every file with a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice(&surrogates::replaced(text))
        .map_err(|error| Error::new(ErrorClass::InvalidRequest, format!("the text is not JSON: {error}")))
}

fn draft_of(value: &Value) -> Result<Request> {
    let members = At::root(value).members(MEMBERS, &[])?;
    Ok(Request {
        model: members.read("model", |at| at.non_empty_string())?.unwrap_or_default(),
        conversation_id: members.read("conversationId", |at| at.non_empty_string())?,
        system: members.read("system", message::system)?.unwrap_or_default(),
        messages: members.read("messages", |at| at.items(message::message))?.unwrap_or_default(),
        tools: members.read("tools", |at| at.items(tool))?.unwrap_or_default(),
        tool_choice: members.read("toolChoice", tool_choice)?.unwrap_or_default(),
        effort: members.read("effort", effort)?,
        max_tokens: members.read("maxTokens", |at| at.positive_u32())?,
        temperature: members.read("temperature", |at| at.number_up_to(2.0))?,
        top_p: members.read("topP", |at| at.number_up_to(1.0))?,
        stop_sequences: members
            .read("stopSequences", |at| at.items(|at| at.non_empty_string()))?
            .unwrap_or_default(),
        output_schema: members.read("outputSchema", object)?,
        extensions: members.read("extensions", |at| at.object().cloned())?.unwrap_or_default(),
        timeouts: members.read("timeouts", timeouts)?.unwrap_or_default(),
        fallbacks: members.read("fallbacks", |at| at.items(|at| at.non_empty_string()))?,
    })
}

fn tool(at: &At<'_>) -> Result<Tool> {
    let members = at.members(&["name", "description", "parameters", "strict"], &[])?;
    Ok(Tool {
        name: members.require("name")?.non_empty_string()?,
        description: members.read("description", |at| at.string())?.unwrap_or_default(),
        parameters: members.read("parameters", object)?.unwrap_or_else(|| json!({ "type": "object" })),
        strict: members.read("strict", |at| at.bool())?.unwrap_or_default(),
    })
}

fn tool_choice(at: &At<'_>) -> Result<ToolChoice> {
    match at.value() {
        Value::String(word) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "any" => Ok(ToolChoice::Any),
            "none" => Ok(ToolChoice::None),
            _ => Err(at.unknown("tool choice", &["auto", "any", "none", "{\"name\": \"a tool\"}"])),
        },
        _ => {
            let members = at.members(&["name"], &[])?;
            Ok(ToolChoice::Named(members.require("name")?.non_empty_string()?))
        }
    }
}

fn effort(at: &At<'_>) -> Result<Effort> {
    let word = at.str()?;
    let effort = Effort::ALL.into_iter().find(|effort| effort.as_str() == word);
    effort.ok_or_else(|| at.unknown("effort", &Effort::ALL.map(Effort::as_str)))
}

fn timeouts(at: &At<'_>) -> Result<Timeouts> {
    let members = at.members(&["firstContentMs", "silenceMs", "totalMs"], &[])?;
    let milliseconds = |at: &At<'_>| at.positive_u32().map(|number| Duration::from_millis(number.into()));
    Ok(Timeouts {
        first_content: members.read("firstContentMs", milliseconds)?,
        silence: members.read("silenceMs", milliseconds)?,
        total: members.read("totalMs", milliseconds)?,
    })
}

fn object(at: &At<'_>) -> Result<Value> {
    at.object().cloned().map(Value::Object)
}
