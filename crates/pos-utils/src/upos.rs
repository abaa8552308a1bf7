//! The parts of speech of [Universal Dependencies](https://universaldependencies.org/u/pos/index.html).
//!
//! It owns their names and their order, which the network's model was trained with. It never decides what a word is.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};

/// A part of speech.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, AsRefStr, EnumString, Serialize, Deserialize,
)]
pub enum UPOS {
    /// Adjective.
    ADJ,
    /// Adposition.
    ADP,
    /// Adverb.
    ADV,
    /// Auxiliary.
    AUX,
    /// Coordinating conjunction.
    CCONJ,
    /// Determiner.
    DET,
    /// Interjection.
    INTJ,
    /// Noun.
    #[default]
    NOUN,
    /// Numeral.
    NUM,
    /// Particle.
    PART,
    /// Pronoun.
    PRON,
    /// Proper noun.
    PROPN,
    /// Punctuation.
    PUNCT,
    /// Subordinating conjunction.
    SCONJ,
    /// Symbol.
    SYM,
    /// Verb.
    VERB,
}

impl UPOS {
    /// Whether it can be the head of a noun phrase.
    #[must_use]
    pub fn is_nominal(&self) -> bool {
        matches!(self, Self::NOUN | Self::PROPN | Self::PRON)
    }
}
