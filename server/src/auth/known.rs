//! Keys and sessions in use, read from the store when they are first shown and kept current by one task.
//!
//! Every entry follows the file: twice a second [`Known::watch`] asks SQLite whether another process has written, reads
//! what is in use again, and ends what is no longer good. So `terrarium token revoke` takes effect within a second, and a
//! request that shows a known key costs no disk.

use super::{caller::Holder, secret};
use crate::error::Error;
use runtime::{
    Store, StoreError, clock,
    store::keys::{Hash, KeyId},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use wire::Timestamp;

/// How often what is in use is compared with the file.
const CHECK_EVERY: Duration = Duration::from_millis(500);
/// How long something unused is remembered.
const IDLE: Duration = Duration::from_secs(60);
/// Most that is remembered. One more ends another, and who held that has to show it again.
const MAX: usize = 4096;
/// How exactly `last_used` is kept; it costs a write to disk.
const NOTE_EVERY_MS: u64 = 60_000;
/// How long a session lives after it was last used.
const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How exactly that is kept.
const EXTEND_EVERY_MS: i64 = 24 * 3600 * 1000;

/// What can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Token(KeyId),
    Session(KeyId),
}

#[derive(Debug)]
pub(super) struct Known {
    store: Store,
    entries: Mutex<HashMap<Key, Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    holder: Arc<Holder>,
    hash: Hash,
    /// When it ends by itself.
    expires: Option<Timestamp>,
    /// When its use was last noted on disk.
    noted: Option<Timestamp>,
    /// The state of the file that this was read from.
    version: i64,
    used: Instant,
}

