//! One module per page.

#![expect(unreachable_pub, reason = "#[component] writes a pub function of its own")]

pub(crate) mod agent;
pub(crate) mod decided;
pub(crate) mod garden;
pub(crate) mod not_found;
pub(crate) mod purgatory;
pub(crate) mod void;
