//! The garden's metabolism as it runs: one engine, a meter per agent, and the voice they speak with.
//!
//! It owns the void ([`terrarium_core::metabolism::Void`]) behind one private mutex: each call is a few sums, so nobody
//! waits for it, and no tick is ever lost in a queue. A task of its own lets time pass once a second, and writes to the
//! store what is to survive. It never blocks work: a fever is said on the mirror, under [`AgentId::void`], and that is all.
//!
//! What survives a restart: the pressure, which decays meanwhile, the tokens counted, the entropy pool with its open
//! grants, and social capital. What does not: a fever, what each agent contributed, velocities, histories, bypasses.

mod trace;

use crate::{
    agent::Tokens,
    agents::scribe::Dreamer,
    clock::{self, SteadyClock},
    purgatory::Purgatory,
    registry::Registry,
    store::Store,
};
use mirror::{HolographicBuffer, Mirror};
use serde_json::{Value, json};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use terrarium_core::{
    metabolism::{
        Amount, Moment, Spent, Turn, Void, VoidRequest, dream,
        fever::FeverEvent,
        rein::{Policies, Policy},
        velocity::Limits,
        void::{SavedVoid, VoidError},
    },
    view::GardenFever,
};
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use trace::Trace;
use wire::{
    AgentId, Epoch, Event, Temperature, Timestamp,
    event::{FeverData, FeverEndedData, FeverSeverity},
    metabolism::{Breach, EngineStatus, FeverTrigger, Metered},
};

/// Time between two looks at the clock.
const PERIOD: Duration = Duration::from_secs(1);
/// Looks between two writes to the store.
const SAVED_EVERY: u32 = 15;
/// Agents whose last words a dream is told.
const DREAMT_OF: usize = 10;
/// Of each, this many of its newest events are looked at for such words.
const LOOKED_AT: usize = 10;
/// Longest such word, in characters.
const WORDS_MAX: usize = 80;

/// The metabolism of a gateway. A cheap handle; clones are the same.
#[derive(Debug, Clone)]
pub struct Metabolism {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    void: Mutex<Void>,
    /// Taken while the void is, never the other way round.
    trace: Mutex<Trace>,
    mirror: Arc<HolographicBuffer>,
    clock: SteadyClock,
    store: Option<Store>,
    dreamer: OnceLock<Dreamer>,
    policies: OnceLock<Policies>,
    /// One dream at a time: they cost.
    asleep: Semaphore,
}

