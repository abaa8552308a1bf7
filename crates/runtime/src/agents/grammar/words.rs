//! Cuts a text into words with parts of speech, with `harper`. It owns everything that knows harper's types, except its
//! remarks, which `check` has.
//!
//! The dictionary and the models are loaded by the first text, once for the process, except the model that finds noun
//! phrases: harper keeps one of those per thread. Therefore all texts go through one thread, the [`desk`](super::desk).

use super::reading::{Pos, Span, Token};
use harper_core::{
    Document, IrregularVerbs, Punctuation, TokenKind, get_singulars,
    parsers::PlainEnglish,
    spell::{Dictionary, FstDictionary},
};
use std::sync::Arc;

/// One word or mark, with what the dictionary says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// In small letters, with a straight apostrophe.
    pub(super) lower: String,
    pub(super) span: Span,
    pub(super) pos: Pos,
    pub(super) sort: Sort,
    /// Whether the dictionary has it.
    pub(super) known: bool,
    /// Its dictionary form.
    pub(super) lemma: String,
    /// It can be the form of a verb in which one is commanded.
    pub(super) base_verb: bool,
    /// It can be a verb in any form.
    pub(super) verb: bool,
    pub(super) noun: bool,
    pub(super) adjective: bool,
}

/// What a word is before one asks for its part of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Word,
    Number,
    /// `.`, `!`, `?`, or the end of a line.
    Stop,
    /// A stop that asks.
    Asking,
    /// Any other mark.
    Mark,
    /// An address.
    Other,
}

impl Word {
    /// As it is sent.
    pub(super) fn token(&self) -> Token {
        let lemma = (self.lemma != self.lower).then(|| self.lemma.clone());
        Token { text: self.text.clone(), span: self.span, pos: self.pos, lemma, known: self.known }
    }
}

