//! What each agent contributes, rolled up to the one engine.
//!
//! It owns the engine and a meter per agent, and keeps this true: the agents' parts of the pressure add up to the engine's
//! pressure. Everything that lowers the engine's pressure lowers each part by the same share, so one common scale does it
//! and a tick costs the same for one agent and for ten thousand.

use super::{
    amount::{Amount, Moment},
    engine::{Engine, Spent, Turn},
    fever::{FeverEvent, History},
    pool::EntropyPool,
    velocity::{Limits, Velocity},
};
use std::collections::BTreeMap;
use wire::{
    AgentId,
    metabolism::{Breach, FeverTrigger, Metered, Tithe, VelocityRule},
};

/// Agents with a meter of their own. Further ones share one.
pub const METERS_MAX: usize = 10_000;
/// The common scale is worked into the parts before it gets smaller than floating point is exact about.
const SCALE_MIN: f64 = 1e-120;

/// The engine with its meters.
#[derive(Debug, Clone)]
pub struct Meters {
    engine: Engine,
    limits: Limits,
    fevers: History,
    agents: BTreeMap<AgentId, Meter>,
    /// Questions that wait, agents that have gone, and those beyond [`METERS_MAX`].
    others: Meter,
    scale: f64,
}

#[derive(Debug, Clone, Default)]
struct Meter {
    /// Its part of the pressure, before scaling.
    part: f64,
    spent: Spent,
    calls: u64,
    velocity: Velocity,
}

impl Meters {
    /// No agents yet. What is in the engine is nobody's.
    #[must_use]
    pub fn new(engine: Engine, limits: Limits) -> Self {
        let others = Meter { part: engine.pressure(), spent: engine.spent(), ..Meter::default() };
        Self { engine, limits, fevers: History::default(), agents: BTreeMap::new(), others, scale: 1.0 }
    }

    /// An agent had a model called.
    pub fn tick(&mut self, agent: &AgentId, spent: Spent, now: Moment, pool: Option<&mut EntropyPool>) -> Option<Turn> {
        let before = self.engine.pressure() + spent.pressure();
        let scale = self.scale;
        let meter = self.meter(agent);
        meter.part += spent.pressure() / scale;
        meter.spent.input = meter.spent.input.saturating_add(spent.input);
        meter.spent.output = meter.spent.output.saturating_add(spent.output);
        meter.calls = meter.calls.saturating_add(1);
        meter.velocity.used(spent.input.saturating_add(spent.output), now.steady_ms);
        let turn = self.engine.tick(spent, now, pool);
        self.rescale(before);
        self.noted(turn)
    }

    /// A step of an agent failed.
    pub fn failed(&mut self, agent: &AgentId, now: Moment) {
        self.meter(agent).velocity.failed(now.steady_ms);
    }

    /// An agent said something of this digest.
    pub fn said(&mut self, agent: &AgentId, digest: u64) {
        self.meter(agent).velocity.said(digest);
    }

    /// A person gave an agent work, or answered it.
    pub fn touched(&mut self, agent: &AgentId) {
        self.meter(agent).velocity.touched();
    }

    /// An agent has gone; what it contributed has not.
    pub fn forget(&mut self, agent: &AgentId) {
        if let Some(gone) = self.agents.remove(agent) {
            self.others.part += gone.part;
            self.others.spent.input = self.others.spent.input.saturating_add(gone.spent.input);
            self.others.spent.output = self.others.spent.output.saturating_add(gone.spent.output);
            self.others.calls = self.others.calls.saturating_add(gone.calls);
        }
    }

    /// Time passes, and so many questions wait for a person. Their weight is nobody's.
    pub fn weigh(&mut self, questions: usize, now: Moment) -> Option<Turn> {
        let turn = self.rest(now);
        let before = self.engine.pressure();
        self.engine.weigh(questions, now);
        self.others.part += (self.engine.pressure() - before) / self.scale;
        turn
    }

    /// Time passes.
    pub fn rest(&mut self, now: Moment) -> Option<Turn> {
        let before = self.engine.pressure();
        let turn = self.engine.rest(now);
        self.rescale(before);
        self.noted(turn)
    }

    /// Lets pressure off.
    pub fn tithe(&mut self, amount: Amount, now: Moment) -> (Tithe, Option<Turn>) {
        let before = self.engine.pressure();
        let (tithe, turn) = self.engine.tithe(amount, now);
        self.rescale(before);
        (tithe, self.noted(turn))
    }

