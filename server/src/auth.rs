//! Who may do what: tokens with scopes, browser sessions, one-time links and tickets.
//!
//! Turns what a request shows into a `Caller`, and makes and ends sessions. The `guard` stands before every door and asks
//! here; the tokens themselves are made and revoked by `terrarium token`, which works on the file beside us. No secret is
//! ever kept, logged, or put in an error.
//!
//! Failures are slowed per address. A right token of ours gets in even from an address that is slowed, because it cannot be
//! guessed: so nobody behind the same proxy can lock others out. The environment's token may be a word somebody thought up,
//! so it has to wait like everything else.

mod caller;
pub(crate) mod guard;
mod known;
mod link;
mod secret;
pub(crate) mod tickets;
pub mod tokens;

pub use tokens::AdminToken;

pub(crate) use caller::{Caller, ClientKey, How};
pub(crate) use link::Verdict;
pub(crate) use secret::{Quiet, same};

use crate::{config::Observe, error::Error, limit::RateLimit, serve::Peer};
use axum::http::{HeaderMap, header};
use caller::Holder;
use known::{Key, Known, later};
use link::Link;
use runtime::{
    Store, StoreError, clock,
    store::keys::{KeyId, KeyKind, KeyRecord, NewSession, SessionKey},
};
use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};
use tickets::Tickets;
use tokio_util::sync::CancellationToken;
use wire::Scope;

/// The cookie of a browser's session.
pub(crate) const COOKIE: &str = "terrarium_session";
/// What a ticket is called among a socket's subprotocols.
const TICKET: &str = "ticket.";
/// Failures that one address has free.
const FAILURES_FREE: u32 = 10;
/// How long each further one takes to be forgiven.
const FAILURE_COST: Duration = Duration::from_secs(6);
/// What the environment's token is called where callers are named.
const ENVIRONMENT: &str = "environment";

#[derive(Debug)]
pub(crate) struct Auth {
    known: Arc<Known>,
    tickets: Tickets,
    link: Link,
    admin: Option<(AdminToken, Arc<Holder>)>,
    failures: RateLimit<ClientKey>,
    observe: Observe,
}

