//! What an agent says on its mirror. Sent by the runtime, read by every observer.
//!
//! Adding an event: a variant here and its arm in `Event::read`, its name in [`EventKind`], a golden line in
//! `tests/golden.rs`, and an arm in `core::view`.

use crate::{
    AgentId, Epoch, FluxState, Gauges, Position, SemaphoreCard, Seq, Temperature, Timestamp, TokenId, deserialize,
    metabolism::FeverTrigger,
    read::{Fields, FromJson, Wrong},
    record,
    semaphore::{Decision, Severity},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One event, without its place in the log. `type` on the wire is the variant's name in snake case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The gauges, once a second.
    Metabolism {
        /// State at the reading.
        state: FluxState,
        /// The three gauges, always all present, `null` where unknown.
        #[serde(flatten)]
        gauges: Gauges,
        /// How many watch the agent, alone or with the whole garden.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        observers: Option<u64>,
    },
    /// An output of the agent.
    Result {
        /// The agent's own payload.
        data: Value,
    },
    /// A step failed; the agent goes on.
    Error {
        /// What failed.
        data: ErrorData,
    },
    /// The agent began to run.
    AgentStarted(Transition),
    /// The agent moved from one state to another.
    AgentStateChanged(Transition),
    /// The agent ended.
    AgentStopped(Transition),
    /// The temperature crossed its alert mark going up. Once per crossing.
    Fever {
        /// The reading that crossed.
        temperature: Temperature,
        /// What was crossed.
        data: FeverData,
    },
    /// The temperature fell below the lower mark again.
    FeverEnded {
        /// The reading that ended it.
        temperature: Temperature,
        /// How long it lasted.
        data: FeverEndedData,
    },
    /// The sampler cannot read this agent's gauges at the moment.
    MetricsDegraded {
        /// What is wrong.
        data: DegradedData,
    },
    /// A question was stored and waits for a person. Made by [`Event::ejected`].
    SemaphoreEjected {
        /// The question.
        token: SemaphoreCard,
        /// The same once more, its id as `token_id`, for clients of before.
        data: Value,
    },
    /// A question was answered.
    SemaphoreResolved {
        /// Which.
        token_id: TokenId,
        /// By whom, when, what.
        data: Moved,
    },
    /// A question was withdrawn.
    SemaphoreCancelled {
        /// Which.
        token_id: TokenId,
        /// By whom, when, why.
        data: Moved,
    },
    /// A question lapsed.
    SemaphoreVoided {
        /// Which.
        token_id: TokenId,
        /// When, why.
        data: Moved,
    },
    /// Nobody answered in time: the question is critical now, and waits on.
    SemaphoreEscalated {
        /// Which.
        token_id: TokenId,
        /// When, and who is to be told.
        data: Moved,
    },
    /// The agent has worked on the answer.
    SemaphoreDelivered {
        /// Which.
        token_id: TokenId,
        /// When; why, where it failed.
        data: Moved,
    },
}

/// A step of a question's life.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Why, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How much depends on it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

record!(Moved { by, at, decision, reason, severity });

/// A step of an agent's life.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transition {
    /// The state now.
    pub state: FluxState,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<FluxState>,
    /// What there is to say about it, such as `{"reason": …}` or closing totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

record!(Transition { state, previous, data });

/// A failure, in words for the person who reads the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorData {
    /// What failed and why.
    pub error: String,
    /// A stable word for the kind of failure, such as `panic` or `source_unavailable`.
    pub error_type: String,
    /// What to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

record!(ErrorData { error, error_type, hint });

/// How bad a fever is: high above 0.95.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeverSeverity {
    /// Above the threshold.
    Moderate,
    /// Above 0.95.
    High,
}

impl FromJson for FeverSeverity {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        match value.as_str() {
            Some("moderate") => Ok(Self::Moderate),
            Some("high") => Ok(Self::High),
            _ => Err(Wrong::expected("moderate or high")),
        }
    }
}

deserialize!(FeverSeverity);

/// Which mark was crossed. Of an agent's fever it is a mark of its temperature, or, where it is said which rule it broke,
/// that rule's limit; of the garden's, of the engine's pressure, and the temperature is that pressure as a share of the
/// mark, at most 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeverData {
    /// The mark.
    pub threshold: f64,
    /// How far above.
    pub severity: FeverSeverity,
    /// The same as a number: what was measured, less the mark; of a rule, as a share of its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<f64>,
    /// A gift from the void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oblique_strategy: Option<String>,
    /// Why, of the garden's fever and of one that a rule began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<FeverTrigger>,
    /// What the glitch is drawn from, 0 to 1: the same seed, the same look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<f64>,
    /// Which rule was broken, and what that means, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

