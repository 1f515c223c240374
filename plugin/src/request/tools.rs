//! `toolConfig`: the tools and which of them to call.

use super::effort::Thinking;
use super::output::{self, Output};
use super::rewrites::{self, below};
use super::schema::{self, Wanted};
use super::{Draft, cache_points};
use crate::bindings::outcrop::provider::types::{Block, Error, Request, Tool, ToolChoice};
use crate::errors;
use crate::models::{Choices, table};
use std::collections::BTreeSet;

/// Whether the request's tools are sent.
///
/// # Errors
/// Where the tools or the choice among them cannot be carried out.
pub(super) fn are_sent(draft: &mut Draft<'_>) -> Result<bool, Error> {
    let request = draft.request;
    check(request)?;
    if request.tools.is_empty() {
        return Ok(false);
    }
    if !draft.target.known.takes(table::TOOLS) {
        return match request.tool_choice {
            ToolChoice::Auto | ToolChoice::None => {
                draft.rewrites.note(rewrites::TOOLS, "/tools", "the model calls none");
                Ok(false)
            }
            _ => Err(errors::unsupported("/tool-choice", "this model calls no tools")),
        };
    }
    if !matches!(request.tool_choice, ToolChoice::None) {
        return Ok(true);
    }
    // Converse cannot say that no tool is to be called. Some models can be told themselves; where
    // they cannot, or there is nothing to keep the tools for, the tools are left out.
    let called = |block: &Block| matches!(block, Block::ToolCall(_) | Block::ToolResult(_));
    let history = request.messages.iter().any(|message| message.content.iter().any(called));
    if history && draft.target.traits().none_choice {
        draft.fields.set("tool_choice", "{\"type\":\"none\"}".into());
        return Ok(true);
    }
    draft.rewrites.note(
        rewrites::CHOICE_NONE,
        "/tool-choice",
        "the tools are left out, so that none is called",
    );
    Ok(false)
}

/// Whether names are unique and the choice can be followed.
fn check(request: &Request) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    for (number, tool) in request.tools.iter().enumerate() {
        let at = || [&below("/tools", number), "/name"].concat();
        if tool.name.is_empty() {
            return Err(errors::invalid(&at(), "want a name"));
        }
        if !names.insert(tool.name.as_str()) {
            return Err(errors::invalid(&at(), "another tool has this name"));
        }
    }
    match &request.tool_choice {
        ToolChoice::Named(name) if !names.contains(name.as_str()) => {
            let message = ["there is no tool `", name, "`"].concat();
            Err(errors::invalid("/tool-choice", &message))
        }
        ToolChoice::Any if names.is_empty() => Err(errors::invalid("/tool-choice", "there are no tools")),
        _ => Ok(()),
    }
}

/// Writes `toolConfig`, where there are tools to call. They are sorted by name, so that a host that
/// lists them now in one order and now in another does not lose what is cached.
pub(super) fn write(
    draft: &mut Draft<'_>,
    sent: bool,
    thinking: Thinking,
    output: Output,
) -> Result<(), Error> {
    let request = draft.request;
    let system_tools = core::mem::take(&mut draft.options.system_tools);
    if !sent && !output.is_tool() && system_tools.is_empty() {
        return Ok(());
    }
    draft.tools_sent = true;
    draft.body.member("toolConfig");
    draft.body.json("{");
    draft.body.member("tools");
    draft.body.json("[");
    if sent {
        let mut tools: Vec<(usize, &Tool)> = request.tools.iter().enumerate().collect();
        tools.sort_by_key(|(_, tool)| tool.name.as_str());
        for (number, tool) in tools {
            write_tool(draft, tool, &below("/tools", number))?;
        }
    }
    for name in system_tools {
        draft.body.separate();
        draft.body.json("{\"systemTool\":{");
        draft.body.string_member("name", &name);
        draft.body.json("}}");
    }
    if output.is_tool() {
        let schema = output::schema(draft, false, true);
        let name = draft.names.output().unwrap_or_default();
        write_spec(&mut draft.body, name, output::DESCRIPTION, &schema, false);
    }
    cache_points::after_tools(draft);
    draft.body.json("]");
    match (output, draft.names.output()) {
        (Output::Forced, Some(name)) => {
            draft.body.json(",\"toolChoice\":{\"tool\":{");
            draft.body.string_member("name", name);
            draft.body.json("}}");
        }
        (Output::Among, _) => draft.body.json(",\"toolChoice\":{\"any\":{}}"),
        _ if sent => write_choice(draft, &request.tool_choice, thinking),
        _ => {}
    }
    draft.body.json("}");
    Ok(())
}

fn write_tool(draft: &mut Draft<'_>, tool: &Tool, at: &str) -> Result<(), Error> {
    let rules = draft.target.traits().schemas;
    let strict = tool.strict && rules.strict;
    if tool.strict && !strict {
        draft.rewrites.note(rewrites::STRICT, [at, "/strict"].concat(), "the model does not have it");
    }
    let at_schema = [at, "/input-schema"].concat();
    let wanted = Wanted { rules, enforced: strict, object: true };
    let Some(cleaned) = schema::clean(&tool.input_schema, wanted) else {
        return Err(errors::invalid(&at_schema, "want a JSON Schema object"));
    };
    if !cleaned.changes.is_empty() {
        draft.rewrites.note(rewrites::SCHEMA, at_schema, cleaned.changes.join(", "));
    }
    let name = draft.names.sent(&tool.name);
    if name != tool.name {
        let detail = ["sent as `", name, "`; calls come back under its own name"].concat();
        draft.rewrites.note(rewrites::TOOL_NAME, [at, "/name"].concat(), detail);
    }
    write_spec(&mut draft.body, name, &tool.description, &cleaned.schema, strict);
    Ok(())
}

fn write_spec(body: &mut super::body::Body, name: &str, description: &str, schema: &str, strict: bool) {
    body.separate();
    body.json("{\"toolSpec\":{");
    body.string_member("name", name);
    if !description.trim().is_empty() {
        body.string_member("description", description);
    }
    body.member("inputSchema");
    body.json("{");
    body.json_member("json", schema);
    body.json("}");
    if strict {
        body.json_member("strict", "true");
    }
    body.json("}}");
}

fn write_choice(draft: &mut Draft<'_>, choice: &ToolChoice, thinking: Thinking) {
    let named = match choice {
        // `auto` is what happens without a choice, and some models refuse to be told.
        ToolChoice::Auto | ToolChoice::None => return,
        ToolChoice::Any => None,
        ToolChoice::Named(name) => Some(name),
    };
    let traits = draft.target.traits();
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
