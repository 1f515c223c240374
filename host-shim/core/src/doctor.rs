//! What works and what does not between this machine and Bedrock, and what to do about it.

use serde::Serialize;

use crate::account::{Account, date};
use crate::bridge::failure::{Failure, Stage};
use crate::bridge::probe;
use crate::bridge::{Bridge, model_id::ModelId, remedy};
use crate::plugins::{PluginInfo, PluginState};
use crate::{Error, ErrorClass, Event, Host, Request};

/// A clock that is off by more than this many seconds is told of.
const CLOCK_TOLERANCE: u64 = 60;
/// AWS takes no signature that is older or younger than this many seconds.
const CLOCK_LIMIT: u64 = 300;
/// No model has this id. Asking for it reaches the runtime, and costs nothing.
const NO_MODEL: &str = "outcrop.doctor";

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Check {
    /// What, for programs: `credentials`, `identity`, `region`, `endpoint-control`, `endpoint-runtime`,
    /// `clock`, an IAM action such as `bedrock:InvokeModel`, `entitlement`, `call`; `plugin NAME` of one that
    /// does not work.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// What came of a [`Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is as it should be.
    Ok,
    /// It works, but something is missing.
    Warning,
    /// It does not work.
    Failed,
    /// It was not looked at; the finding says why.
    Skipped,
}

impl Check {
    fn new(name: &str, verdict: Verdict, finding: impl Into<String>) -> Self {
        Self { name: name.to_owned(), verdict, finding: finding.into(), remedy: None }
    }

    fn skipped(name: &str, why: &str) -> Self {
        Self::new(name, Verdict::Skipped, why)
    }

    fn of_error(name: &str, verdict: Verdict, error: &Error) -> Self {
        Self { remedy: error.remedy.clone(), ..Self::new(name, verdict, error.message.clone()) }
    }

    fn of_failure(name: &str, verdict: Verdict, failure: &Failure) -> Self {
        Self::of_error(name, verdict, &Error::from(failure))
    }
}

impl Host {
    /// Looks at all that lies between this machine and an answer: credentials, region, endpoints, clock, each
    /// IAM permission. With a model, also whether the account is entitled to it, and whether it answers: that
    /// costs some tokens.
    ///
    /// # Errors
    ///
    /// Where the model id has no known prefix. What does not work is a [`Check`], not an error.
    pub async fn examine(&self, model: Option<&str>) -> crate::Result<Vec<Check>> {
        let (bridge, id) = self.bridge_of(model)?;
        let mut checks = examine(self, bridge, model.zip(id)).await;
        checks.extend(self.plugins().iter().filter_map(of_plugin));
        Ok(checks)
    }
}

