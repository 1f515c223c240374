//! Turns and their content.

use super::at::{At, Members};
use super::media::{self, decode};
use crate::Result;
use crate::request::{
    Content, MediaKind, Message, RawBlock, Reasoning, Role, ToolCall, ToolOutput, ToolResult,
};

/// What answers carry beside their content: ours, and those that other hosts keep. A history may hold
/// them, but they say nothing to a model.
const IGNORED_OF_ASSISTANT: &[&str] = &[
    "api",
    "usage",
    "stopReason",
    "rawStopReason",
    "errorMessage",
    "timestamp",
    "requestId",
    "details",
    "diagnostics",
];

pub(super) fn system(at: &At<'_>) -> Result<Vec<Content>> {
    at.string_or_items(
        |text| Content::text(text),
        |at| {
            let members = at.any_members()?;
            let kind = members.require("type")?;
            match kind.str()? {
                "text" => text(at),
                "cachePoint" => cache_point(at),
                _ => Err(kind.unknown("content type", &["text", "cachePoint"])),
            }
        },
    )
}

pub(super) fn message(at: &At<'_>) -> Result<Message> {
    let members = at.any_members()?;
    let role = members.require("role")?;
    match role.str()? {
        "user" => user(at),
        "assistant" => assistant(at),
        "toolResult" => tool_result_message(at),
        "system" => instruction(at),
        _ => Err(role.unknown("role", &["user", "assistant", "toolResult", "system"])),
    }
}

fn user(at: &At<'_>) -> Result<Message> {
    let members = at.members(&["role", "content"], &["timestamp"])?;
    Ok(Message::user(members.require("content")?.string_or_items(|text| Content::text(text), user_content)?))
}

/// An instruction in the middle of the conversation: models know two roles, so it stands in a user's turn.
fn instruction(at: &At<'_>) -> Result<Message> {
    let members = at.members(&["role", "content"], &["timestamp"])?;
    let content = members.require("content")?;
    Ok(Message::user(content.string_or_items(
        |text| Content::Instruction(text.to_owned()),
        |at| {
            let members = at.any_members()?;
            let kind = members.require("type")?;
            match kind.str()? {
                "text" => plain_text(at).map(Content::Instruction),
                _ => Err(kind.unknown("content type", &["text"])),
            }
        },
    )?))
}

fn user_content(at: &At<'_>) -> Result<Content> {
    let members = at.any_members()?;
    let kind = members.require("type")?;
    match kind.str()? {
        "text" => text(at),
        "image" => media::read(at, MediaKind::Image).map(Content::Media),
        "document" => media::read(at, MediaKind::Document).map(Content::Media),
        "video" => media::read(at, MediaKind::Video).map(Content::Media),
        "audio" => media::read(at, MediaKind::Audio).map(Content::Media),
        "toolResult" => {
            let members = at.members(&["type", "toolCallId", "content", "isError"], &["toolName"])?;
            tool_result(members).map(Content::ToolResult)
        }
        "cachePoint" => cache_point(at),
        "raw" => {
            let members = at.members(&["type", "raw"], &[])?;
            Ok(Content::Raw(RawBlock::new("raw", "", members.require("raw")?.value().clone())))
        }
        _ => Err(kind.unknown(
            "content type",
            &["text", "image", "document", "video", "audio", "toolResult", "cachePoint", "raw"],
        )),
    }
}

fn assistant(at: &At<'_>) -> Result<Message> {
    let members = at.members(&["role", "content", "model", "provider"], IGNORED_OF_ASSISTANT)?;
    let content =
        members.require("content")?.string_or_items(|text| Content::text(text), assistant_content)?;
    let model = members.read("model", |at| at.string())?;
    let provider = members.read("provider", |at| at.string())?;
    Ok(Message { role: Role::Assistant, content, model: model.map(|model| routed(model, provider)) })
}

/// The model with its routing prefix, which some hosts keep apart from it.
fn routed(model: String, provider: Option<String>) -> String {
    match provider.map(|provider| format!("{provider}/")) {
        Some(prefix) if !model.starts_with(&prefix) => prefix + &model,
        _ => model,
    }
}

fn assistant_content(at: &At<'_>) -> Result<Content> {
    let members = at.any_members()?;
    let kind = members.require("type")?;
    match kind.str()? {
        _ if members.get("raw").is_some() => raw(at),
        "text" => text(at),
        "thinking" => reasoning(at),
        "toolCall" => tool_call(at),
        "cachePoint" => cache_point(at),
        // A block of an answer of which the provider told no more than its kind.
        _ if members.contains("raw") => raw(at),
        _ => Err(kind.unknown(
            "content type",
            &["text", "thinking", "toolCall", "cachePoint", "any type with a member \"raw\""],
        )),
    }
}

