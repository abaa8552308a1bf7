//! When a learnt rule applies: what has to stand around a word.
//!
//! It owns the conditions as the models write them. It never changes a tag; the tagger and the chunker do.

use crate::UPOS;
use serde::{Deserialize, Serialize};

/// What has to be so around a word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum PatchCriteria {
    /// The word so far away has this tag.
    WordIsTaggedWith { relative: isize, is_tagged: UPOS },
    /// Some word from here to there has this tag.
    AnyWordIsTaggedWith { max_relative: isize, is_tagged: UPOS },
    /// The two neighbours have these tags.
    SandwichTaggedWith { prev_word_tagged: UPOS, post_word_tagged: UPOS },
    /// The word so far away is this one.
    WordIs { relative: isize, word: String },
    /// The word so far away belongs to a noun phrase, or does not.
    NounPhraseAt { is_np: bool, relative: isize },
    /// Both.
    Combined { a: Box<PatchCriteria>, b: Box<PatchCriteria> },
}

/// A sentence as far as it is known. The tagger knows no noun phrases yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) words: &'a [String],
    pub(crate) tags: &'a [Option<UPOS>],
    pub(crate) phrases: &'a [bool],
}

impl PatchCriteria {
    /// Whether it is so around the word at `at`.
    pub(crate) fn holds(&self, known: Known<'_>, at: usize) -> bool {
        let tagged = |at: Option<usize>, tag| at.and_then(|at| known.tags.get(at)) == Some(&Some(tag));
        match self {
            Self::WordIsTaggedWith { relative, is_tagged } => tagged(at.checked_add_signed(*relative), *is_tagged),
            Self::AnyWordIsTaggedWith { max_relative, is_tagged } => {
                let there = at.checked_add_signed(*max_relative);
                // The later of the two ends does not count: so the models were trained.
                there.is_some_and(|there| {
                    (there.min(at)..there.max(at)).any(|between| tagged(Some(between), *is_tagged))
                })
            }
            Self::SandwichTaggedWith { prev_word_tagged, post_word_tagged } => {
                tagged(at.checked_sub(1), *prev_word_tagged) && tagged(Some(at + 1), *post_word_tagged)
            }
            Self::WordIs { relative, word } => {
                let there = at.checked_add_signed(*relative).and_then(|there| known.words.get(there));
                // Only as far as the shorter one goes: so the models were trained.
                there.is_some_and(|there| there.chars().zip(word.chars()).all(|(a, b)| a.eq_ignore_ascii_case(&b)))
            }
            Self::NounPhraseAt { is_np, relative } => {
                at.checked_add_signed(*relative).and_then(|there| known.phrases.get(there)) == Some(is_np)
            }
            Self::Combined { a, b } => a.holds(known, at) && b.holds(known, at),
        }
    }
}
