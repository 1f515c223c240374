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

use crate::admission::Wait;
use crate::answer::Answer;
use crate::bridge::call::Rest;
use crate::event::Event;
use crate::failover::Failover;
use crate::host::Prepared;
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
    /// Until the first content, where another model may be asked.
    failover: Option<Box<Failover>>,
}

pub(crate) enum State {
    /// It failed before it began.
    Failed(Option<Error>),
    /// It waits for a place.
    Queued(Box<Queued>),
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

/// A request that waits for a place.
pub(crate) struct Queued {
    wait: Wait,
    /// Taken when it has one.
    prepared: Option<Prepared>,
    limit: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

pub(crate) struct Live {
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
    pub(crate) fn new(state: State, failover: Option<Failover>) -> Self {
        Self { state, failover: failover.map(Box::new), story: None }
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
        let Some(story) = &self.story else { return self.poll_answer(cx) };
        let polled = {
            let _in_span = story.span().clone().entered();
            self.poll_answer(cx)
        };
        if let (Poll::Ready(Some(event)), Some(story)) = (&polled, &mut self.story) {
            story.goes_on(event);
        }
        polled
    }
}

impl EventStream {
    /// The next event, wherever it comes from: until the first content another model may be asked.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            let Some(failover) = &mut self.failover else { return self.state.poll_event(cx) };
            if let Some(event) = failover.released() {
                return Poll::Ready(Some(event));
            }
            if failover.is_over() {
                self.failover = None;
                continue;
            }
            match std::task::ready!(self.state.poll_event(cx)) {
                Some(Event::Error { error }) => match failover.next(*error) {
                    Ok(state) => self.state = state,
                    Err(error) => failover.hold(terminal(error), true),
                },
                Some(event) => {
                    let is_final = event.is_terminal() || self.state.has_delivered();
                    failover.hold(event, is_final);
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl State {
    pub(crate) fn failed(error: Error) -> Self {
        Self::Failed(Some(error))
    }

    pub(crate) fn queued(wait: Wait, prepared: Prepared, limit: Duration) -> Self {
        Self::Queued(Box::new(Queued { wait, prepared: Some(prepared), limit, alarm: None }))
    }

    pub(crate) fn live(seat: Seat, answer: Answer, patience: Patience, permit: Permit) -> Self {
        Self::Live(Box::new(Live {
            seat,
            answer,
            chunks: Vec::new().into_iter(),
            next: NextStep::Again,
            sending: true,
            clock: Clock::new(patience),
            calls: 0,
            replaced: false,
            permit,
        }))
    }

    /// Whether any content has been handed over.
    fn has_delivered(&self) -> bool {
        matches!(self, Self::Live(live) if live.answer.delivered())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = loop {
            break match self {
                Self::Ended(rest) => {
                    if let Some(rest) = rest {
                        std::task::ready!(Pin::new(rest).poll(cx));
                    }
                    return Poll::Ready(None);
                }
                Self::Failed(error) => match error.take() {
                    Some(error) => terminal(error),
                    None => return Poll::Ready(None),
                },
                Self::Queued(queued) => {
                    *self = std::task::ready!(queued.poll(cx)).unwrap_or_else(Self::failed);
                    continue;
                }
                Self::Live(live) => match live.poll_event(cx) {
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
        };
        if event.is_terminal()
            && let Self::Live(mut live) = std::mem::replace(self, Self::Ended(None))
        {
            live.permit.ended();
            live.replace_instance();
            if live.answer.finished() {
                *self = Self::Ended(live.seat.finish());
            }
        }
        Poll::Ready(Some(event))
    }
}

impl Queued {
    /// Ready once it has a place, or waited too long for one.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<State>> {
        if let Poll::Ready(place) = self.wait.poll(cx) {
            return Poll::Ready(match self.prepared.take() {
                Some(prepared) => prepared.start(place),
                None => Err(Error::new(ErrorClass::Internal, "the stream was begun twice")),
            });
        }
        if self.alarm.is_none() && tokio::runtime::Handle::try_current().is_err() {
            return Poll::Ready(Err(outside_of_a_runtime()));
        }
        let limit = self.limit;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        std::task::ready!(alarm.as_mut().poll(cx));
        Poll::Ready(Err(self.wait.room().not_in_time()))
    }
}

fn outside_of_a_runtime() -> Error {
    Error::new(ErrorClass::Internal, "the stream was polled outside of a tokio runtime")
        .with_remedy("poll it in a task of one, or within `Runtime::block_on`")
}

fn terminal(error: Error) -> Event {
    Event::Error { error: Box::new(error) }
}

impl Live {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        if !self.clock.has_started() && tokio::runtime::Handle::try_current().is_err() {
            return Poll::Ready(Err(outside_of_a_runtime()));
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
