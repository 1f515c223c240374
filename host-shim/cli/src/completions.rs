//! `outcrop completions`.

use std::process::ExitCode;

use anstyle::Style;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Channel;

/// Prints the completions for a shell.
pub(crate) fn print(shell: Shell) -> Result<ExitCode, Failure> {
    // Through memory, because the generator panics where its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "outcrop", &mut script);
    let mut out = Channel::stdout();
    out.write(Style::new(), &String::from_utf8_lossy(&script))?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_gets_a_script() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "outcrop", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("max-tokens"), "{shell}");
        }
    }
}
