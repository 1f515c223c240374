//! What tools gave back.

use super::Draft;
use super::history::{At, Outcome, Part, PartOf};
use super::media;
use super::messages::write_text;
use super::rewrites;
use crate::bindings::outcrop::provider::types::Error;

/// What stands for an output of nothing; Bedrock wants content in every result.
const NO_OUTPUT: &str = "(no output)";

/// Writes a tool result.
pub(super) fn write(draft: &mut Draft<'_>, result: &Outcome<'_>, at: At) -> Result<(), Error> {
    draft.body.separate();
    draft.body.json("{\"toolResult\":{");
    draft.body.string_member("toolUseId", &result.id);
    draft.body.member("content");
    draft.body.json("[");
    for part in &result.parts {
        write_part(draft, part)?;
    }
    if result.parts.is_empty() {
        write_text(draft, NO_OUTPUT);
        let detail = ["sent as `", NO_OUTPUT, "`"].concat();
        draft.rewrites.note(rewrites::EMPTY_OUTPUT, at, detail);
    }
    draft.body.json("]");
    if draft.target.traits().results.status {
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

fn write_part(draft: &mut Draft<'_>, part: &Part<'_>) -> Result<(), Error> {
    match &part.what {
        PartOf::Text(text) => write_text(draft, text),
        PartOf::Json(object) => write_member(draft, "json", object),
        PartOf::SearchResult(object) => write_member(draft, "searchResult", object),
        PartOf::Media(media) => media::write(draft, media, part.at)?,
    }
    Ok(())
}

fn write_member(draft: &mut Draft<'_>, name: &str, value: &str) {
    draft.body.separate();
    draft.body.json("{");
    draft.body.json_member(name, value);
    draft.body.json("}");
}
