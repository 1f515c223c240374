//! The guest itself.

#![allow(missing_docs, unreachable_pub, reason = "generated from wit/, which has the docs")]

wit_bindgen::generate!({
    world: "provider-plugin",
    path: "../../wit",
});

use std::cell::{OnceCell, RefCell};

use exports::outcrop::provider::provider::{
    Guest, GuestResponseStream, NextStep, Offer, Progress, ResponseStream,
};
use outcrop::provider::types::{
    Abilities, Block, BlockEnd, Chunk, Deltas, Error, ErrorCode, Finish, Message, Modalities, Model, Request,
    Role, Usage,
};
use serde_json::Value;

/// The models, and what tells them apart.
const MODELS: [(&str, &str); 2] = [("words", "Echo, word by word"), ("whole", "Echo, in one piece")];
/// Words that a request may hold.
const CONTEXT_WINDOW: u32 = 100_000;

thread_local! {
    /// What stands before every answer: the member `prefix` of the plugin's settings.
    static PREFIX: OnceCell<String> = const { OnceCell::new() };
}

struct Echo;

impl Guest for Echo {
    type ResponseStream = Answer;

    fn configure(settings: String) -> Result<(), Error> {
        let settings: Value = serde_json::from_str(&settings).map_err(|wrong| {
            error(ErrorCode::InvalidRequest, format!("the settings are no JSON: {wrong}"))
        })?;
        let prefix = match &settings["prefix"] {
            Value::Null => String::new(),
            Value::String(prefix) => prefix.clone(),
            other => return Err(error(ErrorCode::InvalidRequest, format!("/prefix: {other} is no string"))),
        };
        // Called once, before any other function.
        PREFIX
            .with(|place| place.set(prefix))
            .map_err(|_| error(ErrorCode::Internal, "configured twice".into()))
    }

    fn list_models() -> Result<Offer, Error> {
        Ok(Offer { models: MODELS.map(|(id, name)| model(id, name)).into(), left_out: Vec::new() })
    }

    fn start_stream(request: Request) -> Result<ResponseStream, Error> {
        if !MODELS.iter().any(|(id, _)| *id == request.model_id) {
            let mut unknown =
                error(ErrorCode::ModelNotFound, format!("there is no model {:?} here", request.model_id));
            unknown.remedy = Some(format!("ask one of {}", MODELS.map(|(id, _)| id).join(", ")));
            return Err(unknown);
        }
        // What a plugin does not know it must not pass over in silence.
        if let Some(extension) = request.extensions.first() {
            let message = format!("/extensions/{}: echo knows no extension", extension.key);
            return Err(error(ErrorCode::Unsupported, message));
        }
        let asked = request.messages.iter().rfind(|message| message.role == Role::User).map(text_of);
        let prefix = PREFIX.with(|prefix| prefix.get().cloned().unwrap_or_default());
        let text = prefix + &asked.unwrap_or_default();
        let deltas = match request.model_id.as_str() {
            "words" => text.split_inclusive(' ').map(str::to_owned).collect(),
            _ => vec![text],
        };
        let input = request.messages.iter().map(|message| words(&text_of(message))).sum();
        Ok(ResponseStream::new(Answer(RefCell::new(State {
            input,
            output: 0,
            deltas: deltas.into_iter(),
            begun: false,
        }))))
    }
}

/// One answer. The host calls it from one place at a time, but through a shared reference.
struct Answer(RefCell<State>);

struct State {
    /// Words, which stand for tokens here.
    input: u64,
    output: u64,
    deltas: std::vec::IntoIter<String>,
    begun: bool,
}

impl GuestResponseStream for Answer {
    /// Never waits: gives what there is and says what is to come.
    fn next_chunk(&self) -> Result<Progress, Error> {
        let state = &mut *self.0.borrow_mut();
        let mut chunks = Vec::new();
        if !state.begun {
            state.begun = true;
            chunks.push(Chunk::Started(None));
            chunks.push(Chunk::BlockStart((0, "text".to_owned())));
        }
        if let Some(text) = state.deltas.next() {
            state.output += words(&text);
            chunks.push(Chunk::TextDelta(Deltas { index: 0, text, lengths: Vec::new() }));
            return Ok(Progress { chunks, next: NextStep::Again });
        }
        chunks.extend([
            Chunk::BlockEnd(BlockEnd { index: 0, signature: None, redacted: None, raw: None }),
            Chunk::Usage(Usage {
                input: state.input,
                output: state.output,
                cache_read: 0,
                cache_write: 0,
                extensions: Vec::new(),
            }),
            Chunk::Finished(Finish {
                reason: "end-turn".to_owned(),
                raw: "end".to_owned(),
                extensions: Vec::new(),
            }),
        ]);
        Ok(Progress { chunks, next: NextStep::End })
    }
}

fn text_of(message: &Message) -> String {
    let texts = message.content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn model(id: &str, name: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: name.to_owned(),
        vendor: "Outcrop".to_owned(),
        input: Modalities::TEXT,
        output: Modalities::TEXT,
        abilities: Abilities::SYSTEM_PROMPT,
        context_window: CONTEXT_WINDOW,
        max_output_tokens: CONTEXT_WINDOW,
        limits_known: true,
        pricing: None,
        origin: "echo".to_owned(),
        extensions: Vec::new(),
    }
}

fn error(code: ErrorCode, message: String) -> Error {
    Error {
        code,
        message,
        remedy: None,
        provider_code: None,
        http_status: None,
        request_id: None,
        retry_after_ms: None,
        retryable: false,
        extensions: Vec::new(),
    }
}

export!(Echo);
