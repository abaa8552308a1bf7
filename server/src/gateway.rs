//! A running gateway: claims its data folder, listens, plants the configured agents, and ends in order.

use crate::{
    auth::{Auth, tokens::VARIABLE},
    config::Config,
    data::{DataError, DataFolder},
    router,
    routes::login,
    serve,
    state::Shared,
    webhooks::{self, WebhookError},
};
use runtime::{
    PlantError, Registry, Store, StoreError, Tasks,
    agents::{files, folder, grammar, host, scribe, steward, tail},
    registry::Planting,
    tasks::{OnPanic, StillRunning},
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{AgentId, route};

/// All the time that stopping may take.
pub const GRACE: Duration = Duration::from_secs(8);
/// The part of [`GRACE`] that sockets keep for their farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// A gateway that runs. Dropping it does not stop it: call [`Gateway::shutdown`].
pub struct Gateway {
    addr: SocketAddr,
    shared: Shared,
    tasks: Tasks,
    login_code: String,
    _data: DataFolder,
}

/// Why a gateway did not start. Every message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store in the data folder.
    #[error("data: {0}")]
    Store(#[from] StoreError),
    /// An address that others can reach, and nobody has a token.
    #[error("{}", would_be_open(*.addr, data))]
    Open {
        /// Where it was to listen.
        addr: SocketAddr,
        /// The data folder without tokens.
        data: PathBuf,
    },
    /// The address.
    #[error("{}", cannot_listen(*.addr, error))]
    Listen {
        /// Where it wanted to listen.
        addr: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The webhooks.
    #[error("webhooks: {0}")]
    Webhooks(#[from] WebhookError),
    /// An agent of the configuration.
    #[error("{key}: {} cannot be planted: {error}", what.display())]
    Plant {
        /// The key that asks for it.
        key: &'static str,
        /// Its value.
        what: PathBuf,
        /// Why not.
        error: PlantError,
    },
}

fn cannot_listen(addr: SocketAddr, error: &io::Error) -> String {
    let port = addr.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port: {port} is taken: something else already listens on {addr}, perhaps another Terrarium. Look at \
             http://{addr}, or take another port with --port {}, or any free one with --port 0",
            port.checked_add(1).unwrap_or(8080)
        ),
        io::ErrorKind::PermissionDenied => {
            format!("port: {port} needs rights this user does not have; take one above 1023, for example --port 8080")
        }
        io::ErrorKind::AddrNotAvailable => format!("host: {} is not an address of this machine", addr.ip()),
        _ => format!("port: the gateway cannot listen on {addr}: {error}"),
    }
}

fn would_be_open(addr: SocketAddr, data: &Path) -> String {
    format!(
        "host: {} can be reached from other machines, and nobody has a token yet, so nobody could be told from a \
         stranger. Make one first with `terrarium token create --name me --scope admin --data {}`, or set {VARIABLE}; or \
         listen on 127.0.0.1 and come through a tunnel such as `ssh -L {port}:127.0.0.1:{port} this-machine`",
        addr.ip(),
        shell_word(data),
        port = addr.port(),
    )
}

/// A path as a shell takes it back.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

impl Gateway {
    /// Claims the data folder, listens, starts. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        // Before the port: who holds the folder is the better thing to be told.
        let data = DataFolder::claim(&config.data)?;
        let addr = SocketAddr::new(config.host, config.port);
        let opened = Opened::new(&config, addr).await?;
        let listener = TcpListener::bind(addr).await.map_err(|error| StartError::Listen { addr, error })?;
        Self::begin(config, data, opened, listener).await
    }

    /// Starts on a listener that is already bound.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Self, StartError> {
        let data = DataFolder::claim(&config.data)?;
        let addr = address_of(&listener, &config)?;
        let opened = Opened::new(&config, addr).await?;
        Self::begin(config, data, opened, listener).await
    }

    async fn begin(
        config: Config,
        data: DataFolder,
        opened: Opened,
        listener: TcpListener,
    ) -> Result<Self, StartError> {
        let addr = address_of(&listener, &config)?;
        data.sign(addr)?;
        let tasks = Tasks::default();
        let Opened { store, auth, login_code } = opened;
        let registry = Registry::start(tasks.clone(), Some(store.clone()))?;
        registry.metabolism().govern(config.limits, config.policies.clone());
        if let Err(error) = plant(&registry, &config) {
            return Err(Self::give_up(&registry, error).await);
        }
        // Whoever asked something and is not run here any more still shows their question.
        registry.stand_in();
        let webhooks = match webhooks::start(&config.webhooks, &registry, &store).await {
            Ok(webhooks) => webhooks,
            Err(error) => return Err(Self::give_up(&registry, StartError::Webhooks(error)).await),
        };
        let shared = Shared::new(registry, config, auth, webhooks);
        tasks.spawn("tokens", OnPanic::Stop, shared.auth.watch(tasks.stopping()));
        tasks.spawn("accept", OnPanic::Stop, serve::accept(listener, router::router(&shared), tasks.clone()));
        Ok(Self { addr, shared, tasks, login_code, _data: data })
    }

    /// Ends what was started before something failed.
    async fn give_up(registry: &Registry, error: StartError) -> StartError {
        if let Err(still) = registry.shutdown(FAREWELL).await {
            tracing::debug!(%still, "what was started before something failed");
        }
        error
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens, as a URL that works on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let ip = match self.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.addr.port()))
    }

    /// The address that signs somebody in, once and soon. A secret: show it to whoever started the gateway.
    #[must_use]
    pub fn login_link(&self) -> String {
        format!("{}{}?{}={}", self.url(), route::LOGIN, login::ONCE, self.login_code)
    }

    /// The agents.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    /// Cancelled when the gateway stops by itself, because a task it cannot do without died.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// Ends in order, within [`GRACE`]: not ready, no new connections, agents finish their step, sockets get what is left
    /// and 1012.
    ///
    /// # Errors
    /// [`StillRunning`] where something did not end in time. It is abandoned.
    pub async fn shutdown(self) -> Result<(), StillRunning> {
        let deadline = Instant::now() + GRACE;
        self.shared.draining.cancel();
        let ended = self.shared.registry.shutdown(GRACE - FAREWELL).await;
        self.shared.drained.cancel();
        let sockets = tokio::time::timeout_at(deadline, self.shared.sockets.all_gone()).await;
        if sockets.is_err() {
            tracing::warn!(open = self.shared.sockets.open(), "some observers did not take their farewell in time");
        }
        ended
    }
}

