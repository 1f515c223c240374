//! The driver: one answer, from the first byte sent to its one terminal event.
//!
//! The plugin never waits. All waiting is here: for the network, for a time limit, for the consumer.
//! There is no task and no channel behind a stream: polling it drives it, so that a consumer that
//! does not poll holds the answer back by itself, and dropping it closes the connection at once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep};

use crate::answer::Answer;
use crate::bridge::call::Rest;
use crate::event::Event;
use crate::limits::CALLS_A_WAKE;
use crate::observe::{Story, Watch};
use crate::shim::contract::{guest::NextStep, types::Chunk};
use crate::shim::plugin::Permit;
use crate::shim::seat::Seat;
use crate::{Error, ErrorClass, Result};

/// The events of one answer.
///
/// Ends after exactly one [`Event::Done`] or [`Event::Error`]. Nothing is sent before the first poll;
/// dropping the stream cancels the request: the connection is closed (HTTP/1) or its stream reset (HTTP/2).
/// Must be polled within a tokio runtime; elsewhere it is one error.
#[must_use = "a stream does nothing until it is polled"]
pub struct EventStream {
    state: State,
    /// What is told to those who observe it, if anybody does.
    story: Option<Box<Story>>,
}

enum State {
    /// It failed before it began.
    Failed(Option<Error>),
    Live(Box<Live>),
    /// The terminal event has been given. What is left of the answer is read while the consumer asks for more,
    /// so that the connection is free for whoever comes next.
    Ended(Option<Rest>),
}

/// How long to wait for what, once it is known what was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) first_content: Duration,
    pub(crate) silence: Duration,
    pub(crate) total: Option<Duration>,
}

struct Live {
    seat: Seat,
    answer: Answer,
    chunks: std::vec::IntoIter<Chunk>,
    next: NextStep,
    /// Whether the request may still lie here, waiting for the connection's task to send it.
    sending: bool,
    clock: Clock,
    /// Calls of the plugin since this stream last gave way to others.
    calls: u32,
    /// Whether the successor of this stream's instance has been seen to.
    replaced: bool,
    permit: Permit,
}

impl EventStream {
    pub(crate) fn failed(error: Error) -> Self {
        Self { state: State::Failed(Some(error)), story: None }
    }

    pub(crate) fn live(seat: Seat, answer: Answer, patience: Patience, permit: Permit) -> Self {
        Self {
            state: State::Live(Box::new(Live {
                seat,
                answer,
                chunks: Vec::new().into_iter(),
                next: NextStep::Again,
                sending: true,
                clock: Clock::new(patience),
                calls: 0,
                replaced: false,
                permit,
            })),
            story: None,
        }
    }

    /// The same, told to whoever watches.
    pub(crate) fn watched_by(mut self, watch: Option<Watch>) -> Self {
        self.story = watch.map(|watch| Box::new(Story::new(watch)));
        self
    }

    /// The next event; none after the terminal one.
    ///
    /// For callers without an extension trait for streams at hand.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let Self { state, story } = &mut *self;
        let Some(story) = story else { return state.poll_next(cx) };
        let polled = {
            let _in_span = story.span().enter();
            state.poll_next(cx)
        };
        if let Poll::Ready(Some(event)) = &polled {
            story.goes_on(event);
        }
        polled
    }
}

impl State {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = match self {
            State::Ended(rest) => {
                if let Some(rest) = rest {
                    std::task::ready!(Pin::new(rest).poll(cx));
                }
                return Poll::Ready(None);
            }
            State::Failed(error) => match error.take() {
                Some(error) => terminal(error),
                None => return Poll::Ready(None),
            },
            State::Live(live) => match live.poll_event(cx) {
                Poll::Pending => {
                    live.calls = 0;
                    return Poll::Pending;
                }
                Poll::Ready(Ok(event)) => event,
                Poll::Ready(Err(mut error)) => {
                    error.delivered = live.answer.delivered();
                    error.retryable &= !error.delivered;
                    if error.request_id.is_none() {
                        error.request_id = live.answer.request_id().map(str::to_owned);
                    }
                    terminal(error)
                }
            },
        };
        if event.is_terminal()
            && let State::Live(mut live) = std::mem::replace(self, State::Ended(None))
        {
            live.permit.ended();
            live.replace_instance();
            if live.answer.finished() {
                *self = State::Ended(live.seat.finish());
            }
        }
        Poll::Ready(Some(event))
    }
}

fn terminal(error: Error) -> Event {
    Event::Error { error: Box::new(error) }
}

