//! Noun phrases, particles and what belongs to them. It owns where a phrase ends.

use super::{
    reading::{Entity, Meaning, Phrase, Pos, Span},
    words::{Sort, Word},
};

/// Phrases that hang on each other by "of", as in "the end of the list of the names of the guests". A text may have
/// thousands of them, and each takes a part of the stack.
const NESTED_MAX: usize = 8;

/// The words of a clause with the entities of the whole text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) text: &'a [char],
    pub(super) words: &'a [Word],
    pub(super) entities: &'a [Entity],
}

/// A noun phrase, and the first word after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taken {
    pub(super) phrase: Phrase,
    /// Its adjectives.
    pub(super) qualities: Vec<usize>,
    pub(super) end: usize,
}

impl Scene<'_> {
    pub(super) fn said(&self, span: Span) -> String {
        self.text[span.start..span.end].iter().collect()
    }

    /// The entity of time or comparison a word lies in. Such entities are modifiers and never part of a noun phrase.
    pub(super) fn apart(&self, at: usize) -> Option<usize> {
        let span = self.words.get(at)?.span;
        let apart = |entity: &Entity| stands_apart(&entity.value) && entity.span.holds(span);
        self.entities.iter().position(apart)
    }

    fn named(&self, at: usize) -> Option<&Entity> {
        let span = self.words.get(at)?.span;
        let name =
            |value: &Meaning| matches!(value, Meaning::Quoted { .. } | Meaning::Email { .. } | Meaning::Url { .. });
        self.entities.iter().find(|entity| name(&entity.value) && entity.span.holds(span))
    }

    /// The noun phrase that begins here.
    pub(super) fn phrase(&self, start: usize) -> Option<Taken> {
        self.nested(start, NESTED_MAX)
    }

    /// The same, with at most so many phrases in it that hang on an "of".
    fn nested(&self, start: usize, more: usize) -> Option<Taken> {
        if let Some(name) = self.named(start) {
            let end = (start..self.words.len()).find(|at| !name.span.holds(self.words[*at].span));
            let end = end.unwrap_or(self.words.len());
            let phrase = Phrase { text: name.text.clone(), head: bare(name), determiner: None, span: name.span };
            return Some(Taken { phrase, qualities: Vec::new(), end });
        }
        let mut at = start;
        while self.words.get(at).is_some_and(is_determiner) && self.apart(at).is_none() {
            at += 1;
        }
        let determiner = (at > start).then(|| self.words[start].span.to(self.words[at - 1].span));
        let determiner = determiner.map(|span| self.said(span).to_lowercase());
        let first = at;
        let (mut head, mut qualities) = (None, Vec::new());
        while let Some(word) = self.words.get(at) {
            if !self.belongs(first, at, head.is_some()) {
                break;
            }
            if word.pos == Pos::Pronoun {
                head = Some(at);
                at += 1;
                break;
            }
            let noun =
                matches!(word.pos, Pos::Noun | Pos::ProperNoun | Pos::Other | Pos::Verb) || self.named(at).is_some();
            // In `the file "a.txt"` the head is the file.
            let name_after = head.is_some() && self.named(at).is_some();
            if noun && !is_participle(self.words, at) {
                head = if name_after { head } else { Some(at) };
            } else if matches!(word.pos, Pos::Adjective | Pos::Verb) {
                qualities.push(at);
            }
            at += 1;
        }
        // Without a noun the last word stands for one: "the first", "the new", or "this" alone.
        let head = match head {
            Some(head) => head,
            None if at > first => at - 1,
            None if first > start => {
                let span = self.words[start].span.to(self.words[first - 1].span);
                let text = self.said(span);
                let phrase = Phrase { head: text.to_lowercase(), text, determiner: None, span };
                return Some(Taken { phrase, qualities, end: first });
            }
            None => return None,
        };
        qualities.retain(|quality| *quality != head);
        let mut end = at;
        // "list of invoices" is one thing, named by its first noun.
        if self.words.get(end).is_some_and(|word| word.lower == "of")
            && more > 0
            && let Some(inner) = self.nested(end + 1, more - 1)
        {
            end = inner.end;
        }
        let span = self.words[first].span.to(self.words[end - 1].span);
        let phrase = Phrase { text: self.said(span), head: self.head(head), determiner, span };
        Some(Taken { phrase, qualities, end })
    }

    /// The singular; a name as it is written.
    fn head(&self, at: usize) -> String {
        let word = &self.words[at];
        let name = at > 0 && word.text.starts_with(char::is_uppercase);
        if name || matches!(word.pos, Pos::ProperNoun | Pos::Other) { word.text.clone() } else { word.lemma.clone() }
    }

    fn belongs(&self, first: usize, at: usize, has_head: bool) -> bool {
        let word = &self.words[at];
        if let Some(entity) = self.apart(at) {
            // "tomorrow's meeting" and "a weekly backup" have the time in them.
            let next_noun = self.words.get(at + 1).is_some_and(|next| next.noun) && self.apart(at + 1).is_none();
            let quality = word.pos == Pos::Adjective && self.entities[entity].span == word.span && next_noun;
            return word.lower.ends_with("'s") || quality;
        }
        if self.named(at).is_some() {
            return true;
        }
        let after_determiner = at > 0 && is_determiner(&self.words[at - 1]);
        let joined = word.sort == Sort::Mark && matches!(word.text.as_str(), "-" | "/" | "&" | "#" | "'");
        match word.pos {
            Pos::Noun | Pos::ProperNoun => true,
            Pos::Adjective | Pos::Number => !has_head || self.words.get(at + 1).is_some_and(|next| next.noun),
            Pos::Pronoun => at == first,
            Pos::Symbol => true,
            // A word in no dictionary is most likely a name.
            Pos::Other => word.sort != Sort::Mark,
            Pos::Determiner => false,
            Pos::Verb => is_participle(self.words, at) || (at == first && word.noun && after_determiner),
            _ => joined && at > first && at + 1 < self.words.len(),
        }
    }
}

/// Whether an entity qualifies an action rather than being a thing.
pub(super) fn stands_apart(value: &Meaning) -> bool {
    matches!(
        value,
        Meaning::Date { .. }
            | Meaning::Time { .. }
            | Meaning::DateTime { .. }
            | Meaning::Duration { .. }
            | Meaning::Recurrence { .. }
            | Meaning::Comparison { .. }
    )
}

/// "deleted" in "deleted files".
fn is_participle(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let form = word.lower.ends_with("ed") || word.lower.ends_with("ing");
    word.pos == Pos::Verb
        && form
        && words.get(at + 1).is_some_and(|next| matches!(next.pos, Pos::Noun | Pos::ProperNoun))
}

fn is_determiner(word: &Word) -> bool {
    let possessive =
        matches!(word.lower.as_str(), "my" | "your" | "his" | "her" | "its" | "our" | "their" | "all" | "both");
    word.pos == Pos::Determiner || possessive
}

fn bare(entity: &Entity) -> String {
    match &entity.value {
        Meaning::Quoted { name } => name.clone(),
        _ => entity.text.clone(),
    }
}
