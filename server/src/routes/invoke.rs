//! `POST /api/{agent}/invoke`, `POST /api/{agent}/{command}`, and the list of what an agent exposes.

use super::answer;
use crate::{
    auth::Caller,
    body,
    error::Error,
    replay::{self, Place},
    state::Shared,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use runtime::{Call, Refused, Reply, Terms};
use serde_json::Value;
use std::time::Duration;
use terrarium_core::flux::Priority;
use wire::{
    Perturb,
    command::CommandList,
    perturb::{AskedFirst, Invoked},
    route,
};

pub(crate) async fn commands(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
) -> Result<Json<CommandList>, Error> {
    Ok(Json(CommandList { commands: shared.agent(&agent)?.commands().cloned().collect() }))
}

pub(crate) async fn invoke(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let agent = shared.agent(&agent)?;
    let perturb: Perturb = body::read(&body)?;
    perturb.check().map_err(|why| Error::UnfitBody { why })?;
    limit(&shared, &caller)?;
    let priority = perturb.priority.and_then(Priority::asked).unwrap_or(Priority::ORDINARY);
    let terms = Terms { priority, timeout: perturb.timeout_ms.map(Duration::from_millis) };
    let path = route::invoke(agent.id());
    once(&shared, caller, path, &headers, &body, move || agent.perturb(perturb.data, terms)).await
}

pub(crate) async fn command(
    State(shared): State<Shared>,
    Path((agent, name)): Path<(String, String)>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let agent = shared.agent(&agent)?;
    let Some(spec) = agent.command(&name) else {
        return Err(Error::UnknownCommand { nearest: agent.nearest_commands(&name), name });
    };
    caller.require(spec.scope)?;
    limit(&shared, &caller)?;
    let arguments = match body::read_or_nothing(&body)? {
        None => prism::Arguments::new(),
        Some(Value::Object(arguments)) => arguments,
        Some(other) => {
            let why = format!("the body has to be an object of arguments, and is {}", body::kind_of(&other));
            return Err(Error::UnfitBody { why });
        }
    };
    let arguments = prism::check(spec, arguments).map_err(|errors| Error::Arguments { errors })?;
    let path = route::command(agent.id(), &spec.name);
    once(&shared, caller, path, &headers, &body, move || agent.call(spec, arguments, Terms::default())).await
}

/// The scope a caller needs for `invoke` is stated in the router; a command's stands in its own declaration.
fn limit(shared: &Shared, caller: &Caller) -> Result<(), Error> {
    shared.perturbs.check(&caller.client).map_err(|retry| Error::TooFast { retry })
}

/// Calls the agent; at most once for a key, where the caller gave one. A watcher's key would crowd out those of people who
/// may act, and what a watcher may call only reads; so it is not kept.
async fn once(
    shared: &Shared,
    caller: Caller,
    path: String,
    headers: &HeaderMap,
    body: &Bytes,
    call: impl FnOnce() -> Result<Call, Refused> + Send + 'static,
) -> Result<Response, Error> {
    match replay::key_of(headers)?.filter(|_| caller.name().is_some()) {
        None => answered(call()).await,
        Some(key) => {
            let place = Place { client: caller.client, path, key };
            let work = async move { answered(call()).await };
            shared.replays.once(shared.registry.tasks(), place, body, work).await
        }
    }
}

/// 200 with the answer, or 202 with the question that the agent asks a person first.
async fn answered(call: Result<Call, Refused>) -> Result<Response, Error> {
    let mut call = call.map_err(answer::refused)?;
    loop {
        match call.next().await {
            Some(Reply::Chunk(_)) => {}
            Some(Reply::Asked(card)) => {
                return Ok((StatusCode::ACCEPTED, Json(AskedFirst { semaphore: *card })).into_response());
            }
            Some(Reply::End(outcome)) => {
                let result = outcome.map_err(answer::failed)?;
                return Ok(Json(Invoked { result }).into_response());
            }
            None => return Err(Error::Cancelled),
        }
    }
}
