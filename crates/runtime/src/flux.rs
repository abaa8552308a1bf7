//! The task that runs one agent: takes up perturbations, feedback and items of its source, steps, and reflects what comes
//! of it.
//!
//! Event-driven throughout: a silent source costs nothing, and is never cancelled half-way through an item. A step that
//! fails or panics costs that item. A source that dies, or a factory that fails, costs this life of the agent: it is made
//! anew after a back-off, a few times, and then it has collapsed. The queue in front of it outlives all that.

mod hand;

use crate::{
    agent::{Agent, AgentError, Factory, Question, Source, Step, StepCx},
    beam::{Beam, Entry, Failure, Pending, Work},
    clock::SteadyClock,
    pipe::Outlet,
    purgatory::{Purgatory, PurgatoryError},
    tasks::{OffThread, panic_text},
    vitals::Vitals,
};
use futures::FutureExt;
use hand::{Hand, Turn};
use serde_json::{Value, json};
use std::{any::Any, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use terrarium_core::{
    flux::{Allowance, FluxConfig, Spent},
    ledger::Actor,
    metabolism::rein::Pace,
    restart::{Restarts, Verdict},
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{Event, FluxState, SemaphoreCard, TokenId, semaphore::Door};

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
    pub(crate) beam: Arc<Beam>,
    pub(crate) config: FluxConfig,
    pub(crate) outlet: Option<Outlet>,
    pub(crate) purgatory: Purgatory,
    pub(crate) stop: CancellationToken,
    /// Rung when a dormant or stopped agent is to start.
    pub(crate) start: Arc<Notify>,
    pub(crate) clock: SteadyClock,
}

/// How a life ended.
enum End {
    /// It was told to stop.
    Told,
    /// Its source has no more.
    Exhausted,
    /// Its limits are used up.
    Spent(Spent),
    /// It died.
    Died(AgentError),
}

type Panic = Box<dyn Any + Send>;

impl<A: Agent> Flux<A> {
    /// Runs until the agent was told to stop, or has collapsed. `first` is what the factory made when the agent was
    /// planted.
    pub(crate) async fn run(mut self, mut first: (A, Source<A::Item>), dormant: bool) {
        if dormant && self.life.sleep(&mut first.0).await.is_none() {
            return self.life.finish("told to stop");
        }
        let mut made = Ok(first);
        loop {
            let reason = match self.flow(made).await {
                End::Told => return self.life.finish("told to stop"),
                End::Died(error) => {
                    let data = json!({"reason": "it died too often", "error": error.message});
                    return self.life.collapse(data);
                }
                End::Spent(Spent::Entropy) => {
                    return self.life.collapse(json!({"reason": "its entropy budget is spent"}));
                }
                End::Spent(Spent::Events) => "it worked on as many events as it may",
                End::Exhausted => "its source came to an end",
            };
            self.life.finish(reason);
            if self.life.outlet.is_some() {
                // The next stage of the pipeline ends when this one is dropped.
                return;
            }
            tokio::select! {
                () = self.life.stop.cancelled() => return,
                () = self.life.start.notified() => {}
            }
            self.life.beam.reopen();
            self.life.purgatory.planted(self.life.vitals.mirror.id().clone());
            made = self.make();
        }
    }

    /// Flows from a start to an end that is not a death that can be mended.
    async fn flow(&mut self, mut made: Result<(A, Source<A::Item>), AgentError>) -> End {
        let mut restarts = Restarts::default();
        let mut allowance = Allowance::of(&self.life.config);
        self.life.enter(FluxState::Flowing, None);
        loop {
            let error = match made {
                Ok((agent, source)) => match self.life.live(agent, source, &mut allowance).await {
                    End::Died(error) => error,
                    end => return end,
                },
                Err(error) => error,
            };
            self.life.vitals.say_error(error.clone());
            match restarts.died(self.life.clock.ms(), rand::random()) {
                Verdict::RestartIn(ms) => tokio::select! {
                    () = self.life.stop.cancelled() => return End::Told,
                    () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                },
                Verdict::Collapse => return End::Died(error),
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
    /// A dormant agent: it answers, and nothing else. `None` where it is to stop, otherwise it is to start.
    async fn sleep<A: Agent>(&self, agent: &mut A) -> Option<()> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                () = self.start.notified() => return Some(()),
                entry = self.beam.take() => self.answer(agent, entry).await?,
            }
        }
    }

    async fn live<A: Agent>(&self, agent: A, source: Source<A::Item>, allowance: &mut Allowance) -> End {
        let mut hand = Hand::new(agent, source, &self.config, self.vitals.clone());
        let mut paces = self.beam.paces();
        loop {
            // Asked before anything is taken: what is taken is worked on.
            if let Some(spent) = allowance.spent() {
                return End::Spent(spent);
            }
            let held = *paces.borrow() == Pace::Held;
            self.settle(held);
            let told = match hand.turn(&self.beam, &mut paces, &self.stop).await {
                Turn::Stop => return End::Told,
                Turn::Reined => continue,
                Turn::Exhausted => return End::Exhausted,
                Turn::SourceDied(error) => return End::Died(error),
                Turn::Item(Err(error)) => {
                    self.vitals.say_error(error);
                    hand.rest(Duration::ZERO);
                    continue;
                }
                Turn::Item(Ok(item)) => self.work(&mut hand, item).await,
                Turn::Perturbation(entry) => {
                    if self.vitals.look().state == FluxState::Flowing {
                        self.enter(FluxState::Perturbed, None);
                    }
                    self.answer(&mut hand.agent, entry).await
                }
            };
            allowance.spend();
            if told.is_none() {
                return End::Told;
            }
            // A source that always has more must not keep this thread from the others.
            tokio::task::consume_budget().await;
        }
    }

    /// The state between two turns: dormant while it is held, perturbed while somebody waits, else flowing.
    fn settle(&self, held: bool) {
        match (held, self.vitals.look().state) {
            (true, FluxState::Flowing | FluxState::Perturbed) => {
                let rein = self.beam.rein();
                self.enter(FluxState::Dormant, Some(json!({"reason": rein.to_string(), "token_id": rein.question()})));
            }
            (false, FluxState::Dormant) => {
                self.enter(FluxState::Flowing, Some(json!({"reason": self.beam.rein().to_string()})));
            }
            (false, FluxState::Perturbed) if self.beam.is_empty() => self.enter(FluxState::Flowing, None),
            _ => {}
        }
    }

    /// One step on an item of the agent's own. `None` where the agent had to stop and the step did not end in time.
    async fn work<A: Agent>(&self, hand: &mut Hand<A>, item: A::Item) -> Option<()> {
        let mut cx = StepCx::default();
        let began = Instant::now();
        let outcome = {
            let (agent, mut intake) = hand.parts();
            let mut step = std::pin::pin!(AssertUnwindSafe(agent.step(item, &mut cx)).catch_unwind());
            loop {
                tokio::select! {
                    biased;
                    outcome = &mut step => break Some(outcome),
                    () = self.stop.cancelled() => break self.drain(step.as_mut()).await,
                    // Where items may be dropped they are taken in while the step runs; the source never waits.
                    () = intake.fill() => {}
                }
            }
        };
        self.account(began, &cx);
        hand.rest(began.elapsed());
        match outcome? {
            Ok(Ok(Step::Quiet)) => {}
            Ok(Ok(Step::Result(data))) => {
                self.vitals.say(Event::Result { data: data.clone() });
                hand.feed_back(&data, rand::random());
                if let Some(outlet) = &self.outlet {
                    self.stop.run_until_cancelled(outlet.send(data)).await?;
                }
            }
            Ok(Ok(Step::Yield(question))) => {
                if let Err(error) = self.ask(*question).await {
                    self.vitals.say_error(error);
                }
            }
            Ok(Err(error)) => self.vitals.say_error(error),
            Err(panic) => self.vitals.say_error(panicked(&panic)),
        }
        Some(())
    }

    /// One perturbation: an error or a panic of it goes to who asked and on the mirror. What nobody waits for any more
    /// reaches nobody. `None` where the agent had to stop and the step did not end in time.
    async fn answer<A: Agent>(&self, agent: &mut A, entry: Entry) -> Option<()> {
        let Entry { work, pending } = entry;
        self.vitals.touched();
        // The answer to a question goes to who had the agent ask it, if they still wait.
        let reentry = if let Work::Resume(reentry) = &work { Some(reentry.card.id.clone()) } else { None };
        let caller = match &reentry {
            Some(id) => self.purgatory.unfollow(id),
            None => Some(pending.clone()),
        };
        let mut cx = StepCx { caller: caller.clone(), ..StepCx::default() };
        let began = Instant::now();
        let attended = {
            let step = AssertUnwindSafe(perturb(agent, work, &mut cx)).catch_unwind();
            let mut step = std::pin::pin!(step);
            // Who took their perturbation back does not want the answer worked on, either.
            let asked = caller.as_ref().filter(|_| reentry.is_some());
            tokio::select! {
                biased;
                () = Pending::taken_back(asked) => Some(Some(Ok(Err(Failure::Cancelled)))),
                outcome = &mut step => Some(Some(outcome)),
                () = pending.unwanted() => Some(None),
                () = self.stop.cancelled() => self.drain(step.as_mut()).await.map(Some),
            }
        };
        self.account(began, &cx);
        let Some(attended) = attended else {
            // An answer that was not worked on to the end is delivered again another time.
            caller.inspect(|c| c.end(Err(Failure::Ended { state: FluxState::Stopped })));
            return None;
        };
        let Some(outcome) = attended.filter(|_| pending.is_wanted()) else { return Some(()) };
        let outcome = outcome.unwrap_or_else(|panic| Err(Failure::Step(panicked(&panic))));
        let outcome = self.tell(outcome, caller.as_ref()).await;
        if let Some(id) = reentry {
            self.close(id, &outcome).await;
        }
        if let (Some(outcome), Some(caller)) = (outcome, caller) {
            caller.end(outcome);
        }
        Some(())
    }

    /// Says on the mirror what a perturbation came to. `None` where it became a question.
    async fn tell(
        &self,
        outcome: Result<Step, Failure>,
        caller: Option<&Arc<Pending>>,
    ) -> Option<Result<Value, Failure>> {
        let failure = match outcome {
            Ok(Step::Quiet) => return Some(Ok(Value::Null)),
            Ok(Step::Result(data)) => {
                self.vitals.say(Event::Result { data: data.clone() });
                return Some(Ok(data));
            }
            Ok(Step::Yield(question)) => match self.ask(*question).await {
                Ok(card) => {
                    if let Some(caller) = caller {
                        self.purgatory.follow(card.id.clone(), caller.clone());
                        caller.asked(card);
                    }
                    return None;
                }
                Err(error) => Failure::Step(error),
            },
            Err(failure) => failure,
        };
        match &failure {
            Failure::Step(error) => self.vitals.say_error(error.clone()),
            Failure::Call(prism::CallError::Failed { kind, message, hint }) => {
                let (error, error_type, hint) = (message.clone(), kind.to_string(), hint.clone());
                self.vitals.say_error(wire::event::ErrorData { error, error_type, hint });
            }
            // Arguments that do not fit, and what is taken back, are the caller's concern.
            _ => {}
        }
        Some(Err(failure))
    }

    /// Stores a question. The agent goes on with something else meanwhile.
    async fn ask(&self, question: Question) -> Result<SemaphoreCard, AgentError> {
        let Question { ask, frozen } = question;
        let ejected = self.purgatory.eject_from(self.vitals.mirror.id().clone(), ask, frozen).await;
        ejected.map(|ejected| ejected.card).map_err(|error| {
            let message = match &error {
                PurgatoryError::Ask(errors) => {
                    let faults: Vec<_> = errors.iter().map(|e| format!("{}: {}", e.pointer, e.message)).collect();
                    format!("{error}: {}", faults.join("; "))
                }
                _ => error.to_string(),
            };
            let error = AgentError::new("not_asked", format!("the question could not be stored: {message}"));
            error.hint("nothing was done; send the same work again when this is mended")
        })
    }

    /// The answer to a question has been worked on. That this is written down may fail: then it is delivered again.
    async fn close(&self, id: TokenId, outcome: &Option<Result<Value, Failure>>) {
        let error = outcome.as_ref().and_then(|o| o.as_ref().err()).map(ToString::to_string);
        let actor = Actor { by: self.vitals.mirror.id().to_string(), door: Door::Agent };
        if let Err(error) = self.purgatory.close(id, error, actor).await {
            tracing::warn!(agent = %self.vitals.mirror.id(), %error, "a delivery was not written down");
        }
    }

    /// The rest of a step whose agent is to stop, if it ends in time.
    async fn drain<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        self.enter(FluxState::Draining, None);
        tokio::time::timeout(DRAIN, step).await.ok()
    }

    fn account(&self, began: Instant, cx: &StepCx) {
        let took = began.elapsed();
        self.beam.took(took);
        self.vitals.worked(took.as_secs_f64() * 1000.0, cx.tokens, cx.measured);
    }

    fn finish(&self, reason: &str) {
        if matches!(self.vitals.look().state, FluxState::Flowing | FluxState::Perturbed) {
            self.enter(FluxState::Draining, None);
        }
        self.beam.close(FluxState::Stopped);
        self.enter(FluxState::Stopped, Some(json!({"reason": reason, "total_events": self.vitals.mirror.head()})));
    }

    fn collapse(&self, data: Value) {
        self.beam.close(FluxState::Collapsed);
        self.enter(FluxState::Collapsed, Some(data));
    }

    fn enter(&self, state: FluxState, data: Option<Value>) {
        if let Err(illegal) = self.vitals.enter(state, data) {
            tracing::error!(agent = %self.vitals.mirror.id(), %illegal, "a step of life was refused");
        }
    }
}

