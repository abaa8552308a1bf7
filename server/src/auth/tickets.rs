//! One-time tickets: a browser cannot put a header on a socket, and a token does not belong in a URL.
//!
//! Kept in memory only, as hashes: the map is searched by a hash, so its timing tells nothing about a ticket.

use super::{caller::Holder, secret};
use runtime::store::keys::Hash;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a ticket is good for.
pub(crate) const LIFE: Duration = Duration::from_secs(30);
/// Unused tickets of one token. One more takes the place of its oldest.
const MAX_EACH: usize = 16;
/// Unused tickets in all. One more takes the place of the oldest.
const MAX_ALL: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<HashMap<Hash, Held>>);

#[derive(Debug)]
struct Held {
    holder: Arc<Holder>,
    until: Instant,
}

impl Tickets {
    /// A ticket with the rights of this holder.
    pub(super) fn issue(&self, holder: &Arc<Holder>) -> String {
        let now = Instant::now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, h| h.until > now);
        if held.values().filter(|h| h.holder.id == holder.id).count() >= MAX_EACH {
            drop_oldest(&mut held, |h| h.holder.id == holder.id);
        } else if held.len() >= MAX_ALL {
            drop_oldest(&mut held, |_| true);
        }
        let ticket = secret::random();
        held.insert(secret::hash(&ticket), Held { holder: Arc::clone(holder), until: now + LIFE });
        ticket
    }

    /// Takes a ticket. `None` where it is unknown, used, or too old, or where the token behind it has ended since.
    pub(super) fn redeem(&self, ticket: &str) -> Option<Arc<Holder>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&secret::hash(ticket))?;
        (held.until > Instant::now() && !held.holder.ended.is_cancelled()).then_some(held.holder)
    }
}

fn drop_oldest(held: &mut HashMap<Hash, Held>, of: impl Fn(&Held) -> bool) {
    let oldest = held.iter().filter(|(_, h)| of(h)).min_by_key(|(_, h)| h.until).map(|(hash, _)| *hash);
    if let Some(hash) = oldest {
        held.remove(&hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::store::keys::KeyId;
    use tokio_util::sync::CancellationToken;

    fn holder(id: &str) -> Arc<Holder> {
        let (id, ended) = (KeyId::parse(id).unwrap(), CancellationToken::new());
        Arc::new(Holder { id, name: String::new(), scopes: Vec::new(), ended })
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_admits_once_and_not_for_long() {
        let tickets = Tickets::default();
        let one = holder("alpha");
        let ticket = tickets.issue(&one);
        assert!(tickets.redeem(&ticket).is_some());
        assert!(tickets.redeem(&ticket).is_none(), "used");
        let late = tickets.issue(&one);
        tokio::time::advance(LIFE).await;
        assert!(tickets.redeem(&late).is_none(), "too old");
        let revoked = tickets.issue(&one);
        one.ended.cancel();
        assert!(tickets.redeem(&revoked).is_none(), "its token has ended");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_for_many_pushes_out_only_its_own() {
        let tickets = Tickets::default();
        let (greedy, modest) = (holder("alpha"), holder("beta"));
        let kept = tickets.issue(&modest);
        let first = tickets.issue(&greedy);
        for _ in 0..MAX_EACH {
            tokio::time::advance(Duration::from_millis(1)).await;
            tickets.issue(&greedy);
        }
        assert!(tickets.redeem(&first).is_none());
        assert!(tickets.redeem(&kept).is_some());
    }
}
