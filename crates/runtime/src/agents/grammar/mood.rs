//! Whether a clause commands, asks or states, and which word is its verb. It owns the signs by which that is told.

use super::{
    clause::Ending,
    doubt::Doubts,
    phrase::Scene,
    reading::{Kind, Pos},
    words::{Sort, Word},
};

/// What was found out about a clause. Places are places of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Somebody does something, or is to do it.
    Acting {
        kind: Kind,
        verb: usize,
        negated: bool,
        subject: Option<usize>,
        /// What is asked for: "time" in "what time is it".
        asked: Option<usize>,
    },
    /// No verb.
    Verbless(Kind),
}

impl Mood {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Acting { kind, .. } => kind,
            Self::Verbless(kind) => kind,
        }
    }

    fn command(verb: usize, negated: bool) -> Self {
        Self::Acting { kind: Kind::Command, verb, negated, subject: None, asked: None }
    }
}

/// The mood of a clause that properly begins at `start`.
pub(super) fn of(scene: Scene<'_>, start: usize, ending: Ending, doubts: &mut Doubts) -> Mood {
    let words = scene.words;
    let word = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    let first = word(start);
    if is_question_word(first) {
        return question(scene, start, ending, doubts);
    }
    if let Some(verb) = request(words, start) {
        let form = "This is worded as a question or a wish and read as a request.";
        doubts.add(if ending == Ending::Asking || word(start) == "please" { 0.9 } else { 0.8 }, form);
        return Mood::command(verb, negated_before(words, verb));
    }
    if matches!(first, "don't" | "never") || (first == "do" && word(start + 1) == "not") {
        let verb = (start + 1..words.len()).find(|at| words[*at].base_verb && word(*at) != "not");
        if let Some(verb) = verb.filter(|verb| *verb <= start + 3) {
            return Mood::command(verb, true);
        }
    }
    if is_inverted(words, start, ending) {
        return question(scene, start, ending, doubts);
    }
    if matches!(first, "let's" | "lets") && words.get(start + 1).is_some_and(|next| next.base_verb) {
        return Mood::command(start + 1, false);
    }
    // "Coffee?" offers something and commands nothing.
    let offered = ending == Ending::Asking && words.get(start).is_some_and(|w| w.noun) && words.len() == start + 1;
    if let Some(leaves) = commands(scene, start).filter(|_| !offered) {
        if let Some((leaves, why)) = leaves {
            doubts.add(leaves, why);
        }
        if ending == Ending::Asking {
            doubts.add(0.8, "It begins as a command and ends with a question mark.");
        }
        return Mood::command(start, false);
    }
    statement(scene, start, ending, doubts)
}

/// Whether a clause that begins with this word can be a command. Inside, how sure that is and why.
fn commands(scene: Scene<'_>, start: usize) -> Option<Option<(f64, String)>> {
    let words = scene.words;
    let first = words
        .get(start)
        .filter(|w| w.base_verb && !matches!(w.pos, Pos::Determiner | Pos::Pronoun | Pos::Preposition))?;
    if matches!(first.lower.as_str(), "hello" | "hi" | "hey" | "thanks" | "yes" | "no" | "ok" | "okay") {
        return None;
    }
    let only_verb = !first.noun && !first.adjective;
    let doubt =
        |leaves: f64| Some((leaves, format!("“{}” could be a noun or an adjective here, not a verb.", first.text)));
    let Some(next) = words.get(start + 1).filter(|_| scene.apart(start + 1).is_none()) else {
        // A single word, or one with a time after it.
        return Some(if only_verb {
            Some((0.9, format!("“{}” stands without an object.", first.text)))
        } else {
            doubt(0.65)
        });
    };
    if !only_verb && has_finite_verb(words, start + 1) {
        return None;
    }
    Some(match next.pos {
        _ if next.sort == Sort::Other || next.text.starts_with(['"', '“']) => None,
        Pos::Determiner | Pos::Pronoun | Pos::ProperNoun | Pos::Number | Pos::Symbol => None,
        _ if only_verb => None,
        Pos::Preposition | Pos::Subordinator if next.lower == "of" => return None,
        Pos::Noun | Pos::Adjective | Pos::Other | Pos::Preposition if first.pos != Pos::Verb => doubt(0.7),
        Pos::Punctuation | Pos::Conjunction => doubt(0.7),
        _ if first.pos == Pos::Verb => None,
        _ => doubt(0.85),
    })
}