/// Looks at everything in turn. A model is given as the caller names it, and without its routing prefix.
async fn examine(host: &Host, bridge: &Bridge, model: Option<(&str, &str)>) -> Vec<Check> {
    let account = Account::of(bridge).await;
    let mut checks = of_account(&account);
    if !account.loaded {
        let why = "without credentials nothing can be asked";
        checks.extend(NAMES_BEHIND_CREDENTIALS.iter().map(|name| Check::skipped(name, why)));
        return checks;
    }
    let clients = bridge.clients();
    let (models, profiles) = tokio::join!(probe::list_models(clients), probe::list_profiles(clients));
    let profile = match &profiles.answer {
        Ok(Some(id)) => Some(probe::get_profile(clients, id).await.answer),
        _ => None,
    };
    let target = match (model, unreached(&models.answer)) {
        (Some((_, id)), None) => Some(Target::find(bridge, id).await),
        // To wait for the same again, and again, helps nobody.
        (Some((_, id)), Some(failure)) => Some(Target { id: id.to_owned(), obstacles: Err(failure.clone()) }),
        (None, _) => None,
    };
    let id = target.as_ref().map_or(NO_MODEL, |target| &target.id);
    let region = ModelId::parse(id).ok().and_then(|id| id.region());
    let invoked = probe::converse(clients, id, region, bridge.guardrail()).await;

    checks.push(of_endpoint("endpoint-control", &models.answer));
    checks.push(of_endpoint("endpoint-runtime", &invoked.answer));
    checks.push(of_clock([models.clock_ahead, profiles.clock_ahead, invoked.clock_ahead]));
    checks.push(of_permission("bedrock:ListFoundationModels", &models.answer));
    checks.push(of_permission("bedrock:ListInferenceProfiles", &profiles.answer));
    checks.push(match &profile {
        Some(answer) => of_permission("bedrock:GetInferenceProfile", answer),
        None => Check::skipped("bedrock:GetInferenceProfile", "there is no profile to ask for"),
    });
    let why = "no model was named: give --model";
    let called = match model {
        Some((routed, _)) => {
            checks.push(of_permission("bedrock:InvokeModel", &invoked.answer));
            let called = match unreached(&invoked.answer) {
                Some(failure) => Err(Error::from(failure)),
                None => call(host, routed).await,
            };
            checks.push(of_streaming(&called));
            Some(called)
        }
        None => {
            checks.push(Check::skipped("bedrock:InvokeModel", why));
            checks.push(Check::skipped("bedrock:InvokeModelWithResponseStream", why));
            None
        }
    };
    let refusals =
        [models.answer.as_ref().err(), profiles.answer.as_ref().err(), invoked.answer.as_ref().err()];
    checks.push(of_api_key(&account, &refusals));
    checks.push(of_guardrail(bridge, called.as_ref()));
    match (&target, called) {
        (Some(target), Some(called)) => {
            checks.push(of_entitlement(target));
            checks.push(match called {
                Ok(tokens) => {
                    Check::new("call", Verdict::Ok, format!("{} answered ({tokens} tokens)", target.id))
                }
                Err(error) => Check::of_error("call", Verdict::Failed, &error),
            });
        }
        _ => checks.extend(["entitlement", "call"].map(|name| Check::skipped(name, why))),
    }
    checks
}

/// A plugin that does not take streams as it should.
fn of_plugin(plugin: &PluginInfo) -> Option<Check> {
    let name = format!("plugin {}", plugin.name);
    match &plugin.state {
        PluginState::Ready => None,
        PluginState::Refused { reason } => Some(Check::new(&name, Verdict::Failed, reason)),
        PluginState::Troubled { failures, reason } => {
            Some(Check::new(&name, Verdict::Warning, format!("failed {failures} times in a row: {reason}")))
        }
        PluginState::Quarantined { failures, reason, pause } => Some(Check {
            remedy: Some("wait, or replace the plugin".to_owned()),
            ..Check::new(
                &name,
                Verdict::Failed,
                format!(
                    "quarantined for {:.0} s after {failures} failures in a row: {reason}",
                    pause.as_secs_f64()
                ),
            )
        }),
    }
}

/// What cannot be looked at without credentials.
const NAMES_BEHIND_CREDENTIALS: &[&str] = &[
    "endpoint-control",
    "endpoint-runtime",
    "clock",
    "bedrock:ListFoundationModels",
    "bedrock:ListInferenceProfiles",
    "bedrock:GetInferenceProfile",
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "entitlement",
    "call",
];

fn of_account(account: &Account) -> Vec<Check> {
    let found = account.found.as_deref().unwrap_or("nothing");
    let mut source = format!("{} ({found})", account.source);
    if let Some(date) = account.expires.and_then(date) {
        source.push_str(&format!(", valid until {date}"));
    }
    let credentials = match &account.problem {
        None => Check::new("credentials", Verdict::Ok, source),
        Some(problem) => {
            let mut check = Check::of_error("credentials", Verdict::Failed, problem);
            check.finding = format!("{source}: {}", check.finding);
            check
        }
    };
    let identity = match (&account.arn, &account.unidentified, &account.problem) {
        (Some(arn), _, _) => Check::new("identity", Verdict::Ok, arn),
        (None, Some(error), _) => Check::of_error("identity", Verdict::Warning, error),
        (None, None, Some(_)) => Check::skipped("identity", "there are no valid credentials"),
        (None, None, None) => Check::skipped("identity", "an API key does not tell whose it is"),
    };
    let region = format!("{} ({})", account.region, account.region_source);
    vec![credentials, identity, Check::new("region", Verdict::Ok, region)]
}

