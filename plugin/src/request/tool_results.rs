//! What tools gave back.

use super::Draft;
use super::media;
use super::messages::write_text;
use super::rewrites::{self, below};
use crate::bindings::outcrop::provider::types::{Error, ToolOutput, ToolResult};
use crate::errors;
use crate::json;

/// What stands for an output of nothing; Bedrock wants content in every result.
const NO_OUTPUT: &str = "(no output)";

/// Media that may stand in a tool result.
const KINDS: &[&str] = &["image", "document", "video"];

/// Writes a tool result.
pub(super) fn write(draft: &mut Draft<'_>, result: &ToolResult, at: &str) -> Result<(), Error> {
    draft.body.separate();
    draft.body.json("{\"toolResult\":{");
    draft.body.string_member("toolUseId", &result.call_id);
    draft.body.member("content");
    draft.body.json("[");
    let mut empty = true;
    for (number, output) in result.output.iter().enumerate() {
        let at = below(&[at, "/output"].concat(), number);
        empty &= !write_output(draft, output, &at)?;
    }
    if empty {
        write_text(draft, NO_OUTPUT);
        let detail = ["sent as `", NO_OUTPUT, "`"].concat();
        draft.rewrites.note(rewrites::EMPTY_OUTPUT, at, detail);
    }
    draft.body.json("]");
    if draft.known.traits().tool_status {
        let status = if result.is_error { "error" } else { "success" };
        draft.body.string_member("status", status);
    } else if result.is_error {
        draft.rewrites.note(
            rewrites::STATUS,
            at,
            "the model is not told that the tool failed: it takes no status",
        );
    }
    draft.body.json("}}");
    Ok(())
}

/// Writes a part of a result; false where there is nothing in it.
fn write_output(draft: &mut Draft<'_>, output: &ToolOutput, at: &str) -> Result<bool, Error> {
    match output {
        ToolOutput::Text(text) if text.trim().is_empty() => {
            draft.rewrites.note(rewrites::EMPTY_TEXT, at, "Bedrock refuses blank text");
            return Ok(false);
        }
        ToolOutput::Text(text) => write_text(draft, text),
        ToolOutput::Json(value) if json::is_object(value) => {
            draft.body.separate();
            draft.body.json("{");
            draft.body.json_member("json", value.trim());
            draft.body.json("}");
        }
        ToolOutput::Json(value) if json::is_value(value) => {
            write_text(draft, value.trim());
            draft.rewrites.note(rewrites::JSON_AS_TEXT, at, "Bedrock takes JSON objects only");
        }
        ToolOutput::Json(_) => return Err(errors::invalid(at, "want JSON")),
        ToolOutput::Media(media) if KINDS.contains(&media.kind.as_str()) => {
            media::write(draft, media, at)?;
        }
        ToolOutput::Media(media) => {
            let message = [&media.kind, " in a tool result"].concat();
            return Err(errors::unsupported(at, &message));
        }
        ToolOutput::Other(extension) => {
            let message = ["an output of kind `", &extension.key, "`"].concat();
            return Err(errors::unsupported(at, &message));
        }
    }
    Ok(true)
}
