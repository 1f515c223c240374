//! A neutral request as a Converse body.
//!
//! The body is written once, from front to back, as JSON text; what the caller gave as JSON
//! (arguments, schemas, fields) is checked and spliced in as it stands. Everything that is changed
//! so that the model takes it is noted under a rule of [`rewrites`].

mod body;
mod cache_points;
mod effort;
mod fields;
mod history;
mod inference;
mod media;
mod messages;
pub mod names;
mod options;
mod output;
mod reasoning;
pub mod rewrites;
mod schema;
mod system;
mod tool_results;
mod tools;

use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::bindings::outcrop::provider::types::{Block, Error, Request, Rewrite, Tool};
use crate::errors;
use crate::learned::Earlier;
use crate::models::{ids, table};
use crate::settings::Settings;
use crate::target::Target;
use body::Body;
#[cfg(test)]
pub(crate) use body::readable;
use effort::Thinking;
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
    target: &'a Target,
    settings: &'a Settings,
    options: Options,
    body: Body,
    fields: fields::Fields,
    rewrites: Rewrites,
    cache: cache_points::Plan,
    document_names: Vec<String>,
    names: Names,
    /// Bytes of the tools, which come first for the model and are written last.
    tool_bytes: usize,
    /// Whether the body has tools.
    tools_sent: bool,
}

/// Characters of a request that make a token, about, in the languages that most is written in.
const CHARACTERS_A_TOKEN: u64 = 4;

/// Tokens of an image or another medium, about: what a picture of a megapixel costs.
const MEDIA_TOKENS: u64 = 1_500;

impl<'a> Draft<'a> {
    fn new(request: &'a Request, target: &'a Target, settings: &'a Settings) -> Result<Self, Error> {
        if request.model_id.trim().is_empty() {
            return Err(errors::invalid("/model-id", "want a model id"));
        }
        if !target.traits().converse {
            let message = "Bedrock offers this model through its OpenAI endpoints alone, which this plugin does not speak";
            return Err(errors::unsupported("/model-id", message));
        }
        if ids::is_prompt(&request.model_id) {
            check_prompt(request)?;
        }
        let options = Options::read(&request.extensions)?;
        let offered = request.tools.iter().map(|tool| tool.name.as_str());
        let called = request.messages.iter().flat_map(|message| &message.content).filter_map(called_name);
        let tool_bytes = |tool: &Tool| tool.name.len() + tool.description.len() + tool.input_schema.len();
        Ok(Self {
            request,
            target,
            settings,
            cache: cache_points::Plan::of(request, target, &options),
            options,
            body: Body::default(),
            fields: fields::Fields::default(),
            rewrites: Rewrites::default(),
            document_names: Vec::new(),
            names: Names::of(offered, called),
            tool_bytes: request.tools.iter().map(tool_bytes).sum(),
            tools_sent: false,
        })
    }

    /// What Converse and CountTokens share, and how the rest follows from it.
    fn conversation(&mut self, head: &str) -> Result<Shape, Error> {
        let sent = tools::are_sent(self)?;
        if !sent {
            self.tool_bytes = 0;
        }
        let with_tools = sent || output::wants_tool(self) || !self.options.system_tools.is_empty();
        self.cache.begin(sent);
        // A managed prompt brings messages of its own.
        let prompt = self.request.messages.is_empty() && ids::is_prompt(&self.request.model_id);
        let turns = if prompt { Vec::new() } else { history::plan(self, with_tools)? };
        let mut thinking = effort::plan(self, &turns)?;
        let output = output::plan(self, thinking, !sent)?;
        self.body.json(head);
        let instruction = output::instruction(self, output);
        system::write(self, instruction.as_deref())?;
        if !prompt {
            messages::write(self, &turns)?;
        }
        effort::fit(self, &mut thinking);
        Ok(Shape { sent, thinking, output })
    }

    /// Tokens of the tools, about.
    fn tool_tokens(&self) -> u64 {
        self.tool_bytes as u64 / CHARACTERS_A_TOKEN
    }

