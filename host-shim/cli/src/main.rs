//! Amazon Bedrock on the command line: `outcrop chat`, `outcrop lint`, `outcrop count`, `outcrop models`,
//! `outcrop auth`, `outcrop doctor`,
//! `outcrop plugin`, `outcrop config`.
#![forbid(unsafe_code)]

mod args;
mod auth;
mod chat;
mod completions;
mod config;
mod defaults;
mod doctor;
mod failure;
mod host;
mod input;
mod logging;
mod models;
mod output;
mod plugin;
mod preflight;
mod prompt;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command, ModelsCommand, PluginCommand};

fn main() -> ExitCode {
    let Cli { command, host, verbose } = Cli::parse();
    let _until_ended = logging::start(verbose);
    let ended = match command {
        Command::Chat(chat) => chat::run(&chat, &host, verbose > 0),
        Command::Lint(args) => preflight::lint(&args, &host),
        Command::Count(args) => preflight::count(&args, &host),
        Command::Models(ModelsCommand::List(list)) => models::list(&host, &list),
        Command::Models(ModelsCommand::Show { id, json }) => models::show(&host, &id, json),
        Command::Auth { json } => auth::run(&host, json),
        Command::Doctor(doctor) => doctor::run(&doctor, &host),
        Command::Config(command) => config::run(&command, host.config.as_deref()),
        Command::Plugin(PluginCommand::Inspect { file, json }) => plugin::inspect(&file, json),
        Command::Plugin(PluginCommand::List { json }) => plugin::list(&host, json),
        Command::Plugin(PluginCommand::Pin { name, file }) => {
            plugin::pin(host.config.as_deref(), &name, file.as_deref())
        }
        Command::Completions { shell } => completions::print(shell),
    };
    ended.unwrap_or_else(|failure| failure.report())
}
