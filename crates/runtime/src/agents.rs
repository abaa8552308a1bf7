//! The agents that come with Terrarium: the machine itself, a folder, a log file, one that reads English, one that writes, one
//! that runs snippets that were approved.
//! Each owns what it watches or knows and what it says about it, never an observer and never a task of its own. They are also meant to be read as examples: an agent is
//! a `profile`, a `factory`, and one step.

pub mod files;
pub mod folder;
pub mod grammar;
pub(crate) mod guest;
pub mod host;
pub mod scribe;
pub mod steward;
pub mod tail;
