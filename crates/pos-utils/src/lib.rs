//! What `harper` tags words and finds noun phrases with, in the place of the published `harper-pos-utils` 3.0.0.
//!
//! The published crate runs one small network, of 14 inputs and 28 outputs, on the machine-learning framework `burn`, which
//! is 150 crates, some under licences that Terrarium does not take. This one runs the same network in a hundred lines, with
//! the models that `harper-brill` carries, and says the same. It owns reading the models and applying them. It never
//! trains: what the published crate has for that is left out, and so is all else that `harper` 3.0.0 does not call.
//!
//! Derived from `harper-pos-utils` 3.0.0, copyright of the authors of Harper, <https://github.com/automattic/harper>, under
//! the Apache License 2.0; changed throughout. The names are those that `harper` imports.

mod chunker;
mod net;
mod record;
mod rule;
mod tagger;
mod upos;

pub use chunker::{BrillChunker, BurnChunkerCpu, CachedChunker, Chunker};
pub use tagger::{BrillTagger, FreqDict, Tagger};
pub use upos::UPOS;
