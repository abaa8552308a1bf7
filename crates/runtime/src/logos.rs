//! Carries AGENTESE paths out: from a [`Request`], which `core` made of a text, to what the garden says.
//!
//! A call has two halves, so that nothing is done before everything is allowed. [`Plan::of`] reads the path and says which
//! scopes it takes; the door checks them; [`Plan::carry_out`] does it, stage after stage. It keeps nothing between calls.

mod sorry;
mod world;

pub use sorry::LogosError;

use crate::{AgentHandle, Registry, Reply, Terms};
use serde_json::{Map, Value};
use sorry::{no_agent, no_command};
use terrarium_core::{
    ledger::Actor,
    logos::{Observer, Request, Route, Stage, Whose, path::Needs},
    metabolism::{VoidRequest, rein::Rein},
};
use wire::{AgentId, CommandSpec, Scope, SemaphoreCard, agentese::Agentese};

/// A call that was read and not yet carried out.
#[derive(Debug)]
pub struct Plan {
    stages: Vec<(Stage, Scope)>,
    arguments: Map<String, Value>,
    observer: Observer,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The last stage said this.
    Said(Value),
    /// A stage asked a person first. Stages after it were not followed.
    Asked(Box<SemaphoreCard>),
}

impl Plan {
    /// Reads a call. `held` is what the caller's token allows, from which it follows what kind of observer it is.
    ///
    /// # Errors
    /// [`LogosError`]; nothing was done.
    pub fn of(registry: &Registry, call: Agentese, held: &[Scope]) -> Result<Self, LogosError> {
        let observer = Observer::of(call.observer.as_ref(), held)?;
        let mut stages = Vec::new();
        for stage in Route::parse(&call.path)?.into_stages() {
            stage.afford(&observer)?;
            let scope = match stage.path.needs() {
                Needs::Scope(scope) => scope,
                Needs::ByCommand => command(registry, &stage, &observer)?.1.scope,
            };
            stages.push((stage, scope));
        }
        Ok(Self { stages, arguments: call.args, observer })
    }

    /// The scopes that the caller must hold, all of them.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        // A draw on the pool changes something, whatever it is for.
        let draws = self.stages.iter().any(|(stage, _)| stage.clauses.entropy.is_some());
        self.stages.iter().map(|(_, scope)| *scope).chain(draws.then_some(Scope::Perturb))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.scopes().all(|scope| scope == Scope::Observe)
    }

    /// Carries it out, for somebody who may.
    ///
    /// # Errors
    /// [`LogosError`]. What stages before the one that failed have done, stays done.
    pub async fn carry_out(self, registry: &Registry, actor: Actor) -> Result<Outcome, LogosError> {
        let Self { stages, mut arguments, observer } = self;
        let mut said = Value::Null;
        for (n, (stage, _)) in stages.iter().enumerate() {
            if n > 0 {
                match stage.command() {
                    Some(_) => give(command(registry, stage, &observer)?.1, &mut arguments, said),
                    None => stage.give(&mut arguments, said),
                }
            }
            if let Some(amount) = stage.clauses.entropy {
                let seed = registry.metabolism().spend(amount)?;
                if stage.takes_seed() {
                    arguments.entry("seed").or_insert_with(|| seed.into());
                }
            }
            let request = stage.request(std::mem::take(&mut arguments), &observer)?;
            said = match follow(registry, request, &actor).await? {
                Outcome::Said(said) => said,
                asked @ Outcome::Asked(_) => return Ok(asked),
            };
            stage.judge(&said)?;
        }
        Ok(Outcome::Said(said))
    }
}

async fn follow(registry: &Registry, request: Request, actor: &Actor) -> Result<Outcome, LogosError> {
    match request {
        Request::Void(VoidRequest::Dream { context }) => {
            Ok(Outcome::Said(registry.metabolism().dream(registry, context).await))
        }
        Request::Void(VoidRequest::Metabolism) => Ok(Outcome::Said(metabolism(registry))),
        Request::Void(request) => Ok(Outcome::Said(registry.metabolism().answer(request)?)),
        Request::Command(id, name, arguments) => run(registry, &id, &name, arguments).await,
        other => world::answer(registry, other, actor).await.map(Outcome::Said),
    }
}

/// How the whole garden fares: the engine, what each agent contributes, which agents are not free, how many questions wait.
#[must_use]
pub fn metabolism(registry: &Registry) -> Value {
    // Looking at it draws on nothing, so it never fails.
    let mut said = registry.metabolism().answer(VoidRequest::Metabolism).unwrap_or_default();
    let reins = registry.list().into_iter().map(|agent| (agent.id().clone(), agent.rein()));
    let reins = reins.filter(|(_, rein)| *rein != Rein::Free);
    said["reins"] = reins.map(|(agent, rein)| world::rein(registry, &agent, &rein)).collect();
    said["pending"] = registry.purgatory().waiting().into();
    said
}

async fn run(
    registry: &Registry,
    id: &AgentId,
    name: &str,
    arguments: Map<String, Value>,
) -> Result<Outcome, LogosError> {
    let agent = registry.get(id).ok_or_else(|| no_agent(registry, id))?;
    let spec = agent.command(name).ok_or_else(|| no_command(&agent, name))?;
    let arguments = prism::check(spec, arguments).map_err(LogosError::Arguments)?;
    let mut call = agent.call(spec, arguments, Terms::default())?;
    loop {
        match call.next().await {
            Some(Reply::Chunk(_)) => {}
            Some(Reply::Asked(card)) => return Ok(Outcome::Asked(card)),
            Some(Reply::End(outcome)) => return Ok(Outcome::Said(outcome?)),
            None => return Err(LogosError::Failed(crate::Failure::Cancelled)),
        }
    }
}

/// The command that a stage names.
fn command(
    registry: &Registry,
    stage: &Stage,
    observer: &Observer,
) -> Result<(AgentHandle, &'static CommandSpec), LogosError> {
    let Some((whose, name)) = stage.command() else {
        return Err(terrarium_core::logos::Sorry::Empty.into());
    };
    let id = match whose {
        Whose::Named(id) => id,
        Whose::Observers => {
            let path = stage.path.to_string();
            observer.agent().ok_or(terrarium_core::logos::Sorry::Observer { path })?
        }
    };
    let agent = registry.get(id).ok_or_else(|| no_agent(registry, id))?;
    let spec = agent.command(name).ok_or_else(|| no_command(&agent, name))?;
    Ok((agent, spec))
}

/// Gives a command what the stage before it said: an object, the fields that the command knows; anything else, the one
/// argument that has to be there and is not.
fn give(spec: &CommandSpec, arguments: &mut Map<String, Value>, said: Value) {
    let known = spec.arguments.get("properties").and_then(Value::as_object);
    let knows = |name: &str| known.is_some_and(|known| known.contains_key(name));
    let missing = || {
        let required = spec.arguments.get("required")?.as_array()?;
        required.iter().filter_map(Value::as_str).find(|name| knows(name))
    };
    match said {
        Value::Object(fields) if fields.keys().any(|name| knows(name)) => {
            for (name, value) in fields.into_iter().filter(|(name, _)| knows(name)) {
                arguments.entry(name).or_insert(value);
            }
        }
        said => {
            if let Some(name) = missing() {
                // Of an object with one field, that field: `{"strategy": "…"}` is a text to whoever wants a text.
                let said = match said {
                    Value::Object(fields) if fields.len() == 1 => fields.into_values().next().unwrap_or_default(),
                    said => said,
                };
                arguments.entry(name).or_insert(said);
            }
        }
    }
}
