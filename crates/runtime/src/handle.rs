//! One agent, from the side of whoever has to do with it: looks at it, sends it work, starts and stops it.

use crate::{
    agent::Reentry,
    agents::guest,
    beam::{Beam, Call, Refused, Terms, Work},
    purgatory::Purgatory,
    vitals::Vitals,
};
use mirror::HolographicBuffer;
use serde_json::Value;
use std::sync::Arc;
use terrarium_core::{
    lifecycle::{self, IllegalTransition},
    metabolism::rein::{Pace, Rein},
    near::closest,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::{AgentId, AgentSummary, CommandSpec, Envelope, FluxState, MetricSeries, Scope, Snapshot, Timestamp};

/// One agent. A cheap handle; clones are the same agent.
#[derive(Debug, Clone)]
pub struct AgentHandle {
    pub(crate) purgatory: Purgatory,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) beam: Arc<Beam>,
    pub(crate) stop: CancellationToken,
    pub(crate) start: Arc<Notify>,
    pub(crate) ended: CancellationToken,
}

impl AgentHandle {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &AgentId {
        self.vitals.mirror.id()
    }

    /// Its log.
    #[must_use]
    pub fn mirror(&self) -> &Arc<HolographicBuffer> {
        &self.vitals.mirror
    }

    /// The agent as it is now.
    #[must_use]
    pub fn summary(&self) -> AgentSummary {
        let look = self.vitals.look();
        let seq = self.vitals.mirror.head();
        AgentSummary {
            agent_id: self.id().clone(),
            genus: self.vitals.profile.genus.to_owned(),
            description: self.vitals.profile.description.clone(),
            state: look.state,
            metrics: look.gauges,
            in_fever: look.in_fever,
            observers: self.vitals.mirror.watchers(),
            pending: self.purgatory.pending(Some(self.id())),
            commands: self.commands().map(|c| c.name.clone()).collect(),
            dropped: look.dropped,
            epoch: self.vitals.mirror.epoch().clone(),
            seq,
            total_events: seq.0,
            last_event: look.last_event,
            started: self.vitals.started,
        }
    }

    /// State and the newest `history` events.
    #[must_use]
    pub fn snapshot(&self, history: usize) -> Snapshot {
        let look = self.vitals.look();
        let (seq, frames) = self.vitals.mirror.recent(history);
        let decode = |f: &mirror::Frame| serde_json::from_slice::<Envelope>(&f.payload()).ok();
        Snapshot {
            agent_id: self.id().clone(),
            state: look.state,
            metrics: look.gauges,
            epoch: self.vitals.mirror.epoch().clone(),
            seq,
            history: frames.iter().filter_map(decode).collect(),
            total_events: seq.0,
            pending: self.purgatory.pending(Some(self.id())),
        }
    }

    /// Gauges of the last `window_ms`: every second where `step_s` is below 15 (kept for 15 minutes), else every 15 seconds
    /// with least, mean and greatest (kept for 24 hours).
    #[must_use]
    pub fn series(&self, window_ms: u64, step_s: u32) -> MetricSeries {
        let look = self.vitals.look();
        let (step_s, points) = self.vitals.points(window_ms, step_s);
        MetricSeries { agent_id: self.id().clone(), state: look.state, metrics: look.gauges, step_s, points }
    }

    /// The commands it shows.
    pub fn commands(&self) -> impl Iterator<Item = &'static CommandSpec> {
        self.vitals.commands.iter().filter(|c| !c.hidden)
    }

    /// The command of that name or alias, hidden ones included.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&'static CommandSpec> {
        self.vitals.commands.iter().find(|c| c.name == name || c.aliases.iter().any(|a| a == name))
    }

    /// The commands whose names are most like a word, best first, at most five.
    #[must_use]
    pub fn nearest_commands(&self, word: &str) -> Vec<String> {
        closest(word, self.commands().map(|c| c.name.clone()))
    }

    /// Sends it an input.
    ///
    /// # Errors
    /// [`Refused`]: there is no room, or it has ended.
    pub fn perturb(&self, input: Value, terms: Terms) -> Result<Call, Refused> {
        self.beam.send(Work::Input(input), terms)
    }

    /// Has it carry out one of its commands. The arguments are those that [`prism::check`] returned for it.
    ///
    /// # Errors
    /// See [`AgentHandle::perturb`].
    pub fn call(
        &self,
        command: &'static CommandSpec,
        arguments: prism::Arguments,
        terms: Terms,
    ) -> Result<Call, Refused> {
        let reads = command.scope == Scope::Observe;
        self.beam.send(Work::Command { name: &command.name, arguments, reads }, terms)
    }

    /// Makes a dormant or stopped agent flow. One that is held flows when it is let go on.
    ///
    /// # Errors
    /// [`IllegalTransition`] in any other state, and of an agent that is held.
    pub fn start(&self) -> Result<(), IllegalTransition> {
        let (from, to) = (self.vitals.look().state, FluxState::Flowing);
        lifecycle::step(from, to)?;
        if self.rein().pace() == Pace::Held {
            return Err(IllegalTransition { from, to });
        }
        self.start.notify_one();
        Ok(())
    }

    /// Stops it for good, and waits until it has: its step may end, within limits.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }

    /// On which rein it is: how freely it may work.
    #[must_use]
    pub fn rein(&self) -> Rein {
        self.beam.rein()
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.vitals.started
    }

    /// Whether it is run elsewhere.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.vitals.profile.genus == guest::GENUS
    }

    pub(crate) fn reenter(&self, reentry: Reentry) {
        self.beam.reenter(reentry);
    }

    pub(crate) fn beam(&self) -> &Beam {
        &self.beam
    }

    pub(crate) fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }
}
