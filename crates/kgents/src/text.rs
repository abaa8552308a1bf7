//! Words for people: spans of time, ages, and texts of others made fit for a terminal.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};
use wire::{Timestamp, perturb::TIMEOUT_MAX_MS, semaphore::DEADLINE_MAX_MS};

/// Reads a span of time: `500ms`, `30s`, `5m`, `1h`; a bare number is seconds. For how long a caller may wait.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let span = read_span(text)?;
    if span.as_millis() > u128::from(TIMEOUT_MAX_MS) { Err("it may be an hour at most".to_owned()) } else { Ok(span) }
}

/// The same for how long a question may wait: up to a year, so days count, too.
pub(crate) fn deadline(text: &str) -> Result<Duration, String> {
    let span = read_span(text)?;
    let most = u128::try_from(DEADLINE_MAX_MS).unwrap_or_default();
    if span.as_millis() > most { Err("it may be a year at most".to_owned()) } else { Ok(span) }
}

fn read_span(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number and a unit: 500ms, 30s, 5m, 1h or 2d".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let ms = match unit.trim() {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        "d" => 86_400e3,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let span = Duration::try_from_secs_f64(number * ms / 1e3).map_err(|e| e.to_string())?;
    if span.as_millis() == 0 { Err("it must be at least 1ms".to_owned()) } else { Ok(span) }
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':')) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''")).into()
    }
}

/// A span of time in its largest fitting unit.
pub(crate) fn span(time: Duration) -> String {
    match (time.as_millis(), time.as_secs()) {
        (ms @ 0..1000, _) => format!("{ms} ms"),
        (_, s @ 0..120) => format!("{s} s"),
        (_, s @ 120..7200) => format!("{} min", s / 60),
        (_, s @ 7200..172_800) => format!("{} h", s / 3600),
        (_, s) => format!("{} d", s / 86_400),
    }
}

/// How long ago a moment was, in whole seconds or more.
pub(crate) fn age(moment: Timestamp, now: Timestamp) -> String {
    span(Duration::from_secs((now.millis_since(moment) / 1000).max(1)))
}

/// This moment.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A text that somebody else wrote, fit for a terminal: what would move the cursor, change colours or the direction of
/// writing is written out.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let written = |c: char| if is_harmful(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(written).collect())
}

/// The same on one line.
pub(crate) fn line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if matches!(c, '\n' | '\t' | '\r') { ' ' } else { c }).collect();
    harmless(&spaced).into_owned()
}

/// How many columns of a terminal a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text cut to some columns, with a mark where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

fn is_harmful(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_nonsense_is_refused() {
        for (text, ms) in [("500ms", 500), ("30s", 30_000), ("2", 2000), ("1.5m", 90_000), ("1h", 3_600_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "-1s", "0", "2h", "soon", "1d", "1e300h", "..5s", "NaN"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(deadline("2d"), Ok(Duration::from_secs(172_800)));
        assert!(deadline("367d").is_err() && deadline("0").is_err());
    }

    #[test]
    fn spans_are_said_in_their_largest_unit() {
        for (ms, said) in [(5, "5 ms"), (1500, "1 s"), (150_000, "2 min"), (7_200_000, "2 h"), (259_200_000, "3 d")] {
            assert_eq!(span(Duration::from_millis(ms)), said);
        }
    }

    #[test]
    fn a_word_can_be_copied_into_a_shell() {
        assert_eq!(quoted("release-1.4"), "release-1.4");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
    }

    #[test]
    fn a_text_of_others_cannot_steer_the_terminal() {
        assert_eq!(harmless("\u{1b}[2Jgone\u{9b}x"), "\\u{1b}[2Jgone\\u{9b}x");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(line("one\ntwo\r\u{7}"), "one two \\u{7}");
        assert_eq!(harmless("grüße\n\tok"), "grüße\n\tok");
    }

    #[test]
    fn a_cut_text_fits_and_shows_that_it_was_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }
}