    /// Has a fever begin.
    pub fn provoke(
        &mut self,
        trigger: FeverTrigger,
        now: Moment,
        pool: Option<&mut EntropyPool>,
    ) -> Option<FeverEvent> {
        let before = self.engine.pressure();
        let Some(event) = self.engine.provoke(trigger, now, pool) else {
            self.rescale(before);
            return None;
        };
        // The pressure that was called up is nobody's, so it is put to the others before all are scaled.
        let called_up = (self.engine.threshold() + event.intensity - before).max(0.0);
        self.others.part += called_up / self.scale;
        self.rescale(before + called_up);
        self.fevers.began(event.clone());
        Some(event)
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A seed of the engine's own dice.
    pub fn seed(&mut self) -> f64 {
        self.engine.seed()
    }

    /// The fevers so far.
    #[must_use]
    pub fn fevers(&self) -> &History {
        &self.fevers
    }

    /// One agent.
    #[must_use]
    pub fn one(&self, agent: &AgentId, now: Moment) -> Option<Metered> {
        self.agents.get(agent).map(|meter| self.read(Some(agent), meter, now))
    }

    /// The velocity rules that an agent breaks.
    #[must_use]
    pub fn breaches(&self, agent: &AgentId, now: Moment) -> Vec<Breach> {
        let meter = self.agents.get(agent);
        meter.map(|meter| meter.velocity.breaches(&self.limits, now.steady_ms)).unwrap_or_default()
    }

    /// Sets how fast an agent may go.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Every agent that has a meter, the hottest first, at most `most`; and after them what is nobody's.
    #[must_use]
    pub fn read_all(&self, most: usize, now: Moment) -> Vec<Metered> {
        let mut hottest: Vec<_> = self.agents.iter().collect();
        hottest.sort_by(|a, b| b.1.part.total_cmp(&a.1.part).then_with(|| a.0.cmp(b.0)));
        let mut all: Vec<_> = hottest.into_iter().take(most).map(|(id, m)| self.read(Some(id), m, now)).collect();
        if self.others.calls > 0 || self.others.part * self.scale > 0.0 {
            all.push(self.read(None, &self.others, now));
        }
        all
    }

    fn read(&self, agent: Option<&AgentId>, meter: &Meter, now: Moment) -> Metered {
        let pressure = meter.part * self.scale;
        let whole = self.engine.pressure();
        let measure = |rule| meter.velocity.measure(rule, now.steady_ms);
        Metered {
            agent_id: agent.cloned(),
            pressure,
            share: if whole > 0.0 { (pressure / whole).clamp(0.0, 1.0) } else { 0.0 },
            input_tokens: meter.spent.input,
            output_tokens: meter.spent.output,
            calls: meter.calls,
            tokens_per_minute: measure(VelocityRule::TokensPerMinute),
            errors_per_minute: measure(VelocityRule::ErrorsPerMinute),
            same_output: measure(VelocityRule::SameOutput),
            chain_length: measure(VelocityRule::ChainLength),
            breaches: meter.velocity.breaches(&self.limits, now.steady_ms),
        }
    }

    fn meter(&mut self, agent: &AgentId) -> &mut Meter {
        if self.agents.len() >= METERS_MAX && !self.agents.contains_key(agent) {
            return &mut self.others;
        }
        self.agents.entry(agent.clone()).or_default()
    }

    /// The parts added up to `before`; now they are to add up to what the engine has.
    fn rescale(&mut self, before: f64) {
        let after = self.engine.pressure();
        if after <= 0.0 || before <= 0.0 {
            self.meters_mut().for_each(|meter| meter.part = 0.0);
            self.scale = 1.0;
            return;
        }
        self.scale *= after / before;
        if !(SCALE_MIN..=1.0 / SCALE_MIN).contains(&self.scale) {
            let scale = self.scale;
            self.meters_mut().for_each(|meter| meter.part *= scale);
            self.scale = 1.0;
        }
    }

    fn meters_mut(&mut self) -> impl Iterator<Item = &mut Meter> {
        self.agents.values_mut().chain([&mut self.others])
    }

    fn noted(&mut self, turn: Option<Turn>) -> Option<Turn> {
        match &turn {
            Some(Turn::Began(event)) => self.fevers.began(event.clone()),
            Some(Turn::Ended(end)) => self.fevers.ended(*end),
            None => {}
        }
        turn
    }
}
