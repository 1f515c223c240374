//! What a stream costs through Outcrop, through the AWS SDK used directly, and at the very least.
//!
//! One run drives the same simulated streams through three clients: (a) Outcrop's Rust API with its
//! sandbox, (b) `aws-sdk-bedrockruntime`, typed, (c) a bare hyper client that only counts bytes. Where many
//! streams run at once, Outcrop is measured with an instance for each and with one for all.
//! The program starts itself anew for every part: a fresh server and a fresh client for each figure,
//! so that CPU time and peak memory are the client's own.

#![forbid(unsafe_code)]

mod children;
mod clients;
mod machine;
mod measure;
mod outside;
mod rows;
mod server;
mod table;

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use children::Children;
use clients::Kind;
use machine::Machine;
use outside::Outside;
use rows::Row;
use table::Sample;

/// Measures streams through Outcrop, the AWS SDK for Rust and bare hyper, side by side.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// How often to measure everything; the order of the clients alternates from run to run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// The rows to measure, all by default
    #[arg(long, value_name = "ROW,...", value_delimiter = ',')]
    rows: Vec<Row>,
    /// Print the raw figures of every run as JSON
    #[arg(long)]
    json: bool,
    /// Measure the clients in other languages too: C, and Python and Node beside their SDKs
    #[arg(long)]
    outside: bool,
    /// Leave it to the kernel which CPU runs what
    #[arg(long)]
    no_pin: bool,
}

/// What a child process is.
#[derive(Debug, Subcommand)]
enum Role {
    /// The simulator: prints its endpoint and serves until stdin ends
    #[command(hide = true)]
    Server { scenario: String },
    /// One client and one row: prints its figures as JSON
    #[command(hide = true)]
    Client { kind: Kind, row: Row, endpoint: String },
    /// Compiles Outcrop's plugin into the cache, so that no client has to
    #[command(hide = true)]
    Prepare { row: Row },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match args.role {
        None => compare(&args),
        Some(Role::Server { scenario }) => server::serve(&scenario),
        Some(Role::Client { kind, row, endpoint }) => {
            let figures = clients::run(kind, row, &endpoint)?;
            print(&serde_json::to_string(&figures)?)
        }
        Some(Role::Prepare { row }) => clients::prepare(row),
    }
}

/// Measures every client on every row, and prints what came out.
fn compare(args: &Args) -> Result<()> {
    let rows = if args.rows.is_empty() { Row::value_variants() } else { &args.rows[..] };
    let machine = Machine::look(!args.no_pin)?;
    machine.check_open_files(rows)?;
    let children = Children::new(&machine)?;
    rows.iter().try_for_each(|row| children.prepare(*row))?;

    let (outside, skipped) = if args.outside { Outside::set_up() } else { Outside::none() };
    let (mut samples, mut outside_samples) = (Vec::new(), Vec::new());
    for run in 0..args.runs {
        for row in rows {
            for kind in order(run, *row) {
                progress(&format!("run {} of {}: {}, {}", run + 1, args.runs, row.title(), kind.title()))?;
                let server = children.server(&row.shape().scenario)?;
                let figures = children.measure(kind, *row, server.endpoint())?;
                samples.push(Sample { run, row: *row, client: kind, figures });
            }
            if outside::ROWS.contains(row) {
                progress(&format!("run {} of {}: {}, other languages", run + 1, args.runs, row.title()))?;
                outside_samples.extend(outside.measure(&children, run, *row)?);
            }
        }
    }
    progress("")?;
    if args.json {
        return print(&serde_json::to_string_pretty(&serde_json::json!({
            "machine": machine.to_string(),
            "optimised": !cfg!(debug_assertions),
            "samples": samples,
            "outside": outside_samples,
            "skipped": skipped,
        }))?);
    }
    if cfg!(debug_assertions) {
        print("Built without optimisation: these figures mean nothing.\n")?;
    }
    print(&table::render(&samples))?;
    if args.outside {
        print(&format!("\n{}", table::render_outside(&samples, &outside_samples)))?;
    }
    skipped.iter().try_for_each(|why| print(why))?;
    print(&format!(
        "\nMedians of {} run(s); ratios are medians of each run's own, with the least and the most. \
         Every client runs on a tokio current-thread runtime, over HTTP/1.1 without TLS.",
        args.runs
    ))?;
    print(&machine.to_string())
}

/// The clients, first to last in even runs and last to first in odd ones, so that a machine that
/// grows slower favours none.
fn order(run: u32, row: Row) -> Vec<Kind> {
    let mut kinds = row.clients().to_vec();
    if run % 2 == 1 {
        kinds.reverse();
    }
    kinds
}

fn print(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Overwrites the line that says what is being measured, where a person looks on.
fn progress(text: &str) -> Result<()> {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() {
        write!(stderr, "\r\x1b[K{text}")?;
        stderr.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_order_alternates() {
        let row = Row::Coalesced1;
        assert_eq!(order(0, row), [Kind::Outcrop, Kind::Sdk, Kind::Hyper]);
        assert_eq!(order(1, row), [Kind::Hyper, Kind::Sdk, Kind::Outcrop]);
        assert_eq!(order(0, row), order(2, row));
    }
}
