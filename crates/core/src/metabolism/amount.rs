//! Amounts and moments, as the metabolism takes them.

use serde::{Deserialize, Serialize};
use wire::Timestamp;

/// How much of something: finite and not negative, which no sum of rules can undo.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Amount(f64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);

    /// An amount; `None` for what is none, such as a negative number or no number at all.
    #[must_use]
    pub const fn new(value: f64) -> Option<Self> {
        if value.is_finite() && value >= 0.0 { Some(Self(value)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The lesser of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// What is left when `other` is taken away: never less than nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0.0))
    }
}

/// A number that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a finite number that is not negative")]
pub struct NoAmount;

impl TryFrom<f64> for Amount {
    type Error = NoAmount;
    fn try_from(value: f64) -> Result<Self, NoAmount> {
        Self::new(value).ok_or(NoAmount)
    }
}

impl From<Amount> for f64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

/// Now, by both clocks: a steady one for rules, the wall's for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds of a clock that never steps back.
    pub steady_ms: u64,
    /// The time of day.
    pub wall: Timestamp,
}

impl Moment {
    /// A moment of which only the steady clock is known; for simulations.
    #[must_use]
    pub fn at(steady_ms: u64) -> Self {
        Self { steady_ms, wall: Timestamp::from_millis(i64::try_from(steady_ms).unwrap_or(i64::MAX)) }
    }

    /// Seconds since 1970 with a fraction, as the seeds' clients read times.
    #[must_use]
    pub fn unix_seconds(self) -> f64 {
        self.wall.as_millis() as f64 / 1000.0
    }
}
