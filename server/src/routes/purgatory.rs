//! `/api/purgatory`: questions that wait for a person. Programs ask and wait here; people and programs answer.
//!
//! The ledger decides; a door reads what was sent, says who sends it, and puts what came of it into HTTP.

mod decide;
mod query;

pub(crate) use decide::{cancel, resolve};

use crate::{
    auth::{Caller, How},
    body,
    error::Error,
    replay,
    state::Shared,
};
use axum::{
    Json,
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use query::{List, Wait};
use runtime::{PlantError, Purgatory, PurgatoryError};
use terrarium_core::ledger::{Actor, Refusal};
use wire::{
    AgentId, Ask, TokenId,
    purgatory::{Asked, PendingList, TokenPage},
    route,
    semaphore::{CONTEXT_MAX, Door, PROMPT_MAX, TokenRecord},
};

/// Largest question as a body, in bytes: prompt, context and schema as large as they may be, and all their letters escaped
/// once.
const ASK_MAX: usize = 2 * (PROMPT_MAX + 2 * CONTEXT_MAX);

pub(crate) async fn list(State(shared): State<Shared>, Query(list): Query<List>) -> Result<Json<TokenPage>, Error> {
    let page = shared.registry.purgatory().list(list.filter()?).await.map_err(refused)?;
    Ok(Json(TokenPage { tokens: page.tokens, next: page.next.map(|n| n.to_string()) }))
}

pub(crate) async fn pending(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
) -> Result<Json<PendingList>, Error> {
    let agent = shared.agent(&agent)?;
    let pending = shared.registry.purgatory().pending(Some(agent.id()));
    Ok(Json(PendingList { count: pending.len(), pending }))
}

pub(crate) async fn one(
    State(shared): State<Shared>,
    Path(path): Path<(String, String)>,
) -> Result<Json<TokenRecord>, Error> {
    let (agent, token) = named(&shared, &path)?;
    let found = shared.registry.purgatory().inspect(&token).await.map_err(refused)?;
    let found = found.filter(|record| record.card.agent_id == agent);
    found.map(Json).ok_or_else(|| refused(PurgatoryError::Unknown(token)))
}

/// Stores a question of somebody outside, who is from then on an agent here.
pub(crate) async fn ask(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    let agent = agent_id(&shared, &agent)?;
    let key = replay::key_of(request.headers())?;
    let ask: Ask = body::read(&body::whole(request.into_body(), ASK_MAX).await?)?;
    shared.perturbs.check(&caller.client).map_err(|retry| Error::TooFast { retry })?;
    let registry = &shared.registry;
    if registry.get(&agent).is_none() && key.is_none() {
        // Nobody appears for a question that cannot be asked. With a key it may have been asked before, and be right.
        Purgatory::check(&agent, &ask).map_err(refused)?;
    }
    registry.welcome(&agent).map_err(not_planted)?;
    let ejected = registry.purgatory().eject(agent.clone(), ask, key, actor(&caller)).await.map_err(refused)?;
    let url = route::question(&agent, &ejected.card.id);
    let location = HeaderValue::from_str(&url).map_err(|_| Error::Internal)?;
    let asked = Asked { card: ejected.card, url };
    let mut response = (StatusCode::CREATED, [(header::LOCATION, location)], Json(asked)).into_response();
    if ejected.repeated {
        replay::mark(&mut response);
    }
    Ok(response)
}

/// 200 with the decision, or 204 where there is none yet. Ends early when the gateway stops or the token ends.
pub(crate) async fn wait(
    State(shared): State<Shared>,
    Path(path): Path<(String, String)>,
    Query(patience): Query<Wait>,
    caller: Caller,
) -> Result<Response, Error> {
    let (agent, token) = named(&shared, &path)?;
    let patience = patience.patience()?;
    let decided = tokio::select! {
        decided = shared.registry.purgatory().wait(Some(agent), token, patience, actor(&caller)) => decided,
        () = shared.draining.cancelled() => return Err(Error::Draining),
        () = caller.ended() => return Err(Error::TokenRefused),
    };
    Ok(match decided.map_err(refused)? {
        Some(decision) => Json(decision).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Who does something at these doors.
pub(crate) fn actor(caller: &Caller) -> Actor {
    let door = if matches!(caller.how, How::Cookie { .. }) { Door::Page } else { Door::Rest };
    Actor { by: caller.name().unwrap_or("nobody").to_owned(), door }
}

fn agent_id(shared: &Shared, name: &str) -> Result<AgentId, Error> {
    AgentId::parse(name).map_err(|why| Error::NotAnAgentId { why, nearest: shared.registry.nearest(name) })
}

/// The question that a path names. Its agent need not be here any more.
fn named(shared: &Shared, (agent, token): &(String, String)) -> Result<(AgentId, TokenId), Error> {
    let agent = agent_id(shared, agent)?;
    let token = TokenId::parse(token).map_err(|why| Error::NoQuestion { why: why.to_string() })?;
    Ok((agent, token))
}

/// What the ledger says, in the words of the gateway.
pub(crate) fn refused(error: PurgatoryError) -> Error {
    match error {
        PurgatoryError::Ask(errors) => Error::AskUnfit { errors },
        PurgatoryError::Unknown(_) => Error::NoQuestion { why: error.to_string() },
        PurgatoryError::Refused(refusal) => match *refusal {
            Refusal::Decided(decision) => Error::Decided { decision: Box::new(decision) },
            Refusal::Over(status) => Error::QuestionOver { status },
            Refusal::Unfit(errors) => Error::AnswerUnfit { errors },
            // Steps of the ledger itself, which no door asks for.
            Refusal::NotDue | Refusal::Due | Refusal::Undecided => Error::Internal,
        },
        PurgatoryError::KeyReused => Error::KeyReused,
        PurgatoryError::Full => Error::PurgatoryFull,
        PurgatoryError::Store(why) if why.contains("disk is full") => Error::DiskFull,
        PurgatoryError::Store(why) => Error::StoreRefuses { why },
        PurgatoryError::Stopping => Error::Draining,
    }
}

fn not_planted(error: PlantError) -> Error {
    match error {
        PlantError::Full => Error::GardenFull,
        // A guest has no limits that could be wrong, and is made of nothing that could fail.
        PlantError::Taken(_) | PlantError::Config(_) | PlantError::Failed(_) => Error::Internal,
    }
}
