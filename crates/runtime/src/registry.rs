//! The only map from agent id to its handle. The handle owns log, task and meters; removing it ends them all.

use crate::{
    agent::{Agent, AgentError, Factory, Profile},
    agents::guest,
    beam::Beam,
    clock::{self, SteadyClock},
    flux::{Flux, Life},
    handle::AgentHandle,
    metabolism::Metabolism,
    pipe::Outlet,
    pulse,
    purgatory::Purgatory,
    reins,
    store::{Store, StoreError},
    tasks::{OnPanic, StillRunning, Tasks},
    vitals::Vitals,
};
use mirror::Mirror;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use terrarium_core::{
    flux::{FluxConfig, Violations},
    near::closest,
    series::{COARSE_STEP_S, FINE_STEP_S},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::{AgentId, CloseCode, Epoch, MetricPoint};

/// Agents at most. One more is refused.
pub const AGENTS_MAX: usize = 10_000;

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
    purgatory: Purgatory,
    metabolism: Metabolism,
    agents: Mutex<BTreeMap<AgentId, AgentHandle>>,
    /// Cancelled when every log has been closed.
    told: CancellationToken,
}

/// How an agent is planted.
#[derive(Debug, Default)]
pub struct Planting {
    /// Its limits.
    pub config: FluxConfig,
    /// Whether it flows at once.
    pub start: Start,
}

impl Planting {
    /// At once, with these limits.
    #[must_use]
    pub fn with(config: FluxConfig) -> Self {
        Self { config, ..Self::default() }
    }
}

