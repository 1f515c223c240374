//! What one stream brought, and the calls to Bedrock that it has under way.
//!
//! It lies in the store of an instance only while the guest works for this stream, so that whatever the guest
//! asks for is asked in the name of this stream and no other, and the calls can wait without the instance.

use std::task::{Context, Poll};

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime::{Result, bail};

use crate::bridge::Brought;
use crate::bridge::call::{Call, Rest};
use crate::observe::Watch;

/// What one stream brought, and its calls.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) brought: Brought,
    media: Vec<Bytes>,
    /// The calls that the guest holds, in the order of their start, by the number that the guest knows.
    calls: Vec<(u32, Call)>,
    /// The calls that the guest has dropped during the present call into it.
    dropped: Vec<Call>,
    /// What a person can do about the last failure of a call, where the bridge knows; no plugin knows the credentials.
    pub(super) remedy: Option<String>,
    /// Calls to Bedrock that were started, and the bytes of their bodies.
    pub(super) started: usize,
    pub(super) body_bytes: usize,
    /// Facts that were kept.
    pub(super) facts: u32,
    /// Whether the last call into the guest has read what had arrived.
    pub(super) has_read: bool,
    /// Whether it took so long that others should have their turn.
    pub(super) was_slow: bool,
}

impl Work {
    pub(crate) fn new(brought: Brought, media: Vec<Bytes>) -> Self {
        Self { brought, media, ..Self::default() }
    }

    /// Has the calls tell what becomes of them.
    pub(crate) fn watched_by(&mut self, watch: Option<Watch>) {
        self.brought.watch = watch;
    }

    /// Before each call into the guest.
    pub(super) fn begin_call(&mut self) {
        self.has_read = false;
        self.was_slow = false;
    }

    /// Whether the last call into the guest took so long that others should have their turn.
    pub(crate) fn was_slow(&self) -> bool {
        self.was_slow
    }

    /// What a person can do about the failure of a call that the plugin was last told of.
    pub(crate) fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// Bytes that the request has; what it has not ends the plugin.
    pub(super) fn media(&self, id: u32) -> Result<Bytes> {
        match self.media.get(id as usize) {
            Some(bytes) => Ok(bytes.clone()),
            None => bail!("it refers to media {id}, which the request does not have"),
        }
    }

    /// Whether there is room for one more call.
    pub(super) fn check_room(&self, most: usize) -> Result<()> {
        if self.calls.len() >= most {
            bail!("it has more than {most} calls to Bedrock under way (bridgeCalls)");
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, number: u32, call: Call) -> Resource<Call> {
        self.calls.push((number, call));
        Resource::new_own(number)
    }

    pub(super) fn call(&mut self, handle: &Resource<Call>) -> Result<&mut Call> {
        match self.calls.iter_mut().find(|(number, _)| *number == handle.rep()) {
            Some((_, call)) => Ok(call),
            None => bail!("it used a call of another stream"),
        }
    }

    /// Sets a call aside that the guest has dropped. One that has ended with its stream is gone already.
    pub(super) fn let_go(&mut self, handle: &Resource<Call>) {
        if let Some(place) = self.calls.iter().position(|(number, _)| *number == handle.rep()) {
            self.dropped.push(self.calls.remove(place).1);
        }
    }

    /// Ends the calls that were set aside. Not within a call into the guest: what a connection's end wakes may
    /// want the instance.
    pub(super) fn end_dropped(&mut self) {
        for call in self.dropped.drain(..) {
            drop(call.rest());
        }
    }

    /// Whether any call is under way or has something to give.
    pub(crate) fn has_live_call(&self) -> bool {
        self.calls.iter().any(|(_, call)| call.is_live())
    }

    /// Ready once any call has something for the guest. All of them are polled, so that
    /// whichever comes next wakes the stream.
    pub(crate) fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut arrived = Poll::Pending;
        for (_, call) in &mut self.calls {
            if call.is_live() && call.poll_arrival(cx).is_ready() {
                arrived = Poll::Ready(());
            }
        }
        arrived
    }

    /// What is left to be read of finished answers.
    pub(crate) fn take_rest(&mut self) -> Option<Rest> {
        // One answer, one call that has said all; of several the others go on by themselves.
        std::mem::take(&mut self.calls).into_iter().filter_map(|(_, call)| call.rest()).last()
    }
}
