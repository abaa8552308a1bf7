//! Who is signed in at a browser, and tickets for its sockets.

use crate::{Scope, record};
use serde::Serialize;

/// Header that a cookie-authenticated write must carry, with [`Session::csrf`] as its value.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// The subprotocol that a perturb socket from a browser asks for, beside `ticket.<ticket>`.
pub const SUBPROTOCOL: &str = "terrarium";

/// `GET /api/session`. Sent by the gateway, read by the page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Session {
    /// The token's name, as it was given when it was made; absent for a watcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do; empty for a watcher.
    pub scopes: Vec<Scope>,
    /// To be sent with every write; absent for a watcher and for bearers of a token, who need none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
}

record!(Session { name, scopes, csrf });

impl Session {
    /// Whether this session may do what needs a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        scope.allowed_by(&self.scopes)
    }
}

/// `POST /api/tickets`: admits to one socket, once, for half a minute, with the rights of who asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// For `Sec-WebSocket-Protocol: terrarium, ticket.<ticket>`.
    pub ticket: String,
    /// How long it is good for.
    pub expires_in_ms: u64,
}

record!(Ticket { ticket, expires_in_ms });
