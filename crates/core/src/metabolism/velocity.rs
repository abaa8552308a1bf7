//! Rules against what runs away. Velocity tells a runaway, not totals: how many tokens and errors in a minute, how often
//! the same thing in a row, how many steps without a person.

use std::str::FromStr;
use wire::metabolism::{Breach, VelocityRule};

/// What is counted in a minute is counted in this many parts of it.
const PARTS: usize = 12;
/// Length of a part, in milliseconds.
const PART_MS: u64 = 60_000 / PARTS as u64;

/// How fast an agent may go before somebody should look. A limit of 0 switches its rule off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tokens in a minute.
    pub tokens_per_minute: u64,
    /// Errors in a minute.
    pub errors_per_minute: u64,
    /// The same output in a row.
    pub same_output: u64,
    /// Steps without a person.
    pub chain_length: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tokens_per_minute: 20_000, errors_per_minute: 12, same_output: 5, chain_length: 100 }
    }
}

impl Limits {
    /// Takes one over.
    pub fn set(&mut self, LimitFor { rule, limit }: LimitFor) {
        *match rule {
            VelocityRule::TokensPerMinute => &mut self.tokens_per_minute,
            VelocityRule::ErrorsPerMinute => &mut self.errors_per_minute,
            VelocityRule::SameOutput => &mut self.same_output,
            VelocityRule::ChainLength => &mut self.chain_length,
        } = limit;
    }

    fn of(&self, rule: VelocityRule) -> u64 {
        match rule {
            VelocityRule::TokensPerMinute => self.tokens_per_minute,
            VelocityRule::ErrorsPerMinute => self.errors_per_minute,
            VelocityRule::SameOutput => self.same_output,
            VelocityRule::ChainLength => self.chain_length,
        }
    }
}

/// A limit as it is written: `tokens_per_minute=50000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitFor {
    /// Of which rule.
    pub rule: VelocityRule,
    /// Which; 0 switches the rule off.
    pub limit: u64,
}

/// What was written is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes a rule, = and a whole number")]
pub struct NoLimit;

impl FromStr for LimitFor {
    type Err = NoLimit;

    fn from_str(text: &str) -> Result<Self, NoLimit> {
        let (name, limit) = text.split_once('=').ok_or(NoLimit)?;
        let rule = VelocityRule::ALL.into_iter().find(|rule| rule.as_str() == name.trim()).ok_or(NoLimit)?;
        Ok(Self { rule, limit: limit.trim().parse().map_err(|_| NoLimit)? })
    }
}

/// What a rule is for, in a sentence.
#[must_use]
pub fn explanation(rule: VelocityRule) -> &'static str {
    match rule {
        VelocityRule::TokensPerMinute => "tokens that models read and wrote for it in the last minute",
        VelocityRule::ErrorsPerMinute => "steps of it that failed in the last minute",
        VelocityRule::SameOutput => "how often in a row it has said the same",
        VelocityRule::ChainLength => "model calls since somebody last gave it work or answered it",
    }
}

/// One agent's velocity.
#[derive(Debug, Clone, Default)]
pub struct Velocity {
    tokens: Minute,
    errors: Minute,
    last_output: Option<u64>,
    same_output: u64,
    chain: u64,
}

impl Velocity {
    /// It had a model read and write this much.
    pub fn used(&mut self, tokens: u64, now_ms: u64) {
        self.tokens.add(tokens, now_ms);
        self.chain = self.chain.saturating_add(1);
    }

    /// A step of it failed.
    pub fn failed(&mut self, now_ms: u64) {
        self.errors.add(1, now_ms);
    }

    /// It said something of this digest.
    pub fn said(&mut self, digest: u64) {
        self.same_output = if self.last_output == Some(digest) { self.same_output.saturating_add(1) } else { 1 };
        self.last_output = Some(digest);
    }

    /// A person gave it work, or answered it.
    pub fn touched(&mut self) {
        self.chain = 0;
    }

