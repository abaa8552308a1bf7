//! Cuts a text at its blanks. It owns what belongs to a piece and what is punctuation around it.

use super::Span;

/// What stands between two blanks, without the punctuation around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// As it stands in the text.
    pub(super) text: String,
    /// The same in small letters.
    pub(super) word: String,
    pub(super) span: Span,
    /// Whether punctuation comes after it, so that what follows need not belong to it.
    pub(super) ends_clause: bool,
}

impl Piece {
    /// A piece on its own, for a part of a longer one.
    pub(super) fn of(word: &str) -> Self {
        let span = Span { start: 0, end: 0 };
        Self { text: word.to_owned(), word: word.to_owned(), span, ends_clause: false }
    }
}

/// The pieces, except those that touch a stretch of `but`.
pub(super) fn split(text: &[char], but: &[Span]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() {
        if text[start].is_whitespace() {
            start += 1;
            continue;
        }
        let length = text[start..].iter().position(|c| c.is_whitespace()).unwrap_or(text.len() - start);
        let end = start + length;
        pieces.extend(trimmed(text, start, end).filter(|piece| !but.iter().any(|span| span.meets(piece.span))));
        start = end;
    }
    pieces
}

fn trimmed(text: &[char], start: usize, end: usize) -> Option<Piece> {
    let opens = |c: char| matches!(c, '(' | '[' | '{' | '"' | '\'' | '“' | '„' | '‘' | '«' | '¿' | '¡');
    let closes = |c: char| {
        matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '"' | '\'' | '”' | '“' | '’' | '»' | '…')
    };
    let first = start + text[start..end].iter().take_while(|c| opens(**c)).count();
    let kept = text[first..end].iter().rev().skip_while(|c| closes(**c)).count();
    if kept == 0 {
        return None;
    }
    let span = Span { start: first, end: first + kept };
    let dotted = |word: &str| matches!(word, "a.m" | "p.m");
    let piece: String = text[span.start..span.end].iter().collect();
    let word = piece.to_lowercase().replace('’', "'");
    // The dot at the end of "a.m." is part of it.
    let span =
        if dotted(&word) && text.get(span.end) == Some(&'.') { Span { end: span.end + 1, ..span } } else { span };
    let word = if dotted(&word) { word.replace('.', "") } else { word };
    Some(Piece { text: piece, word, span, ends_clause: span.end < end })
}
