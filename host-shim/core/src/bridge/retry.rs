//! When to send a request again. Only ever before the first content of an answer has arrived.
//!
//! Three bounds hold at once: the attempts of a stream, the time until its first content, and a budget that all
//! streams of an instance share, so that a service in trouble is not hammered by everybody's retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::{Failure, Stage};

/// The base of the growing pause between attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A throttled account needs longer; what Bedrock meters refills by the minute.
const FIRST_PAUSE_THROTTLED: Duration = Duration::from_millis(500);
/// No pause is longer. An answer that asks for more is a failure that tells the caller so.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// Those who were asked to wait for the same time do not return together: as much more, at most.
const SPREAD: f64 = 0.1;

/// What the retries of an instance may cost together; with the next three as in the AWS SDKs' standard mode
/// ("Retry behavior" in the AWS SDKs and Tools reference).
const BUDGET: u32 = 500;
/// A retry after an answer that told why.
const COST: u32 = 5;
/// A retry after no answer, or a broken one: that the service is down is the likelier.
const COST_WITHOUT_ANSWER: u32 = 10;
/// What an answer at the first attempt adds. One after retries gives back what the last of them cost.
const INCOME: u32 = 1;

/// What the retries of an instance may still cost.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(BUDGET))
    }
}

impl Budget {
    fn spend(&self, cost: u32) -> bool {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(cost)).is_ok()
    }

    fn earn(&self, income: u32) {
        // While nothing fails this only looks.
        if self.0.load(Ordering::Acquire) < BUDGET {
            let add = |left: u32| Some(left.saturating_add(income).min(BUDGET));
            let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        }
    }
}

/// The attempts that a call has left.
#[derive(Debug)]
pub(crate) struct Retries {
    /// Attempts of a stream, the first one included.
    limit: u32,
    /// Retries of all calls of the stream.
    used: Arc<AtomicU32>,
    budget: Arc<Budget>,
    /// What the last retry of this call cost.
    cost: u32,
    /// Nobody waits longer for the first content.
    end: Option<Instant>,
}

/// What a kind of failure allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It will fail again.
    Final,
    /// It may pass.
    Again,
    /// It may pass, with time.
    AgainLater,
}

/// Codes of HTTP errors and exceptions, without regard to the case of their first letter.
const CODES: &[(&str, Verdict)] = &[
    ("ThrottlingException", Verdict::AgainLater),
    ("TooManyRequestsException", Verdict::AgainLater),
    ("ServiceUnavailableException", Verdict::AgainLater),
    ("ModelNotReadyException", Verdict::AgainLater),
    ("InternalServerException", Verdict::Again),
    ("ModelStreamErrorException", Verdict::Again),
    ("ModelTimeoutException", Verdict::Again),
    // The SDK has learned the service's clock from the answer, so the next signature is right.
    ("InvalidSignatureException", Verdict::Again),
    ("RequestTimeTooSkewed", Verdict::Again),
    ("RequestExpired", Verdict::Again),
];

/// Whether an exception frame that comes before any content may be answered by asking again.
pub(crate) fn is_retryable_exception(name: &str) -> bool {
    verdict_of_code(name).is_some_and(|verdict| verdict != Verdict::Final)
}

fn verdict_of_code(code: &str) -> Option<Verdict> {
    CODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|&(_, verdict)| verdict)
}

fn verdict(failure: &Failure) -> Verdict {
    if let Some(verdict) = failure.error_type.as_deref().and_then(verdict_of_code) {
        // A wrong signature is a wrong secret far more often than a wrong clock.
        let is_signature = failure.error_type.as_deref() == Some("InvalidSignatureException");
        return if is_signature && !failure.tells_of_clock() { Verdict::Final } else { verdict };
    }
    match (failure.stage, failure.http_status) {
        (Stage::Connect | Stage::Stream, _) => Verdict::Again,
        (Stage::Status, Some(429 | 503)) => Verdict::AgainLater,
        (Stage::Status, Some(500 | 502 | 504)) => Verdict::Again,
        _ => Verdict::Final,
    }
}

impl Retries {
    /// For a call of a stream that has used so many retries before. At least one attempt is made.
    pub(crate) fn new(attempts: u32, used: Arc<AtomicU32>, budget: Arc<Budget>) -> Self {
        Self { limit: attempts.max(1), used, budget, cost: 0, end: None }
    }

    /// From now on it is known how long the caller waits.
    pub(crate) fn within(&mut self, time: Option<Duration>) {
        self.end = time.and_then(|time| Instant::now().checked_add(time));
    }

