//! Liveness, readiness, build.

use crate::{error::Error, state::Shared};
use axum::{Json, extract::State};
use wire::{frame::PROTOCOL, summary::Version};

/// Release of this build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit of this build, or `unknown`.
pub(crate) const COMMIT: &str = env!("TERRARIUM_BUILD_COMMIT");

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(shared): State<Shared>) -> Result<&'static str, Error> {
    if shared.draining.is_cancelled() { Err(Error::Draining) } else { Ok("ready\n") }
}

pub(crate) async fn version() -> Json<Version> {
    Json(Version { version: VERSION.to_owned(), commit: COMMIT.to_owned(), protocol: PROTOCOL })
}
