//! A fever: why it began, how hot it is, how it looks, and its record.

use super::amount::Moment;
use serde::Serialize;
use std::collections::VecDeque;
use wire::{Timestamp, metabolism::FeverTrigger};

/// Fevers that are remembered.
pub const REMEMBERED: usize = 100;
/// Share of a fever's intensity that becomes a glitch.
const GLITCH_SHARE: f64 = 0.5;
/// Shortest glitch, in milliseconds.
const GLITCH_MS: f64 = 200.0;
/// Milliseconds more for each unit of intensity.
const GLITCH_MS_PER_INTENSITY: f64 = 100.0;
/// Longest glitch, in milliseconds: delight, not an illness of the page.
pub const GLITCH_MAX_MS: u32 = 2_000;

/// The beginning of a fever.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeverEvent {
    /// How far above the threshold.
    pub intensity: f64,
    /// When.
    pub timestamp: Timestamp,
    /// Why.
    pub trigger: FeverTrigger,
    /// What chooses the strategy and the look, 0 to 1.
    pub seed: f64,
    /// A gift from the void.
    pub oblique_strategy: &'static str,
}

/// The end of a fever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FeverEnd {
    /// How long it was.
    pub duration_ms: u64,
}

/// How a fever looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glitch {
    /// Share of what glitches, 0 to 1.
    pub intensity: f64,
    /// For how long.
    pub duration_ms: u32,
}

impl Glitch {
    /// The glitch of a fever this intense: intensity × 0.5, at most 1; 200 ms + 100 ms × intensity, at most
    /// [`GLITCH_MAX_MS`]. What is no number does not glitch.
    #[must_use]
    pub fn of(intensity: f64) -> Self {
        let intensity = if intensity.is_nan() { 0.0 } else { intensity.max(0.0) };
        let duration = (GLITCH_MS + GLITCH_MS_PER_INTENSITY * intensity).min(f64::from(GLITCH_MAX_MS));
        Self { intensity: (intensity * GLITCH_SHARE).min(1.0), duration_ms: duration as u32 }
    }
}

/// A fever that goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ongoing {
    pub(super) since: Moment,
    /// Ticks in it so far.
    pub(super) ticks: u32,
}

/// A fever of the past, or the one that goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// How it began.
    #[serde(flatten)]
    pub began: FeverEvent,
    /// How long it was; nothing for the one that goes on.
    pub duration_ms: Option<u64>,
}

/// The fevers of a gateway's life, newest last, at most [`REMEMBERED`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    records: VecDeque<Record>,
    total: u64,
}

impl History {
    /// A fever began.
    pub fn began(&mut self, event: FeverEvent) {
        if self.records.len() == REMEMBERED {
            self.records.pop_front();
        }
        self.total += 1;
        self.records.push_back(Record { began: event, duration_ms: None });
    }

    /// The last one ended.
    pub fn ended(&mut self, end: FeverEnd) {
        if let Some(last) = self.records.back_mut() {
            last.duration_ms.get_or_insert(end.duration_ms);
        }
    }

    /// Those that are remembered, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.records.iter()
    }

    /// How many there were, those that are not remembered included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glitch_has_the_intensity_and_the_length_of_its_fever_within_bounds() {
        assert_eq!(Glitch::of(1.48), Glitch { intensity: 0.74, duration_ms: 348 });
        assert_eq!(Glitch::of(0.0), Glitch { intensity: 0.0, duration_ms: 200 });
        assert_eq!(Glitch::of(1e300), Glitch { intensity: 1.0, duration_ms: GLITCH_MAX_MS });
        assert_eq!(Glitch::of(f64::NAN), Glitch::of(0.0));
        assert_eq!(Glitch::of(-3.0), Glitch::of(0.0));
    }

    #[test]
    fn a_million_fevers_are_remembered_as_a_hundred() {
        let mut history = History::default();
        for n in 0..10_000 {
            let timestamp = Timestamp::from_millis(n);
            let trigger = FeverTrigger::Manual;
            history.began(FeverEvent { intensity: 0.5, timestamp, trigger, seed: 0.0, oblique_strategy: "" });
            history.ended(FeverEnd { duration_ms: 1 });
        }
        assert_eq!((history.records().len(), history.total()), (REMEMBERED, 10_000));
        assert!(history.records().all(|r| r.duration_ms == Some(1)));
    }
}
