//! `outcrop chat`.

use std::io;
use std::pin::pin;
use std::process::ExitCode;

use outcrop::{Error, ErrorClass, Event, EventStream, Host, Request};

use crate::args::{ChatArgs, HostArgs};
use crate::defaults::{Defaults, another_may_answer};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::Channel;
use crate::render::Renderer;
use crate::{config, host, prompt};

/// The rule under which it is told that another model is asked.
pub(crate) const FALLBACK: &str = "model-fallback";

/// Asks, and prints the answer as it comes.
pub(crate) fn run(args: &ChatArgs, host: &HostArgs, verbose: bool) -> Result<ExitCode, Failure> {
    match answer(args, host, verbose) {
        // Whoever reads events reads this one too.
        Err(failure @ (Failure::Usage(_) | Failure::Run(_))) if args.json => {
            let code = failure.exit_code();
            if let Failure::Usage(error) | Failure::Run(error) = failure {
                Channel::stdout().event(&Event::Error { error })?;
            }
            Ok(code)
        }
        ended => ended,
    }
}

fn answer(args: &ChatArgs, host: &HostArgs, verbose: bool) -> Result<ExitCode, Failure> {
    let config = config::load(host.config.as_deref())?;
    let defaults = Defaults::of(&config);
    let request = prompt::request(args, defaults.first())?;
    // Whoever names a model wants that one.
    let fallbacks = if args.model.is_none() { defaults.after(&request.model) } else { &[] };
    let runtime = host::runtime()?;
    let ended = runtime.block_on(async {
        let host = host::configured(host, config)?;
        let ended = if args.json {
            let mut out = Channel::stdout();
            ask(&host, request, fallbacks, |event| out.event(event)).await
        } else {
            let mut renderer = Renderer::new(Channel::stdout(), Channel::stderr(), verbose);
            ask(&host, request, fallbacks, |event| renderer.show(event)).await
        };
        ended.map_err(Failure::Output)
    });
    // Without waiting for what still runs on other threads, such as the look-up of a name.
    runtime.shutdown_background();
    match ended? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.class == ErrorClass::Cancelled => Ok(ExitCode::from(INTERRUPTED)),
        Err(_) if args.json => Ok(ExitCode::FAILURE),
        Err(error) => Err(Failure::Run(error)),
    }
}

/// Asks the model of the request, and the fallbacks in turn while none has answered. Only how the last one ended
/// is an end to show.
async fn ask(
    host: &Host,
    mut request: Request,
    fallbacks: &[String],
    mut show: impl FnMut(&Event) -> io::Result<()>,
) -> io::Result<Result<(), Box<Error>>> {
    for fallback in fallbacks {
        let error = match follow(host.stream(request.clone()), &mut show).await? {
            Err(error) if another_may_answer(&error) => error,
            ended => return end(ended, show),
        };
        show(&Event::Rewritten {
            rule: FALLBACK.to_owned(),
            at: "/model".to_owned(),
            detail: format!("{} could not answer ({}); asking {fallback}", request.model, error.message),
        })?;
        request.model.clone_from(fallback);
    }
    end(follow(host.stream(request), &mut show).await?, show)
}

/// Shows the failure of an answer, if it failed.
fn end(
    ended: Result<(), Box<Error>>,
    mut show: impl FnMut(&Event) -> io::Result<()>,
) -> io::Result<Result<(), Box<Error>>> {
    if let Err(error) = &ended {
        show(&Event::Error { error: error.clone() })?;
    }
    Ok(ended)
}

/// Shows each event as it comes but for an error, and gives how the answer ended. Ctrl-C ends it at once:
/// dropping the stream cancels it.
async fn follow(
    mut stream: EventStream,
    mut show: impl FnMut(&Event) -> io::Result<()>,
) -> io::Result<Result<(), Box<Error>>> {
    let mut interrupted = pin!(interrupted());
    loop {
        let event = tokio::select! {
            // The signal does not wait behind a fast answer.
            biased;
            () = &mut interrupted => failed(ErrorClass::Cancelled, "interrupted"),
            event = stream.next() => {
                event.unwrap_or_else(|| failed(ErrorClass::Internal, "the answer ended without saying how"))
            }
        };
        if let Event::Error { error } = event {
            return Ok(Err(error));
        }
        show(&event)?;
        if let Event::Done { .. } = event {
            return Ok(Ok(()));
        }
        // The signal is seen only between events that had to be waited for.
        tokio::task::consume_budget().await;
    }
}

/// Waits for Ctrl-C.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Where the signal cannot be watched, it still ends the program by itself.
        std::future::pending().await
    }
}

fn failed(class: ErrorClass, message: &str) -> Event {
    Event::Error { error: Box::new(Error::new(class, message)) }
}
