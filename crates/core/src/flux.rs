//! Limits of one agent's stream of work: what they may be, and what is left of them.

use serde::{Deserialize, Serialize};

/// Perturbations taken in a row before one item of the source is, if it has one.
pub const FAIR_RUN: u32 = 32;

/// What happens to items that come while the buffer before the agent is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropPolicy {
    /// The source waits. Nothing is lost.
    #[default]
    Block,
    /// The item that has waited longest is given up.
    DropOldest,
    /// The item that has just come is given up.
    DropNewest,
}

/// Limits of one agent. [`FluxConfig::check`] before use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FluxConfig {
    /// What the agent may spend before it collapses, in units of its own; unlimited where it is `None`. Above 0.
    pub entropy_budget: Option<f64>,
    /// What one event costs of it. At least 0.
    pub entropy_decay: f64,
    /// Events after which the agent stops; unlimited where it is `None`. Above 0.
    pub max_events: Option<u64>,
    /// Items that may wait before the agent, where its policy lets any wait, and before the next stage of a pipeline.
    pub buffer_size: usize,
    /// What happens when they are more.
    pub drop_policy: DropPolicy,
    /// Share of outputs that the agent takes in again, 0 to 1.
    pub feedback_fraction: f64,
    /// Outputs that may wait to be taken in again. A further one is given up, and counted.
    pub feedback_queue: usize,
    /// Perturbations that may wait. One more is told `busy`.
    pub perturbation_queue: usize,
    /// How long a perturbation may take where its caller says nothing, waiting included, in milliseconds.
    pub perturbation_timeout_ms: u64,
}

impl Default for FluxConfig {
    fn default() -> Self {
        Self {
            entropy_budget: None,
            entropy_decay: 0.01,
            max_events: None,
            buffer_size: 100,
            drop_policy: DropPolicy::Block,
            feedback_fraction: 0.0,
            feedback_queue: 50,
            perturbation_queue: 100,
            perturbation_timeout_ms: 30_000,
        }
    }
}

/// Everything that is wrong with a configuration, at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Violations(pub Vec<String>);

impl FluxConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// All violations, each naming its key, its value and what would do.
    pub fn check(&self) -> Result<(), Violations> {
        let mut wrong = Vec::new();
        let mut need = |fits: bool, words: String| {
            if !fits {
                wrong.push(words);
            }
        };
        if let Some(budget) = self.entropy_budget {
            need(
                budget.is_finite() && budget > 0.0,
                format!("entropy_budget is {budget}; it must be above 0, or left out"),
            );
        }
        let decay = self.entropy_decay;
        need(decay.is_finite() && decay >= 0.0, format!("entropy_decay is {decay}; it must be 0 or more"));
        need(self.max_events != Some(0), "max_events is 0; it must be at least 1, or left out".to_owned());
        let fraction = self.feedback_fraction;
        need((0.0..=1.0).contains(&fraction), format!("feedback_fraction is {fraction}; it must be from 0 to 1"));
        for (key, value) in [
            ("buffer_size", self.buffer_size),
            ("feedback_queue", self.feedback_queue),
            ("perturbation_queue", self.perturbation_queue),
        ] {
            need((1..=1_000_000).contains(&value), format!("{key} is {value}; it must be from 1 to 1000000"));
        }
        let timeout = self.perturbation_timeout_ms;
        need(timeout > 0, format!("perturbation_timeout_ms is {timeout}; it must be at least 1"));
        if wrong.is_empty() { Ok(()) } else { Err(Violations(wrong)) }
    }
}

/// Why an agent's limits are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It worked on as many events as it may: it stops.
    Events,
    /// Its entropy budget is gone: it collapses.
    Entropy,
}

/// What an agent has used of its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowance {
    entropy: Option<f64>,
    decay: f64,
    events: Option<u64>,
}

