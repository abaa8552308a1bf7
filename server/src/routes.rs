//! The doors, one file per resource, and what they share.

pub(crate) mod agentese;
pub(crate) mod agents;
pub(crate) mod answer;
pub(crate) mod health;
pub(crate) mod invoke;
pub(crate) mod login;
pub(crate) mod metrics;
pub(crate) mod observe;
pub(crate) mod openapi;
pub(crate) mod page;
pub(crate) mod perturb;
pub(crate) mod prometheus;
pub(crate) mod purgatory;
pub(crate) mod session;
pub(crate) mod void;

use axum::http::{HeaderMap, header};

/// Whether the one who asks reads pages: a browser that goes there, not a program.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether `If-None-Match` names this tag. Compared weakly, as RFC 9110 §13.1.2 asks.
pub(crate) fn etag_matches(headers: &HeaderMap, etag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|tag| tag.trim() == "*" || strong(tag) == etag)
}