    /// Tokens of the tools and of what has been written so far, about.
    fn tokens(&self) -> u64 {
        let (bytes, media) = self.body.written();
        (bytes + self.tool_bytes) as u64 / CHARACTERS_A_TOKEN + media as u64 * MEDIA_TOKENS
    }

    /// Whether no earlier reasoning goes back: the conversation taught so, or the model can be told to
    /// drop what is not of this conversation only while it thinks.
    fn strips_reasoning(&self) -> bool {
        match self.target.learned.reasoning {
            Earlier::Kept => false,
            Earlier::Stripped => true,
            Earlier::Dropped => !effort::binds(self),
        }
    }

    /// The model's own fields: what the plugin found to say, then what the caller says.
    fn write_fields(&mut self, thinking: Thinking) {
        effort::write(self, thinking);
        let mut fields = core::mem::take(&mut self.fields);
        if self.target.traits().betas {
            for beta in &self.options.betas {
                fields.beta(beta);
            }
        } else if !self.options.betas.is_empty() {
            self.rewrites.note(rewrites::BETAS, "/extensions", "the model does not know them");
        }
        if let Some(theirs) = &self.options.model_fields_json {
            fields.merge(theirs);
        }
        if let Some(fields) = fields.into_json() {
            self.body.json_member("additionalModelRequestFields", &fields);
        }
    }

    fn into_mapped(self) -> Mapped {
        let streams = self.target.known.takes(table::STREAMS_TOOLS);
        Mapped {
            unary: self.tools_sent && !streams,
            body: self.body.into_parts(),
            rewrites: self.target.route.rewrites.iter().cloned().chain(self.rewrites.into_inner()).collect(),
            names: self.names,
        }
    }
}

/// What the conversation decides for the rest of a request.
#[derive(Clone, Copy)]
struct Shape {
    /// Whether the request's tools are sent.
    sent: bool,
    thinking: Thinking,
    output: Output,
}

/// The tool that a block calls.
fn called_name(block: &Block) -> Option<&str> {
    match block {
        Block::ToolCall(call) => Some(&call.name),
        _ => None,
    }
}

/// A managed prompt has instructions, tools and parameters of its own, and Bedrock refuses others.
fn check_prompt(request: &Request) -> Result<(), Error> {
    for (at, brought) in [
        ("/system", !request.system.is_empty()),
        ("/tools", !request.tools.is_empty()),
        ("/effort", request.effort.as_deref().is_some_and(|effort| effort != "off")),
        ("/max-output-tokens", request.max_output_tokens.is_some()),
        ("/temperature", request.temperature.is_some()),
        ("/top-p", request.top_p.is_some()),
        ("/stop-sequences", !request.stop_sequences.is_empty()),
        ("/output-schema", request.output_schema.is_some()),
    ] {
        if brought {
            return Err(errors::unsupported(
                at,
                "a managed prompt brings its own, and Bedrock refuses another",
            ));
        }
    }
    Ok(())
}

/// The body of Converse and ConverseStream.
///
/// # Errors
/// Where the request cannot be carried out; the error names the place.
pub fn converse(request: &Request, target: &Target, settings: &Settings) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, target, settings)?;
    let shape = draft.conversation("{")?;
    if !ids::is_prompt(&request.model_id) {
        inference::write(&mut draft, shape.thinking)?;
    }
    tools::write(&mut draft, shape.sent, shape.thinking, shape.output)?;
    draft.write_fields(shape.thinking);
    write_options(&mut draft);
    output::write(&mut draft, shape.output);
    draft.body.json("}");
    Ok(draft.into_mapped())
}

/// The body of CountTokens, which takes what makes up the input and nothing else.
///
/// # Errors
/// As [`converse`].
pub fn count(request: &Request, target: &Target, settings: &Settings) -> Result<Mapped, Error> {
    let mut draft = Draft::new(request, target, settings)?;
    let shape = draft.conversation("{\"input\":{\"converse\":{")?;
    tools::write(&mut draft, shape.sent, shape.thinking, shape.output)?;
    draft.write_fields(shape.thinking);
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
    let mut paths: Vec<&str> = draft.target.traits().response_paths.to_vec();
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
