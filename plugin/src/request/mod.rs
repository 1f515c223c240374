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
mod options;
mod reasoning;
pub(crate) mod rewrites;
mod system;
mod tool_results;
mod tools;

use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::bindings::outcrop::provider::types::{Error, Request, Rewrite};
use crate::errors;
use crate::json;
use crate::models::{Known, ids};
use crate::settings::Settings;
use body::Body;
use options::Options;
use rewrites::Rewrites;

/// A request as it will be sent.
pub struct Mapped {
    /// The body.
    pub body: Vec<BodyPart>,
    /// What was changed.
    pub rewrites: Vec<Rewrite>,
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
    options: Options,
    body: Body,
    fields: fields::Fields,
    rewrites: Rewrites,
    cache: cache_points::Plan,
    document_names: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(request: &'a Request, known: &'a Known, settings: &'a Settings) -> Result<Self, Error> {
        if request.model_id.trim().is_empty() {
            return Err(errors::invalid("/model-id", "want a model id"));
        }
        Ok(Self {
            request,
            known,
            settings,
            options: Options::read(&request.extensions)?,
            body: Body::default(),
            fields: fields::Fields::default(),
            rewrites: Rewrites::default(),
            cache: cache_points::Plan::of(request),
            document_names: Vec::new(),
        })
    }

    /// What Converse and CountTokens share.
    fn conversation(&mut self) -> Result<(), Error> {
        system::write(self, &self.request.system)?;
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
        Mapped { body: self.body.into_parts(), rewrites: self.rewrites.into_inner() }
    }
}

/// The body of Converse and ConverseStream.
///
/// # Errors
/// Where the request cannot be carried out; the error names the place.
pub fn converse(request: &Request, known: &Known, settings: &Settings) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, known, settings)?;
    draft.body.json("{");
    draft.conversation()?;
    let thinking = effort::apply(&mut draft)?;
    inference::write(&mut draft, thinking)?;
    tools::write(&mut draft, thinking)?;
    draft.write_fields();
    write_options(&mut draft);
    write_output_schema(&mut draft)?;
    draft.body.json("}");
    Ok(draft.into_mapped())
}

/// The body of CountTokens, which takes what makes up the input and nothing else.
///
/// # Errors
/// As [`converse`].
pub fn count(request: &Request, known: &Known, settings: &Settings) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, known, settings)?;
    draft.body.json("{\"input\":{\"converse\":{");
    draft.conversation()?;
    let thinking = effort::apply(&mut draft)?;
    tools::write(&mut draft, thinking)?;
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

/// The schema that the answer must follow. Converse wants it as a string.
fn write_output_schema(draft: &mut Draft<'_>) -> Result<(), Error> {
    let Some(schema) = &draft.request.output_schema else {
        return Ok(());
    };
    if !json::is_object(schema) {
        return Err(errors::invalid("/output-schema", "want a JSON Schema object"));
    }
    let body = &mut draft.body;
    body.member("outputConfig");
    body.json("{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{");
    body.string_member("schema", schema);
    body.json("}}}}");
    Ok(())
}

#[cfg(test)]
mod tests;
