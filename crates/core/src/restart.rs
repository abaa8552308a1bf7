//! How a dead agent comes back: full-jitter back-off, and a limit on how often.

use std::collections::VecDeque;

/// First back-off, in milliseconds.
pub const BACKOFF_MIN_MS: u64 = 1_000;
/// Longest back-off, in milliseconds.
pub const BACKOFF_MAX_MS: u64 = 60_000;
/// Restarts allowed within [`WINDOW_MS`]; the next death is a collapse.
pub const RESTARTS: usize = 5;
/// The window, in milliseconds.
pub const WINDOW_MS: u64 = 600_000;

/// Full-jitter back-off (Marc Brooker, "Exponential Backoff And Jitter"): uniform between 0 and `min(max, min × 2ⁿ)`,
/// here never under a tenth of that so that a zero draw is still a pause. `draw` is uniform in 0..1.
#[must_use]
pub fn full_jitter(attempt: u32, min_ms: u64, max_ms: u64, draw: f64) -> u64 {
    let ceiling = min_ms.saturating_mul(1_u64.checked_shl(attempt.min(32)).unwrap_or(u64::MAX)).min(max_ms);
    let draw = if draw.is_finite() { draw.clamp(0.1, 1.0) } else { 1.0 };
    (ceiling as f64 * draw) as u64
}

/// Deaths of one agent, remembered for [`WINDOW_MS`].
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    deaths_ms: VecDeque<u64>,
}

/// What to do about a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Start again after this many milliseconds.
    RestartIn(u64),
    /// It died too often.
    Collapse,
}

impl Restarts {
    /// Judges a death at `now_ms`.
    pub fn died(&mut self, now_ms: u64, draw: f64) -> Verdict {
        while self.deaths_ms.front().is_some_and(|t| now_ms.saturating_sub(*t) > WINDOW_MS) {
            self.deaths_ms.pop_front();
        }
        if self.deaths_ms.len() >= RESTARTS {
            return Verdict::Collapse;
        }
        self.deaths_ms.push_back(now_ms);
        let attempt = u32::try_from(self.deaths_ms.len() - 1).unwrap_or(u32::MAX);
        Verdict::RestartIn(full_jitter(attempt, BACKOFF_MIN_MS, BACKOFF_MAX_MS, draw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_restarts_in_ten_minutes_then_collapse_and_a_quiet_hour_forgives() {
        let mut r = Restarts::default();
        let waits: Vec<_> = (0..5).map(|i| r.died(i * 1000, 1.0)).collect();
        let expected: Vec<_> = [1000, 2000, 4000, 8000, 16000].into_iter().map(Verdict::RestartIn).collect();
        assert_eq!(waits, expected);
        assert_eq!(r.died(6000, 1.0), Verdict::Collapse);
        assert_eq!(r.died(3_600_000, 1.0), Verdict::RestartIn(1000));
    }

    #[test]
    fn back_off_is_bounded_for_any_attempt_and_draw() {
        for attempt in [0, 5, 31, 32, 63, u32::MAX] {
            for draw in [f64::NAN, -1.0, 0.0, 0.5, 1.0, 9.0] {
                assert!(full_jitter(attempt, BACKOFF_MIN_MS, BACKOFF_MAX_MS, draw) <= BACKOFF_MAX_MS);
            }
        }
    }
}
