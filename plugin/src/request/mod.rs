//! A neutral request as a Converse body.
//!
//! The body is written once, from front to back, as JSON text; what the caller gave as JSON
//! (arguments, schemas, fields) is checked and spliced in as it stands. Everything that is changed
//! so that the model takes it is noted under a rule of [`rewrites`].

mod body;
mod cache_points;
mod effort;
mod fields;
mod inference;
mod media;
mod messages;
pub mod names;
mod options;
mod output;
mod reasoning;
pub(crate) mod rewrites;
mod system;
mod tool_results;
mod tools;

use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::bindings::outcrop::provider::types::{Block, Error, Request, Rewrite};
use crate::errors;
use crate::learned::Learned;
use crate::models::{Known, ids, table};
use crate::settings::Settings;
use body::Body;
use names::Names;
use options::Options;
use output::Output;
use rewrites::Rewrites;

/// A request as it will be sent.
pub struct Mapped {
    /// The body.
    pub body: Vec<BodyPart>,
    /// What was changed.
    pub rewrites: Vec<Rewrite>,
    /// How the answer's tool calls are told by the names that the caller knows.
    pub names: Names,
    /// Whether the model must be asked with Converse, because it calls no tools in a streamed answer.
    pub unary: bool,
}

impl Mapped {
    /// The body for a person, media as references.
    pub fn readable(&self) -> String {
        body::readable(&self.body)
    }
}

/// A request being written.
struct Draft<'a> {
    request: &'a Request,
    known: &'a Known,
    settings: &'a Settings,
    learned: Learned,
    options: Options,
    body: Body,
    fields: fields::Fields,
    rewrites: Rewrites,
    cache: cache_points::Plan,
    document_names: Vec<String>,
    names: Names,
    /// Whether the body has tools.
    tools_sent: bool,
}

impl<'a> Draft<'a> {
    fn new(
        request: &'a Request,
        known: &'a Known,
        settings: &'a Settings,
        learned: Learned,
    ) -> Result<Self, Error> {
        if request.model_id.trim().is_empty() {
            return Err(errors::invalid("/model-id", "want a model id"));
        }
        let offered = request.tools.iter().map(|tool| tool.name.as_str());
        let called = request.messages.iter().flat_map(|message| &message.content).filter_map(called_name);
        Ok(Self {
            request,
            known,
            settings,
            learned,
            options: Options::read(&request.extensions)?,
            body: Body::default(),
            fields: fields::Fields::default(),
            rewrites: Rewrites::default(),
            cache: cache_points::Plan::of(request),
            document_names: Vec::new(),
            names: Names::of(offered, called),
            tools_sent: false,
        })
    }

    /// What Converse and CountTokens share.
    fn conversation(&mut self, output: Output) -> Result<(), Error> {
        let instruction = output::instruction(self, output);
        system::write(self, &self.request.system, instruction.as_deref())?;
        // A managed prompt brings messages of its own.
        if !self.request.messages.is_empty() || !ids::is_prompt(&self.request.model_id) {
            messages::write(self, &self.request.messages)?;
        }
        Ok(())
    }

    /// The model's own fields: what the plugin found to say, then what the caller says.
    fn write_fields(&mut self) {
        let mut fields = core::mem::take(&mut self.fields);
        for beta in &self.options.betas {
            fields.beta(beta);
        }
        if let Some(theirs) = &self.options.model_fields_json {
            fields.merge(theirs);
        }
        if let Some(fields) = fields.into_json() {
            self.body.json_member("additionalModelRequestFields", &fields);
        }
    }

    fn into_mapped(self) -> Mapped {
        let streams = self.known.takes(table::STREAMS_TOOLS) && !self.learned.unary_tools;
        Mapped {
            unary: self.tools_sent && !streams,
            body: self.body.into_parts(),
            rewrites: self.rewrites.into_inner(),
            names: self.names,
        }
    }
}

/// The tool that a block calls.
fn called_name(block: &Block) -> Option<&str> {
    match block {
        Block::ToolCall(call) => Some(&call.name),
        _ => None,
    }
}

/// The body of Converse and ConverseStream.
///
/// # Errors
/// Where the request cannot be carried out; the error names the place.
pub fn converse(
    request: &Request,
    known: &Known,
    settings: &Settings,
    learned: Learned,
) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, known, settings, learned)?;
    let thinking = effort::apply(&mut draft)?;
    let output = output::plan(&mut draft, thinking)?;
    draft.body.json("{");
    draft.conversation(output)?;
    inference::write(&mut draft, thinking)?;
    tools::write(&mut draft, thinking, output)?;
    draft.write_fields();
    write_options(&mut draft);
    output::write(&mut draft, output);
    draft.body.json("}");
    Ok(draft.into_mapped())
}

/// The body of CountTokens, which takes what makes up the input and nothing else.
///
/// # Errors
/// As [`converse`].
pub fn count(
    request: &Request,
    known: &Known,
    settings: &Settings,
    learned: Learned,
) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, known, settings, learned)?;
    let thinking = effort::apply(&mut draft)?;
    let output = output::plan(&mut draft, thinking)?;
    draft.body.json("{\"input\":{\"converse\":{");
    draft.conversation(output)?;
    tools::write(&mut draft, thinking, output)?;
    draft.write_fields();
    draft.body.json("}}}");
    Ok(draft.into_mapped())
}

/// The extensions that have a member of their own.
fn write_options(draft: &mut Draft<'_>) {
    if let Some((_, at)) = draft.options.display.take() {
        draft.rewrites.note(
            rewrites::DISPLAY,
            at,
            "there is no way to tell this model, or it does not think",
        );
    }
    let options = &draft.options;
    let body = &mut draft.body;
    for (name, value) in [
        ("guardrailConfig", &options.guardrail_json),
        ("promptVariables", &options.prompt_variables_json),
        ("requestMetadata", &options.metadata_json),
    ] {
        if let Some(value) = value {
            body.json_member(name, value);
        }
    }
    for (name, member, value) in
        [("performanceConfig", "latency", &options.latency), ("serviceTier", "type", &options.service_tier)]
    {
        if let Some(value) = value {
            body.member(name);
            body.json("{");
            body.string_member(member, value);
            body.json("}");
        }
    }
    let mut paths: Vec<&str> = draft.known.traits().response_paths.to_vec();
    for path in &options.response_paths {
        if !paths.contains(&path.as_str()) {
            paths.push(path);
        }
    }
    if !paths.is_empty() {
        body.member("additionalModelResponseFieldPaths");
        body.json("[");
        for path in paths {
            body.separate();
            body.string(path);
        }
        body.json("]");
    }
}

#[cfg(test)]
mod tests;
