//! A streamed answer: what arrives on the bridge's call becomes chunks.
//!
//! A step works on one arrival. Bedrock's block numbers become dense ones; blocks may interleave,
//! begin with their first delta and end with the message. The answer is complete when `metadata`
//! has come, which is after `messageStop`, or when the stream ends behind `messageStop`.

mod blocks;
mod decoder;
mod ending;
mod joined;
mod payload;

use crate::bindings::exports::outcrop::provider::provider::{NextStep, Progress};
use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, Frame, FrameKind};
use crate::bindings::outcrop::provider::types::{Chunk, Error, ErrorCode, Request, Rewrite};
use crate::bridge::{Bridge, Call};
use crate::errors;
use crate::request;
use crate::request::names::Names;
use crate::settings::Settings;
use crate::target::Target;
use decoder::Decoder;

/// One answer being streamed.
pub struct Answer<C> {
    call: C,
    decoder: Decoder,
    /// What was changed in the request; given before anything else.
    rewrites: Vec<Rewrite>,
    started: bool,
    ended: bool,
    /// A failure that waits until the chunks before it have been given.
    failure: Option<Error>,
}

impl<C: Call> Answer<C> {
    /// Maps a request and starts it.
    ///
    /// # Errors
    /// Where the request cannot be mapped or the host refuses the call.
    pub fn start<B: Bridge<Call = C>>(
        bridge: &B,
        request: &Request,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let target = Target::of(bridge, request, settings);
        let mapped = request::converse(request, &target, settings)?;
        let call =
            bridge.start("converse-stream", &target.route.id, &mapped.body).map_err(errors::of_failure)?;
        Ok(Self::new(call, mapped.rewrites, mapped.names))
    }

    /// The answer to a request that has been started on `call`.
    pub fn new(call: C, rewrites: Vec<Rewrite>, names: Names) -> Self {
        Self { call, decoder: Decoder::new(names), rewrites, started: false, ended: false, failure: None }
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
        let rewrites = core::mem::take(&mut self.rewrites);
        self.decoder.chunks.extend(rewrites.into_iter().map(Chunk::Rewritten));
        let step = self.step();
        let chunks = core::mem::take(&mut self.decoder.chunks);
        match step {
            Ok(next) => {
                self.ended = next == NextStep::End;
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

    fn step(&mut self) -> Result<NextStep, Error> {
        match self.call.next_chunk().map_err(errors::of_failure)? {
            Arrival::Nothing => Ok(NextStep::Wait),
            Arrival::Frame(single) => self.frames(&[single.frame], &single.data, false),
            Arrival::Frames(frames) => self.frames(&frames.frames, &frames.data, frames.more),
            Arrival::End => self.finish(),
            Arrival::Body(_) => Err(errors::error(
                ErrorCode::Internal,
                "the answer came in one piece where a stream was asked for",
            )),
        }
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
            if !self.started {
                self.started = true;
                let request_id = self.call.request_id();
                self.decoder.chunks.push(Chunk::Started(request_id));
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
