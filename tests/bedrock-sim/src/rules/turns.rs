//! Turns: that there are some, whose they are, and in which order they come.

use super::Rule;
use super::view::{Request, array};

/// Without these no scenario could read the request.
pub(super) const BASIC: &[Rule] = &[
    Rule {
        name: "no-messages",
        about: "a request without messages, but of a managed prompt",
        source: "docs: Converse, messages",
        refuses: no_messages,
    },
    Rule {
        name: "empty-message",
        about: "a message without a role or content",
        source: "archestra-ai/archestra#4220",
        refuses: empty_message,
    },
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unknown-block",
        about: "a content block that is not of exactly one known kind",
        source: "botocore's model: a union",
        refuses: unknown_block,
    },
    Rule {
        name: "system-turn",
        about: "a message of the role `system`, and tools added or removed by one",
        source: "the measurement in stdapi.ai#104 (2026-09-10): few models take the role, none the tool blocks",
        refuses: system_turn,
    },
    Rule {
        name: "first-turn",
        about: "a conversation that the assistant begins, for families that do not take it",
        source: "elastic/kibana#246393, pydantic/pydantic-ai#6255; recorded: Claude 4.5 takes it",
        refuses: first_turn,
    },
    Rule {
        name: "alternation",
        about: "two turns of the same role in a row; Titan takes them",
        source: "Portkey-AI/gateway#748; recorded: Titan takes them",
        refuses: alternation,
    },
    Rule {
        name: "prefill",
        about: "a conversation that ends with the assistant, for Claude from 4.6 on",
        source: "anomalyco/opencode#29760, NousResearch/hermes-agent#101401",
        refuses: prefill,
    },
    Rule {
        name: "system-prompt",
        about: "a system prompt for a model without one",
        source: "docs: Converse, supported models and features (Titan Text, Mistral 7B)",
        refuses: system_prompt,
    },
];

/// The kinds of blocks there are.
const KINDS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
    "toolAddition",
    "toolRemoval",
];
/// The kinds inside a tool result.
const RESULT_KINDS: &[&str] = &["text", "json", "image", "document", "video", "searchResult"];

fn is_prompt(request: &Request<'_>) -> bool {
    request.id.contains(":prompt/")
}

fn no_messages(request: &Request<'_>) -> Option<String> {
    (array(request.body.get("messages")).is_empty() && !is_prompt(request))
        .then(|| "The messages field is missing or empty. Add a message, and try again.".to_owned())
}

fn empty_message(request: &Request<'_>) -> Option<String> {
    request.messages().find_map(|message| {
        let index = message.index;
        if message.role.is_empty() {
            return Some(format!("The role field in messages.{index} is missing."));
        }
        message.content.is_empty().then(|| {
            format!(
                "The content field in the Message object at messages.{index} is empty. Add a \
                 ContentBlock object to the content field and try again."
            )
        })
    })
}

fn unknown_block(request: &Request<'_>) -> Option<String> {
    request.blocks().find_map(|block| {
        let kinds = if block.in_result { RESULT_KINDS } else { KINDS };
        let members = block.value.as_object();
        let known = members.is_some_and(|members| {
            members.len() == 1 && members.keys().all(|key| kinds.contains(&key.as_str()))
        });
        (!known).then(|| {
            format!(
                "The content block at {} must set exactly one of the following keys: {}.",
                block.at,
                kinds.join(", ")
            )
        })
    })
}

fn system_turn(request: &Request<'_>) -> Option<String> {
    let role = request.messages().any(|message| message.role == "system");
    let changes = request.blocks().any(|b| b.get("toolAddition").is_some() || b.get("toolRemoval").is_some());
    (role || changes).then(|| {
        "This model doesn't support messages with the system role. Remove the system message and try again."
            .to_owned()
    })
}

fn first_turn(request: &Request<'_>) -> Option<String> {
    let first = request.messages().next()?;
    (first.role == "assistant" && !request.model.family.leading_assistant).then(|| {
        "A conversation must start with a user message. Try again with a conversation that starts with a user \
         message."
            .to_owned()
    })
}

fn alternation(request: &Request<'_>) -> Option<String> {
    let repeated =
        request.messages().zip(request.messages().skip(1)).any(|(one, next)| one.role == next.role);
    (repeated && !request.model.family.repeated_roles).then(|| {
        "A conversation must alternate between user and assistant roles. Make sure the conversation alternates \
         between user and assistant roles and try again."
            .to_owned()
    })
}

fn prefill(request: &Request<'_>) -> Option<String> {
    let last = request.messages().next_back()?;
    (last.role == "assistant" && !request.model.family.prefill).then(|| {
        "The model returned the following errors: This model does not support assistant message prefill. The \
         conversation must end with a user message."
            .to_owned()
    })
}

fn system_prompt(request: &Request<'_>) -> Option<String> {
    (!array(request.body.get("system")).is_empty() && !request.model.family.system).then(|| {
        "This model doesn't support system messages. Try again without a system message or use a model that \
         supports system messages."
            .to_owned()
    })
}
