//! Days, times of day, and both together. It owns the calendar's words and how a word becomes a date.
//!
//! All dates are civil, without a time zone, unless the text names an offset.

use super::{
    Found, Piece,
    amounts::{self, Length, Unit},
    spell,
};
use crate::agents::grammar::reading::Meaning;
use jiff::{
    Span, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
};

/// A day, or several in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Option<Date>,
}

impl Days {
    pub(super) fn one(first: Date) -> Self {
        Self { first, last: None }
    }

    pub(super) fn meaning(self) -> Meaning {
        Meaning::Date { date: self.first.to_string(), last: self.last.map(|last| last.to_string()) }
    }
}

/// A day with a time, a day, or a time.
pub(super) fn moment(pieces: &[Piece], now: DateTime, doubts: &mut Vec<String>) -> Option<Found<Meaning>> {
    if let Some(found) = stamp(&pieces[0]).or_else(|| from_now(pieces, now)) {
        return Some(found);
    }
    if let Some(days) = day(pieces, now, doubts) {
        if days.value.last.is_some() {
            return Some(days.map(Days::meaning));
        }
        let rest = &pieces[days.taken..];
        let at = usize::from(rest.first().is_some_and(|p| matches!(p.word.as_str(), "at" | "@" | "around")));
        let said_at = if at == 1 { After::At } else { After::Nothing };
        return Some(match time(&rest[at..], said_at, doubts) {
            Some(time) => Found::new(days.taken + at + time.taken, both(days.value.first, time.value)),
            None => days.map(Days::meaning),
        });
    }
    let at = usize::from(matches!(pieces[0].word.as_str(), "at" | "@"));
    let clock = time(&pieces[at..], if at == 1 { After::At } else { After::Nothing }, doubts)?;
    let taken = at + clock.taken;
    let rest = &pieces[taken..];
    let on = usize::from(rest.first().is_some_and(|p| p.word == "on"));
    let joined = !pieces[taken - 1].ends_clause;
    let days = joined.then(|| day(&rest[on.min(rest.len())..], now, doubts)).flatten();
    Some(match days.filter(|days| days.value.last.is_none()) {
        Some(days) => Found::new(taken + on + days.taken, both(days.value.first, clock.value)),
        None => Found::new(taken, Meaning::Time { time: clock.value.to_string() }),
    })
}

fn both(date: Date, time: Time) -> Meaning {
    Meaning::DateTime { at: date.to_datetime(time).to_string() }
}

/// A moment in the form of ISO 8601, with its offset if it has one.
fn stamp(piece: &Piece) -> Option<Found<Meaning>> {
    let text = piece.text.as_str();
    if text.len() < 16 || !text.contains(['T', 't']) {
        return None;
    }
    let known = text.parse::<jiff::Timestamp>().is_ok() || text.parse::<DateTime>().is_ok();
    known.then(|| Found::new(1, Meaning::DateTime { at: text.to_owned() }))
}

/// `in 3 days`, `in two hours`, `3 days ago`, `2 weeks from now`, `two days later`.
fn from_now(pieces: &[Piece], now: DateTime) -> Option<Found<Meaning>> {
    let ahead = usize::from(pieces[0].word == "in");
    let Found { taken, value: length } = amounts::length(&pieces[ahead..])?;
    let taken = ahead + taken;
    let word = |at: usize| pieces.get(at).filter(|_| !pieces[at - 1].ends_clause).map_or("", |p| p.word.as_str());
    let (more, sign) = match (word(taken), word(taken + 1)) {
        ("ago", _) => (1, -1.0),
        ("from", "now" | "today") => (2, 1.0),
        _ if ahead == 1 => (0, 1.0),
        _ => return None,
    };
    let at = moved(now, length, sign)?;
    let meaning = if matches!(length.unit, Unit::Second | Unit::Minute | Unit::Hour) {
        Meaning::DateTime { at: at.to_string() }
    } else {
        Days::one(at.date()).meaning()
    };
    Some(Found::new(taken + more, meaning))
}

/// The moment a length away. `None` where that leaves the calendar, or is a fraction of a month.
pub(super) fn moved(now: DateTime, length: Length, sign: f64) -> Option<DateTime> {
    let Length { amount, unit } = length;
    let whole = amount.fract() == 0.0;
    let seconds = match unit {
        Unit::Second => 1.0,
        Unit::Minute => 60.0,
        Unit::Hour => 3600.0,
        Unit::Day => 86_400.0,
        Unit::Week => 604_800.0,
        Unit::Month | Unit::Year if !whole => return None,
        Unit::Month => return now.checked_add(Span::new().try_months(rounded(amount * sign)?).ok()?).ok(),
        Unit::Year => return now.checked_add(Span::new().try_years(rounded(amount * sign)?).ok()?).ok(),
    };
    now.checked_add(Span::new().try_seconds(rounded(amount * sign * seconds)?).ok()?).ok()
}

