//! What each stream is asked for, and how it must end: made from its number, so that a run can be repeated.

use std::time::Duration;

use outcrop::ErrorClass::{self, Internal, InvalidRequest, Network, Overloaded, RateLimited, Truncated};

/// One stream.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) prompt: String,
    pub(crate) ends: Ends,
    /// What a complete answer says; where it breaks off, what was sent until then.
    pub(crate) text: String,
    /// Cancelled after this time, wherever it is then, if it has not ended.
    pub(crate) patience: Option<Duration>,
}

/// How a stream must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Whole,
    /// With one of these classes.
    Failed(&'static [ErrorClass]),
    /// By its consumer, after so many events, if there are so many.
    Cancelled(u32),
    /// By its consumer, at some time.
    Abandoned,
}

/// Scenarios that break, and what they break as. A reset may be noticed before what came before it is read.
const FAULTS: &[(&str, &[ErrorClass])] = &[
    ("cut-frame", &[Truncated]),
    ("early-end", &[Truncated]),
    ("bad-prelude-checksum", &[Truncated]),
    ("bad-message-checksum", &[Truncated]),
    ("close", &[Truncated, Network]),
    ("reset", &[Truncated, Network]),
    ("exception-internal-server", &[Internal]),
    ("exception-validation", &[InvalidRequest]),
    ("exception-throttling", &[RateLimited]),
    ("exception-service-unavailable", &[Overloaded]),
    ("throttling", &[RateLimited]),
    ("service-unavailable", &[Overloaded]),
    ("internal-server", &[Internal]),
    ("validation", &[InvalidRequest]),
];

impl Plan {
    pub(crate) fn of(number: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(number);
        match dice.u32(0..100) {
            0..10 => Self::fault(&mut dice),
            // Some of them have ended before they would be cancelled.
            10..22 => {
                let plan = Self::answer(&mut dice, number);
                match dice.u32(0..3) {
                    0 => Self { ends: Ends::Cancelled(dice.u32(0..12)), ..plan },
                    1 => Self { patience: Some(milliseconds(&mut dice)), ends: Ends::Abandoned, ..plan },
                    _ => Self {
                        prompt: ["sim:silence after=3", "sim:no-headers", "sim:slow-headers ms=60000"]
                            [dice.usize(0..3)]
                        .to_owned(),
                        text: "part 0 part 1 part 2 ".to_owned(),
                        patience: Some(milliseconds(&mut dice)),
                        ends: Ends::Abandoned,
                    },
                }
            }
            _ => Self::answer(&mut dice, number),
        }
    }

    fn answer(dice: &mut fastrand::Rng, number: u64) -> Self {
        let (prompt, text) = match dice.u32(0..4) {
            0 => {
                let text = format!("Stream {number} says {}.", dice.u64(..));
                (format!("sim:text {text}"), text)
            }
            1 => {
                let deltas = dice.usize(50..400);
                (format!("sim:long deltas={deltas} writes=coalesced"), "0123456789 abcdefgh ".repeat(deltas))
            }
            _ => {
                let (deltas, every) = (dice.usize(5..60), dice.u32(5..40));
                let prompt = format!("sim:paced deltas={deltas} bytes=20 every={every}");
                (prompt, "0123456789 abcdefgh ".repeat(deltas))
            }
        };
        Self { prompt, text, ends: Ends::Whole, patience: None }
    }

    fn fault(dice: &mut fastrand::Rng) -> Self {
        let (name, classes) = FAULTS[dice.usize(..FAULTS.len())];
        let after = dice.usize(0..6);
        let is_http = !name.starts_with("exception") && classes.iter().all(|class| *class != Truncated);
        let (prompt, text) = if is_http {
            (format!("sim:{name}"), String::new())
        } else {
            // A byte a write is a turn of the simulator each: on a busy machine a long answer takes minutes so.
            let writes = ["frame", "coalesced", "byte"][dice.usize(if after > 1 { 0..2 } else { 0..3 })];
            let text = (0..after).map(|part| format!("part {part} ")).collect();
            (format!("sim:{name} after={after} writes={writes}"), text)
        };
        Self { prompt, text, ends: Ends::Failed(classes), patience: None }
    }
}

fn milliseconds(dice: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(dice.u64(0..400))
}
