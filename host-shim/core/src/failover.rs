//! Asking elsewhere where a model cannot answer: the next of an ordered list, and only before any content has
//! reached the caller.
//!
//! Until then the events of an answer are held back, so that the caller sees those of the one that came about, and
//! before them where else was asked.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bridge::model_id;
use crate::observe::Watch;
use crate::stream::State;
use crate::{Error, ErrorClass, Event, Host, Request};

/// The rule of the [`Event::Rewritten`] that tells that another model, profile or region is asked.
pub const MODEL_FALLBACK: &str = "model-fallback";

/// The member of an error's [`details`](Error::details) that lists what was asked.
const TRIED: &str = "tried";

/// Whether what failed so may be answered by another model, through another profile or in another region. What is
/// wrong with a request is wrong everywhere.
fn may_be_answered_elsewhere(class: ErrorClass) -> bool {
    match class {
        // Another provider may have other credentials, another region other rights and models.
        ErrorClass::Unauthenticated
        | ErrorClass::PermissionDenied
        | ErrorClass::ModelNotFound
        | ErrorClass::ModelNotReady
        // Quotas are kept by model and region.
        | ErrorClass::RateLimited
        | ErrorClass::QuotaExceeded
        | ErrorClass::Overloaded
        // The trouble may be one place's.
        | ErrorClass::Timeout
        | ErrorClass::Network
        | ErrorClass::Truncated
        | ErrorClass::Internal => true,
        ErrorClass::InvalidRequest
        | ErrorClass::ContextTooLong
        | ErrorClass::ContentFiltered
        | ErrorClass::Unsupported
        | ErrorClass::Cancelled
        | ErrorClass::Other => false,
    }
}

/// One entry of a list of fallbacks, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// `PROVIDER/ID`
    Model(String),
    /// `profile:GEOGRAPHY`: the same model through that geography's inference profile.
    Profile(String),
    /// `region:REGION`: the same model in that region.
    Region(String),
    /// `fallbacks`: what `agents.defaults.model.fallbacks` lists.
    Configured,
}

impl Fallback {
    /// Reads an entry, or says what is wrong with it.
    pub(crate) fn parse(entry: &str) -> Result<Self, String> {
        let entry = entry.trim();
        if let Some(region) = entry.strip_prefix("region:") {
            let is_region = !region.is_empty()
                && region
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            return match is_region {
                true => Ok(Self::Region(region.to_owned())),
                false => Err(format!("{entry:?} does not name an AWS region, as \"region:us-west-2\" does")),
            };
        }
        if let Some(geography) = entry.strip_prefix("profile:") {
            return match model_id::GEOGRAPHIES.contains(&geography) {
                true => Ok(Self::Profile(geography.to_owned())),
                false => Err(format!(
                    "{entry:?} does not name a geography; there are {}",
                    model_id::GEOGRAPHIES.join(", ")
                )),
            };
        }
        match entry {
            "fallbacks" => Ok(Self::Configured),
            _ if entry.contains('/') => Ok(Self::Model(entry.to_owned())),
            _ => Err(format!(
                "{entry:?} is no fallback: write PROVIDER/ID, profile:GEOGRAPHY, region:REGION or fallbacks"
            )),
        }
    }
}

/// Somewhere to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// With its prefix.
    model: String,
    /// In place of the provider's own.
    region: Option<String>,
}

impl Target {
    /// Where to ask, in order, each place once. What does not fit the model (an ARN names its region and hides its
    /// geography) is left out.
    pub(crate) fn list(
        asked: &Self,
        prefix: &str,
        fallbacks: &[Fallback],
        configured: &[String],
    ) -> Vec<Self> {
        let id = asked.model.get(prefix.len()..).unwrap_or_default().trim();
        let is_arn = id.starts_with("arn:");
        let mut targets: Vec<Self> = Vec::new();
        for fallback in fallbacks {
            let found: Vec<Self> = match fallback {
                Fallback::Model(model) => vec![Self::model(model)],
                Fallback::Configured => configured.iter().map(|model| Self::model(model)).collect(),
                Fallback::Profile(geography) => model_id::in_geography(id, geography)
                    .map(|id| Self::model(&format!("{prefix}{id}")))
                    .into_iter()
                    .collect(),
                Fallback::Region(_) if is_arn => Vec::new(),
                Fallback::Region(region) => {
                    vec![Self { model: asked.model.clone(), region: Some(region.clone()) }]
                }
            };
            for target in found {
                if target != *asked && !targets.contains(&target) {
                    targets.push(target);
                }
            }
        }
        targets
    }

