//! `outcrop plugin inspect`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::Style;
use outcrop::Inspection;

use crate::failure::Failure;
use crate::input;
use crate::output::Channel;
use crate::output::style::{BOLD, RED};

/// Shows what a component is made of, and whether it fits.
pub(crate) fn inspect(file: &Path, json: bool) -> Result<ExitCode, Failure> {
    let inspection = outcrop::inspect(&input::file(file)?).map_err(Failure::run)?;
    let mut out = Channel::stdout();
    if json {
        out.line(&serde_json::to_string_pretty(&inspection).map_err(io::Error::from)?)?;
    } else {
        show(&mut out, &inspection)?;
    }
    out.flush()?;
    Ok(if inspection.fits() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show<W: Write>(out: &mut Channel<W>, inspection: &Inspection) -> io::Result<()> {
    let modules: Vec<_> = inspection.core_modules.iter().map(usize::to_string).collect();
    let contract = inspection.contract.as_deref().unwrap_or("none that is known");
    out.line(&format!("size:         {} bytes", inspection.size_bytes))?;
    out.line(&format!("core modules: {} bytes", modules.join(" + ")))?;
    out.line(&format!("contract:     {contract}"))?;
    list(out, BOLD, "imports", &inspection.imports)?;
    list(out, BOLD, "exports", &inspection.exports)?;
    if inspection.fits() {
        out.line("It fits the contract.")
    } else {
        list(out, RED, "It does not fit the contract", &inspection.problems)
    }
}

fn list<W: Write>(out: &mut Channel<W>, style: Style, title: &str, items: &[String]) -> io::Result<()> {
    out.write(style, &format!("{title}:"))?;
    if items.is_empty() {
        return out.line(" none");
    }
    out.line("")?;
    items.iter().try_for_each(|item| out.line(&format!("  {item}")))
}
