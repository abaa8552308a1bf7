//! What is done about agents in fever: looks at each once a second, and carries out what its policy or a person says.
//!
//! `core::metabolism::rein` decides; a rein itself is kept with the agent's queue ([`crate::beam`]), which refuses what may
//! change something while the agent is held. A question that is asked here is about the agent and not the agent's own: its
//! answer comes back here. What a person decided is on disk before it is done, and holds after a restart.

use crate::{PurgatoryError, agent::AgentError, clock, handle::AgentHandle, registry::Registry, tasks::OnPanic};
use terrarium_core::{
    ledger::{Actor, Token},
    metabolism::rein::{Leave, Policy, Rein},
};
use wire::{
    AgentId, Ask, FluxState,
    semaphore::{Answer, Door, Reason, Severity, TokenStatus},
};

/// Who asks, and who takes the answer up.
const KEEPER: &str = "fever policy";

/// Why an agent could not be paused, let go on or stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReinError {
    /// It is run elsewhere.
    #[error("{0} is run elsewhere, so it cannot be held from here")]
    Elsewhere(AgentId),
    /// It has ended.
    #[error("{agent} has {state}")]
    Ended {
        /// Who.
        agent: AgentId,
        /// How.
        state: FluxState,
    },
    /// A question about it is just being stored.
    #[error("a question about {0} is just being stored; try again in a moment")]
    Asking(AgentId),
    /// The question about it was not answered.
    #[error(transparent)]
    Purgatory(#[from] PurgatoryError),
    /// The disk does not take it. Nothing was changed.
    #[error("the store does not take it: {0}")]
    Store(String),
}

/// The rein that an agent had when the gateway ended, or was asked about.
pub(crate) fn kept(registry: &Registry, agent: &AgentId) -> Rein {
    if let Some(token_id) = registry.purgatory().asked_about(agent) {
        return Rein::Asked { token_id };
    }
    let Some(store) = registry.store() else { return Rein::Free };
    let kept = store.rein(agent).unwrap_or_else(|error| {
        tracing::warn!(%agent, %error, "whether this agent is held could not be read; it works as it likes");
        None
    });
    kept.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default()
}

/// Has an agent's policy look at it.
pub(crate) fn look(registry: &Registry, agent: &AgentHandle) {
    let (rein, policy) = (agent.rein(), registry.metabolism().policy(agent.id()));
    if agent.is_guest() || (rein == Rein::Free && policy == Policy::Note) {
        return;
    }
    let look = agent.vitals().look();
    // Who has ended in a fever does nothing that could be held.
    let in_fever = look.in_fever && !look.state.is_terminal();
    let Some(next) = rein.look(policy, in_fever, clock::wall()) else { return };
    if !agent.beam().rein_in(next.clone(), |now| *now == rein) {
        return;
    }
    let (registry, agent) = (registry.clone(), agent.clone());
    match next {
        Rein::Asking => {
            registry.tasks().clone().spawn("rein", OnPanic::Log, async move { ask(&registry, &agent).await });
        }
        // Leave that is over; whoever starts again before this is written finds that it is.
        Rein::Free if rein != Rein::Throttled => {
            registry.tasks().clone().spawn("rein", OnPanic::Log, async move {
                if let Err(error) = keep(&registry, agent.id(), &Rein::Free).await {
                    tracing::warn!(agent = %agent.id(), %error, "that an agent's leave is over was not written down");
                }
            });
        }
        _ => {}
    }
}

/// Asks a person whether an agent may go on. It is held meanwhile.
async fn ask(registry: &Registry, agent: &AgentHandle) {
    let id = agent.id();
    let metered = registry.metabolism().of(id);
    let why = match metered.as_ref().and_then(|metered| metered.breaches.first()) {
        Some(breach) => format!("It breaks the rule {} ({}).", breach.rule.as_str(), breach.why),
        None => {
            let heat = agent.summary().metrics.temperature.map_or(0.0, wire::Temperature::get);
            format!("Its temperature is {heat:.2}: it works as hard as it can.")
        }
    };
    let ask = Ask {
        prompt: format!(
            "May {id} go on? It runs a fever. {why} Until somebody answers it is held: its source waits, and it takes up \
             nothing that changes anything."
        ),
        reason: Reason::ResourceDecision,
        severity: Severity::Warning,
        options: Leave::ALL.map(|leave| leave.words().to_owned()).to_vec(),
        context: serde_json::to_value(metered).ok().filter(|context| !context.is_null()),
        ..Ask::default()
    };
    match registry.purgatory().eject_about(id.clone(), ask, keeper()).await {
        Ok(ejected) => {
            // Unless it was answered already.
            let asked = Rein::Asked { token_id: ejected.card.id };
            agent.beam().rein_in(asked, |now| *now == Rein::Asking);
        }
        Err(error) => {
            let message = format!("nobody could be asked about its fever, so it is slowed down instead: {error}");
            agent.vitals().say_error(AgentError::new("not_asked", message));
            agent.beam().rein_in(Rein::Throttled, |now| *now == Rein::Asking);
        }
    }
}

