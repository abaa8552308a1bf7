//! Who asks: what a request has shown, and what that allows.

use super::{
    Observe,
    secret::{Quiet, same},
};
use crate::error::Error;
use axum::{extract::FromRequestParts, http::request::Parts};
use runtime::store::keys::KeyId;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use wire::Scope;

/// Who is counted, where something is limited per client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    /// Whoever holds this token, from wherever.
    Token(KeyId),
    /// Whoever is at this address. Of IPv6, the first 64 bits: one machine has all of those.
    Address(IpAddr),
}

impl ClientKey {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// A token that was shown and is good, for as long as somebody holds this.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) id: KeyId,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// Fired when the token is revoked or expires, or the session ends.
    pub(crate) ended: CancellationToken,
}

/// How a caller showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// Not at all: a watcher.
    Not,
    /// `Authorization: Bearer`.
    Bearer,
    /// A one-time ticket on a socket.
    Ticket,
    /// A browser's cookie. Sent with every request, whoever caused it; so a write needs `csrf`, too.
    Cookie { session: KeyId, csrf: Quiet },
}

/// Who asks. Doors take it as an argument; the guard puts it there.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) client: ClientKey,
    pub(crate) how: How,
    pub(super) holder: Option<Arc<Holder>>,
    observe: Observe,
}

impl Caller {
    pub(super) fn watcher(address: IpAddr, observe: Observe) -> Self {
        Self { client: ClientKey::of(address), how: How::Not, holder: None, observe }
    }

    pub(super) fn holding(holder: Arc<Holder>, how: How, observe: Observe) -> Self {
        Self { client: ClientKey::Token(holder.id.clone()), how, holder: Some(holder), observe }
    }

    /// What the token was called by its maker; `None` for a watcher.
    pub(crate) fn name(&self) -> Option<&str> {
        self.holder.as_ref().map(|h| h.name.as_str())
    }

    /// What it may do; nothing for a watcher.
    pub(crate) fn scopes(&self) -> &[Scope] {
        self.holder.as_ref().map_or(&[], |h| &h.scopes)
    }

    /// Refuses whoever may not do what needs this scope. Where everybody may watch, nobody needs [`Scope::Observe`].
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Error> {
        match &self.holder {
            _ if scope == Scope::Observe && self.observe == Observe::Public => Ok(()),
            None => Err(Error::TokenNeeded { scope: Some(scope) }),
            Some(holder) if scope.allowed_by(&holder.scopes) => Ok(()),
            Some(holder) => Err(Error::ScopeMissing { needs: scope, held: holder.scopes.clone() }),
        }
    }

    /// Refuses a form that a browser sent on the word of a cookie alone: it has to carry what only our own page knows.
    pub(crate) fn prove(&self, csrf: Option<&str>) -> Result<(), Error> {
        match &self.how {
            How::Cookie { csrf: own, .. } if !same(csrf.unwrap_or("").as_bytes(), own.0.as_bytes()) => {
                Err(Error::CsrfMissing)
            }
            _ => Ok(()),
        }
    }

    /// Waits until this caller's rights end: its token is revoked or expires, its session is signed out. A watcher, who has
    /// none, waits for ever. What stays open for long, such as a socket, has to watch this.
    pub(crate) async fn ended(&self) {
        match &self.holder {
            Some(holder) => holder.ended.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Waits until this caller may no longer watch; where everybody may, for ever.
    pub(crate) async fn may_no_longer_watch(&self) {
        match self.observe {
            Observe::Token => self.ended().await,
            Observe::Public => std::future::pending().await,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    /// Fails only where a door stands outside the guard, which is our mistake; then nobody gets in.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or(Error::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_one_client_whatever_it_calls_itself() {
        let of = |text: &str| ClientKey::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.2"), of("10.0.0.1"));
    }
}
