//! Purgatory: where questions wait for a person. Writes every step down before it is told, wakes who waits for an answer,
//! and hands answers back to the agents that asked.
//!
//! One owner task. It takes what has come since the last turn as one batch: one transaction, one sync of the disk (group
//! commit), then the changes are reflected and everybody is answered. Deadlines are timers of the same task, and read the
//! wall clock, so that they survive restarts; a clock that steps back only makes them late.

mod desk;
mod read;
mod tally;

pub use read::{Filter, Line, PAGE_MAX, Page, Verified, export, verify};
pub use tally::{Tally, WAIT_BUCKETS_S};

use crate::{
    agent::Reentry,
    beam::{Failure, Pending},
    clock,
    registry::Registry,
    store::{FILE, StoreError},
    tasks::{OnPanic, Tasks},
};
use desk::{Change, Desk, Done, Order, Outcome};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use terrarium_core::ledger::{Actor, Move, Origin, Refusal, Token};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use wire::{
    AgentId, Event, FieldError, SemaphoreCard, TokenId,
    event::Moved as MovedData,
    semaphore::{Answer, Ask, AuditEntry, Decision, Door, Severity, Step, TokenStatus},
};

/// Orders that may wait for the owner. Further ones wait with whoever gives them.
const QUEUE: usize = 1024;
/// Orders in one transaction.
const BATCH: usize = 256;
/// How often the wall clock is read again while a deadline is far: it may have been set.
const CLOCK_CHECK: Duration = Duration::from_secs(5);
/// How often what is over for long is forgotten.
const COLLECT_EVERY: Duration = Duration::from_secs(6 * 3600);
/// How long to wait before the store is tried again after a timer's batch was refused.
const RETRY: Duration = Duration::from_secs(5);

/// The questions of a gateway. A cheap handle; clones are the same questions.
#[derive(Debug, Clone)]
pub struct Purgatory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    orders: mpsc::Sender<(Order, oneshot::Sender<Outcome>)>,
    /// An agent is here (again): it gets the answers that wait for it.
    planted: mpsc::UnboundedSender<AgentId>,
    shown: Mutex<Shown>,
    /// Turned over when lines were added to the log.
    written: watch::Sender<()>,
    file: Option<PathBuf>,
}

/// What is read without asking the owner. As of the last commit.
#[derive(Debug, Default)]
struct Shown {
    pending: BTreeMap<TokenId, SemaphoreCard>,
    /// Callers whose perturbation became a question.
    callers: HashMap<TokenId, Arc<Pending>>,
    /// Rung when a question moves.
    bells: HashMap<TokenId, Arc<Notify>>,
    tally: Tally,
}

/// Waits for further lines of the log.
#[derive(Debug)]
pub struct Written(watch::Receiver<()>);

impl Written {
    /// Returns when lines were added since the last time it was asked, or never, when nothing more is written.
    pub async fn more(&mut self) {
        // An error says that nothing more will be written.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// An ask that was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Ejected {
    /// What is shown.
    pub card: SemaphoreCard,
    /// Whether the same ask, with the same key, was there before.
    pub repeated: bool,
}

/// A question after a move.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// As it is now.
    pub token: Token,
    /// Whether it had been moved so before.
    pub repeated: bool,
}

/// Why a question could not be stored or moved. Nothing changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PurgatoryError {
    /// The ask is not right.
    #[error("the question cannot be asked like that")]
    Ask(Vec<FieldError>),
    /// No such question, or not of that agent.
    #[error("there is no question {0} here; it may have been over for longer than 30 days")]
    Unknown(TokenId),
    /// The rules say no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The key was used for another ask.
    #[error("this idempotency key was used for another question")]
    KeyReused,
    /// As many are open as may be.
    #[error("too many questions wait already")]
    Full,
    /// The disk does not take it.
    #[error("the store does not take it: {0}")]
    Store(String),
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
}

