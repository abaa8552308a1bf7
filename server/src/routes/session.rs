//! `GET /api/session`: who one is. `POST /api/tickets`: admission to one socket.

use crate::{
    auth::{Caller, How, tickets},
    error::Error,
    state::Shared,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
};
use wire::session::{Session, Ticket};

/// What is said of one caller is for no cache.
const NO_STORE: [(HeaderName, HeaderValue); 1] = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

pub(crate) async fn show(caller: Caller) -> ([(HeaderName, HeaderValue); 1], Json<Session>) {
    (NO_STORE, Json(session_of(&caller)))
}

pub(crate) async fn ticket(
    State(shared): State<Shared>,
    caller: Caller,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Ticket>), Error> {
    shared.tickets.check(&caller.client).map_err(|retry| Error::TooFast { retry })?;
    let ticket = shared.auth.ticket(&caller).ok_or(Error::TokenNeeded { scope: None })?;
    let expires_in_ms = u64::try_from(tickets::LIFE.as_millis()).unwrap_or(u64::MAX);
    Ok((NO_STORE, Json(Ticket { ticket, expires_in_ms })))
}

/// What a caller is told about itself.
pub(crate) fn session_of(caller: &Caller) -> Session {
    let csrf = match &caller.how {
        How::Cookie { csrf, .. } => Some(csrf.0.clone()),
        How::Not | How::Bearer | How::Ticket => None,
    };
    Session { name: caller.name().map(str::to_owned), scopes: caller.scopes().to_vec(), csrf }
}
