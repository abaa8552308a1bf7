//! Every URL of the gateway, in one place. Patterns are in axum's spelling; the functions fill them in.

use crate::{AgentId, TokenId};

/// The garden page.
pub const GARDEN: &str = "/";
/// One agent's page.
pub const AGENT_PAGE: &str = "/agents/{agent}";
/// The page with the questions that wait for a person.
pub const PURGATORY_PAGE: &str = "/purgatory";
/// The page with the questions that are over.
pub const DECIDED_PAGE: &str = "/purgatory/decided";
/// The page about the garden's metabolism, and where its forms post to.
pub const VOID_PAGE: &str = "/void";
/// What that page says now, as HTML to put in place of what it said before.
pub const VOID_PARTS: &str = "/void/parts";
/// Paths that a beginning may become, as options of an HTML list.
pub const VOID_PATHS: &str = "/void/paths";
/// WebSocket: the whole garden.
pub const OBSERVE_GARDEN: &str = "/observe";
/// WebSocket: one agent.
pub const OBSERVE: &str = "/observe/{agent}";
/// List of agents.
pub const AGENTS: &str = "/api/agents";
/// One agent.
pub const AGENT: &str = "/api/agents/{agent}";
/// Current state and recent events.
pub const SNAPSHOT: &str = "/api/{agent}/snapshot";
/// Gauges over time, one agent.
pub const METRICS: &str = "/api/{agent}/metrics";
/// Gauges over time, all agents.
pub const METRICS_ALL: &str = "/api/metrics/all";
/// Liveness.
pub const HEALTHZ: &str = "/healthz";
/// Readiness.
pub const READYZ: &str = "/readyz";
/// Prometheus.
pub const PROMETHEUS: &str = "/metrics";
/// Build.
pub const VERSION: &str = "/version";
/// WebSocket: give one agent work.
pub const PERTURB: &str = "/perturb/{agent}";
/// One input, one answer.
pub const INVOKE: &str = "/api/{agent}/invoke";
/// One exposed command.
pub const COMMAND: &str = "/api/{agent}/{command}";
/// What an agent exposes.
pub const COMMANDS: &str = "/api/agents/{agent}/commands";
/// OpenAPI 3.1 of everything here, exposed commands included.
pub const OPENAPI: &str = "/openapi.json";
/// The same for people.
pub const DOCS: &str = "/docs";
/// A one-time ticket for a socket from a browser.
pub const TICKETS: &str = "/api/tickets";
/// Who is signed in.
pub const SESSION: &str = "/api/session";
/// Sign in: a form, and where it posts to.
pub const LOGIN: &str = "/login";
/// Sign out.
pub const LOGOUT: &str = "/logout";
/// Questions that wait for a person, and those that did.
pub const PURGATORY: &str = "/api/purgatory";
/// An agent asks from outside.
pub const ASK: &str = "/api/purgatory/{agent}";
/// Questions of one agent that wait.
pub const PENDING: &str = "/api/purgatory/{agent}/pending";
/// One question and all that became of it.
pub const QUESTION: &str = "/api/purgatory/{agent}/{token}";
/// Waits for the decision about a question.
pub const WAIT: &str = "/api/purgatory/{agent}/{token}/wait";
/// Answers a question.
pub const RESOLVE: &str = "/api/purgatory/{agent}/resolve/{token}";
/// Withdraws a question.
pub const CANCEL: &str = "/api/purgatory/{agent}/cancel/{token}";
/// A path of AGENTESE.
pub const AGENTESE: &str = "/api/agentese";
/// Where the browser's half of the page lives.
pub const ASSETS: &str = "/pkg/{*file}";

/// The name in an [`AGENT_PAGE`], still with its percent signs.
#[must_use]
pub fn agent_of_page(path: &str) -> Option<&str> {
    let name = path.strip_prefix(AGENT_PAGE.trim_end_matches("{agent}"))?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// [`AGENT_PAGE`] of an agent.
#[must_use]
pub fn agent_page(id: &AgentId) -> String {
    format!("/agents/{id}")
}

/// [`OBSERVE`] of an agent.
#[must_use]
pub fn observe(id: &AgentId) -> String {
    format!("/observe/{id}")
}

/// [`AGENT`] of an agent.
#[must_use]
pub fn agent(id: &AgentId) -> String {
    format!("/api/agents/{id}")
}

/// [`SNAPSHOT`] of an agent.
#[must_use]
pub fn snapshot(id: &AgentId) -> String {
    format!("/api/{id}/snapshot")
}

/// [`METRICS`] of an agent.
#[must_use]
pub fn metrics(id: &AgentId) -> String {
    format!("/api/{id}/metrics")
}

/// [`PERTURB`] of an agent.
#[must_use]
pub fn perturb(id: &AgentId) -> String {
    format!("/perturb/{id}")
}

/// [`INVOKE`] of an agent.
#[must_use]
pub fn invoke(id: &AgentId) -> String {
    format!("/api/{id}/invoke")
}

/// [`COMMAND`] of an agent.
#[must_use]
pub fn command(id: &AgentId, command: &str) -> String {
    format!("/api/{id}/{command}")
}

/// [`COMMANDS`] of an agent.
#[must_use]
pub fn commands(id: &AgentId) -> String {
    format!("/api/agents/{id}/commands")
}

/// [`ASK`] as an agent.
#[must_use]
pub fn ask(id: &AgentId) -> String {
    format!("/api/purgatory/{id}")
}

/// [`PENDING`] of an agent.
#[must_use]
pub fn pending(id: &AgentId) -> String {
    format!("/api/purgatory/{id}/pending")
}

/// [`QUESTION`] of an agent.
#[must_use]
pub fn question(id: &AgentId, token: &TokenId) -> String {
    format!("/api/purgatory/{id}/{token}")
}

/// [`WAIT`] for the decision about a question.
#[must_use]
pub fn wait(id: &AgentId, token: &TokenId) -> String {
    format!("/api/purgatory/{id}/{token}/wait")
}

/// [`RESOLVE`] a question.
#[must_use]
pub fn resolve(id: &AgentId, token: &TokenId) -> String {
    format!("/api/purgatory/{id}/resolve/{token}")
}

/// [`CANCEL`] a question.
#[must_use]
pub fn cancel(id: &AgentId, token: &TokenId) -> String {
    format!("/api/purgatory/{id}/cancel/{token}")
}
