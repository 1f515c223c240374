//! What the real service refuses, as rules over a model id and a Converse body.
//!
//! The simulator applies them when it was built with [`Builder::enforce_rules`](crate::Builder::enforce_rules).
//! Each rule says where it is known from: a recorded answer of the service, the service's own model, a
//! document, or a public thread that quotes the refusal. What is known of families and models stands in two
//! tables ([`families`], [`models`]) that share nothing with the plugin under test: a judge that reads the
//! accused's notes proves nothing. Where sources disagree, a recorded answer wins; where nothing is known of a
//! model, only the general rules hold, so a rule may be missing, but a refusal has a reason.

mod caching;
mod documents;
mod families;
mod family;
mod fields;
mod inference;
mod listing;
mod media;
mod members;
mod model;
mod models;
mod output;
mod reasoning;
mod results;
mod schemas;
mod text;
mod tools;
mod turns;
mod view;

use serde_json::Value;

use crate::Operation;
use model::Model;
use view::Request;

pub use listing::rule_listing;

/// One thing that the service refuses.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, in words joined by hyphens.
    pub name: &'static str,
    /// What is refused.
    pub about: &'static str,
    /// Where this is known from.
    pub source: &'static str,
    /// The message of the refusal, where a request breaks the rule.
    refuses: fn(&Request<'_>) -> Option<String>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the rule that it breaks.
    pub rule: &'static str,
    /// Where that rule is known from.
    pub source: &'static str,
    /// The ValidationException's message.
    pub message: String,
}

/// The groups of rules, in the order in which they are applied: what the service checks itself before what
/// it leaves to models.
const GROUPS: &[&[Rule]] = &[
    members::RULES,
    turns::BASIC,
    text::RULES,
    tools::BASIC,
    turns::RULES,
    tools::RULES,
    schemas::RULES,
    results::RULES,
    documents::RULES,
    media::RULES,
    caching::RULES,
    inference::RULES,
    fields::RULES,
    reasoning::RULES,
    output::RULES,
];

/// Those that hold in every simulator, whether it enforces all or not.
const ALWAYS: &[&[Rule]] = &[turns::BASIC, text::ALWAYS, tools::BASIC];

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().copied().flatten()
}

/// Says whether the real service would refuse this body for this model. `id` is a model's or profile's id or
/// ARN; of one that hides its model (an application profile) only what holds for every model is checked.
///
/// # Errors
///
/// The first rule that the request breaks.
pub fn check(operation: Operation, id: &str, body: &Value) -> Result<(), Refusal> {
    apply(GROUPS, operation, id, body)
}

/// Those rules alone without which no scenario could read the request.
pub(crate) fn check_always(id: &str, body: &Value) -> Result<(), Refusal> {
    apply(ALWAYS, Operation::Converse, id, body)
}

fn apply(groups: &[&'static [Rule]], operation: Operation, id: &str, body: &Value) -> Result<(), Refusal> {
    let model = Model::of(id);
    let request = Request { operation, id, model: &model, body };
    let broken = |rule: &'static Rule| {
        let message = (rule.refuses)(&request)?;
        Some(Refusal { rule: rule.name, source: rule.source, message })
    };
    match groups.iter().copied().flatten().find_map(broken) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
