//! Counters of the mirror. Written with relaxed atomics, read by whoever exports them.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the buckets of the `reflect` histogram, in nanoseconds; a last bucket takes the rest.
pub const REFLECT_BUCKETS_NS: [u64; 8] = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000];

/// What the mirror counts.
#[derive(Debug, Default)]
pub struct Stats {
    events: AtomicU64,
    gaps: AtomicU64,
    observers: AtomicU64,
    garden_observers: AtomicU64,
    reflect_ns: AtomicU64,
    reflect_buckets: [AtomicU64; REFLECT_BUCKETS_NS.len() + 1],
}

impl Stats {
    /// Events reflected since the start.
    pub fn events_reflected(&self) -> u64 {
        self.events.load(Relaxed)
    }

    /// Gaps told to observers since the start.
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Relaxed)
    }

    /// Observers now, of agents and of the garden together.
    pub fn observers(&self) -> u64 {
        self.observers.load(Relaxed)
    }

    /// Observers of the garden now.
    pub fn garden_observers(&self) -> u64 {
        self.garden_observers.load(Relaxed)
    }

    /// Time spent in `reflect` altogether, in nanoseconds.
    pub fn reflect_sum_ns(&self) -> u64 {
        self.reflect_ns.load(Relaxed)
    }

    /// Count of `reflect` calls per bucket of [`REFLECT_BUCKETS_NS`], the last one for the rest. Not cumulative.
    pub fn reflect_buckets(&self) -> [u64; REFLECT_BUCKETS_NS.len() + 1] {
        std::array::from_fn(|i| self.reflect_buckets[i].load(Relaxed))
    }

    pub(crate) fn reflected(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = REFLECT_BUCKETS_NS.iter().position(|bound| ns <= *bound).unwrap_or(REFLECT_BUCKETS_NS.len());
        self.events.fetch_add(1, Relaxed);
        self.reflect_ns.fetch_add(ns, Relaxed);
        self.reflect_buckets[bucket].fetch_add(1, Relaxed);
    }

    pub(crate) fn gap(&self) {
        self.gaps.fetch_add(1, Relaxed);
    }

    pub(crate) fn attached(&self) {
        self.observers.fetch_add(1, Relaxed);
    }

    pub(crate) fn detached(&self) {
        self.observers.fetch_sub(1, Relaxed);
    }

    pub(crate) fn garden_attached(&self) {
        self.attached();
        self.garden_observers.fetch_add(1, Relaxed);
    }

    pub(crate) fn garden_detached(&self) {
        self.detached();
        self.garden_observers.fetch_sub(1, Relaxed);
    }
}
