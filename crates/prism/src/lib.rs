//! One declaration, every door: methods of an agent become commands that REST, OpenAPI, command line and forms read from
//! one [`CommandSpec`].
//!
//! Owns how a method becomes a spec, what arguments fit it, and what OpenAPI says about it. Never listens, never prints,
//! never runs a task: the doors do.
//!
//! # An agent
//!
//! ```
//! use prism::{CallCx, CallError, Exposed, JsonSchema, exposed};
//! use serde::{Deserialize, Serialize};
//! #[derive(Deserialize, Serialize, JsonSchema)]
//! #[schemars(crate = "prism::schemars")]
//! #[serde(rename_all = "snake_case")]
//! enum Mood { Calm, Loud }
//!
//! struct Echo { calls: u32 }
//! #[exposed]
//! impl Echo {
//!     /// Says a text again.
//!     #[expose(examples("--text hello --times 2"), aliases("repeat"))]
//!     async fn say(
//!         &mut self,
//!         /// What to say.
//!         text: String,
//!         #[arg(default = 1, help = "How often.")] times: u8,
//!         mood: Option<Mood>,
//!         cx: &mut dyn CallCx,
//!     ) -> Result<String, CallError> {
//!         if text.is_empty() {
//!             return Err(CallError::failed("nothing_to_say", "the text is empty").hint("send some words"));
//!         }
//!         self.calls += 1;
//!         (0..times).for_each(|_| cx.chunk(text.as_str().into()));
//!         Ok(text + if matches!(mood, Some(Mood::Loud)) { "!" } else { "." })
//!     }
//!
//!     /// How often it has spoken.
//!     #[expose(reads)]
//!     fn calls(&self) -> u32 { self.calls }
//! }
//!
//! # struct Silent;
//! # impl CallCx for Silent { fn chunk(&mut self, _: prism::Value) {} fn tokens(&mut self, _: u64, _: u64) {}
//! #     fn ask(&mut self, _: prism::Ask, _: prism::Value) {} }
//! let mut agent = Echo { calls: 0 };
//! # futures::executor::block_on(async {
//! let arguments = |text| serde_json::from_str(text).unwrap();
//! let answer = agent.call("say", arguments(r#"{"text": "hello", "mood": "loud"}"#), &mut Silent).await;
//! assert_eq!(answer.unwrap(), "hello!");
//! let refused = agent.call("say", arguments(r#"{"text": "hello", "times": "two"}"#), &mut Silent).await;
//! assert_eq!(refused.unwrap_err().to_string(), r#"/times: expected a whole number, such as 1, not "two""#);
//! # });
//! ```
//!
//! # What may be written
//!
//! | where | what | means |
//! |---|---|---|
//! | impl block | `#[exposed]` | its `#[expose]`d methods are the agent's commands; one such block per type |
//! | method | doc comment | first paragraph: `help`; the rest: `description` |
//! | | `#[expose]` | it is a command; callers need the scope `perturb` |
//! | | `reads` | it changes nothing; the scope `observe` is enough |
//! | | `help = "…"` | instead of the first paragraph; the whole comment then is the `description` |
//! | | `examples("…")` | arguments as one would type them after the command's name |
//! | | `aliases("…")` | other names it answers to |
//! | | `hidden` | not listed, still callable |
//! | | `async fn` | runs among the others; a plain `fn` is run where it may block ([`Exposed::is_blocking`]) |
//! | | `&self`, `&mut self` | either; an `async fn` with `&self` needs a type that is `Sync` |
//! | parameter | doc comment or `#[arg(help = "…")]` | what it is |
//! | | `#[arg(default = …)]`, `#[arg(default)]` | what it is when left out; without a value the type's own default |
//! | | `Option<T>` | may be left out, or `null` |
//! | | `&mut dyn CallCx` | not an argument: where to say something meanwhile |
//! | result | `T` or `Result<T, E>` | `T` must be `Serialize` and [`JsonSchema`], `E` must turn into a [`CallError`] |
//!
//! Arguments must be `Deserialize` and [`JsonSchema`]; what a schema says beyond the type, with `#[schemars(range(…))]`
//! and its like, is checked before the method is called. In a spec, `x-order` lists the arguments as they were declared.
//!
//! | file | has |
//! |---|---|
//! | `exposed.rs` | the trait an agent with commands has, and what a call may say |
//! | `check.rs` | the judge of arguments, and its words |
//! | `words.rs` | arguments from command lines and plain forms |
//! | `schema.rs` | schemas of Rust types |
//! | [`openapi`] | OpenAPI 3.1 |
//! | `generated.rs` | what the code of the macro calls |

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

pub use check::{check, fits, schema_fault};
pub use error::CallError;
pub use exposed::{Arguments, CallCx, CallFuture, Exposed};
pub use prism_macros::{expose, exposed};
pub use schemars::{self, JsonSchema};
pub use serde_json::Value;
pub use wire::{Ask, CommandSpec, FieldError, Scope};
pub use words::from_words;
