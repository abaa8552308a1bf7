//! The bounded priority queue in front of an agent, and the calls that wait for its answers.
//!
//! Taking up, refusing and giving up a perturbation happen here, without the agent's task: a step that runs for minutes
//! delays nobody's `accepted`, `busy` or `cancel`.

use crate::agent::{AgentError, Reentry};
use serde_json::Value;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use terrarium_core::{
    flux::Priority,
    metabolism::rein::{Pace, Rein},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use wire::{FluxState, SemaphoreCard, semaphore::TokenStatus};

/// Parts of one answer that may wait for their caller. Further ones are left out; the whole answer still comes.
const CHUNKS_MAX: usize = 256;
/// Least and greatest advice to a caller who was told `busy`.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));
/// As good as never: what nobody waits for is not timed out.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
/// How much the newest step counts in the average that the advice is made of.
const STEP_WEIGHT: f64 = 0.2;

/// What an agent is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Work on an input.
    Input(Value),
    /// Carry out one of its commands, with arguments that were checked.
    Command {
        /// Its name.
        name: &'static str,
        /// By name.
        arguments: prism::Arguments,
        /// Whether it changes nothing.
        reads: bool,
    },
    /// Go on with the answer to a question.
    Resume(Box<Reentry>),
}

impl Work {
    /// Whether it changes nothing, so that it may be done while the agent is held.
    fn only_reads(&self) -> bool {
        matches!(self, Self::Command { reads: true, .. })
    }
}

/// How a perturbation is to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How urgent it is.
    pub priority: Priority,
    /// When to give up, counted from now; the agent's own limit where it is `None`.
    pub timeout: Option<Duration>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { priority: Priority::ORDINARY, timeout: None }
    }
}

/// Why a perturbation was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As many wait as may.
    #[error("the agent has as much to do as it may have; try again in {} ms", .retry_after.as_millis())]
    Busy {
        /// About how long until there is room.
        retry_after: Duration,
    },
    /// The agent has ended.
    #[error("the agent has {state}")]
    Ended {
        /// How.
        state: FluxState,
    },
    /// The agent is held, and this might change something.
    #[error("the agent takes nothing up that changes anything: {rein}")]
    Held {
        /// How.
        rein: Rein,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The step failed.
    #[error(transparent)]
    Step(#[from] AgentError),
    /// The command refused its arguments.
    #[error(transparent)]
    Call(prism::CallError),
    /// It took too long.
    #[error("no answer within {} ms", .after.as_millis())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// It was given up.
    #[error("it was cancelled")]
    Cancelled,
    /// The agent ended first.
    #[error("the agent has {state}")]
    Ended {
        /// How.
        state: FluxState,
    },
    /// The agent asked a person, and the question ended without an answer.
    #[error("the question it became was {}", .status.as_str())]
    Unanswered {
        /// How it ended.
        status: TokenStatus,
    },
}

/// What comes back.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A part of the answer.
    Chunk(Value),
    /// The agent asked a person. The end follows when there is an answer, however long that takes.
    Asked(Box<SemaphoreCard>),
    /// The end of it.
    End(Result<Value, Failure>),
}

/// One perturbation, from the side of who asked. Dropping it gives it up.
#[derive(Debug)]
pub struct Call {
    beam: Arc<Beam>,
    key: Key,
    pending: Arc<Pending>,
    depth: usize,
    over: bool,
}

/// Gives up one perturbation. A cheap handle.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Pending>);

impl Canceller {
    /// Gives it up: its caller is told that it was cancelled, unless it had ended before. What it had asked a person is
    /// not worked on any more, either, which it is where a caller merely leaves.
    pub fn cancel(&self) {
        if !self.0.lock().ended {
            self.0.taken_back.cancel();
        }
        self.0.end(Err(Failure::Cancelled));
    }
}

impl Call {
    /// How many waited when it was taken, itself included.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.depth
    }

    /// A handle to give it up with.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(self.pending.clone())
    }

    /// What comes back next; `None` after the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Reply> {
        if self.over {
            return None;
        }
        loop {
            let told = self.pending.told.notified();
            if let Some(reply) = self.pending.take() {
                self.over = matches!(reply, Reply::End(_));
                return Some(reply);
            }
            tokio::select! {
                () = told => {}
                () = sleep_until(self.pending.deadline), if !self.pending.has_asked() => self.pending.time_out(),
            }
        }
    }

    /// The answer, its parts left out; waits for a person, where one was asked.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn answer(mut self) -> Result<Value, Failure> {
        loop {
            match self.next().await {
                Some(Reply::Chunk(_) | Reply::Asked(_)) => {}
                Some(Reply::End(outcome)) => return outcome,
                None => return Err(Failure::Cancelled),
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.pending.end(Err(Failure::Cancelled));
        self.beam.withdraw(self.key);
    }
}

