//! What is known of one agent besides its log: its state, meters, gauge history and alert.

use crate::{
    agent::{Profile, Tokens},
    beam::Beam,
    clock::SteadyClock,
    metabolism::Metabolism,
    pipe::PipeGauge,
};
use mirror::HolographicBuffer;
use serde_json::Value;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use terrarium_core::{
    alert::FeverAlert,
    breaker::{Breaker, Opened},
    lifecycle::{self, IllegalTransition},
    meter::Meters,
    series::{COARSE_STEP_S, FINE_STEP_S, Series},
};
use wire::{
    CommandSpec, Event, FluxState, Gauges, MetricPoint, Timestamp,
    event::{DegradedData, ErrorData, Transition},
};

/// One agent's condition. Written by its flux task and by the sampler, read by everybody.
#[derive(Debug)]
pub(crate) struct Vitals {
    pub(crate) profile: Profile,
    pub(crate) mirror: Arc<HolographicBuffer>,
    pub(crate) started: Timestamp,
    /// What it exposes, hidden commands included.
    pub(crate) commands: &'static [CommandSpec],
    clock: SteadyClock,
    beam: Arc<Beam>,
    /// The buffer behind it, in a pipeline.
    pipe: Option<PipeGauge>,
    metabolism: Metabolism,
    /// Whether it has ever had a model used: of others nobody counts what they repeat.
    metered: AtomicBool,
    condition: Mutex<Condition>,
}

#[derive(Debug)]
struct Condition {
    state: FluxState,
    /// Items that wait before it, and how many may.
    intake: (usize, usize),
    dropped: u64,
    meters: Meters,
    gauges: Gauges,
    series: Series,
    alert: FeverAlert,
    breaker: Breaker,
    last_event: Option<Timestamp>,
}

/// A consistent look at an agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) state: FluxState,
    pub(crate) gauges: Gauges,
    pub(crate) in_fever: bool,
    pub(crate) last_event: Option<Timestamp>,
    pub(crate) dropped: u64,
}

impl Vitals {
    pub(crate) fn new(
        profile: Profile,
        mirror: Arc<HolographicBuffer>,
        commands: &'static [CommandSpec],
        beam: Arc<Beam>,
        pipe: Option<PipeGauge>,
        clock: SteadyClock,
        metabolism: Metabolism,
    ) -> Self {
        let condition = Condition {
            state: FluxState::Dormant,
            intake: (0, 0),
            dropped: 0,
            meters: Meters::new(clock.ms()),
            gauges: Gauges::default(),
            series: Series::default(),
            alert: FeverAlert::default(),
            breaker: Breaker::default(),
            last_event: None,
        };
        let started = crate::clock::wall();
        let metered = AtomicBool::new(false);
        let condition = Mutex::new(condition);
        Self { profile, mirror, started, commands, clock, beam, pipe, metabolism, metered, condition }
    }

    /// Says something on the mirror that a person would call an event.
    pub(crate) fn say(&self, event: Event) {
        match &event {
            Event::Result { data } if self.metered.load(Relaxed) => self.metabolism.said(self.mirror.id(), data),
            Event::Error { .. } => self.metabolism.failed(self.mirror.id()),
            _ => {}
        }
        self.mirror.reflect(event);
        let mut c = self.lock();
        c.meters.flow.tick(1, self.clock.ms());
        c.last_event = Some(crate::clock::wall());
    }

    pub(crate) fn say_error(&self, error: impl Into<ErrorData>) {
        self.say(Event::Error { data: error.into() });
    }

    /// Moves to another state and says so.
    pub(crate) fn enter(&self, to: FluxState, data: Option<Value>) -> Result<(), IllegalTransition> {
        let previous = {
            let mut c = self.lock();
            let from = c.state;
            c.state = lifecycle::step(from, to)?;
            from
        };
        let transition = Transition { state: to, previous: Some(previous), data };
        self.say(match (previous, to) {
            (FluxState::Dormant | FluxState::Stopped, FluxState::Flowing) => Event::AgentStarted(transition),
            (_, FluxState::Stopped | FluxState::Collapsed) => Event::AgentStopped(transition),
            _ => Event::AgentStateChanged(transition),
        });
        Ok(())
    }

