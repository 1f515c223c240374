//! Tools: whether a model takes them, their names, and which may be demanded.

use serde_json::Value;

use super::Rule;
use super::family::{AUTO, MUST, NAMED, Tools};
use super::models::NO_STRICT;
use super::view::Request;
use crate::Operation;

/// Without these no scenario could read the request.
pub(super) const BASIC: &[Rule] = &[Rule {
    name: "tool-config",
    about: "tool calls or results in the conversation, and no tools",
    source: "langgenius/dify#7328, vercel/ai#7537, pydantic/pydantic-ai#1966",
    refuses: tool_config,
}];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "tools-unsupported",
        about: "tools for a model without them",
        source: "langchain-ai/langchain-aws#447",
        refuses: unsupported,
    },
    Rule {
        name: "tools-while-streaming",
        about: "tools in ConverseStream for Llama and Jamba",
        source: "earendil-works/pi#3739, run-llama/llama_index#19655",
        refuses: streaming,
    },
    Rule {
        name: "duplicate-tools",
        about: "two tools of one name",
        source: "docs: Anthropic's API, tool names are unique",
        refuses: duplicates,
    },
    Rule {
        name: "tool-kinds",
        about: "an entry of the tools that is not of exactly one known kind, or nothing but cache points",
        source: "botocore's model: a union",
        refuses: kinds,
    },
    Rule {
        name: "tool-choice",
        about: "a tool choice that the family does not take",
        source: "strands-agents/harness-sdk#1241, pydantic/pydantic-ai#2802, the table of families",
        refuses: choice,
    },
    Rule {
        name: "unknown-choice",
        about: "a demand for a tool that is not offered",
        source: "docs: ToolChoice, the tool must be in the request",
        refuses: unknown_choice,
    },
    Rule {
        name: "strict-tools",
        about: "`strict` for a model that refuses it",
        source: "LiteLLM's flags; langchain-ai/langchain-aws#883 and the rollout in hindsight#3300",
        refuses: strict,
    },
    Rule {
        name: "call-arguments",
        about: "a call's arguments that are no object",
        source: "docs: ToolUseBlock; pi and OpenClaw coerce them",
        refuses: arguments,
    },
];

fn tool_config(request: &Request<'_>) -> Option<String> {
    let uses = request.messages().any(|message| message.has("toolUse") || message.has("toolResult"));
    (uses && request.body.get("toolConfig").is_none()).then(|| {
        "The toolConfig field must be defined when using toolUse and toolResult content blocks.".to_owned()
    })
}

fn unsupported(request: &Request<'_>) -> Option<String> {
    (request.body.get("toolConfig").is_some() && request.model.family.tools == Tools::Never)
        .then(|| "This model doesn't support tool use.".to_owned())
}

fn streaming(request: &Request<'_>) -> Option<String> {
    let unary = request.model.family.tools == Tools::Unary;
    (unary && request.operation == Operation::ConverseStream && request.body.get("toolConfig").is_some())
        .then(|| "This model doesn't support tool use in streaming mode.".to_owned())
}

fn duplicates(request: &Request<'_>) -> Option<String> {
    let mut seen = Vec::new();
    let (index, _) = request.specs().find(|(_, spec)| {
        let name = &spec["name"];
        let again = seen.contains(name);
        seen.push(name.clone());
        again
    })?;
    Some(format!("The model returned the following errors: tools.{index}: Tool names must be unique."))
}

fn kinds(request: &Request<'_>) -> Option<String> {
    request.body.get("toolConfig")?;
    let known = ["toolSpec", "systemTool", "cachePoint"];
    let one = |tool: &Value| {
        let members = tool.as_object();
        members.is_some_and(|members| {
            members.len() == 1 && members.keys().all(|key| known.contains(&key.as_str()))
        })
    };
    let tools = request.tools();
    let offers = tools.iter().any(|tool| tool.get("cachePoint").is_none());
    (!offers || !tools.iter().all(one)).then(|| {
        format!(
            "Each tool in toolConfig.tools must set exactly one of the following keys: {}.",
            known.join(", ")
        )
    })
}

fn choice(request: &Request<'_>) -> Option<String> {
    let chosen = request.body["toolConfig"]["toolChoice"].as_object()?;
    let (name, bit) = [("auto", AUTO), ("any", MUST), ("tool", NAMED)]
        .into_iter()
        .find(|(name, _)| chosen.contains_key(*name))?;
    let field = format!("toolConfig.toolChoice.{name}");
    (request.model.family.choices & bit == 0)
        .then(|| format!("This model doesn't support the {field} field. Remove {field} and try again."))
}

fn unknown_choice(request: &Request<'_>) -> Option<String> {
    let chosen = request.body["toolConfig"]["toolChoice"]["tool"]["name"].as_str()?;
    let offered = |tool: &Value| tool["toolSpec"]["name"] == chosen || tool["systemTool"]["name"] == chosen;
    (!request.tools().iter().any(offered)).then(|| {
        format!("The model returned the following errors: Tool '{chosen}' not found in provided tools")
    })
}

fn strict(request: &Request<'_>) -> Option<String> {
    if !request.model.is(NO_STRICT) {
        return None;
    }
    let (index, _) = request.specs().find(|(_, spec)| spec.get("strict").is_some())?;
    Some(format!(
        "The model returned the following errors: tools.{index}.custom.strict: Extra inputs are not permitted"
    ))
}

fn arguments(request: &Request<'_>) -> Option<String> {
    let block = request.blocks().find(|block| {
        block.get("toolUse").and_then(|call| call.get("input")).is_some_and(|input| !input.is_object())
    })?;
    Some(format!(
        "The format of the value at {}.toolUse.input is invalid. Provide a json object for the field and try again.",
        block.at
    ))
}
