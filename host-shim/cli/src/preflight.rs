//! `outcrop lint` and `outcrop count`: what a request would become, and how long it is.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::Style;
use outcrop::{Host, Preview, Request, TokenCount};

use crate::args::{ChatArgs, HostArgs, PreflightArgs};
use crate::defaults::Defaults;
use crate::failure::Failure;
use crate::output::Channel;
use crate::output::style::{BOLD, DIM, YELLOW};
use crate::prompt;
use crate::{config, host};

/// Prints what the plugin would change in a request, and the body that it would send. Sends nothing.
pub(crate) fn lint(args: &PreflightArgs, host: &HostArgs) -> Result<ExitCode, Failure> {
    let (request, host) = prepare(args, host)?;
    let preview = host.preview(request).map_err(Failure::run)?;
    let mut out = Channel::stdout();
    if args.json {
        out.line(&serde_json::to_string_pretty(&preview).map_err(io::Error::from)?)?;
    } else {
        show(&mut out, &preview)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints how many input tokens a request has.
pub(crate) fn count(args: &PreflightArgs, host: &HostArgs) -> Result<ExitCode, Failure> {
    let (request, host) = prepare(args, host)?;
    let count = host::runtime()?.block_on(host.count_tokens(request)).map_err(Failure::run)?;
    let mut out = Channel::stdout();
    if args.json {
        out.line(&serde_json::to_string(&count).map_err(io::Error::from)?)?;
    } else {
        out.line(&said(count))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The request in the file, as `outcrop chat --request` would take it, and the host to ask.
fn prepare(args: &PreflightArgs, host: &HostArgs) -> Result<(Request, Host), Failure> {
    let config = config::load(host.config.as_deref())?;
    let asked =
        ChatArgs { request: Some(args.file.clone()), model: args.model.clone(), ..ChatArgs::default() };
    let request = prompt::request(&asked, Defaults::of(&config).first())?;
    Ok((request, host::configured(host, config)?))
}

fn show<W: Write>(out: &mut Channel<W>, preview: &Preview) -> io::Result<()> {
    if preview.rewrites.is_empty() {
        out.line("Nothing would be changed.")?;
    }
    for rewrite in &preview.rewrites {
        out.write(YELLOW, &rewrite.rule)?;
        out.write(DIM, &format!("  {}", rewrite.at))?;
        out.write(Style::new(), &format!("  {}\n", rewrite.detail))?;
    }
    out.write(BOLD, "The body that would be sent:\n")?;
    out.line(&serde_json::to_string_pretty(&preview.body).map_err(io::Error::from)?)
}

fn said(count: TokenCount) -> String {
    let how =
        if count.exact { "counted by Bedrock" } else { "estimated: Bedrock does not count for this model" };
    format!("{} input tokens, {how}", count.input)
}
