//! Purgatory: where questions wait for a person. Writes every step down before it is told, wakes who waits for an answer,
//! and hands answers back to the agents that asked.
//!
//! This is the handle: it owns what is read without asking, and gives orders to the one task that decides (`owner`).

mod desk;
mod open;
mod owner;
mod read;
mod tally;

pub(crate) use owner::Owner;
pub use read::{Filter, Line, PAGE_MAX, Page, Verified, export, verify};
pub use tally::{Tally, WAIT_BUCKETS_S};

use crate::{
    beam::Pending,
    clock,
    store::{FILE, StoreError},
};
use desk::{Desk, Done, Order, Outcome};
use open::Open;
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
use wire::{
    AgentId, FieldError, SemaphoreCard, TokenId,
    semaphore::{Answer, Ask, Decision, Door, Severity, TokenStatus},
};

/// Orders that may wait for the owner. Further ones wait with whoever gives them.
const QUEUE: usize = 1024;
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
    open: Open,
    /// Agents about which a question is open, or its answer on its way.
    about: BTreeMap<AgentId, TokenId>,
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
        let mut shown = Shown::default();
        let open = desk.open_tokens();
        let about = open.iter().filter(|t| t.origin == Origin::Keeper);
        shown.about = about.map(|t| (t.card.agent_id.clone(), t.card.id.clone())).collect();
        open.into_iter().filter(pending).for_each(|t| shown.open.put(t.card));
        let purgatory = Self {
            inner: Arc::new(Inner {
                orders,
                planted,
                shown: Mutex::new(shown),
                written: watch::Sender::default(),
                file,
            }),
        };
        Ok((purgatory.clone(), Owner::new(purgatory, desk, taken, arrivals)))
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

    /// The same about an agent: the answer goes to [`crate::reins`].
    pub(crate) async fn eject_about(&self, agent: AgentId, ask: Ask, actor: Actor) -> Result<Ejected, PurgatoryError> {
        self.store(agent, ask, Origin::Keeper, Value::Null, None, actor).await
    }

    /// The question about an agent that is open, or whose answer is on its way.
    pub(crate) fn asked_about(&self, agent: &AgentId) -> Option<TokenId> {
        self.lock().about.get(agent).cloned()
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
        let mut cards = self.lock().open.cards(agent);
        cards.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.created_at.cmp(&b.created_at)).then(a.id.cmp(&b.id)));
        cards
    }

    /// How many questions wait, by agent and severity.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(AgentId, Severity), usize> {
        self.lock().open.counts()
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
        self.lock().open.count()
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
