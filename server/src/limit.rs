//! How often one client may do something: a rate and a burst per key, in bounded memory.
//!
//! The generic cell rate algorithm (ITU-T I.371): per key one moment, at which its bucket would be full again. Never
//! waits: it says how long the caller should.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Keys remembered at one time. When there are more, those that have recovered are forgotten, and if none has, the one
/// nearest to it: forgetting can only be kind.
const KEYS_MAX: usize = 4096;

/// A limit per key.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    /// Time that one use costs; `None` where there is no limit.
    cost: Option<Duration>,
    /// How far ahead of now a bucket may be.
    burst: Duration,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash + Clone> RateLimit<K> {
    /// So many uses at once, and then one per `cost`; no limit where the cost is nothing.
    pub(crate) fn new(cost: Duration, burst: u32) -> Self {
        let cost = Some(cost).filter(|c| !c.is_zero());
        Self { cost, burst: cost.unwrap_or_default() * burst.max(1), full_at: Mutex::default() }
    }

    /// So many a second, 0 meaning as many as you like.
    pub(crate) fn per_second(rate: u32, burst: u32) -> Self {
        Self::new(Duration::from_secs(1).checked_div(rate).unwrap_or_default(), burst)
    }

    /// Counts one use, or says how long to wait; then it was not counted.
    pub(crate) fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(cost) = self.cost else { return Ok(()) };
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.get(key).map_or(now, |at| (*at).max(now)) + cost;
        if next > now + self.burst {
            return Err(next - (now + self.burst));
        }
        if !full_at.contains_key(key) && full_at.len() >= KEYS_MAX {
            full_at.retain(|_, at| *at > now);
            let nearest = full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone());
            if let Some(nearest) = nearest.filter(|_| full_at.len() >= KEYS_MAX) {
                full_at.remove(&nearest);
            }
        }
        full_at.insert(key.clone(), next);
        Ok(())
    }

    /// How long [`RateLimit::check`] would ask to wait, without counting.
    pub(crate) fn wait(&self, key: &K) -> Option<Duration> {
        let cost = self.cost?;
        let now = Instant::now();
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.get(key).map_or(now, |at| (*at).max(now)) + cost;
        next.checked_duration_since(now + self.burst).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_at_a_time() {
        let limit = RateLimit::per_second(10, 3);
        assert!((0..3).all(|_| limit.check(&"a").is_ok()));
        assert_eq!(limit.check(&"a"), Err(Duration::from_millis(100)));
        assert_eq!(limit.wait(&"a"), Some(Duration::from_millis(100)));
        assert!(limit.check(&"b").is_ok(), "each key has its own");
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(limit.wait(&"a"), None);
        assert!(limit.check(&"a").is_ok());
        assert!(limit.check(&"a").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_whoever_comes() {
        let limit = RateLimit::per_second(1, 1);
        assert!((0..KEYS_MAX + 100).all(|n| limit.check(&n).is_ok()));
        assert!(limit.full_at.lock().unwrap().len() <= KEYS_MAX);
    }

    #[tokio::test]
    async fn without_a_rate_there_is_no_limit_and_no_memory() {
        let limit = RateLimit::per_second(0, 1);
        assert!((0..1000).all(|_| limit.check(&1).is_ok()));
        assert!(limit.full_at.lock().unwrap().is_empty());
    }
}