impl Metabolism {
    /// As the store knows it, or at rest. What cannot be read is begun anew, with a word in the log.
    pub(crate) fn open(store: Option<Store>, mirror: &Mirror, clock: SteadyClock) -> Self {
        let now = moment(clock);
        let saved = store.as_ref().and_then(|store| {
            let text = store.metabolism().unwrap_or_else(|error| {
                tracing::warn!(%error, "the metabolism could not be read; it begins anew");
                None
            })?;
            serde_json::from_str::<SavedVoid>(&text)
                .inspect_err(|error| tracing::warn!(%error, "the metabolism could not be read; it begins anew"))
                .ok()
        });
        let (seed, limits) = (rand::random(), Limits::default());
        let void = match saved {
            Some(saved) => Void::restored(saved, seed, limits, now),
            None => Void::new(seed, limits, now),
        };
        let mirror = mirror.open(&AgentId::void(), Epoch::from_bits(rand::random()));
        let inner = Inner {
            void: Mutex::new(void),
            trace: Mutex::default(),
            mirror,
            clock,
            store,
            dreamer: OnceLock::new(),
            policies: OnceLock::new(),
            asleep: Semaphore::new(1),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Lets time pass, and questions weigh, until told to stop.
    pub(crate) async fn run(self, purgatory: Purgatory, stop: CancellationToken) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut looks, mut written) = (0_u32, None);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            let questions = purgatory.waiting();
            self.turn(|void, now| {
                let turn = void.weigh(questions, now);
                self.note(now, void.status().pressure);
                ((), turn)
            });
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(SAVED_EVERY) {
                self.save(&mut written).await;
            }
        }
        self.save(&mut written).await;
    }

    /// What dreams. The first one stays.
    pub fn dream_with(&self, dreamer: Dreamer) {
        let _ = self.inner.dreamer.set(dreamer);
    }

    /// How fast agents may go, and what is done about one that runs a fever. The first policies stay.
    pub fn govern(&self, limits: Limits, policies: Policies) {
        self.lock().meters_mut().limit(limits);
        let _ = self.inner.policies.set(policies);
    }

    /// What is done about an agent that runs a fever.
    #[must_use]
    pub fn policy(&self, agent: &AgentId) -> Policy {
        self.inner.policies.get().map_or_else(Policy::default, |policies| policies.of(agent))
    }

    /// The velocity rules that an agent breaks.
    pub(crate) fn breaches(&self, agent: &AgentId) -> Vec<Breach> {
        let now = moment(self.inner.clock);
        self.lock().meters().breaches(agent, now)
    }

    /// An agent had a model read and write.
    pub(crate) fn used(&self, agent: &AgentId, tokens: Tokens) {
        self.tick(agent, Spent { input: tokens.input, output: tokens.output });
    }

    /// A model was called for somebody, here or elsewhere: the engine ticks.
    pub fn tick(&self, agent: &AgentId, spent: Spent) {
        self.turn(|void, now| ((), void.tick(agent, spent, now)));
    }

    /// A step of an agent failed.
    pub(crate) fn failed(&self, agent: &AgentId) {
        let now = moment(self.inner.clock);
        self.lock().meters_mut().failed(agent, now);
    }

    /// An agent said something.
    pub(crate) fn said(&self, agent: &AgentId, data: &Value) {
        let digest = digest(data);
        self.lock().meters_mut().said(agent, digest);
    }

    /// Somebody gave an agent work, or answered it.
    pub(crate) fn touched(&self, agent: &AgentId) {
        self.lock().meters_mut().touched(agent);
    }

    /// An agent has gone.
    pub(crate) fn forget(&self, agent: &AgentId) {
        self.lock().meters_mut().forget(agent);
    }

    /// Has a fever begin that somebody calls for, or an error. `false` where there is one already.
    pub fn provoke(&self, trigger: FeverTrigger) -> bool {
        self.turn(|void, now| {
            let began = void.provoke(trigger, now);
            (began.is_some(), began)
        })
    }

    /// Answers whatever the void may be asked. A dream is an oblique strategy here: see [`Metabolism::dream`].
    ///
    /// # Errors
    /// [`VoidError`]; nothing was changed then.
    pub fn answer(&self, request: VoidRequest) -> Result<Value, VoidError> {
        self.turn(|void, now| match void.answer(request, now) {
            Ok((said, turn)) => (Ok(said), turn),
            Err(error) => (Err(error), None),
        })
    }

    /// Draws on the pool, and gives the seed of the draw.
    ///
    /// # Errors
    /// [`VoidError`]; nothing was drawn then.
    pub fn spend(&self, amount: Amount) -> Result<f64, VoidError> {
        let now = moment(self.inner.clock);
        self.lock().spend(amount, now)
    }

    /// A dream of the model, told of the engine, of what was said lately, and of `context`; an oblique strategy where there
    /// is no model, it fails, or another dream is going on.
    pub async fn dream(&self, registry: &Registry, context: Value) -> Value {
        let oblique = |context| self.answer(VoidRequest::Dream { context }).unwrap_or_default();
        let (Some(dreamer), Ok(_one)) = (self.inner.dreamer.get(), self.inner.asleep.try_acquire()) else {
            return oblique(context);
        };
        let prompt = dream::prompt(&self.status(), &recent(registry), &context);
        match dreamer.dream(prompt).await {
            Ok((dream, spent)) => {
                self.tick(&AgentId::void(), spent);
                json!({"dream": dream})
            }
            Err(error) => {
                tracing::info!(%error, "no dream came");
                oblique(context)
            }
        }
    }

    /// The engine as it is.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.turn(|void, now| {
            let turn = void.rest(now);
            (void.status(), turn)
        })
    }

    /// What one agent contributes.
    #[must_use]
    pub fn of(&self, agent: &AgentId) -> Option<Metered> {
        let now = moment(self.inner.clock);
        self.lock().meters().one(agent, now)
    }

    /// Its pressure over the last quarter of an hour, oldest first, a reading a second.
    #[must_use]
    pub fn pressures(&self) -> Vec<(Timestamp, f64)> {
        self.inner.trace.lock().unwrap_or_else(PoisonError::into_inner).all()
    }

    /// The garden's fever, if there is one, as it was said when it began.
    #[must_use]
    pub fn fever(&self) -> Option<GardenFever> {
        let void = self.lock();
        let record = void.meters().fevers().records().next_back().filter(|record| record.duration_ms.is_none())?;
        let (since, data) = (record.began.timestamp, data(record.began.clone(), void.meters().engine().threshold()));
        Some(GardenFever { since, data })
    }

    /// What is left in the entropy pool.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.lock().entropy().get()
    }

    /// Fevers since the start.
    #[must_use]
    pub fn fevers(&self) -> u64 {
        self.lock().meters().fevers().total()
    }

    /// Does something to the void and says on the mirror what came of it, in the order in which it came.
    fn turn<T>(&self, work: impl FnOnce(&mut Void, Moment) -> (T, Option<Turn>)) -> T {
        let now = moment(self.inner.clock);
        let mut void = self.lock();
        let (result, turn) = work(&mut void, now);
        if let Some(Turn::Began(fever)) = &turn {
            // A fever halves the pressure at once: the reading that crossed is seen here or never.
            let engine = void.meters().engine();
            self.note(now, engine.threshold() + fever.intensity);
            self.note(now, engine.pressure());
        }
        if let Some(event) = turn.and_then(|turn| event(turn, &void)) {
            self.inner.mirror.reflect(event);
        }
        result
    }

    fn note(&self, now: Moment, pressure: f64) {
        self.inner.trace.lock().unwrap_or_else(PoisonError::into_inner).push(now.wall, pressure);
    }

    async fn save(&self, written: &mut Option<SavedVoid>) {
        let Some(store) = self.inner.store.clone() else { return };
        let saved = self.lock().saved(clock::wall());
        if written.as_ref().is_some_and(|before| before.leads_to(&saved)) {
            return;
        }
        let Ok(text) = serde_json::to_string(&saved) else { return };
        match tokio::task::spawn_blocking(move || store.keep_metabolism(&text)).await {
            Ok(Ok(())) => *written = Some(saved),
            Ok(Err(error)) => tracing::warn!(%error, "the metabolism was not written"),
            Err(error) => tracing::warn!(%error, "the metabolism was not written"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Void> {
        self.inner.void.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a crossing is said as. The temperature is the pressure as a share of the threshold.
fn event(turn: Turn, void: &Void) -> Option<Event> {
    let engine = void.meters().engine();
    Some(match turn {
        Turn::Began(fever) => Event::Fever {
            // The reading that crossed, not what the fever has spent since.
            temperature: Temperature::new(1.0)?,
            data: data(fever, engine.threshold()),
        },
        Turn::Ended(end) => Event::FeverEnded {
            temperature: engine.temperature()?,
            data: FeverEndedData { duration_ms: end.duration_ms },
        },
    })
}

fn data(fever: FeverEvent, threshold: f64) -> FeverData {
    FeverData {
        threshold,
        severity: if fever.intensity > threshold { FeverSeverity::High } else { FeverSeverity::Moderate },
        intensity: Some(fever.intensity),
        oblique_strategy: Some(fever.oblique_strategy.to_owned()),
        trigger: Some(fever.trigger),
        seed: Some(fever.seed),
        why: None,
    }
}

/// What the agents that spoke last said last, in a line each.
fn recent(registry: &Registry) -> Vec<String> {
    let mut agents: Vec<_> = registry.list().into_iter().map(|a| (a.summary().last_event, a)).collect();
    agents.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    let line = |agent: &crate::AgentHandle| {
        let events = agent.snapshot(LOOKED_AT).history;
        let words = events.iter().rev().find_map(|envelope| match &envelope.event {
            Event::Result { data } => Some(format!("said {}", clip(data.get("text").unwrap_or(data)))),
            Event::Error { data } => Some(format!("failed: {}", clip(&json!(data.error)))),
            Event::SemaphoreEjected { token, .. } => Some(format!("asks: {}", clip(&json!(token.prompt)))),
            _ => None,
        })?;
        Some(format!("{} {words}", agent.id()))
    };
    agents.iter().take(DREAMT_OF).filter_map(|(_, agent)| line(agent)).collect()
}

fn clip(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().take(WORDS_MAX).collect()
}

/// The same words, the same digest, within this process. Of an answer with a text, the text: its counters always differ.
fn digest(data: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.get("text").filter(|text| text.is_string()).unwrap_or(data).hash(&mut hasher);
    hasher.finish()
}

fn moment(clock: SteadyClock) -> Moment {
    Moment { steady_ms: clock.ms(), wall: clock::wall() }
}
