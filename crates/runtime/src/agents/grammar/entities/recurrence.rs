//! What comes again and again: "every second Friday at 9", "daily", "on Mondays". It owns the rule after RFC 5545.

use super::{
    Found, Piece,
    amounts::Unit,
    calendar::{self, After},
    spell,
};
use crate::agents::grammar::reading::Meaning;
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday},
};

/// How often, without the time of day.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    unit: Unit,
    interval: u32,
    /// Which weekdays; empty where that does not matter.
    days: Vec<Weekday>,
    /// Which of the weekdays of a month: 2 for the second, -1 for the last.
    nth: Option<i8>,
}

/// A recurrence with its time of day, where it has one.
pub(super) fn recurrence(pieces: &[Piece], now: DateTime, doubts: &mut Vec<String>) -> Option<Found<Meaning>> {
    let Found { taken, value: rule } =
        every(pieces, doubts).or_else(|| adverb(pieces)).or_else(|| nth_of_each(pieces))?;
    let rest = if pieces[taken - 1].ends_clause { &[] } else { &pieces[taken..] };
    let at = usize::from(rest.first().is_some_and(|p| matches!(p.word.as_str(), "at" | "@")));
    let time = calendar::time(&rest[at..], if at == 1 { After::At } else { After::Nothing }, doubts);
    let (more, time) = time.map_or((0, None), |time| (at + time.taken, Some(time.value)));
    let next = next(&rule, time, now);
    Some(Found::new(taken + more, Meaning::Recurrence { rrule: rule.rrule(time), next }))
}

impl Rule {
    fn every(unit: Unit, interval: u32) -> Self {
        Self { unit, interval, days: Vec::new(), nth: None }
    }

    fn rrule(&self, time: Option<Time>) -> String {
        let freq = match self.unit {
            Unit::Second => "SECONDLY",
            Unit::Minute => "MINUTELY",
            Unit::Hour => "HOURLY",
            Unit::Day => "DAILY",
            Unit::Week => "WEEKLY",
            Unit::Month => "MONTHLY",
            Unit::Year => "YEARLY",
        };
        let mut rule = format!("FREQ={freq}");
        if self.interval != 1 {
            rule.push_str(&format!(";INTERVAL={}", self.interval));
        }
        if !self.days.is_empty() {
            let nth = self.nth.map(|nth| nth.to_string()).unwrap_or_default();
            let days: Vec<String> = self.days.iter().map(|day| format!("{nth}{}", code(*day))).collect();
            rule.push_str(&format!(";BYDAY={}", days.join(",")));
        }
        if let Some(time) = time {
            rule.push_str(&format!(";BYHOUR={};BYMINUTE={}", time.hour(), time.minute()));
        }
        rule
    }
}

/// `every day`, `each Monday and Thursday`, `every second Friday`, `every 15 minutes`, `every other week`.
fn every(pieces: &[Piece], doubts: &mut Vec<String>) -> Option<Found<Rule>> {
    if !matches!(pieces.first()?.word.as_str(), "every" | "each") || pieces[0].ends_clause {
        return None;
    }
    let (skip, interval, said) = interval(&pieces[1..]);
    let rest = pieces.get(1 + skip..)?;
    let first = rest.first()?;
    if let Some(day) = calendar::weekday(singular(&first.word)) {
        let more = if interval == 1 { more_days(rest) } else { Found::new(1, Vec::new()) };
        let taken = 1 + skip + more.taken;
        if let Some(nth) = said.as_deref().and_then(nth).filter(|_| of_the_month(&pieces[taken..])) {
            let rule = Rule { unit: Unit::Month, interval: 1, days: vec![day], nth: Some(nth) };
            return Some(Found::new(taken + 3, rule));
        }
        if let Some(said) = said.filter(|said| said != "other") {
            doubts.push(format!(
                "“Every {said} {}” is read as every {interval} weeks, beginning with the next one; “of the month” would \
                 make it monthly.",
                first.text
            ));
        }
        let mut days = vec![day];
        days.extend(more.value);
        return Some(Found::new(taken, Rule { unit: Unit::Week, interval, days, nth: None }));
    }
    let rule = match first.word.as_str() {
        "weekday" | "workday" => Rule { days: WORKDAYS.to_vec(), ..Rule::every(Unit::Week, interval) },
        "weekend" => Rule { days: vec![Weekday::Saturday, Weekday::Sunday], ..Rule::every(Unit::Week, interval) },
        "morning" | "evening" | "night" | "afternoon" => Rule::every(Unit::Day, interval),
        word => Rule::every(Unit::parse(word).filter(|_| word.len() > 1)?, interval),
    };
    Some(Found::new(2 + skip, rule))
}

