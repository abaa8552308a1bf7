//! Tasks and handles that keep the rules running.
//!
//! One owner task per piece of state; callers hold a cheap handle. Nothing here knows HTTP, HTML or a command line.
//!
//! | file | noun |
//! |---|---|
//! | [`agent`] | what an author writes |
//! | [`agents`] | the agents that come with Terrarium |
//! | [`registry`] | the only map from agent id to its handle |
//! | [`handle`] | one agent, from the side of whoever has to do with it |
//! | [`beam`] | the queue of perturbations in front of an agent, and calls that wait for answers |
//! | [`purgatory`] | questions that wait for a person |
//! | [`metabolism`] | the garden's engine, its fevers and the void |
//! | [`logos`] | carries AGENTESE paths out |
//! | [`reins`] | what is done about agents in fever: throttled, held, asked about, let go on |
//! | [`pipeline`] | agents in a row |
//! | `flux` | the task that runs one agent |
//! | [`store`] | the SQLite file: what survives a restart |
//! | `pulse` | the sampler: gauges once a second |
//! | `vitals` | what is known of one agent besides its log: state, meters, history |
//! | [`tasks`] | the only place that spawns |
//! | [`clock`] | wall clock and steady clock |

extern crate self as terrarium_runtime;

pub mod agent;
pub mod agents;
pub mod beam;
pub mod clock;
mod flux;
pub mod handle;
pub mod logos;
pub mod metabolism;
mod pipe;
pub mod pipeline;
mod pulse;
pub mod purgatory;
pub mod registry;
pub mod reins;
pub mod store;
pub mod tasks;
mod vitals;

pub use beam::{Call, Failure, Refused, Reply, Terms};
pub use handle::AgentHandle;
pub use metabolism::Metabolism;
pub use purgatory::{Purgatory, PurgatoryError};
pub use registry::{PlantError, Planting, Registry, Start};
pub use store::{Store, StoreError};
pub use tasks::Tasks;
