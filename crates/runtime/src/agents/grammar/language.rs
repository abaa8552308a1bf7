//! Which language a text seems to be in. It owns when a text is read as English; `whatlang` names the other languages.

use super::{
    reading::Language,
    words::{Sort, Word},
};

/// Share of words the English dictionary must have, for a text to be read as English.
const ENGLISH_FROM: f64 = 0.6;

/// Small words of other languages, which few English sentences have.
const SMALL_WORDS: [(&str, &str, &[&str]); 5] = [
    (
        "deu",
        "German",
        &[
            "der", "die", "das", "den", "dem", "und", "ist", "nicht", "ein", "eine", "einen", "bitte", "ich", "mir",
            "wie", "für", "mit", "auf", "von", "zu", "alle", "wann", "wo", "wer", "uhr", "morgen", "heute", "jeden",
            "lösche", "zeige",
        ],
    ),
    (
        "fra",
        "French",
        &["le", "la", "les", "des", "une", "est", "et", "je", "vous", "pour", "dans", "quelle", "moi", "du"],
    ),
    (
        "spa",
        "Spanish",
        &["el", "la", "los", "las", "una", "es", "qué", "para", "por", "hora", "y", "de", "borra", "todas"],
    ),
    ("ita", "Italian", &["il", "lo", "gli", "una", "è", "che", "per", "di", "ora", "sono", "tutte", "e", "le"]),
    ("nld", "Dutch", &["het", "een", "de", "en", "ik", "niet", "voor", "alle", "van", "hoe", "laat", "verwijder"]),
];

/// The guess.
pub(super) fn guess(text: &str, words: &[Word]) -> Language {
    if foreign_letters(text) {
        return other(whatlang::detect(text).map(|info| info.lang()), 0.0);
    }
    let plain: Vec<&Word> = words.iter().filter(|word| word.sort == Sort::Word).collect();
    if plain.is_empty() {
        return Language { code: "und".to_owned(), name: "unknown".to_owned(), english: true, known_words: 1.0 };
    }
    let known = plain.iter().filter(|word| word.known).count();
    let known_words = share(known, plain.len());
    let tallies = SMALL_WORDS.map(|(code, name, small)| {
        (plain.iter().filter(|word| small.contains(&word.lower.as_str())).count(), code, name)
    });
    let small = tallies.into_iter().max_by_key(|(count, ..)| *count).filter(|(count, ..)| *count > 0);
    // A name or two are in no dictionary; but next to small words of another language they are that language.
    let foreign = small.is_some_and(|(count, ..)| count * 3 >= plain.len() && known_words < 1.0)
        || small.is_some_and(|(count, ..)| count * 2 > plain.len());
    if !foreign && (known_words >= ENGLISH_FROM || plain.len() == 1) {
        return Language { code: "eng".to_owned(), name: "English".to_owned(), english: true, known_words };
    }
    let letters = whatlang::detect(text).filter(whatlang::Info::is_reliable);
    let letters = letters.map(|info| info.lang()).filter(|lang| *lang != whatlang::Lang::Eng);
    match small {
        Some((_, code, name)) => Language { code: code.to_owned(), name: name.to_owned(), english: false, known_words },
        None => other(letters, known_words),
    }
}

fn other(lang: Option<whatlang::Lang>, known_words: f64) -> Language {
    let (code, name) = lang.map_or(("und", "unknown"), |lang| (lang.code(), lang.eng_name()));
    Language { code: code.to_owned(), name: name.to_owned(), english: false, known_words }
}

/// Whether most letters are of another script, which harper does not even take for words.
fn foreign_letters(text: &str) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    let latin = |c: &char| *c < '\u{250}' || ('\u{1e00}'..'\u{1f00}').contains(c);
    letters().filter(|c| !latin(c)).count() * 2 > letters().count()
}

#[expect(clippy::cast_precision_loss, reason = "a text has far fewer than 2^52 words")]
fn share(part: usize, whole: usize) -> f64 {
    (part as f64 / whole as f64 * 100.0).round() / 100.0
}
