//! `/perturb/{agent}`: the socket through which a keeper gives one agent work.
//!
//! Answers come by id, in whatever order the agent has them. Nothing is dropped in silence: what cannot be taken is told
//! `busy`, what fails is told why. One task carries the socket; while its client is slow to take answers, nothing more is
//! read from it.

mod socket;

use crate::{
    auth::Caller,
    error::Error,
    socket::{Frames, Upgrade, accept, admit},
    state::Shared,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use wire::{CloseCode, perturb::INPUT_MAX};

/// Answers are collected while more are ready; few sockets give work, so the memory is no matter.
const FRAMES: Frames = Frames { max: INPUT_MAX, collected: 4096 };

pub(crate) async fn one(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    caller: Caller,
    upgrade: Upgrade,
) -> Result<Response, Error> {
    accept(upgrade, FRAMES, move |socket| async move {
        let admitted = admit(&shared).and_then(|seat| {
            let agent = shared.agent(&name).map_err(|_| CloseCode::AgentNotFound)?;
            Ok((seat, agent))
        });
        match admitted {
            Ok((seat, agent)) => {
                socket::carry(socket, &shared, &caller, agent).await;
                drop(seat);
            }
            Err(code) => socket.close(code).await,
        }
    })
}
