//! What the garden says of itself: agents, sockets, questions. Everything of a request that is neither the void's nor a
//! command's.

use super::sorry::{LogosError, no_agent};
use crate::{AgentHandle, PurgatoryError, Registry, purgatory::Filter, reins};
use serde::Serialize;
use serde_json::{Value, json};
use terrarium_core::{
    ledger::Actor,
    logos::{Base, Request, request::Detail},
    metabolism::rein::Rein,
};
use wire::{
    AgentId, FluxState, route,
    semaphore::{Answer, Step},
};

/// Events of an agent in one answer.
const EVENTS: usize = 100;

pub(super) async fn answer(registry: &Registry, request: Request, actor: &Actor) -> Result<Value, LogosError> {
    let agent = |id: &AgentId| registry.get(id).ok_or_else(|| no_agent(registry, id));
    let purgatory = registry.purgatory();
    let actor = || actor.clone();
    Ok(match request {
        // Answered before it came here.
        Request::Said(said) => said,
        Request::Void(_) | Request::Command(..) => Value::Null,
        Request::Agents => value(&registry.list().iter().map(AgentHandle::summary).collect::<Vec<_>>()),
        Request::Garden => garden(registry),
        Request::Connect(None) => json!({"observe": route::OBSERVE_GARDEN, "protocols": ["websocket"]}),
        Request::Connect(Some(id)) => sockets(&agent(&id)?),
        Request::Bridge(id) => sockets(&agent(&id)?),
        Request::Agent(id) => value(&agent(&id)?.summary()),
        Request::Events(id) => value(&agent(&id)?.snapshot(EVENTS).history),
        Request::Affordances(id, detail) => affordances(&agent(&id)?, detail),
        Request::Pending(id) => {
            let pending = purgatory.pending(Some(agent(&id)?.id()));
            json!({"count": pending.len(), "pending": pending})
        }
        Request::Rein(id) => rein(registry, &id, &agent(&id)?.rein()),
        Request::Leave(id, leave) => {
            let decided = reins::leave(registry, &agent(&id)?, leave, actor()).await?;
            rein(registry, &id, &decided)
        }
        Request::Yield(id, ask) => {
            let card = purgatory.eject(agent(&id)?.id().clone(), *ask, None, actor()).await?.card;
            json!({"token_id": card.id, "status": "pending", "reason": card.reason, "prompt": card.prompt})
        }
        Request::Token(id) => {
            let found = purgatory.inspect(&id).await?.ok_or(PurgatoryError::Unknown(id))?;
            json!({"token_id": found.card.id, "agent_id": found.card.agent_id, "status": found.status,
                   "decision": found.decision})
        }
        Request::Inspect(id) => value(&purgatory.inspect(&id).await?.ok_or(PurgatoryError::Unknown(id))?),
        Request::Questions { agent, status, limit } => {
            let filter = Filter { agent, status: status.into_iter().collect(), limit, ..Filter::default() };
            value(&purgatory.list(filter).await?.tokens)
        }
        Request::Resolve(id, human_input) => {
            let moved = purgatory.resolve(None, id, Answer { human_input, note: None }, actor()).await?;
            value(&moved.token.record())
        }
        Request::Cancel(id, reason) => value(&purgatory.cancel(None, id, reason, actor()).await?.token.record()),
        Request::VoidExpired => json!({"voided": 0, "voided_by_their_timers": purgatory.tally().of(Step::Voided)}),
        Request::Kept => json!({"collected": 0, "pending": purgatory.waiting(), "kept_days": 30}),
    })
}

/// How freely an agent may work, and why.
pub(super) fn rein(registry: &Registry, agent: &AgentId, rein: &Rein) -> Value {
    let mut said = json!({"agent_id": agent, "policy": registry.metabolism().policy(agent), "why": rein.to_string()});
    if let (Some(said), Value::Object(rein)) = (said.as_object_mut(), value(rein)) {
        said.extend(rein);
    }
    said
}

fn garden(registry: &Registry) -> Value {
    let agents: Vec<_> = registry.list().iter().map(AgentHandle::summary).collect();
    let states: serde_json::Map<_, _> = FluxState::ALL
        .into_iter()
        .map(|state| (state.as_str().to_owned(), json!(agents.iter().filter(|a| a.state == state).count())))
        .filter(|(_, count)| *count != json!(0))
        .collect();
    let status = registry.metabolism().status();
    json!({
        "gateway": registry.gateway_id(),
        "page": route::GARDEN,
        "agents": agents.len(),
        "states": states,
        "events": registry.mirror().stats().events_reflected(),
        "pending": registry.purgatory().waiting(),
        "pressure": status.pressure,
        "in_fever": status.in_fever,
    })
}

fn sockets(agent: &AgentHandle) -> Value {
    let id = agent.id();
    json!({
        "agent_id": id, "state": agent.summary().state, "observe": route::observe(id), "perturb": route::perturb(id),
        "snapshot": route::snapshot(id), "invoke": route::invoke(id), "protocols": ["websocket"],
    })
}

fn affordances(agent: &AgentHandle, detail: Detail) -> Value {
    let names = agent.commands().map(|command| command.name.as_str()).chain(Base::ALL.map(Base::name));
    match detail {
        Detail::Names => {
            json!({"holon": format!("world.agent.{}", agent.id()), "affordances": names.collect::<Vec<_>>()})
        }
        Detail::All => json!({
            "holon": format!("world.agent.{}", agent.id()), "affordances": names.collect::<Vec<_>>(),
            "commands": agent.commands().collect::<Vec<_>>(),
        }),
    }
}

/// Types of `wire`, which can always be written.
fn value<T: Serialize>(said: &T) -> Value {
    serde_json::to_value(said).unwrap_or_default()
}