/// What is opened before anybody can knock.
struct Opened {
    store: Store,
    auth: Auth,
    login_code: String,
}

impl Opened {
    /// Opens the store and the tokens in it. An address that others can reach needs at least one token.
    async fn new(config: &Config, addr: SocketAddr) -> Result<Self, StartError> {
        let (store, aside) = Store::open(&config.data)?;
        if let Some(aside) = aside {
            tracing::error!(set_aside = %aside.display(), "the store was damaged; it was set aside and a new one begun");
        }
        let (auth, login_code) = Auth::open(&config.data, config.admin, config.observe)?;
        // Whoever cannot be counted is not there; the log says why.
        if !addr.ip().to_canonical().is_loopback() && !auth.anybody().await.unwrap_or(false) {
            return Err(StartError::Open { addr, data: config.data.clone() });
        }
        Ok(Self { store, auth, login_code })
    }
}

fn address_of(listener: &TcpListener, config: &Config) -> Result<SocketAddr, StartError> {
    let wanted = SocketAddr::new(config.host, config.port);
    listener.local_addr().map_err(|error| StartError::Listen { addr: wanted, error })
}

/// The agents of the configuration.
fn plant(registry: &Registry, config: &Config) -> Result<(), StartError> {
    let named =
        |name: &str| AgentId::parse(name).map_err(|e| runtime::agent::AgentError::new("agent_id", e.to_string()));
    let failed = |key: &'static str, what: PathBuf| move |error: PlantError| StartError::Plant { key, what, error };
    if config.host_agent {
        named("host")
            .map_err(PlantError::from)
            .and_then(|id| registry.plant(id, host::profile(), host::factory()))
            .map_err(failed("host_agent", PathBuf::from("host")))?;
    }
    if config.grammar_agent {
        named("grammar")
            .map_err(PlantError::from)
            .and_then(|id| registry.plant(id, grammar::profile(), grammar::factory()))
            .map_err(failed("grammar_agent", PathBuf::from("grammar")))?;
    }
    if config.scribe_agent {
        if let Some(dreamer) = scribe::Dreamer::new(&config.scribe) {
            registry.metabolism().dream_with(dreamer);
        }
        let (profile, factory) = (scribe::profile(&config.scribe), scribe::factory(config.scribe.clone()));
        named("scribe")
            .map_err(PlantError::from)
            .and_then(|id| registry.plant_with(id, profile, factory, Planting::with(scribe::limits())))
            .map_err(failed("llm_url", PathBuf::from("scribe")))?;
    }
    if config.steward_agent {
        let folder = config.data.join("steward");
        named("steward")
            .map_err(PlantError::from)
            .and_then(|id| registry.plant(id, steward::profile(), steward::factory(folder.clone())))
            .map_err(failed("steward_agent", folder))?;
    }
    if let Some(folder) = &config.watch {
        named("files")
            .map_err(PlantError::from)
            .and_then(|id| registry.plant(id, files::profile(folder), files::factory(folder)))
            .map_err(failed("watch", folder.clone()))?;
    }
    for path in &config.tail {
        if path.is_dir() {
            let unreadable = |e: io::Error| runtime::agent::AgentError::new("unreadable_folder", e.to_string());
            folder::keep(registry, path.clone())
                .map_err(|e| failed("tail", path.clone())(PlantError::from(unreadable(e))))?;
        } else {
            let id = tail::agent_id(path, |id| registry.get(id).is_some());
            registry
                .plant(id, tail::profile(path), tail::factory(path, tail::From::End))
                .map_err(failed("tail", path.clone()))?;
        }
    }
    Ok(())
}
