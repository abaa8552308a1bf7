//! What an author writes: an [`Agent`] with one step, and a factory that makes it together with its source of work.
//!
//! The runtime calls the step for one item at a time, reflects what it returns on the agent's mirror, isolates its errors
//! and panics, and samples its gauges. An agent never sees an observer.

mod compose;

pub use compose::{Pure, Then};

use crate::beam::Pending;
use futures::Stream;
use serde_json::Value;
use std::{future::Future, pin::Pin, sync::Arc};
use wire::{Ask, SemaphoreCard, Temperature, event::ErrorData, semaphore::Decision};

/// A unit of autonomous work: takes one item, returns one [`Step`].
///
/// ```
/// use terrarium_runtime::agent::{Agent, AgentError, Step, StepCx};
///
/// /// Says each number it gets, doubled.
/// struct Doubler;
///
/// impl Agent for Doubler {
///     type Item = u64;
///     async fn step(&mut self, n: u64, _cx: &mut StepCx) -> Result<Step, AgentError> {
///         Ok(Step::Result(serde_json::json!(n * 2)))
///     }
/// }
/// ```
pub trait Agent: Send + 'static {
    /// What its source yields.
    type Item: Send + 'static;

    /// Works on one item. May take as long as it likes; the agent takes its next item only afterwards.
    ///
    /// # Errors
    /// An error, like a panic, costs this item: it becomes an `error` event, and the agent goes on with the next.
    ///
    /// The future may be dropped at any `await` where the agent is made to stop or the caller gives up: what it has changed
    /// by then stays changed.
    fn step(&mut self, item: Self::Item, cx: &mut StepCx) -> impl Future<Output = Result<Step, AgentError>> + Send;

    /// Works on an input that somebody sent. Like [`Agent::step`] in everything else. An agent that does not say otherwise
    /// takes none.
    ///
    /// # Errors
    /// Goes to who sent it, and on the mirror.
    fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> impl Future<Output = Result<Step, AgentError>> + Send {
        let _ = (input, cx);
        async {
            let hint = "call one of its commands instead, if it has any; GET /api/agents/{agent}/commands lists them";
            Err(AgentError::new("takes_no_input", "this agent takes no free input").hint(hint))
        }
    }

    /// What it exposes: `Some(self)` for an agent with an `#[exposed]` block.
    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        None
    }

    /// Goes on where it stopped to ask, with the answer. Like [`Agent::step`] in everything else. May come twice for one
    /// question where the gateway died in between: `reentry.card.id` tells. An agent that never asks need not say anything.
    ///
    /// # Errors
    /// Costs this answer: the question is closed, and the error told.
    fn resume(&mut self, reentry: Reentry, cx: &mut StepCx) -> impl Future<Output = Result<Step, AgentError>> + Send {
        let _ = (reentry, cx);
        async { Err(AgentError::new("cannot_resume", "this agent does not go on after a question")) }
    }

    /// Makes an item of one of its own outputs, for the share of them that it takes in again
    /// (`feedback_fraction` of its [`terrarium_core::flux::FluxConfig`]). `None` leaves this one out.
    fn feedback(&mut self, output: &Value) -> Option<Self::Item> {
        let _ = output;
        None
    }
}

/// What a step comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing to say.
    Quiet,
    /// One output: a `result` event with this payload.
    Result(Value),
    /// A question to a person. The agent goes on with its next item meanwhile, and with this one in [`Agent::resume`].
    Yield(Box<Question>),
}

/// A question, and what the agent needs to go on with the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked.
    pub ask: Ask,
    /// What the agent needs to go on. Kept with the question, shown to nobody.
    pub frozen: Value,
}

/// An answer on its way back to the agent that asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Reentry {
    /// The question as it was shown.
    pub card: SemaphoreCard,
    /// What the agent put aside.
    pub frozen: Value,
    /// What was decided: by a person, or by the deadline.
    pub decision: Decision,
}

/// What a step may tell the runtime besides its outcome.
#[derive(Debug, Default)]
pub struct StepCx {
    pub(crate) measured: Option<Temperature>,
    pub(crate) tokens: Tokens,
    pub(crate) caller: Option<Arc<Pending>>,
    /// What an exposed method asked.
    pub(crate) question: Option<Box<Question>>,
}

/// Tokens that a step had a model read and write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

impl StepCx {
    /// Sets the agent's temperature to one it measured itself, 0 to 1, until it sets another. Without this the
    /// temperature is the share of time its steps are busy. A value that is not finite is ignored.
    pub fn temperature(&mut self, value: f64) {
        self.measured = Temperature::new(value).or(self.measured);
    }
}

impl prism::CallCx for StepCx {
    /// Hands a part of the answer to who asked; nothing where nobody did. Never waits: parts that a slow caller has no room
    /// for are left out, the whole answer still reaches it.
    fn chunk(&mut self, data: Value) {
        if let Some(caller) = &self.caller {
            caller.chunk(data);
        }
    }

    /// Accounts for tokens that a model read and wrote. An agent that does so is as hot as its tokens per second.
    fn tokens(&mut self, input: u64, output: u64) {
        self.tokens.input = self.tokens.input.saturating_add(input);
        self.tokens.output = self.tokens.output.saturating_add(output);
    }

    fn ask(&mut self, ask: Ask, frozen: Value) {
        self.question = Some(Box::new(Question { ask, frozen }));
    }
}

/// Where items come from. May be silent for days; it is never polled on a timer and never cancelled half-way through an
/// item. An `Err` item becomes an `error` event. The end of the stream is the end of the agent.
pub type Source<T> = Pin<Box<dyn Stream<Item = Result<T, AgentError>> + Send>>;

/// A source that stays silent for ever: for an agent that only answers.
#[must_use]
pub fn no_source<T: Send + 'static>() -> Source<T> {
    Box::pin(futures::stream::pending())
}

/// Makes an agent and its source: when it starts, and again each time it has to be restarted.
pub type Factory<A> = Box<dyn FnMut() -> Result<(A, Source<<A as Agent>::Item>), AgentError> + Send>;

/// Who an agent is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What kind of agent, in one word.
    pub genus: &'static str,
    /// What it does, in one sentence.
    pub description: String,
}

/// Why a step or a source failed, in words for the person who reads the stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AgentError {
    /// What failed and why.
    pub message: String,
    /// A stable word for the kind of failure.
    pub kind: &'static str,
    /// What to try.
    pub hint: Option<String>,
}

impl AgentError {
    /// An error of a kind.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), kind, hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<AgentError> for ErrorData {
    fn from(e: AgentError) -> Self {
        Self { error: e.message, error_type: e.kind.to_owned(), hint: e.hint }
    }
}

/// So that a command may fail with the agent's own errors.
impl From<AgentError> for prism::CallError {
    fn from(e: AgentError) -> Self {
        let failed = Self::failed(e.kind, e.message);
        match e.hint {
            Some(hint) => failed.hint(hint),
            None => failed,
        }
    }
}
