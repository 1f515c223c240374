//! What is on offer: the listings of all instances, put together.

use futures_util::future::join_all;
use serde_json::Value;

use crate::bridge::Bridge;
use crate::bridge::catalogue::Missed;
use crate::bridge::remedy;
use crate::instances::{Instance, Route};
use crate::shim::plugin::Plugin;
use crate::{Error, ErrorClass, Host, LeftOut, Model, Result, shim};

/// Models on offer, and what kept others from the list.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Models {
    /// Best first, each id once.
    pub models: Vec<Model>,
    /// What is not on offer, and why.
    pub left_out: Vec<LeftOut>,
    /// What could not be listed the last time, and why: a missing permission, for one.
    pub problems: Vec<Error>,
    /// When the oldest part of this was listed, in seconds since the Unix epoch; 0 where nothing could be.
    pub fetched_at: u64,
    /// Whether some of this comes from the cache and is older than it should be. A refresh is under way then.
    pub is_stale: bool,
}

impl Host {
    /// Lists the models of the AWS account, from the cache where there is one: see
    /// [`HostBuilder::refresh_interval`](crate::HostBuilder::refresh_interval). What is stale is given at
    /// once, and refreshed behind it.
    ///
    /// # Errors
    ///
    /// Where nothing at all could be listed.
    pub async fn models(&self) -> Result<Models> {
        self.listed(false).await
    }

    /// The same, asking AWS whatever is cached.
    ///
    /// # Errors
    ///
    /// As [`models`](Self::models).
    pub async fn refresh_models(&self) -> Result<Models> {
        self.listed(true).await
    }

    /// Waits for the refresh that [`models`](Self::models) may have begun, and gives what it could not list.
    /// A program that is about to end gives it this chance, or the next one finds the same stale listing.
    pub async fn refreshed(&self) -> Vec<Error> {
        let settled = self.instances().iter().map(async |instance: &Instance| {
            let Some(catalogue) = instance.bridge().map(Bridge::catalogue) else { return Vec::new() };
            catalogue.settled().await;
            catalogue.cached().map(|listing| problems(&listing.lists.missed)).unwrap_or_default()
        });
        let all = join_all(settled).await;
        self.instances()
            .iter()
            .zip(all)
            .flat_map(|(instance, problems)| self.named(instance, problems))
            .collect()
    }

    async fn listed(&self, insist: bool) -> Result<Models> {
        let instances = self.instances();
        let mut all = Models::default();
        let listed = join_all(instances.iter().map(|instance| listed(instance, insist))).await;
        for (instance, listed) in instances.iter().zip(listed) {
            let listed =
                listed.unwrap_or_else(|problem| Models { problems: vec![problem], ..Models::default() });
            all.models.extend(listed.models);
            all.left_out.extend(listed.left_out);
            all.problems.extend(self.named(instance, listed.problems));
            all.is_stale |= listed.is_stale;
            all.fetched_at = match (all.fetched_at, listed.fetched_at) {
                (known, 0) => known,
                (0, new) => new,
                (known, new) => known.min(new),
            };
        }
        if all.models.is_empty() && !all.problems.is_empty() {
            Err(all.problems.swap_remove(0))
        } else {
            Ok(all)
        }
    }

    /// All that is known of a model, and where each fact comes from: a JSON object in the plugin's words.
    /// Uses what is cached, and asks nobody.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`] where the id has no known prefix, [`ErrorClass::Unsupported`] where
    /// the plugin does not explain models, [`ErrorClass::Internal`] where it failed.
    pub fn explain_model(&self, model: &str) -> Result<Value> {
        let Route { instance, model_id, .. } = self.route(model)?;
        let explained = instance.plugin()?.explain_model(model_id)?.ok_or_else(|| {
            Error::new(ErrorClass::Unsupported, "this plugin does not explain what it knows of models")
        })?;
        serde_json::from_str(&explained).map_err(|error| {
            Error::new(ErrorClass::Internal, format!("the plugin's explanation is no JSON: {error}"))
        })
    }

    /// Problems that say whose they are, where there are several instances.
    fn named(&self, instance: &Instance, problems: Vec<Error>) -> Vec<Error> {
        let mut problems = problems;
        if self.instances().len() > 1 {
            for problem in &mut problems {
                problem.message = format!("{}: {}", instance.name, problem.message);
            }
        }
        problems
    }
}

/// The models of one instance.
async fn listed(instance: &Instance, insist: bool) -> Result<Models> {
    let plugin = instance.plugin()?;
    let Some(bridge) = &plugin.surroundings().bridge else { return offered(instance, &plugin) };
    let catalogue = bridge.catalogue();
    let listing = catalogue.listing(insist).await;
    if instance.bedrock.is_none() {
        // What Bedrock could not list is told once, by its own.
        return offered(instance, &plugin);
    }
    let problems = problems(&listing.lists.missed);
    match (offered(instance, &plugin), problems.first()) {
        (Ok(offer), Some(problem)) if offer.models.is_empty() => Err(problem.clone()),
        (Ok(offer), _) => Ok(Models {
            problems,
            fetched_at: listing.lists.fetched_at(),
            is_stale: catalogue.is_stale(&listing),
            ..offer
        }),
        // The plugin was told the same failure; here it is known what was asked for.
        (Err(error), Some(problem)) if error.class != ErrorClass::Internal => Err(problem.clone()),
        (Err(error), _) => Err(error),
    }
}

/// What the plugin offers, with the prefix.
fn offered(instance: &Instance, plugin: &Plugin) -> Result<Models> {
    let (offer, prefix) = (plugin.list_models()?, instance.prefix());
    Ok(Models {
        models: offer.models.into_iter().map(|model| shim::model(model, &prefix)).collect(),
        left_out: offer.left_out.into_iter().map(|model| shim::left_out(model, &prefix)).collect(),
        ..Models::default()
    })
}

/// What could not be listed, each thing said once.
fn problems(missed: &[Missed]) -> Vec<Error> {
    let mut problems: Vec<Error> = Vec::new();
    for missed in missed {
        let mut problem = Error::from(&missed.failure);
        if problem.class == ErrorClass::PermissionDenied && problem.remedy.is_none() {
            problem.remedy = Some(remedy::allow(&missed.action));
        }
        problem.message = format!("{}: {}", missed.action, problem.message);
        let is_known = |known: &Error| known.class == problem.class && known.message == problem.message;
        if !problems.iter().any(is_known) {
            problems.push(problem);
        }
    }
    problems
}
