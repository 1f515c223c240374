//! Outcomes, counted and held against what was planned.

use std::collections::BTreeMap;
use std::fmt;

use outcrop::{Error, ErrorClass, ModelMetrics};

use crate::plan::{Ends, Plan};

/// What came of one stream.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) terminals: u32,
    pub(crate) after_the_end: u32,
    pub(crate) cancelled: bool,
    /// No end in far more than its time.
    pub(crate) hung: bool,
    /// What was streamed.
    pub(crate) text: String,
    /// What the message at the end says.
    pub(crate) message: Option<String>,
    pub(crate) error: Option<Error>,
}

/// All outcomes.
#[derive(Default)]
pub(crate) struct Tally {
    kinds: BTreeMap<String, u64>,
    lost: u64,
    doubled: u64,
    wrong_text: u64,
    bytes: u64,
    mistakes: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, plan: &Plan, outcome: Outcome) {
        let kind = match (&outcome.message, &outcome.error) {
            _ if outcome.cancelled => "cancelled".to_owned(),
            (Some(_), _) => "done".to_owned(),
            (None, Some(error)) => format!("error, {}", error.class),
            (None, None) => "no outcome".to_owned(),
        };
        *self.kinds.entry(kind).or_default() += 1;
        self.bytes += outcome.text.len() as u64;
        self.lost += u64::from(outcome.terminals == 0 && !outcome.cancelled);
        self.doubled += u64::from(outcome.terminals > 1 || outcome.after_the_end > 0);
        if let Some(mistake) = mistake(plan, &outcome) {
            self.wrong_text += u64::from(mistake == TEXT);
            // The first few say enough.
            if self.mistakes.len() < 20 {
                self.mistakes.push(format!("{mistake}: {plan:?} {outcome:?}"));
            }
        }
    }

    /// What was counted by the host itself comes to the same.
    pub(crate) fn check_against(&self, counted: &ModelMetrics) {
        let of = |kind: &str| self.kinds.get(kind).copied().unwrap_or_default();
        assert_eq!((counted.done, counted.cancelled), (of("done"), of("cancelled")), "{self}");
        for (class, count) in &counted.failed {
            assert_eq!(*count, of(&format!("error, {class}")), "{class}: {self}");
        }
        assert_eq!(counted.started, self.kinds.values().sum::<u64>(), "{self}");
        assert_eq!(counted.live(), 0);
    }

    pub(crate) fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

const TEXT: &str = "the text is not what was sent";

/// What is wrong with an outcome.
fn mistake(plan: &Plan, outcome: &Outcome) -> Option<&'static str> {
    let Outcome { terminals, text, message, error, .. } = outcome;
    if outcome.hung {
        return Some("it did not end");
    }
    if outcome.after_the_end > 0 || *terminals > 1 || (*terminals == 0 && !outcome.cancelled) {
        return Some("not exactly one end");
    }
    let is_begun = plan.text.starts_with(text.as_str());
    if !is_begun || message.as_ref().is_some_and(|message| *message != plan.text || message != text) {
        return Some(TEXT);
    }
    let fits = match plan.ends {
        Ends::Whole => message.is_some(),
        Ends::Failed(classes) => error.as_ref().is_some_and(|error| {
            // The end of the connection may be noticed before what came last on it.
            let whole = *text == plan.text || classes.contains(&ErrorClass::Network);
            whole && classes.contains(&error.class) && error.delivered != text.is_empty()
        }),
        Ends::Cancelled(_) | Ends::Abandoned => outcome.cancelled || message.is_some(),
    };
    (!fits).then_some("it ended otherwise than planned")
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.kinds {
            writeln!(f, "  {count:>9} {kind}")?;
        }
        write!(
            f,
            "  {} outcomes lost, {} doubled, {} with wrong text; {:.1} MB of text",
            self.lost,
            self.doubled,
            self.wrong_text,
            self.bytes as f64 / 1e6
        )
    }
}
