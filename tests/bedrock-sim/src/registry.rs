//! The named scenarios: one table, from which they are found, checked and listed.

use crate::args::{Args, Command};
use crate::converse_request::ConverseRequest;
use crate::scenarios::{SCENARIOS, StreamException, exceptions, http_errors};
use crate::{Scenario, Writes};

/// A named scenario.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name: `sim:NAME` in a prompt, `sim.NAME-v1:0` as a model id.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its own parameters.
    pub parameters: &'static [Parameter],
    pub(crate) answer: Answer,
    /// Whether the answer depends on the request; if not it is compiled once.
    pub(crate) reads_request: bool,
    /// Whether tool results are answered by `tool-result` instead, when only the model id asks
    /// for this scenario.
    pub(crate) yields_to_tool_result: bool,
}

/// A parameter of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is not given; a number means that only numbers are taken.
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// How a scenario comes about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Build(fn(&Call<'_>) -> Scenario),
    HttpError(&'static http_errors::HttpError),
    Exception(&'static StreamException),
    /// A file in the folder of recordings.
    Recording,
}

/// A scenario that was asked for, with the request it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) args: Args<'a>,
    pub(crate) request: &'a ConverseRequest,
}

/// The parameters that every scenario takes.
pub fn common_parameters() -> &'static [Parameter] {
    &[
        Parameter {
            name: "times",
            default: "0",
            about: "when not 0: only the first so many requests of the same key get it, the others `then`",
        },
        Parameter {
            name: "key",
            default: "",
            about: "what `times` counts by; by default the model id and the whole command",
        },
        Parameter { name: "then", default: "text", about: "the scenario that follows after `times`" },
        Parameter {
            name: "writes",
            default: "frame",
            about: "`frame`: each frame is a write; `coalesced`: all between two waits is one; `byte`: one byte a write",
        },
        Parameter { name: "headers-after", default: "0", about: "ms of silence before the headers" },
        Parameter { name: "first-frame-after", default: "0", about: "ms between headers and body" },
    ]
}

/// Every named scenario.
pub fn entries() -> impl Iterator<Item = Entry> {
    let plain = SCENARIOS.iter().cloned();
    plain.chain(http_errors::entries()).chain(exceptions::entries())
}

pub(crate) fn find(name: &str) -> Option<Entry> {
    entries().find(|entry| entry.name == name)
}

/// Builds the scenario of a command; a recording needs a folder and is not built here.
pub(crate) fn build(entry: &Entry, command: &Command, request: &ConverseRequest) -> Result<Scenario, String> {
    let args = Args::check(command, entry.parameters, common_parameters())?;
    let call = Call { args, request };
    let scenario = match entry.answer {
        Answer::Build(build) => build(&call),
        Answer::HttpError(error) => http_errors::build(error, &call),
        Answer::Exception(exception) => exceptions::build(exception, &call),
        Answer::Recording => return Err("recordings are read where the folder is known".to_owned()),
    };
    apply_common(scenario, command)
}

pub(crate) fn build_without_request(text: &str) -> Result<Scenario, String> {
    let command = Command::parse(text);
    let entry = find(&command.name).ok_or_else(|| unknown(&command.name))?;
    build(&entry, &command, &ConverseRequest::default())
}

pub(crate) fn unknown(name: &str) -> String {
    format!("there is no scenario {name:?}; `bedrock-sim --list-scenarios` names them all")
}

/// What the common parameters change; `times`, `key` and `then` are for the one who chooses.
pub(crate) fn apply_common(mut scenario: Scenario, command: &Command) -> Result<Scenario, String> {
    let args = Args::new(command, common_parameters());
    // A scenario may bring its own of these, so only a parameter that was given counts.
    if command.value("writes").is_some() {
        scenario.writes = match args.text("writes").as_str() {
            "frame" => Writes::Frame,
            "coalesced" => Writes::Coalesced,
            "byte" => Writes::Byte,
            other => return Err(format!("writes is frame, coalesced or byte, not {other}")),
        };
    }
    if command.value("headers-after").is_some() {
        scenario.before_headers = args.millis("headers-after");
    }
    if command.value("first-frame-after").is_some() {
        scenario = scenario.before_first_frame(args.millis("first-frame-after"));
    }
    Ok(scenario)
}
