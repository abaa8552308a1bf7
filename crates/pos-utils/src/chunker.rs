//! Which words belong to noun phrases: by learnt rules, or by the network.
//!
//! It owns the ways to ask, and what was asked before. `net` owns the network's sums.

use crate::{
    UPOS,
    net::Net,
    record,
    rule::{Known, PatchCriteria},
};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

/// Says which words belong to noun phrases.
pub trait Chunker {
    /// For each word whether it belongs to one.
    fn chunk_sentence(&self, sentence: &[String], tags: &[Option<UPOS>]) -> Vec<bool>;
}

/// By rules: what is said of a tag by itself, then corrections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrillChunker {
    base: Counts,
    patches: Vec<Patch>,
}

/// How often each tag was in a noun phrase, less how often it was not.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counts {
    counts: HashMap<UPOS, i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Patch {
    from: bool,
    criteria: PatchCriteria,
}

impl Chunker for BrillChunker {
    fn chunk_sentence(&self, sentence: &[String], tags: &[Option<UPOS>]) -> Vec<bool> {
        let likely =
            |tag: &Option<UPOS>| tag.and_then(|tag| self.base.counts.get(&tag)).is_some_and(|count| *count > 0);
        let mut phrases: Vec<bool> = tags.iter().map(likely).collect();
        for patch in &self.patches {
            for at in 0..phrases.len() {
                let known = Known { words: sentence, tags, phrases: &phrases };
                if phrases[at] == patch.from && patch.criteria.holds(known, at) {
                    phrases[at] = !phrases[at];
                }
            }
        }
        phrases
    }
}

/// By the network. It is called as `harper` calls it; there is no `burn` in it.
#[derive(Debug)]
pub struct BurnChunkerCpu {
    /// None where the model could not be read. Models are part of the program, so a test is what notices.
    net: Option<Net>,
}

impl BurnChunkerCpu {
    /// The network of a model. The width of a word and the dropout are in the published signature: the first is in the
    /// model, too, and the second is for training.
    #[must_use]
    pub fn load_from_bytes_cpu(
        model: impl AsRef<[u8]>,
        vocabulary: impl AsRef<[u8]>,
        _width: usize,
        _drop: f32,
    ) -> Self {
        Self { net: record::read(model.as_ref(), vocabulary.as_ref()).ok() }
    }
}

impl Chunker for BurnChunkerCpu {
    fn chunk_sentence(&self, sentence: &[String], tags: &[Option<UPOS>]) -> Vec<bool> {
        self.net.as_ref().map_or_else(|| vec![false; sentence.len()], |net| net.phrases(sentence, tags))
    }
}

/// Remembers what another chunker said of a sentence. What was not asked for longest is forgotten.
#[derive(Debug)]
pub struct CachedChunker<C: Chunker> {
    inner: C,
    said: Mutex<LruCache<Asked, Vec<bool>>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    sentence: Vec<String>,
    tags: Vec<Option<UPOS>>,
}

impl<C: Chunker> CachedChunker<C> {
    /// One that remembers so many sentences.
    #[must_use]
    pub fn new(inner: C, sentences: NonZeroUsize) -> Self {
        Self { inner, said: Mutex::new(LruCache::new(sentences)) }
    }
}

impl<C: Chunker> Chunker for CachedChunker<C> {
    fn chunk_sentence(&self, sentence: &[String], tags: &[Option<UPOS>]) -> Vec<bool> {
        let asked = Asked { sentence: sentence.to_vec(), tags: tags.to_vec() };
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.get_or_insert(asked, || self.inner.chunk_sentence(sentence, tags)).clone()
    }
}
