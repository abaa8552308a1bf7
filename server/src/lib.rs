//! The gateway: URLs, sockets, server-side rendering. Binary `terrarium`.
//!
//! Owns the doors and what protects them; holds no rule of an agent's life and never touches an event: what a socket sends
//! are the bytes the mirror encoded.
//!
//! | file | noun |
//! |---|---|
//! | [`config`] | flags, environment, file, defaults |
//! | [`gateway`] | start and end |
//! | `data` | the data folder and its lock |
//! | `router` | every URL, and the layers around the doors |
//! | `routes` | the doors |
//! | [`auth`] | who may do what: tokens, sessions, links, tickets, and the guard before the doors |
//! | `limit` | how often a client may do something |
//! | `replay` | answers kept, so that a retry does nothing twice |
//! | `origin` | whom a browser may speak for |
//! | `error` | failures as HTTP says them |
//! | `assets` | the browser's half, embedded |
//! | `body` | request bodies as JSON |
//! | `socket` | what every WebSocket does alike |
//! | `html` | pages that the gateway writes itself |
//! | `serve` | the accept loop |
//! | [`token_command`] | `terrarium token` |
//! | [`purgatory_command`] | `terrarium purgatory` |
//! | [`webhooks`] | who outside is told of questions |
//! | `state` | what the doors share |

mod assets;
pub mod auth;
mod body;
pub mod config;
mod data;
mod error;
pub mod gateway;
mod html;
mod limit;
mod origin;
pub mod purgatory_command;
mod replay;
mod router;
mod routes;
mod serve;
mod socket;
mod state;
pub mod token_command;
pub mod webhooks;

pub use config::Config;
pub use gateway::{Gateway, StartError};

/// Release and commit of this build.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TERRARIUM_BUILD_COMMIT"), ")");
