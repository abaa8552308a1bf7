//! What sort of utterance a clause is, and who does what to what in it.
//!
//! It owns the rules for English word order, over words whose part of speech is known. They are plain rules: what they
//! guess, they say as a doubt.

use super::{
    doubt::Doubts,
    mood::{self, Mood},
    phrase::{Scene, Taken, stands_apart},
    reading::{Action, Clause, Kind, Meaning, Modifier, Phrase, Pos, Role, Span},
    words::{Sort, Word},
};

/// How a sentence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a question mark.
    Asking,
    /// Without.
    Plain,
}

/// The clauses of one sentence. Only commands are taken apart at "and" and "then".
pub(super) fn read(scene: Scene<'_>, ending: Ending, doubts: &mut Doubts) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut rest = scene;
    while !rest.words.is_empty() {
        let cut = (1..rest.words.len()).find_map(|at| joint(rest.words, at));
        let (head, tail) = match cut {
            Some((end, next)) => (&rest.words[..end], &rest.words[next..]),
            None => (rest.words, &rest.words[rest.words.len()..]),
        };
        // Only what follows a command is another command: "I came and went" is one statement.
        let mut tried = doubts.clone();
        let first = one(Scene { words: head, ..scene }, ending, &mut tried);
        if tail.is_empty() || first.kind == Kind::Command {
            *doubts = tried;
            clauses.push(first);
            rest = Scene { words: tail, ..scene };
        } else {
            clauses.push(one(rest, ending, doubts));
            break;
        }
    }
    clauses
}

/// Where a clause ends and where the next one begins, if they meet here: "…, and then" before a verb.
fn joint(words: &[Word], at: usize) -> Option<(usize, usize)> {
    if !matches!(words[at].lower.as_str(), "and" | "then" | ";") {
        return None;
    }
    let link = |word: &Word| matches!(word.lower.as_str(), "and" | "then" | "also" | "please" | "afterwards" | ",");
    let next = (at + 1..words.len()).find(|next| !link(&words[*next]))?;
    let verb = &words[next];
    let object_follows = words.get(next + 1).is_some_and(|word| {
        matches!(word.pos, Pos::Determiner | Pos::Pronoun | Pos::ProperNoun | Pos::Number) || word.sort == Sort::Mark
    });
    let verb_like = verb.base_verb && (verb.pos == Pos::Verb || object_follows || !(verb.noun || verb.adjective));
    let end = if words[at - 1].lower == "," { at - 1 } else { at };
    (verb_like && end > 0).then_some((end, next))
}

fn one(scene: Scene<'_>, ending: Ending, doubts: &mut Doubts) -> Clause {
    let words = scene.words;
    let span = words[0].span.to(words[words.len() - 1].span);
    let (start, condition) = opening(scene);
    let mood = mood::of(scene, start, ending, doubts);
    let mut clause =
        Clause { kind: mood.kind(), span, subject: None, action: None, object: None, modifiers: Vec::new() };
    let mut used = start;
    match mood {
        Mood::Verbless(_) => {
            let taken = (start..words.len()).find_map(|at| scene.phrase(at));
            if let Some(taken) = taken {
                used = taken.end;
                clause.modifiers.extend(qualities(scene, &taken));
                clause.object = Some(taken.phrase);
            }
        }
        Mood::Acting { kind, verb, negated, subject, asked } => {
            // A subject before its verb ends there, whatever the verb might be besides.
            let until = |at: usize| if at < verb { verb } else { words.len() };
            let bounded = |at: usize| Scene { words: &words[..until(at)], ..scene }.phrase(at);
            let subject = subject.and_then(bounded);
            let (action, after) = action(scene, verb, kind, negated);
            clause.action = Some(action);
            // In "what time is it" the subject comes after the verb, and what is done to it after that.
            used = subject.as_ref().map_or(after, |subject| after.max(subject.end));
            clause.subject = subject.map(|taken| taken.phrase);
            let after = used;
            let asked = asked.and_then(|at| scene.phrase(at));
            match (asked, objects(scene, after)) {
                (_, Some((object, recipient, end))) => {
                    clause.modifiers.extend(recipient.map(|who| modifier(Role::Recipient, who.text, who.span)));
                    clause.modifiers.extend(qualities(scene, &object));
                    clause.object = Some(object.phrase);
                    used = end;
                }
                (Some(asked), None) => {
                    clause.modifiers.extend(qualities(scene, &asked));
                    clause.object = Some(asked.phrase);
                }
                (None, None) => {}
            }
            particle_after(scene, &mut clause, used);
        }
    }
    clause.modifiers.extend(condition.map(|span| modifier(Role::Condition, scene.said(span), span)));
    clause.modifiers.extend(entities(scene, span));
    clause.modifiers.extend(relations(scene, used, condition));
    clause.modifiers.sort_by_key(|modifier| modifier.span.start);
    clause
}