/// Highest priority first, then in the order of arrival.
type Key = (Reverse<Priority>, u64);

/// The queue. Shared by callers and the agent's task.
#[derive(Debug)]
pub(crate) struct Beam {
    capacity: usize,
    timeout: Duration,
    queue: Mutex<Queue>,
    arrived: Notify,
    /// How freely the agent may work. Changes with the rein in the queue.
    pace: watch::Sender<Pace>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Key, Entry>,
    arrivals: u64,
    ended: Option<FluxState>,
    rein: Rein,
    /// Average time of a step, in milliseconds.
    step_ms: f64,
}

/// A perturbation in the queue.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) work: Work,
    pub(crate) pending: Arc<Pending>,
}

impl Beam {
    pub(crate) fn new(capacity: usize, timeout: Duration, rein: Rein) -> Arc<Self> {
        let pace = watch::Sender::new(rein.pace());
        let queue = Mutex::new(Queue { rein, ..Queue::default() });
        Arc::new(Self { capacity, timeout, queue, arrived: Notify::new(), pace })
    }

    /// Takes a perturbation up, or says why not.
    pub(crate) fn send(self: &Arc<Self>, work: Work, terms: Terms) -> Result<Call, Refused> {
        let timeout = terms.timeout.unwrap_or(self.timeout);
        let mut queue = self.lock();
        if let Some(state) = queue.ended {
            return Err(Refused::Ended { state });
        }
        if queue.rein.pace() == Pace::Held && !work.only_reads() {
            return Err(Refused::Held { rein: queue.rein.clone() });
        }
        if queue.waiting.len() >= queue.rein.pace().queue(self.capacity) {
            let advice = Duration::from_secs_f64((queue.step_ms / 1000.0).clamp(0.0, 60.0));
            return Err(Refused::Busy { retry_after: advice.clamp(RETRY.0, RETRY.1) });
        }
        let key = (Reverse(terms.priority), queue.arrivals);
        queue.arrivals += 1;
        let pending = Arc::new(Pending::new(timeout));
        queue.waiting.insert(key, Entry { work, pending: pending.clone() });
        let depth = queue.waiting.len();
        drop(queue);
        self.arrived.notify_one();
        Ok(Call { beam: self.clone(), key, pending, depth, over: false })
    }

    /// Takes the answer to a question up, in front of everything else and whether or not there is room: there are never
    /// more of these than there were questions. Where the agent has ended it is left to be delivered another time.
    pub(crate) fn reenter(&self, reentry: Reentry) {
        let mut queue = self.lock();
        if queue.ended.is_some() {
            return;
        }
        let key = (Reverse(Priority::REENTRY), queue.arrivals);
        queue.arrivals += 1;
        let pending = Arc::new(Pending::new(FAR));
        queue.waiting.insert(key, Entry { work: Work::Resume(Box::new(reentry)), pending });
        drop(queue);
        self.arrived.notify_one();
    }

    /// The next perturbation that somebody still waits for. Cancel-safe: nothing is taken until it is returned.
    pub(crate) async fn take(&self) -> Entry {
        loop {
            let arrived = self.arrived.notified();
            if let Some(entry) = self.try_take() {
                return entry;
            }
            arrived.await;
        }
    }

    /// The same without waiting. Of an agent that is held, only what changes nothing.
    pub(crate) fn try_take(&self) -> Option<Entry> {
        let mut queue = self.lock();
        let held = queue.rein.pace() == Pace::Held;
        loop {
            let key = *queue.waiting.iter().find(|(_, entry)| !held || entry.work.only_reads())?.0;
            let entry = queue.waiting.remove(&key)?;
            if entry.pending.is_wanted() {
                return Some(entry);
            }
        }
    }

