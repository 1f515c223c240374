//! The credentials in use: loaded by the SDK's chain, kept until they expire, loaded again when Bedrock no
//! longer believes them.

pub(crate) mod chain;
pub(crate) mod ec2;
pub(crate) mod origin;
#[cfg(test)]
mod vectors;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::sync::Mutex;

use chain::Chain;

/// Credentials that expire within this time are replaced, if others can be had.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Between two tries to replace credentials that are still good.
const PAUSE: Duration = Duration::from_secs(60);
/// The most that loading may take. A `credential_process` can ask a person.
const LOADING_TIME: Duration = Duration::from_secs(60);

/// Gives the SDK its credentials.
///
/// The SDK's own cache cannot be told that the service refuses what it holds; with this in its place it keeps none.
#[derive(Debug)]
pub(crate) struct Held {
    chain: Chain,
    /// Held while loading, so that one load serves all.
    state: Mutex<State>,
    /// How often credentials that were refused have been looked at again.
    renewals: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Credentials>,
    tried_at: Option<SystemTime>,
    /// What the last renewal came to.
    renewed: bool,
}

impl Held {
    pub(crate) fn new(chain: Chain) -> Self {
        Self { chain, state: Mutex::default(), renewals: AtomicU64::new(0) }
    }

    /// To be taken before a request, for [`renew`](Self::renew) after it.
    pub(crate) fn mark(&self) -> u64 {
        self.renewals.load(Ordering::Acquire)
    }

    /// Reads everything again, after a request that was begun at this mark was refused. Says whether another try is
    /// worth while: there are other credentials now, or an error that tells more. All whose requests were under
    /// way together share one reading.
    pub(crate) async fn renew(&self, mark: u64) -> bool {
        let mut state = self.state.lock().await;
        if self.mark() == mark {
            let fresh = self.load().await;
            state.renewed = match (&fresh, &state.held) {
                (Ok(fresh), Some(held)) => !is_same(fresh, held),
                _ => true,
            };
            state.held = fresh.ok();
            state.tried_at = Some(SystemTime::now());
            self.renewals.fetch_add(1, Ordering::AcqRel);
        }
        state.renewed
    }

    /// The credentials, loaded if need be.
    pub(crate) async fn credentials(&self) -> provider::Result {
        let mut state = self.state.lock().await;
        let now = SystemTime::now();
        let within = |time| move |held: &&Credentials| held.expiry().is_none_or(|expiry| now + time < expiry);
        if let Some(held) = state.held.as_ref().filter(within(EARLY)) {
            return Ok(held.clone());
        }
        let usable = state.held.as_ref().filter(within(Duration::ZERO)).cloned();
        let tried = state.tried_at.and_then(|time| now.duration_since(time).ok());
        if let Some(usable) = usable.as_ref().filter(|_| tried.is_some_and(|ago| ago < PAUSE)) {
            return Ok(usable.clone());
        }
        state.tried_at = Some(now);
        match (self.load().await, usable) {
            (Ok(fresh), _) => {
                state.held = Some(fresh.clone());
                Ok(fresh)
            }
            // They serve for some minutes yet.
            (Err(error), Some(usable)) => {
                let said = super::failure::Failure::of_credentials(&error).message;
                tracing::warn!("the credentials cannot be replaced: {said}");
                Ok(usable)
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn load(&self) -> provider::Result {
        let loaded = tokio::time::timeout(LOADING_TIME, self.chain.load()).await;
        loaded.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(LOADING_TIME)))
    }
}

/// The same key, and the same session of it.
fn is_same(one: &Credentials, other: &Credentials) -> bool {
    let parts = |credentials: &Credentials| {
        [
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token().unwrap_or_default(),
        ]
        .map(str::to_owned)
    };
    parts(one) == parts(other)
}

impl ProvideCredentials for Held {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
