//! The engine: a leaky bucket over tokens, with a fever when it runs over.
//!
//! It owns the arithmetic and nothing else. It works alone; a pool, where there is one, pays for
//! its fevers. It never
//! blocks anybody's work: a fever colours what is said, and spends.
//!
//! A tick adds what a model read and wrote, then decays, then compares. Two rules keep a fever from lasting: the pressure
//! also halves every [`HALF_LIFE_MS`], and each tick within a fever lets off a tenth more than the one before, so that no
//! steady load, however heavy, holds a fever for ever.

use super::{
    amount::{Amount, Moment},
    dice::Dice,
    fever::{FeverEnd, FeverEvent, Ongoing},
    oblique::oblique,
    pool::EntropyPool,
};
use wire::{
    Temperature,
    metabolism::{EngineStatus, FeverTrigger, Tithe},
};

/// Pressure above which a fever begins, where nothing else is said.
pub const CRITICAL_THRESHOLD: f64 = 1.0;
/// What a tick takes off.
pub const DECAY_PER_TICK: f64 = 0.01;
/// Pressure of one token.
pub const PRESSURE_PER_TOKEN: f64 = 0.001;
/// Pressure of a question that waits for a person, per second. It comes to 0.043 for each that waits on and on.
pub const PRESSURE_PER_QUESTION_S: f64 = 0.0001;
/// Questions that count.
pub const QUESTIONS_MAX: usize = 10;
/// Most time that questions weigh at once, in milliseconds: a machine that slept wakes up no hotter.
const WEIGHED_MAX_MS: u64 = 10_000;
/// How long it takes for pressure to halve when nothing happens, in milliseconds: five minutes.
pub const HALF_LIFE_MS: u64 = 5 * 60 * 1000;
/// What is left of the pressure when a fever begins.
const LEFT_AT_ONSET: f64 = 0.5;
/// What each tick within a fever leaves of what the tick before it left.
const LEFT_PER_FEVER_TICK: f64 = 0.9;
/// A fever ends below this share of the threshold.
const RECOVERY: f64 = 0.5;
/// How far above the threshold a fever is that somebody called for.
const CALLED_FOR: f64 = 0.5;
/// Share of a fever's intensity that it draws from the pool, and at most 1.
const POOL_SHARE: f64 = 0.5;
/// Pressure below this is none.
const NONE_BELOW: f64 = 1e-9;
/// What a tithe is thanked with.
pub const GRATITUDE: &str = "The river flows.";

/// What a call of a model used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Tokens it read.
    pub input: u64,
    /// Tokens it wrote.
    pub output: u64,
}

impl Spent {
    /// The pressure of it.
    #[must_use]
    pub fn pressure(self) -> f64 {
        (self.input as f64 + self.output as f64) * PRESSURE_PER_TOKEN
    }
}

/// A crossing of the threshold.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// Up.
    Began(FeverEvent),
    /// Down, below half of it.
    Ended(FeverEnd),
}

/// The engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pressure: f64,
    threshold: f64,
    input: u64,
    output: u64,
    fever: Option<Ongoing>,
    settled_ms: u64,
    weighed_ms: u64,
    dice: Dice,
}

impl Engine {
    /// A cold engine with the usual threshold.
    #[must_use]
    pub fn new(seed: u64, now: Moment) -> Self {
        Self {
            pressure: 0.0,
            threshold: CRITICAL_THRESHOLD,
            input: 0,
            output: 0,
            fever: None,
            settled_ms: now.steady_ms,
            weighed_ms: now.steady_ms,
            dice: Dice::new(seed),
        }
    }

    /// With another threshold. Nothing is no threshold: every engine would always be in fever.
    #[must_use]
    pub fn with_threshold(self, threshold: Amount) -> Self {
        let threshold = threshold.get();
        if threshold > 0.0 { Self { threshold, ..self } } else { self }
    }

    /// As it was when it was last seen, `away_ms` ago.
    #[must_use]
    pub fn restored(self, pressure: Amount, spent: Spent, away_ms: u64) -> Self {
        let pressure = pressure.get() * left_after(away_ms);
        Self { pressure, input: spent.input, output: spent.output, ..self }
    }

    /// With a fever that began at `since`.
    #[must_use]
    pub fn in_fever_since(self, since: Moment) -> Self {
        Self { fever: Some(Ongoing { since, ticks: 0 }), ..self }
    }

    /// A model was called: pressure rises, decays, and may cross a mark. One crossing at most.
    pub fn tick(&mut self, spent: Spent, now: Moment, pool: Option<&mut EntropyPool>) -> Option<Turn> {
        self.settle(now);
        self.input = self.input.saturating_add(spent.input);
        self.output = self.output.saturating_add(spent.output);
        self.pressure = (self.pressure + spent.pressure()) * (1.0 - DECAY_PER_TICK);
        match &mut self.fever {
            None if self.pressure > self.threshold => {
                Some(Turn::Began(self.begin(FeverTrigger::PressureOverflow, now, pool)))
            }
            None => None,
            Some(fever) => {
                fever.ticks = fever.ticks.saturating_add(1);
                self.pressure *= LEFT_PER_FEVER_TICK.powi(i32::try_from(fever.ticks).unwrap_or(i32::MAX));
                self.recover(now)
            }
        }
    }

