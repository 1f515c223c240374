//! `outcrop chat`.

use std::io;
use std::pin::pin;
use std::process::ExitCode;

use outcrop::{Error, ErrorClass, Event, EventStream};

use crate::args::{ChatArgs, HostArgs};
use crate::defaults::Defaults;
use crate::failure::{Failure, INTERRUPTED};
use crate::output::Channel;
use crate::render::Renderer;
use crate::{config, host, prompt};

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
    let mut request = prompt::request(args, defaults.first())?;
    if !args.fallback.is_empty() {
        request.fallbacks = Some(args.fallback.clone());
    } else if args.model.is_none() && request.fallbacks.is_none() {
        // Whoever names a model wants that one.
        let others = defaults.after(&request.model);
        request.fallbacks = (!others.is_empty()).then(|| others.to_vec());
    }
    let runtime = host::runtime()?;
    let ended = runtime.block_on(async {
        let host = host::configured(host, config)?;
        let stream = host.stream(request);
        let ended = if args.json {
            let mut out = Channel::stdout();
            follow(stream, |event| out.event(event)).await
        } else {
            let mut renderer = Renderer::new(Channel::stdout(), Channel::stderr(), verbose);
            follow(stream, |event| renderer.show(event)).await
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

/// Shows each event as it comes, and gives how the answer ended. Ctrl-C ends it at once: dropping the stream
/// cancels it.
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
        show(&event)?;
        match event {
            Event::Error { error } => return Ok(Err(error)),
            Event::Done { .. } => return Ok(Ok(())),
            _ => {}
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
