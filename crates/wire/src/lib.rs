//! Everything that crosses a socket: ids, events, gauges, summaries, errors, routes.
//!
//! The words of the contract and nothing else: no clock, no randomness, no I/O, and nothing a browser could not run.
//! Every type says who sends it and who reads it.
//!
//! | file | noun |
//! |---|---|
//! | [`id`] | agent ids, epochs, sequence numbers, positions |
//! | [`state`] | the life-cycle states of an agent |
//! | [`gauge`] | pressure, flow, temperature |
//! | [`event`] | what an agent says on the mirror |
//! | [`frame`] | everything else on an observe socket: hello, gap, ping, and the client's one message |
//! | [`summary`] | what REST says about agents and their history |
//! | [`problem`] | errors, in the shape of RFC 9457 |
//! | [`metabolism`] | the garden's engine, and what each agent contributes |
//! | [`agentese`] | a path, who asks, and what it was answered |
//! | [`command`] | what an agent exposes |
//! | [`perturb`] | the perturb socket: inputs and answers |
//! | [`scope`] | what a token may do |
//! | [`semaphore`] | questions that wait for a person |
//! | [`purgatory`] | what the doors to those questions take and give |
//! | [`session`] | who is signed in |
//! | [`close`] | WebSocket close codes, and whether to come back |
//! | [`route`] | every URL |
//! | [`time`] | timestamps |
//! | [`read`] | how events, frames and summaries are read |

pub mod agentese;
pub mod close;
pub mod command;
pub mod event;
pub mod frame;
pub mod gauge;
pub mod id;
pub mod metabolism;
pub mod perturb;
pub mod problem;
pub mod purgatory;
pub mod read;
pub mod route;
pub mod scope;
pub mod semaphore;
pub mod session;
pub mod state;
pub mod summary;
pub mod time;

pub use close::CloseCode;
pub use command::CommandSpec;
pub use event::{Envelope, Event, EventKind};
pub use frame::{ClientMessage, Frame, Gap, Hello};
pub use gauge::{Flow, Gauges, QueuePressure, Temperature};
pub use id::{AgentId, Epoch, Position, Seq};
pub use perturb::{CallId, Perturb, PerturbReply};
pub use problem::{FieldError, Problem};
pub use scope::Scope;
pub use semaphore::{Ask, SemaphoreCard, TokenId};
pub use state::FluxState;
pub use summary::{AgentSummary, MetricPoint, MetricSeries, Snapshot};
pub use time::Timestamp;
