//! The credentials in use: loaded by the SDK's chain, kept until they expire, loaded again when Bedrock no
//! longer believes them.

mod advice;
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

/// Credentials that expire within this time are replaced, if others can be had.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Between two tries to replace credentials that are still good.
const PAUSE: Duration = Duration::from_secs(60);
/// The most that loading may take. A `credential_process` can ask a person.
const LOADING_TIME: Duration = Duration::from_secs(60);
/// The same while there are credentials that are still good, and requests that wait.
const REPLACING_TIME: Duration = Duration::from_secs(5);

/// Gives the SDK its credentials.
///
/// The SDK's own cache cannot be told that the service refuses what it holds; with this in its place it keeps
/// none.
#[derive(Debug)]
pub(crate) struct Held {
    chain: Box<dyn ProvideCredentials>,
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
    /// Holds what this chain gives. It is asked anew for each load.
    pub(crate) fn new(chain: impl ProvideCredentials + 'static) -> Self {
        Self { chain: Box::new(chain), state: Mutex::default(), renewals: AtomicU64::new(0) }
    }

    /// To be taken before a request, for [`renew`](Self::renew) after it.
    pub(crate) fn mark(&self) -> u64 {
        self.renewals.load(Ordering::Acquire)
    }

    /// Reads everything again, after a request that was begun at this mark was refused. Says whether another
    /// try is worth while: there are other credentials now, or an error that tells more. All whose requests
    /// were under way together share one reading.
    pub(crate) async fn renew(&self, mark: u64) -> bool {
        let mut state = self.state.lock().await;
        if self.mark() == mark {
            let fresh = self.load(LOADING_TIME).await;
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
        let limit = if usable.is_some() { REPLACING_TIME } else { LOADING_TIME };
        match (self.load(limit).await, usable) {
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

    async fn load(&self, limit: Duration) -> provider::Result {
        let loaded = tokio::time::timeout(limit, self.chain.provide_credentials()).await;
        loaded.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(limit)))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Gives credentials in turn, the last ones again and again, and counts.
    #[derive(Debug)]
    struct Turns {
        /// The key's id, and for how many more seconds it is good; none is an error.
        turns: Vec<Option<(&'static str, Option<i64>)>>,
        loads: Arc<AtomicUsize>,
    }

    impl ProvideCredentials for Turns {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let turn = self.loads.fetch_add(1, Ordering::AcqRel).min(self.turns.len() - 1);
            future::ProvideCredentials::ready(match self.turns[turn] {
                None => Err(CredentialsError::not_loaded("nothing")),
                Some((id, seconds)) => {
                    let ago = |seconds: i64| {
                        let by = Duration::from_secs(seconds.unsigned_abs());
                        if seconds < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
                    };
                    Ok(Credentials::new(id, "secret", None, seconds.map(ago), "test"))
                }
            })
        }
    }

    fn held(turns: &[Option<(&'static str, Option<i64>)>]) -> (Held, impl Fn() -> usize + use<>) {
        let loads = Arc::new(AtomicUsize::new(0));
        let held = Held::new(Turns { turns: turns.to_vec(), loads: loads.clone() });
        (held, move || loads.load(Ordering::Acquire))
    }

    async fn ids(held: &Held, times: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..times {
            let id = held.credentials().await.map(|credentials| credentials.access_key_id().to_owned());
            ids.push(id.unwrap_or_else(|_| "error".to_owned()));
        }
        ids
    }

    #[tokio::test]
    async fn good_credentials_are_loaded_once() {
        for seconds in [None, Some(3600)] {
            let (held, loads) = held(&[Some(("a", seconds)), Some(("b", None))]);
            assert_eq!((ids(&held, 3).await, loads()), (vec!["a".to_owned(); 3], 1));
        }
    }

    #[tokio::test]
    async fn what_expires_soon_is_replaced_but_not_at_every_request() {
        // The first load is a try as well.
        let (held, loads) = held(&[Some(("a", Some(120))), Some(("b", None))]);
        assert_eq!((ids(&held, 3).await, loads()), (vec!["a".to_owned(); 3], 1));
        held.state.lock().await.tried_at = Some(SystemTime::now() - PAUSE);
        assert_eq!((ids(&held, 2).await, loads()), (vec!["b".to_owned(); 2], 2));
    }

    #[tokio::test]
    async fn what_is_still_good_serves_while_nothing_else_can_be_had() {
        let (held, loads) = held(&[Some(("a", Some(120))), None]);
        assert_eq!(ids(&held, 1).await, ["a"]);
        held.state.lock().await.tried_at = Some(SystemTime::now() - PAUSE);
        assert_eq!((ids(&held, 3).await, loads()), (vec!["a".to_owned(); 3], 2));
    }

    #[tokio::test]
    async fn what_has_expired_serves_nobody() {
        let (held, loads) = held(&[Some(("a", Some(-1))), None, Some(("b", None))]);
        assert_eq!((ids(&held, 3).await, loads()), (vec!["a".into(), "error".into(), "b".into()], 3));
    }

    #[tokio::test]
    async fn those_who_are_refused_together_share_one_reading() {
        let (held, loads) = held(&[Some(("a", None)), Some(("b", None)), Some(("b", None)), None]);
        assert_eq!(ids(&held, 1).await, ["a"]);
        let mark = held.mark();
        let all = tokio::join!(held.renew(mark), held.renew(mark), held.renew(mark));
        assert_eq!((all, loads()), ((true, true, true), 2));
        assert_eq!(ids(&held, 1).await, ["b"]);
        // The next reading gives the same: no other try is worth while.
        let mark = held.mark();
        let both = tokio::join!(held.renew(mark), held.renew(mark));
        assert_eq!((both, loads()), ((false, false), 3));
        // An error tells more than another refusal.
        assert!(held.renew(held.mark()).await);
        assert_eq!(ids(&held, 1).await, ["error"]);
    }
}
