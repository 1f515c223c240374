//! A streamed answer: what arrives on the bridge's call becomes chunks.
//!
//! A step works on one arrival. Bedrock's block numbers become dense ones; blocks may interleave,
//! begin with their first delta and end with the message. The answer is complete when `metadata`
//! has come, which is after `messageStop`, or when the stream ends behind `messageStop`.

mod blocks;
pub(crate) mod cost;
mod decoder;
mod ending;
mod guardrail;
mod joined;
mod payload;
mod unary;

use crate::bindings::exports::outcrop::provider::provider::{NextStep, Progress};
use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, Frame, FrameKind};
use crate::bindings::outcrop::provider::types::{Chunk, Error, ErrorCode, Request, Rewrite};
use crate::bridge::{Bridge, Call};
use crate::errors;
use crate::recovery::{Attempt, Sent};
use crate::settings::Settings;
use decoder::Decoder;

/// One answer being streamed.
pub struct Answer<'a, B: Bridge> {
    call: B::Call,
    decoder: Decoder<'a>,
    /// What was changed in the request; given before anything else once it is known what was sent.
    rewrites: Vec<Rewrite>,
    /// The request, until the first content of its answer has been given.
    attempt: Option<Attempt<'a, B>>,
    started: bool,
    ended: bool,
    /// A failure that waits until the chunks before it have been given.
    failure: Option<Error>,
}

impl<'a, B: Bridge> Answer<'a, B> {
    /// Maps a request and starts it.
    ///
    /// # Errors
    /// Where the request cannot be mapped or the host refuses the call.
    pub fn start(bridge: B, request: Request, settings: &'a Settings) -> Result<Self, Error> {
        let (attempt, sent) = Attempt::start(bridge, request, settings)?;
        Ok(Self { attempt: Some(attempt), ..Self::of(sent) })
    }

    /// The answer to a request that has been sent, and is not sent again.
    fn of(sent: Sent<'a, B::Call>) -> Self {
        Self {
            call: sent.call,
            decoder: Decoder::new(sent.names, Some(sent.meter)),
            rewrites: sent.rewrites,
            attempt: None,
            started: false,
            ended: false,
            failure: None,
        }
    }

    /// Turns what has arrived into chunks.
    ///
    /// # Errors
    /// Where the answer failed. The chunks before the failure have been given then.
    pub fn next_chunk(&mut self) -> Result<Progress, Error> {
        if let Some(failure) = self.failure.take() {
            self.ended = true;
            return Err(failure);
        }
        if self.ended {
            return Ok(Progress { chunks: Vec::new(), next: NextStep::End });
        }
        // Content has been given: whoever waited for it waits no more, and nothing is sent again.
        if self.attempt.is_some() && self.decoder.has_content() {
            self.attempt = None;
        }
        let step = match self.step() {
            Err(failure) => self.recover(failure),
            step => step,
        };
        let chunks = core::mem::take(&mut self.decoder.chunks);
        match step {
            Ok(next) => {
                self.ended = next == NextStep::End;
                if let Some(attempt) = &self.attempt
                    && (self.ended || self.decoder.has_content())
                {
                    attempt.remember();
                }
                Ok(Progress { chunks, next })
            }
            Err(failure) if chunks.is_empty() => {
                self.ended = true;
                Err(failure)
            }
            Err(failure) => {
                self.failure = Some(failure);
                Ok(Progress { chunks, next: NextStep::Again })
            }
        }
    }

    /// Sends the request again where that can help.
    fn recover(&mut self, failure: Error) -> Result<NextStep, Error> {
        let failure = match &mut self.attempt {
            Some(attempt) if !self.decoder.has_content() => match attempt.repair(failure) {
                Ok(sent) => {
                    let started = self.started;
                    let chunks = core::mem::take(&mut self.decoder.chunks);
                    let attempt = self.attempt.take();
                    // Replacing the call drops the refused one.
                    *self = Self { attempt, started, ..Self::of(sent) };
                    self.decoder.chunks = chunks;
                    return Ok(NextStep::Wait);
                }
                Err(failure) => failure,
            },
            _ => failure,
        };
        self.tell();
        Err(failure)
    }

    fn step(&mut self) -> Result<NextStep, Error> {
        match self.call.next_chunk().map_err(errors::of_failure)? {
            Arrival::Nothing => Ok(NextStep::Wait),
            Arrival::Frame(single) => self.frames(&[single.frame], &single.data, false),
            Arrival::Frames(frames) => self.frames(&frames.frames, &frames.data, frames.more),
            Arrival::End => self.finish(),
            Arrival::Body(body) => {
                self.begin();
                unary::read(&body, &mut self.decoder).or_else(|error| self.fail(error).map(|_| ()))?;
                self.finish()
            }
        }
    }

    /// Tells what was changed, and that an answer has begun.
    fn begin(&mut self) {
        if !self.started {
            self.started = true;
            self.tell();
            let request_id = self.call.request_id();
            self.decoder.chunks.push(Chunk::Started(request_id));
        } else {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let rewrites = core::mem::take(&mut self.rewrites);
        self.decoder.chunks.extend(rewrites.into_iter().map(Chunk::Rewritten));
    }

    fn frames(&mut self, frames: &[Frame], data: &[u8], more: bool) -> Result<NextStep, Error> {
        // One check of the encoding for all frames; where it fails, each is checked by itself, so
        // that what came before the damage is still given.
        let text = core::str::from_utf8(data).ok();
        let mut begin = 0usize;
        for frame in frames {
            let payload = begin.saturating_add(frame.name_length as usize);
            let end = payload.saturating_add(frame.payload_length as usize);
            let (Some(name), Some(bytes)) = (data.get(begin..payload), data.get(payload..end)) else {
                return self
                    .fail(errors::error(ErrorCode::Internal, "the host's frames do not fit their data"));
            };
            begin = end;
            if frame.kind == FrameKind::Exception {
                let name = String::from_utf8_lossy(name);
                let error = errors::of_exception(&name, bytes, self.call.request_id());
                return self.fail(error);
            }
            if !self.started || !self.rewrites.is_empty() {
                self.begin();
            }
            let read = match text {
                Some(text) => text.get(payload..end),
                None => core::str::from_utf8(bytes).ok(),
            };
            let Some(read) = read else {
                return self
                    .fail(errors::error(ErrorCode::Internal, "Bedrock sent an event that is no UTF-8"));
            };
            if let Err(error) = self.decoder.frame(frame.kind, read) {
                return self.fail(error);
            }
            if self.decoder.is_complete() {
                return self.finish();
            }
        }
        self.decoder.flush();
        Ok(if more { NextStep::Again } else { NextStep::Wait })
    }

    fn fail(&mut self, error: Error) -> Result<NextStep, Error> {
        self.decoder.flush();
        let request_id = error.request_id.clone().or_else(|| self.call.request_id());
        Err(Error { request_id, ..error })
    }

    fn finish(&mut self) -> Result<NextStep, Error> {
        match self.decoder.finished() {
            Ok(chunk) => {
                self.decoder.chunks.push(chunk);
                Ok(NextStep::End)
            }
            Err(error) => self.fail(error),
        }
    }
}

#[cfg(test)]
pub(crate) mod script;
#[cfg(test)]
mod tests;