/// Why nobody was reached.
fn unreached<T>(answer: &Result<T, Failure>) -> Option<&Failure> {
    let is_silence = |stage| matches!(stage, Stage::Connect | Stage::Tls | Stage::Timeout);
    answer.as_ref().err().filter(|failure| is_silence(failure.stage))
}

fn of_endpoint<T>(name: &str, answer: &Result<T, Failure>) -> Check {
    if let Some(failure) = unreached(answer) {
        return Check::of_failure(name, Verdict::Failed, failure);
    }
    match answer {
        Err(failure) if matches!(failure.stage, Stage::Credentials | Stage::Refused) => {
            Check::skipped(name, "nothing was sent")
        }
        Err(_) | Ok(_) => Check::new(name, Verdict::Ok, "answers"),
    }
}

fn of_clock(ahead: [Option<i64>; 3]) -> Check {
    let Some(ahead) = ahead.into_iter().flatten().next() else {
        return Check::skipped("clock", "nobody answered who could tell the time");
    };
    let off = ahead.unsigned_abs();
    if off <= CLOCK_TOLERANCE {
        return Check::new("clock", Verdict::Ok, format!("{off} s off"));
    }
    let verdict = if off > CLOCK_LIMIT { Verdict::Failed } else { Verdict::Warning };
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    Check {
        remedy: Some(
            "set the clock of this machine (NTP): AWS refuses signatures that are 5 minutes off".into(),
        ),
        ..Check::new("clock", verdict, format!("this machine's clock is {off} s {way} that of AWS"))
    }
}

/// Whether the action is allowed. A refusal for another reason comes after that was found.
fn of_permission<T>(action: &str, answer: &Result<T, Failure>) -> Check {
    let Err(failure) = answer else { return Check::new(action, Verdict::Ok, "allowed") };
    if failure.is_access_denied() {
        let mut check = Check::of_failure(action, Verdict::Failed, failure);
        check.remedy = check.remedy.or_else(|| Some(remedy::allow(action)));
        return check;
    }
    match (failure.stage, failure.http_status) {
        _ if failure.is_of_credentials() || failure.tells_of_clock() => {
            Check::of_failure(action, Verdict::Failed, failure)
        }
        (Stage::Status, Some(400 | 404)) => Check::new(action, Verdict::Ok, "allowed"),
        (Stage::Status, _) => Check::of_failure(action, Verdict::Warning, failure),
        _ => Check::skipped(action, "there was no answer"),
    }
}

fn of_streaming(called: &Result<u64, Error>) -> Check {
    let action = "bedrock:InvokeModelWithResponseStream";
    match called {
        Ok(_) => Check::new(action, Verdict::Ok, "allowed"),
        Err(error) => match error.class {
            ErrorClass::PermissionDenied | ErrorClass::Unauthenticated => {
                Check::of_error(action, Verdict::Failed, error)
            }
            ErrorClass::Network | ErrorClass::Timeout => Check::skipped(action, "there was no answer"),
            _ => Check::new(action, Verdict::Ok, "allowed"),
        },
    }
}

/// An API key is good for nothing without an action of its own.
fn of_api_key(account: &Account, refusals: &[Option<&Failure>]) -> Check {
    let action = "bedrock:CallWithBearerToken";
    if account.problem.is_some() || account.found.as_deref() != Some("Bedrock API key") {
        return Check::skipped(action, "no API key is in use");
    }
    let is_it = |failure: &&&Failure| failure.denied_action().as_deref() == Some(action);
    match refusals.iter().flatten().find(is_it) {
        Some(failure) => Check::of_failure(action, Verdict::Failed, failure),
        None => Check::new(action, Verdict::Ok, "allowed, as far as anything was"),
    }
}

