//! What was asked and answered, as the conventions write it into a span: only where it was asked for explicitly.

use serde_json::{Value, json};
use tracing::Span;

use crate::request::{Content, Message, RawBlock, Role, ToolOutput};
use crate::{AssistantMessage, Request};

pub(super) fn record_input(span: &Span, request: &Request) {
    if !request.system.is_empty() {
        span.record("gen_ai.system_instructions", parts(&request.system).to_string());
    }
    let messages: Value = request.messages.iter().map(message).collect();
    span.record("gen_ai.input.messages", messages.to_string());
}

pub(super) fn record_output(span: &Span, message: &AssistantMessage) {
    let messages = json!([{
        "role": "assistant",
        "parts": parts(&message.content),
        "finish_reason": message.raw_stop_reason,
    }]);
    span.record("gen_ai.output.messages", messages.to_string());
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "parts": parts(&message.content) })
}

fn parts(content: &[Content]) -> Value {
    content.iter().filter_map(part).collect()
}

/// A part in the shape of the conventions. The bytes of media are left out.
fn part(content: &Content) -> Option<Value> {
    Some(match content {
        Content::Text(text) | Content::Instruction(text) => json!({ "type": "text", "content": text }),
        Content::Reasoning(reasoning) => json!({ "type": "reasoning", "content": reasoning.text }),
        Content::ToolCall(call) => json!({
            "type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments,
        }),
        Content::ToolResult(result) => json!({
            "type": "tool_call_response",
            "id": result.call_id,
            "response": result.output.iter().map(output).collect::<Value>(),
        }),
        Content::Media(media) => json!({
            "type": "blob", "modality": media.kind.as_str(), "format": media.format, "size": media.data.len(),
        }),
        Content::Raw(RawBlock { kind, text, json }) => {
            json!({ "type": kind, "content": text, "raw": json })
        }
        Content::CachePoint(_) => return None,
    })
}

fn output(output: &ToolOutput) -> Value {
    match output {
        ToolOutput::Text(text) => json!(text),
        ToolOutput::Json(value) | ToolOutput::SearchResult(value) => value.clone(),
        ToolOutput::Media(media) => json!({ "type": "blob", "modality": media.kind.as_str() }),
    }
}
