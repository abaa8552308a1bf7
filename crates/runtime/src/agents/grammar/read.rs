//! From a text to its [`Reading`]: cuts it into sentences and puts together what the others find.

use super::{
    clause::{self, Ending},
    doubt::Doubts,
    entities, language,
    phrase::Scene,
    reading::{Clause, Kind, Reading},
    words::{Sort, Word, Words},
};
use jiff::civil::DateTime;

/// Clauses after the first that are kept.
const CLAUSES_MAX: usize = 50;
/// Words no dictionary has that are named in the doubts.
const STRANGERS_MAX: usize = 3;

/// Reads a text. "Tomorrow" and the like are counted from `now`. The first text waits for the dictionary.
pub(super) fn read(text: &str, now: DateTime) -> Reading {
    let words = Words::of(text).list();
    let characters: Vec<char> = text.chars().collect();
    let language = language::guess(text, &words);
    let mut doubts = Doubts::default();
    let mut reading = Reading {
        kind: Kind::Empty,
        subject: None,
        action: None,
        object: None,
        modifiers: Vec::new(),
        then: Vec::new(),
        entities: Vec::new(),
        tokens: words.iter().map(Word::token).filter(|token| !token.text.trim().is_empty()).collect(),
        language,
        confidence: 1.0,
        doubts: Vec::new(),
        now: now.to_string(),
        offsets: "characters",
    };
    if !words.iter().any(|word| matches!(word.sort, Sort::Word | Sort::Number | Sort::Other)) {
        return reading;
    }
    let mut guesses = Vec::new();
    if reading.language.english {
        reading.entities = entities::find(&characters, now, &mut guesses);
    } else {
        let seems = match reading.language.name.as_str() {
            "unknown" => "This seems not to be English".to_owned(),
            name => format!("This seems to be {name}"),
        };
        reading.kind = Kind::NotEnglish;
        doubts.add(0.05, format!("{seems}; only English is read, so action and object are left open."));
        (reading.confidence, reading.doubts) = doubts.told();
        return reading;
    }
    let mut clauses = Vec::new();
    let sentences = sentences(&words);
    for (at, (sentence, ending)) in sentences.iter().enumerate() {
        // What is doubtful about later sentences is not about the first.
        let mut later = Doubts::default();
        let scene = Scene { text: &characters, words: sentence, entities: &reading.entities };
        clauses.extend(clause::read(scene, *ending, if at == 0 { &mut doubts } else { &mut later }));
        if clauses.len() > CLAUSES_MAX {
            doubts.add(1.0, format!("Only the first {CLAUSES_MAX} clauses are read."));
            break;
        }
    }
    for guess in guesses {
        doubts.add(0.95, guess);
    }
    strangers(&words, &mut doubts);
    clauses.truncate(CLAUSES_MAX);
    let mut clauses = clauses.into_iter();
    if let Some(Clause { kind, subject, action, object, modifiers, .. }) = clauses.next() {
        (reading.kind, reading.subject, reading.action, reading.object) = (kind, subject, action, object);
        reading.modifiers = modifiers;
    }
    reading.then = clauses.collect();
    (reading.confidence, reading.doubts) = doubts.told();
    reading
}

/// The sentences that have words, with how they end.
fn sentences(words: &[Word]) -> Vec<(&[Word], Ending)> {
    let mut found = Vec::new();
    let stops = |word: &Word| matches!(word.sort, Sort::Stop | Sort::Asking);
    for sentence in words.split_inclusive(stops) {
        let ends = sentence.last().filter(|last| stops(last));
        let asks = ends.is_some_and(|last| last.sort == Sort::Asking);
        let body = &sentence[..sentence.len() - usize::from(ends.is_some())];
        if body.iter().any(|word| word.sort != Sort::Mark) {
            found.push((body, if asks { Ending::Asking } else { Ending::Plain }));
        }
    }
    found
}

/// Words the dictionary has not, unless they look like names.
fn strangers(words: &[Word], doubts: &mut Doubts) {
    let small = |word: &&Word| !word.known && word.text.chars().next().is_some_and(char::is_lowercase);
    let unknown: Vec<&str> = words.iter().filter(small).map(|word| word.text.as_str()).collect();
    if unknown.is_empty() {
        return;
    }
    let named: Vec<String> = unknown.iter().take(STRANGERS_MAX).map(|word| format!("“{word}”")).collect();
    let more = if unknown.len() > STRANGERS_MAX { ", and others" } else { "" };
    doubts.add(
        if unknown.len() == 1 { 0.9 } else { 0.75 },
        format!("Not in the dictionary: {}{more}.", named.join(", ")),
    );
}