fn raw(at: &At<'_>) -> Result<Content> {
    let members = at.members(&["type", "text", "raw"], &[])?;
    Ok(Content::Raw(RawBlock {
        kind: members.require("type")?.string()?,
        text: members.read("text", |at| at.string())?.unwrap_or_default(),
        json: members.read("raw", |at| Ok(at.value().clone()))?.unwrap_or_default(),
    }))
}

fn reasoning(at: &At<'_>) -> Result<Content> {
    let members = at.members(&["type", "thinking", "thinkingSignature", "redacted"], &[])?;
    let text = members.require("thinking")?.string()?;
    if !members.read("redacted", |at| at.bool())?.unwrap_or_default() {
        // Answers that were cut off are kept with an empty signature by some hosts; it proves nothing.
        let signature = members.read("thinkingSignature", |at| at.string())?.filter(|it| !it.is_empty());
        return Ok(Content::Reasoning(Reasoning { text, signature, redacted: None }));
    }
    // The text says no more than that it was redacted.
    let redacted = decode(&members.require("thinkingSignature")?)?;
    Ok(Content::Reasoning(Reasoning { text: String::new(), signature: None, redacted: Some(redacted) }))
}

fn tool_call(at: &At<'_>) -> Result<Content> {
    let members = at.members(&["type", "id", "name", "arguments"], &["thoughtSignature"])?;
    Ok(Content::ToolCall(ToolCall {
        id: members.require("id")?.non_empty_string()?,
        name: members.require("name")?.non_empty_string()?,
        arguments: members.read("arguments", |at| at.object().cloned())?.unwrap_or_default(),
    }))
}

fn tool_result_message(at: &At<'_>) -> Result<Message> {
    let known = ["role", "toolCallId", "toolName", "content", "isError"];
    let members = at.members(&known, &["timestamp", "details"])?;
    Ok(Message::user(vec![Content::ToolResult(tool_result(members)?)]))
}

fn tool_result(members: Members<'_>) -> Result<ToolResult> {
    // The name is told by the call already; other hosts repeat it here.
    members.read("toolName", |at| at.string())?;
    Ok(ToolResult {
        call_id: members.require("toolCallId")?.non_empty_string()?,
        output: members
            .require("content")?
            .string_or_items(|text| ToolOutput::Text(text.to_owned()), tool_output)?,
        is_error: members.read("isError", |at| at.bool())?.unwrap_or_default(),
    })
}

fn tool_output(at: &At<'_>) -> Result<ToolOutput> {
    let members = at.any_members()?;
    let kind = members.require("type")?;
    match kind.str()? {
        "text" => plain_text(at).map(ToolOutput::Text),
        "image" => media::read(at, MediaKind::Image).map(ToolOutput::Media),
        "document" => media::read(at, MediaKind::Document).map(ToolOutput::Media),
        "video" => media::read(at, MediaKind::Video).map(ToolOutput::Media),
        "json" => json(at),
        "searchResult" => search_result(at),
        _ => {
            Err(kind.unknown("content type", &["text", "image", "document", "video", "json", "searchResult"]))
        }
    }
}

fn json(at: &At<'_>) -> Result<ToolOutput> {
    let members = at.members(&["type", "json"], &[])?;
    match members.get("json") {
        Some(json) => Ok(ToolOutput::Json(json.value().clone())),
        // Here, null is a value like any other.
        None if members.contains("json") => Ok(ToolOutput::Json(serde_json::Value::Null)),
        None => Err(members.missing("json")),
    }
}

fn search_result(at: &At<'_>) -> Result<ToolOutput> {
    let members = at.members(&["type", "source", "title", "content", "citations"], &[])?;
    let text = |at: &At<'_>| {
        let members = at.members(&["text"], &[])?;
        Ok(serde_json::json!({ "text": members.require("text")?.str()? }))
    };
    let content = members.require("content")?;
    let content = content.string_or_items(|text| serde_json::json!({ "text": text }), text)?;
    let mut result = serde_json::json!({
        "source": members.require("source")?.str()?,
        "title": members.require("title")?.str()?,
        "content": content,
    });
    if let Some(enabled) = members.read("citations", |at| at.bool())? {
        result["citations"] = serde_json::json!({ "enabled": enabled });
    }
    Ok(ToolOutput::SearchResult(result))
}

fn text(at: &At<'_>) -> Result<Content> {
    plain_text(at).map(Content::Text)
}

fn plain_text(at: &At<'_>) -> Result<String> {
    at.members(&["type", "text"], &["textSignature"])?.require("text")?.string()
}

fn cache_point(at: &At<'_>) -> Result<Content> {
    let members = at.members(&["type", "ttl"], &[])?;
    let ttl = members.read("ttl", |at| match at.str()? {
        "5m" | "1h" => at.string(),
        _ => Err(at.unknown("ttl", &["5m", "1h"])),
    })?;
    Ok(Content::CachePoint(ttl.unwrap_or_else(|| "5m".to_owned())))
}
