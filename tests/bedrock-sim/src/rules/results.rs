//! Tool results: which calls they answer, what stands beside them and what stands in them.

use serde_json::Value;

use super::Rule;
use super::family::{Beside, DOCUMENT, IMAGE, VIDEO};
use super::media::refused_kind;
use super::view::{Message, Request, array};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "call-role",
        about: "a call in a user's turn, or a result in the assistant's that no server tool gave",
        source: "docs: ToolUseBlock, ToolResultBlock",
        refuses: roles,
    },
    Rule {
        name: "results-exceed-calls",
        about: "a result whose call is not in the turn before",
        source: "pydantic/pydantic-ai#2327, OpenHands#4912, langgenius/dify-official-plugins#765",
        refuses: exceed,
    },
    Rule {
        name: "results-expected",
        about: "a call that the next turn does not answer, or that ends the conversation's tool turns",
        source: "agno-agi/agno#6698, zeroclaw-labs/zeroclaw#1476",
        refuses: expected,
    },
    Rule {
        name: "duplicate-calls",
        about: "two calls of one turn, or two results, with the same id",
        source: "docs: Anthropic's API, ids are unique; pydantic/pydantic-ai#2327",
        refuses: duplicates,
    },
    Rule {
        name: "results-first",
        about: "anything before the results of a turn, for Claude",
        source: "Amazon-Q-Developer/language-servers#1235",
        refuses: first,
    },
    Rule {
        name: "results-alone",
        about: "anything beside results, for Llama, Mistral and Writer; documents and videos beside them, for Claude",
        source: "strands-agents/harness-sdk#1223, browser-use/browser-use#710, pydantic/pydantic-ai#6081",
        refuses: company,
    },
    Rule {
        name: "result-media",
        about: "a kind of media in a result that the family does not take there",
        source: "pydantic/pydantic-ai#6318, LiteLLM's flags, recorded: videos in results of Claude",
        refuses: media,
    },
    Rule {
        name: "result-status",
        about: "a result's status, for Writer",
        source: "pydantic/pydantic-ai#6318; recorded: results of Writer without it",
        refuses: status,
    },
    Rule {
        name: "empty-error-result",
        about: "a failed result without content",
        source: "sample-multi-agent-orchestration#15",
        refuses: empty_error,
    },
    Rule {
        name: "nine-letter-ids",
        about: "a tool id that is not nine letters or digits, for Mistral but Pixtral",
        source: "Vercel's provider; recorded: Pixtral takes others",
        refuses: nine_letters,
    },
];

/// The ids of a turn's calls, or of the calls that its results answer.
fn ids<'a>(message: Message<'a>, member: &'static str) -> Vec<&'a str> {
    message
        .all(member)
        .filter(|block| !is_server(block))
        .filter_map(|block| block["toolUseId"].as_str())
        .collect()
}

/// A call that the service itself answers, and its answer.
fn is_server(block: &Value) -> bool {
    block.get("type").is_some()
}

fn roles(request: &Request<'_>) -> Option<String> {
    let wrong = request.messages().flat_map(Message::blocks).find(|block| {
        let call = block.get("toolUse").is_some() && block.role != "assistant";
        let result = block.get("toolResult").is_some_and(|result| block.role != "user" && !is_server(result));
        call || result
    })?;
    let (what, role) =
        if wrong.get("toolUse").is_some() { ("toolUse", "assistant") } else { ("toolResult", "user") };
    Some(format!("The {what} block at {} can only be in a message with the {role} role.", wrong.at))
}

fn exceed(request: &Request<'_>) -> Option<String> {
    let mut called: Vec<&str> = Vec::new();
    for message in request.messages() {
        let answered = ids(message, "toolResult");
        if answered.iter().any(|id| !called.contains(id)) {
            return Some(format!(
                "The number of toolResult blocks at messages.{}.content exceeds the number of toolUse blocks of \
                 previous turn.",
                message.index
            ));
        }
        called = ids(message, "toolUse");
    }
    None
}

fn expected(request: &Request<'_>) -> Option<String> {
    let mut turns = request.messages().peekable();
    while let Some(message) = turns.next() {
        let called = ids(message, "toolUse");
        let answered = turns.peek().map(|next| ids(*next, "toolResult")).unwrap_or_default();
        let missing: Vec<&str> = called.into_iter().filter(|id| !answered.contains(id)).collect();
        if !missing.is_empty() {
            return Some(format!(
                "Expected toolResult blocks at messages.{}.content for the following Ids: {}",
                message.index + 1,
                missing.join(", ")
            ));
        }
    }
    None
}

fn duplicates(request: &Request<'_>) -> Option<String> {
    request.messages().find_map(|message| {
        ["toolUse", "toolResult"].into_iter().find_map(|member| {
            let mut ids = ids(message, member);
            ids.sort_unstable();
            let twice = ids.windows(2).find(|pair| pair[0] == pair[1])?;
            Some(format!(
                "The {member} blocks at messages.{}.content contain duplicate Ids: {}",
                message.index, twice[0]
            ))
        })
    })
}

fn first(request: &Request<'_>) -> Option<String> {
    if !request.model.family.name.starts_with("Claude") {
        return None;
    }
    let late = |message: &Message<'_>| {
        let is_result = |block: &Value| block.get("toolResult").is_some();
        message.content.iter().skip_while(|block| is_result(block)).any(is_result)
    };
    let turn = request.messages().find(late)?;
    let results = turn.all("toolResult").count();
    Some(format!(
        "The model returned the following errors: messages.{}: Did not find {results} `tool_result` block(s) at the \
         beginning of this message. Messages following `tool_use` blocks must begin with a matching number of \
         `tool_result` blocks.",
        turn.index
    ))
}

fn company(request: &Request<'_>) -> Option<String> {
    let forbidden = |block: &Value| match request.model.family.beside_results {
        Beside::All => false,
        Beside::TextAndImages => block.get("document").is_some() || block.get("video").is_some(),
        Beside::Nothing => block.get("toolResult").is_none(),
    };
    let turn = request.messages().find(|message| {
        message.role == "user" && message.has("toolResult") && message.content.iter().any(forbidden)
    })?;
    Some(format!(
        "messages.{}.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
        turn.index
    ))
}

fn media(request: &Request<'_>) -> Option<String> {
    let kinds = [("image", IMAGE), ("document", DOCUMENT), ("video", VIDEO)];
    let inside = request.blocks().filter(|block| block.in_result);
    refused_kind(inside, &kinds, request.model.family.in_results)
}

fn status(request: &Request<'_>) -> Option<String> {
    let told = request.messages().any(|m| m.all("toolResult").any(|result| result.get("status").is_some()));
    (told && !request.model.family.status)
        .then(|| "This model doesn't support the status field. Remove status and try again.".to_owned())
}

fn empty_error(request: &Request<'_>) -> Option<String> {
    let block = request.messages().flat_map(Message::blocks).find(|block| {
        block
            .get("toolResult")
            .is_some_and(|result| result["status"] == "error" && array(result.get("content")).is_empty())
    })?;
    Some(format!(
        "The model returned the following errors: {}: content cannot be empty if `is_error` is true",
        block.at
    ))
}

fn nine_letters(request: &Request<'_>) -> Option<String> {
    if !request.model.family.nine_letter_ids {
        return None;
    }
    let fits = |id: &str| id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric());
    let ids = |message: Message<'_>| {
        [ids(message, "toolUse"), ids(message, "toolResult")]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let id = request.messages().flat_map(ids).find(|id| !fits(id))?;
    Some(format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."))
}
