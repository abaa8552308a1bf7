//! Readings as a table of sentences, and the agent's limits. Now is Wednesday, 18 November 2026, 10:00.

use super::{read::read, reading::*, *};
use prism::Exposed as _;
use serde_json::json;

fn reading(text: &str) -> Reading {
    let reading = read(text, "2026-11-18T10:00".parse().unwrap());
    let characters: Vec<char> = text.chars().collect();
    for token in &reading.tokens {
        let at: String = characters[token.span.start..token.span.end].iter().collect();
        assert_eq!(at, token.text, "offsets are characters");
    }
    assert!((0.0..=1.0).contains(&reading.confidence), "{text}");
    assert!(reading.confidence > 0.9 || !reading.doubts.is_empty(), "{text}: doubts have reasons");
    reading
}

/// Asserts kind, action and object; an empty word means none.
fn reads(text: &str, kind: Kind, action: &str, object: &str) -> Reading {
    let reading = reading(text);
    let found = (
        reading.kind,
        reading.action.as_ref().map_or("", |action| action.lemma.as_str()),
        reading.object.as_ref().map_or("", |object| object.text.as_str()),
    );
    assert_eq!(found, (kind, action, object), "{text:?}: {reading:#?}");
    reading
}

fn modifiers(reading: &Reading) -> Vec<(Role, &str)> {
    reading.modifiers.iter().map(|modifier| (modifier.role, modifier.text.as_str())).collect()
}

#[test]
fn commands_have_an_action_and_an_object() {
    for (text, action, object) in [
        ("Create a calendar", "create", "calendar"),
        ("delete the old invoices older than 30 days", "delete", "old invoices"),
        ("Remind me to call Ada tomorrow at 9am.", "remind", "me"),
        ("Book a table for two at 7pm", "book", "table"),
        ("Email customers about the outage", "email", "customers"),
        ("Please send Bob the report by Friday", "send", "report"),
        ("Could you please back up the database every day at 3am?", "back up", "database"),
        ("I would like to create a new project", "create", "new project"),
        ("Turn the lights off", "turn off", "lights"),
        ("Turn off the lights", "turn off", "lights"),
        ("Show me all invoices from last month", "show", "invoices"),
        ("Tomorrow, call Ada.", "call", "Ada"),
        ("If the disk is full, delete the oldest logs", "delete", "oldest logs"),
        ("Schedule a meeting with the design team next Monday at 10:30", "schedule", "meeting"),
        ("Find files larger than 10 GB", "find", "files"),
        ("Move the meeting to Friday", "move", "meeting"),
        ("Cancel tomorrow's meeting", "cancel", "tomorrow's meeting"),
        ("Set up a weekly backup of the photos", "set up", "weekly backup of the photos"),
        ("Rename the file \"a.txt\" to \"b.txt\"", "rename", "file \"a.txt\""),
        ("Open https://example.org", "open", "https://example.org"),
        ("Restart the server", "restart", "server"),
        ("Do the dishes", "do", "dishes"),
        ("Delete everything", "delete", "everything"),
        ("Let's plan the release", "plan", "release"),
        ("You should update the docs", "update", "docs"),
        ("We need to archive mail that is older than two years", "archive", "mail"),
        ("Ada, please review the pull request", "review", "pull request"),
        ("remove users and groups", "remove", "users and groups"),
        ("Fix the bug in the parser quickly", "fix", "bug"),
        ("Stop", "stop", ""),
    ] {
        reads(text, Kind::Command, action, object);
    }
}

#[test]
fn questions_are_told_from_commands() {
    for (text, action, object) in [
        ("What time is it?", "be", "time"),
        ("How many invoices are older than 30 days?", "be", "invoices"),
        ("Which files did Ada delete yesterday?", "delete", "files"),
        ("Who deleted the file?", "delete", "file"),
        ("Is the server running?", "run", ""),
        ("When does the train leave?", "leave", ""),
        ("Have you seen Ada?", "see", "Ada"),
        ("Can I delete the file?", "delete", "file"),
        ("What's the weather like in Berlin tomorrow?", "be", ""),
        ("where is the report", "be", ""),
    ] {
        reads(text, Kind::Question, action, object);
    }
}

#[test]
fn statements_and_fragments_command_nothing() {
    for (text, kind, action, object) in [
        ("I deleted the old invoices yesterday.", Kind::Statement, "delete", "old invoices"),
        ("The invoices were not deleted.", Kind::Statement, "delete", ""),
        ("The train leaves at 9.", Kind::Statement, "leave", ""),
        ("There are three cats in the garden.", Kind::Statement, "be", "three cats"),
        ("old invoices", Kind::Fragment, "", "old invoices"),
        ("List of invoices", Kind::Fragment, "", "List of invoices"),
        ("every second Friday at 9", Kind::Fragment, "", ""),
        ("Hello", Kind::Fragment, "", ""),
        ("Coffee?", Kind::Question, "", "Coffee"),
        ("42", Kind::Fragment, "", "42"),
    ] {
        reads(text, kind, action, object);
    }
    assert_eq!(reading("Test results look good").kind, Kind::Statement);
}