    /// How long to wait before the next attempt; none where there is to be none.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        let first = match verdict(failure) {
            Verdict::Final => return None,
            Verdict::Again => FIRST_PAUSE,
            Verdict::AgainLater => FIRST_PAUSE_THROTTLED,
        };
        let used = self.used.load(Ordering::Acquire);
        if used.saturating_add(1) >= self.limit {
            return None;
        }
        let longest = first.saturating_mul(1 << used.min(16)).min(LONGEST_PAUSE);
        let pause = match failure.retry_after {
            Some(asked) if asked > LONGEST_PAUSE => return None,
            Some(asked) => asked.mul_f64(1.0 + SPREAD * fastrand::f64()),
            // Half of it by chance, so that those who failed together do not return together.
            None => longest.mul_f64(0.5 + fastrand::f64() / 2.0),
        };
        // What the service said is worth more than that the time was over.
        if self.end.is_some_and(|end| Instant::now() + pause >= end) {
            return None;
        }
        let cost = if failure.stage == Stage::Status { COST } else { COST_WITHOUT_ANSWER };
        if !self.budget.spend(cost) {
            tracing::info!("not tried again: the budget for retries is used up");
            return None;
        }
        self.used.store(used + 1, Ordering::Release);
        self.cost = cost;
        Some(pause)
    }

    /// The call is answered.
    pub(crate) fn succeeded(&self) {
        self.budget.earn(self.cost.max(INCOME));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(attempts: u32) -> Retries {
        Retries::new(attempts, Arc::default(), Arc::default())
    }

    fn status(code: &str, status: u16) -> Failure {
        let mut failure = Failure::new(Stage::Status, "");
        failure.error_type = Some(code.to_owned());
        failure.http_status = Some(status);
        failure
    }

    #[test]
    fn attempts_are_counted_and_pauses_grow() {
        let mut retries = retries(3);
        let throttled = status("ThrottlingException", 429);
        let first = retries.after(&throttled).expect("a second attempt");
        let second = retries.after(&throttled).expect("a third attempt");
        assert!((250..=500).contains(&first.as_millis()), "{first:?}");
        assert!((500..=1000).contains(&second.as_millis()), "{second:?}");
        assert_eq!(retries.after(&throttled), None);
    }

    #[test]
    fn the_calls_of_a_stream_share_its_attempts() {
        let (used, budget) = (Arc::default(), Arc::default());
        let call = || Retries::new(3, Arc::clone(&used), Arc::clone(&budget));
        let failure = status("InternalServerException", 500);
        assert!(call().after(&failure).is_some());
        assert!(call().after(&failure).is_some());
        assert_eq!(call().after(&failure), None);
    }

    #[test]
    fn a_failing_service_uses_the_budget_up_and_answers_fill_it() {
        let budget: Arc<Budget> = Arc::default();
        let stream = || Retries::new(3, Arc::default(), Arc::clone(&budget));
        let (told, broken) = (status("InternalServerException", 500), Failure::new(Stage::Connect, ""));
        let retried = |failure| (0..1000).take_while(|_| stream().after(failure).is_some()).count();
        assert_eq!(retried(&told), 100);
        assert_eq!(retried(&broken), 0);
        for _ in 0..20 {
            stream().succeeded();
        }
        assert_eq!(retried(&broken), 2);
        // A retry that helped costs nothing.
        (0..5).for_each(|_| stream().succeeded());
        for _ in 0..100 {
            let mut one = stream();
            assert!(one.after(&told).is_some());
            one.succeeded();
        }
    }

    #[tokio::test]
    async fn nobody_waits_past_the_time_for_the_first_content() {
        let mut failure = status("ThrottlingException", 429);
        failure.retry_after = Some(Duration::from_secs(3));
        let mut hurried = retries(3);
        hurried.within(Some(Duration::from_secs(2)));
        assert_eq!(hurried.after(&failure), None);
        let mut patient = retries(3);
        patient.within(Some(Duration::from_secs(60)));
        assert!(patient.after(&failure).is_some());
    }

    #[test]
    fn what_fails_for_good_is_not_tried_again() {
        for failure in [
            status("ValidationException", 400),
            status("AccessDeniedException", 403),
            status("InvalidSignatureException", 403),
            Failure::new(Stage::Credentials, ""),
            Failure::new(Stage::Tls, ""),
            Failure::new(Stage::Refused, ""),
        ] {
            assert_eq!(retries(3).after(&failure), None, "{failure:?}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_tried_again() {
        let mut failure = status("InvalidSignatureException", 403);
        failure.body =
            br#"{"message":"Signature expired: 20260101T000000Z is now earlier than ..."}"#.to_vec();
        assert!(retries(2).after(&failure).is_some());
    }

    #[test]
    fn the_service_is_taken_at_its_word() {
        let mut failure = status("ThrottlingException", 429);
        failure.retry_after = Some(Duration::from_secs(3));
        let pause = retries(2).after(&failure).expect("a second attempt");
        assert!((3000..=3300).contains(&pause.as_millis()), "{pause:?}");
        failure.retry_after = Some(Duration::from_secs(300));
        assert_eq!(retries(2).after(&failure), None);
    }

    #[test]
    fn exceptions_are_known_in_both_spellings() {
        assert!(is_retryable_exception("throttlingException"));
        assert!(is_retryable_exception("ThrottlingException"));
        assert!(!is_retryable_exception("validationException"));
    }
}