/// Where the clause proper begins, after greetings, a name, "please", a time, or a condition up to its comma.
fn opening(scene: Scene<'_>) -> (usize, Option<Span>) {
    let words = scene.words;
    let mut at = 0;
    let mut condition = None;
    loop {
        let Some(word) = words.get(at) else { return (0, condition) };
        let comma = || (at + 1..words.len()).find(|next| words[*next].lower == ",");
        let polite = matches!(
            word.lower.as_str(),
            "please"
                | "kindly"
                | "hello"
                | "hi"
                | "hey"
                | "ok"
                | "okay"
                | "well"
                | "so"
                | "also"
                | "first"
                | "finally"
                | "then"
                | "now"
                | "just"
                | "and"
                | "but"
                | "thanks"
        );
        let conditional = matches!(
            word.lower.as_str(),
            "if" | "when" | "whenever" | "once" | "unless" | "after" | "before" | "because"
        );
        let more = at + 1 < words.len();
        let greeting = (polite || word.pos == Pos::Interjection) && !(word.base_verb && word.pos == Pos::Verb);
        if more && (greeting || word.sort == Sort::Mark) {
            at += 1;
        } else if let Some(end) = time_first(scene, at) {
            at = end;
        } else if conditional && let Some(comma) = comma().filter(|comma| comma + 1 < words.len()) {
            condition = Some(word.span.to(words[comma - 1].span));
            at = comma + 1;
        } else if name_called(words, at) {
            at += 2;
        } else {
            return (at, condition);
        }
    }
}

/// "Tomorrow, …", "On Friday …", "Every day at 9 …": the first word after it, if there is one.
fn time_first(scene: Scene<'_>, at: usize) -> Option<usize> {
    let preposition = usize::from(scene.words[at].pos == Pos::Preposition);
    let entity = scene.apart(at + preposition)?;
    let over = (at + preposition..scene.words.len()).find(|next| scene.apart(*next) != Some(entity))?;
    // "Friday is a holiday" is about Friday.
    let word = &scene.words[over];
    (!matches!(word.pos, Pos::Auxiliary | Pos::Noun | Pos::ProperNoun)).then_some(over)
}

/// "Ada, delete the file".
fn name_called(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let name = word.text.starts_with(char::is_uppercase) && !word.base_verb;
    let name = name && matches!(word.pos, Pos::ProperNoun | Pos::Other | Pos::Noun);
    name && words.get(at + 1).is_some_and(|next| next.lower == ",") && at + 2 < words.len()
}

/// The verb with its particle, and the first word after them.
fn action(scene: Scene<'_>, verb: usize, kind: Kind, negated: bool) -> (Action, usize) {
    let word = &scene.words[verb];
    let lemma = match kind {
        // In a command it is the verb itself, whatever else it could be.
        Kind::Command => word.lower.clone(),
        _ if word.lower.ends_with("'s") => "be".to_owned(),
        _ => word.lemma.clone(),
    };
    let particle = scene.words.get(verb + 1).filter(|next| is_phrasal(&lemma, &next.lower));
    let (lemma, span, after) = match particle {
        Some(particle) => (format!("{lemma} {}", particle.lower), word.span.to(particle.span), verb + 2),
        None => (lemma, word.span, verb + 1),
    };
    (Action { lemma, text: scene.said(span), span, negated }, after)
}

/// "Turn the lights off": the particle after the object.
fn particle_after(scene: Scene<'_>, clause: &mut Clause, used: usize) {
    if let (Some(action), Some(word)) = (clause.action.as_mut(), scene.words.get(used))
        && is_phrasal(&action.lemma, &word.lower)
    {
        action.lemma = format!("{} {}", action.lemma, word.lower);
    }
}

