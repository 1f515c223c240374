//! Our types and the contract's, one made of the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::contract::{guest, types};
use super::weight;
use super::work::Work;
use crate::bridge::Brought;
use crate::bridge::body::storage_locations;
use crate::limits::ERROR_BYTES;
use crate::request::{self, Content, Media, Message, RawBlock, Role, ToolChoice, ToolOutput};
use crate::{Error, ErrorClass, LeftOut, Model, Pricing, Request, Usage};

/// A request as the plugin sees it, and what stays outside the sandbox.
pub(crate) fn request(request: Request, model_id: &str, prefix: &str) -> (types::Request, Work) {
    let mut lowering = Lowering { prefix, media: Vec::new(), storage: BTreeSet::new() };
    for value in request.extensions.values() {
        storage_locations(value, &mut lowering.storage);
    }
    let conversation_id = request.conversation_id.clone();
    let lowered = types::Request {
        model_id: model_id.to_owned(),
        conversation_id: request.conversation_id,
        system: lowering.blocks(request.system),
        messages: request.messages.into_iter().map(|message| lowering.message(message)).collect(),
        tools: request.tools.into_iter().map(tool).collect(),
        tool_choice: match request.tool_choice {
            ToolChoice::Auto => types::ToolChoice::Auto,
            ToolChoice::Any => types::ToolChoice::Any,
            ToolChoice::None => types::ToolChoice::None,
            ToolChoice::Named(name) => types::ToolChoice::Named(name),
        },
        effort: request.effort.map(|effort| effort.as_str().to_owned()),
        max_output_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        stop_sequences: request.stop_sequences,
        output_schema: request.output_schema.map(|schema| schema.to_string()),
        extensions: extensions(request.extensions),
    };
    let brought = Brought {
        model_id: model_id.to_owned(),
        conversation_id,
        storage: Arc::new(lowering.storage),
        ..Brought::default()
    };
    (lowered, Work::new(brought, lowering.media))
}

/// Turns the places that a plugin names into places of the request's JSON form.
///
/// A plugin sees the contract's records; the caller wrote JSON.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// In the order in which the plugin sees them.
    extensions: Vec<String>,
}

impl Places {
    pub(crate) fn of(request: &Request) -> Self {
        Self { extensions: request.extensions.keys().cloned().collect() }
    }

    /// The place in the JSON form of a JSON Pointer into the contract's request.
    pub(crate) fn in_json(&self, pointer: &str) -> String {
        let mut json = String::with_capacity(pointer.len());
        let mut below = "";
        for (depth, segment) in pointer.split('/').enumerate().skip(1) {
            let word = match (depth, below, segment) {
                (1, _, "model-id") => "model",
                (1, _, "conversation-id") => "conversationId",
                (1, _, "tool-choice") => "toolChoice",
                (1, _, "max-output-tokens") => "maxTokens",
                (1, _, "top-p") => "topP",
                (1, _, "stop-sequences") => "stopSequences",
                (1, _, "output-schema") => "outputSchema",
                (2, "extensions", number) => number
                    .parse()
                    .ok()
                    .and_then(|number: usize| self.extensions.get(number))
                    .map_or(number, |key| key),
                (3, "tools", "input-schema") => "parameters",
                (5, "messages", "output") => "content",
                (_, _, word) => word,
            };
            if depth == 1 {
                below = segment;
            }
            json.push('/');
            json.push_str(word);
        }
        json
    }

    /// The same for an error of the plugin's.
    pub(crate) fn in_error(&self, mut error: Error) -> Error {
        error.message = self.in_message(error.message);
        error
    }

    /// The same for a message that begins with a place.
    fn in_message(&self, message: String) -> String {
        match message.split_once(": ") {
            Some((place, rest)) if place.starts_with('/') && !place.contains(' ') => {
                format!("{}: {rest}", self.in_json(place))
            }
            _ => message,
        }
    }
}

/// Takes a request apart and keeps what does not cross.
struct Lowering<'a> {
    prefix: &'a str,
    media: Vec<Bytes>,
    storage: BTreeSet<String>,
}