#[expect(clippy::cast_possible_truncation, reason = "the bound is far below 2^53")]
fn rounded(value: f64) -> Option<i64> {
    (value.abs() < 1e12).then(|| value.round() as i64)
}

/// A day or a stretch of days.
pub(super) fn day(pieces: &[Piece], now: DateTime, doubts: &mut Vec<String>) -> Option<Found<Days>> {
    let today = now.date();
    let word = |at: usize| -> &str {
        let joined = (0..at).all(|before| pieces.get(before).is_some_and(|p| !p.ends_clause));
        pieces.get(at).filter(|_| joined).map_or("", |p| p.word.strip_suffix("'s").unwrap_or(&p.word))
    };
    let days_on = |n: i64| today.checked_add(n.days()).ok().map(Days::one);
    let first = word(0);
    let simple = match first {
        "today" | "tonight" => days_on(0),
        "tomorrow" | "tmrw" => days_on(1),
        "yesterday" => days_on(-1),
        _ => None,
    };
    if let Some(days) = simple {
        return Some(Found::new(1, days));
    }
    match (first, word(1), word(2), word(3)) {
        ("the", "day", "after", "tomorrow") => return Some(Found::new(4, days_on(2)?)),
        ("the", "day", "before", "yesterday") => return Some(Found::new(4, days_on(-2)?)),
        ("day", "after", "tomorrow", _) => return Some(Found::new(3, days_on(2)?)),
        _ => {}
    }
    written(pieces, today, doubts)
        .or_else(|| by_month(&word, today))
        .or_else(|| ends(&word, today))
        .or_else(|| relative(pieces, &word, now, doubts))
        .or_else(|| Some(Found::new(1, Days::one(coming(today, weekday(first)?)))))
}

/// `2026-11-21`, `21.11.2026`, `11/21/2026`.
fn written(pieces: &[Piece], today: Date, doubts: &mut Vec<String>) -> Option<Found<Days>> {
    let word = pieces.first()?.word.as_str();
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if word.len() == 10 && word.as_bytes()[4] == b'-' {
        return Some(Found::new(1, Days::one(word.parse().ok()?)));
    }
    let mark = ['.', '/'].into_iter().find(|mark| word.matches(*mark).count() == 2)?;
    let mut parts = word.split(mark).map(|part| part.parse::<i16>().ok());
    let (a, b, year) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if year < 100 { year + today.year() / 100 * 100 } else { year };
    let at = |day: i16, month: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let date = if mark == '.' { at(a, b) } else { at(b, a).or_else(|| at(a, b)) }?;
    if mark == '/' && a != b && at(a, b).is_some() && at(b, a).is_some() {
        doubts.push(format!("“{word}” is read as month/day/year, {date}; it could be day/month/year."));
    }
    Some(Found::new(1, Days::one(date)))
}

/// `December 1`, `Dec 1st, 2026`, `1 December`, `the 1st of December 2026`, `November 2026`, `in November`.
fn by_month<'a>(word: &impl Fn(usize) -> &'a str, today: Date) -> Option<Found<Days>> {
    let the = usize::from(word(0) == "the");
    let (taken, day, month) = if let Some(month) = month(word(0)).filter(|_| the == 0) {
        match day_number(word(1)) {
            Some(day) => (2, Some(day), month),
            // "may" and "march" alone are more often verbs.
            None if matches!(word(0), "may" | "march" | "mar" | "sun" | "sec") => return None,
            None => (1, None, month),
        }
    } else {
        let day = day_number(word(the))?;
        let of = usize::from(word(the + 1) == "of");
        (the + of + 2, Some(day), month(word(the + 1 + of))?)
    };
    let year = word(taken).parse::<i16>().ok().filter(|year| (1900..=2999).contains(year));
    let taken = taken + usize::from(year.is_some());
    let within = |year: i16| match day {
        Some(day) => Date::new(year, month, day).ok().map(Days::one),
        None => Date::new(year, month, 1).ok().map(|first| Days { first, last: Some(first.last_of_month()) }),
    };
    let this = within(year.unwrap_or(today.year()))?;
    // Without a year the next one is meant.
    let over = year.is_none() && this.last.unwrap_or(this.first) < today;
    Some(Found::new(taken, if over { within(today.year() + 1)? } else { this }))
}

/// `the end of the month`, `end of next week`.
fn ends<'a>(word: &impl Fn(usize) -> &'a str, today: Date) -> Option<Found<Days>> {
    let the = usize::from(word(0) == "the");
    let (edge, of) = (word(the), word(the + 1));
    if !matches!(edge, "end" | "start" | "beginning") || of != "of" {
        return None;
    }
    let (ahead, taken) = match word(the + 2) {
        "next" => (1, the + 4),
        "the" | "this" => (0, the + 4),
        _ => return None,
    };
    let Days { first, last } = around(today, Unit::parse(word(the + 3))?, ahead)?;
    Some(Found::new(taken, Days::one(if edge == "end" { last.unwrap_or(first) } else { first })))
}

