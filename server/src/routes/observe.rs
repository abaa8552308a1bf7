//! `/observe/{agent}` and `/observe`: the public event stream over WebSocket.
//!
//! Decides who gets a socket and where its stream begins; [`socket`] then carries it. Never touches an event: what goes
//! out are the bytes the mirror encoded. A refusal is a close code, because a browser cannot read the status of a failed
//! handshake.

mod query;
mod socket;

use crate::{
    auth::Caller,
    error::Error,
    socket::{Frames, Upgrade, accept, admit},
    state::Shared,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use mirror::{Attach, GardenCut};
use query::{GardenQuery, OneQuery, Wish};
use runtime::AgentHandle;
use socket::{Cursor, carry};
use std::sync::atomic::Ordering::Relaxed;
use wire::{
    AgentSummary, CloseCode, Hello,
    frame::{Control, PROTOCOL},
};

pub(crate) async fn one(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<OneQuery>,
    caller: Caller,
    upgrade: Upgrade,
) -> Result<Response, Error> {
    accept(upgrade, Frames::WATCHING, move |socket| async move {
        let (seat, agent) = match admit(&shared).and_then(|seat| {
            let agent = shared.agent(&name).map_err(|_| CloseCode::AgentNotFound)?;
            Ok((seat, agent))
        }) {
            Ok(admitted) => admitted,
            Err(code) => return socket.close(code).await,
        };
        let (hello, cursor) = begin(&shared, &agent, &query);
        // The handle would keep a removed agent alive for as long as someone watches its end.
        drop(agent);
        carry(socket, &shared, &caller, hello, cursor).await;
        drop(seat);
    })
}

pub(crate) async fn garden(
    State(shared): State<Shared>,
    Query(query): Query<GardenQuery>,
    caller: Caller,
    upgrade: Upgrade,
) -> Result<Response, Error> {
    accept(upgrade, Frames::WATCHING, move |socket| async move {
        let seat = match admit(&shared) {
            Ok(seat) => seat,
            Err(code) => return socket.close(code).await,
        };
        shared.sockets.garden.fetch_add(1, Relaxed);
        let wish = query.wish(shared.config.history);
        let (cut, observer) = shared.registry.mirror().observe(wish.narrowing.clone());
        let hello = garden_hello(&shared, &cut, &wish);
        carry(socket, &shared, &caller, hello, Cursor::Garden(Box::new(observer))).await;
        shared.sockets.garden.fetch_sub(1, Relaxed);
        drop(seat);
    })
}

fn begin(shared: &Shared, agent: &AgentHandle, query: &OneQuery) -> (Control, Cursor) {
    let (attach, lost) = match query.since() {
        None => (Attach { history: query.history(shared.config.history), since: None }, false),
        Some(Ok(since)) => (Attach { history: 0, since: Some(since) }, false),
        // A position nobody can have seen recovers nothing: the oldest kept, and said aloud.
        Some(Err(_)) => (Attach { history: usize::MAX, since: None }, true),
    };
    let (cut, observer) = agent.mirror().observe(&attach);
    let summary = agent.summary();
    let hello = Hello {
        protocol: PROTOCOL,
        gateway: shared.registry.gateway_id().to_owned(),
        agent_id: Some(agent.id().clone()),
        epoch: Some(cut.epoch),
        head_seq: Some(cut.head),
        recovered: if lost { Some(false) } else { cut.recovered },
        state: Some(summary.state),
        pending: summary.pending,
        agents: None,
    };
    (Control::Hello(Box::new(hello)), Cursor::One(observer))
}

/// The garden's `hello`: every agent, at its place at the cut.
fn garden_hello(shared: &Shared, cut: &GardenCut, wish: &Wish) -> Control {
    let at_the_cut = |mut summary: AgentSummary| {
        // The summary was read after the cut. Its position has to be the cut's, or a window would take the first live
        // events for old ones.
        if let Some((_, epoch, head)) = cut.heads.iter().find(|(id, _, _)| *id == summary.agent_id)
            && *epoch == summary.epoch
        {
            summary.seq = *head;
        }
        summary
    };
    let agents = shared.registry.list().iter().map(|a| at_the_cut(a.summary())).collect();
    Control::Hello(Box::new(Hello {
        protocol: PROTOCOL,
        gateway: shared.registry.gateway_id().to_owned(),
        agent_id: None,
        epoch: None,
        head_seq: None,
        recovered: if wish.lost { Some(false) } else { cut.recovered },
        state: None,
        pending: Vec::new(),
        agents: Some(agents),
    }))
}
