//! A path, who asks, and what it was answered: the body and the answer of `POST /api/agentese`. Sent by the page, by
//! `kgents` and by programs.

use crate::AgentId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest path, in bytes, a whole pipeline of them included.
pub const PATH_MAX: usize = 2048;
/// Largest body of a request, in bytes.
pub const BODY_MAX: usize = 256 * 1024;

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agentese {
    /// What is asked for, such as `void.entropy.tithe`, or several of these, `a >> b`.
    pub path: String,
    /// Who asks, where that is not plain from the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer: Option<ObserverWords>,
    /// Arguments by name. In a pipeline they are those of the first path.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub args: Map<String, Value>,
}

/// Who asks, in the words of who asks. It narrows what a token allows and never widens it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObserverWords {
    /// What kind of observer: `[a-z][a-z0-9_]*`, such as `guest`, `developer`, `architect`, `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archetype: Option<String>,
    /// What it can do besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The agent that `self` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

/// The answer: 200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What the last path said.
    pub result: Value,
}
