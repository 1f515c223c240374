//! The conversation. Converse wants alternating roles and no empty blocks, so a message opens in
//! the body with its first block that is sent, and goes on where the next has the same role.

use super::rewrites::{self, below};
use super::{Draft, cache_points, media, reasoning, tool_results};
use crate::bindings::outcrop::provider::types::{Block, Error, Message, RawBlock, Role};
use crate::errors;
use crate::json::{self, Object};

/// What stands beside a document where the caller has written nothing.
const DOCUMENT_TEXT: &str = "See the document.";

/// The message that is open in the body.
struct Open {
    role: Role,
    /// Where it began in the request.
    at: String,
    has_text: bool,
    has_document: bool,
    only_results: bool,
}

/// Writes `messages`.
pub(super) fn write(draft: &mut Draft<'_>, messages: &[Message]) -> Result<(), Error> {
    draft.body.member("messages");
    draft.body.json("[");
    let mut open: Option<Open> = None;
    for (number, message) in messages.iter().enumerate() {
        let at = below("/messages", number);
        let content = [&at, "/content"].concat();
        let only_results = is_only_results(message);
        let mut begun = false;
        for (number, block) in message.content.iter().enumerate() {
            let at_block = below(&content, number);
            if !is_sent(draft, message, block, &at_block)? {
                continue;
            }
            if !begun {
                begun = true;
                match &mut open {
                    Some(open) if open.role == message.role => {
                        // Results of calls made side by side come as a message each: that Converse
                        // wants them in one is its way of writing them and no change.
                        if !(only_results && open.only_results) {
                            let detail = ["joined to ", &open.at, ", which has the same role"];
                            draft.rewrites.note(rewrites::MERGED, at.as_str(), detail.concat());
                        }
                        open.only_results &= only_results;
                    }
                    _ => {
                        close(draft, open.take());
                        begin(draft, message.role);
                        open = Some(Open {
                            role: message.role,
                            at: at.clone(),
                            has_text: false,
                            has_document: false,
                            only_results,
                        });
                    }
                }
            }
            if let Some(open) = &mut open {
                open.has_text |= matches!(block, Block::Text(_));
                open.has_document |= matches!(block, Block::Media(media) if media.kind == "document");
            }
            write_block(draft, message.role, block, &at_block)?;
        }
        if !begun {
            draft.rewrites.note(rewrites::EMPTY_MESSAGE, at, "nothing of it is sent");
        }
    }
    let Some(last) = open else {
        return Err(errors::invalid("/messages", "there is nothing to answer"));
    };
    if last.role == Role::User {
        cache_points::after_messages(draft);
    }
    close(draft, Some(last));
    draft.body.json("]");
    Ok(())
}

fn is_only_results(message: &Message) -> bool {
    let result = |block: &Block| matches!(block, Block::ToolResult(_));
    message.content.iter().all(result)
}

fn begin(draft: &mut Draft<'_>, role: Role) {
    draft.body.separate();
    draft.body.json("{");
    let role = match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    draft.body.string_member("role", role);
    draft.body.member("content");
    draft.body.json("[");
}

fn close(draft: &mut Draft<'_>, open: Option<Open>) {
    let Some(open) = open else {
        return;
    };
    if open.has_document && !open.has_text {
        write_text(draft, DOCUMENT_TEXT);
        let detail = ["`", DOCUMENT_TEXT, "`: a document needs text beside it"].concat();
        draft.rewrites.note(rewrites::DOCUMENT_TEXT, open.at, detail);
    }
    draft.body.json("]}");
}

/// Whether anything of a block is sent. What is left out is noted.
fn is_sent(draft: &mut Draft<'_>, message: &Message, block: &Block, at: &str) -> Result<bool, Error> {
    Ok(match block {
        Block::Text(text) if text.trim().is_empty() => {
            draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
            false
        }
        Block::Reasoning(reasoning) => reasoning::is_sent(draft, message, reasoning, at),
        Block::CachePoint(ttl) => cache_points::is_sent(draft, ttl, at)?,
        // A block of a kind that this version does not know ended without anything to send back.
        Block::Raw(raw) if raw.json.trim().is_empty() && raw.text.trim().is_empty() => {
            draft.rewrites.note(
                rewrites::UNKNOWN_BLOCK,
                at,
                "there is no form in which it could be sent back",
            );
            false
        }
        _ => true,
    })
}

fn write_block(draft: &mut Draft<'_>, role: Role, block: &Block, at: &str) -> Result<(), Error> {
    match (block, role) {
        (Block::Text(text), _) => write_text(draft, text),
        (Block::Media(media), Role::User) => media::write(draft, media, at)?,
        (Block::Reasoning(reasoning), Role::Assistant) => reasoning::write(draft, reasoning),
        (Block::ToolCall(call), Role::Assistant) => {
            let arguments = match call.arguments.trim() {
                "" => "{}",
                arguments if json::is_object(arguments) => arguments,
                _ => {
                    let at = [at, "/arguments"].concat();
                    return Err(errors::invalid(&at, "want a JSON object"));
                }
            };
            let body = &mut draft.body;
            body.separate();
            body.json("{\"toolUse\":{");
            body.string_member("toolUseId", &call.id);
            body.string_member("name", draft.names.sent(&call.name));
            body.json_member("input", arguments);
            body.json("}}");
        }
        (Block::ToolResult(result), Role::User) => tool_results::write(draft, result, at)?,
        (Block::CachePoint(ttl), _) => cache_points::write(draft, ttl),
        (Block::Raw(raw), _) => write_raw(draft, raw, at)?,
        (Block::Other(extension), _) => {
            let message = ["a block of kind `", &extension.key, "`"].concat();
            return Err(errors::unsupported(at, &message));
        }
        (Block::Media(_) | Block::ToolResult(_), Role::Assistant) => {
            return Err(errors::invalid(at, "only a user's message can hold this"));
        }
        (Block::Reasoning(_) | Block::ToolCall(_), Role::User) => {
            return Err(errors::invalid(at, "only the model's message can hold this"));
        }
    }
    Ok(())
}

/// Writes a text block.
pub(super) fn write_text(draft: &mut Draft<'_>, text: &str) {
    draft.body.separate();
    draft.body.json("{");
    draft.body.string_member("text", text);
    draft.body.json("}");
}

/// Writes a block that carries Converse's own JSON: the citations of a text, to which the text comes
/// back beside them, or a whole block.
pub(super) fn write_raw(draft: &mut Draft<'_>, raw: &RawBlock, at: &str) -> Result<(), Error> {
    if raw.json.trim().is_empty() {
        write_text(draft, &raw.text);
        return Ok(());
    }
    let Some(object) = Object::parse(&raw.json) else {
        return Err(errors::invalid(at, "want a content block as a JSON object"));
    };
    let body = &mut draft.body;
    body.separate();
    let Some(citations) = object.get("citations") else {
        body.json(raw.json.trim());
        return Ok(());
    };
    body.json("{\"citationsContent\":{\"content\":[");
    if !raw.text.trim().is_empty() {
        body.json("{");
        body.string_member("text", &raw.text);
        body.json("}");
    }
    body.json("]");
    body.json_member("citations", citations);
    body.json("}}");
    Ok(())
}