    /// So many questions wait for a person: that weighs on the whole garden, a little. No more than [`QUESTIONS_MAX`] count, so
    /// that waiting alone neither begins a fever nor holds one.
    pub fn weigh(&mut self, questions: usize, now: Moment) {
        self.settle(now);
        let ms = now.steady_ms.saturating_sub(self.weighed_ms).min(WEIGHED_MAX_MS);
        self.weighed_ms = self.weighed_ms.max(now.steady_ms);
        self.pressure += questions.min(QUESTIONS_MAX) as f64 * PRESSURE_PER_QUESTION_S * ms as f64 / 1000.0;
    }

    /// Time passes, and nothing else. May end a fever.
    pub fn rest(&mut self, now: Moment) -> Option<Turn> {
        self.settle(now);
        self.recover(now)
    }

    /// Lets pressure off, at most all of it. May end a fever.
    pub fn tithe(&mut self, amount: Amount, now: Moment) -> (Tithe, Option<Turn>) {
        self.settle(now);
        let discharged = amount.get().min(self.pressure);
        self.pressure = (self.pressure - amount.get()).max(0.0);
        let tithe = Tithe { discharged, remaining_pressure: self.pressure, gratitude: GRATITUDE.to_owned() };
        (tithe, self.recover(now))
    }

    /// Has a fever begin that somebody, or an error, calls for. `None` where there is one already.
    pub fn provoke(
        &mut self,
        trigger: FeverTrigger,
        now: Moment,
        pool: Option<&mut EntropyPool>,
    ) -> Option<FeverEvent> {
        self.settle(now);
        if self.fever.is_some() {
            return None;
        }
        self.pressure = self.pressure.max(self.threshold + CALLED_FOR);
        Some(self.begin(trigger, now, pool))
    }

    /// A seed of its own dice, for whoever has none.
    pub fn seed(&mut self) -> f64 {
        self.dice.roll()
    }

    /// The pressure as of the last time it was asked to do anything.
    #[must_use]
    pub fn pressure(&self) -> f64 {
        self.pressure
    }

    /// Where a fever begins.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Since when there is a fever.
    #[must_use]
    pub fn fever_start(&self) -> Option<Moment> {
        self.fever.map(|fever| fever.since)
    }

    /// What went through it.
    #[must_use]
    pub fn spent(&self) -> Spent {
        Spent { input: self.input, output: self.output }
    }

    /// Tokens read by tokens written, at most 2, and 0 while nothing was written. A *high* ratio is *cold*.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.output == 0 { 0.0 } else { (self.input as f64 / self.output as f64).min(2.0) }
    }

    /// Pressure as a share of the threshold, at most 1: the garden's own temperature, which its fever events carry.
    #[must_use]
    pub fn temperature(&self) -> Option<Temperature> {
        Temperature::new(self.pressure / self.threshold)
    }

    /// All of it.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        EngineStatus {
            pressure: self.pressure,
            critical_threshold: self.threshold,
            in_fever: self.fever.is_some(),
            fever_start: self.fever.map(|f| f.since.unix_seconds()),
            temperature: self.ratio(),
            input_tokens: self.input,
            output_tokens: self.output,
        }
    }

    fn begin(&mut self, trigger: FeverTrigger, now: Moment, pool: Option<&mut EntropyPool>) -> FeverEvent {
        let intensity = self.pressure - self.threshold;
        let seed = self.dice.roll();
        // A pool that is empty, or none, is no reason not to have a fever.
        if let Some((pool, cost)) = pool.zip(Amount::new((intensity * POOL_SHARE).min(1.0))) {
            let _ = pool.draw(cost, now);
        }
        self.pressure *= LEFT_AT_ONSET;
        self.fever = Some(Ongoing { since: now, ticks: 0 });
        FeverEvent { intensity, timestamp: now.wall, trigger, seed, oblique_strategy: oblique(seed) }
    }

    fn recover(&mut self, now: Moment) -> Option<Turn> {
        let since = self.fever.filter(|_| self.pressure < RECOVERY * self.threshold)?.since;
        self.fever = None;
        Some(Turn::Ended(FeverEnd { duration_ms: now.steady_ms.saturating_sub(since.steady_ms) }))
    }

    fn settle(&mut self, now: Moment) {
        self.pressure *= left_after(now.steady_ms.saturating_sub(self.settled_ms));
        if self.pressure < NONE_BELOW {
            self.pressure = 0.0;
        }
        self.settled_ms = self.settled_ms.max(now.steady_ms);
    }
}

/// The share of pressure that is left after this many milliseconds.
pub(super) fn left_after(ms: u64) -> f64 {
    (-(ms as f64) / HALF_LIFE_MS as f64).exp2()
}