/// Hands an agent what it was sent.
async fn perturb<A: Agent>(agent: &mut A, work: Work, cx: &mut StepCx) -> Result<Step, Failure> {
    let (name, arguments) = match work {
        Work::Input(data) => return agent.perturbed(data, cx).await.map_err(Failure::Step),
        Work::Resume(reentry) => return agent.resume(*reentry, cx).await.map_err(Failure::Step),
        Work::Command { name, arguments, .. } => (name, arguments),
    };
    let Some(exposed) = agent.exposed() else {
        let unknown = prism::CallError::UnknownCommand { name: name.to_owned(), nearest: Vec::new() };
        return Err(Failure::Call(unknown));
    };
    let blocking = exposed.is_blocking(name);
    let call = exposed.call(name, arguments, cx);
    let outcome = if blocking { OffThread(call).await } else { call.await };
    // A method that asked has nothing to say yet.
    match cx.question.take() {
        Some(question) => outcome.map(|_| Step::Yield(question)),
        None => outcome.map(Step::Result),
    }
    .map_err(Failure::Call)
}

fn panicked(panic: &Panic) -> AgentError {
    let text = panic_text(panic.as_ref());
    let error = AgentError::new("panic", format!("a step panicked: {text}"));
    error.hint("the agent goes on with its next item; this one is lost")
}
