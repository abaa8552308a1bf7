//! One declaration, every door: methods of an agent become commands that REST, OpenAPI, command line and forms read from
//! one [`CommandSpec`].
//!
//! Owns how a method becomes a spec, what arguments fit it, and what OpenAPI says about it. Never listens, never prints,
//! never runs a task: the doors do.

#![warn(missing_docs)]

mod check;
mod error;
mod exposed;
#[doc(hidden)]
pub mod generated;
mod nearest;
pub mod openapi;
mod schema;
mod words;

pub use check::check;
pub use error::CallError;
pub use exposed::{Arguments, CallCx, CallFuture, Exposed};
pub use prism_macros::{expose, exposed};
pub use schemars::{self, JsonSchema};
pub use wire::{CommandSpec, FieldError, Scope};
pub use words::from_words;

/// What a command answers, and any JSON.
pub use serde_json::Value;
