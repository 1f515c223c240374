//! `outcrop auth`.

use std::process::ExitCode;

use outcrop::Account;

use crate::args::HostArgs;
use crate::failure::{self, Failure};
use crate::host;
use crate::output::Channel;

/// Says whose credentials are in use, and where they come from.
pub(crate) fn run(host: &HostArgs, json: bool) -> Result<ExitCode, Failure> {
    let runtime = host::runtime()?;
    let account = runtime.block_on(async { Ok::<_, Failure>(host::build(host)?.account().await) });
    runtime.shutdown_background();
    let account = account?;

    let mut out = Channel::stdout();
    if json {
        out.line(&serde_json::to_string_pretty(&account).map_err(std::io::Error::from)?)?;
    } else {
        for (name, value) in lines(&account)? {
            out.line(&format!("{name:<9} {value}"))?;
        }
    }
    out.flush()?;
    for error in account.problem.iter().chain(&account.unidentified) {
        failure::report(&mut Channel::stderr(), error);
    }
    Ok(if account.problem.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Names and values of what is known.
fn lines(account: &Account) -> Result<Vec<(&'static str, String)>, Failure> {
    // The date is written as in the JSON.
    let json = serde_json::to_value(account).map_err(std::io::Error::from)?;
    let text = |member: &str| json[member].as_str().map(str::to_owned);
    let known = [
        ("source", text("source")),
        ("found", Some(text("found").unwrap_or_else(|| "nothing".to_owned()))),
        ("account", text("account")),
        ("arn", text("arn")),
        ("expires", text("expires")),
        ("region", Some(format!("{} ({})", account.region, account.region_source))),
    ];
    Ok(known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}
