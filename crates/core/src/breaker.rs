//! A circuit breaker: after several failures in a row, stop trying for a while, then try once.

use wire::event::CircuitState;

/// Failures in a row that open the breaker.
pub const FAILURES_TO_OPEN: u32 = 5;
/// How long an open breaker waits before it lets one try through, in milliseconds.
pub const OPEN_FOR_MS: u64 = 30_000;

/// Guards one thing that may fail. Closed → open after [`FAILURES_TO_OPEN`]; open → half open after [`OPEN_FOR_MS`];
/// half open → closed on success, open again on failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct Breaker {
    failures: u32,
    opened_ms: Option<u64>,
}

impl Breaker {
    /// Whether to try now.
    #[must_use]
    pub fn allows(&self, now_ms: u64) -> bool {
        self.state(now_ms) != CircuitState::Open
    }

    /// The state at `now_ms`.
    #[must_use]
    pub fn state(&self, now_ms: u64) -> CircuitState {
        match self.opened_ms {
            None => CircuitState::Closed,
            Some(at) if now_ms.saturating_sub(at) >= OPEN_FOR_MS => CircuitState::HalfOpen,
            Some(_) => CircuitState::Open,
        }
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It worked.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed. Says whether this failure opened the breaker, which is what is worth reporting.
    pub fn failed(&mut self, now_ms: u64) -> Opened {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_TO_OPEN {
            self.opened_ms = Some(now_ms);
            return Opened::Now;
        }
        Opened::No
    }
}

/// Whether a failure opened the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It opened, or opened again.
    Now,
    /// It is still closed.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_the_fifth_failure_tries_after_thirty_seconds_and_closes_on_success() {
        let mut b = Breaker::default();
        assert!((1..5).all(|t| b.failed(t) == Opened::No));
        assert!(b.allows(5));
        assert_eq!(b.failed(5), Opened::Now);
        assert!(!b.allows(30_004));
        assert_eq!(b.state(30_005), CircuitState::HalfOpen);
        assert_eq!(b.failed(30_005), Opened::Now);
        assert!(!b.allows(60_000));
        assert!(b.allows(60_005));
        b.succeeded();
        assert_eq!(b.state(60_006), CircuitState::Closed);
        assert_eq!(b.failures(), 0);
    }
}