/// What the verb is done to, who gets it, and the first word after both.
fn objects(scene: Scene<'_>, mut start: usize) -> Option<(Taken, Option<Phrase>, usize)> {
    while scene.words.get(start).is_some_and(|word| matches!(word.pos, Pos::Adverb) && scene.apart(start).is_none()) {
        start += 1;
    }
    let mut first = scene.phrase(start)?;
    // "Show me the list", "send Ada the report"
    let person = scene.words[start].pos == Pos::Pronoun || scene.words[start].pos == Pos::ProperNoun;
    let then_thing =
        scene.words.get(first.end).is_some_and(|next| matches!(next.pos, Pos::Determiner | Pos::Noun | Pos::Adjective));
    if person
        && then_thing
        && scene.apart(first.end).is_none()
        && let Some(second) = scene.phrase(first.end)
    {
        let end = second.end;
        return Some((second, Some(first.phrase), end));
    }
    // "receipts and invoices" are one object.
    while scene.words.get(first.end).is_some_and(|word| matches!(word.lower.as_str(), "and" | "or" | ","))
        && let Some(more) = scene.phrase(first.end + 1)
    {
        first.phrase.span = first.phrase.span.to(more.phrase.span);
        first.phrase.text = scene.said(first.phrase.span);
        first.qualities.extend(more.qualities);
        first.end = more.end;
    }
    let end = first.end;
    Some((first, None, end))
}

fn qualities(scene: Scene<'_>, taken: &Taken) -> Vec<Modifier> {
    let word = |at: &usize| &scene.words[*at];
    taken.qualities.iter().map(word).map(|word| modifier(Role::Quality, word.text.clone(), word.span)).collect()
}

/// The times, lengths and comparisons of a clause.
fn entities(scene: Scene<'_>, clause: Span) -> Vec<Modifier> {
    let here = scene.entities.iter().enumerate().filter(|(_, e)| clause.holds(e.span) && stands_apart(&e.value));
    here.map(|(at, entity)| {
        let role = match entity.value {
            Meaning::Comparison { .. } => Role::Condition,
            Meaning::Duration { .. } => Role::HowLong,
            _ => Role::When,
        };
        let before = scene.words.iter().rfind(|word| word.span.end <= entity.span.start);
        let preposition = before.filter(|word| word.pos == Pos::Preposition).map(|word| word.lower.clone());
        Modifier { preposition, entity: Some(at), ..modifier(role, entity.text.clone(), entity.span) }
    })
    .collect()
}

/// Adverbs, and phrases with a preposition, after the object.
fn relations(scene: Scene<'_>, from: usize, condition: Option<Span>) -> Vec<Modifier> {
    let words = scene.words;
    let mut found = Vec::new();
    let mut at = from;
    while at < words.len() {
        let word = &words[at];
        if scene.apart(at).is_some() || condition.is_some_and(|span| span.holds(word.span)) {
            at += 1;
            continue;
        }
        if word.pos == Pos::Adverb && !matches!(word.lower.as_str(), "please" | "then") {
            found.push(modifier(Role::Manner, word.text.clone(), word.span));
        }
        let preposition = matches!(word.pos, Pos::Preposition) || word.lower == "to";
        let infinitive =
            word.lower == "to" && words.get(at + 1).is_some_and(|next| next.base_verb && next.pos == Pos::Verb);
        let end = if infinitive {
            (at + 1..words.len())
                .find(|next| scene.apart(*next).is_some() || words[*next].lower == ",")
                .or(Some(words.len()))
        } else {
            scene.phrase(at + 1).filter(|_| preposition && scene.apart(at + 1).is_none()).map(|taken| taken.end)
        };
        let Some(end) = end else {
            at += 1;
            continue;
        };
        let span = word.span.to(words[end - 1].span);
        found.push(Modifier {
            preposition: Some(word.lower.clone()),
            ..modifier(Role::Relation, scene.said(span), span)
        });
        at = end;
    }
    found
}

fn modifier(role: Role, text: String, span: Span) -> Modifier {
    Modifier { role, text, span, preposition: None, entity: None }
}

/// Verbs whose particle changes what they mean.
fn is_phrasal(verb: &str, particle: &str) -> bool {
    let verbs: &[&str] = match particle {
        "up" => &[
            "set", "back", "look", "clean", "pick", "wake", "speed", "scale", "spin", "bring", "give", "write",
            "follow", "wrap", "sign",
        ],
        "down" => &["shut", "take", "scale", "slow", "tear", "write", "spin", "break", "turn"],
        "off" => &["turn", "switch", "call", "put", "log", "shut"],
        "on" => &["turn", "switch", "put", "go", "carry"],
        "out" => &["find", "check", "print", "log", "sign", "carry", "try", "point", "roll", "fill", "figure"],
        "in" => &["log", "sign", "check", "fill"],
        "back" => &["roll", "bring", "call"],
        "over" => &["hand", "take", "start"],
        "away" => &["throw", "put", "take"],
        _ => return false,
    };
    verbs.contains(&verb)
}
