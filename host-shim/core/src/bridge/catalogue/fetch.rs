//! Asks Bedrock for its lists.

use std::time::Duration;

use aws_sdk_bedrock::types::InferenceProfileType;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::listing::{List, Lists, Missed, now};
use crate::bridge::bounded::MOST_WHOLE_BYTES;
use crate::bridge::call::Exchange;
use crate::bridge::clients::Clients;
use crate::bridge::failure::{Failure, Stage};

/// The most that one list may take.
const LISTING_TIME: Duration = Duration::from_secs(30);
/// Profiles a page: the most that Bedrock gives.
const PAGE: i32 = 1000;
/// No account has as many pages; what goes on for ever is broken.
const MOST_PAGES: usize = 50;

/// What must be allowed, as IAM names it.
const LIST_MODELS: &str = "bedrock:ListFoundationModels";
const LIST_PROFILES: &str = "bedrock:ListInferenceProfiles";

/// All lists, asked for at once.
pub(crate) async fn fetch(clients: &Clients) -> Lists {
    let (models, system, application) = tokio::join!(
        bounded(clients.renewing(|| models(clients))),
        bounded(clients.renewing(|| profiles(clients, InferenceProfileType::SystemDefined))),
        bounded(clients.renewing(|| profiles(clients, InferenceProfileType::Application))),
    );
    let asked_at = now();
    let mut missed = Vec::new();
    let mut list = |action: &str, entries: Result<Vec<Box<RawValue>>, Failure>| match entries {
        Ok(entries) => Some(List { fetched_at: asked_at, entries }),
        Err(failure) => {
            missed.push(Missed { action: action.to_owned(), failure });
            None
        }
    };
    Lists {
        models: list(LIST_MODELS, models),
        system_profiles: list(LIST_PROFILES, system),
        application_profiles: list(LIST_PROFILES, application),
        asked_at,
        missed,
    }
}

async fn bounded<T>(listing: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // The SDK's futures are tens of kilobytes large, and callers join several of them.
    tokio::time::timeout(LISTING_TIME, Box::pin(listing)).await.unwrap_or_else(|_| {
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
    let mut all: Vec<Box<RawValue>> = Vec::new();
    let mut bytes = 0;
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let exchange = Exchange::listening();
        // Without a type the service lists its own profiles only.
        let page = client.list_inference_profiles().type_equals(kind.clone()).max_results(PAGE);
        let page = page.set_next_token(token.take());
        let sent = exchange.clone().during(page.send()).await;
        let answer: Answer = read(exchange, sent.err().map(|error| Failure::from_sdk(&error)))?;
        let entries = answer.inference_profile_summaries.unwrap_or_default();
        bytes += entries.iter().map(|entry| entry.get().len()).sum::<usize>();
        if bytes > MOST_WHOLE_BYTES {
            let most = MOST_WHOLE_BYTES >> 20;
            return Err(Failure::new(
                Stage::Stream,
                format!("the listing of profiles is longer than {most} MiB"),
            ));
        }
        all.extend(entries);
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
