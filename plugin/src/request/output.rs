//! The schema that the answer must follow: Converse's own member where the model has it, otherwise a
//! tool that stands for the answer. The answer side knows its calls by [`super::names::Names::is_output`].

use super::Draft;
use super::effort::Thinking;
use super::rewrites;
use super::schema::{self, Wanted};
use crate::bindings::outcrop::provider::types::Error;
use crate::errors;
use crate::json::Object;
use crate::models::Choices;
use crate::models::table;

const AT: &str = "/output-schema";

/// What the tool says of itself.
pub(super) const DESCRIPTION: &str = "Gives the final answer. Its arguments are the answer.";

/// How the answer comes to follow its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// There is no schema.
    Free,
    /// By `outputConfig.textFormat`.
    Native,
    /// By a tool that the model is made to call.
    Forced,
    /// By a tool or another one: the model is made to call any.
    Among,
    /// By a tool that the model is asked to call.
    Asked,
}

impl Output {
    /// Whether there is a tool for it.
    pub(super) fn is_tool(self) -> bool {
        matches!(self, Self::Forced | Self::Among | Self::Asked)
    }
}

/// Whether the schema becomes a tool.
pub(super) fn wants_tool(draft: &Draft<'_>) -> bool {
    draft.request.output_schema.is_some() && !draft.target.known.takes(table::SCHEMA)
}

/// Finds the way, and names the tool where it takes one; `alone` says whether it is the only one.
pub(super) fn plan(draft: &mut Draft<'_>, thinking: Thinking, alone: bool) -> Result<Output, Error> {
    let Some(schema) = &draft.request.output_schema else {
        return Ok(Output::Free);
    };
    let Some(root) = Object::parse(schema) else {
        return Err(errors::invalid(AT, "want a JSON Schema object"));
    };
    if draft.target.known.takes(table::SCHEMA) {
        return Ok(Output::Native);
    }
    if !draft.target.known.takes(table::TOOLS) {
        return Err(errors::unsupported(
            AT,
            "the model follows no schema and calls no tools; an output schema",
        ));
    }
    if root.string("type").is_some_and(|kind| kind != "object") {
        let why =
            "the model takes it as a tool's arguments only, which are an object; a schema of another type";
        return Err(errors::unsupported(AT, why));
    }
    let traits = draft.target.traits();
    let output = match traits.choices {
        Choices::Auto => Output::Asked,
        _ if thinking.on && traits.strict_thinking => Output::Asked,
        Choices::All if alone => Output::Forced,
        Choices::All | Choices::Any => Output::Among,
    };
    let name = draft.names.add_output();
    let detail = ["the model answers by calling a tool `", name, "`, whose arguments come as text"];
    draft.rewrites.note(rewrites::OUTPUT_TOOL, AT, detail.concat());
    Ok(output)
}

/// What the instructions say where the model cannot be made to call the tool.
pub(super) fn instruction(draft: &Draft<'_>, output: Output) -> Option<String> {
    let name = draft.names.output()?;
    (output == Output::Asked).then(|| {
        ["Give the final answer by calling the tool `", name, "` once. Write no other final answer."].concat()
    })
}

/// Writes `outputConfig`. Converse wants the schema as a string.
pub(super) fn write(draft: &mut Draft<'_>, output: Output) {
    let schema = (output == Output::Native).then(|| schema(draft, true, false));
    let effort = draft.options.output_effort.take();
    if schema.is_none() && effort.is_none() {
        return;
    }
    let body = &mut draft.body;
    body.member("outputConfig");
    body.json("{");
    if let Some(schema) = schema {
        body.member("textFormat");
        body.json("{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{");
        body.string_member("schema", &schema);
        body.json("}}}");
    }
    if let Some(effort) = effort {
        body.string_member("effort", &effort);
    }
    body.json("}");
}

/// The schema in a form that the model takes.
pub(super) fn schema(draft: &mut Draft<'_>, enforced: bool, object: bool) -> String {
    let asked = draft.request.output_schema.as_deref().unwrap_or_default();
    let wanted = Wanted { rules: draft.target.traits().schemas, enforced, object };
    let Some(cleaned) = schema::clean(asked, wanted) else {
        return asked.into();
    };
    if !cleaned.changes.is_empty() {
        draft.rewrites.note(rewrites::SCHEMA, AT, cleaned.changes.join(", "));
    }
    cleaned.schema.into_owned()
}