impl Allowance {
    /// The whole of it.
    #[must_use]
    pub fn of(config: &FluxConfig) -> Self {
        Self { entropy: config.entropy_budget, decay: config.entropy_decay, events: config.max_events }
    }

    /// Accounts for one event.
    pub fn spend(&mut self) {
        self.entropy = self.entropy.map(|e| (e - self.decay).max(0.0));
        self.events = self.events.map(|n| n.saturating_sub(1));
    }

    /// Why there may be no further event, if so. Asked before an item is taken, so that none is taken and lost.
    #[must_use]
    pub fn spent(&self) -> Option<Spent> {
        if self.events == Some(0) {
            return Some(Spent::Events);
        }
        // A budget is spent when less is left than rounding could leave of nothing.
        self.entropy.is_some_and(|e| e < self.decay * 1e-6 || e <= 0.0).then_some(Spent::Entropy)
    }

    /// What is left of the entropy budget.
    #[must_use]
    pub fn entropy(&self) -> Option<f64> {
        self.entropy
    }
}

/// Whose turn it is: counts perturbations in a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fairness {
    run: u32,
}

impl Fairness {
    /// A perturbation was taken.
    pub fn perturbed(&mut self) {
        self.run = self.run.saturating_add(1);
    }

    /// Something of the agent's own was taken, or there was nothing to take.
    pub fn rested(&mut self) {
        self.run = 0;
    }

    /// Whether the source should have its turn before the next perturbation.
    #[must_use]
    pub fn source_is_due(self) -> bool {
        self.run >= FAIR_RUN
    }
}

/// How urgent a perturbation is: higher first, and among equals the earlier first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// What nobody asked otherwise for.
    pub const ORDINARY: Self = Self(wire::perturb::PRIORITY_DEFAULT);
    /// A person's answer on its way back to the agent that asked.
    pub const REENTRY: Self = Self(200);

    /// What a caller asked for, where it may: 0 to 150.
    #[must_use]
    pub fn asked(value: u8) -> Option<Self> {
        (value <= wire::perturb::PRIORITY_MAX).then_some(Self(value))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_violations_are_reported_at_once() {
        let config = FluxConfig {
            entropy_budget: Some(0.0),
            entropy_decay: f64::NAN,
            max_events: Some(0),
            buffer_size: 0,
            feedback_fraction: 1.1,
            perturbation_timeout_ms: 0,
            ..FluxConfig::default()
        };
        let Violations(all) = config.check().unwrap_err();
        assert_eq!(all.len(), 6, "{all:?}");
        assert!(FluxConfig::default().check().is_ok());
    }

    #[test]
    fn the_seeds_budget_is_worth_exactly_a_hundred_events() {
        let mut allowance =
            Allowance::of(&FluxConfig { entropy_budget: Some(1.0), entropy_decay: 0.01, ..FluxConfig::default() });
        let mut n = 0;
        while allowance.spent().is_none() {
            allowance.spend();
            n += 1;
        }
        assert_eq!((n, allowance.spent()), (100, Some(Spent::Entropy)));
    }

    #[test]
    fn max_events_is_a_stop_and_not_a_collapse() {
        let mut allowance = Allowance::of(&FluxConfig { max_events: Some(2), ..FluxConfig::default() });
        allowance.spend();
        assert_eq!(allowance.spent(), None);
        allowance.spend();
        assert_eq!(allowance.spent(), Some(Spent::Events));
    }

    #[test]
    fn without_limits_nothing_is_ever_spent() {
        let mut allowance = Allowance::of(&FluxConfig::default());
        (0..1_000_000).for_each(|_| allowance.spend());
        assert_eq!(allowance.spent(), None);
    }

    #[test]
    fn callers_cannot_ask_for_the_priority_of_a_persons_answer() {
        assert_eq!(Priority::asked(150).map(Priority::get), Some(150));
        assert_eq!(Priority::asked(151), None);
        assert!(Priority::REENTRY > Priority::ORDINARY);
    }
}
