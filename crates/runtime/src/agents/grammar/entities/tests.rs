//! What is recognised, as a table of sentences. Now is Wednesday, 18 November 2026, 10:00.

use super::*;
use serde_json::{Value, json};

fn now() -> DateTime {
    "2026-11-18T10:00".parse().unwrap()
}

/// Entities as they are sent, without their places.
fn entities(text: &str) -> Vec<Value> {
    let chars: Vec<char> = text.chars().collect();
    let found = find(&chars, now(), &mut Vec::new());
    for entity in &found {
        let at: String = chars[entity.span.start..entity.span.end].iter().collect();
        assert_eq!(at, entity.text, "the span is where the text is");
    }
    let bare = |entity: &Entity| {
        let mut value = serde_json::to_value(entity).unwrap();
        value.as_object_mut().unwrap().remove("span");
        value
    };
    found.iter().map(bare).collect()
}

/// Asserts that the text holds exactly this one.
fn one(text: &str, said: &str, mut meaning: Value) {
    meaning["text"] = json!(said);
    assert_eq!(entities(text), [meaning], "in {text:?}");
}

#[test]
fn days_are_counted_from_now() {
    for (said, date) in [
        ("today", "2026-11-18"),
        ("tomorrow", "2026-11-19"),
        ("yesterday", "2026-11-17"),
        ("the day after tomorrow", "2026-11-20"),
        ("Friday", "2026-11-20"),
        ("Wednesday", "2026-11-25"),
        ("this Friday", "2026-11-20"),
        ("next Friday", "2026-11-27"),
        ("next Monday", "2026-11-23"),
        ("last Friday", "2026-11-13"),
        ("last Wednesday", "2026-11-11"),
        ("in 3 days", "2026-11-21"),
        ("in two weeks", "2026-12-02"),
        ("3 days ago", "2026-11-15"),
        ("a month from now", "2026-12-18"),
        ("2026-12-24", "2026-12-24"),
        ("24.12.2026", "2026-12-24"),
        ("12/24/2026", "2026-12-24"),
        ("24/12/2026", "2026-12-24"),
        ("December 24", "2026-12-24"),
        ("24 December 2027", "2027-12-24"),
        ("the 1st of March", "2027-03-01"),
        ("Jan 5th", "2027-01-05"),
        ("the end of the month", "2026-11-30"),
    ] {
        one(&format!("Close it {said}, please."), said, json!({"type": "date", "date": date}));
    }
}

