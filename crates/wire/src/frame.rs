//! Everything on an observe socket that is not an event: `hello`, `gap`, `ping`, and the one message a client may send.

use crate::{
    AgentId, AgentSummary, Envelope, Epoch, EventKind, FluxState, SemaphoreCard, Seq, deserialize,
    read::{Fields, FromJson, Wrong},
    record,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the observe protocol, said in every `hello`.
pub const PROTOCOL: u32 = 1;

/// Largest frame a client may send on an observe socket, in bytes. More closes the socket with 1009.
pub const CLIENT_FRAME_MAX: usize = 4096;

/// The first frame of an observe socket. Sent by the gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Random per start of the gateway: a client that sees another one knows that the gateway was restarted.
    pub gateway: String,
    /// The agent observed; absent on the garden's socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// The life of that agent's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The newest event at the cut: what follows up to here is history, what follows after it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_seq: Option<Seq>,
    /// `true`: everything since the position asked for follows. `false`: it does not, something was lost. `null`: no position was given.
    pub recovered: Option<bool>,
    /// State of that agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<FluxState>,
    /// Questions that wait for a person.
    pub pending: Vec<SemaphoreCard>,
    /// On the garden's socket: every agent as it is at the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<AgentSummary>>,
}

record!(Hello { protocol, gateway, agent_id, epoch, head_seq, recovered, state, pending, agents });

/// Events that this observer will never see. Sent by the gateway in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Whose events.
    pub agent_id: AgentId,
    /// How many.
    pub missed: u64,
    /// The first one missed.
    pub from_seq: Seq,
    /// The last one missed.
    pub to_seq: Seq,
}

record!(Gap { agent_id, missed, from_seq, to_seq });

/// A control frame as it is written: these carry no `seq`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// The first frame.
    Hello(Box<Hello>),
    /// A hole, said aloud.
    Gap(Gap),
    /// Still here.
    Ping,
}

impl Control {
    fn read(kind: &str, fields: &mut Fields) -> Result<Option<Self>, Wrong> {
        Ok(Some(match kind {
            "hello" => Self::Hello(Box::new(Hello::from_fields(fields)?)),
            "gap" => Self::Gap(Gap::from_fields(fields)?),
            "ping" => Self::Ping,
            _ => return Ok(None),
        }))
    }
}

impl FromJson for Control {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("type")?;
        Self::read(&kind, &mut fields)?.ok_or_else(|| Wrong::expected("hello, gap or ping"))
    }
}

deserialize!(Control);

/// Any frame of an observe socket, as a client reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// A numbered event.
    Event(Box<Envelope>),
    /// A control frame.
    Control(Control),
    /// A type this build does not know. To be ignored; its position, if it has one, still counts.
    Unknown {
        /// Whose log it belongs to.
        agent_id: Option<AgentId>,
        /// Its number there.
        seq: Option<Seq>,
    },
}

impl Frame {
    /// Reads a frame. Types this build does not know are [`Frame::Unknown`], not errors.
    ///
    /// # Errors
    /// Text that is not a JSON object with a `type`.
    pub fn decode(text: &str) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_str(text)?;
        Self::read(value).map_err(serde::de::Error::custom)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("type")?;
        if let Some(kind) = EventKind::ALL.into_iter().find(|known| known.as_str() == kind) {
            return Envelope::read(kind, &mut fields).map(|envelope| Self::Event(Box::new(envelope)));
        }
        match Control::read(&kind, &mut fields)? {
            Some(control) => Ok(Self::Control(control)),
            None => Ok(Self::Unknown { agent_id: fields.take("agent_id")?, seq: fields.take("seq")? }),
        }
    }
}

/// What a client may say on an observe socket. Anything else it says is ignored, as a keep-alive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Narrow the stream, or resume it.
    Observe(Narrow),
}

/// Which part of the garden to send. Empty lists mean everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrow {
    /// Agent ids, or `*`.
    #[serde(default)]
    pub agents: Vec<String>,
    /// Event types; a trailing `*` stands for any ending, as in `semaphore_*`.
    #[serde(default)]
    pub types: Vec<String>,
    /// Per agent, the last position seen, as `epoch:seq`.
    #[serde(default)]
    pub since: BTreeMap<String, String>,
}
