//! Which script answers a request.

use percent_encoding::percent_decode_str;
use serde_json::json;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::args::{Args, Command};
use crate::catalogue::Callable;
use crate::converse_request::ConverseRequest;
use crate::operation::Route;
use crate::registry::{self, Answer, Entry};
use crate::script::{Prepared, Script};
use crate::simulator::Shared;
use crate::{AuthOutcome, Catalogue, Operation, Scenario, replay, rules, sts, validate};

/// What opens a command in a prompt.
const COMMAND: &str = "sim:";
/// What the model ids that name a scenario begin and end with.
const MODEL: (&str, &str) = ("sim.", "-v1:0");
/// The name in the log of an answer that is no scenario of the registry.
const SCRIPTED: &str = "scripted";
const CATALOGUE: &str = "catalogue";
const REFUSED: &str = "refused";

/// A request, as far as the choice looks at it.
pub(crate) struct Asked<'a> {
    pub(crate) route: &'a Route,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) who: &'a AuthOutcome,
}

/// A script and its name in the log.
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) script: Arc<Script>,
}

impl Chosen {
    fn new(name: impl Into<String>, prepared: &Prepared, operation: Operation) -> Self {
        Self { name: name.into(), script: prepared.script(operation) }
    }
}

pub(crate) fn script(shared: &Shared, asked: &Asked<'_>) -> Chosen {
    let Route { operation, id } = asked.route;
    let chosen = |name: &str, scenario| Chosen::new(name, &Prepared::new(scenario), *operation);
    if let Some(refusal) = asked.who.refusal() {
        let is_sts = *operation == Operation::GetCallerIdentity;
        return chosen(REFUSED, if is_sts { sts::refusal(asked.who) } else { refusal });
    }
    let catalogue = shared.catalogue.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(refusal) = broken_rule(shared, &catalogue, asked) {
        return chosen(REFUSED, invalid(&refusal));
    }
    if let Some(scripted) = lock(&shared.scripted).take(*operation, id.as_deref()) {
        return Chosen::new(SCRIPTED, &scripted, *operation);
    }
    let id = id.as_deref().unwrap_or_default();
    match operation {
        Operation::ListFoundationModels => {
            chosen(CATALOGUE, Scenario::json(200, &catalogue.list_models(&pairs(asked.query))))
        }
        Operation::ListInferenceProfiles => {
            let page = catalogue.list_profiles(&pairs(asked.query));
            chosen(CATALOGUE, page.map_or_else(|m| invalid(&m), |page| Scenario::json(200, &page)))
        }
        Operation::GetInferenceProfile => match catalogue.find_profile(id) {
            Some(profile) => chosen(CATALOGUE, Scenario::json(200, profile)),
            None => {
                let message = "The provided inference profile identifier was not found.";
                chosen(REFUSED, Scenario::error(404, "ResourceNotFoundException", message))
            }
        },
        Operation::GetFoundationModelAvailability => match catalogue.availability(id) {
            Some(availability) => chosen(CATALOGUE, Scenario::json(200, &availability)),
            None => chosen(REFUSED, invalid("The provided model identifier is invalid.")),
        },
        Operation::GetCallerIdentity => chosen(CATALOGUE, sts::caller_identity()),
        Operation::Unknown => {
            chosen(REFUSED, Scenario::error(404, "UnknownOperationException", "No such operation."))
        }
        Operation::ConverseStream | Operation::Converse | Operation::CountTokens => {
            runtime(shared, &catalogue, *operation, id, asked.body)
                .unwrap_or_else(|message| chosen(REFUSED, invalid(&message)))
        }
    }
}

/// The message for a request that breaks a rule, where the simulator is to enforce them.
fn broken_rule(shared: &Shared, catalogue: &Catalogue, asked: &Asked<'_>) -> Option<String> {
    let operation = asked.route.operation;
    let id = asked.route.id.as_deref()?;
    if !shared.enforce_rules || !matches!(operation, Operation::Converse | Operation::ConverseStream) {
        return None;
    }
    let judge = || {
        let body = validate::body(operation, id, asked.body)?;
        // An application profile hides its model in its ARN, not from the service.
        let profile = catalogue.find_profile(id).filter(|profile| profile["type"] == "APPLICATION");
        let model = profile.and_then(|profile| profile["models"][0]["modelArn"].as_str());
        rules::check(operation, model.unwrap_or(id), &body).map_err(|refusal| refusal.message)
    };
    judge().err()
}

/// The answer of the runtime, or the message of a ValidationException.
fn runtime(
    shared: &Shared,
    catalogue: &Catalogue,
    operation: Operation,
    id: &str,
    body: &[u8],
) -> Result<Chosen, String> {
    let body = validate::body(operation, id, body)?;
    let by_id = command_of_id(id);
    let counting = operation == Operation::CountTokens;
    if by_id.is_none() && !counting {
        check_callable(catalogue, id)?;
    }
    let request = ConverseRequest::new(if counting { body["input"]["converse"].clone() } else { body });
    let text = command_text(&request, by_id)?;
    let text = if counting { text } else { count_down(shared, id, text) };
    let prepared = prepare(shared, &text, &request)?;
    // Of a scenario, only its HTTP error is an answer to CountTokens.
    if !counting || prepared.is_error() {
        return Ok(Chosen::new(text, &prepared, operation));
    }
    if !counts_tokens(id) {
        return Err("The provided model doesn't support counting tokens.".to_owned());
    }
    let count = Scenario::json(200, &json!({ "inputTokens": request.tokens() }));
    Ok(Chosen::new("count-tokens", &Prepared::new(count), operation))
}

