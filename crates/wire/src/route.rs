//! Every URL of the gateway, in one place. Patterns are in axum's spelling; the functions fill them in.

use crate::AgentId;

/// The garden page.
pub const GARDEN: &str = "/";
/// One agent's page.
pub const AGENT_PAGE: &str = "/agents/{agent}";
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
/// Where the browser's half of the page lives.
pub const ASSETS: &str = "/pkg/{*file}";

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
