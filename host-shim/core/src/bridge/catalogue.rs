//! The discovery cache: what Bedrock last listed, as the bytes it answered with.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_bedrock::types::InferenceProfileType;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::call::Exchange;
use super::clients::Clients;
use super::failure::{Failure, Stage};

/// How long a listing is taken for fresh.
const FRESH: Duration = Duration::from_secs(3600);
/// The most that one listing may take.
const LISTING_TIME: Duration = Duration::from_secs(30);
/// Profiles a page: the most that Bedrock gives.
const PAGE: i32 = 1000;
/// No account has as many pages; what goes on for ever is broken.
const MOST_PAGES: usize = 50;

/// What Bedrock listed.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) region: String,
    /// Seconds since the Unix epoch.
    pub(crate) fetched_at: u64,
    /// `modelSummaries`, as JSON.
    pub(crate) foundation_models: Vec<u8>,
    /// `inferenceProfileSummaries` of all pages, as JSON.
    pub(crate) inference_profiles: Vec<u8>,
    pub(crate) failures: Vec<Failure>,
    /// Every entry by its ids and ARNs.
    entries: HashMap<String, Arc<str>>,
    since: Instant,
}

impl Listing {
    /// An entry by id or ARN, as JSON.
    pub(crate) fn entry(&self, id: &str) -> Option<&str> {
        self.entries.get(id).map(AsRef::as_ref)
    }
}

/// Keeps the last listing.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    last: RwLock<Option<Arc<Listing>>>,
    /// Held by whoever fetches, so that all others wait for that one answer.
    fetching: Mutex<()>,
}

impl Catalogue {
    /// What is cached, however old.
    pub(crate) fn cached(&self) -> Option<Arc<Listing>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A listing that is fresh, fetched if need be.
    pub(crate) async fn fresh(&self, clients: &Clients) -> Arc<Listing> {
        // A listing that lacks something is shown, and asked for again the next time.
        let is_fresh =
            |listing: &Arc<Listing>| listing.failures.is_empty() && listing.since.elapsed() < FRESH;
        if let Some(listing) = self.cached().filter(is_fresh) {
            return listing;
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(listing) = self.cached().filter(is_fresh) {
            return listing;
        }
        let listing = Arc::new(fetch(clients).await);
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(listing.clone());
        listing
    }
}

async fn fetch(clients: &Clients) -> Listing {
    let (models, system, application) = tokio::join!(
        bounded(clients.renewing(async || models(clients).await)),
        bounded(clients.renewing(async || profiles(clients, InferenceProfileType::SystemDefined).await)),
        bounded(clients.renewing(async || profiles(clients, InferenceProfileType::Application).await)),
    );
    let mut failures = Vec::new();
    let mut entries = HashMap::new();
    let mut joined = |parts: Vec<Result<Vec<Box<RawValue>>, Failure>>| {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Ok(part) => all.extend(part),
                Err(failure) => failures.push(failure),
            }
        }
        for entry in &all {
            index(entry, &mut entries);
        }
        // Cannot fail: it is JSON already.
        serde_json::to_vec(&all).unwrap_or_default()
    };
    let foundation_models = joined(vec![models]);
    let inference_profiles = joined(vec![system, application]);
    Listing {
        region: clients.region().await,
        fetched_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        foundation_models,
        inference_profiles,
        failures,
        entries,
        since: Instant::now(),
    }
}

async fn bounded<T>(listing: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(LISTING_TIME, listing).await.unwrap_or_else(|_| {
        let seconds = LISTING_TIME.as_secs();
        Err(Failure::new(Stage::Timeout, format!("the listing took more than {seconds} s")))
    })
}

async fn models(clients: &Clients) -> Result<Vec<Box<RawValue>>, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        #[serde(default)]
        model_summaries: Option<Vec<Box<RawValue>>>,
    }
    let exchange = Exchange::listening();
    let list = clients.control(None).await.list_foundation_models();
    let sent = exchange.clone().during(list.send()).await;
    let answer: Answer = read(exchange, sent.err().map(|error| Failure::from_sdk(&error)))?;
    Ok(answer.model_summaries.unwrap_or_default())
}

async fn profiles(clients: &Clients, kind: InferenceProfileType) -> Result<Vec<Box<RawValue>>, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        #[serde(default)]
        inference_profile_summaries: Option<Vec<Box<RawValue>>>,
        #[serde(default)]
        next_token: Option<String>,
    }
    let client = clients.control(None).await;
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let exchange = Exchange::listening();
        // Without a type the service lists its own profiles only.
        let page = client.list_inference_profiles().type_equals(kind.clone()).max_results(PAGE);
        let page = page.set_next_token(token.take());
        let sent = exchange.clone().during(page.send()).await;
        let answer: Answer = read(exchange, sent.err().map(|error| Failure::from_sdk(&error)))?;
        all.extend(answer.inference_profile_summaries.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
    Err(Failure::new(Stage::Stream, format!("the listing of profiles has more than {MOST_PAGES} pages")))
}

fn read<T: for<'de> Deserialize<'de>>(exchange: Exchange, failure: Option<Failure>) -> Result<T, Failure> {
    match (exchange.into_body(), failure) {
        (Some(body), _) => serde_json::from_slice(&body)
            .map_err(|error| Failure::new(Stage::Stream, format!("the listing cannot be read: {error}"))),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Failure::new(Stage::Stream, "the listing had no body")),
    }
}

/// Enters an entry under its ids and ARNs.
fn index(entry: &RawValue, entries: &mut HashMap<String, Arc<str>>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Names {
        model_id: Option<String>,
        model_arn: Option<String>,
        inference_profile_id: Option<String>,
        inference_profile_arn: Option<String>,
    }
    let Ok(names) = serde_json::from_str::<Names>(entry.get()) else { return };
    let text: Arc<str> = entry.get().into();
    let names = [names.model_id, names.model_arn, names.inference_profile_id, names.inference_profile_arn];
    for name in names.into_iter().flatten() {
        entries.entry(name).or_insert_with(|| text.clone());
    }
}