/// Whether one of the words is a verb with a subject: "Time flies", "Test results look good".
fn has_finite_verb(words: &[Word], start: usize) -> bool {
    (start..words.len()).any(|at| {
        let bound = matches!(words[at - 1].lower.as_str(), "to" | "that" | "which" | "who" | "and" | "if" | "when");
        let subject = matches!(words[at - 1].pos, Pos::Noun | Pos::ProperNoun | Pos::Adverb) || at == start;
        let finite =
            words[at].pos == Pos::Auxiliary || (words[at].pos == Pos::Verb && !words[at].lower.ends_with("ing"));
        let relative = words[start..at]
            .iter()
            .any(|w| matches!(w.lower.as_str(), "that" | "which" | "who" | "if" | "when" | "to" | "where"));
        finite && subject && !bound && !relative
    })
}

/// "Could you …", "I'd like you to …", "you should …", "can you please …": where the verb is.
fn request(words: &[Word], start: usize) -> Option<usize> {
    let word = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    let mut at = match (word(start), word(start + 1), word(start + 2)) {
        ("could" | "can" | "would" | "will" | "won't" | "can't", "you", _) => start + 2,
        ("you", "should" | "must", _) => start + 2,
        ("i" | "we", "want" | "need", "you") if word(start + 3) == "to" => start + 4,
        ("i" | "we", "want" | "need" | "have", "to") => start + 3,
        ("i'd" | "we'd", "like", "to") => start + 3,
        ("i'd" | "we'd", "like", "you") if word(start + 3) == "to" => start + 4,
        ("i" | "we", "would", "like") if word(start + 3) == "to" => start + 4,
        ("i" | "we", "would", "like") if word(start + 3) == "you" && word(start + 4) == "to" => start + 5,
        _ => return None,
    };
    while matches!(word(at), "please" | "kindly" | "not" | "also" | "just" | "now" | "maybe" | "quickly") {
        at += 1;
    }
    words.get(at).is_some_and(|verb| verb.base_verb).then_some(at)
}

fn negated_before(words: &[Word], verb: usize) -> bool {
    verb > 0 && matches!(words[verb - 1].lower.as_str(), "not" | "never")
}

fn is_question_word(word: &str) -> bool {
    matches!(
        word,
        "what"
            | "who"
            | "whom"
            | "whose"
            | "which"
            | "when"
            | "where"
            | "why"
            | "how"
            | "what's"
            | "who's"
            | "where's"
            | "when's"
            | "how's"
    )
}

/// "Is it …", "does the …", "have you …"; and not "do the dishes".
fn is_inverted(words: &[Word], start: usize, ending: Ending) -> bool {
    let Some(first) = words.get(start) else { return false };
    let next = words.get(start + 1);
    let subject = next.is_some_and(|w| {
        matches!(w.lower.as_str(), "i" | "you" | "we" | "they" | "he" | "she" | "it" | "there" | "this" | "that")
    });
    let asking = ending == Ending::Asking;
    match first.lower.as_str() {
        "is" | "are" | "was" | "were" | "am" | "does" | "did" | "isn't" | "aren't" | "wasn't" | "weren't"
        | "doesn't" | "didn't" | "can" | "could" | "would" | "should" | "shall" | "might" | "has" | "had"
        | "hasn't" | "haven't" | "couldn't" | "wouldn't" | "shouldn't" => next.is_some(),
        "will" | "may" | "must" => asking || subject,
        // "Do it" commands and "do it again?" asks; "do you" always asks.
        "do" | "have" => asking || next.is_some_and(|w| matches!(w.lower.as_str(), "i" | "you" | "we" | "they")),
        "don't" => asking,
        _ => false,
    }
}

