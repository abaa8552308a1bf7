//! The REST half: one method per door.

use crate::{Error, GardenOptions, Observation, ObserveOptions};
use reqwest::{
    Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest as _, handshake::client::Request};
use wire::{
    AgentId, AgentSummary, MetricSeries, Problem, Snapshot, route,
    summary::{AgentList, AllMetrics, Version},
};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A gateway, by its address. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
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
        let http = reqwest::Client::builder().timeout(CALL_TIMEOUT).build().map_err(|_| wrong())?;
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

    /// The request that asks for a socket at this path.
    pub(crate) fn handshake(&self, path: &str) -> Result<Request, Error> {
        let url = format!("{}{path}", self.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(|_| Error::Address(self.base.clone()))?;
        if let Some(bearer) = &self.bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        Ok(request)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let url = format!("{}{path}", self.base);
        let unreachable = |e: reqwest::Error| Error::Unreachable { url: url.clone(), why: e.without_url().to_string() };
        let mut request = self.http.get(&url);
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer.clone());
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(refusal(url, status, response).await);
        }
        let strange = Error::Strange { url: url.clone(), status: status.as_u16() };
        response.json().await.map_err(|_| strange)
    }
}

async fn refusal(url: String, status: StatusCode, response: Response) -> Error {
    match response.json::<Problem>().await {
        Ok(problem) => Error::Problem(Box::new(problem)),
        Err(_) => Error::Strange { url, status: status.as_u16() },
    }
}