#[test]
fn stretches_have_a_first_and_a_last_day() {
    for (said, date, last) in [
        ("next week", "2026-11-23", "2026-11-29"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("December", "2026-12-01", "2026-12-31"),
        ("this weekend", "2026-11-21", "2026-11-22"),
        ("the last 7 days", "2026-11-11", "2026-11-18"),
        ("next 2 weeks", "2026-11-18", "2026-12-02"),
    ] {
        one(&format!("Show {said}"), said, json!({"type": "date", "date": date, "last": last}));
    }
}

#[test]
fn times_of_day_are_read_as_people_write_them() {
    for (said, time) in [
        ("9am", "09:00:00"),
        ("9 pm", "21:00:00"),
        ("12am", "00:00:00"),
        ("12 pm", "12:00:00"),
        ("9:30", "09:30:00"),
        ("9.30pm", "21:30:00"),
        ("21:05", "21:05:00"),
        ("at 9", "09:00:00"),
        ("9 o'clock", "09:00:00"),
        ("half past nine", "09:30:00"),
        ("quarter to nine", "08:45:00"),
        ("noon", "12:00:00"),
        ("7 p.m.", "19:00:00"),
    ] {
        one(&format!("Wake me {said}"), said, json!({"type": "time", "time": time}));
    }
    one("Meet at 5 places", "5", json!({"type": "number", "value": 5.0}));
    assert_eq!(entities("at 25:99"), [] as [Value; 0], "no time of this world");
}

#[test]
fn a_day_and_a_time_make_a_moment() {
    for (said, at) in [
        ("tomorrow at 9", "2026-11-19T09:00:00"),
        ("on Friday at 3pm", "2026-11-20T15:00:00"),
        ("at 3pm on Friday", "2026-11-20T15:00:00"),
        ("9am tomorrow", "2026-11-19T09:00:00"),
        ("in 2 hours", "2026-11-18T12:00:00"),
        ("90 minutes ago", "2026-11-18T08:30:00"),
        ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"),
        ("December 24, 18:00", "2026-12-24T18:00:00"),
    ] {
        let text = said.strip_prefix("on ").unwrap_or(said);
        one(&format!("Call Ada {said}"), text, json!({"type": "date_time", "at": at}));
    }
}

#[test]
fn lengths_of_time_have_an_iso_form() {
    let length = |iso: &str, amount: f64, unit: &str, seconds: f64| json!({"type": "duration", "iso": iso, "amount": amount, "unit": unit, "seconds": seconds});
    one("Sleep 30 days", "30 days", length("P30D", 30.0, "day", 2_592_000.0));
    one("Sleep an hour", "an hour", length("PT1H", 1.0, "hour", 3600.0));
    one("Sleep half an hour", "half an hour", length("PT0.5H", 0.5, "hour", 1800.0));
    one("Sleep an hour and a half", "an hour and a half", length("PT1.5H", 1.5, "hour", 5400.0));
    one("Sleep two and a half hours", "two and a half hours", length("PT2.5H", 2.5, "hour", 9000.0));
    one("Sleep 2 hours and 30 minutes", "2 hours and 30 minutes", length("PT2.5H", 2.5, "hour", 9000.0));
    one("Sleep 90min", "90min", length("PT90M", 90.0, "minute", 5400.0));
    one("A 30-day trial", "30-day", length("P30D", 30.0, "day", 2_592_000.0));
    let months = json!({"type": "duration", "iso": "P6M", "amount": 6.0, "unit": "month", "relation": "for"});
    one("Keep it for six months", "six months", months);
}

#[test]
fn what_comes_again_becomes_a_rule() {
    let rule = |rrule: &str, next: Option<&str>| {
        let mut rule = json!({"type": "recurrence", "rrule": rrule});
        if let Some(next) = next {
            rule["next"] = json!(next);
        }
        rule
    };
    let every_second = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=9;BYMINUTE=0", Some("2026-11-20T09:00:00"));
    for said in ["every second Friday at 9", "every other Friday at 9am", "Every 2nd Friday 9:00"] {
        one(said, said, every_second.clone());
    }
    for (said, rrule, next) in [
        ("every day at 8am", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0", Some("2026-11-19T08:00:00")),
        ("every day at noon", "FREQ=DAILY;BYHOUR=12;BYMINUTE=0", Some("2026-11-18T12:00:00")),
        ("every 15 minutes", "FREQ=MINUTELY;INTERVAL=15", None),
        ("every Monday and Thursday", "FREQ=WEEKLY;BYDAY=MO,TH", Some("2026-11-19")),
        ("on Mondays", "FREQ=WEEKLY;BYDAY=MO", Some("2026-11-23")),
        ("every second Friday of the month", "FREQ=MONTHLY;BYDAY=2FR", Some("2026-12-11")),
        ("the last Friday of every month", "FREQ=MONTHLY;BYDAY=-1FR", Some("2026-11-27")),
        (
            "every weekday at 17:30",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=17;BYMINUTE=30",
            Some("2026-11-18T17:30:00"),
        ),
        ("daily", "FREQ=DAILY", None),
        ("every three months", "FREQ=MONTHLY;INTERVAL=3", None),
        ("every second", "FREQ=SECONDLY", None),
    ] {
        one(&format!("Back up {said}"), said, rule(rrule, next));
    }
}

#[test]
fn bounds_say_what_is_compared_and_which_way() {
    let days = json!({"type": "duration", "iso": "P30D", "amount": 30.0, "unit": "day", "seconds": 2_592_000.0});
    let older = json!({"type": "comparison", "property": "age", "is": "more", "than": days,
        "threshold": "2026-10-19T10:00:00"});
    one("delete the old invoices older than 30 days", "older than 30 days", older);
    let gigabytes = json!({"type": "quantity", "value": 10.0, "unit": "GB"});
    let larger = json!({"type": "comparison", "property": "size", "is": "more", "than": gigabytes});
    one("files larger than 10 GB", "larger than 10 GB", larger);
    let number = |is: &str| json!({"type": "comparison", "is": is, "than": {"type": "number", "value": 5.0}});
    for (said, is) in [
        ("at least 5", "at_least"),
        ("no more than five", "at_most"),
        ("more than 5", "more"),
        ("> 5", "more"),
        ("fewer than 5", "less"),
        ("under 5", "less"),
    ] {
        one(&format!("Keep {said}"), said, number(is));
    }
    let than = json!({"type": "date", "date": "2026-11-17"});
    let newer = json!({"type": "comparison", "property": "age", "is": "less", "than": than, "threshold": "2026-11-17"});
    one("mail newer than yesterday", "newer than yesterday", newer);
    assert_eq!(entities("Climb over the wall"), [] as [Value; 0]);
}

#[test]
fn numbers_money_and_quantities() {
    one("It costs $1,200.50", "$1,200.50", json!({"type": "money", "value": 1200.5, "currency": "USD"}));
    one("It costs 20 euros", "20 euros", json!({"type": "money", "value": 20.0, "currency": "EUR"}));
    one("It is 50% done", "50%", json!({"type": "quantity", "value": 50.0, "unit": "%"}));
    one("Weighs 5kg", "5kg", json!({"type": "quantity", "value": 5.0, "unit": "kg"}));
    one("two hundred and five cats", "two hundred and five", json!({"type": "number", "value": 205.0}));
    one("3 million cats", "3 million", json!({"type": "number", "value": 3e6}));
    one("twenty-five cats", "twenty-five", json!({"type": "number", "value": 25.0}));
    one("the third cat", "third", json!({"type": "ordinal", "value": 3.0}));
    one("That one is nice. It was 7", "7", json!({"type": "number", "value": 7.0}));
}

#[test]
fn addresses_and_names() {
    let email = json!({"type": "email", "address": "ada@example.org"});
    one("Write to ada@example.org.", "ada@example.org", email);
    let url = json!({"type": "url", "url": "https://example.org/a?b=1"});
    one("Open https://example.org/a?b=1!", "https://example.org/a?b=1", url);
    one("Rename it to \"Plan for 2027\"", "\"Plan for 2027\"", json!({"type": "quoted", "name": "Plan for 2027"}));
    one("Call it „Zürich“", "„Zürich“", json!({"type": "quoted", "name": "Zürich"}));
    one("It's Ada's 'big day'", "'big day'", json!({"type": "quoted", "name": "big day"}));
    assert_eq!(entities("a@b and @home and x@"), [] as [Value; 0]);
}

#[test]
fn the_word_before_says_how_a_date_is_meant() {
    let found = entities("Send it by Friday, not before tomorrow");
    assert_eq!(found[0]["relation"], "by");
    assert_eq!(found[1]["relation"], "before");
}

#[test]
fn a_guess_is_admitted() {
    let doubts = |text: &str| {
        let mut doubts = Vec::new();
        find(&text.chars().collect::<Vec<_>>(), now(), &mut doubts);
        doubts
    };
    for text in ["at 9", "next Friday", "every second Friday", "03/04/2026"] {
        assert_eq!(doubts(text).len(), 1, "{text}: {:?}", doubts(text));
    }
    for text in ["at 9am", "on 2026-04-03", "every other Friday", "at 21:00"] {
        assert!(doubts(text).is_empty(), "{text}: {:?}", doubts(text));
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(text in "\\PC{0,200}") {
        entities(&text);
    }

    #[test]
    fn no_row_of_its_own_words_breaks_it(words in proptest::collection::vec(proptest::sample::select(&[
        "every", "second", "last", "next", "the", "of", "month", "Friday", "at", "9", "am", "half", "past", "an", "hour",
        "and", "a", "99999999999999", "hundred", "older", "than", "in", "ago", "days", "years", "to", "12:30", "-", "$", "5%",
        "weekend", "end", "Monday,", "\"", "'", "31", "February", "million", "2026-02-30", "no", "more", "couple", "from", "now",
    ][..]), 0..12)) {
        entities(&words.join(" "));
    }
}