    pub(crate) fn model(model: &str) -> Self {
        Self { model: model.to_owned(), region: None }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.model)?;
        match &self.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// What is left to ask, until the first content.
pub(crate) struct Failover {
    host: Host,
    request: Request,
    /// For the whole answer, wherever it comes from.
    total: Option<Duration>,
    asked: Target,
    left: std::vec::IntoIter<Target>,
    tried: Vec<(Target, Error)>,
    held: VecDeque<Event>,
    /// How many of those tell where else was asked, and stay.
    told: usize,
    /// When the stream was first polled.
    began: Option<Instant>,
    released: bool,
    /// To be told what becomes of the calls, wherever they go.
    watch: Option<Watch>,
}

impl Failover {
    pub(crate) fn new(
        host: Host,
        request: Request,
        total: Option<Duration>,
        asked: Target,
        targets: Vec<Target>,
        watch: Option<Watch>,
    ) -> Self {
        Self {
            host,
            request,
            total,
            asked,
            left: targets.into_iter(),
            tried: Vec::new(),
            held: VecDeque::new(),
            told: 0,
            began: None,
            released: false,
            watch,
        }
    }

    /// An event that may be given now.
    pub(crate) fn released(&mut self) -> Option<Event> {
        self.began.get_or_insert_with(Instant::now);
        if self.released { self.held.pop_front() } else { None }
    }

    /// Whether it has nothing more to do.
    pub(crate) fn is_over(&self) -> bool {
        self.released && self.held.is_empty()
    }

    /// Takes an event. With content, or at the end, there is no way back.
    pub(crate) fn hold(&mut self, event: Event, is_final: bool) {
        self.held.push_back(event);
        self.released |= is_final;
    }

    /// Asks the next one, or gives the error that the stream ends with.
    pub(crate) fn next(&mut self, error: Error) -> Result<State, Error> {
        let spent = self.began.map(|began| began.elapsed()).unwrap_or_default();
        let remaining = self.total.map(|total| total.saturating_sub(spent));
        let next = match remaining {
            Some(Duration::ZERO) => None,
            _ if may_be_answered_elsewhere(error.class) => self.left.next(),
            _ => None,
        };
        let Some(next) = next else { return Err(self.last(error)) };
        tracing::info!(from = %self.asked, to = %next, class = error.class.as_str(), "asking elsewhere");
        // What was said of an answer that did not come about is nobody's.
        self.held.truncate(self.told);
        self.told += 1;
        self.held.push_back(Event::Rewritten {
            rule: MODEL_FALLBACK.to_owned(),
            at: "/model".to_owned(),
            detail: format!(
                "{} could not answer ({}: {}); asking {next}",
                self.asked, error.class, error.message
            ),
        });
        let asked = std::mem::replace(&mut self.asked, next);
        self.tried.push((asked, error));
        let mut request = match self.left.len() {
            0 => std::mem::take(&mut self.request),
            _ => self.request.clone(),
        };
        request.model.clone_from(&self.asked.model);
        request.timeouts.total = remaining.or(request.timeouts.total);
        Ok(self.host.begin(request, self.asked.region.clone(), self.watch.clone()))
    }

    /// The last error, with what was asked before.
    fn last(&mut self, mut error: Error) -> Error {
        if self.tried.is_empty() {
            return error;
        }
        let before: Vec<String> =
            self.tried.iter().map(|(target, error)| format!("{target}: {}", error.class)).collect();
        let told: Vec<Value> = self
            .tried
            .iter()
            .map(|(target, error)| tried(target, error))
            .chain([tried(&self.asked, &error)])
            .collect();
        error.message = format!("{} (asked before: {})", error.message, before.join(", "));
        error.details.insert(TRIED.to_owned(), told.into());
        error
    }
}

fn tried(target: &Target, error: &Error) -> Value {
    json!({
        "model": target.model,
        "region": target.region,
        "class": error.class,
        "message": error.message,
        "providerCode": error.provider_code,
        "requestId": error.request_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(model: &str, entries: &[&str]) -> Vec<String> {
        let fallbacks: Vec<_> =
            entries.iter().map(|entry| Fallback::parse(entry).expect("a fallback")).collect();
        let configured = ["bedrock/a".to_owned(), "work/b".to_owned()];
        let prefix = &model[..=model.find('/').expect("a prefix")];
        Target::list(&Target::model(model), prefix, &fallbacks, &configured)
            .iter()
            .map(Target::to_string)
            .collect()
    }

    #[test]
    fn each_place_is_asked_once_in_its_order() {
        let all = ["profile:global", "region:us-west-2", "work/b", "fallbacks", "profile:us"];
        assert_eq!(
            targets("bedrock/us.anthropic.claude-x", &all),
            [
                "bedrock/global.anthropic.claude-x",
                "bedrock/us.anthropic.claude-x in us-west-2",
                "work/b",
                "bedrock/a"
            ]
        );
        assert_eq!(targets("bedrock/zai.glm-4.7", &["profile:eu"]), ["bedrock/eu.zai.glm-4.7"]);
        // An ARN names its region, and hides its geography.
        let arn = "bedrock/arn:aws:bedrock:us-east-1:1:application-inference-profile/x";
        assert_eq!(targets(arn, &all), ["work/b", "bedrock/a"]);
    }

    #[test]
    fn what_is_no_fallback_is_told() {
        for entry in
            ["", "gpt-4", "region:", "region:a/b", "region:evil.example", "profile:mars", "Fallbacks"]
        {
            assert!(Fallback::parse(entry).is_err(), "{entry}");
        }
    }
}
