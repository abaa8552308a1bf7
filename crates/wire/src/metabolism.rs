//! The garden's metabolism in words: its engine, what each agent contributes, which rules an agent breaks. Sent as answers
//! to AGENTESE paths of the void; read by `kgents` and the page.

use crate::{
    AgentId,
    read::{FromJson, Wrong},
    record,
};
use serde::Serialize;
use serde_json::Value;

/// Why a fever began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeverTrigger {
    /// There was more activity than was let off.
    PressureOverflow,
    /// Somebody called for it.
    Manual,
    /// An error did.
    Error,
    /// An agent broke a velocity rule. Only of an agent's own fever.
    Velocity,
}

impl FeverTrigger {
    /// Every trigger.
    pub const ALL: [Self; 4] = [Self::PressureOverflow, Self::Manual, Self::Error, Self::Velocity];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PressureOverflow => "pressure_overflow",
            Self::Manual => "manual",
            Self::Error => "error",
            Self::Velocity => "velocity",
        }
    }
}

impl FromJson for FeverTrigger {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let word = value.as_str().and_then(|word| Self::ALL.into_iter().find(|t| t.as_str() == word));
        word.ok_or_else(|| Wrong::expected("a trigger of a fever"))
    }
}

crate::deserialize!(FeverTrigger);

/// What a tithe did: the answer of `void.entropy.tithe`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tithe {
    /// Pressure that was let off.
    pub discharged: f64,
    /// Pressure that is left.
    pub remaining_pressure: f64,
    /// Thanks.
    pub gratitude: String,
}

record!(Tithe { discharged, remaining_pressure, gratitude });

/// The engine as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineStatus {
    /// Pressure, 0 or more.
    pub pressure: f64,
    /// Where a fever begins.
    pub critical_threshold: f64,
    /// Whether there is one.
    pub in_fever: bool,
    /// When it began, in seconds since 1970.
    pub fever_start: Option<f64>,
    /// Tokens read by tokens written, at most 2. It rises as the engine gets *colder*: it reads much and writes little.
    pub temperature: f64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

record!(EngineStatus { pressure, critical_threshold, in_fever, fever_start, temperature, input_tokens, output_tokens });

/// A rule about how fast an agent may go before somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VelocityRule {
    /// Tokens in the last minute.
    TokensPerMinute,
    /// Errors in the last minute.
    ErrorsPerMinute,
    /// The same output again and again.
    SameOutput,
    /// Steps since a person had a hand in it.
    ChainLength,
}

impl VelocityRule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::TokensPerMinute, Self::ErrorsPerMinute, Self::SameOutput, Self::ChainLength];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokensPerMinute => "tokens_per_minute",
            Self::ErrorsPerMinute => "errors_per_minute",
            Self::SameOutput => "same_output",
            Self::ChainLength => "chain_length",
        }
    }
}

impl FromJson for VelocityRule {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let word = value.as_str().and_then(|word| Self::ALL.into_iter().find(|r| r.as_str() == word));
        word.ok_or_else(|| Wrong::expected("a velocity rule"))
    }
}

crate::deserialize!(VelocityRule);

/// A rule that an agent breaks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breach {
    /// Which.
    pub rule: VelocityRule,
    /// What was measured.
    pub measured: u64,
    /// What is allowed.
    pub limit: u64,
    /// What that means, in a sentence.
    pub why: String,
}

record!(Breach { rule, measured, limit, why });

/// What one agent contributes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metered {
    /// Who; nothing for those that were forgotten, together.
    pub agent_id: Option<AgentId>,
    /// Its part of the engine's pressure, in the same unit.
    pub pressure: f64,
    /// The same as a share of all, 0 to 1.
    pub share: f64,
    /// Tokens it had a model read.
    pub input_tokens: u64,
    /// Tokens it had a model write.
    pub output_tokens: u64,
    /// Calls of a model.
    pub calls: u64,
    /// Tokens in the last minute.
    pub tokens_per_minute: u64,
    /// Errors in the last minute.
    pub errors_per_minute: u64,
    /// How often it said the last thing it said, in a row.
    pub same_output: u64,
    /// Steps since a person had a hand in it.
    pub chain_length: u64,
    /// The rules it breaks.
    pub breaches: Vec<Breach>,
}

record!(Metered {
    agent_id,
    pressure,
    share,
    input_tokens,
    output_tokens,
    calls,
    tokens_per_minute,
    errors_per_minute,
    same_output,
    chain_length,
    breaches,
});