fn of_guardrail(bridge: &Bridge, called: Option<&Result<u64, Error>>) -> Check {
    let action = "bedrock:ApplyGuardrail";
    match (bridge.guardrail(), called) {
        (None, _) => Check::skipped(action, "no guardrail is configured"),
        (Some(_), None) => Check::skipped(action, "no model was named: give --model"),
        (Some(_), Some(Ok(_))) => Check::new(action, Verdict::Ok, "allowed"),
        (Some(_), Some(Err(error))) if error.message.contains(action) => {
            Check::of_error(action, Verdict::Failed, error)
        }
        (Some(_), Some(Err(_))) => Check::skipped(action, "the call failed before it"),
    }
}

/// The model that is meant by an id.
struct Target {
    /// The id as the service spells it.
    id: String,
    /// What keeps the account from it.
    obstacles: Result<Vec<String>, Failure>,
}

impl Target {
    /// Looks the model up, behind its profile if it is one, with and without the `:0` that is often mistaken.
    async fn find(bridge: &Bridge, id: &str) -> Self {
        let clients = bridge.clients();
        let other = id.strip_suffix(":0").map_or_else(|| format!("{id}:0"), str::to_owned);
        let mut first = None;
        for id in [id, &other] {
            let base = match id.rsplit_once("foundation-model/") {
                Some((_, id)) => id.to_owned(),
                None => match probe::get_profile(clients, id).await.answer {
                    Ok(Some(base)) => base,
                    // It is no profile, or it may not be looked up.
                    _ => id.to_owned(),
                },
            };
            let obstacles = probe::obstacles(clients, &base).await.answer;
            let is_unknown = obstacles.as_ref().is_err_and(is_of_unknown_model);
            let target = Self { id: id.to_owned(), obstacles };
            if !is_unknown {
                return target;
            }
            first.get_or_insert(target);
        }
        // Neither is known: what was asked for is what is told of.
        first.unwrap_or_else(|| Self { id: id.to_owned(), obstacles: Ok(Vec::new()) })
    }
}

fn is_of_unknown_model(failure: &Failure) -> bool {
    matches!(failure.http_status, Some(400 | 404))
}

fn of_entitlement(target: &Target) -> Check {
    let name = "entitlement";
    match &target.obstacles {
        Ok(obstacles) if obstacles.is_empty() => {
            Check::new(name, Verdict::Ok, format!("this account may use {}", target.id))
        }
        Ok(obstacles) => Check {
            remedy: Some(
                "open Model access in the Bedrock console of this region: accept the model's agreement, or ask \
                 for access; or choose another region"
                    .into(),
            ),
            ..Check::new(name, Verdict::Failed, obstacles.join(", "))
        },
        Err(failure) if is_of_unknown_model(failure) => Check::of_failure(name, Verdict::Failed, failure),
        // What the model can do is not told by whether this may be asked.
        Err(failure) => Check::of_failure(name, Verdict::Warning, failure),
    }
}

/// A call of one token through the plugin; some models answer no fewer than sixteen. Gives the tokens used.
async fn call(host: &Host, model: &str) -> Result<u64, Error> {
    let mut last = Err(Error::new(ErrorClass::Internal, "the model was not called"));
    for tokens in [1, 16] {
        let mut answer = host.stream(Request::new(model).user("Say OK.").max_tokens(tokens));
        while let Some(event) = answer.next().await {
            match event {
                Event::Done { message, .. } => return Ok(message.usage.total_tokens),
                Event::Error { error } => last = Err(*error),
                _ => {}
            }
        }
        if !matches!(&last, Err(error) if error.class == ErrorClass::InvalidRequest) {
            break;
        }
    }
    last
}