/// What somebody signs in with.
pub(crate) enum Proof<'a> {
    Token(&'a str),
    Once(&'a str),
}

impl Auth {
    /// Opens the tokens in this data folder. The second is the code of this life's sign-in link.
    pub(crate) fn open(
        folder: &Path,
        admin: Option<AdminToken>,
        observe: Observe,
    ) -> Result<(Self, String), StoreError> {
        let store = Store::beside(folder)?;
        store.sweep_keys(clock::wall())?;
        let (link, code) = Link::new();
        let admin = admin.zip(environment());
        let (tickets, failures) = (Tickets::default(), RateLimit::new(FAILURE_COST, FAILURES_FREE));
        Ok((Self { known: Known::new(store), tickets, link, admin, failures, observe }, code))
    }

    /// Whether anybody has a token: if not, the gateway stays on loopback.
    pub(crate) async fn anybody(&self) -> Result<bool, Error> {
        let now = clock::wall();
        let one = |keys: Vec<KeyRecord>| keys.iter().any(|k| k.kind == KeyKind::Token && k.is_good(now));
        Ok(self.admin.is_some() || self.known.ask(Store::keys).await.map(one)?)
    }

    /// Keeps what is in use current until `stopping`.
    pub(crate) fn watch(&self, stopping: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        Arc::clone(&self.known).watch(stopping)
    }

    /// Who a request comes from. A wrong token or ticket is an error; a cookie that is no longer good is a watcher's.
    pub(crate) async fn identify(&self, headers: &HeaderMap, peer: Peer) -> Result<Caller, Error> {
        if let Some(token) = bearer(headers) {
            let holder = self.holder_of(token, peer.remote).await?;
            return Ok(Caller::holding(holder, How::Bearer, self.observe));
        }
        if let Some(ticket) = ticket(headers) {
            let holder = self.tickets.redeem(ticket).ok_or_else(|| self.failure(peer.remote))?;
            return Ok(Caller::holding(holder, How::Ticket, self.observe));
        }
        if let Some((session, secret)) = cookie(headers).and_then(secret::split)
            && let Some(holder) = self.known.open(Key::Session(session.clone()), secret).await?
        {
            let how = How::Cookie { session, csrf: Quiet(secret::csrf(secret)) };
            return Ok(Caller::holding(holder, how, self.observe));
        }
        Ok(Caller::watcher(peer.remote, self.observe))
    }

    /// What a sign-in link's code is worth. A code that nobody made counts as a failure.
    pub(crate) fn look_at_link(&self, code: &str, address: IpAddr) -> Result<Verdict, Error> {
        self.slowed(address)?;
        match self.link.look(code) {
            Verdict::Unknown => self.count(address).map(|()| Verdict::Unknown),
            verdict => Ok(verdict),
        }
    }

    /// Begins a session. What comes back is the cookie's value.
    pub(crate) async fn sign_in(&self, proof: Proof<'_>, address: IpAddr) -> Result<Quiet, Error> {
        let (kept, made) = match proof {
            Proof::Token(token) => {
                let holder = self.holder_of(token, address).await?;
                let environment = self.admin.as_ref().is_some_and(|(_, admin)| Arc::ptr_eq(admin, &holder));
                let made = environment.then(|| made_for_session(KeyKind::Environment, tokens::VARIABLE));
                (holder.id.clone(), made)
            }
            Proof::Once(code) => match self.link.take(code) {
                Verdict::Good => {
                    let made = made_for_session(KeyKind::Link, "sign-in link");
                    (made.id.clone(), Some(made))
                }
                Verdict::Unknown => {
                    self.count(address)?;
                    return Err(Error::LinkRefused { why: Verdict::Unknown });
                }
                why => return Err(Error::LinkRefused { why }),
            },
        };
        let session = secret::mint();
        let text = session.text;
        self.known
            .ask(move |store| {
                // Nobody ever learns the secret of a key that was made for a session.
                let nobodys = secret::hash(&secret::random());
                let key = made.as_ref().map_or(SessionKey::Kept(&kept), |made| SessionKey::Made(made, &nobodys));
                let begins = clock::wall();
                let (id, hash, expires) = (&session.id, &session.hash, later(begins));
                store.add_session(&NewSession { id, hash, key, begins, expires })
            })
            .await?;
        Ok(Quiet(text))
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, session: &KeyId) -> Result<(), Error> {
        let id = session.clone();
        self.known.ask(move |store| store.end_session(&id)).await?;
        self.known.end(&Key::Session(session.clone()));
        Ok(())
    }

    /// A one-time ticket with this caller's rights; `None` for a watcher.
    pub(crate) fn ticket(&self, caller: &Caller) -> Option<String> {
        caller.holder.as_ref().map(|holder| self.tickets.issue(holder))
    }

    async fn holder_of(&self, token: &str, address: IpAddr) -> Result<Arc<Holder>, Error> {
        if let Some((id, secret)) = token.strip_prefix(secret::PREFIX).and_then(secret::split)
            && let Some(holder) = self.known.open(Key::Token(id), secret).await?
        {
            return Ok(holder);
        }
        self.slowed(address)?;
        match &self.admin {
            Some((admin, holder)) if admin.is(token) => Ok(Arc::clone(holder)),
            _ => Err(self.failure(address)),
        }
    }

    /// Refuses an address that has failed too often.
    fn slowed(&self, address: IpAddr) -> Result<(), Error> {
        self.failures.wait(&ClientKey::of(address)).map_or(Ok(()), |retry| Err(Error::Slowed { retry }))
    }

    /// Counts a failure.
    fn count(&self, address: IpAddr) -> Result<(), Error> {
        self.failures.check(&ClientKey::of(address)).map_err(|retry| Error::Slowed { retry })
    }

    fn failure(&self, address: IpAddr) -> Error {
        self.count(address).err().unwrap_or(Error::TokenRefused)
    }
}

/// A key that nobody has a secret of: it is there to be listed, to be revoked, and to carry a session.
fn made_for_session(kind: KeyKind, name: &str) -> KeyRecord {
    KeyRecord {
        id: secret::mint().id,
        kind,
        name: name.to_owned(),
        scopes: Scope::ALL.to_vec(),
        created: clock::wall(),
        last_used: None,
        expires: None,
        revoked: None,
    }
}

fn environment() -> Option<Arc<Holder>> {
    let (name, scopes, ended) = (tokens::VARIABLE.to_owned(), Scope::ALL.to_vec(), CancellationToken::new());
    Some(Arc::new(Holder { id: KeyId::parse(ENVIRONMENT)?, name, scopes, ended }))
}

/// The token of `Authorization: Bearer`. Another scheme is somebody else's, such as a proxy's own password.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The ticket among the subprotocols that a socket asks for.
fn ticket(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(',')).find_map(|p| p.trim().strip_prefix(TICKET))
}

/// The value of our cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
