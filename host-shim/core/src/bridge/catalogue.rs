//! The discovery cache: what Bedrock last listed, as the bytes it answered with, in memory and on disk.
//!
//! What is fresh is shown. What is stale is shown too, while one refresh runs behind it. What failed is
//! not asked for again for a while, and the failure shown; a list that could not be had is no empty one.

mod fetch;
mod listing;
mod store;

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use tokio::sync::{Mutex as AsyncMutex, OnceCell, OwnedMutexGuard};

use super::Discovery;
use super::clients::Clients;
use listing::{Age, Lists, now};
pub(crate) use listing::{Listing, Missed};
use store::{Key, Store};

/// Keeps the listing of one place and identity. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients: Arc<Clients>,
    discovery: Discovery,
    /// Where and whose. Found once.
    place: OnceCell<Place>,
    last: RwLock<Option<Arc<Listing>>>,
    /// Held by whoever asks Bedrock, so that all others wait for that one answer.
    asking: Arc<AsyncMutex<()>>,
    /// How often Bedrock was asked, or another process's answer taken.
    answers: AtomicU64,
    /// Whether the disk was looked at by somebody who could not wait.
    looked: Mutex<bool>,
}

#[derive(Debug)]
struct Place {
    region: String,
    /// None where nothing is kept on disk.
    store: Option<Store>,
}

impl Catalogue {
    pub(crate) fn new(clients: Arc<Clients>, discovery: Discovery) -> Self {
        Self(Arc::new(Inner {
            clients,
            discovery,
            place: OnceCell::new(),
            last: RwLock::default(),
            asking: Arc::default(),
            answers: AtomicU64::new(0),
            looked: Mutex::default(),
        }))
    }

    /// What is cached, however old. Waits for nothing: the first time, it looks at the disk.
    pub(crate) fn cached(&self) -> Option<Arc<Listing>> {
        if !self.0.discovery.is_on {
            return None;
        }
        self.0.last().or_else(|| {
            let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::replace(&mut *looked, true) {
                // Reads files and asks nobody, so that the first poll ends it.
                let mut place = pin!(self.0.place());
                if let Poll::Ready(place) = place.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    self.0.read(place);
                }
            }
            self.0.last()
        })
    }

    /// The region that is asked, once that is known.
    pub(crate) fn region(&self) -> Option<&str> {
        self.0.place.get().map(|place| place.region.as_str())
    }

    /// A listing: the cached one, refreshed behind the caller's back where it is stale; without any, or where
    /// the caller insists, what Bedrock answers.
    pub(crate) async fn listing(&self, insist: bool) -> Arc<Listing> {
        let inner = &self.0;
        let place = inner.place().await;
        if !inner.discovery.is_on {
            return inner.empty(place);
        }
        if inner.discovery.fresh.is_zero() {
            return inner.keep(place, Box::pin(fetch::fetch(&inner.clients)).await);
        }
        if !insist {
            let known = inner.last().or_else(|| inner.read(place));
            match known.as_ref().map(|known| known.lists.age(now(), inner.discovery.fresh)) {
                Some(Age::Fresh) => return known.unwrap_or_else(|| inner.empty(place)),
                Some(Age::Stale) => {
                    self.refresh_behind();
                    return known.unwrap_or_else(|| inner.empty(place));
                }
                Some(Age::Useless) | None => {}
            }
        }
        let answers = inner.answers.load(Ordering::Acquire);
        let asking = inner.asking.clone().lock_owned().await;
        if inner.answers.load(Ordering::Acquire) == answers {
            inner.refresh(insist, asking).await;
        }
        inner.last().unwrap_or_else(|| inner.empty(place))
    }

    /// Whether a listing is older than it should be.
    pub(crate) fn is_stale(&self, listing: &Listing) -> bool {
        !self.0.discovery.fresh.is_zero() && listing.lists.age(now(), self.0.discovery.fresh) == Age::Stale
    }

    /// Waits until no refresh is under way.
    pub(crate) async fn settled(&self) {
        drop(self.0.asking.lock().await);
    }

    fn refresh_behind(&self) {
        if let Ok(asking) = self.0.asking.clone().try_lock_owned() {
            let inner = self.0.clone();
            tokio::spawn(async move { inner.refresh(false, asking).await });
        }
    }
}

impl Inner {
    fn last(&self) -> Option<Arc<Listing>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn place(&self) -> &Place {
        self.place.get_or_init(|| self.find_place()).await
    }

    async fn find_place(&self) -> Place {
        let region = self.clients.region().await;
        let store = match self.discovery.folder.as_deref().filter(|_| !self.discovery.fresh.is_zero()) {
            Some(folder) => {
                let endpoint = self.clients.control_endpoint().await;
                let identity = self.clients.identity().await;
                Some(Store::new(folder, Key { region: region.clone(), endpoint, identity }))
            }
            None => None,
        };
        Place { region, store }
    }

    /// Takes what the disk has, unless that is older than what is known.
    fn read(&self, place: &Place) -> Option<Arc<Listing>> {
        let lists = place.store.as_ref()?.read()?;
        match self.last() {
            Some(known) if known.lists.asked_at > lists.asked_at => Some(known),
            _ => Some(self.keep(place, lists)),
        }
    }

    fn keep(&self, place: &Place, lists: Lists) -> Arc<Listing> {
        let listing = Arc::new(Listing::new(place.region.clone(), lists));
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(listing.clone());
        listing
    }

    fn empty(&self, place: &Place) -> Arc<Listing> {
        Arc::new(Listing::new(place.region.clone(), Lists::default()))
    }

    /// Asks Bedrock, unless another process has just done so. One at a time: the caller holds `asking`.
    async fn refresh(&self, insist: bool, _asking: OwnedMutexGuard<()>) {
        let place = self.place().await;
        let store = place.store.clone();
        let lock = tokio::task::spawn_blocking(move || store.and_then(|store| store.lock()));
        let _lock = lock.await.ok().flatten();
        let known = self.read(place).or_else(|| self.last());
        let is_fresh =
            known.as_ref().is_some_and(|known| known.lists.age(now(), self.discovery.fresh) == Age::Fresh);
        if insist || !is_fresh {
            let mut lists = Box::pin(fetch::fetch(&self.clients)).await;
            if let Some(known) = &known {
                lists = lists.or_older(&known.lists);
            }
            let listing = self.keep(place, lists);
            if let Some(store) = &place.store
                && let Some(lists) = listing.lists.for_disk()
            {
                store.write(&lists);
            }
        }
        self.answers.fetch_add(1, Ordering::AcqRel);
    }
}
