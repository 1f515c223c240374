//! How many streams may run at once, and who waits for a place.
//!
//! A place that becomes free is handed to the first in the queue that may have it, so nobody overtakes. Whoever
//! waits behind a full plugin holds nobody of another plugin back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::limits::Limits;
use crate::{Error, ErrorClass, Result};

/// Over all hosts of the process. Taken once where a stream begins and once where it ends.
static HALL: Mutex<Hall> = Mutex::new(Hall { running: 0, queue: VecDeque::new() });

struct Hall {
    running: usize,
    /// First come, first served; those of one plugin among those of others.
    queue: VecDeque<Arc<Waiter>>,
}

/// The places of one plugin.
#[derive(Debug)]
pub(crate) struct Room {
    limits: Limits,
    // Both are changed under the hall's lock alone.
    /// Streams of the plugin, and of the one that it took the place of.
    running: Arc<AtomicUsize>,
    waiting: AtomicUsize,
}

/// A place among the running streams. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Place(Arc<Room>);

/// A stay in the queue. Dropping it leaves the queue.
#[derive(Debug)]
pub(crate) struct Wait(Arc<Waiter>);

#[derive(Debug)]
struct Waiter {
    room: Arc<Room>,
    turn: Mutex<Turn>,
}

#[derive(Debug, Default)]
enum Turn {
    #[default]
    Unpolled,
    Waiting(Waker),
    /// A place is kept for it.
    Come,
    /// It has its place.
    Gone,
}

/// What whoever wants a place is told.
#[derive(Debug)]
pub(crate) enum Entry {
    Place(Place),
    Wait(Wait),
}

fn hall() -> MutexGuard<'static, Hall> {
    HALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    pub(crate) fn new(limits: &Limits, running: Arc<AtomicUsize>) -> Self {
        Self { limits: limits.clone(), running, waiting: AtomicUsize::new(0) }
    }

    /// Streams that run now.
    fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// A place now, or later, or an error where too many wait already.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Entry> {
        let mut hall = hall();
        let waiting = self.waiting.load(Ordering::Acquire);
        if waiting == 0 && hall.full(self).is_none() {
            hall.take(self);
            return Ok(Entry::Place(Place(self.clone())));
        }
        if waiting < self.limits.queued_streams {
            self.waiting.fetch_add(1, Ordering::AcqRel);
            let waiter = Arc::new(Waiter { room: self.clone(), turn: Mutex::default() });
            hall.queue.push_back(waiter.clone());
            return Ok(Entry::Wait(Wait(waiter)));
        }
        Err(self.overloaded(hall.full(self), waiting))
    }

    /// The same for whoever cannot wait.
    pub(crate) fn enter_now(self: &Arc<Self>) -> Result<Place> {
        let mut hall = hall();
        let waiting = self.waiting.load(Ordering::Acquire);
        match hall.full(self) {
            None if waiting == 0 => {
                hall.take(self);
                Ok(Place(self.clone()))
            }
            full => Err(self.overloaded(full, waiting)),
        }
    }

    /// The error of a stream whose turn did not come in time.
    pub(crate) fn not_in_time(&self) -> Error {
        let Limits { streams, queue_time, .. } = self.limits;
        let time = queue_time.as_secs_f64();
        let message = format!("no place among {streams} streams became free within {time} s");
        overloaded(message, &["streams", "queueTimeMs"])
    }

    fn overloaded(&self, full: Option<Full>, waiting: usize) -> Error {
        let full = full.unwrap_or(Full { limit: self.limits.streams, whose: "plugin", name: "streams" });
        let Full { limit, whose, name } = full;
        let message = format!("{limit} streams are running already, the most for one {whose}");
        match self.limits.queued_streams {
            0 => overloaded(message, &[name]),
            _ => overloaded(
                format!("{message}, and {waiting} wait for a place, the most that may"),
                &[name, "queuedStreams"],
            ),
        }
    }
}

fn overloaded(message: String, limits: &[&str]) -> Error {
    let names: Vec<String> = limits.iter().map(|name| format!("`{name}`")).collect();
    Error::new(ErrorClass::Overloaded, message)
        .with_remedy(format!("wait for one to end, or raise the limit {}", names.join(" or ")))
        .retryable()
}

/// The limit that is met.
struct Full {
    limit: usize,
    whose: &'static str,
    name: &'static str,
}

impl Hall {
    fn full(&self, room: &Room) -> Option<Full> {
        let Limits { streams, process_streams, .. } = room.limits;
        if room.running() >= streams {
            Some(Full { limit: streams, whose: "plugin", name: "streams" })
        } else if self.running >= process_streams {
            Some(Full { limit: process_streams, whose: "process", name: "processStreams" })
        } else {
            None
        }
    }

