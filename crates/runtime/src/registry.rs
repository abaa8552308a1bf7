//! The only map from agent id to its handle. The handle owns log, task and meters; removing it ends them all.

use crate::{
    agent::{Agent, AgentError, Factory, Profile},
    clock::{self, SteadyClock},
    flux::{Flux, Life},
    pulse,
    store::Store,
    tasks::{OnPanic, StillRunning, Tasks},
    vitals::Vitals,
};
use mirror::{HolographicBuffer, Mirror};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use terrarium_core::series::{COARSE_STEP_S, FINE_STEP_S};
use tokio_util::sync::CancellationToken;
use wire::{AgentId, AgentSummary, CloseCode, Envelope, Epoch, MetricPoint, MetricSeries, Snapshot, Timestamp};

/// Agents at most. One more is refused.
pub const AGENTS_MAX: usize = 10_000;
/// Names offered where one is not found.
const NEAREST: usize = 5;

/// The agents of a gateway. A cheap handle; clones are the same registry.
#[derive(Debug, Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    gateway_id: String,
    clock: SteadyClock,
    mirror: Mirror,
    tasks: Tasks,
    store: Option<Store>,
    agents: Mutex<BTreeMap<AgentId, AgentHandle>>,
    /// Cancelled when every log has been closed.
    told: CancellationToken,
}

/// One agent. A cheap handle; clones are the same agent.
#[derive(Debug, Clone)]
pub struct AgentHandle {
    vitals: Arc<Vitals>,
    stop: CancellationToken,
    ended: CancellationToken,
}

/// Why an agent was not planted.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// There is one of that name.
    #[error("there is already an agent called {0}; choose another name")]
    Taken(AgentId),
    /// The garden is full.
    #[error("the garden is full: it holds at most {AGENTS_MAX} agents")]
    Full,
    /// The agent could not be made.
    #[error("{0}")]
    Failed(#[from] AgentError),
}

impl Registry {
    /// An empty registry, its sampler and its pump running. Gauge history is kept in `store`, where there is one.
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(tasks: Tasks, store: Option<Store>) -> Self {
        let mirror = Mirror::new(clock::wall);
        let pump = mirror.pump();
        let registry = Self {
            inner: Arc::new(Inner {
                gateway_id: format!("{:016x}", rand::random::<u64>()),
                clock: SteadyClock::start(),
                mirror,
                tasks: tasks.clone(),
                store: store.clone(),
                agents: Mutex::default(),
                told: CancellationToken::new(),
            }),
        };
        let keep = store.map(|store| {
            let (keep, batches) = pulse::queue();
            tasks.spawn("history", OnPanic::Log, pulse::keep(store, batches));
            keep
        });
        tasks.spawn("pulse", OnPanic::Stop, pulse::run(registry.clone(), keep, tasks.stopping()));
        // The pump ends last: observers that are told of the end have to be woken for it.
        let told = registry.inner.told.clone();
        tasks.spawn("pump", OnPanic::Stop, async move {
            let _ = told.run_until_cancelled(pump.run()).await;
            pump.turn();
        });
        registry
    }

    /// Makes an agent and starts it.
    ///
    /// # Errors
    /// [`PlantError`]; nothing was changed then.
    pub fn plant<A: Agent>(
        &self,
        id: AgentId,
        profile: Profile,
        mut factory: Factory<A>,
    ) -> Result<AgentHandle, PlantError> {
        // Made before it is entered: whoever fails here was never there.
        if self.get(&id).is_some() {
            return Err(PlantError::Taken(id));
        }
        let first = factory()?;
        let past = self.past(&id);
        let mut agents = self.agents();
        if agents.contains_key(&id) {
            return Err(PlantError::Taken(id));
        }
        if agents.len() >= AGENTS_MAX {
            return Err(PlantError::Full);
        }
        let buffer = self.inner.mirror.open(&id, Epoch::from_bits(rand::random()));
        let clock = self.inner.clock;
        let vitals = Arc::new(Vitals::new(profile, buffer, clock));
        vitals.restore(past.0, past.1);
        let stop = self.inner.tasks.stopping().child_token();
        let handle = AgentHandle { vitals: vitals.clone(), stop: stop.clone(), ended: CancellationToken::new() };
        agents.insert(id, handle.clone());
        drop(agents);
        let ended = handle.ended.clone().drop_guard();
        let flux = Flux { factory, life: Life { vitals, stop, clock } };
        self.inner.tasks.spawn("flux", OnPanic::Log, async move {
            flux.run(first).await;
            drop(ended);
        });
        Ok(handle)
    }

