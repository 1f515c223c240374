//! `toolConfig`: the tools and which of them to call.

use super::Draft;
use super::effort::Thinking;
use super::output::{self, Output};
use super::rewrites::{self, below};
use crate::bindings::outcrop::provider::types::{Block, Error, Request, ToolChoice};
use crate::errors;
use crate::json;
use crate::models::Choices;

/// The schema of a tool that takes nothing.
const NO_PARAMETERS: &str = "{\"type\":\"object\",\"properties\":{}}";

/// Writes `toolConfig`, where there are tools to call.
pub(super) fn write(draft: &mut Draft<'_>, thinking: Thinking, output: Output) -> Result<(), Error> {
    let request = draft.request;
    let choice = checked_choice(request)?;
    let none = request.tools.is_empty() || left_out(draft, choice);
    if none && !output.is_tool() {
        return Ok(());
    }
    draft.tools_sent = true;
    draft.body.member("toolConfig");
    draft.body.json("{");
    draft.body.member("tools");
    draft.body.json("[");
    for (number, tool) in request.tools.iter().enumerate().filter(|_| !none) {
        let at = below("/tools", number);
        let schema = match tool.input_schema.trim() {
            "" => NO_PARAMETERS,
            schema if json::is_object(schema) => schema,
            _ => {
                let at = [&at, "/input-schema"].concat();
                return Err(errors::invalid(&at, "want a JSON Schema object"));
            }
        };
        let name = draft.names.sent(&tool.name);
        if name != tool.name {
            let detail = ["sent as `", name, "`; calls come back under its own name"].concat();
            draft.rewrites.note(rewrites::TOOL_NAME, [&at, "/name"].concat(), detail);
        }
        let body = &mut draft.body;
        body.separate();
        body.json("{\"toolSpec\":{");
        body.string_member("name", name);
        if !tool.description.trim().is_empty() {
            body.string_member("description", &tool.description);
        }
        body.member("inputSchema");
        body.json("{");
        body.json_member("json", schema);
        body.json("}");
        if tool.strict {
            body.json_member("strict", "true");
        }
        body.json("}}");
    }
    if let Some(name) = draft.names.output() {
        let schema = output::tool_schema(draft);
        let body = &mut draft.body;
        body.separate();
        body.json("{\"toolSpec\":{");
        body.string_member("name", name);
        body.string_member("description", output::DESCRIPTION);
        body.member("inputSchema");
        body.json("{");
        body.json_member("json", schema);
        body.json("}}}");
    }
    draft.body.json("]");
    match (output, draft.names.output()) {
        (Output::Forced, Some(name)) => {
            draft.body.json(",\"toolChoice\":{\"tool\":{");
            draft.body.string_member("name", name);
            draft.body.json("}}");
        }
        (Output::Among, _) => draft.body.json(",\"toolChoice\":{\"any\":{}}"),
        _ => write_choice(draft, choice, thinking),
    }
    draft.body.json("}");
    Ok(())
}

/// The choice, once it is known that it can be followed.
fn checked_choice(request: &Request) -> Result<&ToolChoice, Error> {
    match &request.tool_choice {
        ToolChoice::Named(name) if !request.tools.iter().any(|tool| tool.name == *name) => {
            let message = ["there is no tool `", name, "`"].concat();
            Err(errors::invalid("/tool-choice", &message))
        }
        ToolChoice::Any if request.tools.is_empty() => {
            Err(errors::invalid("/tool-choice", "there are no tools"))
        }
        choice => Ok(choice),
    }
}

/// Converse cannot say that no tool is to be called. Where no tool has been, the tools are left
/// out; where one has, Bedrock wants them described, and only some models can be told themselves.
fn left_out(draft: &mut Draft<'_>, choice: &ToolChoice) -> bool {
    if !matches!(choice, ToolChoice::None) {
        return false;
    }
    let called = |block: &Block| matches!(block, Block::ToolCall(_) | Block::ToolResult(_));
    let history = draft.request.messages.iter().any(|message| message.content.iter().any(called));
    if !history {
        draft.rewrites.note(
            rewrites::CHOICE_NONE,
            "/tool-choice",
            "the tools are left out, so that none is called",
        );
        return true;
    }
    if draft.known.traits().none_choice {
        draft.fields.set("tool_choice", "{\"type\":\"none\"}".into());
    } else {
        draft.rewrites.note(
            rewrites::CHOICE_NONE,
            "/tool-choice",
            "the model may call a tool: it cannot be told not to, and the conversation has calls",
        );
    }
    false
}

fn write_choice(draft: &mut Draft<'_>, choice: &ToolChoice, thinking: Thinking) {
    let named = match choice {
        // `auto` is what happens without a choice, and some models refuse to be told.
        ToolChoice::Auto | ToolChoice::None => return,
        ToolChoice::Any => None,
        ToolChoice::Named(name) => Some(name),
    };
    let traits = draft.known.traits();
    let refusal = match traits.choices {
        _ if thinking.on && traits.strict_thinking => {
            Some("the model cannot be made to call a tool while it thinks")
        }
        Choices::Auto => Some("the model cannot be made to call a tool"),
        Choices::Any if named.is_some() => Some("the model cannot be told which tool to call"),
        _ => None,
    };
    if let Some(why) = refusal {
        draft.rewrites.note(rewrites::CHOICE, "/tool-choice", why);
        return;
    }
    draft.body.member("toolChoice");
    match named {
        None => draft.body.json("{\"any\":{}}"),
        Some(name) => {
            draft.body.json("{\"tool\":{");
            draft.body.string_member("name", draft.names.sent(name));
            draft.body.json("}}");
        }
    }
}