impl Lowering<'_> {
    fn message(&mut self, message: Message) -> types::Message {
        types::Message {
            role: match message.role {
                Role::User => types::Role::User,
                Role::Assistant => types::Role::Assistant,
            },
            content: self.blocks(message.content),
            model_id: message
                .model
                .map(|model| model.strip_prefix(self.prefix).map(str::to_owned).unwrap_or(model)),
        }
    }

    fn blocks(&mut self, content: Vec<Content>) -> Vec<types::Block> {
        content.into_iter().map(|content| self.block(content)).collect()
    }

    fn block(&mut self, content: Content) -> types::Block {
        match content {
            Content::Text(text) => types::Block::Text(text),
            Content::Media(media) => types::Block::Media(self.media(media)),
            Content::Reasoning(reasoning) => types::Block::Reasoning(types::Reasoning {
                text: reasoning.text,
                signature: reasoning.signature,
                redacted: reasoning.redacted.map(Into::into),
                model_id: None,
            }),
            Content::ToolCall(call) => types::Block::ToolCall(types::ToolCall {
                id: call.id,
                name: call.name,
                arguments: Value::Object(call.arguments).to_string(),
            }),
            Content::ToolResult(result) => types::Block::ToolResult(types::ToolResult {
                call_id: result.call_id,
                output: result.output.into_iter().map(|output| self.output(output)).collect(),
                is_error: result.is_error,
            }),
            Content::CachePoint(time) => types::Block::CachePoint(time),
            Content::Instruction(text) => types::Block::Other(types::Extension {
                key: "system".to_owned(),
                value: Value::String(text).to_string(),
            }),
            Content::Raw(RawBlock { kind, text, json }) => {
                storage_locations(&json, &mut self.storage);
                types::Block::Raw(types::RawBlock { kind, text, json: json.to_string() })
            }
        }
    }

    fn output(&mut self, output: ToolOutput) -> types::ToolOutput {
        match output {
            ToolOutput::Text(text) => types::ToolOutput::Text(text),
            ToolOutput::Json(value) => {
                storage_locations(&value, &mut self.storage);
                types::ToolOutput::Json(value.to_string())
            }
            ToolOutput::Media(media) => types::ToolOutput::Media(self.media(media)),
            ToolOutput::SearchResult(value) => types::ToolOutput::Other(types::Extension {
                key: "search-result".to_owned(),
                value: value.to_string(),
            }),
        }
    }

    fn media(&mut self, media: Media) -> types::Media {
        for value in media.extensions.values() {
            storage_locations(value, &mut self.storage);
        }
        // A request with four billion media does not fit into memory.
        let id = self.media.len() as u32;
        let size = media.data.len() as u64;
        self.media.push(media.data);
        types::Media {
            id,
            kind: media.kind.as_str().to_owned(),
            format: media.format,
            size,
            name: media.name,
            extensions: extensions(media.extensions),
        }
    }
}

fn tool(tool: request::Tool) -> types::Tool {
    types::Tool {
        name: tool.name,
        description: tool.description,
        input_schema: tool.parameters.to_string(),
        strict: tool.strict,
    }
}

fn extensions(values: Map<String, Value>) -> Vec<types::Extension> {
    values.into_iter().map(|(key, value)| types::Extension { key, value: value.to_string() }).collect()
}