/// The command of the prompt; else `tool-result` for tool results, where the model id does not
/// insist on its own; else the command of the model id; else `text`.
fn command_text(request: &ConverseRequest, by_id: Option<String>) -> Result<String, String> {
    let prompt = request.prompt().and_then(|prompt| prompt.trim_start().strip_prefix(COMMAND));
    if let Some(line) = prompt.and_then(|command| command.lines().next()) {
        return Ok(line.to_owned());
    }
    let yields = match by_id.as_deref().map(Command::parse) {
        Some(command) => find(&command.name)?.yields_to_tool_result,
        None => true,
    };
    Ok(match by_id {
        _ if yields && !request.tool_results().is_empty() => "tool-result".to_owned(),
        Some(command) => command,
        None => "text".to_owned(),
    })
}

/// Follows `times`: the command itself while it holds, then the one of `then`.
fn count_down(shared: &Shared, id: &str, text: String) -> String {
    let command = Command::parse(&text);
    let args = Args::new(&command, registry::common_parameters());
    let times = args.number("times");
    if times == 0 {
        return text;
    }
    let key = args.optional("key").unwrap_or_else(|| format!("{id} {text}"));
    let mut played = lock(&shared.played);
    let played = played.entry(key).or_default();
    *played += 1;
    if *played <= times { text } else { args.text("then") }
}

/// The prepared scenario of a command; those that do not read the request are kept.
fn prepare(shared: &Shared, text: &str, request: &ConverseRequest) -> Result<Arc<Prepared>, String> {
    if let Some(kept) = lock(&shared.prepared).get(text) {
        return Ok(kept.clone());
    }
    let command = Command::parse(text);
    let entry = find(&command.name)?;
    let scenario = match entry.answer {
        Answer::Recording => recording(shared, &command)?,
        _ => registry::build(&entry, &command, request)?,
    };
    let prepared = Arc::new(Prepared::new(scenario));
    if !entry.reads_request {
        lock(&shared.prepared).insert(text.to_owned(), prepared.clone());
    }
    Ok(prepared)
}

fn recording(shared: &Shared, command: &Command) -> Result<Scenario, String> {
    let folder = shared.recordings.as_ref().ok_or("the simulator has no folder of recordings")?;
    let file = replay::find(folder, &command.rest)
        .ok_or_else(|| format!("there is no recording {}", command.rest))?;
    let scenario = replay::load(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    registry::apply_common(scenario, command)
}

/// The command of `sim.NAME-v1:0` or `sim.NAME-xTIMES-v1:0`, alone, after a prefix, in an ARN.
fn command_of_id(id: &str) -> Option<String> {
    let id = id.rsplit('/').next()?;
    let prefixed = id.split_once('.').and_then(|(_, rest)| rest.strip_prefix(MODEL.0));
    let name = id.strip_prefix(MODEL.0).or(prefixed)?;
    let name = name.strip_suffix(MODEL.1).unwrap_or(name);
    let limited = name.rsplit_once("-x").filter(|(_, times)| times.parse::<u64>().is_ok());
    Some(limited.map_or(name.to_owned(), |(name, times)| format!("{name} times={times}")))
}

fn check_callable(catalogue: &Catalogue, id: &str) -> Result<(), String> {
    match catalogue.callable(id) {
        Callable::Yes => Ok(()),
        Callable::Unknown => Err("The provided model identifier is invalid.".to_owned()),
        Callable::NeedsProfile => Err(format!(
            "Invocation of model ID {id} with on-demand throughput isn\u{2019}t supported. Retry \
             your request with the ID or ARN of an inference profile that contains this model."
        )),
        Callable::NoText => Err("This action doesn't support the model that you provided. Try \
                                 again with a supported text or chat model."
            .to_owned()),
    }
}

/// Only Anthropic's models count tokens, by their own ids and not by those of profiles, even where they can be called by
/// those alone; and the models of the simulator.
fn counts_tokens(id: &str) -> bool {
    id.starts_with("anthropic.") || command_of_id(id).is_some()
}

fn find(name: &str) -> Result<Entry, String> {
    registry::find(name).ok_or_else(|| registry::unknown(name))
}

fn invalid(message: &str) -> Scenario {
    Scenario::error(400, "ValidationException", message)
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_names_a_scenario() {
        let expected = [
            ("sim.text-v1:0", Some("text")),
            ("us.sim.parallel-tools-v1:0", Some("parallel-tools")),
            ("sim.throttling-x2-v1:0", Some("throttling times=2")),
            ("arn:aws:bedrock:us-east-1::foundation-model/sim.long-v1:0", Some("long")),
            ("amazon.nova-lite-v1:0", None),
            ("simon.text-v1:0", None),
        ];
        for (id, command) in expected {
            assert_eq!(command_of_id(id).as_deref(), command, "{id}");
        }
    }
}
