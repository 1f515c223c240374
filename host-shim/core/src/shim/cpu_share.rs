//! A plugin's share of the runtime's threads over time.
//!
//! Each call is bounded by itself. Many long ones, each within its bound, are bounded here: what all instances
//! of a plugin use is put down as a debt, which time pays off. While more is owed than a moment's work, the
//! plugin's streams wait, and everything else has the threads to itself.
//!
//! What counts is how long the guest keeps a thread from others, whether it runs or a busy machine lets it wait.
//! It is sampled: only whoever is inside the guest when the clock ticks is looked at, so that honest calls, which
//! are over between two ticks, cost nothing.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// What may be owed before anybody waits: the mapping of many long conversations at once.
const MOMENT: Duration = Duration::from_secs(1);

/// What the instances of a plugin have used, and may use.
#[derive(Debug)]
pub(crate) struct CpuShare {
    /// Of the time of the runtime's threads.
    percent: u32,
    /// In nanoseconds.
    debt: AtomicU64,
    /// Up to when it has been paid off.
    paid: Mutex<Instant>,
}

impl CpuShare {
    pub(crate) fn new(percent: u32) -> Self {
        Self { percent: percent.max(1), debt: AtomicU64::new(0), paid: Mutex::new(Instant::now()) }
    }

    /// Puts down time that was used.
    pub(crate) fn charge(&self, used: Duration) {
        let used = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        self.debt.fetch_add(used, Ordering::Relaxed);
    }

    /// How long the plugin has to wait before it is called again; none where it has not used up its share.
    pub(crate) fn rest(&self) -> Option<Duration> {
        if self.debt.load(Ordering::Relaxed) <= nanoseconds(MOMENT) {
            return None;
        }
        let threads =
            tokio::runtime::Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        self.rest_at(Instant::now(), threads)
    }

    fn rest_at(&self, now: Instant, threads: usize) -> Option<Duration> {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = f64::from(self.percent) / 100.0 * threads as f64;
        let payment = nanoseconds(now.saturating_duration_since(*paid).mul_f64(rate));
        *paid = now;
        // Only here does it grow less, under the lock.
        let owed = self.debt.load(Ordering::Relaxed);
        self.debt.fetch_sub(payment.min(owed), Ordering::Relaxed);
        let over = owed.saturating_sub(payment).saturating_sub(nanoseconds(MOMENT));
        (over > 0).then(|| Duration::from_nanos(over).div_f64(rate))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The wait of one stream until its plugin may be called.
#[derive(Debug, Default)]
pub(crate) struct Turn(Option<Pin<Box<Sleep>>>);

impl Turn {
    /// Ready once the plugin has not used up its share.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, share: &CpuShare) -> Poll<()> {
        while let Some(rest) = share.rest() {
            let end = tokio::time::Instant::now() + rest;
            let alarm = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
            alarm.as_mut().reset(end);
            ready!(alarm.as_mut().poll(cx));
        }
        self.0 = None;
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn what_is_used_beyond_the_share_is_waited_off() {
        let share = CpuShare::new(50);
        let start = *share.paid.lock().expect("unpoisoned");
        (0..10).for_each(|_| share.charge(TENTH));
        assert_eq!(share.rest_at(start, 1), None, "a moment's work is free");
        share.charge(TENTH);
        assert_eq!(share.rest_at(start, 1), Some(2 * TENTH));
        assert_eq!(share.rest_at(start + TENTH, 1), Some(TENTH));
        assert_eq!(share.rest_at(start + TENTH, 2), Some(TENTH / 2), "two threads have twice the time");
        assert_eq!(share.rest_at(start + 2 * TENTH, 1), None);
    }

    #[test]
    fn time_pays_off_no_more_than_is_owed() {
        let share = CpuShare::new(50);
        let start = *share.paid.lock().expect("unpoisoned");
        share.charge(TENTH);
        assert_eq!(share.rest_at(start + Duration::from_secs(3600), 1), None);
        share.charge(11 * TENTH);
        assert_eq!(share.rest_at(start + Duration::from_secs(3600), 1), Some(2 * TENTH));
    }

    #[test]
    fn many_slow_calls_leave_the_rest_of_the_time_to_others() {
        let share = CpuShare::new(50);
        let start = *share.paid.lock().expect("unpoisoned");
        let (mut now, mut used) = (start, Duration::ZERO);
        while now < start + Duration::from_secs(100) {
            match share.rest_at(now, 1) {
                Some(rest) => now += rest,
                None => {
                    share.charge(TENTH);
                    (now, used) = (now + TENTH, used + TENTH);
                }
            }
        }
        assert!((Duration::from_secs(50)..Duration::from_secs(52)).contains(&used), "{used:?}");
    }
}
