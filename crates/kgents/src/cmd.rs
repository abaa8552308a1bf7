//! The verbs, one file each: ask, then print. No verb knows exit codes or reads the environment.

pub(crate) mod agents;
pub(crate) mod ask;
pub(crate) mod asks;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod path;
pub(crate) mod perturb;
pub(crate) mod snapshot;
pub(crate) mod void;
