//! The exports: each strikes if it is its turn, and behaves otherwise.

#![allow(missing_docs, unreachable_pub, reason = "generated from wit/, which has the docs")]

wit_bindgen::generate!({
    world: "full-bedrock-plugin",
    path: "../../../wit",
});

use std::cell::RefCell;
use std::sync::OnceLock;

use exports::outcrop::provider::inspector::{Guest as Inspector, Preview};
use exports::outcrop::provider::provider::{
    Guest, GuestResponseStream, NextStep, Offer, Progress, ResponseStream,
};
use exports::outcrop::provider::token_counter::{
    Count, CountProgress, Guest as TokenCounter, GuestTokenCount, TokenCount,
};
use outcrop::provider::bedrock_bridge as bridge;
use outcrop::provider::types::{Error, ErrorCode, Request};

use crate::answers::Answer;
use crate::{anywhere, calls, listings};

/// `PLACE/WHAT`.
static ATTACK: OnceLock<String> = OnceLock::new();

/// What is to be done in this place, if anything.
fn attack_in(place: &str) -> Option<&'static str> {
    ATTACK.get()?.strip_prefix(place)?.strip_prefix('/')
}

/// Does what can be done in any place, if this is the place.
fn strike(place: &str) {
    if let Some(what) = attack_in(place) {
        anywhere::strike(what);
    }
}

struct Hostile;

impl Guest for Hostile {
    type ResponseStream = Stream;

    fn configure(settings: String) -> Result<(), Error> {
        let settings: serde_json::Value = serde_json::from_str(&settings).unwrap_or_default();
        let _ = ATTACK.set(settings["attack"].as_str().unwrap_or_default().to_owned());
        strike("configure");
        Ok(())
    }

    fn list_models() -> Result<Offer, Error> {
        strike("list-models");
        match attack_in("listing") {
            Some(what) => listings::offer(what),
            None => Ok(Offer { models: Vec::new(), left_out: Vec::new() }),
        }
    }

    fn start_stream(request: Request) -> Result<ResponseStream, Error> {
        strike("start-stream");
        let answer = match attack_in("call") {
            Some(what) => calls::start(what, &request)?,
            None => Answer::of(attack_in("answer").unwrap_or("whole")),
        };
        Ok(ResponseStream::new(Stream(RefCell::new(answer))))
    }
}

pub(crate) struct Stream(RefCell<Answer>);

/// A stream that nobody asks.
pub(crate) fn idle() -> Stream {
    Stream(RefCell::new(Answer::of("whole")))
}

impl GuestResponseStream for Stream {
    fn next_chunk(&self) -> Result<Progress, Error> {
        strike("next-chunk");
        self.0.borrow_mut().next()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        strike("destructor");
    }
}

impl TokenCounter for Hostile {
    type TokenCount = Counting;

    fn start_count(request: Request) -> Result<TokenCount, Error> {
        strike("start-count");
        Ok(TokenCount::new(match attack_in("count") {
            Some("wait-for-nothing") => Counting::Waits(None),
            Some("never-read") => Counting::Waits(Some(calls::unread(&request)?)),
            _ => Counting::Done,
        }))
    }
}

enum Counting {
    Done,
    /// Waits, whatever comes.
    Waits(Option<bridge::Call>),
}

impl GuestTokenCount for Counting {
    fn poll(&self) -> Result<CountProgress, Error> {
        strike("poll-count");
        Ok(match self {
            Self::Done => CountProgress::Counted(Count { input: 1, exact: false }),
            Self::Waits(_) => CountProgress::Waiting,
        })
    }
}

impl Inspector for Hostile {
    fn preview_request(_: Request) -> Result<Preview, Error> {
        strike("preview-request");
        let body = match attack_in("preview") {
            Some("json-bomb") => anywhere::json_bomb(),
            Some("no-json") => "{".to_owned(),
            _ => "{}".to_owned(),
        };
        Ok(Preview { rewrites: Vec::new(), body })
    }

    fn explain_model(_: String) -> Result<String, Error> {
        strike("explain-model");
        Ok("{}".to_owned())
    }
}

/// An answer that only goes on.
pub(crate) fn progress(
    chunks: Vec<outcrop::provider::types::Chunk>,
    next: NextStep,
) -> Result<Progress, Error> {
    Ok(Progress { chunks, next })
}

pub(crate) fn error(code: ErrorCode, message: String) -> Error {
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

export!(Hostile);
