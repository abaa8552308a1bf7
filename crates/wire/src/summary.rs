//! What REST says about agents and their history. Sent by the gateway, read by pages and programs.

use crate::{AgentId, Envelope, Epoch, FluxState, Gauges, SemaphoreCard, Seq, Timestamp, record};
use serde::{Deserialize, Serialize};

/// One agent as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentSummary {
    /// Its id.
    pub agent_id: AgentId,
    /// What kind of agent it is, such as `host`, `files` or `tail`.
    pub genus: String,
    /// What it does, in a sentence for a person.
    pub description: String,
    /// Its state.
    pub state: FluxState,
    /// The newest reading of its gauges.
    pub metrics: Gauges,
    /// Whether its temperature is above the alert mark.
    pub in_fever: bool,
    /// How many watch it, alone or with the whole garden.
    pub observers: u64,
    /// Questions of it that wait for a person.
    pub pending: Vec<SemaphoreCard>,
    /// Names of its exposed commands, hidden ones left out.
    pub commands: Vec<String>,
    /// Items it gave up because there was no room for them, since the start of this life.
    pub dropped: u64,
    /// The life of its log.
    pub epoch: Epoch,
    /// Its newest event.
    pub seq: Seq,
    /// Events since the start of this life.
    pub total_events: u64,
    /// When it last said something other than its gauges.
    pub last_event: Option<Timestamp>,
    /// When this life began.
    pub started: Timestamp,
}

record!(AgentSummary {
    agent_id,
    genus,
    description,
    state,
    metrics,
    in_fever,
    observers,
    pending,
    commands,
    dropped = 0,
    epoch,
    seq,
    total_events,
    last_event,
    started,
});

/// `GET /api/agents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentList {
    /// Every agent, in the order of its id.
    pub agents: Vec<AgentSummary>,
}

/// `GET /api/{agent}/snapshot`: the state and the recent past, cut at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose.
    pub agent_id: AgentId,
    /// Its state.
    pub state: FluxState,
    /// The newest reading.
    pub metrics: Gauges,
    /// The life of its log.
    pub epoch: Epoch,
    /// The newest event in `history`'s log at the cut.
    pub seq: Seq,
    /// The recent past, oldest first.
    pub history: Vec<Envelope>,
    /// Events since the start of this life.
    pub total_events: u64,
    /// Questions that wait for a person.
    pub pending: Vec<SemaphoreCard>,
}

/// Gauges at one moment, or over one step of time ending then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// When.
    pub ts: Timestamp,
    /// The reading, or the mean over the step.
    #[serde(flatten)]
    pub mean: Gauges,
    /// The lowest over the step; absent where the step is a single reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Gauges>,
    /// The highest over the step; absent where the step is a single reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Gauges>,
}

/// `GET /api/{agent}/metrics`, and one entry of `GET /api/metrics/all`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSeries {
    /// Whose.
    pub agent_id: AgentId,
    /// Its state.
    pub state: FluxState,
    /// The newest reading: the same one that socket and page show.
    pub metrics: Gauges,
    /// Seconds between two points.
    pub step_s: u32,
    /// The points, oldest first. A missing second is a hole: no point.
    pub points: Vec<MetricPoint>,
}

/// `GET /api/metrics/all`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllMetrics {
    /// Every agent, in the order of its id.
    pub agents: Vec<MetricSeries>,
}

/// `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Release.
    pub version: String,
    /// Commit, or `unknown` for a build outside a repository.
    pub commit: String,
    /// Observe protocol.
    pub protocol: u32,
}
