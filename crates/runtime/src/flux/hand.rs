//! What an agent has at hand in one life: itself, its source, what has come in and waits, and whose turn it is.

use crate::{
    agent::{Agent, AgentError, Source},
    beam::{Beam, Entry},
    tasks::panic_text,
    vitals::Vitals,
};
use futures::{FutureExt, StreamExt};
use serde_json::Value;
use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use terrarium_core::{
    flux::{DropPolicy, Fairness, FluxConfig},
    metabolism::rein::Pace,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// What is taken up next.
pub(super) enum Turn<T> {
    Stop,
    /// How freely it may work has changed.
    Reined,
    Perturbation(Entry),
    Item(Result<T, AgentError>),
    Exhausted,
    SourceDied(AgentError),
}

pub(super) struct Hand<A: Agent> {
    pub(super) agent: A,
    source: Option<Source<A::Item>>,
    /// Why the source died, where it did while items of it still waited.
    died: Option<AgentError>,
    intake: VecDeque<Result<A::Item, AgentError>>,
    feedback: VecDeque<A::Item>,
    fairness: Fairness,
    policy: DropPolicy,
    buffer_size: usize,
    feedback_queue: usize,
    feedback_fraction: f64,
    pace: Pace,
    /// Before then nothing of the agent's own is taken up.
    rests_until: Instant,
    vitals: Arc<Vitals>,
}

impl<A: Agent> Hand<A> {
    pub(super) fn new(agent: A, source: Source<A::Item>, config: &FluxConfig, vitals: Arc<Vitals>) -> Self {
        Self {
            agent,
            source: Some(source),
            died: None,
            intake: VecDeque::new(),
            feedback: VecDeque::new(),
            fairness: Fairness::default(),
            policy: config.drop_policy,
            buffer_size: config.buffer_size,
            feedback_queue: config.feedback_queue,
            feedback_fraction: config.feedback_fraction,
            pace: Pace::Free,
            rests_until: Instant::now(),
            vitals,
        }
    }

    /// Perturbations before feedback before the source; but after many perturbations in a row the source has its turn.
    pub(super) async fn turn(
        &mut self,
        beam: &Beam,
        paces: &mut watch::Receiver<Pace>,
        stop: &CancellationToken,
    ) -> Turn<A::Item> {
        self.pace = *paces.borrow_and_update();
        if self.fairness.source_is_due() {
            self.fairness.rested();
            if let Some(turn) = self.own().now_or_never()
                && !matches!(turn, Turn::Exhausted)
            {
                return turn;
            }
        }
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => Turn::Stop,
            // The queue that has the other end is ours.
            _ = paces.changed() => Turn::Reined,
            entry = beam.take() => Turn::Perturbation(entry),
            turn = self.own() => turn,
        };
        match turn {
            Turn::Perturbation(_) => self.fairness.perturbed(),
            Turn::Reined => {}
            _ => self.fairness.rested(),
        }
        turn
    }

    /// What is next of the agent's own. Cancel-safe.
    async fn own(&mut self) -> Turn<A::Item> {
        match self.pace {
            Pace::Free => {}
            Pace::Slow => sleep_until(self.rests_until).await,
            Pace::Held => return std::future::pending().await,
        }
        if let Some(item) = self.feedback.pop_front() {
            return Turn::Item(Ok(item));
        }
        if let Some(item) = self.intake.pop_front() {
            self.note_intake();
            return Turn::Item(item);
        }
        if let Some(error) = self.died.take() {
            return Turn::SourceDied(error);
        }
        let Some(source) = &mut self.source else { return Turn::Exhausted };
        match next(source).await {
            Ok(Some(item)) => Turn::Item(item),
            Ok(None) => {
                self.source = None;
                Turn::Exhausted
            }
            Err(error) => {
                self.source = None;
                Turn::SourceDied(error)
            }
        }
    }

    /// A step on an item of the agent's own took this long.
    pub(super) fn rest(&mut self, step: Duration) {
        self.rests_until = Instant::now() + self.pace.rest(step);
    }

    /// The agent, and what takes items in while it steps.
    pub(super) fn parts(&mut self) -> (&mut A, Intake<'_, A>) {
        let intake = Intake {
            source: &mut self.source,
            died: &mut self.died,
            waiting: &mut self.intake,
            policy: self.policy,
            buffer_size: self.buffer_size,
            vitals: &self.vitals,
        };
        (&mut self.agent, intake)
    }

    /// Takes an output in again, for the configured share of them. `draw` is uniform in 0..1.
    pub(super) fn feed_back(&mut self, output: &Value, draw: f64) {
        if draw >= self.feedback_fraction {
            return;
        }
        // The agent's own code: a panic of it costs this feedback.
        let item = std::panic::catch_unwind(AssertUnwindSafe(|| self.agent.feedback(output))).ok().flatten();
        let Some(item) = item else { return };
        if self.feedback.len() >= self.feedback_queue {
            self.vitals.dropped(1);
        } else {
            self.feedback.push_back(item);
        }
    }

    fn note_intake(&self) {
        self.vitals.buffered(self.intake.len(), self.buffer_size);
    }
}

/// Takes items in while the agent steps, where its policy says so.
pub(super) struct Intake<'a, A: Agent> {
    source: &'a mut Option<Source<A::Item>>,
    died: &'a mut Option<AgentError>,
    waiting: &'a mut VecDeque<Result<A::Item, AgentError>>,
    policy: DropPolicy,
    buffer_size: usize,
    vitals: &'a Vitals,
}

impl<A: Agent> Intake<'_, A> {
    /// Takes one item in. Never returns where the source is to wait, or has ended. Cancel-safe.
    pub(super) async fn fill(&mut self) {
        let Some(source) = self.source.as_mut().filter(|_| self.policy != DropPolicy::Block) else {
            return std::future::pending().await;
        };
        match next(source).await {
            Ok(Some(item)) => self.take(item),
            Ok(None) => *self.source = None,
            Err(error) => {
                *self.source = None;
                *self.died = Some(error);
            }
        }
        // A source that always has more must not keep the step from running.
        tokio::task::yield_now().await;
    }

    fn take(&mut self, item: Result<A::Item, AgentError>) {
        if self.waiting.len() >= self.buffer_size {
            self.vitals.dropped(1);
            if self.policy == DropPolicy::DropNewest {
                return;
            }
            self.waiting.pop_front();
        }
        self.waiting.push_back(item);
        self.vitals.buffered(self.waiting.len(), self.buffer_size);
    }
}

/// The next item; a panic of the source is its death.
async fn next<T>(source: &mut Source<T>) -> Result<Option<Result<T, AgentError>>, AgentError> {
    AssertUnwindSafe(source.next()).catch_unwind().await.map_err(|panic| {
        let text = panic_text(panic.as_ref());
        AgentError::new("panic", format!("the source panicked: {text}"))
    })
}
