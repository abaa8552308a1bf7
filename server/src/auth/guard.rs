//! The guard before every door: knows what the door needs, finds out who asks, and turns away whoever may not.
//!
//! Each door of the table in `router` states its [`Needs`]. A door that is reached has a [`Caller`](super::Caller) that may
//! pass it. Whoever may not gets what they can read: a problem, the sign-in page, or a close code on a socket.

use super::{Caller, How, secret};
use crate::{
    error::Error,
    html,
    routes::{login, wants_page},
    serve::Peer,
    socket::{Frames, accept},
    state::Shared,
};
use axum::{
    extract::{FromRequestParts as _, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use wire::{CloseCode, Scope, route, session::CSRF_HEADER};

/// What a door asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing, and it does not even look; why that is right.
    Open(&'static str),
    /// Nothing, but the door has different answers for different callers; why that is right.
    Anyone(&'static str),
    /// Nothing where everybody may watch, otherwise [`Scope::Observe`].
    Watch,
    /// Any good token.
    SignedIn,
    /// A token with this scope.
    Scope(Scope),
    /// A token with this scope, at a door that also takes forms from people without scripts. A form cannot send our header,
    /// so it carries the proof in its body, and the door itself calls [`Caller::prove`].
    Form(Scope),
    /// What the command needs: the door itself calls [`Caller::require`] when it knows which one is meant.
    ByCommand,
    /// Both: what the command needs, at a door that takes forms. The door calls [`Caller::prove`] before anything else: a
    /// cookie always needs the proof, and whoever shows none has no rights that another site's page could borrow.
    FormByCommand,
}

impl Needs {
    fn allow(self, caller: &Caller) -> Result<(), Error> {
        match self {
            Self::Open(_) | Self::Anyone(_) | Self::ByCommand | Self::FormByCommand => Ok(()),
            Self::Watch => caller.require(Scope::Observe),
            Self::SignedIn if caller.how == How::Not => Err(Error::TokenNeeded { scope: None }),
            Self::SignedIn => Ok(()),
            Self::Scope(scope) | Self::Form(scope) => caller.require(scope),
        }
    }
}

/// Middleware around one door.
pub(crate) async fn guard(State((shared, needs)): State<(Shared, Needs)>, request: Request, next: Next) -> Response {
    if let Needs::Open(_) = needs {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match admit(&shared, needs, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => turn_away(error, &mut parts).await,
    }
}

/// Who asks, if they may.
pub(crate) async fn admit(shared: &Shared, needs: Needs, parts: &Parts) -> Result<Caller, Error> {
    let peer = Peer::of(&parts.extensions);
    let socket = is_socket(&parts.headers);
    if socket && !shared.policy.allows_socket(&parts.headers, peer.local) {
        return Err(Error::ForeignOrigin);
    }
    let caller = shared.auth.identify(&parts.headers, peer).await?;
    if let How::Cookie { csrf, .. } = &caller.how {
        if socket && needs != Needs::Watch {
            // More than watching takes a ticket, which only a script of our own page can have asked for.
            return Err(Error::TokenNeeded { scope: None });
        }
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            if !shared.policy.allows_write(&parts.headers, peer.local) {
                return Err(Error::ForeignOrigin);
            }
            let in_body = matches!(needs, Needs::Form(_) | Needs::FormByCommand) && is_form(&parts.headers);
            let sent = parts.headers.get(CSRF_HEADER).map_or(&b""[..], HeaderValue::as_bytes);
            if !in_body && !secret::same(sent, csrf.0.as_bytes()) {
                return Err(Error::CsrfMissing);
            }
        }
    }
    needs.allow(&caller)?;
    Ok(caller)
}

/// Says no in the way that the one who asked can read.
pub(crate) async fn turn_away(error: Error, parts: &mut Parts) -> Response {
    if is_socket(&parts.headers)
        && let Ok(upgrade) = WebSocketUpgrade::from_request_parts(parts, &()).await
    {
        let code = if error == Error::ForeignOrigin { CloseCode::OriginRefused } else { CloseCode::Unauthorised };
        return accept(Ok(upgrade), Frames::WATCHING, move |socket| socket.close(code)).into_response();
    }
    let page = parts.method == Method::GET && wants_page(&parts.headers);
    if page && matches!(error, Error::TokenNeeded { .. }) {
        let wanted = parts.uri.path_and_query().map_or(route::GARDEN, |p| p.as_str());
        return Redirect::to(&login::address(wanted)).into_response();
    }
    if is_form(&parts.headers) && wants_page(&parts.headers) {
        return html::sorry(&error, None);
    }
    error.into_response()
}

/// Whether a body is what a browser makes of a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
}

/// Whether a request asks for a WebSocket.
fn is_socket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