/// `next Friday`, `this week`, `last month`, `the last 7 days`, `next 2 weeks`, `this weekend`.
fn relative<'a>(
    pieces: &[Piece],
    word: &impl Fn(usize) -> &'a str,
    now: DateTime,
    doubts: &mut Vec<String>,
) -> Option<Found<Days>> {
    let today = now.date();
    let the = usize::from(word(0) == "the");
    let which = match word(the) {
        "next" | "coming" | "following" => 1,
        "this" => 0,
        "last" | "past" | "previous" => -1,
        _ => return None,
    };
    let named = word(the + 1);
    if named == "weekend" {
        let saturday = monday(today)?.checked_add((which * 7 + 5).days()).ok()?;
        return Some(Found::new(the + 2, Days { first: saturday, last: saturday.tomorrow().ok() }));
    }
    if let Some(day) = weekday(named) {
        return Some(Found::new(the + 2, Days::one(named_day(today, day, which, word(the), doubts)?)));
    }
    if let Some(month) = month(named).filter(|_| the == 0) {
        let ahead = i16::from(which > 0 && month <= today.month()) - i16::from(which < 0 && month >= today.month());
        let first = Date::new(today.year() + ahead, month, 1).ok()?;
        return Some(Found::new(2, Days { first, last: Some(first.last_of_month()) }));
    }
    if let Some(unit) = Unit::parse(named).filter(|_| !named.ends_with('s')) {
        return Some(Found::new(the + 2, around(today, unit, which)?));
    }
    let Found { taken, value } = amounts::length(pieces.get(the + 1..)?).filter(|_| which != 0)?;
    let far = moved(now, value, f64::from(which))?.date();
    let days = if which > 0 { Days { first: today, last: Some(far) } } else { Days { first: far, last: Some(today) } };
    Some(Found::new(the + 1 + taken, days))
}

fn named_day(today: Date, day: Weekday, which: i32, said: &str, doubts: &mut Vec<String>) -> Option<Date> {
    let soon = coming(today, day);
    match which {
        0 => Some(soon),
        1 if said != "next" => Some(soon),
        1 => {
            let offset = i64::from(day.to_monday_zero_offset());
            let next_week = monday(today)?.checked_add((7 + offset).days()).ok()?;
            if next_week != soon {
                doubts.push(format!("“Next” is read as the one of next week, {next_week}; the coming one is {soon}."));
            }
            Some(next_week)
        }
        _ => {
            let back = i64::from(today.weekday().since(day));
            today.checked_sub(if back == 0 { 7 } else { back }.days()).ok()
        }
    }
}

/// The day, week, month or year that is this one, or so many after it.
fn around(today: Date, unit: Unit, ahead: i32) -> Option<Days> {
    let (first, last) = match unit {
        Unit::Day => return today.checked_add(ahead.days()).ok().map(Days::one),
        Unit::Week => {
            let first = monday(today)?.checked_add((ahead * 7).days()).ok()?;
            (first, first.checked_add(6.days()).ok()?)
        }
        Unit::Month => {
            let first = today.first_of_month().checked_add(ahead.months()).ok()?;
            (first, first.last_of_month())
        }
        Unit::Year => {
            let first = today.first_of_year().checked_add(ahead.years()).ok()?;
            (first, first.last_of_year())
        }
        Unit::Second | Unit::Minute | Unit::Hour => return None,
    };
    Some(Days { first, last: Some(last) })
}

fn monday(today: Date) -> Option<Date> {
    today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()
}

/// The next such weekday after today.
pub(super) fn coming(today: Date, day: Weekday) -> Date {
    let days = match today.weekday().until(day) {
        0 => 7,
        days => i64::from(days),
    };
    today.checked_add(days.days()).unwrap_or(today)
}

/// Whether a time may be a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Yes, because "at" stands before it.
    At,
    /// No: it has to look like a time.
    Nothing,
}