/// The number after "every": pieces it takes, its value, and the word itself where it is an ordinal or "other".
fn interval(pieces: &[Piece]) -> (usize, u32, Option<String>) {
    let Some(first) = pieces.first() else { return (0, 1, None) };
    if first.word == "other" {
        return (1, 2, Some("other".to_owned()));
    }
    // "every second" alone is the unit.
    let goes_on = pieces.get(1).filter(|_| !first.ends_clause);
    let goes_on =
        goes_on.is_some_and(|p| calendar::weekday(singular(&p.word)).is_some() || Unit::parse(&p.word).is_some());
    if let Some(nth) = spell::ordinal(&first.word).filter(|_| goes_on) {
        return (1, small(nth), Some(first.word.clone()));
    }
    if first.word == "last" && goes_on {
        return (1, 1, Some(first.word.clone()));
    }
    match spell::cardinal(pieces) {
        Some(found) if found.value >= 1.0 && found.value.fract() == 0.0 => (found.taken, small(found.value), None),
        _ => (0, 1, None),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn small(value: f64) -> u32 {
    value.clamp(1.0, 1e6) as u32
}

/// `daily`, `weekly at 9`, `on Mondays`, `weekdays`.
fn adverb(pieces: &[Piece]) -> Option<Found<Rule>> {
    let first = pieces.first()?;
    let on = usize::from(first.word == "on" && !first.ends_clause);
    let word = pieces.get(on)?.word.as_str();
    let plural = word.strip_suffix('s').and_then(calendar::weekday).filter(|_| word.len() > 5);
    if let Some(day) = plural {
        let more = more_days(&pieces[on..]);
        let mut days = vec![day];
        days.extend(more.value);
        return Some(Found::new(on + more.taken, Rule { days, ..Rule::every(Unit::Week, 1) }));
    }
    let rule = match word {
        "weekdays" | "workdays" => Rule { days: WORKDAYS.to_vec(), ..Rule::every(Unit::Week, 1) },
        "weekends" => Rule { days: vec![Weekday::Saturday, Weekday::Sunday], ..Rule::every(Unit::Week, 1) },
        "hourly" if on == 0 => Rule::every(Unit::Hour, 1),
        "daily" if on == 0 => Rule::every(Unit::Day, 1),
        "weekly" if on == 0 => Rule::every(Unit::Week, 1),
        "fortnightly" | "biweekly" if on == 0 => Rule::every(Unit::Week, 2),
        "monthly" if on == 0 => Rule::every(Unit::Month, 1),
        "quarterly" if on == 0 => Rule::every(Unit::Month, 3),
        "yearly" | "annually" if on == 0 => Rule::every(Unit::Year, 1),
        _ => return None,
    };
    Some(Found::new(on + 1, rule))
}

/// `the first Monday of every month`.
fn nth_of_each(pieces: &[Piece]) -> Option<Found<Rule>> {
    let word = |at: usize| pieces.get(at).map_or("", |p| p.word.as_str());
    let the = usize::from(word(0) == "the");
    let nth = nth(word(the))?;
    let day = calendar::weekday(word(the + 1))?;
    let each = word(the + 2) == "of" && matches!(word(the + 3), "every" | "each") && word(the + 4) == "month";
    each.then(|| Found::new(the + 5, Rule { unit: Unit::Month, interval: 1, days: vec![day], nth: Some(nth) }))
}

/// The weekdays joined to the first by commas and "and", and how many pieces they take with it.
fn more_days(pieces: &[Piece]) -> Found<Vec<Weekday>> {
    let mut found = Found::new(1, Vec::new());
    loop {
        let and = usize::from(pieces.get(found.taken).is_some_and(|p| p.word == "and"));
        let next = pieces.get(found.taken + and).and_then(|p| calendar::weekday(singular(&p.word)));
        let comma = pieces[found.taken - 1].ends_clause;
        match next {
            Some(day) if (and == 1 || comma) && found.value.len() < 6 => {
                found.value.push(day);
                found.taken += and + 1;
            }
            _ => return found,
        }
    }
}

fn of_the_month(pieces: &[Piece]) -> bool {
    let word = |at: usize| pieces.get(at).map_or("", |p| p.word.as_str());
    word(0) == "of" && matches!(word(1), "the" | "each" | "every") && word(2) == "month"
}

fn nth(word: &str) -> Option<i8> {
    let ordinal = match word {
        "last" => return Some(-1),
        word => spell::ordinal(word)?,
    };
    (1..=5).find(|n| f64::from(*n) == ordinal)
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|rest| rest.ends_with("day")).unwrap_or(word)
}

/// The first time after now. Not told where it hangs on when one begins to count.
fn next(rule: &Rule, time: Option<Time>, now: DateTime) -> Option<String> {
    let daily = rule.unit == Unit::Day && rule.interval == 1;
    let weekly = rule.unit == Unit::Week && !rule.days.is_empty();
    let monthly = rule.unit == Unit::Month && rule.nth.is_some();
    if !(daily && time.is_some() || weekly || monthly) {
        return None;
    }
    let fits = |date: Date| {
        let day = rule.days.is_empty() || rule.days.contains(&date.weekday());
        let nth =
            rule.nth.is_none_or(|nth| date.nth_weekday_of_month(nth, date.weekday()).is_ok_and(|the| the == date));
        let later = time.map_or(date > now.date(), |time| date.to_datetime(time) > now);
        day && nth && later
    };
    // A fifth Friday may be months away.
    let date = (0..190_i64).filter_map(|ahead| now.date().checked_add(ahead.days()).ok()).find(|date| fits(*date))?;
    Some(time.map_or_else(|| date.to_string(), |time| date.to_datetime(time).to_string()))
}

const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

fn code(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}