    /// Whether nobody waits to be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// How many wait, and how many may.
    pub(crate) fn fill(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.waiting.len(), queue.rein.pace().queue(self.capacity))
    }

    /// On which rein the agent is.
    pub(crate) fn rein(&self) -> Rein {
        self.lock().rein.clone()
    }

    /// Puts the agent on another rein where `fits` says that the one it is on is to be left. Says whether it was.
    pub(crate) fn rein_in(&self, rein: Rein, fits: impl FnOnce(&Rein) -> bool) -> bool {
        let mut queue = self.lock();
        if !fits(&queue.rein) {
            return false;
        }
        self.pace.send_replace(rein.pace());
        queue.rein = rein;
        drop(queue);
        self.arrived.notify_one();
        true
    }

    /// Tells how freely the agent may work, now and whenever that changes.
    pub(crate) fn paces(&self) -> watch::Receiver<Pace> {
        self.pace.subscribe()
    }

    /// A step took this long: for the advice to those who find no room.
    pub(crate) fn took(&self, step: Duration) {
        let mut queue = self.lock();
        let ms = step.as_secs_f64() * 1000.0;
        queue.step_ms += (ms - queue.step_ms) * STEP_WEIGHT;
    }

    /// Ends every call: the agent takes nothing any more.
    pub(crate) fn close(&self, state: FluxState) {
        let waiting = {
            let mut queue = self.lock();
            queue.ended = Some(state);
            std::mem::take(&mut queue.waiting)
        };
        waiting.into_values().for_each(|entry| entry.pending.end(Err(Failure::Ended { state })));
    }

    /// Takes perturbations again.
    pub(crate) fn reopen(&self) {
        self.lock().ended = None;
    }

    fn withdraw(&self, key: Key) {
        self.lock().waiting.remove(&key);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call and the agent's task share.
#[derive(Debug)]
pub(crate) struct Pending {
    deadline: Instant,
    timeout: Duration,
    told: Notify,
    /// Cancelled when nobody waits any more: the step is dropped.
    unwanted: CancellationToken,
    /// Cancelled when the caller said so, rather than left.
    taken_back: CancellationToken,
    answer: Mutex<Answer>,
}

#[derive(Debug, Default)]
struct Answer {
    chunks: VecDeque<Value>,
    asked: Option<Box<SemaphoreCard>>,
    /// Whether it waits for a person: then no time-out counts.
    waits_for_person: bool,
    end: Option<Result<Value, Failure>>,
    ended: bool,
}

impl Pending {
    fn new(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            timeout,
            told: Notify::new(),
            unwanted: CancellationToken::new(),
            taken_back: CancellationToken::new(),
            answer: Mutex::default(),
        }
    }

    /// Whether somebody still waits. Times it out where it is time.
    pub(crate) fn is_wanted(&self) -> bool {
        if Instant::now() >= self.deadline && !self.has_asked() {
            self.time_out();
        }
        !self.lock().ended
    }

    /// Returns when nobody waits any more, or the time is over.
    pub(crate) async fn unwanted(&self) {
        tokio::select! {
            () = self.unwanted.cancelled() => {}
            () = sleep_until(self.deadline) => self.time_out(),
        }
    }

    /// Returns when the caller has taken it back. Never where there is no caller.
    pub(crate) async fn taken_back(caller: Option<&Arc<Self>>) {
        match caller {
            Some(caller) => caller.taken_back.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Hands the caller a part of the answer.
    pub(crate) fn chunk(&self, data: Value) {
        let mut answer = self.lock();
        if answer.ended || answer.chunks.len() >= CHUNKS_MAX {
            return;
        }
        answer.chunks.push_back(data);
        drop(answer);
        self.told.notify_one();
    }

    /// Tells the caller that a person was asked.
    pub(crate) fn asked(&self, card: SemaphoreCard) {
        let mut answer = self.lock();
        answer.asked = Some(Box::new(card));
        answer.waits_for_person = true;
        drop(answer);
        self.told.notify_one();
    }

    fn has_asked(&self) -> bool {
        self.lock().waits_for_person
    }

    /// Ends it, once: the first end counts.
    pub(crate) fn end(&self, outcome: Result<Value, Failure>) {
        let mut answer = self.lock();
        if answer.ended {
            return;
        }
        answer.ended = true;
        answer.end = Some(outcome);
        drop(answer);
        self.unwanted.cancel();
        self.told.notify_one();
    }

    fn time_out(&self) {
        self.end(Err(Failure::TimedOut { after: self.timeout }));
    }

    fn take(&self) -> Option<Reply> {
        let mut answer = self.lock();
        let chunk = answer.chunks.pop_front().map(Reply::Chunk);
        chunk.or_else(|| answer.asked.take().map(Reply::Asked)).or_else(|| answer.end.take().map(Reply::End))
    }

    fn lock(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
