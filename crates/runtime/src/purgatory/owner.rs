//! The one task that decides about questions.
//!
//! It takes what has come since the last turn as one batch: one transaction, one sync of the disk (group commit), then the
//! changes are reflected and everybody is answered. Deadlines are timers of the same task, and read the wall clock, so that
//! they survive restarts; a clock that steps back only makes them late.

use super::{
    Purgatory, PurgatoryError,
    desk::{Change, Desk, Order, Outcome},
};
use crate::{
    agent::Reentry,
    beam::Failure,
    clock,
    registry::Registry,
    reins,
    tasks::{OnPanic, Tasks},
};
use std::time::Duration;
use terrarium_core::ledger::{Origin, Token};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use wire::{
    AgentId, Event,
    event::Moved as MovedData,
    semaphore::{AuditEntry, Step, TokenStatus},
};

/// Orders in one transaction.
const BATCH: usize = 256;
/// How often the wall clock is read again while a deadline is far: it may have been set.
const CLOCK_CHECK: Duration = Duration::from_secs(5);
/// How often what is over for long is forgotten.
const COLLECT_EVERY: Duration = Duration::from_secs(6 * 3600);
/// How long to wait before the store is tried again after a timer's batch was refused.
const RETRY: Duration = Duration::from_secs(5);

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
    pub(super) fn new(
        purgatory: Purgatory,
        desk: Desk,
        taken: mpsc::Receiver<(Order, oneshot::Sender<Outcome>)>,
        arrivals: mpsc::UnboundedReceiver<AgentId>,
    ) -> Self {
        Self { purgatory, desk: Some(desk), taken, arrivals }
    }

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
                shown.open.put(token.card.clone());
            } else {
                shown.open.remove(&token.card.agent_id, &id);
            }
            if token.origin == Origin::Keeper {
                let agent = token.card.agent_id.clone();
                if token.status.is_terminal() {
                    shown.about.remove(&agent);
                } else {
                    shown.about.insert(agent, id.clone());
                }
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
                if token.origin == Origin::Keeper {
                    reins::answered(registry, token);
                }
            }
            TokenStatus::Pending | TokenStatus::Delivered => {}
        }
    }

    /// Hands an answer to the agent that asked, if it is here. If it is not, it gets it when it is.
    fn deliver(&self, registry: &Registry, token: Token) {
        match token.origin {
            Origin::Foreign => return,
            Origin::Keeper => return reins::answered(registry, token),
            Origin::Resident => {}
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
