//! The bridge: Amazon Bedrock for a plugin that has no network and no keys.
//!
//! It knows AWS (credentials, regions, endpoints, signing, frames, listings) and nothing of what
//! a Converse body means.

pub(crate) mod body;
mod bounded;
pub(crate) mod call;
pub(crate) mod catalogue;
pub(crate) mod clients;
pub(crate) mod credentials;
pub(crate) mod failure;
pub(crate) mod frames;
pub(crate) mod headers;
pub(crate) mod identity;
pub(crate) mod model_id;
pub(crate) mod probe;
mod profiles;
mod region;
pub(crate) mod remedy;
pub(crate) mod retry;
mod template;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use body::{Draft, Imposed, Part};
use call::{Call, Operation, Order};
use catalogue::Catalogue;
use clients::{Access, Clients};
use failure::{Failure, Stage};
use model_id::ModelId;
use retry::{Budget, Retries};

use crate::observe::Watch;

/// What a host shares with all streams of a plugin.
#[derive(Debug)]
pub(crate) struct Bridge {
    clients: Arc<Clients>,
    catalogue: Catalogue,
    /// What every request must carry.
    imposed: Arc<Imposed>,
    /// For one stream.
    attempts: u32,
    budget: Arc<Budget>,
}

/// How models are discovered.
#[derive(Debug)]
pub(crate) struct Discovery {
    /// Without it nothing is listed, and nothing that was is shown.
    pub(crate) is_on: bool,
    /// How long a listing is fresh. Zero: nothing is kept from one call to the next, and no call is shared.
    pub(crate) fresh: Duration,
    /// For listings. Only this user can write to it. None where nothing is to be kept on disk.
    pub(crate) folder: Option<PathBuf>,
}

/// What the caller brought, against which a plugin's calls are held.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Without the routing prefix.
    pub(crate) model_id: String,
    pub(crate) conversation_id: Option<String>,
    pub(crate) storage: Arc<BTreeSet<String>>,
    /// To be told what becomes of the calls, where anybody observes the stream.
    pub(crate) watch: Option<Watch>,
    /// A region in place of the instance's own, for ids that name none.
    pub(crate) region: Option<String>,
    /// How long the first content is waited for.
    pub(crate) patience: Option<Duration>,
    /// Retries of the stream so far.
    pub(crate) retries: Arc<AtomicU32>,
}

impl Bridge {
    pub(crate) fn new(access: Access, imposed: Imposed, attempts: u32, discovery: Discovery) -> Self {
        let clients = Arc::new(Clients::new(access));
        Self {
            catalogue: Catalogue::new(clients.clone(), discovery),
            clients,
            imposed: Arc::new(imposed),
            attempts,
            budget: Arc::default(),
        }
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The guardrail that every request must carry: its id or ARN, and its version.
    pub(crate) fn guardrail(&self) -> Option<(&str, &str)> {
        let guardrail = self.imposed.get("guardrailConfig")?;
        let text = |member: &str| guardrail.get(member)?.as_str();
        Some((text("guardrailIdentifier")?, text("guardrailVersion")?))
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the cached listing has of a model or profile, as JSON.
    fn entry(&self, id: &str) -> Option<String> {
        self.catalogue.cached()?.entry(id).map(str::to_owned)
    }

    /// Whether a plugin that serves this request has to do with a model.
    pub(crate) fn concerns(&self, brought: &Brought, model_id: &str) -> bool {
        match (ModelId::parse(model_id), ModelId::parse(&brought.model_id)) {
            (Ok(id), Ok(asked)) => id.is_same_model(&asked, |id| self.entry(id)),
            _ => false,
        }
    }

    /// Checks what a plugin wants sent, and sends it. What is refused is a call that has failed.
    pub(crate) fn start(
        &self,
        brought: &Brought,
        operation: &str,
        model_id: &str,
        parts: Vec<Part>,
        delay: Duration,
    ) -> Call {
        self.order(brought, operation, model_id, parts, delay).map_or_else(
            |message| {
                tracing::warn!("{message}");
                Call::failed(Failure::new(Stage::Refused, message))
            },
            |order| {
                let retries = Retries::new(self.attempts, brought.retries.clone(), self.budget.clone());
                Call::new(self.clients.clone(), order, retries)
            },
        )
    }

    fn order(
        &self,
        brought: &Brought,
        operation: &str,
        model_id: &str,
        parts: Vec<Part>,
        delay: Duration,
    ) -> Result<Order, String> {
        let operation = Operation::from_name(operation)
            .ok_or_else(|| format!("there is no operation {operation:.40?} on the bridge"))?;
        let id = ModelId::parse(model_id).map_err(str::to_owned)?;
        let asked = ModelId::parse(&brought.model_id).map_err(str::to_owned)?;
        if !id.may_stand_for(&asked, |id| self.entry(id)) {
            return Err(format!(
                "the plugin asked for {model_id:?}, which is not the requested model or lies elsewhere"
            ));
        }
        let imposed = match operation {
            Operation::GetInferenceProfile => None,
            // Counting takes no guardrail and no metadata.
            Operation::CountTokens => Some(Arc::default()),
            Operation::Converse | Operation::ConverseStream => Some(self.imposed.clone()),
        };
        let body = imposed.map(|imposed| Draft { parts, imposed, brought: brought.storage.clone() });
        Ok(Order {
            operation,
            model_id: model_id.to_owned(),
            region: id.region().map(str::to_owned).or_else(|| brought.region.clone()),
            body,
            delay,
            watch: brought.watch.clone(),
            patience: brought.patience,
        })
    }
}