fn question(scene: Scene<'_>, start: usize, ending: Ending, doubts: &mut Doubts) -> Mood {
    let words = scene.words;
    if ending == Ending::Plain {
        doubts.add(0.9, "It is worded as a question but has no question mark.");
    }
    let by_word = is_question_word(&words[start].lower);
    let is = |at: usize, pos: Pos| words[at].pos == pos && scene.apart(at).is_none();
    let contracted = by_word && words[start].lower.ends_with("'s");
    let auxiliary =
        if contracted || !by_word { Some(start) } else { (start..words.len()).find(|at| is(*at, Pos::Auxiliary)) };
    let main = (start..words.len()).find(|at| is(*at, Pos::Verb) && Some(*at) != auxiliary);
    // "older than" and the like may hold verbs that are not the one that asks.
    let Some(verb) = main.or(auxiliary) else {
        doubts.add(0.7, "No verb was found in the question.");
        return Mood::Verbless(Kind::Question);
    };
    // "what time", "which files", "how many invoices"
    let skipped = usize::from(by_word)
        + usize::from(words.get(start + 1).is_some_and(|w| matches!(w.lower.as_str(), "many" | "much")));
    let limit = auxiliary.unwrap_or(verb).min(verb);
    let asked = (by_word && start + skipped < limit).then_some(start + skipped);
    let subject = auxiliary.map(|at| at + 1).filter(|at| *at < words.len() && (*at < verb || Some(verb) == auxiliary));
    let negated = words[start..].iter().any(|w| w.lower == "not" || w.lower.ends_with("n't"));
    Mood::Acting { kind: Kind::Question, verb, negated, subject, asked }
}

/// Subject, verb; or no verb at all.
fn statement(scene: Scene<'_>, start: usize, ending: Ending, doubts: &mut Doubts) -> Mood {
    let words = scene.words;
    let infinitive = |at: usize| at > 0 && words[at - 1].lower == "to";
    let free = |at: &usize| scene.apart(*at).is_none() && !infinitive(*at);
    let verb_at = |at: &usize| {
        let word = &words[*at];
        let participle = word.lower.ends_with("ing") || word.lower.ends_with("ed");
        let finite = word.pos == Pos::Auxiliary || (word.pos == Pos::Verb && !(participle && *at == start));
        finite && free(at)
    };
    let places = || start + 1..words.len();
    let first = places().find(verb_at).filter(|at| !only_quality(words, *at));
    let guessed = || {
        // "The train leaves": the tagger takes "leaves" for a noun.
        let third = |at: &usize| words[*at].verb && words[*at].lower.ends_with('s') && words[*at - 1].noun && free(at);
        places().rfind(third).filter(|_| matches!(words[start].pos, Pos::Determiner | Pos::Pronoun | Pos::ProperNoun))
    };
    let Some(found) = first.or_else(guessed) else {
        doubts.add(if ending == Ending::Asking { 0.7 } else { 0.85 }, "There is no verb that holds it together.");
        return Mood::Verbless(if ending == Ending::Asking { Kind::Question } else { Kind::Fragment });
    };
    if first.is_none() {
        doubts.add(0.75, format!("“{}” could be a noun here.", words[found].text));
    }
    // The main verb after auxiliaries: "has been deleted".
    let main = (found..words.len())
        .take_while(|at| matches!(words[*at].pos, Pos::Auxiliary | Pos::Verb | Pos::Adverb | Pos::Particle))
        .filter(|at| matches!(words[*at].pos, Pos::Auxiliary | Pos::Verb))
        .last()
        .unwrap_or(found);
    let negated =
        words[found..=main].iter().any(|w| matches!(w.lower.as_str(), "not" | "never") || w.lower.ends_with("n't"));
    let asked = ending == Ending::Asking;
    if asked {
        doubts.add(0.85, "It is worded as a statement and ends with a question mark.");
    }
    let kind = if asked { Kind::Question } else { Kind::Statement };
    Mood::Acting { kind, verb: main, negated, subject: Some(start), asked: None }
}

/// "deleted" in "all deleted files", which is no verb of its own.
fn only_quality(words: &[Word], at: usize) -> bool {
    let form = words[at].lower.ends_with("ed") || words[at].lower.ends_with("ing");
    form && matches!(words[at - 1].pos, Pos::Determiner | Pos::Adjective) && words.get(at + 1).is_some_and(|w| w.noun)
}