/// A time of day: `9am`, `9:30 pm`, `21:00`, `noon`, `half past nine`, `9 o'clock`; after "at" also `9`.
pub(super) fn time(pieces: &[Piece], after: After, doubts: &mut Vec<String>) -> Option<Found<Time>> {
    let word = |at: usize| -> &str {
        let joined = (0..at).all(|before| pieces.get(before).is_some_and(|p| !p.ends_clause));
        pieces.get(at).filter(|_| joined).map_or("", |p| p.word.as_str())
    };
    let at = |hour: i8, minute: i8| Time::new(hour, minute, 0, 0).ok();
    match word(0) {
        "noon" | "midday" => return Some(Found::new(1, at(12, 0)?)),
        "midnight" => return Some(Found::new(1, at(0, 0)?)),
        _ => {}
    }
    let spoken = match (word(0), word(1)) {
        ("half", "past") => Some((30, 0)),
        ("quarter", "past") => Some((15, 0)),
        ("quarter", "to") => Some((45, -1)),
        _ => None,
    };
    if let Some((minute, hours)) = spoken {
        let hour = hour(word(2))?;
        let half = half_of_day(word(3));
        guess(half, hour, &format!("{} {} {}", word(0), word(1), word(2)), doubts);
        let hour = (on_the_clock(hour, half)? + hours).rem_euclid(24);
        return Some(Found::new(3 + usize::from(half.is_some()), at(hour, minute)?));
    }
    let (clock, glued) = split_half(word(0));
    let half = glued.or_else(|| half_of_day(word(1)));
    let taken = 1 + usize::from(glued.is_none() && half.is_some());
    if let Some((hours, minutes)) = clock.split_once([':', '.']).filter(|_| clock.contains(':') || half.is_some()) {
        let (minutes, seconds) = minutes.split_once(':').unwrap_or((minutes, "0"));
        let (h, m, s) = (hours.parse().ok()?, two_digits(minutes)?, seconds.parse().ok()?);
        if half.is_none() && hours.len() == 1 {
            guess(half, h, clock, doubts);
        }
        return Some(Found::new(taken, Time::new(on_the_clock(h, half)?, m, s, 0).ok()?));
    }
    let oclock = matches!(word(1), "o'clock" | "o’clock" | "oclock");
    let hour = hour(clock).filter(|_| half.is_some() || oclock || after == After::At)?;
    if half.is_some() {
        return Some(Found::new(taken, at(on_the_clock(hour, half)?, 0)?));
    }
    // "at 5 places" is no time: a bare hour ends its clause, or what follows goes on about time.
    let goes_on =
        matches!(word(1), "" | "on" | "and" | "or" | "every" | "each" | "for" | "until" | "with" | "in" | "sharp");
    let about_time = weekday(word(1)).is_some() || matches!(word(1), "today" | "tomorrow" | "tonight" | "next" | "to");
    if !oclock && !goes_on && !about_time {
        return None;
    }
    guess(None, hour, clock, doubts);
    Some(Found::new(1 + usize::from(oclock), at(hour, 0)?))
}

fn guess(half: Option<Half>, hour: i8, said: &str, doubts: &mut Vec<String>) {
    if half.is_none() && (1..=12).contains(&hour) {
        doubts.push(format!("“{said}” is read on a 24-hour clock; add “am” or “pm” if it is not meant so."));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

fn half_of_day(word: &str) -> Option<Half> {
    match word {
        "am" => Some(Half::Am),
        "pm" => Some(Half::Pm),
        _ => None,
    }
}

/// `9am` is `9` and its half.
fn split_half(word: &str) -> (&str, Option<Half>) {
    let cut = |end: &str| word.strip_suffix(end).filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    match (cut("am"), cut("pm")) {
        (Some(rest), _) => (rest, Some(Half::Am)),
        (_, Some(rest)) => (rest, Some(Half::Pm)),
        _ => (word, None),
    }
}

fn on_the_clock(hour: i8, half: Option<Half>) -> Option<i8> {
    match half {
        None => (0..=24).contains(&hour).then_some(hour % 24),
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + if half == Half::Pm { 12 } else { 0 }),
    }
}

fn hour(word: &str) -> Option<i8> {
    let digits = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    let value = match word.parse::<i8>() {
        Ok(value) if digits => value,
        _ => {
            let piece = Piece::of(word);
            let named =
                spell::cardinal(std::slice::from_ref(&piece)).filter(|_| word.chars().all(char::is_alphabetic))?;
            i8::try_from(rounded(named.value)?).ok()?
        }
    };
    (0..=24).contains(&value).then_some(value)
}

fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2).then(|| text.parse().ok()).flatten()
}

fn day_number(word: &str) -> Option<i8> {
    let bare = word.strip_suffix('.').unwrap_or(word);
    let digits = bare.len() <= 2 && bare.bytes().all(|b| b.is_ascii_digit());
    let value = if digits { bare.parse().ok()? } else { i8::try_from(rounded(spell::ordinal(bare)?)?).ok()? };
    (1..=31).contains(&value).then_some(value)
}

fn month(word: &str) -> Option<i8> {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let whole = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = if word == "sept" { "sep" } else { word };
    let at = names.iter().position(|name| *name == word).or_else(|| whole.iter().position(|name| *name == word))?;
    i8::try_from(at + 1).ok()
}

/// A weekday, in the singular.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" | "tues" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}
