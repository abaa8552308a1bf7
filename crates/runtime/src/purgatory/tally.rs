//! Counts of what happened to questions since the start, for whoever measures.

use terrarium_core::ledger::Token;
use wire::semaphore::{AuditEntry, Step};

/// Upper bounds of the buckets of waits, in seconds. One more bucket takes the rest.
pub const WAIT_BUCKETS_S: [u32; 9] = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

/// What happened since the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    steps: [u64; Step::ALL.len()],
    waits: [u64; WAIT_BUCKETS_S.len() + 1],
    wait_sum_ms: u64,
}

impl Tally {
    /// How often this happened.
    #[must_use]
    pub fn of(&self, step: Step) -> u64 {
        Step::ALL.iter().position(|s| *s == step).map_or(0, |n| self.steps[n])
    }

    /// Questions that were answered, by how long they had waited: not cumulative.
    #[must_use]
    pub fn waits(&self) -> &[u64] {
        &self.waits
    }

    /// All waits together, in seconds.
    #[must_use]
    pub fn wait_sum_s(&self) -> f64 {
        self.wait_sum_ms as f64 / 1000.0
    }

    pub(super) fn count(&mut self, token: &Token, entry: &AuditEntry) {
        if let Some(n) = Step::ALL.iter().position(|s| *s == entry.step) {
            self.steps[n] += 1;
        }
        if entry.step == Step::Resolved {
            let ms = entry.at.as_millis().saturating_sub(token.card.created_at.as_millis());
            let ms = u64::try_from(ms).unwrap_or(0);
            let bucket = WAIT_BUCKETS_S.iter().position(|s| ms <= u64::from(*s) * 1000);
            self.waits[bucket.unwrap_or(WAIT_BUCKETS_S.len())] += 1;
            self.wait_sum_ms += ms;
        }
    }
}
