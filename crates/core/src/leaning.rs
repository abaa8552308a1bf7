//! How much an answer permits, by its words: so that the safe answer stands first, and a single key can mean a plain yes or
//! a plain no. A guess for the order on the screen; never a rule about what an answer does.

use crate::order::sorted;

/// How much an answer permits. In the order in which answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaning {
    /// It forbids, stops or puts off.
    No,
    /// It cannot be told.
    Neither,
    /// It permits this one thing.
    Yes,
    /// It permits more than this one thing.
    Always,
}

const NO: [&str; 22] = [
    "no", "n", "not", "don't", "do", "deny", "denied", "reject", "refuse", "decline", "cancel", "stop", "abort",
    "never", "block", "discard", "quit", "skip", "wait", "later", "hold", "disallow",
];
const YES: [&str; 22] = [
    "yes", "y", "ok", "okay", "allow", "approve", "approved", "accept", "confirm", "proceed", "continue", "go", "run",
    "deploy", "grant", "permit", "merge", "apply", "delete", "send", "sure", "true",
];
const ALWAYS: [&str; 8] = ["always", "all", "every", "everything", "any", "anything", "forever", "permanently"];

/// What an answer leans to.
#[must_use]
pub fn leaning(answer: &str) -> Leaning {
    let lower = answer.to_ascii_lowercase().replace('’', "'");
    let mut words =
        lower.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '\'').filter(|w| !w.is_empty());
    let Some(first) = words.next() else { return Leaning::Neither };
    let rest: Vec<&str> = words.collect();
    // "do not" and "don't" forbid; "do it" does not.
    let forbids = if first == "do" { rest.first() == Some(&"not") } else { NO.contains(&first) || first == "false" };
    if forbids {
        Leaning::No
    } else if std::iter::once(&first).chain(&rest).any(|word| ALWAYS.contains(word)) {
        Leaning::Always
    } else if YES.contains(&first) || (first == "do" && rest.first() == Some(&"it")) {
        Leaning::Yes
    } else {
        Leaning::Neither
    }
}

/// The answers, those that permit least first, otherwise as they were.
#[must_use]
pub fn cautious(options: &[String]) -> Vec<String> {
    sorted(options.to_vec(), |a, b| leaning(a).cmp(&leaning(b)))
}

/// The one answer that leans so, if there is exactly one.
#[must_use]
pub fn only(options: &[String], wanted: Leaning) -> Option<&String> {
    let mut fitting = options.iter().filter(|option| leaning(option) == wanted);
    fitting.next().filter(|_| fitting.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn the_answer_that_permits_least_stands_first() {
        let asked = texts(&["Always allow", "Yes", "use staging", "No, keep it", "Don’t"]);
        assert_eq!(cautious(&asked), texts(&["No, keep it", "Don’t", "use staging", "Yes", "Always allow"]));
        assert_eq!(cautious(&texts(&["blue", "red"])), texts(&["blue", "red"]));
    }

    #[test]
    fn a_key_means_an_answer_only_where_there_is_just_one() {
        let asked = texts(&["yes", "yes, always", "no"]);
        assert_eq!(only(&asked, Leaning::Yes), Some(&"yes".to_owned()));
        assert_eq!(only(&asked, Leaning::No), Some(&"no".to_owned()));
        assert_eq!(only(&texts(&["yes", "approve"]), Leaning::Yes), None);
        assert_eq!(only(&texts(&["red"]), Leaning::No), None);
    }

    #[test]
    fn words_inside_words_mean_nothing() {
        assert_eq!(leaning("notify them"), Leaning::Neither);
        assert_eq!(leaning("do it"), Leaning::Yes);
        assert_eq!(leaning("Do not deploy"), Leaning::No);
        assert_eq!(leaning("  "), Leaning::Neither);
    }
}