record!(FeverData { threshold, severity, intensity, oblique_strategy, trigger, seed, why });

/// How long a fever lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeverEndedData {
    /// Milliseconds from crossing to crossing.
    pub duration_ms: u64,
}

record!(FeverEndedData { duration_ms });

/// State of the circuit breaker that guards a sampler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Sampling as usual.
    Closed,
    /// Not sampling for a while.
    Open,
    /// Trying one sample.
    HalfOpen,
}

impl FromJson for CircuitState {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        match value.as_str() {
            Some("closed") => Ok(Self::Closed),
            Some("open") => Ok(Self::Open),
            Some("half_open") => Ok(Self::HalfOpen),
            _ => Err(Wrong::expected("closed, open or half_open")),
        }
    }
}

deserialize!(CircuitState);

/// Trouble of a sampler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DegradedData {
    /// What went wrong last.
    pub error: String,
    /// Whether sampling goes on.
    pub circuit_state: CircuitState,
    /// Failures in a row.
    pub failure_count: u32,
}

record!(DegradedData { error, circuit_state, failure_count });

/// An event in its place: what crosses the socket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope {
    /// Who said it.
    pub agent_id: AgentId,
    /// Which life of the log.
    pub epoch: Epoch,
    /// Its number in that life.
    pub seq: Seq,
    /// When it was reflected.
    pub ts: Timestamp,
    /// What was said; its fields stand beside the others.
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// Where the event stands.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), seq: self.seq }
    }

    pub(crate) fn read(kind: EventKind, fields: &mut Fields) -> Result<Self, Wrong> {
        Ok(Self {
            agent_id: fields.take("agent_id")?,
            epoch: fields.take("epoch")?,
            seq: fields.take("seq")?,
            ts: fields.take("ts")?,
            event: Event::read(kind, fields)?,
        })
    }
}

impl FromJson for Envelope {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        let kind = fields.take("type")?;
        Self::read(kind, &mut fields)
    }
}

impl FromJson for Event {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        let kind = fields.take("type")?;
        Self::read(kind, &mut fields)
    }
}

deserialize!(Envelope, Event);

/// The name of each event type, for filters, counters and style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EventKind {
    /// See [`Event::Metabolism`].
    Metabolism,
    /// See [`Event::Result`].
    Result,
    /// See [`Event::Error`].
    Error,
    /// See [`Event::AgentStarted`].
    AgentStarted,
    /// See [`Event::AgentStateChanged`].
    AgentStateChanged,
    /// See [`Event::AgentStopped`].
    AgentStopped,
    /// See [`Event::Fever`].
    Fever,
    /// See [`Event::FeverEnded`].
    FeverEnded,
    /// See [`Event::MetricsDegraded`].
    MetricsDegraded,
    /// See [`Event::SemaphoreEjected`].
    SemaphoreEjected,
    /// See [`Event::SemaphoreResolved`].
    SemaphoreResolved,
    /// See [`Event::SemaphoreCancelled`].
    SemaphoreCancelled,
    /// See [`Event::SemaphoreVoided`].
    SemaphoreVoided,
    /// See [`Event::SemaphoreEscalated`].
    SemaphoreEscalated,
    /// See [`Event::SemaphoreDelivered`].
    SemaphoreDelivered,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Metabolism,
        Self::Result,
        Self::Error,
        Self::AgentStarted,
        Self::AgentStateChanged,
        Self::AgentStopped,
        Self::Fever,
        Self::FeverEnded,
        Self::MetricsDegraded,
        Self::SemaphoreEjected,
        Self::SemaphoreResolved,
        Self::SemaphoreCancelled,
        Self::SemaphoreVoided,
        Self::SemaphoreEscalated,
        Self::SemaphoreDelivered,
    ];

    /// The `type` on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metabolism => "metabolism",
            Self::Result => "result",
            Self::Error => "error",
            Self::AgentStarted => "agent_started",
            Self::AgentStateChanged => "agent_state_changed",
            Self::AgentStopped => "agent_stopped",
            Self::Fever => "fever",
            Self::FeverEnded => "fever_ended",
            Self::MetricsDegraded => "metrics_degraded",
            Self::SemaphoreEjected => "semaphore_ejected",
            Self::SemaphoreResolved => "semaphore_resolved",
            Self::SemaphoreCancelled => "semaphore_cancelled",
            Self::SemaphoreVoided => "semaphore_voided",
            Self::SemaphoreEscalated => "semaphore_escalated",
            Self::SemaphoreDelivered => "semaphore_delivered",
        }
    }
}