impl Purgatory {
    /// Opens the ledger in a data folder, or in memory, and reads what is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn open(folder: Option<&Path>) -> Result<(Self, Owner), StoreError> {
        let file = folder.map(|f| f.join(FILE));
        let desk = Desk::open(file.as_deref()).map_err(StoreError::Query)?;
        let (orders, taken) = mpsc::channel(QUEUE);
        let (planted, arrivals) = mpsc::unbounded_channel();
        let pending = |t: &Token| t.status == TokenStatus::Pending;
        let open = desk.open_tokens();
        let shown = Shown {
            pending: open.iter().filter(|t| pending(t)).map(|t| (t.card.id.clone(), t.card.clone())).collect(),
            ..Shown::default()
        };
        let purgatory = Self {
            inner: Arc::new(Inner {
                orders,
                planted,
                shown: Mutex::new(shown),
                written: watch::Sender::default(),
                file,
            }),
        };
        Ok((purgatory.clone(), Owner { purgatory, desk: Some(desk), taken, arrivals }))
    }

    /// What is wrong with an ask, as far as that can be said before it is stored.
    ///
    /// # Errors
    /// [`PurgatoryError::Ask`].
    pub fn check(agent: &AgentId, ask: &Ask) -> Result<(), PurgatoryError> {
        if let Some(error) = desk::schema_fault(ask) {
            return Err(PurgatoryError::Ask(vec![error]));
        }
        let id = TokenId::from_bits(0);
        let token = Token::open(id, agent.clone(), ask.clone(), Origin::Foreign, Value::Null, clock::wall());
        token.map(drop).map_err(PurgatoryError::Ask)
    }

    /// Stores a question. When this returns it is on the disk, and it is shown.
    ///
    /// # Errors
    /// [`PurgatoryError`].
    pub async fn eject(
        &self,
        agent: AgentId,
        ask: Ask,
        key: Option<String>,
        actor: Actor,
    ) -> Result<Ejected, PurgatoryError> {
        self.store(agent, ask, Origin::Foreign, Value::Null, key, actor).await
    }

    /// The same for an agent of this gateway, with what it needs to go on.
    pub(crate) async fn eject_from(&self, agent: AgentId, ask: Ask, frozen: Value) -> Result<Ejected, PurgatoryError> {
        let actor = Actor { by: agent.to_string(), door: Door::Agent };
        self.store(agent, ask, Origin::Resident, frozen, None, actor).await
    }

    async fn store(
        &self,
        agent: AgentId,
        ask: Ask,
        origin: Origin,
        frozen: Value,
        key: Option<String>,
        actor: Actor,
    ) -> Result<Ejected, PurgatoryError> {
        let order = Order::Eject { agent, ask: Box::new(ask), origin, frozen, key, actor };
        match self.order(order).await? {
            Done::Ejected(ejected) => Ok(ejected),
            Done::Moved(_) => Err(PurgatoryError::Stopping),
        }
    }

    /// Answers a question. The first answer counts.
    ///
    /// # Errors
    /// [`PurgatoryError`]; `agent`, where given, has to be who asked.
    pub async fn resolve(
        &self,
        agent: Option<AgentId>,
        id: TokenId,
        answer: Answer,
        actor: Actor,
    ) -> Result<Moved, PurgatoryError> {
        self.shift(agent, id, Move::Resolve(answer), actor).await
    }

    /// Withdraws a question.
    ///
    /// # Errors
    /// See [`Purgatory::resolve`].
    pub async fn cancel(
        &self,
        agent: Option<AgentId>,
        id: TokenId,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Moved, PurgatoryError> {
        self.shift(agent, id, Move::Cancel { reason }, actor).await
    }

    /// The answer has been worked on, or could not be.
    pub(crate) async fn close(
        &self,
        id: TokenId,
        error: Option<String>,
        actor: Actor,
    ) -> Result<Moved, PurgatoryError> {
        let mv = error.map_or(Move::Deliver, |error| Move::FailResume { error });
        self.shift(None, id, mv, actor).await
    }

    /// Waits for the decision about a question, for a while. A question that somebody outside asked counts as delivered
    /// when its answer was fetched.
    ///
    /// # Errors
    /// [`PurgatoryError`]; a question that ended without a decision is [`PurgatoryError::Refused`] with [`Refusal::Over`].
    pub async fn wait(
        &self,
        agent: Option<AgentId>,
        id: TokenId,
        patience: Duration,
        actor: Actor,
    ) -> Result<Option<Decision>, PurgatoryError> {
        let deadline = Instant::now() + patience;
        loop {
            let bell = self.lock().bells.entry(id.clone()).or_default().clone();
            let rung = bell.notified();
            let mut rung = std::pin::pin!(rung);
            // Before the question is looked at, so that no move falls between.
            rung.as_mut().enable();
            let Some(record) = self.find(&id).await?.filter(|t| agent.as_ref().is_none_or(|a| t.card.agent_id == *a))
            else {
                self.lock().bells.remove(&id);
                return Err(PurgatoryError::Unknown(id));
            };
            if record.status != TokenStatus::Pending {
                self.lock().bells.remove(&id);
            }
            match (&record.decision, record.status) {
                (Some(decision), status) => {
                    let decision = decision.clone();
                    if status == TokenStatus::Resolved && record.origin == Origin::Foreign {
                        self.close(id, None, actor).await?;
                    }
                    return Ok(Some(decision));
                }
                (None, TokenStatus::Pending) => {}
                (None, status) => return Err(PurgatoryError::Refused(Box::new(Refusal::Over(status)))),
            }
            if tokio::time::timeout_at(deadline, rung).await.is_err() {
                return Ok(None);
            }
        }
    }

    /// The questions that wait, most urgent first; of one agent, or of all.
    #[must_use]
    pub fn pending(&self, agent: Option<&AgentId>) -> Vec<SemaphoreCard> {
        let shown = self.lock();
        let mut cards: Vec<_> =
            shown.pending.values().filter(|c| agent.is_none_or(|a| c.agent_id == *a)).cloned().collect();
        drop(shown);
        cards.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.created_at.cmp(&b.created_at)));
        cards
    }

    /// How many questions wait, by agent and severity.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(AgentId, Severity), usize> {
        let shown = self.lock();
        shown.pending.values().fold(BTreeMap::new(), |mut counts, card| {
            *counts.entry((card.agent_id.clone(), card.severity)).or_default() += 1;
            counts
        })
    }

    /// What happened since the start.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }

    /// Tells of further lines in the log, beginning now.
    #[must_use]
    pub fn written(&self) -> Written {
        Written(self.inner.written.subscribe())
    }

    /// How many questions wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().pending.len()
    }

    /// Lets a caller hear what becomes of the question that its perturbation became.
    pub(crate) fn follow(&self, id: TokenId, caller: Arc<Pending>) {
        self.lock().callers.insert(id, caller);
    }

    /// The caller of a question, who then no longer follows it.
    pub(crate) fn unfollow(&self, id: &TokenId) -> Option<Arc<Pending>> {
        self.lock().callers.remove(id)
    }

    /// An agent is here and can take answers.
    pub(crate) fn planted(&self, agent: AgentId) {
        // The owner is gone only when the gateway stops.
        let _ = self.inner.planted.send(agent);
    }

    async fn shift(
        &self,
        agent: Option<AgentId>,
        id: TokenId,
        mv: Move,
        actor: Actor,
    ) -> Result<Moved, PurgatoryError> {
        match self.order(Order::Move { id, agent, mv, actor }).await? {
            Done::Moved(moved) => Ok(moved),
            Done::Ejected(_) => Err(PurgatoryError::Stopping),
        }
    }

    async fn order(&self, order: Order) -> Result<Done, PurgatoryError> {
        let (reply, outcome) = oneshot::channel();
        self.inner.orders.send((order, reply)).await.map_err(|_| PurgatoryError::Stopping)?;
        outcome.await.map_err(|_| PurgatoryError::Stopping)?
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.inner.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the purgatory. Owned by its task.
pub(crate) struct Owner {
    purgatory: Purgatory,
    /// Away while it works.
    desk: Option<Desk>,
    taken: mpsc::Receiver<(Order, oneshot::Sender<Outcome>)>,
    arrivals: mpsc::UnboundedReceiver<AgentId>,
}

/// What comes next.
enum Turn {
    Orders(Vec<(Order, oneshot::Sender<Outcome>)>),
    Arrived(AgentId),
    Clock,
    Collect,
    Stop,
}

impl Owner {
    /// Spawns the task.
    pub(crate) fn start(self, registry: Registry, tasks: &Tasks, stop: CancellationToken) {
        tasks.spawn("purgatory", OnPanic::Stop, self.run(registry, stop));
    }

    async fn run(mut self, registry: Registry, stop: CancellationToken) {
        let mut collect = Instant::now();
        let mut not_before = Instant::now();
        loop {
            match self.turn(&stop, collect, not_before).await {
                Turn::Stop => break,
                Turn::Arrived(agent) => self.redeliver(&registry, &agent),
                Turn::Collect => {
                    collect = Instant::now() + COLLECT_EVERY;
                    self.collect().await;
                }
                Turn::Clock => {
                    if !self.work(&registry, Vec::new()).await {
                        not_before = Instant::now() + RETRY;
                    }
                }
                Turn::Orders(orders) => {
                    self.work(&registry, orders).await;
                }
            }
        }
        // What was given before the end is still done.
        self.taken.close();
        let mut rest = Vec::new();
        while let Ok(order) = self.taken.try_recv() {
            rest.push(order);
        }
        if !rest.is_empty() {
            self.work(&registry, rest).await;
        }
    }

    async fn turn(&mut self, stop: &CancellationToken, collect: Instant, not_before: Instant) -> Turn {
        let next = self.desk.as_ref().and_then(Desk::next_deadline);
        let until = next.map(|at| {
            let ms = at.as_millis().saturating_sub(clock::wall().as_millis());
            Duration::from_millis(u64::try_from(ms).unwrap_or(0)).min(CLOCK_CHECK)
        });
        let mut orders = Vec::new();
        tokio::select! {
            biased;
            n = self.taken.recv_many(&mut orders, BATCH) => if n == 0 { Turn::Stop } else { Turn::Orders(orders) },
            Some(agent) = self.arrivals.recv() => Turn::Arrived(agent),
            () = tokio::time::sleep_until(not_before.max(Instant::now() + until.unwrap_or_default())), if until.is_some() => Turn::Clock,
            () = tokio::time::sleep_until(collect) => Turn::Collect,
            () = stop.cancelled() => Turn::Stop,
        }
    }

    /// One batch. Says whether the store took it.
    async fn work(&mut self, registry: &Registry, batch: Vec<(Order, oneshot::Sender<Outcome>)>) -> bool {
        let Some(mut desk) = self.desk.take() else { return false };
        let (orders, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let worked = tokio::task::spawn_blocking(move || {
            let (outcomes, changes) = desk.work(orders, clock::wall());
            (desk, outcomes, changes)
        });
        let Ok((desk, outcomes, changes)) = worked.await else {
            // The desk is lost with its panic: nothing can be decided any more, and this task's own panic stops the gateway.
            panic!("the desk panicked");
        };
        self.desk = Some(desk);
        let kept = !outcomes.iter().any(|o| matches!(o, Err(PurgatoryError::Store(_))));
        let wrote = !changes.is_empty();
        changes.into_iter().for_each(|change| self.tell(registry, change));
        if wrote {
            self.purgatory.inner.written.send_replace(());
        }
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // Who no longer listens finds it in the ledger.
            let _ = reply.send(outcome);
        }
        kept
    }

    /// Shows a change that is on the disk.
    fn tell(&self, registry: &Registry, Change { token, entry }: Change) {
        let id = token.card.id.clone();
        let bell = {
            let mut shown = self.purgatory.lock();
            if token.status == TokenStatus::Pending {
                shown.pending.insert(id.clone(), token.card.clone());
            } else {
                shown.pending.remove(&id);
            }
            shown.tally.count(&token, &entry);
            shown.bells.remove(&id)
        };
        if let Some(agent) = registry.get(&token.card.agent_id) {
            agent.vitals().say(event(&token, &entry));
        }
        if let Some(bell) = bell {
            bell.notify_waiters();
        }
        match token.status {
            TokenStatus::Resolved => self.deliver(registry, token),
            TokenStatus::Cancelled | TokenStatus::Voided => {
                if let Some(caller) = self.purgatory.unfollow(&id) {
                    caller.end(Err(Failure::Unanswered { status: token.status }));
                }
            }
            TokenStatus::Pending | TokenStatus::Delivered => {}
        }
    }

    /// Hands an answer to the agent that asked, if it is here. If it is not, it gets it when it is.
    fn deliver(&self, registry: &Registry, token: Token) {
        if token.origin == Origin::Foreign {
            return;
        }
        let Some(agent) = registry.get(&token.card.agent_id).filter(|a| !a.is_guest()) else { return };
        let Some(decision) = token.decision else { return };
        agent.reenter(Reentry { card: token.card, frozen: token.frozen, decision });
    }

    fn redeliver(&self, registry: &Registry, agent: &AgentId) {
        let open = self.desk.as_ref().map(Desk::open_tokens).unwrap_or_default();
        let waiting = open.into_iter().filter(|t| t.card.agent_id == *agent && t.awaits_delivery());
        waiting.for_each(|token| self.deliver(registry, token));
    }

    async fn collect(&mut self) {
        let Some(mut desk) = self.desk.take() else { return };
        let collected = tokio::task::spawn_blocking(move || {
            let gone = desk.collect(clock::wall());
            (desk, gone)
        });
        let Ok((desk, gone)) = collected.await else { panic!("the desk panicked") };
        self.desk = Some(desk);
        match gone {
            Ok(0) => {}
            Ok(n) => tracing::info!(n, "questions that were over for 30 days were forgotten"),
            Err(error) => tracing::warn!(%error, "old questions could not be forgotten"),
        }
    }
}

/// What a change is on the mirror.
fn event(token: &Token, entry: &AuditEntry) -> Event {
    let token_id = token.card.id.clone();
    let data = MovedData {
        by: entry.by.clone(),
        at: entry.at,
        decision: entry.decision.clone(),
        reason: entry.reason.clone(),
        severity: (entry.step == Step::Escalated).then_some(token.card.severity),
    };
    match entry.step {
        Step::Ejected => Event::ejected(token.card.clone()),
        Step::Escalated => Event::SemaphoreEscalated { token_id, data },
        Step::Resolved => Event::SemaphoreResolved { token_id, data },
        Step::Delivered | Step::ResumeFailed => Event::SemaphoreDelivered { token_id, data },
        Step::Cancelled => Event::SemaphoreCancelled { token_id, data },
        Step::Voided => Event::SemaphoreVoided { token_id, data },
    }
}
