//! When to send a request again. Only ever before the first content of an answer has arrived.

use std::time::Duration;

use super::failure::{Failure, Stage};

/// The base of the growing pause between attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A throttled account needs longer; what Bedrock meters refills by the minute.
const FIRST_PAUSE_THROTTLED: Duration = Duration::from_millis(500);
/// No pause is longer. An answer that asks for more is a failure that tells the caller so.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The attempts that a request has left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    limit: u32,
    used: u32,
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
        (Stage::Status, Some(429)) => Verdict::AgainLater,
        (Stage::Status, Some(500 | 502 | 503 | 504)) => Verdict::Again,
        _ => Verdict::Final,
    }
}

impl Retries {
    /// So many attempts in all; at least one.
    pub(crate) fn new(attempts: u32) -> Self {
        Self { limit: attempts.max(1), used: 1 }
    }

    /// Whether there is another attempt.
    pub(crate) fn remain(&self) -> bool {
        self.used < self.limit
    }

    /// How long to wait before the next attempt; none where there is to be none.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        let first = match verdict(failure) {
            Verdict::Final => return None,
            Verdict::Again => FIRST_PAUSE,
            Verdict::AgainLater => FIRST_PAUSE_THROTTLED,
        };
        if !self.remain() {
            return None;
        }
        let longest = first.saturating_mul(1 << (self.used - 1).min(16)).min(LONGEST_PAUSE);
        self.used += 1;
        match failure.retry_after {
            Some(asked) if asked > LONGEST_PAUSE => None,
            Some(asked) => Some(asked),
            // Half of it by chance, so that those who failed together do not return together.
            None => Some(longest.mul_f64(0.5 + fastrand::f64() / 2.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: &str, status: u16) -> Failure {
        let mut failure = Failure::new(Stage::Status, "");
        failure.error_type = Some(code.to_owned());
        failure.http_status = Some(status);
        failure
    }

    #[test]
    fn attempts_are_counted_and_pauses_grow() {
        let mut retries = Retries::new(3);
        let throttled = status("ThrottlingException", 429);
        let first = retries.after(&throttled).expect("a second attempt");
        let second = retries.after(&throttled).expect("a third attempt");
        assert!((250..=500).contains(&first.as_millis()), "{first:?}");
        assert!((500..=1000).contains(&second.as_millis()), "{second:?}");
        assert_eq!(retries.after(&throttled), None);
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
            assert_eq!(Retries::new(3).after(&failure), None, "{failure:?}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_tried_again() {
        let mut failure = status("InvalidSignatureException", 403);
        failure.body =
            br#"{"message":"Signature expired: 20260101T000000Z is now earlier than ..."}"#.to_vec();
        assert!(Retries::new(2).after(&failure).is_some());
    }

    #[test]
    fn the_service_is_taken_at_its_word() {
        let mut failure = status("ThrottlingException", 429);
        failure.retry_after = Some(Duration::from_secs(3));
        assert_eq!(Retries::new(2).after(&failure), Some(Duration::from_secs(3)));
        failure.retry_after = Some(Duration::from_secs(300));
        assert_eq!(Retries::new(2).after(&failure), None);
    }

    #[test]
    fn exceptions_are_known_in_both_spellings() {
        assert!(is_retryable_exception("throttlingException"));
        assert!(is_retryable_exception("ThrottlingException"));
        assert!(!is_retryable_exception("validationException"));
    }
}
