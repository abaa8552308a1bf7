//! The mirror: a broadcast log with bounded replay. An agent speaks once; any number of observers read.
//!
//! [`HolographicBuffer::reflect`] is a plain `fn`: it locks one short critical section, encodes the event once, pushes it
//! on two rings (the agent's and the garden's) and rings two bells. It never sees an observer. No observer owns a queue:
//! an [`Observer`] is a cursor into a ring, and a cursor that fell off is told so with a [`wire::Gap`].
//!
//! | file | noun |
//! |---|---|
//! | `frame` | an event encoded as a ready-made WebSocket frame |
//! | `ring` | the newest frames, bounded in number and bytes |
//! | `bell` | waking observers away from the agent's task |
//! | `buffer` | one agent's log and its cursors |
//! | `garden` | all agents in the order of arrival, and cursors over them |
//! | `stats` | counters for Prometheus |
//!
//! **Invariant:** an observer sees every sequence number of an agent at most once, ascending; a number it does not see
//! lies in exactly one gap, or was narrowed away at its own wish.

mod bell;
mod buffer;
mod frame;
mod garden;
mod ring;
mod stats;

pub use bell::Pump;
pub use buffer::{Attach, Cut, HolographicBuffer, Observer};
pub use frame::Frame;
pub use garden::{GardenCut, GardenObserver, Mirror, Narrowing};
pub use stats::{REFLECT_BUCKETS_NS, Stats};

use bytes::Bytes;
use wire::{CloseCode, Gap};

/// Frames a ring keeps for laggards.
pub const RING_FRAMES: usize = 4096;
/// Bytes a ring keeps for laggards, whichever limit is reached first.
pub const RING_BYTES: usize = 4 * 1024 * 1024;
/// Events of history a newcomer gets unless it asks for another number.
pub const HISTORY: usize = 100;
/// Largest event, encoded, in bytes. A larger one is replaced by an `error` event that says so.
pub const EVENT_MAX: usize = 1024 * 1024;

/// What a cursor yields next.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Encoded events (JSON text), oldest first, never empty.
    Frames(Vec<Bytes>),
    /// Events that this observer will never see.
    Gap(Gap),
    /// Nothing more will come, and why.
    Closed(CloseCode),
}