/// When an agent begins to flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// At once.
    #[default]
    Now,
    /// When [`AgentHandle::start`] is called. Until then it is dormant: it answers who asks, and its source is not read.
    Later,
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
    /// Its limits are no limits.
    #[error("{0}")]
    Config(#[from] Violations),
    /// The agent could not be made.
    #[error("{0}")]
    Failed(#[from] AgentError),
}

impl Registry {
    /// An empty registry, its sampler, its pump and its purgatory running. Gauge history and questions are kept in
    /// `store`; without one the history is in memory, and so are questions. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`]: the questions in the store cannot be read.
    pub fn start(tasks: Tasks, store: Option<Store>) -> Result<Self, StoreError> {
        let (purgatory, owner) = Purgatory::open(store.as_ref().map(Store::folder))?;
        let mirror = Mirror::new(clock::wall);
        let clock = SteadyClock::start();
        let metabolism = Metabolism::open(store.clone(), &mirror, clock);
        let pump = mirror.pump();
        let registry = Self {
            inner: Arc::new(Inner {
                gateway_id: format!("{:016x}", rand::random::<u64>()),
                clock,
                mirror,
                tasks: tasks.clone(),
                store: store.clone(),
                purgatory,
                metabolism: metabolism.clone(),
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
        // Nor does this one before the agents: their last steps count, too.
        tasks.spawn(
            "metabolism",
            OnPanic::Stop,
            metabolism.run(registry.purgatory().clone(), registry.inner.told.clone()),
        );
        // The pump ends last: observers that are told of the end have to be woken for it.
        let told = registry.inner.told.clone();
        tasks.spawn("pump", OnPanic::Stop, async move {
            let _ = told.run_until_cancelled(pump.run()).await;
            pump.turn();
        });
        owner.start(registry.clone(), &tasks, registry.inner.told.clone());
        Ok(registry)
    }

    /// Makes an agent and starts it.
    ///
    /// # Errors
    /// [`PlantError`]; nothing was changed then.
    pub fn plant<A: Agent>(
        &self,
        id: AgentId,
        profile: Profile,
        factory: Factory<A>,
    ) -> Result<AgentHandle, PlantError> {
        self.plant_with(id, profile, factory, Planting::default())
    }

    /// Makes an agent with limits of its own, and starts it, if it is to start now.
    ///
    /// # Errors
    /// [`PlantError`]; nothing was changed then.
    pub fn plant_with<A: Agent>(
        &self,
        id: AgentId,
        profile: Profile,
        factory: Factory<A>,
        planting: Planting,
    ) -> Result<AgentHandle, PlantError> {
        self.plant_before(id, profile, factory, planting, None)
    }

    /// The same for a stage of a pipeline, whose outputs go on through `outlet`.
    pub(crate) fn plant_before<A: Agent>(
        &self,
        id: AgentId,
        profile: Profile,
        mut factory: Factory<A>,
        planting: Planting,
        outlet: Option<Outlet>,
    ) -> Result<AgentHandle, PlantError> {
        let Planting { config, start: when } = planting;
        config.check()?;
        // Made before it is entered: whoever fails here was never there.
        if self.get(&id).is_some() {
            return Err(PlantError::Taken(id));
        }
        let mut first = factory()?;
        let commands = first.0.exposed().map(|e| e.specs()).unwrap_or_default();
        let (queue, timeout) = (config.perturbation_queue, Duration::from_millis(config.perturbation_timeout_ms));
        let beam = Beam::new(queue, timeout, reins::kept(self, &id));
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
        let gauge = outlet.as_ref().map(Outlet::gauge);
        let vitals =
            Arc::new(Vitals::new(profile, buffer, commands, beam.clone(), gauge, clock, self.inner.metabolism.clone()));
        vitals.restore(past.0, past.1);
        let stop = self.inner.tasks.stopping().child_token();
        let start = Arc::new(Notify::new());
        let handle = AgentHandle {
            purgatory: self.inner.purgatory.clone(),
            vitals: vitals.clone(),
            beam: beam.clone(),
            stop: stop.clone(),
            start: start.clone(),
            ended: CancellationToken::new(),
        };
        agents.insert(id.clone(), handle.clone());
        drop(agents);
        // Whatever was answered while it was not here.
        self.inner.purgatory.planted(id);
        let purgatory = self.inner.purgatory.clone();
        let ended = handle.ended.clone().drop_guard();
        let flux = Flux { factory, life: Life { vitals, beam, config, outlet, purgatory, stop, start, clock } };
        self.inner.tasks.spawn("flux", OnPanic::Log, async move {
            flux.run(first, when == Start::Later).await;
            drop(ended);
        });
        Ok(handle)
    }

    /// The agent of that name, or a guest under it: somebody who is run elsewhere, and reports and asks through us.
    ///
    /// # Errors
    /// [`PlantError::Full`].
    pub fn welcome(&self, id: &AgentId) -> Result<AgentHandle, PlantError> {
        loop {
            if let Some(agent) = self.get(id) {
                return Ok(agent);
            }
            match self.plant(id.clone(), guest::profile(), guest::factory()) {
                // Somebody else was quicker.
                Err(PlantError::Taken(_)) => {}
                planted => return planted,
            }
        }
    }

    /// Plants guests for questions whose agents are not here, so that they can be seen. To be called when the agents that
    /// run here are planted.
    pub fn stand_in(&self) {
        for card in self.inner.purgatory.pending(None) {
            if let Err(error) = self.welcome(&card.agent_id) {
                tracing::warn!(agent = %card.agent_id, %error, "a question waits whose agent cannot be shown");
            }
        }
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
        handle.stop().await;
        let mut agents = self.agents();
        if agents.get(id).is_some_and(|now| Arc::ptr_eq(&now.vitals, &handle.vitals)) {
            agents.remove(id);
            self.inner.mirror.remove(id);
            self.inner.metabolism.forget(id);
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
        closest(word, self.agents().keys().cloned())
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

    /// The questions that wait for a person.
    #[must_use]
    pub fn purgatory(&self) -> &Purgatory {
        &self.inner.purgatory
    }

    /// The garden's engine, and the rest of the void.
    #[must_use]
    pub fn metabolism(&self) -> &Metabolism {
        &self.inner.metabolism
    }

    /// What survives a restart, where anything does.
    pub(crate) fn store(&self) -> Option<&Store> {
        self.inner.store.as_ref()
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
