//! Parts of speech: the most common one of each word, then learnt rules that correct it, as
//! [Brill's tagger](https://en.wikipedia.org/wiki/Brill_tagger) does.

use crate::{
    UPOS,
    rule::{Known, PatchCriteria},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Says what the words of a sentence are.
pub trait Tagger {
    /// A tag for each word, and none where nothing is known.
    fn tag_sentence(&self, sentence: &[String]) -> Vec<Option<UPOS>>;
}

/// The most common tag of each word, in small letters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FreqDict {
    mapping: HashMap<String, UPOS>,
}

impl Tagger for FreqDict {
    fn tag_sentence(&self, sentence: &[String]) -> Vec<Option<UPOS>> {
        sentence.iter().map(|word| self.mapping.get(&word.to_lowercase()).copied()).collect()
    }
}

/// Corrects what another tagger says, rule by rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrillTagger<B: Tagger> {
    base: B,
    patches: Vec<Patch>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Patch {
    from: UPOS,
    to: UPOS,
    criteria: PatchCriteria,
}

impl<B: Tagger> Tagger for BrillTagger<B> {
    fn tag_sentence(&self, sentence: &[String]) -> Vec<Option<UPOS>> {
        let mut tags = self.base.tag_sentence(sentence);
        for patch in &self.patches {
            for at in 0..tags.len() {
                let known = Known { words: sentence, tags: &tags, phrases: &[] };
                if tags[at] == Some(patch.from) && patch.criteria.holds(known, at) {
                    tags[at] = Some(patch.to);
                }
            }
        }
        tags
    }
}