    /// What the store knows of an agent's gauges, second by second and in 15-second steps.
    fn past(&self, id: &AgentId) -> (Vec<MetricPoint>, Vec<MetricPoint>) {
        let Some(store) = &self.inner.store else { return Default::default() };
        let read = |step_s| {
            store.history(id, step_s, clock::wall()).unwrap_or_else(|error| {
                tracing::warn!(agent = %id, %error, "gauge history could not be read");
                Vec::new()
            })
        };
        (read(FINE_STEP_S), read(COARSE_STEP_S))
    }

    /// Stops an agent, lets it finish its step, and forgets it. Its observers are told. Does nothing for an unknown one.
    pub async fn remove(&self, id: &AgentId) {
        let Some(handle) = self.get(id) else { return };
        handle.stop.cancel();
        handle.ended.cancelled().await;
        let mut agents = self.agents();
        if agents.get(id).is_some_and(|now| Arc::ptr_eq(&now.vitals, &handle.vitals)) {
            agents.remove(id);
            self.inner.mirror.remove(id);
        }
    }

    /// The agent of that name.
    #[must_use]
    pub fn get(&self, id: &AgentId) -> Option<AgentHandle> {
        self.agents().get(id).cloned()
    }

    /// Every agent, in the order of its id.
    #[must_use]
    pub fn list(&self) -> Vec<AgentHandle> {
        self.agents().values().cloned().collect()
    }

    /// The names most like a word, best first, at most five: what to offer where it is not found.
    #[must_use]
    pub fn nearest(&self, word: &str) -> Vec<AgentId> {
        let mut scored: Vec<_> = self.agents().keys().map(|id| (distance(word, id.as_str()), id.clone())).collect();
        scored.sort();
        scored.into_iter().take(NEAREST).map(|(_, id)| id).collect()
    }

    /// The mirrors.
    #[must_use]
    pub fn mirror(&self) -> &Mirror {
        &self.inner.mirror
    }

    /// Random per start: tells a client that this is another process than before.
    #[must_use]
    pub fn gateway_id(&self) -> &str {
        &self.inner.gateway_id
    }

    /// Where to spawn.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Stops every agent, then ends every log with 1012, then waits for all tasks.
    ///
    /// # Errors
    /// [`StillRunning`] where tasks have not ended within `grace`.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), StillRunning> {
        let began = tokio::time::Instant::now();
        self.inner.tasks.stopping().cancel();
        let agents = self.list();
        let drained = futures::future::join_all(agents.iter().map(|a| a.ended.cancelled()));
        let in_time = tokio::time::timeout(grace, drained).await.is_ok();
        if !in_time {
            tracing::warn!("some agents were still at work when the grace period ended");
        }
        self.inner.mirror.close(CloseCode::Draining);
        self.inner.told.cancel();
        self.inner.tasks.shutdown(grace.saturating_sub(began.elapsed())).await
    }

    fn agents(&self) -> MutexGuard<'_, BTreeMap<AgentId, AgentHandle>> {
        self.inner.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            pending: Vec::new(),
            commands: Vec::new(),
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
            pending: Vec::new(),
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

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.vitals.started
    }

    pub(crate) fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }
}

/// Edit distance (Levenshtein 1966), over the first characters of each: enough to tell names apart.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(wire::id::AGENT_ID_MAX).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(wire::id::AGENT_ID_MAX).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
