//! Bounds: "older than 30 days", "at least 5", "> 10 GB". It owns the words that compare.

use super::{
    Found, Piece,
    amounts::{self, Length},
    calendar,
};
use crate::agents::grammar::reading::Meaning;
use jiff::civil::DateTime;

/// Which way a bound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    More,
    Less,
    AtLeast,
    AtMost,
    Exactly,
}

impl Is {
    fn name(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
            Self::Exactly => "exactly",
        }
    }

    /// "no more than" is "at most".
    fn denied(self) -> Self {
        match self {
            Self::More => Self::AtMost,
            Self::Less => Self::AtLeast,
            other => other,
        }
    }
}

/// A bound with what it compares to.
pub(super) fn comparison(pieces: &[Piece], now: DateTime) -> Option<Found<Meaning>> {
    let Found { taken: words, value: (property, is) } = comparator(pieces)?;
    let rest = pieces.get(words..).filter(|rest| !rest.is_empty() && !pieces[words - 1].ends_clause)?;
    if let Some(length) = amounts::length(rest) {
        let threshold = (property == Some("age")).then(|| calendar::moved(now, length.value, -1.0)).flatten();
        let threshold = threshold.map(|at| at.to_string());
        let than = Box::new(Length::meaning(length.value));
        return Some(Found::new(
            words + length.taken,
            Meaning::Comparison { property, is: is.name(), than, threshold },
        ));
    }
    // "over" and "under" compare only amounts: "over the wall" and "over Christmas" do not.
    let number = amounts::amount(rest).filter(|found| !matches!(found.value, Meaning::Ordinal { .. }));
    let found = number.or_else(|| {
        let day = (property == Some("age")).then(|| calendar::day(rest, now, &mut Vec::new()))??;
        Some(day.map(calendar::Days::meaning))
    })?;
    let threshold = match (&found.value, property) {
        (Meaning::Date { date, .. }, Some("age")) => Some(date.clone()),
        _ => None,
    };
    let than = Box::new(found.value);
    Some(Found::new(words + found.taken, Meaning::Comparison { property, is: is.name(), than, threshold }))
}

type Comparator = (Option<&'static str>, Is);

fn comparator(pieces: &[Piece]) -> Option<Found<Comparator>> {
    let word = |at: usize| pieces.get(at).map_or("", |p| p.word.as_str());
    let sign = match word(0) {
        ">" => Some(Is::More),
        "<" => Some(Is::Less),
        ">=" | "≥" => Some(Is::AtLeast),
        "<=" | "≤" => Some(Is::AtMost),
        "=" | "exactly" => Some(Is::Exactly),
        "over" | "above" | "exceeding" => Some(Is::More),
        "under" | "below" => Some(Is::Less),
        _ => None,
    };
    if let Some(is) = sign {
        return Some(Found::new(1, (None, is)));
    }
    match (word(0), word(1)) {
        ("at", "least") => return Some(Found::new(2, (None, Is::AtLeast))),
        ("at", "most") | ("up", "to") => return Some(Found::new(2, (None, Is::AtMost))),
        _ => {}
    }
    let no = usize::from(matches!(word(0), "no" | "not"));
    let (property, is) = than(word(no))?;
    if word(no + 1) != "than" {
        return None;
    }
    Some(Found::new(no + 2, (property, if no == 1 { is.denied() } else { is })))
}

fn than(word: &str) -> Option<Comparator> {
    Some(match word {
        "older" => (Some("age"), Is::More),
        "newer" | "younger" => (Some("age"), Is::Less),
        "longer" => (Some("length"), Is::More),
        "shorter" => (Some("length"), Is::Less),
        "larger" | "bigger" => (Some("size"), Is::More),
        "smaller" => (Some("size"), Is::Less),
        "dearer" => (Some("price"), Is::More),
        "cheaper" => (Some("price"), Is::Less),
        "more" | "greater" | "higher" => (None, Is::More),
        "less" | "fewer" | "lower" => (None, Is::Less),
        _ => return None,
    })
}
