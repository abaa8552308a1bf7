//! Serendipity, gratitude and pataphysics: words for a seed. No model is asked, and the same seed says the same.

use super::dice::{Dice, choose};

/// What a tangent costs the pool.
pub const TANGENT_COST: f64 = 0.05;
/// What an inspiration costs.
pub const INSPIRE_COST: f64 = 0.03;
/// What an imaginary solution costs.
pub const SOLVE_COST: f64 = 0.08;
/// What imagining costs.
pub const IMAGINE_COST: f64 = 0.05;

const TANGENTS: [&str; 12] = [
    "Follow the part that embarrasses you.",
    "Who was here before, and what did they leave?",
    "Say it to somebody who has never seen a computer.",
    "The noise is the message; read the noise.",
    "What would this be if it were a garden wall?",
    "Swap the order of the first thing and the last.",
    "Look for the same shape somewhere smaller.",
    "Count what nobody counts here.",
    "What does it sound like when it works?",
    "Leave one thing unfinished, on purpose.",
    "Begin from the exception.",
    "Ask what it is afraid of.",
];

const INSPIRATIONS: [&str; 8] = [
    "Mend it with gold.",
    "Let one part be slower than all others.",
    "Make the border the subject.",
    "Give the smallest thing the largest place.",
    "Draw it once with your other hand.",
    "Keep what the accident kept.",
    "Plant it upside down and wait.",
    "Take away the part you like best.",
];

const THANKS: [&str; 6] = [
    "Thank you. It was noticed.",
    "Thank you, for what was asked and for what was not.",
    "Thank you. The garden is a little lighter.",
    "Thank you. It will be remembered longer than it took.",
    "Thank you, also from those who will not know.",
    "Thank you. Nothing is owed.",
];

const SOLUTIONS: [&str; 10] = [
    "Suppose the problem is the only part that works, and describe the rest as its symptoms.",
    "Measure the hole instead of the thing.",
    "Solve it for the day after it stopped mattering.",
    "Let the exception be the law, and the law the exception to it.",
    "Assume that every party is right and that the words are wrong.",
    "Treat the deadline as a colour, and match it.",
    "Deliver the opposite, labelled clearly.",
    "Ask the solution what its problem is.",
    "Exchange cause and effect, and see who complains.",
    "Walk round it until it has a front.",
];

const MELTS: [&str; 6] = [
    "What was a wall is a slow door.",
    "The rule holds for everything but this, and this is everything.",
    "The two sides are one side, seen twice.",
    "It was never solid; it was only cold.",
    "The name comes off, and the thing is still there.",
    "The exception has become large enough to live in.",
];

/// A tangent.
#[must_use]
pub fn tangent(seed: f64) -> &'static str {
    choose(&TANGENTS, seed)
}

/// An inspiration.
#[must_use]
pub fn inspiration(seed: f64) -> &'static str {
    choose(&INSPIRATIONS, seed)
}

/// Thanks. They depend on who is thanked, and not on the process that does it.
#[must_use]
pub fn thanks(target: &str) -> &'static str {
    // FNV-1a (Fowler, Noll, Vo).
    let hash = target.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    choose(&THANKS, Dice::new(hash).roll())
}

/// An imaginary solution.
#[must_use]
pub fn solution(seed: f64) -> &'static str {
    choose(&SOLUTIONS, seed)
}

/// What is left of a rigid thing.
#[must_use]
pub fn melted(seed: f64) -> &'static str {
    choose(&MELTS, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_thanked_is_thanked_in_the_same_words_tomorrow() {
        assert_eq!(thanks("scribe"), thanks("scribe"));
        let different: std::collections::BTreeSet<_> = ["a", "b", "c", "d", "e", "f", "g"].map(thanks).into();
        assert!(different.len() > 1);
    }

    #[test]
    fn a_seed_that_is_none_still_has_words() {
        for seed in [f64::NAN, -1.0, 0.0, 0.5, 1.0, f64::INFINITY] {
            assert!(![tangent(seed), inspiration(seed), solution(seed), melted(seed)].contains(&""));
        }
    }
}