/// The plugin's JSON; text that is none is kept as a string, so that nothing is lost.
pub(crate) fn json(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

pub(crate) fn details(extensions: Vec<types::Extension>) -> Map<String, Value> {
    extensions.into_iter().map(|extension| (extension.key, json(extension.value))).collect()
}

pub(crate) fn usage(usage: types::Usage) -> Usage {
    let types::Usage { input, output, cache_read, cache_write, extensions } = usage;
    let sum = input.saturating_add(output).saturating_add(cache_read).saturating_add(cache_write);
    let mut details = details(extensions);
    // A provider may count more than the four.
    let reported = details.remove("total").and_then(|total| total.as_u64());
    let cost = details.remove("cost").and_then(|cost| serde_json::from_value(cost).ok());
    Usage {
        input,
        output,
        cache_read,
        cache_write,
        total_tokens: reported.map_or(sum, |total| total.max(sum)),
        cost,
        details,
    }
}

pub(crate) fn error(error: types::Error) -> Error {
    // It will stand in a log or on a terminal.
    let short = |text: String| {
        let text = &text[..text.floor_char_boundary(ERROR_BYTES)];
        text.replace(|character: char| character.is_control() && character != '\n', " ")
    };
    // What is too large to be of use to anybody is left out.
    let mut extensions = error.extensions;
    if weight::of_extensions(&extensions) > 64 * ERROR_BYTES {
        extensions.clear();
    }
    Error {
        class: class(error.code),
        message: short(error.message),
        remedy: error.remedy.map(short),
        provider_code: error.provider_code.map(short),
        http_status: error.http_status,
        request_id: error.request_id.map(short),
        retry_after: error.retry_after_ms.map(Duration::from_millis),
        delivered: false,
        retryable: error.retryable,
        details: details(extensions),
    }
}

fn class(code: types::ErrorCode) -> ErrorClass {
    use types::ErrorCode as Code;

    match code {
        Code::InvalidRequest => ErrorClass::InvalidRequest,
        Code::Unauthenticated => ErrorClass::Unauthenticated,
        Code::PermissionDenied => ErrorClass::PermissionDenied,
        Code::ModelNotFound => ErrorClass::ModelNotFound,
        Code::ModelNotReady => ErrorClass::ModelNotReady,
        Code::ContextTooLong => ErrorClass::ContextTooLong,
        Code::RateLimited => ErrorClass::RateLimited,
        Code::QuotaExceeded => ErrorClass::QuotaExceeded,
        Code::ContentFiltered => ErrorClass::ContentFiltered,
        Code::Overloaded => ErrorClass::Overloaded,
        Code::Timeout => ErrorClass::Timeout,
        Code::Cancelled => ErrorClass::Cancelled,
        Code::Network => ErrorClass::Network,
        Code::Truncated => ErrorClass::Truncated,
        Code::Unsupported => ErrorClass::Unsupported,
        Code::Internal => ErrorClass::Internal,
        Code::Other => ErrorClass::Other,
    }
}

/// A model with the routing prefix before its id.
pub(crate) fn model(model: types::Model, prefix: &str) -> Model {
    Model {
        id: format!("{prefix}{}", model.id),
        name: model.name,
        vendor: model.vendor,
        input: modalities(model.input),
        output: modalities(model.output),
        abilities: abilities(model.abilities),
        context_window: model.context_window,
        max_output_tokens: model.max_output_tokens,
        limits_known: model.limits_known,
        pricing: model.pricing.map(|price| Pricing {
            input: price.input,
            output: price.output,
            cache_read: price.cache_read,
            cache_write: price.cache_write,
        }),
        origin: model.origin,
        details: details(model.extensions),
    }
}

/// A model that is not on offer, with the routing prefix before its id.
pub(crate) fn left_out(model: guest::LeftOut, prefix: &str) -> LeftOut {
    LeftOut {
        id: format!("{prefix}{}", model.id),
        name: model.name,
        vendor: model.vendor,
        reason: model.reason,
        detail: model.detail,
    }
}

fn modalities(flags: types::Modalities) -> Vec<&'static str> {
    use types::Modalities as M;

    [
        (M::TEXT, "text"),
        (M::IMAGE, "image"),
        (M::DOCUMENT, "document"),
        (M::VIDEO, "video"),
        (M::AUDIO, "audio"),
    ]
    .into_iter()
    .filter_map(|(flag, word)| flags.contains(flag).then_some(word))
    .collect()
}

fn abilities(flags: types::Abilities) -> Vec<&'static str> {
    use types::Abilities as A;

    [
        (A::TOOLS, "tools"),
        (A::TOOLS_WHILE_STREAMING, "tools-while-streaming"),
        (A::TOOL_CHOICE, "tool-choice"),
        (A::REASONING, "reasoning"),
        (A::PROMPT_CACHING, "prompt-caching"),
        (A::STRUCTURED_OUTPUT, "structured-output"),
        (A::SYSTEM_PROMPT, "system-prompt"),
    ]
    .into_iter()
    .filter_map(|(flag, word)| flags.contains(flag).then_some(word))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_json_form() {
        let mut request = Request::new("p/m");
        request.extensions.insert("latency".to_owned(), Value::Null);
        let places = Places::of(&request);
        for (contract, json) in [
            ("/messages/0/content/1", "/messages/0/content/1"),
            ("/messages/2/content/0/output/3", "/messages/2/content/0/content/3"),
            ("/max-output-tokens", "/maxTokens"),
            ("/tools/4/input-schema", "/tools/4/parameters"),
            ("/extensions/0", "/extensions/latency"),
            ("/extensions/7", "/extensions/7"),
            ("", ""),
        ] {
            assert_eq!(places.in_json(contract), json);
        }
        let message = "/top-p: more than 1".to_owned();
        assert_eq!(places.in_message(message), "/topP: more than 1");
        assert_eq!(places.in_message("a: b".to_owned()), "a: b");
    }
}
