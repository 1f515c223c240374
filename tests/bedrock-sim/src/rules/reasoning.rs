//! Earlier reasoning that is sent back.

use serde_json::Value;

use super::Rule;
use super::family::Replay;
use super::view::{Block, Message, Request};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "reasoning-role",
        about: "reasoning in a user's turn",
        source: "the union of peers' validation strings: `User messages cannot contain reasoning content`",
        refuses: role,
    },
    Rule {
        name: "reasoning-replay",
        about: "a form of reasoning that the family does not take back",
        source: "UKGovernmentBEIS/inspect_ai#5217, maximhq/bifrost#6834, pydantic-ai's profiles",
        refuses: replay,
    },
    Rule {
        name: "reasoning-signature",
        about: "reasoning without its signature, for Claude",
        source: "oh-my-pi#333: `signature: Field required`",
        refuses: signature,
    },
    Rule {
        name: "reasoning-before-calls",
        about: "calls under way whose turn does not begin with reasoning, while Claude thinks by budget",
        source: "Roo-Code#11238, cline#9424",
        refuses: before_calls,
    },
];

fn reasoning<'a>(request: &Request<'a>) -> impl Iterator<Item = (Block<'a>, &'a Value)> + use<'a> {
    request.messages().flat_map(Message::blocks).filter_map(|block| {
        let reasoning = block.get("reasoningContent")?;
        Some((block, reasoning))
    })
}

fn role(request: &Request<'_>) -> Option<String> {
    reasoning(request).any(|(block, _)| block.role != "assistant").then(|| {
        "User messages cannot contain reasoning content. Please remove the reasoning content and try again."
            .to_owned()
    })
}

fn replay(request: &Request<'_>) -> Option<String> {
    let refused = |reasoning: &Value| {
        let text = reasoning.get("reasoningText").is_some();
        match request.model.family.replay {
            // Whether encrypted reasoning is taken beside text, nobody tells.
            Replay::Unknown | Replay::Signed | Replay::Text => None,
            Replay::Nothing => Some(if text { "reasoningText.text" } else { "redactedContent" }),
            Replay::Redacted => text.then_some("reasoningText.text"),
        }
    };
    let field = reasoning(request).find_map(|(_, reasoning)| refused(reasoning))?;
    let field = format!("reasoningContent.{field}");
    Some(format!(
        "This model doesn't support the {field} field for assistant messages. Remove {field} and try again."
    ))
}

fn signature(request: &Request<'_>) -> Option<String> {
    if request.model.family.replay != Replay::Signed {
        return None;
    }
    let unsigned = |reasoning: &Value| {
        let text = reasoning.get("reasoningText");
        text.is_some_and(|text| text["signature"].as_str().is_none_or(str::is_empty))
    };
    let (block, _) = reasoning(request).find(|(_, reasoning)| unsigned(reasoning))?;
    Some(format!("The model returned the following errors: {}.thinking.signature: Field required", block.at))
}

fn before_calls(request: &Request<'_>) -> Option<String> {
    if request.field("thinking")?["type"] != "enabled" {
        return None;
    }
    let mut turns = request.messages().rev();
    if !turns.next()?.has("toolResult") {
        return None;
    }
    let calls = turns.next()?;
    let first = calls.content.first()?;
    (first.get("reasoningContent").is_none()).then(|| {
        let found = if first.get("toolUse").is_some() { "tool_use" } else { "text" };
        format!(
            "The model returned the following errors: messages.{}.content.0.type: Expected `thinking` or \
             `redacted_thinking`, but found `{found}`. When `thinking` is enabled, a final `assistant` message must \
             start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
            calls.index
        )
    })
}