/// A text as harper sees it.
pub(super) struct Words {
    pub(super) document: Document,
    pub(super) dictionary: Arc<FstDictionary>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let dictionary = FstDictionary::curated();
        Self { document: Document::new(text, &PlainEnglish, &dictionary), dictionary }
    }

    /// All of them, in the order of the text.
    pub(super) fn list(&self) -> Vec<Word> {
        self.document.tokens().filter_map(|token| self.word(token)).collect()
    }

    fn word(&self, token: &harper_core::Token) -> Option<Word> {
        let text = token.get_str(self.document.get_source());
        let sort = match &token.kind {
            TokenKind::Space(_) => return None,
            TokenKind::Word(_) => Sort::Word,
            TokenKind::Number(_) | TokenKind::Decade => Sort::Number,
            TokenKind::Newline(_) | TokenKind::ParagraphBreak => Sort::Stop,
            TokenKind::Punctuation(Punctuation::Question) => Sort::Asking,
            TokenKind::Punctuation(Punctuation::Period | Punctuation::Bang) => Sort::Stop,
            TokenKind::Punctuation(_) => Sort::Mark,
            _ => Sort::Other,
        };
        let lower = text.to_lowercase().replace('’', "'");
        let kind = &token.kind;
        let metadata = match kind {
            TokenKind::Word(Some(metadata)) => Some(metadata),
            _ => None,
        };
        let known = metadata.is_some() || sort != Sort::Word;
        let pos = match sort {
            Sort::Word => part_of_speech(kind, &lower),
            Sort::Number => Pos::Number,
            Sort::Stop | Sort::Asking => Pos::Punctuation,
            Sort::Mark if matches!(kind, TokenKind::Punctuation(Punctuation::Currency(_) | Punctuation::Percent)) => {
                Pos::Symbol
            }
            Sort::Mark => Pos::Punctuation,
            Sort::Other => Pos::Other,
        };
        let lemma = match pos {
            Pos::Verb | Pos::Auxiliary => self.verb_lemma(&lower, kind),
            Pos::Noun if kind.is_plural_noun() => self.noun_lemma(&lower, kind),
            _ => lower.clone(),
        };
        Some(Word {
            base_verb: kind.is_verb_lemma(),
            verb: kind.is_verb(),
            noun: kind.is_noun(),
            adjective: kind.is_adjective(),
            span: Span { start: token.span.start, end: token.span.end },
            text,
            lower,
            pos,
            sort,
            known,
            lemma,
        })
    }

    /// The infinitive: `deleted` is a form of `delete`.
    fn verb_lemma(&self, lower: &str, kind: &TokenKind) -> String {
        let fixed = match lower {
            "am" | "is" | "are" | "was" | "were" | "been" | "being" | "'s" | "'re" | "'m" => Some("be"),
            "has" | "had" | "having" => Some("have"),
            "does" | "did" | "done" | "doing" => Some("do"),
            "goes" | "went" | "gone" => Some("go"),
            // Harper's table is asked by the past tense, not by the participle.
            "seen" => Some("see"),
            "given" => Some("give"),
            "taken" => Some("take"),
            "written" => Some("write"),
            "broken" => Some("break"),
            "chosen" => Some("choose"),
            "forgotten" => Some("forget"),
            "hidden" => Some("hide"),
            "known" => Some("know"),
            "shown" => Some("show"),
            "thrown" => Some("throw"),
            "begun" => Some("begin"),
            _ => None,
        };
        if let Some(fixed) = fixed {
            return fixed.to_owned();
        }
        let irregular = IrregularVerbs::curated();
        if let Some(lemma) = irregular.get_lemma_for_preterite(lower).filter(|_| !kind.is_verb_lemma()) {
            return lemma.to_owned();
        }
        // The dictionary takes "running" for an infinitive too.
        if kind.is_verb_lemma() && !["ing", "ed", "s"].iter().any(|end| lower.ends_with(end)) {
            return lower.to_owned();
        }
        let derived = self.derived(lower, kind, TokenKind::is_verb).or_else(|| self.stem(lower));
        derived.unwrap_or_else(|| lower.to_owned())
    }

    /// The verb that is left without its ending: `running` is a form of `run`, `making` of `make`.
    fn stem(&self, lower: &str) -> Option<String> {
        let stem = ["ing", "ed", "es", "s"].iter().find_map(|end| lower.strip_suffix(end))?;
        let doubled = stem.chars().rev().take(2).collect::<Vec<_>>();
        let single = matches!(doubled[..], [a, b] if a == b).then(|| stem[..stem.len() - 1].to_owned());
        let candidates = [Some(stem.to_owned()), single, Some(format!("{stem}e"))];
        candidates.into_iter().flatten().find(|word| {
            let known = self.dictionary.get_word_metadata_str(word);
            known.is_some_and(|metadata| TokenKind::Word(Some(metadata.into_owned())).is_verb_lemma())
        })
    }

    /// The singular: `invoices` is a form of `invoice`.
    fn noun_lemma(&self, lower: &str, kind: &TokenKind) -> String {
        let plural: Vec<char> = lower.chars().collect();
        // Of "invoices" both "invoice" and "invoic" might be asked for; the longest that exists is the one.
        let singular = get_singulars(&self.dictionary, &plural).into_iter().max_by_key(Vec::len);
        let singular = singular.map(|word| word.into_iter().collect());
        singular.or_else(|| self.derived(lower, kind, TokenKind::is_noun)).unwrap_or_else(|| lower.to_owned())
    }

    /// The word of which the dictionary says that this one comes from it.
    fn derived(&self, lower: &str, kind: &TokenKind, fits: impl Fn(&TokenKind) -> bool) -> Option<String> {
        let TokenKind::Word(Some(metadata)) = kind else { return None };
        let words = metadata.derived_from.iter().filter_map(|id| self.dictionary.get_word_from_id(id));
        let mut fitting = words.filter(|word| {
            let known = self.dictionary.get_word_metadata(word).map(|m| TokenKind::Word(Some(m.into_owned())));
            known.is_some_and(|kind| fits(&kind))
        });
        // "invoices" is said to come from "invoice" and from "voices"; an inflected form begins as its word does.
        let alike = |word: &&[char]| lower.chars().zip(word.iter()).take(2).all(|(a, b)| b.eq_ignore_ascii_case(&a));
        fitting.find(alike).map(|word| word.iter().collect::<String>().to_lowercase())
    }
}

/// What harper's tagger says; where it says nothing, what the dictionary allows.
fn part_of_speech(kind: &TokenKind, lower: &str) -> Pos {
    if matches!(lower, "not" | "n't") {
        return Pos::Particle;
    }
    let TokenKind::Word(Some(metadata)) = kind else { return Pos::Other };
    let tag = metadata.pos_tag.as_ref().map(AsRef::as_ref);
    match tag {
        Some("ADJ") => Pos::Adjective,
        Some("ADP") => Pos::Preposition,
        Some("ADV") => Pos::Adverb,
        Some("AUX") => Pos::Auxiliary,
        Some("CCONJ") => Pos::Conjunction,
        Some("DET") => Pos::Determiner,
        Some("INTJ") => Pos::Interjection,
        Some("NOUN") => Pos::Noun,
        Some("NUM") => Pos::Number,
        Some("PART") => Pos::Particle,
        Some("PRON") => Pos::Pronoun,
        Some("PROPN") => Pos::ProperNoun,
        Some("PUNCT") => Pos::Punctuation,
        Some("SCONJ") => Pos::Subordinator,
        Some("SYM") => Pos::Symbol,
        Some("VERB") => Pos::Verb,
        _ if kind.is_auxiliary_verb() => Pos::Auxiliary,
        _ if kind.is_determiner() => Pos::Determiner,
        _ if kind.is_pronoun() => Pos::Pronoun,
        _ if kind.is_preposition() => Pos::Preposition,
        _ if kind.is_noun() => Pos::Noun,
        _ if kind.is_verb() => Pos::Verb,
        _ if kind.is_adjective() => Pos::Adjective,
        _ if kind.is_adverb() => Pos::Adverb,
        _ => Pos::Other,
    }
}
