//! The response body that plays a script, and knows how it ended.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

use crate::connection::Handle;
use crate::log::Outcome;
use crate::script::{Op, Script};
use crate::simulator::Shared;

/// Time for the frames before a reset to leave the socket, since a reset throws away what is
/// still queued in it.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// Enters in the log how a request's answer ended. The connection drops it with the answer as soon
/// as the client goes away; dropped before it was ended, that is what it reports.
#[derive(Debug)]
pub(crate) struct Ending {
    shared: Arc<Shared>,
    request: usize,
    chunks: usize,
    ended: bool,
}

impl Ending {
    pub(crate) fn new(shared: Arc<Shared>, request: usize) -> Self {
        Self { shared, request, chunks: 0, ended: false }
    }

    fn end(&mut self, outcome: Outcome) {
        if !self.ended {
            self.ended = true;
            self.shared.log.end(self.request, outcome, self.chunks);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end(Outcome::ClientGone);
    }
}

/// A script being played.
pub(crate) struct ScriptBody {
    script: Arc<Script>,
    /// The op under way, and how much of it is done.
    place: usize,
    done: usize,
    timer: Timer,
    /// Let what was handed over leave before the next chunk is.
    flush: bool,
    connection: Handle,
    ending: Ending,
}

impl ScriptBody {
    pub(crate) fn new(script: Arc<Script>, connection: Handle, ending: Ending) -> Self {
        Self { script, place: 0, done: 0, timer: Timer::default(), flush: false, connection, ending }
    }

    fn next_op(&mut self) {
        self.place += 1;
        self.done = 0;
        self.timer.clear();
    }

    fn hand_over(&mut self, chunk: Bytes, last_of_op: bool) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.done += 1;
        self.flush = true;
        self.ending.chunks += 1;
        if last_of_op {
            self.next_op();
        }
        // Nobody asks again for a body whose announced length is reached.
        if self.script.length.is_some() && self.place == self.script.ops.len() {
            self.ending.end(Outcome::Completed);
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}

impl http_body::Body for ScriptBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let body = self.get_mut();
        if std::mem::take(&mut body.flush) {
            // The connection flushes when a body has nothing to give.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let script = body.script.clone();
        loop {
            let Some(op) = script.ops.get(body.place) else {
                body.ending.end(Outcome::Completed);
                return Poll::Ready(None);
            };
            match op {
                Op::Write { times: 0, .. } => body.next_op(),
                Op::Write { chunk, times, every } => {
                    if body.done > 0 {
                        ready!(body.timer.poll_tick(*every, cx));
                    } else {
                        body.timer.begin(*every);
                    }
                    return body.hand_over(chunk.clone(), body.done + 1 == *times);
                }
                Op::Trickle(bytes) => {
                    let byte = bytes.slice(body.done..=body.done);
                    return body.hand_over(byte, body.done + 1 == bytes.len());
                }
                Op::Sleep(pause) => {
                    ready!(body.timer.poll_tick(*pause, cx));
                    body.next_op();
                }
                Op::Hang => return Poll::Pending,
                Op::GoAway => {
                    body.connection.go_away();
                    body.next_op();
                }
                Op::Close => {
                    body.ending.end(Outcome::BrokenOff);
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
                Op::Reset => {
                    ready!(body.timer.poll_tick(BEFORE_RESET, cx));
                    body.ending.end(Outcome::BrokenOff);
                    body.connection.reset();
                    return Poll::Pending;
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.script.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A beat that does not drift: each tick is counted from the one before, however late that came.
#[derive(Debug, Default)]
struct Timer {
    last: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Timer {
    fn begin(&mut self, every: Duration) {
        if !every.is_zero() {
            self.last = Some(Instant::now());
        }
    }

    fn clear(&mut self) {
        self.last = None;
        self.armed = false;
    }

    fn poll_tick(&mut self, every: Duration, cx: &mut Context<'_>) -> Poll<()> {
        if every.is_zero() {
            return Poll::Ready(());
        }
        let due = self.last.unwrap_or_else(Instant::now) + every;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if !std::mem::replace(&mut self.armed, true) {
            sleep.as_mut().reset(due);
        }
        ready!(sleep.as_mut().poll(cx));
        self.armed = false;
        self.last = Some(due);
        Poll::Ready(())
    }
}

/// The script broke the answer off.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scenario broke the answer off")
    }
}

impl std::error::Error for BrokenOff {}