impl Known {
    pub(super) fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store, entries: Mutex::default() })
    }

    /// The holder of a key, where there is such a key, it is good, and this is its secret.
    pub(super) async fn open(&self, key: Key, secret: &str) -> Result<Option<Arc<Holder>>, Error> {
        let known = self.entries().get(&key).cloned();
        let entry = match known {
            Some(entry) => entry,
            None => match self
                .ask({
                    let key = key.clone();
                    move |store| read(store, &key)
                })
                .await?
            {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        let now = clock::wall();
        let good = secret::same(&secret::hash(secret), &entry.hash)
            && entry.expires.is_none_or(|end| now < end)
            && !entry.holder.ended.is_cancelled();
        if !good {
            return Ok(None);
        }
        let noted = entry.noted.is_some_and(|then| now.millis_since(then) < NOTE_EVERY_MS);
        let entry = self.remember(&key, Entry { noted: if noted { entry.noted } else { Some(now) }, ..entry });
        if !noted {
            // A note that cannot be written, on a full disk perhaps, is in the log and keeps nobody out.
            let _ = self.note(key, &entry, now).await;
        }
        Ok(Some(entry.holder))
    }

    /// Ends what is shown no more, such as a session that was signed out.
    pub(super) fn end(&self, key: &Key) {
        if let Some(entry) = self.entries().remove(key) {
            entry.holder.ended.cancel();
        }
    }

    /// Follows the file until `stopping`.
    pub(super) async fn watch(self: Arc<Self>, stopping: CancellationToken) {
        let mut tick = interval(CHECK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(tick.tick()).await.is_some() {
            self.drop_what_has_ended(clock::wall());
            if let Err(error) = self.compare().await {
                // Nobody stays in on trust: whoever is signed in has to show it again, and that asks the file.
                tracing::error!(%error, "tokens in use cannot be checked; all of them have to be shown again");
                self.entries().drain().for_each(|(_, entry)| entry.holder.ended.cancel());
            }
        }
    }

    /// Runs something on the store, off the async threads.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || question(&store)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(%error, "tokens cannot be read or written");
                Err(Error::Internal)
            }
            Err(error) => {
                tracing::error!(%error, "a question to the store did not end");
                Err(Error::Internal)
            }
        }
    }

    /// Reads again what was read from another state of the file.
    async fn compare(&self) -> Result<(), Error> {
        if self.entries().is_empty() {
            return Ok(());
        }
        let version = self.ask(Store::data_version).await?;
        let stale: Vec<Key> =
            self.entries().iter().filter(|(_, e)| e.version != version).map(|(key, _)| key.clone()).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let read = self
            .ask(move |store| {
                stale.into_iter().map(|key| Ok((read(store, &key)?, key))).collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        let mut entries = self.entries();
        for (found, key) in read {
            match (found, entries.get_mut(&key)) {
                (Some(found), Some(entry)) => {
                    (entry.version, entry.expires) = (found.version, found.expires);
                }
                (None, Some(entry)) => {
                    entry.holder.ended.cancel();
                    entries.remove(&key);
                }
                (_, None) => {}
            }
        }
        Ok(())
    }

    fn drop_what_has_ended(&self, now: Timestamp) {
        self.entries().retain(|_, entry| {
            let over = entry.expires.is_some_and(|end| now >= end);
            if over {
                entry.holder.ended.cancel();
            }
            // Ours is the one count: nobody else holds it, so nobody misses its end.
            !over && (Arc::strong_count(&entry.holder) > 1 || entry.used.elapsed() < IDLE)
        });
    }

    /// Keeps an entry. Where there is one by now, it stays, because others hold its end.
    fn remember(&self, key: &Key, fresh: Entry) -> Entry {
        let mut entries = self.entries();
        if !entries.contains_key(key) && entries.len() >= MAX {
            let unused = entries.iter().min_by_key(|(_, e)| (Arc::strong_count(&e.holder) > 1, e.used));
            if let Some(entry) = unused.map(|(key, _)| key.clone()).and_then(|key| entries.remove(&key)) {
                entry.holder.ended.cancel();
            }
        }
        let noted = fresh.noted;
        let entry = entries.entry(key.clone()).or_insert(fresh);
        (entry.noted, entry.used) = (noted, Instant::now());
        entry.clone()
    }

    /// Writes down that a key was used, which from time to time extends its session.
    async fn note(&self, key: Key, entry: &Entry, now: Timestamp) -> Result<(), Error> {
        let id = entry.holder.id.clone();
        let end = later(now);
        let near = entry.expires.is_some_and(|old| end.as_millis() - old.as_millis() > EXTEND_EVERY_MS);
        let extend = match key {
            Key::Session(session) if near => Some(session),
            Key::Session(_) | Key::Token(_) => None,
        };
        // The entry learns of its new end when the file next changes by another hand, long before the old end.
        self.ask(move |store| {
            store.key_used(&id, now)?;
            extend.map_or(Ok(()), |session| store.extend_session(&session, end))
        })
        .await
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a session that is used now.
pub(super) fn later(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis() + i64::try_from(SESSION_LIFE.as_millis()).unwrap_or(0))
}

/// What the file says of a key, where it is good.
fn read(store: &Store, key: &Key) -> Result<Option<Entry>, StoreError> {
    // Before the row: what is written in between then counts as not seen.
    let version = store.data_version()?;
    let now = clock::wall();
    let (record, hash, expires) = match key {
        Key::Token(id) => match store.key(id)? {
            Some((record, hash)) => {
                let expires = record.expires;
                (record, hash, expires)
            }
            None => return Ok(None),
        },
        Key::Session(id) => match store.session(id)? {
            Some((session, hash)) => {
                let ends = session.key.expires.map_or(session.expires, |end| end.min(session.expires));
                (session.key, hash, Some(ends))
            }
            None => return Ok(None),
        },
    };
    if !record.is_good(now) || expires.is_some_and(|end| now >= end) {
        return Ok(None);
    }
    let holder = Holder { id: record.id, name: record.name, scopes: record.scopes, ended: CancellationToken::new() };
    let (holder, noted, used) = (Arc::new(holder), record.last_used, Instant::now());
    Ok(Some(Entry { holder, hash, expires, noted, version, used }))
}