    /// What a rule measures.
    #[must_use]
    pub fn measure(&self, rule: VelocityRule, now_ms: u64) -> u64 {
        match rule {
            VelocityRule::TokensPerMinute => self.tokens.sum(now_ms),
            VelocityRule::ErrorsPerMinute => self.errors.sum(now_ms),
            VelocityRule::SameOutput => self.same_output,
            VelocityRule::ChainLength => self.chain,
        }
    }

    /// The rules it breaks.
    #[must_use]
    pub fn breaches(&self, limits: &Limits, now_ms: u64) -> Vec<Breach> {
        let broken = |rule| {
            let (measured, limit) = (self.measure(rule, now_ms), limits.of(rule));
            (limit > 0 && measured > limit).then(|| Breach {
                rule,
                measured,
                limit,
                why: format!("{measured} > {limit}: {}", explanation(rule)),
            })
        };
        VelocityRule::ALL.into_iter().filter_map(broken).collect()
    }
}

/// A sum over the last minute, exact to a twelfth of it.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    parts: [u64; PARTS],
    /// The number of the newest part since the beginning of time.
    newest: u64,
}

impl Minute {
    fn add(&mut self, n: u64, now_ms: u64) {
        let part = (now_ms / PART_MS).max(self.newest);
        for gone in (self.newest + 1..=part).take(PARTS) {
            self.parts[place(gone)] = 0;
        }
        if part - self.newest >= PARTS as u64 {
            self.parts = [0; PARTS];
        }
        self.newest = part;
        let sum = &mut self.parts[place(part)];
        *sum = sum.saturating_add(n);
    }

    fn sum(&self, now_ms: u64) -> u64 {
        let mut aged = *self;
        aged.add(0, now_ms);
        aged.parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }
}

fn place(part: u64) -> usize {
    (part % PARTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_rule_breaks_at_its_own_limit_and_says_why() {
        let limits = Limits { tokens_per_minute: 10, errors_per_minute: 1, same_output: 2, chain_length: 1 };
        let mut v = Velocity::default();
        assert!(v.breaches(&limits, 0).is_empty());
        v.used(6, 0);
        v.used(6, 1000);
        v.failed(1000);
        v.failed(1000);
        (0..3).for_each(|_| v.said(7));
        let broken = v.breaches(&limits, 2000);
        assert_eq!(broken.iter().map(|b| b.rule).collect::<Vec<_>>(), VelocityRule::ALL);
        assert_eq!(broken[0].why, "12 > 10: tokens that models read and wrote for it in the last minute");
        v.touched();
        v.said(8);
        assert!(v.breaches(&limits, 62_000).is_empty());
    }

    #[test]
    fn limits_are_written_rule_by_rule_and_zero_switches_one_off() {
        let mut limits = Limits::default();
        limits.set("same_output = 0".parse().unwrap());
        limits.set("errors_per_minute=1".parse().unwrap());
        let mut v = Velocity::default();
        (0..100).for_each(|_| v.said(7));
        assert_eq!(v.breaches(&limits, 0), []);
        (0..2).for_each(|_| v.failed(0));
        assert_eq!(v.breaches(&limits, 0).len(), 1);
        for wrong in ["", "same_output", "same_output=", "same_output=-1", "same_output=1.5", "speed=1"] {
            assert!(wrong.parse::<LimitFor>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_minute_counts_what_came_in_it_and_no_more(
            gaps in prop::collection::vec((0u64..30_000, 0u64..1000), 1..200)
        ) {
            let (mut minute, mut now, mut all) = (Minute::default(), 0, Vec::new());
            for (gap, n) in gaps {
                now += gap;
                minute.add(n, now);
                all.push((now, n));
                let sure: u64 = all.iter().filter(|(t, _)| now - t < 60_000 - PART_MS).map(|(_, n)| n).sum();
                let most: u64 = all.iter().filter(|(t, _)| now - t < 60_000).map(|(_, n)| n).sum();
                prop_assert!((sure..=most).contains(&minute.sum(now)));
            }
            prop_assert_eq!(minute.sum(now + 60_000), 0);
        }
    }
}