#[test]
fn nothing_is_read_as_nothing() {
    for text in ["", "   ", "\n\n", "!!!", "…"] {
        let reading = reads(text, Kind::Empty, "", "");
        assert!(reading.entities.is_empty() && reading.then.is_empty());
    }
}

#[test]
fn other_languages_are_named_and_not_read() {
    for (text, language) in [
        ("Lösche die alten Rechnungen", "German"),
        ("Wie spät ist es?", "German"),
        ("Erstelle bitte einen Kalender für morgen", "German"),
        ("Quelle heure est-il ?", "French"),
        ("¿Qué hora es?", "Spanish"),
        ("Удали старые счета", "Russian"),
    ] {
        let reading = reads(text, Kind::NotEnglish, "", "");
        assert!(!reading.language.english && reading.confidence < 0.1, "{reading:?}");
        assert_eq!(reading.language.name, language, "{text}");
        assert!(reading.doubts[0].contains(language), "{:?}", reading.doubts);
    }
    assert_eq!(reading("asdf qwer zxcv").language.name, "unknown");
    let names = reading("Invite Siobhán and Krzysztof to the meeting");
    assert!(names.language.english, "names are in no dictionary: {:?}", names.language);
}

#[test]
fn modifiers_say_how_and_when_and_under_which_condition() {
    let old = reading("delete the old invoices older than 30 days");
    assert_eq!(modifiers(&old), [(Role::Quality, "old"), (Role::Condition, "older than 30 days")]);
    let place = old.modifiers[1].entity.unwrap();
    assert!(matches!(old.entities[place].value, Meaning::Comparison { property: Some("age"), is: "more", .. }));
    assert_eq!(old.object.unwrap().head, "invoice");

    let send = reading("Please send Bob the report by Friday");
    assert_eq!(modifiers(&send), [(Role::Recipient, "Bob"), (Role::When, "Friday")]);
    assert_eq!(send.modifiers[1].preposition.as_deref(), Some("by"));

    let meeting = reading("Schedule a meeting with the design team next Monday at 10:30 for one hour");
    let roles: Vec<Role> = meeting.modifiers.iter().map(|modifier| modifier.role).collect();
    assert_eq!(roles, [Role::Relation, Role::When, Role::HowLong]);

    let fix = reading("Fix the bug in the parser quickly");
    assert_eq!(modifiers(&fix), [(Role::Relation, "in the parser"), (Role::Manner, "quickly")]);
    let full = reading("If the disk is full, delete the oldest logs");
    assert_eq!(modifiers(&full), [(Role::Condition, "If the disk is full"), (Role::Quality, "oldest")]);
}

#[test]
fn what_is_forbidden_is_not_commanded() {
    for text in [
        "Don't delete the files",
        "Do not delete the files",
        "Never delete the files",
        "Please don't ever delete files",
    ] {
        let action = reading(text).action.unwrap();
        assert_eq!((action.lemma.as_str(), action.negated), ("delete", true), "{text}");
    }
    assert!(reading("The invoices were not deleted.").action.unwrap().negated);
}

#[test]
fn several_commands_come_in_their_order() {
    let reading = reading("Create a calendar and invite Bob, then send the minutes to the team. Is it done?");
    let rest: Vec<_> = reading.then.iter().map(|c| (c.kind, c.action.as_ref().unwrap().lemma.as_str())).collect();
    assert_eq!(rest, [(Kind::Command, "invite"), (Kind::Command, "send"), (Kind::Question, "do")]);
}

#[test]
fn a_reading_that_guesses_is_less_sure_and_says_why() {
    let plain = reading("Create a calendar");
    assert!(plain.confidence > 0.9 && plain.doubts.is_empty());
    for text in
        ["Email customers about the outage", "Stop", "every second Friday at 9", "Create a frobnicator calendar zzgl"]
    {
        let doubtful = reading(text);
        assert!(doubtful.confidence < plain.confidence && !doubtful.doubts.is_empty(), "{text}: {doubtful:?}");
    }
}

#[test]
fn offsets_count_characters_and_not_bytes() {
    let reading = reading("Lösch… sorry, delete the naïve “café” 🦀 list");
    assert_eq!(reading.offsets, "characters");
}

