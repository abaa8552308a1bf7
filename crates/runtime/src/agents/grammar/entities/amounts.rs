//! Lengths of time, quantities, money and bare numbers. It owns the units and their names.

use super::{Found, Piece, spell};
use crate::agents::grammar::reading::Meaning;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "second" | "seconds" | "sec" | "secs" | "s" => Self::Second,
            "minute" | "minutes" | "min" | "mins" => Self::Minute,
            "hour" | "hours" | "hr" | "hrs" | "h" => Self::Hour,
            "day" | "days" | "d" => Self::Day,
            "week" | "weeks" => Self::Week,
            "month" | "months" => Self::Month,
            "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Its length, where that is always the same.
    fn seconds(self) -> Option<f64> {
        Some(match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
            Self::Day => 86_400.0,
            Self::Week => 604_800.0,
            Self::Month | Self::Year => return None,
        })
    }
}

/// A length of time: an amount of one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Length {
    pub(super) amount: f64,
    pub(super) unit: Unit,
}

impl Length {
    pub(super) fn meaning(self) -> Meaning {
        let Self { amount, unit } = self;
        let letter = match unit {
            Unit::Second => "S",
            Unit::Minute | Unit::Month => "M",
            Unit::Hour => "H",
            Unit::Day => "D",
            Unit::Week => "W",
            Unit::Year => "Y",
        };
        let time = if matches!(unit, Unit::Second | Unit::Minute | Unit::Hour) { "T" } else { "" };
        let iso = format!("P{time}{amount}{letter}");
        Meaning::Duration { iso, amount, unit: unit.name(), seconds: unit.seconds().map(|s| s * amount) }
    }
}

/// A length of time, a quantity, an amount of money, an ordinal or a number.
pub(super) fn amount(pieces: &[Piece]) -> Option<Found<Meaning>> {
    measure(pieces).or_else(|| {
        // "One" alone is more often a pronoun, and "second" after "a" a unit; both are too common to list.
        let number = spell::cardinal(pieces).filter(|found| found.taken > 1 || pieces[0].word != "one");
        number.map(|found| found.map(|value| Meaning::Number { value })).or_else(|| {
            let value = spell::ordinal(&pieces[0].word)?;
            Some(Found::new(1, Meaning::Ordinal { value }))
        })
    })
}

/// A length of time, a quantity or an amount of money: a number that has a unit.
pub(super) fn measure(pieces: &[Piece]) -> Option<Found<Meaning>> {
    length(pieces).map(|found| found.map(Length::meaning)).or_else(|| money(pieces)).or_else(|| quantity(pieces))
}

/// A length of time: `30 days`, `an hour`, `half an hour`, `2h`, `a 30-day`, `two and a half hours`, `2 hours 30 minutes`.
pub(super) fn length(pieces: &[Piece]) -> Option<Found<Length>> {
    let word = |at: usize| -> Option<&str> {
        let joined = (0..at).all(|before| pieces.get(before).is_some_and(|p| !p.ends_clause));
        pieces.get(at).filter(|_| joined).map(|p| p.word.as_str())
    };
    let unit = |at: usize| word(at).and_then(Unit::parse);
    let first = word(0)?;
    // "half an hour", "half a day"
    if first == "half" && matches!(word(1), Some("a" | "an")) {
        return Some(Found::new(3, Length { amount: 0.5, unit: unit(2)? }));
    }
    if matches!(first, "a" | "an") {
        if word(1) == Some("couple") && word(2) == Some("of") {
            return Some(Found::new(4, Length { amount: 2.0, unit: unit(3)? }));
        }
        // "an hour", "an hour and a half"; letters such as the "s" and "d" of a list are no units.
        let unit = unit(1).filter(|_| word(1).is_some_and(|w| w.len() > 2))?;
        let half = (word(2), word(3), word(4)) == (Some("and"), Some("a"), Some("half"));
        return Some(if half {
            Found::new(5, Length { amount: 1.5, unit })
        } else {
            Found::new(2, Length { amount: 1.0, unit })
        });
    }
    if let Some((amount, unit)) = glued(first) {
        return Some(Found::new(1, Length { amount, unit }));
    }
    let Found { taken, value } = spell::cardinal(pieces)?;
    if (word(taken), word(taken + 1), word(taken + 2)) == (Some("and"), Some("a"), Some("half")) {
        return Some(Found::new(taken + 4, Length { amount: value + 0.5, unit: unit(taken + 3)? }));
    }
    let unit_is = unit(taken)?;
    let taken = taken + 1;
    // "2 hours 30 minutes", "2 hours and 30 minutes"
    let and = usize::from(word(taken) == Some("and"));
    if unit_is == Unit::Hour
        && word(taken + and).is_some()
        && let Some(minutes) = spell::cardinal(&pieces[taken + and..])
        && unit(taken + and + minutes.taken) == Some(Unit::Minute)
    {
        let length = Length { amount: value + minutes.value / 60.0, unit: Unit::Hour };
        return Some(Found::new(taken + and + minutes.taken + 1, length));
    }
    Some(Found::new(taken, Length { amount: value, unit: unit_is }))
}

