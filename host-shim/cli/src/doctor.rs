//! `outcrop doctor`.

use std::io::Write;
use std::process::ExitCode;

use anstyle::Style;
use outcrop::{Check, Verdict};

use crate::args::{DoctorArgs, HostArgs};
use crate::failure::Failure;
use crate::host;
use crate::output::Channel;
use crate::output::style::{DIM, GREEN, RED, YELLOW};

/// Names the model to call where the command line does not.
const MODEL_VARIABLE: &str = "OUTCROP_MODEL";

/// Looks at everything between this machine and an answer; or prints the policy that is needed.
pub(crate) fn run(args: &DoctorArgs, host: &HostArgs) -> Result<ExitCode, Failure> {
    let ambient = std::env::var(MODEL_VARIABLE).ok().filter(|model| !model.trim().is_empty());
    let model = args.model.clone().or(ambient);
    let runtime = host::runtime()?;
    let looked = runtime.block_on(async {
        let host = host::build(host)?;
        let model = model.as_deref().or_else(|| host.default_model());
        if args.policy {
            let policy = host.iam_policy(model).await.map_err(Failure::run)?;
            return Ok((serde_json::to_string_pretty(&policy).map_err(std::io::Error::from)?, Vec::new()));
        }
        let checks = host.examine(model).await.map_err(Failure::run)?;
        let json = match args.json {
            true => serde_json::to_string_pretty(&checks).map_err(std::io::Error::from)?,
            false => String::new(),
        };
        Ok::<_, Failure>((json, checks))
    });
    runtime.shutdown_background();
    let (json, checks) = looked?;

    let mut out = Channel::stdout();
    if json.is_empty() {
        print(&mut out, &checks)?;
    } else {
        out.line(&json)?;
    }
    out.flush()?;
    let failed = checks.iter().any(|check| check.verdict == Verdict::Failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print<W: Write>(out: &mut Channel<W>, checks: &[Check]) -> std::io::Result<()> {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    for check in checks {
        let (style, word) = match check.verdict {
            Verdict::Ok => (GREEN, "ok"),
            Verdict::Warning => (YELLOW, "warning"),
            Verdict::Failed => (RED.bold(), "failed"),
            _ => (DIM, "skipped"),
        };
        out.write(style, &format!("{word:<8}"))?;
        out.write(Style::new(), &format!("{:<width$}  {}\n", check.name, check.finding))?;
        if let Some(remedy) = &check.remedy {
            out.line(&format!("{:8}{:<width$}  -> {remedy}", "", ""))?;
        }
    }
    Ok(())
}