    /// Accounts for a step: by its tokens where it had a model use some, else by the time it took.
    pub(crate) fn worked(&self, busy_ms: f64, tokens: Tokens, measured: Option<wire::Temperature>) {
        if tokens != Tokens::default() {
            self.metered.store(true, Relaxed);
            self.metabolism.used(self.mirror.id(), tokens);
        }
        let mut c = self.lock();
        if tokens == Tokens::default() {
            c.meters.heat.worked(busy_ms, self.clock.ms());
        } else {
            c.meters.heat.used(tokens.input.saturating_add(tokens.output), self.clock.ms());
        }
        if let Some(own) = measured {
            c.meters.heat.measured(own);
        }
    }

    /// Somebody gave it work, or answered it.
    pub(crate) fn touched(&self) {
        if self.metered.load(Relaxed) {
            self.metabolism.touched(self.mirror.id());
        }
    }

    /// Items were given up for want of room.
    pub(crate) fn dropped(&self, n: u64) {
        self.lock().dropped += n;
    }

    /// How many items wait before the agent, and how many may.
    pub(crate) fn buffered(&self, waiting: usize, capacity: usize) {
        self.lock().intake = (waiting, capacity);
    }

    /// Takes one sample: reads the meters, keeps the reading, reflects it, and reports a crossing. An agent that has ended
    /// is not sampled. Returns the reading and the coarse point that it closed.
    pub(crate) fn sample(&self) -> Option<(MetricPoint, Option<MetricPoint>)> {
        let now = self.clock.ms();
        let (beam, pipe) = (self.beam.fill(), self.pipe.as_ref().map_or((0, 0), PipeGauge::fill));
        let broken = self.metabolism.breaches(self.mirror.id());
        let mut c = self.lock();
        if c.state.is_terminal() || !c.breaker.allows(now) {
            return None;
        }
        // A source that waits for its agent is not backlog.
        let queues = [beam, pipe, c.intake];
        let gauges = c.meters.read(&queues, now);
        let state = c.state;
        c.gauges = gauges;
        let fine = MetricPoint { ts: crate::clock::wall(), mean: gauges, min: None, max: None };
        let coarse = c.series.push(fine.ts, gauges);
        let crossing = c.alert.read(gauges.temperature, &broken, rand::random(), now);
        c.breaker.succeeded();
        drop(c);
        let observers = Some(self.mirror.watchers());
        self.mirror.reflect(Event::Metabolism { state, gauges, observers });
        if let Some(event) = crossing {
            self.say(event);
        }
        Some((fine, coarse))
    }

    /// A sample failed: after several in a row it is said, and sampling pauses.
    pub(crate) fn sample_failed(&self, error: &str) {
        let now = self.clock.ms();
        let (opened, circuit_state, failure_count) = {
            let mut c = self.lock();
            (c.breaker.failed(now), c.breaker.state(now), c.breaker.failures())
        };
        if opened == Opened::Now {
            let data = DegradedData { error: error.to_owned(), circuit_state, failure_count };
            self.say(Event::MetricsDegraded { data });
        }
    }

    pub(crate) fn look(&self) -> Look {
        let c = self.lock();
        let dropped = c.dropped + self.pipe.as_ref().map_or(0, PipeGauge::dropped);
        Look { state: c.state, gauges: c.gauges, in_fever: c.alert.is_on(), last_event: c.last_event, dropped }
    }

    /// Points of the last `window_ms`, at the finer resolution where that is asked for.
    pub(crate) fn points(&self, window_ms: u64, step_s: u32) -> (u32, Vec<MetricPoint>) {
        let now = crate::clock::wall().as_millis();
        let from = Timestamp::from_millis(now.saturating_sub(i64::try_from(window_ms).unwrap_or(i64::MAX)));
        let c = self.lock();
        if step_s < COARSE_STEP_S {
            (FINE_STEP_S, c.series.fine(from).copied().collect())
        } else {
            (COARSE_STEP_S, c.series.coarse(from).copied().collect())
        }
    }

    /// Takes back the history that an earlier process kept, each resolution oldest first.
    pub(crate) fn restore(&self, fine: Vec<MetricPoint>, coarse: Vec<MetricPoint>) {
        let mut c = self.lock();
        fine.into_iter().for_each(|p| c.series.restore_fine(p));
        coarse.into_iter().for_each(|p| c.series.restore_coarse(p));
    }

    fn lock(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
