//! The REST half: one method per door. Questions have a file of their own.

use crate::{Beam, Error, GardenOptions, Observation, ObserveOptions};
use bytes::Bytes;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{error::Error as _, time::Duration};
use tokio_tungstenite::tungstenite::{client::IntoClientRequest as _, handshake::client::Request};
use wire::{
    AgentId, AgentSummary, CommandSpec, MetricSeries, Perturb, Problem, Snapshot,
    agentese::Agentese,
    command::CommandList,
    perturb::{AskedFirst, Invoked, TIMEOUT_MAX_MS},
    route,
    summary::{AgentList, AllMetrics, Version},
};

/// How long one call may take.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an agent's answer may take: as long as a gateway lets anyone wait, and what the way there and back takes.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(TIMEOUT_MAX_MS).saturating_add(CALL_TIMEOUT);

/// A gateway, by its address. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    pub(crate) http: reqwest::Client,
    /// `Bearer …`, marked as sensitive, so that `Debug` does not show it.
    bearer: Option<HeaderValue>,
}

impl Client {
    /// A client of the gateway at this address, such as `http://127.0.0.1:8080`. Does not connect yet.
    ///
    /// # Errors
    /// [`Error::Address`] where the text is not an `http://` address.
    pub fn new(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Address(url.to_owned());
        let parsed = reqwest::Url::parse(url).map_err(|_| wrong())?;
        if parsed.scheme() != "http" || parsed.host_str().is_none() {
            return Err(wrong());
        }
        let http = reqwest::Client::builder()
            .timeout(CALL_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|_| wrong())?;
        Ok(Self { base: url.trim_end_matches('/').to_owned(), http, bearer: None })
    }

