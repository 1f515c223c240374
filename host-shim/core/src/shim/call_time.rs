//! How long a call into the guest has really run.
//!
//! The clock's ticks are wall time. On a busy machine an honest call of microseconds can be off the CPU
//! for longer than its limit; only time on the CPU is held against it.

use std::time::Duration;

use wasmtime::{Store, Trap, UpdateDeadline};

use super::engine::TICK;
use super::guest_state::GuestState;

/// The limit of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallTime {
    /// Half the limit: the first half passes before anything is looked at, the second is measured.
    half: Duration,
}

impl CallTime {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { half: limit / 2 }
    }

    /// Ticks after which a call's time is measured.
    fn ticks(self) -> u64 {
        u64::try_from(self.half.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Has the store count the ticks that calls use, and cut off those that have used up their time. Each call
    /// must begin with a deadline of one tick.
    pub(crate) fn watch(self, store: &mut Store<GuestState>) {
        store.epoch_deadline_callback(move |mut store| {
            let state = store.data_mut();
            state.ticks += 1;
            if u64::from(state.ticks) < self.ticks() {
                return Ok(UpdateDeadline::Continue(1));
            }
            let Some(used) = time_on_cpu() else {
                // Without a measure the ticks must do.
                return Err(Trap::Interrupt.into());
            };
            match state.cpu_mark {
                None => state.cpu_mark = Some(used),
                Some(mark) if used.saturating_sub(mark) >= self.half => return Err(Trap::Interrupt.into()),
                Some(_) => {}
            }
            Ok(UpdateDeadline::Continue(1))
        });
    }
}

/// The time that this thread has been on a CPU.
fn time_on_cpu() -> Option<Duration> {
    // Linux; elsewhere there is no such file.
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn sleeping_is_not_running() {
        let before = time_on_cpu().expect("Linux tells");
        std::thread::sleep(Duration::from_millis(60));
        let slept = time_on_cpu().expect("Linux tells") - before;
        assert!(slept < Duration::from_millis(50), "{slept:?}");
    }
}
