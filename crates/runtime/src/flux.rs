//! The task that runs one agent: takes items from its source, steps, reflects what comes of it.
//!
//! Event-driven throughout: a silent source costs nothing, and is never cancelled half-way through an item. A step that
//! fails or panics costs that item. A source that dies, or a factory that fails, costs this life of the agent: it is made
//! anew after a back-off, a few times, and then it has collapsed.

use crate::{
    agent::{Agent, AgentError, Factory, Source, Step, StepCx},
    clock::SteadyClock,
    tasks::panic_text,
    vitals::Vitals,
};
use futures::{FutureExt, StreamExt};
use serde_json::json;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use terrarium_core::restart::{Restarts, Verdict};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::{Event, FluxState};

/// How long a step may go on after the agent was told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Runs one agent. Owned by its task.
pub(crate) struct Flux<A: Agent> {
    pub(crate) factory: Factory<A>,
    pub(crate) life: Life,
}

/// What outlives one making of the agent.
pub(crate) struct Life {
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) stop: CancellationToken,
    pub(crate) clock: SteadyClock,
}

/// How a life ended.
enum End {
    /// It was told to stop.
    Told,
    /// Its source has no more.
    Exhausted,
    /// It died.
    Died(AgentError),
}

/// What the loop takes up next. Perturbations will be a variant of this.
enum Turn<T> {
    Stop,
    Item(Result<T, AgentError>),
    Exhausted,
    SourceDied(AgentError),
}

impl<A: Agent> Flux<A> {
    /// Runs until the agent has stopped or collapsed. `first` is what the factory made when the agent was planted.
    pub(crate) async fn run(mut self, first: (A, Source<A::Item>)) {
        let mut made = Ok(first);
        let mut restarts = Restarts::default();
        self.life.enter(FluxState::Flowing, None);
        loop {
            let end = match made {
                Ok((agent, source)) => self.life.live(agent, source).await,
                Err(error) => End::Died(error),
            };
            match end {
                End::Told => return self.life.finish("told to stop"),
                End::Exhausted => return self.life.finish("its source came to an end"),
                End::Died(error) => {
                    let error_text = error.message.clone();
                    self.life.vitals.say_error(error);
                    match restarts.died(self.life.clock.ms(), rand::random()) {
                        Verdict::RestartIn(ms) => {
                            tokio::select! {
                                () = self.life.stop.cancelled() => return self.life.finish("told to stop"),
                                () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                            }
                        }
                        Verdict::Collapse => {
                            let data = json!({"reason": "it died too often", "error": error_text});
                            return self.life.enter(FluxState::Collapsed, Some(data));
                        }
                    }
                }
            }
            made = self.make();
        }
    }

    fn make(&mut self) -> Result<(A, Source<A::Item>), AgentError> {
        std::panic::catch_unwind(AssertUnwindSafe(&mut self.factory)).unwrap_or_else(|panic| {
            let text = panic_text(panic.as_ref());
            Err(AgentError::new("panic", format!("the agent could not be made: {text}")))
        })
    }
}

impl Life {
    async fn live<A: Agent>(&self, mut agent: A, mut source: Source<A::Item>) -> End {
        loop {
            let turn = tokio::select! {
                biased;
                () = self.stop.cancelled() => Turn::Stop,
                item = AssertUnwindSafe(source.next()).catch_unwind() => match item {
                    Ok(Some(item)) => Turn::Item(item),
                    Ok(None) => Turn::Exhausted,
                    Err(panic) => {
                        let text = panic_text(panic.as_ref());
                        Turn::SourceDied(AgentError::new("panic", format!("the source panicked: {text}")))
                    }
                },
            };
            match turn {
                Turn::Stop => return End::Told,
                Turn::Exhausted => return End::Exhausted,
                Turn::SourceDied(error) => return End::Died(error),
                Turn::Item(Err(error)) => self.vitals.say_error(error),
                Turn::Item(Ok(item)) => {
                    if self.step(&mut agent, item).await.is_none() {
                        return End::Told;
                    }
                }
            }
            // A source that always has more must not keep this thread from the others.
            tokio::task::consume_budget().await;
        }
    }

    /// One step. `None` where it was still running when the agent had to stop and its time ran out.
    async fn step<A: Agent>(&self, agent: &mut A, item: A::Item) -> Option<()> {
        let mut cx = StepCx::default();
        let began = Instant::now();
        let outcome = {
            let mut step = std::pin::pin!(AssertUnwindSafe(agent.step(item, &mut cx)).catch_unwind());
            tokio::select! {
                biased;
                outcome = &mut step => Some(outcome),
                () = self.stop.cancelled() => {
                    self.enter(FluxState::Draining, None);
                    tokio::time::timeout(DRAIN, step).await.ok()
                }
            }
        };
        self.vitals.worked(began.elapsed().as_secs_f64() * 1000.0, cx.measured);
        match outcome? {
            Ok(Ok(Step::Quiet)) => {}
            Ok(Ok(Step::Result(data))) => self.vitals.say(Event::Result { data }),
            Ok(Err(error)) => self.vitals.say_error(error),
            Err(panic) => {
                let text = panic_text(panic.as_ref());
                let error = AgentError::new("panic", format!("a step panicked: {text}"));
                self.vitals.say_error(error.hint("the agent goes on with its next item; this one is lost"));
            }
        }
        Some(())
    }

    fn finish(&self, reason: &str) {
        if self.vitals.look().state == FluxState::Flowing {
            self.enter(FluxState::Draining, None);
        }
        self.enter(FluxState::Stopped, Some(json!({"reason": reason, "total_events": self.vitals.mirror.head()})));
    }

    fn enter(&self, state: FluxState, data: Option<serde_json::Value>) {
        if let Err(illegal) = self.vitals.enter(state, data) {
            tracing::error!(agent = %self.vitals.mirror.id(), %illegal, "a step of life was refused");
        }
    }
}