/// Carries out what was answered, or what follows from a question that was withdrawn: nobody let the agent go on, so it
/// stays held.
pub(crate) fn answered(registry: &Registry, token: Token) {
    let registry = registry.clone();
    registry.tasks().clone().spawn("rein", OnPanic::Log, async move {
        let agent = &token.card.agent_id;
        let (leave, by, at) = match &token.decision {
            Some(decision) => {
                let leave = decision.human_input.as_str().and_then(Leave::of).unwrap_or(Leave::Pause);
                (leave, decision.by.clone(), decision.at)
            }
            None => (Leave::Pause, "whoever withdrew the question about it".to_owned(), token.moved_at),
        };
        let done = carry_out(&registry, agent, leave, Rein::decided(leave, by, at)).await;
        if let Err(error) = &done {
            // Not delivered: it is taken up again when the agent is planted the next time.
            tracing::error!(%agent, %error, "what was decided about an agent was not written down");
        } else if token.status == TokenStatus::Resolved
            && let Err(error) = registry.purgatory().close(token.card.id, None, keeper()).await
        {
            tracing::warn!(%agent, %error, "a delivery was not written down");
        }
    });
}

/// Pauses an agent, lets it go on, or stops it, because somebody says so. Answers the question about it where there is one.
///
/// # Errors
/// [`ReinError`].
pub(crate) async fn leave(
    registry: &Registry,
    agent: &AgentHandle,
    leave: Leave,
    actor: Actor,
) -> Result<Rein, ReinError> {
    let (id, state) = (agent.id(), agent.summary().state);
    if agent.is_guest() {
        return Err(ReinError::Elsewhere(id.clone()));
    }
    if state.is_terminal() && leave != Leave::GoOn {
        return Err(ReinError::Ended { agent: id.clone(), state });
    }
    let rein = Rein::decided(leave, actor.by.clone(), clock::wall());
    match agent.rein() {
        Rein::Asking => return Err(ReinError::Asking(id.clone())),
        Rein::Asked { token_id } => {
            let answer = Answer { human_input: leave.words().into(), note: None };
            registry.purgatory().resolve(Some(id.clone()), token_id, answer, actor).await?;
        }
        _ => carry_out(registry, id, leave, rein.clone()).await?,
    }
    Ok(rein)
}

async fn carry_out(registry: &Registry, id: &AgentId, leave: Leave, rein: Rein) -> Result<(), ReinError> {
    let kept = keep(registry, id, &rein).await;
    if let Some(agent) = registry.get(id) {
        // Held without a word on disk is better than not held.
        if kept.is_ok() || leave != Leave::GoOn {
            agent.beam().rein_in(rein, |_| true);
        }
        match leave {
            Leave::Pause => {}
            // A person had a hand in it, so its chain of calls begins anew.
            Leave::GoOn => agent.vitals().touched(),
            Leave::Stop => agent.stop().await,
        }
    }
    kept
}

async fn keep(registry: &Registry, id: &AgentId, rein: &Rein) -> Result<(), ReinError> {
    let Some(store) = registry.store().cloned() else { return Ok(()) };
    let body = match rein {
        Rein::Free => None,
        rein => Some(serde_json::to_string(rein).map_err(|error| ReinError::Store(error.to_string()))?),
    };
    let id = id.clone();
    let kept = tokio::task::spawn_blocking(move || store.keep_rein(&id, body.as_deref()));
    match kept.await {
        Ok(kept) => kept.map_err(|error| ReinError::Store(error.to_string())),
        Err(error) => Err(ReinError::Store(error.to_string())),
    }
}

fn keeper() -> Actor {
    Actor { by: KEEPER.to_owned(), door: Door::Agent }
}
