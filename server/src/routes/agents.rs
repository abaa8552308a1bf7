//! `GET /api/agents`, one agent, and its snapshot.

use crate::{error::Error, state::Shared};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use wire::{AgentSummary, summary::AgentList};

pub(crate) async fn list(State(shared): State<Shared>) -> Json<AgentList> {
    Json(AgentList { agents: shared.registry.list().iter().map(|a| a.summary()).collect() })
}

pub(crate) async fn one(State(shared): State<Shared>, Path(agent): Path<String>) -> Result<Json<AgentSummary>, Error> {
    Ok(Json(shared.agent(&agent)?.summary()))
}

/// The tag is the position: as long as nothing was said, nothing changed.
pub(crate) async fn snapshot(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let snapshot = shared.agent(&agent)?.snapshot(shared.config.history);
    let etag = format!("\"{}:{}\"", snapshot.epoch, snapshot.seq);
    let mut response = if super::etag_matches(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(snapshot).into_response()
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}
