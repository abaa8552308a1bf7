//! What every door shares: the registry, the configuration, the counters of sockets, and whether we are stopping.

use crate::{
    auth::{Auth, ClientKey},
    config::Config,
    error::Error,
    limit::RateLimit,
    origin::Policy,
    replay::Replays,
    webhooks,
};
use runtime::{AgentHandle, Registry};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::AgentId;

/// Tickets that a client gets a second, and at once: one for each socket that a page opens, and some for reconnecting.
const TICKETS_PER_SECOND: u32 = 5;
const TICKETS_AT_ONCE: u32 = 20;

/// A cheap handle; clones are the same state.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) registry: Registry,
    pub(crate) config: Config,
    pub(crate) policy: Policy,
    pub(crate) auth: Auth,
    /// How it goes with each webhook.
    pub(crate) webhooks: Vec<Arc<webhooks::State>>,
    /// How often a client may perturb.
    pub(crate) perturbs: RateLimit<ClientKey>,
    /// Answers of calls that came with a key.
    pub(crate) replays: Arc<Replays>,
    /// How often a client may ask for a ticket.
    pub(crate) tickets: RateLimit<ClientKey>,
    pub(crate) sockets: Sockets,
    /// Fired first when stopping: no longer ready, no new sockets.
    pub(crate) draining: CancellationToken,
    /// Fired when the mirrors are closed: whatever socket is still open then is told to go.
    pub(crate) drained: CancellationToken,
}

impl Deref for Shared {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Shared {
    pub(crate) fn new(registry: Registry, config: Config, auth: Auth, webhooks: Vec<Arc<webhooks::State>>) -> Self {
        Self(Arc::new(Inner {
            registry,
            auth,
            webhooks,
            replays: Arc::default(),
            perturbs: RateLimit::per_second(config.perturb_rate, config.perturb_burst),
            tickets: RateLimit::per_second(TICKETS_PER_SECOND, TICKETS_AT_ONCE),
            policy: Policy::new(config.host, &config.origins),
            sockets: Sockets { most: config.max_observers, ..Sockets::default() },
            config,
            draining: CancellationToken::new(),
            drained: CancellationToken::new(),
        }))
    }

    /// The agent of that name.
    pub(crate) fn agent(&self, name: &str) -> Result<AgentHandle, Error> {
        let nearest = || self.registry.nearest(name);
        let id = AgentId::parse(name).map_err(|why| Error::NotAnAgentId { why, nearest: nearest() })?;
        self.registry.get(&id).ok_or_else(|| Error::UnknownAgent { name: name.to_owned(), nearest: nearest() })
    }

    /// A place for one more socket, or `None` where there are as many as there may be.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let sockets = &self.sockets;
        sockets.open.fetch_update(Relaxed, Relaxed, |n| (n < sockets.most).then_some(n + 1)).ok()?;
        Some(Seat(self.clone()))
    }
}

/// Counters of observe sockets.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    open: AtomicUsize,
    most: usize,
    /// Sockets of the whole garden.
    pub(crate) garden: AtomicUsize,
    /// Closed because the client took nothing for too long.
    pub(crate) slow_closed: AtomicU64,
    /// Turned away because all places were taken.
    pub(crate) turned_away: AtomicU64,
    empty: Notify,
}

impl Sockets {
    /// Open now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Waits until the last one is gone.
    pub(crate) async fn all_gone(&self) {
        loop {
            let gone = self.empty.notified();
            if self.open() == 0 {
                return;
            }
            gone.await;
        }
    }
}

/// The place of one socket; gives itself back.
pub(crate) struct Seat(Shared);

impl Drop for Seat {
    fn drop(&mut self) {
        if self.0.sockets.open.fetch_sub(1, Relaxed) == 1 {
            self.0.sockets.empty.notify_waiters();
        }
    }
}
