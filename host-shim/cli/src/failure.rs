//! Why the program ends early, how it says so, and with which exit code.

use std::io;
use std::process::ExitCode;

use outcrop::{Error, ErrorClass};

use crate::output::Channel;
use crate::output::style::{DIM, RED};

/// The exit code of an interrupted program: 128 and the number of the signal, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments, or a file they name, are wrong.
    Usage(Box<Error>),
    /// The service, the plugin or the host failed.
    Run(Box<Error>),
    /// Standard output cannot be written to.
    Output(io::Error),
}

impl Failure {
    /// Wrong arguments or input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(Box::new(Error::new(ErrorClass::InvalidRequest, message)))
    }

    /// Wrong arguments or input, with what to do about it.
    pub(crate) fn usage_with_remedy(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage(Box::new(Error::new(ErrorClass::InvalidRequest, message).with_remedy(remedy)))
    }

    /// The service, the plugin or the host failed.
    pub(crate) fn run(error: Error) -> Self {
        Self::Run(Box::new(error))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Run(_) => ExitCode::FAILURE,
            // Whoever read the output has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(_) => ExitCode::FAILURE,
        }
    }

    /// Says it on standard error.
    pub(crate) fn report(self) -> ExitCode {
        let code = self.exit_code();
        match self {
            Self::Usage(error) => say(&mut Channel::stderr(), &error, None),
            Self::Run(error) => report(&mut Channel::stderr(), &error),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Output(error) => {
                let message = format!("standard output cannot be written to: {error}");
                say(&mut Channel::stderr(), &Error::new(ErrorClass::Other, message), None);
            }
        }
        code
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Writes an error for a person: what happened, what to do, and what to tell whoever is asked for help.
pub(crate) fn report<W: io::Write>(to: &mut Channel<W>, error: &Error) {
    let mut facts = vec![error.class.to_string()];
    facts.extend(error.provider_code.clone());
    facts.extend(error.http_status.map(|status| format!("HTTP {status}")));
    facts.extend(error.request_id.as_ref().map(|id| format!("request {id}")));
    facts.extend(error.retry_after.map(|wait| format!("retry after {} s", wait.as_secs_f64())));
    say(to, error, Some(&facts.join(", ")));
}

fn say<W: io::Write>(to: &mut Channel<W>, error: &Error, facts: Option<&str>) {
    let said = to
        .write(RED.bold(), "error:")
        .and_then(|()| to.line(&format!(" {}", error.message)))
        .and_then(|()| error.remedy.iter().try_for_each(|remedy| to.line(&format!("  {remedy}"))))
        .and_then(|()| facts.iter().try_for_each(|facts| to.styled_line(DIM, &format!("  {facts}"))));
    // There is no other place to say that standard error is closed.
    drop(said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_three_steps() {
        let mut error = Error::new(ErrorClass::RateLimited, "too many requests").with_remedy("wait a minute");
        error.provider_code = Some("ThrottlingException".into());
        error.http_status = Some(429);
        error.request_id = Some("r-1".into());
        let mut to = Channel::new(Vec::new(), false, false);
        report(&mut to, &error);
        let told = String::from_utf8(to.into_inner()).unwrap();
        assert_eq!(
            told,
            "error: too many requests\n  wait a minute\n  rate-limited, ThrottlingException, HTTP 429, request r-1\n"
        );
    }

    #[test]
    fn colour_is_for_terminals() {
        let mut to = Channel::new(Vec::new(), true, true);
        report(&mut to, &Error::new(ErrorClass::Other, "no"));
        assert!(
            String::from_utf8(to.into_inner())
                .unwrap()
                .starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no\n")
        );
    }

    #[test]
    fn exit_codes() {
        let code = |failure: Failure| format!("{:?}", failure.exit_code());
        let number = |number: u8| format!("{:?}", ExitCode::from(number));
        assert_eq!(code(Failure::usage("x")), number(2));
        assert_eq!(code(Failure::run(Error::new(ErrorClass::Network, "x"))), number(1));
        assert_eq!(code(Failure::Output(io::ErrorKind::BrokenPipe.into())), number(0));
        assert_eq!(code(Failure::Output(io::ErrorKind::StorageFull.into())), number(1));
    }
}
