//! Webhooks: tells addresses outside what becomes of questions, at least once and in order.
//!
//! The log of decisions is the outbox. One task per target reads on from its place in the log, which is on disk, and moves
//! on when the target has taken a line; so nothing that was stored is left out, whatever dies in between, and a target
//! that is down gets what it missed. A line that could not be delivered for a day is given up, and the log says so.
//!
//! | file | noun |
//! |---|---|
//! | [`settings`] | targets, their secret, and what they are told |
//! | `courier` | the task of one target |
//! | `address` | which addresses may be called |
//! | `message` | bodies: JSON, and Slack's |
//! | [`sign`] | signatures as in Standard Webhooks |

mod address;
mod courier;
mod message;
pub mod settings;
pub mod sign;

use address::Guarded;
use courier::Courier;
use runtime::{Registry, Store, StoreError, tasks::OnPanic};
use settings::WebhookSettings;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use wire::Timestamp;

/// How long a target may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Why webhooks cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Where they stand cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The end of the log cannot be read.
    #[error("{0}")]
    Log(#[from] runtime::PurgatoryError),
    /// There is nothing to make requests with.
    #[error("no requests can be made: {0}")]
    Client(String),
}

/// How it goes with one target, for whoever measures.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Lines it took.
    pub(crate) delivered: AtomicU64,
    /// Attempts that failed.
    pub(crate) failed: AtomicU64,
    /// Lines given up.
    pub(crate) abandoned: AtomicU64,
    /// When the line that it does not take was written; 0 where it takes everything.
    stuck_at: AtomicI64,
}

impl State {
    /// How long what it should have taken has waited, in seconds.
    pub(crate) fn behind_s(&self, now: Timestamp) -> f64 {
        match self.stuck_at.load(Relaxed) {
            0 => 0.0,
            at => now.as_millis().saturating_sub(at).max(0) as f64 / 1000.0,
        }
    }
}

/// Starts a task per target. Their states, in the order of the configuration.
///
/// # Errors
/// [`WebhookError`]; no task runs then.
pub(crate) async fn start(
    settings: &WebhookSettings,
    registry: &Registry,
    store: &Store,
) -> Result<Vec<Arc<State>>, WebhookError> {
    let names: Vec<String> = settings.urls.iter().map(|url| url.id()).collect();
    // A target that is new begins with what happens from now on.
    let last = registry.purgatory().last_line().await?;
    let places = {
        let (store, names) = (store.clone(), names.clone());
        let read = tokio::task::spawn_blocking(move || {
            store.outbox_keep(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
            names.iter().map(|name| store.outbox_place(name, last)).collect::<Result<Vec<_>, StoreError>>()
        });
        read.await.map_err(|e| WebhookError::Client(e.to_string()))??
    };
    if settings.urls.is_empty() {
        return Ok(Vec::new());
    }
    let client = client(settings)?;
    let mut states = Vec::new();
    for ((url, id), place) in settings.urls.iter().zip(names).zip(places) {
        let state = Arc::new(State::default());
        states.push(state.clone());
        let courier = Courier {
            client: client.clone(),
            private: settings.private,
            format: url.format(settings.format),
            url: url.clone(),
            id,
            key: settings.key.clone(),
            severity: settings.severity,
            store: store.clone(),
            purgatory: registry.purgatory().clone(),
            state,
        };
        let stopping = registry.tasks().stopping();
        registry.tasks().spawn("webhook", OnPanic::Log, courier.run(place, stopping));
    }
    Ok(states)
}

/// Goes where the settings allow and nowhere else: no redirects, no proxy that would look names up for us.
fn client(settings: &WebhookSettings) -> Result<reqwest::Client, WebhookError> {
    reqwest::Client::builder()
        .user_agent(concat!("Terrarium/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(1)
        .dns_resolver(Arc::new(Guarded { private: settings.private }))
        .build()
        .map_err(|e| WebhookError::Client(e.to_string()))
}
