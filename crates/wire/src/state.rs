//! The life-cycle states of an agent, spelled the same on every door.

use crate::{
    deserialize,
    read::{FromJson, Wrong},
};
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// Where an agent is in its life. The judge of which may follow which is `core::lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FluxState {
    /// Created, not started.
    Dormant,
    /// Running, taking work from its source.
    Flowing,
    /// Running, working on something a caller injected.
    Perturbed,
    /// Told to stop; finishing what it has.
    Draining,
    /// Ended in good order.
    Stopped,
    /// Given up: out of budget, or it died too often.
    Collapsed,
}

impl FluxState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 6] =
        [Self::Dormant, Self::Flowing, Self::Perturbed, Self::Draining, Self::Stopped, Self::Collapsed];

    /// The state as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dormant => "dormant",
            Self::Flowing => "flowing",
            Self::Perturbed => "perturbed",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Collapsed => "collapsed",
        }
    }

    /// Whether the agent is at work: flowing, perturbed or draining.
    #[must_use]
    pub fn is_processing(self) -> bool {
        matches!(self, Self::Flowing | Self::Perturbed | Self::Draining)
    }

    /// Whether this life is over: stopped or collapsed.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Stopped | Self::Collapsed)
    }
}

impl FromJson for FluxState {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let known = value.as_str().and_then(|text| Self::ALL.into_iter().find(|state| state.as_str() == text));
        known.ok_or_else(|| Wrong::expected("a state"))
    }
}

deserialize!(FluxState);

impl fmt::Display for FluxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_and_json_are_one_spelling() {
        for state in FluxState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.to_string());
        }
    }
}