impl Live {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        if !self.clock.has_started() && tokio::runtime::Handle::try_current().is_err() {
            return Poll::Ready(Err(Error::new(
                ErrorClass::Internal,
                "the stream was polled outside of a tokio runtime",
            )
            .with_remedy("poll it in a task of one, or within `Runtime::block_on`")));
        }
        loop {
            if let Some(event) = self.answer.next_delta() {
                return Poll::Ready(Ok(event));
            }
            if let Some(chunk) = self.chunks.next() {
                match self.answer.take(chunk) {
                    Ok(Some(event)) => return Poll::Ready(Ok(event)),
                    Ok(None) => continue,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            let arrived = match self.next {
                NextStep::End => {
                    return Poll::Ready(Err(self
                        .seat
                        .fault("ended the stream without an end to the answer")));
                }
                NextStep::Again | NextStep::Wait => self.seat.poll_calls(cx),
            };
            if arrived.is_pending()
                && std::mem::replace(&mut self.sending, false)
                && self.seat.work().has_live_call()
            {
                // What the guest has to say so far can be heard while the request is on its way.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if arrived.is_pending() && self.next == NextStep::Wait {
                if !self.seat.work().has_live_call() {
                    return Poll::Ready(Err(self.seat.fault("waits with nothing under way")));
                }
                // Not before: until then the caller waits too, and the answer may be near.
                if self.answer.delivered() {
                    self.replace_instance();
                }
                return self.clock.poll_wait(cx, self.answer.delivered()).map(Err);
            }
            if arrived.is_ready() {
                self.clock.stop_waiting();
            }
            if self.seat.poll_turn(cx).is_pending() {
                return self.clock.poll_wait(cx, self.answer.delivered()).map(Err);
            }
            if self.calls == CALLS_A_WAKE || (self.calls > 0 && self.seat.work().was_slow()) {
                // Other streams have their turn. One that never waits has its limits of time all the same.
                let late = self.clock.poll_wait(cx, self.answer.delivered());
                self.clock.stop_waiting();
                cx.waker().wake_by_ref();
                return late.map(Err);
            }
            self.calls += 1;
            match self.seat.next_chunk() {
                Ok(progress) => {
                    self.seat.note_progress(!progress.chunks.is_empty())?;
                    self.chunks = progress.chunks.into_iter();
                    self.next = progress.next;
                }
                Err(error) => return Poll::Ready(Err(self.explain(error))),
            }
        }
    }

    /// An error of the plugin's in the caller's words, and with the bridge's advice: what lies in this machine's
    /// settings no plugin knows.
    fn explain(&self, error: Error) -> Error {
        let mut error = self.answer.explain(error);
        if matches!(
            error.class,
            ErrorClass::Unauthenticated
                | ErrorClass::PermissionDenied
                | ErrorClass::Network
                | ErrorClass::Timeout
        ) && let Some(remedy) = self.seat.work().remedy()
        {
            error.remedy = Some(remedy.to_owned());
        }
        error
    }

    /// Makes the instance for the next stream, while this one has nothing else to do.
    fn replace_instance(&mut self) {
        if !self.replaced {
            self.replaced = true;
            if let Err(error) = self.permit.plugin().make_spare() {
                // The next stream will try again, and tell.
                tracing::debug!("no spare instance: {error}");
            }
        }
    }
}

/// Measures how long a stream has waited. While its consumer does not poll, no silence is counted.
struct Clock {
    patience: Patience,
    started: Option<Instant>,
    /// Since when nothing has arrived.
    waiting: Option<Instant>,
    /// Armed for some moment not after the next limit, so that it is seldom set anew.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whom the alarm wakes.
    sleeper: Option<Waker>,
}

impl Clock {
    fn new(patience: Patience) -> Self {
        Self { patience, started: None, waiting: None, alarm: None, sleeper: None }
    }

    /// Whether the stream has ever waited.
    fn has_started(&self) -> bool {
        self.started.is_some()
    }

    fn stop_waiting(&mut self) {
        self.waiting = None;
    }

    /// Ready once a limit has passed. Wakes the task when the next one does.
    fn poll_wait(&mut self, cx: &mut Context<'_>, has_content: bool) -> Poll<Error> {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let waiting = *self.waiting.get_or_insert(now);
        let Patience { first_content, silence, total } = self.patience;
        let (mut limit, mut end, mut what) = if has_content {
            (silence, waiting.checked_add(silence), "nothing came")
        } else {
            (first_content, started.checked_add(first_content), "no content came")
        };
        if let Some(total) = total
            && let Some(total_end) = started.checked_add(total)
            && end.is_none_or(|end| total_end < end)
        {
            (limit, end, what) = (total, Some(total_end), "the answer was not complete");
        }
        // Beyond what a clock can show is never.
        let Some(end) = end else { return Poll::Pending };
        // Between two deltas nothing has changed for the alarm.
        if now < end
            && self.alarm.as_ref().is_some_and(|alarm| alarm.deadline() <= end && !alarm.is_elapsed())
            && self.sleeper.as_ref().is_some_and(|sleeper| sleeper.will_wake(cx.waker()))
        {
            return Poll::Pending;
        }
        loop {
            if Instant::now() >= end {
                return Poll::Ready(
                    Error::new(ErrorClass::Timeout, format!("{what} within {} s", limit.as_secs_f64()))
                        .with_remedy("try again, or allow more time")
                        .retryable(),
                );
            }
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
            if alarm.deadline() > end || alarm.is_elapsed() {
                alarm.as_mut().reset(end);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                self.sleeper = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
    }
}