impl FromJson for EventKind {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let known = value.as_str().and_then(|text| Self::ALL.into_iter().find(|kind| kind.as_str() == text));
        known.ok_or_else(|| Wrong::expected("a type of event"))
    }
}

impl Event {
    /// A question that waits now.
    #[must_use]
    pub fn ejected(token: SemaphoreCard) -> Self {
        // A card is plain fields and JSON: it can always be written.
        let mut data = serde_json::to_value(&token).unwrap_or_default();
        if let Some(fields) = data.as_object_mut() {
            fields.insert("token_id".to_owned(), token.id.as_str().into());
        }
        Self::SemaphoreEjected { token, data }
    }

    /// Which kind this is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Metabolism { .. } => EventKind::Metabolism,
            Self::Result { .. } => EventKind::Result,
            Self::Error { .. } => EventKind::Error,
            Self::AgentStarted(_) => EventKind::AgentStarted,
            Self::AgentStateChanged(_) => EventKind::AgentStateChanged,
            Self::AgentStopped(_) => EventKind::AgentStopped,
            Self::Fever { .. } => EventKind::Fever,
            Self::FeverEnded { .. } => EventKind::FeverEnded,
            Self::MetricsDegraded { .. } => EventKind::MetricsDegraded,
            Self::SemaphoreEjected { .. } => EventKind::SemaphoreEjected,
            Self::SemaphoreResolved { .. } => EventKind::SemaphoreResolved,
            Self::SemaphoreCancelled { .. } => EventKind::SemaphoreCancelled,
            Self::SemaphoreVoided { .. } => EventKind::SemaphoreVoided,
            Self::SemaphoreEscalated { .. } => EventKind::SemaphoreEscalated,
            Self::SemaphoreDelivered { .. } => EventKind::SemaphoreDelivered,
        }
    }

    fn read(kind: EventKind, fields: &mut Fields) -> Result<Self, Wrong> {
        Ok(match kind {
            EventKind::Metabolism => Self::Metabolism {
                state: fields.take("state")?,
                gauges: Gauges::from_fields(fields)?,
                observers: fields.take("observers")?,
            },
            EventKind::Result => Self::Result { data: fields.take("data")? },
            EventKind::Error => Self::Error { data: fields.take("data")? },
            EventKind::AgentStarted => Self::AgentStarted(Transition::from_fields(fields)?),
            EventKind::AgentStateChanged => Self::AgentStateChanged(Transition::from_fields(fields)?),
            EventKind::AgentStopped => Self::AgentStopped(Transition::from_fields(fields)?),
            EventKind::Fever => Self::Fever { temperature: fields.take("temperature")?, data: fields.take("data")? },
            EventKind::FeverEnded => {
                Self::FeverEnded { temperature: fields.take("temperature")?, data: fields.take("data")? }
            }
            EventKind::MetricsDegraded => Self::MetricsDegraded { data: fields.take("data")? },
            EventKind::SemaphoreEjected => {
                Self::SemaphoreEjected { token: fields.take("token")?, data: fields.take("data")? }
            }
            EventKind::SemaphoreResolved => {
                Self::SemaphoreResolved { token_id: fields.take("token_id")?, data: fields.take("data")? }
            }
            EventKind::SemaphoreCancelled => {
                Self::SemaphoreCancelled { token_id: fields.take("token_id")?, data: fields.take("data")? }
            }
            EventKind::SemaphoreVoided => {
                Self::SemaphoreVoided { token_id: fields.take("token_id")?, data: fields.take("data")? }
            }
            EventKind::SemaphoreEscalated => {
                Self::SemaphoreEscalated { token_id: fields.take("token_id")?, data: fields.take("data")? }
            }
            EventKind::SemaphoreDelivered => {
                Self::SemaphoreDelivered { token_id: fields.take("token_id")?, data: fields.take("data")? }
            }
        })
    }
}