#[test]
fn mistakes_come_with_a_way_out() {
    let mut linter = super::check::Linter::default();
    let checked = linter.check("Ths is an test.");
    let spelling = checked.lints.iter().find(|lint| lint.kind == "Spelling").unwrap();
    assert_eq!((spelling.text.as_str(), spelling.span), ("Ths", Span { start: 0, end: 3 }));
    assert!(spelling.suggestions.contains(&Suggestion::Replace { with: "This".to_owned() }), "{spelling:?}");
    assert!(linter.check("This is a test.").lints.is_empty());
    let german = linter.check("Lösche bitte die alten Rechnungen");
    assert!(german.lints.is_empty() && german.note.unwrap().contains("German"));
}

async fn call(grammar: &mut Grammar, command: &str, arguments: Value) -> Result<Value, prism::CallError> {
    let arguments = arguments.as_object().unwrap().clone();
    let mut cx = StepCx::default();
    grammar.call(command, arguments, &mut cx).await
}

#[tokio::test]
async fn its_commands_answer_with_what_a_program_can_use() {
    let mut grammar = Grammar::default();
    let arguments = json!({"text": "Delete mail older than a week", "now": "2026-11-18T10:00:00+02:00"});
    let answer = call(&mut grammar, "parse", arguments).await.unwrap();
    assert_eq!(answer["action"]["lemma"], "delete");
    assert_eq!(answer["entities"][0]["type"], "comparison");
    assert_eq!(answer["entities"][0]["threshold"], "2026-11-11T10:00:00");
    assert_eq!(answer["now"], "2026-11-18T10:00:00");
    let checked = call(&mut grammar, "check", json!({"text": "Ths is fine."})).await.unwrap();
    assert_eq!(checked["lints"][0]["suggestions"][0]["do"], "replace");
    for (text, kind) in [(json!("What now?"), "question"), (json!({"text": "Go"}), "command")] {
        let Step::Result(answer) = grammar.perturbed(text, &mut StepCx::default()).await.unwrap() else { panic!() };
        assert_eq!(answer["kind"], kind);
    }
}

#[tokio::test]
async fn what_it_cannot_take_is_refused_in_words() {
    let mut grammar = Grammar::default();
    let long = "é".repeat(TEXT_MAX + 1);
    let error = call(&mut grammar, "parse", json!({"text": long})).await.unwrap_err();
    assert_eq!(error.code(), "text_too_long");
    assert!(error.to_string().contains("20001") && error.advice().unwrap().contains("parts"), "{error}");
    assert_eq!(call(&mut grammar, "check", json!({"text": long})).await.unwrap_err().code(), "text_too_long");
    let error = call(&mut grammar, "parse", json!({"text": "Go", "now": "soonish"})).await.unwrap_err();
    assert_eq!(error.code(), "not_a_time");
    for input in [json!(7), json!(["Go"]), json!({"prompt": "Go"}), json!({"text": 7})] {
        let error = grammar.perturbed(input, &mut StepCx::default()).await.unwrap_err();
        assert_eq!(error.kind, "no_text");
    }
}

#[test]
fn now_is_a_date_a_time_or_a_moment() {
    for (text, at) in [
        ("2026-11-21", "2026-11-21T00:00:00"),
        ("2026-11-21T09:30", "2026-11-21T09:30:00"),
        ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00"),
        ("2026-11-21T09:30:00+02:00", "2026-11-21T09:30:00"),
        ("2026-11-21T09:30:00-05:00", "2026-11-21T09:30:00"),
    ] {
        assert_eq!(moment(text).unwrap().to_string(), at, "{text}");
    }
    for text in ["", "tomorrow", "2026-13-01", "Z"] {
        assert_eq!(moment(text).unwrap_err().kind, "not_a_time", "{text}");
    }
}

#[test]
fn a_text_of_one_word_again_and_again_is_read() {
    let parts = [
        "a ",
        "(",
        "\"",
        ". ",
        "list of ",
        "and delete ",
        "every ",
        "9 ",
        "é",
        "\n",
        "a@b.c ",
        "if a, ",
        "older than ",
        "🦀",
        "-",
    ];
    for part in parts {
        let long = part.repeat(2000 / part.chars().count());
        let reading = read(&long, "2026-11-18T10:00".parse().unwrap());
        assert!(reading.then.len() <= 50 && reading.entities.len() <= 500, "{part:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_the_reading(text in "\\PC{0,80}") {
        reading(&text);
    }

    #[test]
    fn no_row_of_english_words_breaks_the_reading(words in proptest::collection::vec(proptest::sample::select(&[
        "please", "delete", "the", "old", "files", "and", "then", "what", "is", "it", "?", ".", ",", "to", "don't", "every", "Friday",
        "of", "\"a\"", "if", "who", "have", "you", "let's", "deleted", "not", "9", "at", "up", "turn", "Ada", "'s", "$5",
    ][..]), 0..14)) {
        reading(&words.join(" "));
    }
}