/// `30-day`, `two-week`, `90min`, `2h`.
fn glued(word: &str) -> Option<(f64, Unit)> {
    if let Some((number, unit)) = word.rsplit_once('-') {
        let piece = Piece::of(number);
        let amount = spell::cardinal(std::slice::from_ref(&piece))?.value;
        return Some((amount, Unit::parse(unit)?));
    }
    let letters = word.find(|c: char| c.is_ascii_alphabetic())?;
    Some((spell::digits(&word[..letters])?, Unit::parse(&word[letters..])?))
}

fn money(pieces: &[Piece]) -> Option<Found<Meaning>> {
    let first = pieces.first()?;
    let sign = [("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("¥", "JPY")];
    for (sign, currency) in sign {
        let rest = first.word.strip_prefix(sign).or_else(|| first.word.strip_suffix(sign));
        if let Some(rest) = rest {
            let (rest, scale) = match rest.strip_suffix('k') {
                Some(thousands) => (thousands, 1e3),
                None => (rest, 1.0),
            };
            return Some(Found::new(1, Meaning::Money { value: spell::digits(rest)? * scale, currency }));
        }
    }
    let Found { taken, value } = spell::cardinal(pieces)?;
    let currency = match pieces.get(taken).filter(|_| !pieces[taken - 1].ends_clause)?.word.as_str() {
        "$" | "dollar" | "dollars" | "usd" => "USD",
        "€" | "euro" | "euros" | "eur" => "EUR",
        "£" | "gbp" => "GBP",
        "chf" | "francs" => "CHF",
        "¥" | "yen" | "jpy" => "JPY",
        _ => return None,
    };
    Some(Found::new(taken + 1, Meaning::Money { value, currency }))
}

fn quantity(pieces: &[Piece]) -> Option<Found<Meaning>> {
    let first = pieces.first()?;
    let letters = first.word.find(|c: char| c.is_alphabetic() || c == '%' || c == '°');
    if let Some(at) = letters.filter(|at| *at > 0) {
        let (number, unit) = first.word.split_at(at);
        return Some(Found::new(1, Meaning::Quantity { value: spell::digits(number)?, unit: symbol(unit)? }));
    }
    let Found { taken, value } = spell::cardinal(pieces)?;
    let unit = symbol(&pieces.get(taken).filter(|_| !pieces[taken - 1].ends_clause)?.word)?;
    Some(Found::new(taken + 1, Meaning::Quantity { value, unit }))
}

fn symbol(word: &str) -> Option<&'static str> {
    Some(match word {
        "%" | "percent" | "pct" => "%",
        "byte" | "bytes" => "B",
        "kb" | "kilobyte" | "kilobytes" => "kB",
        "mb" | "megabyte" | "megabytes" => "MB",
        "gb" | "gigabyte" | "gigabytes" => "GB",
        "tb" | "terabyte" | "terabytes" => "TB",
        "kib" => "KiB",
        "mib" => "MiB",
        "gib" => "GiB",
        "tib" => "TiB",
        "ms" | "millisecond" | "milliseconds" => "ms",
        "g" | "gram" | "grams" => "g",
        "kg" | "kilogram" | "kilograms" | "kilos" => "kg",
        "mm" | "millimetres" | "millimeters" => "mm",
        "cm" | "centimetres" | "centimeters" => "cm",
        "m" | "metre" | "metres" | "meter" | "meters" => "m",
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => "km",
        "mile" | "miles" => "mi",
        "°c" | "°" | "degrees" => "°C",
        "°f" => "°F",
        _ => return None,
    })
}