    fn take(&mut self, room: &Room) {
        self.running += 1;
        room.running.fetch_add(1, Ordering::AcqRel);
    }

    /// Frees a place, which may be the next one's at once.
    fn leave(&mut self, room: &Room) -> Option<Waker> {
        self.running -= 1;
        room.running.fetch_sub(1, Ordering::AcqRel);
        // One place serves one.
        let next = self.queue.iter().position(|waiter| self.full(&waiter.room).is_none())?;
        let waiter = self.queue.remove(next)?;
        waiter.room.waiting.fetch_sub(1, Ordering::AcqRel);
        self.take(&waiter.room);
        match std::mem::replace(&mut *waiter.turn(), Turn::Come) {
            Turn::Waiting(waker) => Some(waker),
            _ => None,
        }
    }
}

fn leave(room: &Room) {
    let waker = hall().leave(room);
    // Not under the lock: whoever is woken may come here at once.
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Waiter {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wait {
    /// Ready once its turn has come.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Place> {
        let mut turn = self.0.turn();
        if matches!(*turn, Turn::Come) {
            *turn = Turn::Gone;
            return Poll::Ready(Place(self.0.room.clone()));
        }
        *turn = Turn::Waiting(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn room(&self) -> &Room {
        &self.0.room
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut hall = hall();
        if let Some(place) = hall.queue.iter().position(|waiter| Arc::ptr_eq(waiter, &self.0)) {
            hall.queue.remove(place);
            self.0.room.waiting.fetch_sub(1, Ordering::AcqRel);
        }
        drop(hall);
        // The place that was kept for it is the next one's.
        if matches!(*self.0.turn(), Turn::Come) {
            leave(&self.0.room);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        leave(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(streams: usize, queued: usize) -> Arc<Room> {
        let limits = Limits { streams, queued_streams: queued, process_streams: 1000, ..Limits::default() };
        Arc::new(Room::new(&limits, Arc::default()))
    }

    fn place(room: &Arc<Room>) -> Place {
        match room.enter() {
            Ok(Entry::Place(place)) => place,
            other => panic!("no place: {other:?}"),
        }
    }

    fn wait(room: &Arc<Room>) -> Wait {
        match room.enter() {
            Ok(Entry::Wait(wait)) => wait,
            other => panic!("no wait: {other:?}"),
        }
    }

    fn poll(wait: &mut Wait) -> Option<Place> {
        match wait.poll(&Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place),
            Poll::Pending => None,
        }
    }

    #[test]
    fn without_a_queue_it_is_overloaded_at_once() {
        let room = room(1, 0);
        let held = place(&room);
        let error = room.enter().expect_err("full");
        assert_eq!((error.class, error.retryable), (ErrorClass::Overloaded, true));
        let told = error.to_string();
        assert!(told.contains("`streams`") && !told.contains("queued"), "{told}");
        drop(held);
        drop(place(&room));
        assert_eq!(room.running(), 0);
    }

    #[test]
    fn places_are_given_in_the_order_of_arrival() {
        let room = room(1, 3);
        let first = place(&room);
        let (mut second, mut third, fourth) = (wait(&room), wait(&room), wait(&room));
        assert!(poll(&mut third).is_none() && poll(&mut second).is_none());
        let error = room.enter().expect_err("the queue is full");
        let told = error.to_string();
        assert!(told.contains("3 wait") && told.contains("`queuedStreams`"), "{told}");
        drop(first);
        // Whoever comes now does not overtake, and whoever polls first neither.
        assert!(room.enter_now().is_err());
        assert!(poll(&mut third).is_none());
        let place_of_second = poll(&mut second).expect("its turn");
        drop(fourth);
        drop(wait(&room));
        drop(place_of_second);
        assert!(poll(&mut third).is_some());
        assert_eq!((room.running(), room.waiting.load(Ordering::Acquire)), (0, 0));
    }

    #[test]
    fn whoever_leaves_the_queue_with_a_place_passes_it_on() {
        let room = room(1, 3);
        let first = place(&room);
        let (second, mut third) = (wait(&room), wait(&room));
        drop(first);
        drop(second);
        assert!(poll(&mut third).is_some());
        assert_eq!(room.running(), 0);
    }

    #[test]
    fn a_full_plugin_holds_no_other_one_back() {
        let (full, other) = (room(1, 1), room(1, 1));
        let _held = place(&full);
        let _waits = wait(&full);
        let running = place(&other);
        let mut next = wait(&other);
        drop(running);
        assert!(poll(&mut next).is_some());
    }
}
