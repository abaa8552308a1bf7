//! AGENTESE: a path says what is asked for, an observer says who asks.
//!
//! `<context>.<holon>[.<more>].<aspect>`, with clauses, and several of these in a row with `>>`. A text is parsed once into a
//! [`Path`], which is a closed enum; nothing behind it looks at text again. Nothing is kept per path, so a million unknown
//! ones cost what one costs. Who carries a [`Request`] out is not known here.
//!
//! | file | noun |
//! |---|---|
//! | [`route`] | a text, parsed: stages, each a path with its clauses |
//! | [`path`] | a path, and what it is parsed from |
//! | [`holon`] | what an aspect belongs to |
//! | [`aspect`] | the table of aspects: one row each |
//! | [`clause`] | `[entropy=0.07]`, `@span=x` |
//! | [`argument`] | typed arguments and their JSON Schema |
//! | [`observer`] | who asks, and what that affords |
//! | [`request`] | what is asked for, typed |
//! | [`sorry`] | why not, what to try, what is near |
//! | [`complete`] | what could be meant by a beginning |

pub mod argument;
pub mod aspect;
pub mod clause;
pub mod complete;
pub mod holon;
pub mod observer;
pub mod path;
pub mod request;
pub mod route;
pub mod sorry;

pub use aspect::Aspect;
pub use holon::{Base, Holon, Whose};
pub use observer::Observer;
pub use path::Path;
pub use request::Request;
pub use route::{Route, Stage};
pub use sorry::Sorry;

#[cfg(test)]
mod tests;
