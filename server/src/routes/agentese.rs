//! `POST /api/agentese`: a path of AGENTESE, who asks, its arguments.
//!
//! The runtime reads the path and says which scopes it takes; here these are compared with the token, and only then
//! anything is done. What only reads is open to watchers.

use super::{answer, purgatory};
use crate::{
    auth::Caller,
    body,
    error::Error,
    replay::{self, Place},
    state::Shared,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use runtime::{
    PurgatoryError, Registry,
    logos::{LogosError, Outcome, Plan},
    reins::ReinError,
};
use terrarium_core::{
    ledger::Actor,
    metabolism::{pool::PoolError, void::VoidError},
};
use wire::{
    Scope,
    agentese::{Agentese, Answered},
    perturb::AskedFirst,
    route,
};

pub(crate) async fn ask(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    if caller.name().is_none() {
        // Where the garden is closed, a stranger learns nothing, not even which paths there are.
        caller.require(Scope::Observe)?;
    }
    let call: Agentese = body::read(&body)?;
    let plan = Plan::of(&shared.registry, call, caller.scopes()).map_err(refused)?;
    plan.scopes().try_for_each(|scope| caller.require(scope))?;
    let actor = purgatory::actor(&caller);
    if plan.only_reads() {
        return carried_out(plan, shared.registry.clone(), actor).await;
    }
    shared.perturbs.check(&caller.client).map_err(|retry| Error::TooFast { retry })?;
    let registry = shared.registry.clone();
    match replay::key_of(&headers)? {
        None => carried_out(plan, registry, actor).await,
        Some(key) => {
            let place = Place { client: caller.client, path: route::AGENTESE.to_owned(), key };
            shared.replays.once(shared.registry.tasks(), place, &body, carried_out(plan, registry, actor)).await
        }
    }
}

async fn carried_out(plan: Plan, registry: Registry, actor: Actor) -> Result<Response, Error> {
    Ok(match plan.carry_out(&registry, actor).await.map_err(refused)? {
        Outcome::Said(result) => Json(Answered { result }).into_response(),
        Outcome::Asked(card) => (StatusCode::ACCEPTED, Json(AskedFirst { semaphore: *card })).into_response(),
    })
}

/// What was refused, in the words of the gateway.
pub(super) fn refused(error: LogosError) -> Error {
    match error {
        LogosError::Path(sorry) => Error::Path { sorry: Box::new(sorry) },
        LogosError::Void(error) => {
            let kind = match &error {
                VoidError::Pool(PoolError::Exhausted { .. }) => "budget_exhausted",
                VoidError::Pool(PoolError::NotOpen(_)) => "grant_not_open",
                VoidError::Capital(_) => "insufficient_capital",
            };
            Error::Exhausted { kind, why: error.to_string() }
        }
        LogosError::Purgatory(error) => purgatory::refused(error),
        LogosError::Rein(error) => match error {
            ReinError::Purgatory(error) => purgatory::refused(error),
            ReinError::Ended { state, .. } => Error::AgentEnded { state },
            why @ (ReinError::Elsewhere(_) | ReinError::Asking(_)) => Error::NotReined { why: why.to_string() },
            ReinError::Store(why) => purgatory::refused(PurgatoryError::Store(why)),
        },
        LogosError::Arguments(errors) => Error::Arguments { errors },
        LogosError::Refused(why) => answer::refused(why),
        LogosError::Failed(failure) => answer::failed(failure),
    }
}
