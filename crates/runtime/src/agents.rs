//! The agents that come with Terrarium: the machine itself, a folder, a log file. Each owns what it watches and what it
//! says about it, never an observer and never a task of its own. They are also meant to be read as examples: an agent is
//! a `profile`, a `factory`, and one step.

pub mod files;
pub mod folder;
pub(crate) mod guest;
pub mod host;
pub mod tail;
