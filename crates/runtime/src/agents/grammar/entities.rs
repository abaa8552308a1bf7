//! Finds what has a value of its own in a text: dates, amounts, addresses, names in quotation marks.
//!
//! It owns the walk over the text and the order in which the readers are asked; each reader owns one family. They are pure
//! functions over [`Piece`]s and the moment that words like "tomorrow" count from, and know nothing of parts of speech.

mod amounts;
mod calendar;
mod compare;
mod pieces;
mod recurrence;
mod spell;

use super::reading::{Entity, Meaning, Span};
use jiff::civil::DateTime;
use pieces::Piece;

/// Entities kept of one text. What comes after them is left out, and a doubt says so.
pub(super) const ENTITIES_MAX: usize = 500;

/// What one reader recognised: how many pieces it took, and what they mean.
#[derive(Debug, Clone, PartialEq)]
struct Found<T> {
    taken: usize,
    value: T,
}

impl<T> Found<T> {
    fn new(taken: usize, value: T) -> Self {
        Self { taken, value }
    }

    fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        Found { taken: self.taken, value: f(self.value) }
    }
}

/// Everything with a value, in the order of the text. Sentences for the reader about guesses go to `doubts`.
pub(super) fn find(text: &[char], now: DateTime, doubts: &mut Vec<String>) -> Vec<Entity> {
    let mut found = quoted(text);
    let quotes: Vec<Span> = found.iter().map(|entity| entity.span).collect();
    let pieces = pieces::split(text, &quotes);
    let mut at = 0;
    while at < pieces.len() {
        let Some(Found { taken, value }) = read(&pieces[at..], now, doubts) else {
            at += 1;
            continue;
        };
        let span = pieces[at].span.to(pieces[at + taken - 1].span);
        let before = at.checked_sub(1).filter(|b| !pieces[*b].ends_clause).map(|b| pieces[b].word.as_str());
        let relation = before.and_then(relation);
        found.push(Entity { text: text[span.start..span.end].iter().collect(), span, relation, value });
        at += taken;
    }
    found.sort_by_key(|entity| entity.span.start);
    if found.len() > ENTITIES_MAX {
        doubts.push(format!(
            "Only the first {ENTITIES_MAX} dates, numbers and names are listed; there are {}.",
            found.len()
        ));
        found.truncate(ENTITIES_MAX);
    }
    found
}

/// Asks the readers, those of longer expressions first, so that the 30 in "older than 30 days" is not taken for a number.
fn read(pieces: &[Piece], now: DateTime, doubts: &mut Vec<String>) -> Option<Found<Meaning>> {
    address(&pieces[0])
        .or_else(|| compare::comparison(pieces, now))
        .or_else(|| recurrence::recurrence(pieces, now, doubts))
        .or_else(|| calendar::moment(pieces, now, doubts))
        .or_else(|| amounts::amount(pieces))
}

fn relation(word: &str) -> Option<&'static str> {
    Some(match word {
        "before" => "before",
        "after" => "after",
        "since" => "since",
        "until" | "till" => "until",
        "by" => "by",
        "from" => "from",
        "within" => "within",
        "for" => "for",
        "during" => "during",
        _ => return None,
    })
}

fn address(piece: &Piece) -> Option<Found<Meaning>> {
    let text = &piece.text;
    let web = ["http://", "https://", "www."].iter().any(|start| piece.word.starts_with(start) && piece.word != *start);
    if web && text.contains('.') {
        return Some(Found::new(1, Meaning::Url { url: text.clone() }));
    }
    let (local, domain) = text.split_once('@')?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let email = !local.is_empty()
        && local.chars().all(plain)
        && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        && domain.split('.').count() > 1
        && domain.split('.').all(|part| !part.is_empty());
    email.then(|| Found::new(1, Meaning::Email { address: text.clone() }))
}

/// Longest name in quotation marks, in characters. A longer stretch is speech or a forgotten mark.
const NAME_MAX: usize = 200;

/// Names in quotation marks, on one line each.
fn quoted(text: &[char]) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let Some(close) = closing(text, at) else {
            at += 1;
            continue;
        };
        let ahead = &text[at + 1..text.len().min(at + 2 + NAME_MAX)];
        let line = ahead.iter().position(|c| *c == '\n').unwrap_or(ahead.len());
        let ends = |i: &usize| ahead[*i] == close && (close != '\'' || !followed_by_letter(text, at + 1 + *i));
        match (0..line).find(ends) {
            Some(length) if length > 0 => {
                let span = Span { start: at, end: at + length + 2 };
                let name: String = ahead[..length].iter().collect();
                let text = text[span.start..span.end].iter().collect();
                found.push(Entity { text, span, relation: None, value: Meaning::Quoted { name } });
                at = span.end;
            }
            _ => at += 1,
        }
    }
    found
}

/// The mark that would close a quotation opened here. A straight single mark opens one only where no letter is before it.
fn closing(text: &[char], at: usize) -> Option<char> {
    let after_letter = at > 0 && text[at - 1].is_alphanumeric();
    match text[at] {
        '"' if !after_letter => Some('"'),
        '\'' if !after_letter => Some('\''),
        '“' => Some('”'),
        '„' => Some('“'),
        '«' => Some('»'),
        '`' => Some('`'),
        _ => None,
    }
}

fn followed_by_letter(text: &[char], at: usize) -> bool {
    text.get(at + 1).is_some_and(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests;
