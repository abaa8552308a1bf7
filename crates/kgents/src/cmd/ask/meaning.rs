//! What an answer means for a script that goes on only after a yes.
//!
//! Doubt is a no: a script that stops can be started again.

use serde::Serialize;
use serde_json::Value;

const YES: [&str; 17] = [
    "yes",
    "y",
    "approve",
    "approved",
    "allow",
    "allowed",
    "accept",
    "accepted",
    "confirm",
    "confirmed",
    "ok",
    "okay",
    "proceed",
    "true",
    "continue",
    "yep",
    "yeah",
];
const NO: [&str; 25] = [
    "no",
    "n",
    "not",
    "nope",
    "never",
    "don't",
    "dont",
    "deny",
    "denied",
    "disallow",
    "disallowed",
    "disapprove",
    "reject",
    "rejected",
    "refuse",
    "refused",
    "decline",
    "declined",
    "cancel",
    "cancelled",
    "canceled",
    "stop",
    "abort",
    "block",
    "false",
];

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meaning {
    Yes,
    No,
    /// Neither: it says something.
    Other,
}

impl Meaning {
    /// What an answer to a question with these options means. Where one of them means yes, whatever does not is a no.
    pub(super) fn of(answer: &Value, options: &[String]) -> Self {
        let means = match answer {
            Value::Bool(true) => Self::Yes,
            Value::Bool(false) => Self::No,
            Value::String(text) => Self::of_text(text),
            _ => Self::Other,
        };
        match means {
            Self::Other if can_be_yes(options) => Self::No,
            means => means,
        }
    }

    /// By its first word; "do not" counts as one.
    fn of_text(text: &str) -> Self {
        let text = text.to_lowercase().replace('’', "'");
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
        match (words.next(), words.next()) {
            (Some("do"), Some("not")) => Self::No,
            (Some(first), _) if NO.contains(&first) => Self::No,
            (Some(first), _) if YES.contains(&first) => Self::Yes,
            _ => Self::Other,
        }
    }
}

/// Whether a yes is among the answers.
pub(super) fn can_be_yes(options: &[String]) -> bool {
    options.iter().any(|option| Meaning::of_text(option) == Meaning::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yes_and_no_are_known_by_their_first_word() {
        for yes in
            [json!("yes"), json!("Yes, deploy"), json!("OK!"), json!("approve"), json!(true), json!("Allow once")]
        {
            assert_eq!(Meaning::of(&yes, &[]), Meaning::Yes, "{yes}");
        }
        for no in [json!("no"), json!("No, keep it"), json!("don’t"), json!("do not"), json!(false), json!("Cancel")]
        {
            assert_eq!(Meaning::of(&no, &[]), Meaning::No, "{no}");
        }
        for other in [json!("red"), json!("notable"), json!({"approve": true}), json!(1), json!("")] {
            assert_eq!(Meaning::of(&other, &[]), Meaning::Other, "{other}");
        }
    }

    #[test]
    fn what_is_not_the_yes_that_could_have_been_given_is_a_no() {
        let options = ["yes".to_owned(), "later".to_owned()];
        assert_eq!(Meaning::of(&json!("later"), &options), Meaning::No);
        assert_eq!(Meaning::of(&json!("yes"), &options), Meaning::Yes);
        assert_eq!(Meaning::of(&json!("red"), &["red".to_owned(), "green".to_owned()]), Meaning::Other);
    }
}