    /// The same client, with this token on every request and every socket's handshake.
    ///
    /// # Errors
    /// [`Error::Token`] where the text cannot be a token.
    pub fn with_token(mut self, token: &str) -> Result<Self, Error> {
        let legal = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| legal).ok_or(Error::Token)?;
        bearer.set_sensitive(true);
        self.bearer = Some(bearer);
        Ok(self)
    }

    /// The gateway's address, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Every agent.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn agents(&self) -> Result<Vec<AgentSummary>, Error> {
        Ok(self.get::<AgentList>(route::AGENTS).await?.agents)
    }

    /// One agent.
    ///
    /// # Errors
    /// See [`Error`]; an unknown agent is a [`Error::Problem`] with the nearest names.
    pub async fn agent(&self, id: &AgentId) -> Result<AgentSummary, Error> {
        self.get(&route::agent(id)).await
    }

    /// An agent's state and recent past.
    ///
    /// # Errors
    /// See [`Client::agent`].
    pub async fn snapshot(&self, id: &AgentId) -> Result<Snapshot, Error> {
        self.get(&route::snapshot(id)).await
    }

    /// An agent's gauges over time, in whole seconds: the window (at most 24 hours) and the step (1 or 15).
    ///
    /// # Errors
    /// See [`Client::agent`].
    pub async fn metrics(&self, id: &AgentId, window_s: u64, step_s: u32) -> Result<MetricSeries, Error> {
        self.get(&format!("{}?window={window_s}s&step={step_s}s", route::metrics(id))).await
    }

    /// Every agent's gauges over the last 15 minutes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn metrics_all(&self) -> Result<Vec<MetricSeries>, Error> {
        Ok(self.get::<AllMetrics>(route::METRICS_ALL).await?.agents)
    }

    /// The gateway's build.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn version(&self) -> Result<Version, Error> {
        self.get(route::VERSION).await
    }

    /// Opens one agent's event stream.
    ///
    /// # Errors
    /// See [`Error`]. A refusal comes as a close code: see [`Observation::close_code`].
    pub async fn observe(&self, id: &AgentId, options: &ObserveOptions) -> Result<Observation, Error> {
        Observation::connect(self.handshake(&format!("{}{}", route::observe(id), options.query()))?).await
    }

    /// Opens the whole garden's event stream.
    ///
    /// # Errors
    /// See [`Client::observe`].
    pub async fn observe_garden(&self, options: &GardenOptions) -> Result<Observation, Error> {
        Observation::connect(self.handshake(&format!("{}{}", route::OBSERVE_GARDEN, options.query()))?).await
    }

    /// Opens a socket on which an agent can be given work, any number of inputs at once. Needs the scope `perturb`.
    ///
    /// # Errors
    /// See [`Client::observe`].
    pub async fn perturb(&self, id: &AgentId) -> Result<Beam, Error> {
        Beam::connect(self.handshake(&route::perturb(id))?).await
    }

    /// Gives an agent one input and waits for its answer. The input's `id` is of no use here. Needs the scope `perturb`.
    ///
    /// # Errors
    /// See [`Error`]: a [`Error::Problem`] for what the gateway or the agent says no to, [`Error::Asked`] where the agent
    /// asks a person first.
    pub async fn invoke(&self, id: &AgentId, input: &Perturb) -> Result<Value, Error> {
        let input = Perturb { id: None, ..input.clone() };
        self.post(&route::invoke(id), &input).await
    }

    /// What an agent exposes, in the order of declaration, hidden commands left out.
    ///
    /// # Errors
    /// See [`Client::agent`].
    pub async fn commands(&self, id: &AgentId) -> Result<Vec<CommandSpec>, Error> {
        Ok(self.get::<CommandList>(&route::commands(id)).await?.commands)
    }

    /// Calls one of an agent's commands, by its name or an alias, and waits for its answer. Needs the scope that its spec
    /// names.
    ///
    /// # Errors
    /// See [`Client::invoke`]; arguments that do not fit are a problem with an entry in `errors` for each.
    pub async fn call(&self, id: &AgentId, command: &str, arguments: Map<String, Value>) -> Result<Value, Error> {
        if command.is_empty() || !command.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return Err(Error::Command(command.to_owned()));
        }
        self.post(&route::command(id, command), &arguments).await
    }

    /// Follows a path of AGENTESE. Needs the scopes of what it does; what only reads is open to watchers.
    ///
    /// # Errors
    /// See [`Client::invoke`]; a path that leads nowhere is a problem with what is near in `related`.
    pub async fn agentese(&self, call: &Agentese) -> Result<Value, Error> {
        self.post(route::AGENTESE, call).await
    }

    /// The request that asks for a socket at this path.
    pub(crate) fn handshake(&self, path: &str) -> Result<Request, Error> {
        let url = format!("{}{path}", self.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(|_| Error::Address(self.base.clone()))?;
        if let Some(bearer) = &self.bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        Ok(request)
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let url = format!("{}{path}", self.base);
        let (status, body) = self.answer(self.http.get(&url), &url).await?;
        read(url, status, &body)
    }

    /// Asks an agent, which may take its time.
    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, Error> {
        let url = format!("{}{path}", self.base);
        let request = self.http.post(&url).timeout(ANSWER_TIMEOUT).json(body);
        match self.answer(request, &url).await? {
            (status @ StatusCode::ACCEPTED, body) => {
                Err(Error::Asked(Box::new(read::<AskedFirst>(url, status, &body)?.semaphore)))
            }
            (status, body) => Ok(read::<Invoked>(url, status, &body)?.result),
        }
    }

    pub(crate) async fn answer(&self, mut request: RequestBuilder, url: &str) -> Result<(StatusCode, Bytes), Error> {
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer.clone());
        }
        let response = request.send().await.map_err(|e| unanswered(url, e))?;
        let status = response.status();
        if !status.is_success() {
            return Err(refusal(url.to_owned(), status, response).await);
        }
        Ok((status, response.bytes().await.map_err(|e| unanswered(url, e))?))
    }
}

pub(crate) fn read<T: DeserializeOwned>(url: String, status: StatusCode, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|_| Error::Strange { url, status: status.as_u16() })
}

/// Why nothing came back. The system's own words stand deepest in the chain.
fn unanswered(url: &str, error: reqwest::Error) -> Error {
    let url = url.to_owned();
    if error.is_timeout() && !error.is_connect() {
        return Error::TimedOut { url };
    }
    let error = error.without_url();
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        why = deeper.to_string();
        cause = deeper.source();
    }
    Error::Unreachable { url, why }
}

async fn refusal(url: String, status: StatusCode, response: Response) -> Error {
    match response.json::<Problem>().await {
        Ok(problem) => Error::Problem(Box::new(problem)),
        Err(_) => Error::Strange { url, status: status.as_u16() },
    }
}
