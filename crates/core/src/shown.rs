//! What a person sees of a question: its words, then what is at stake, piece by piece. Everything is shown, once, literally.

use crate::{diff, literal};
use serde_json::{Map, Value};
use wire::SemaphoreCard;

/// One piece of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is; the question itself has no label.
    pub label: String,
    /// How it reads.
    pub body: Body,
}

/// How a piece reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Words.
    Words(String),
    /// Letter for letter: a command, code, a tree of values.
    Code(String),
    /// What goes and what comes: runs of lines of the same kind.
    Diff(Vec<(Change, String)>),
}

/// What happens to lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They stay.
    Same,
    /// They go.
    Gone,
    /// They come.
    New,
    /// They say where in the file the next ones stand.
    Place,
}

/// The pieces of a question.
#[must_use]
pub fn pieces(card: &SemaphoreCard) -> Vec<Piece> {
    let mut pieces = vec![Piece { label: String::new(), body: Body::Words(literal::literal(&card.prompt)) }];
    match &card.context {
        None => {}
        Some(Value::Object(fields)) => context(fields.clone(), &mut pieces),
        Some(Value::String(text)) => pieces.push(code("details", literal::literal(text))),
        Some(other) => pieces.push(code("details", literal::tree(other))),
    }
    pieces
}

/// All of it as plain text, for the clipboard.
#[must_use]
pub fn text(card: &SemaphoreCard) -> String {
    let mut text = card.prompt.clone();
    if let Some(context) = &card.context {
        text.push_str("\n\n");
        text.push_str(&serde_json::to_string_pretty(context).unwrap_or_default());
    }
    text
}

fn context(mut rest: Map<String, Value>, pieces: &mut Vec<Piece>) {
    for name in ["command", "code", "script"] {
        if let Some(text) = rest.get(name).and_then(Value::as_str).map(literal::literal) {
            rest.remove(name);
            pieces.push(code(name, text));
        }
    }
    if let (Some(Value::String(before)), Some(Value::String(after))) = (rest.get("before"), rest.get("after")) {
        let lines = diff::lines(before, after).into_iter().map(|line| match line {
            diff::Line::Same(text) => (Change::Same, text),
            diff::Line::Gone(text) => (Change::Gone, text),
            diff::Line::New(text) => (Change::New, text),
        });
        pieces.push(Piece { label: "changes".to_owned(), body: Body::Diff(runs(lines, true)) });
        rest.remove("before");
        rest.remove("after");
    }
    if let Some(Value::String(patch)) = rest.get("diff") {
        let lines = patch.lines().map(|line| match line.as_bytes() {
            [b'@', b'@', ..] | [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => (Change::Place, line),
            [b'+', ..] => (Change::New, line),
            [b'-', ..] => (Change::Gone, line),
            _ => (Change::Same, line),
        });
        pieces.push(Piece { label: "changes".to_owned(), body: Body::Diff(runs(lines, false)) });
        rest.remove("diff");
    }
    if !rest.is_empty() {
        pieces.push(code("details", literal::tree(&Value::Object(rest))));
    }
}

fn code(label: &str, text: String) -> Piece {
    Piece { label: label.to_owned(), body: Body::Code(text) }
}

/// Lines of the same kind as one text, each with its sign where it does not bring one.
fn runs<'a>(lines: impl Iterator<Item = (Change, &'a str)>, signs: bool) -> Vec<(Change, String)> {
    let mut runs: Vec<(Change, String)> = Vec::new();
    for (change, line) in lines {
        let sign = match change {
            _ if !signs => "",
            Change::Gone => "- ",
            Change::New => "+ ",
            Change::Same | Change::Place => "  ",
        };
        let line = format!("{sign}{}\n", literal::literal(line));
        match runs.last_mut().filter(|(last, _)| *last == change) {
            Some((_, text)) => text.push_str(&line),
            None => runs.push((change, line)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wire::{
        AgentId, Timestamp, TokenId,
        semaphore::{OnTimeout, Reason, Severity},
    };

    fn pieces_of(context: Value) -> Vec<Piece> {
        pieces(&SemaphoreCard {
            id: TokenId::from_bits(1),
            agent_id: AgentId::parse("steward").unwrap(),
            reason: Reason::ApprovalNeeded,
            prompt: "Sure?".into(),
            options: vec![],
            severity: Severity::Info,
            created_at: Timestamp::from_millis(0),
            deadline: None,
            on_timeout: OnTimeout::Void,
            escalation: None,
            response_schema: None,
            context: Some(context),
        })
    }

    #[test]
    fn a_command_an_edit_and_the_rest_each_read_as_what_they_are() {
        let found = pieces_of(json!({"command": "rm -r x\n", "before": "a\nb", "after": "a\nc", "cwd": "/srv"}));
        let labels: Vec<&str> = found.iter().map(|p| p.label.as_str()).collect();
        assert_eq!(labels, ["", "command", "changes", "details"]);
        let edit = vec![
            (Change::Same, "  a\n".to_owned()),
            (Change::Gone, "- b\n".to_owned()),
            (Change::New, "+ c\n".to_owned()),
        ];
        assert_eq!(found[2].body, Body::Diff(edit));
        assert_eq!(found[3].body, Body::Code("cwd: /srv".into()));
    }

    #[test]
    fn a_patch_keeps_its_own_signs() {
        let found = pieces_of(json!({"diff": "@@ -1 +1 @@\n-a\n+b\n c"}));
        let Body::Diff(runs) = &found[1].body else { panic!("{found:?}") };
        let kinds: Vec<Change> = runs.iter().map(|(change, _)| *change).collect();
        assert_eq!(kinds, [Change::Place, Change::Gone, Change::New, Change::Same]);
    }

    #[test]
    fn what_is_not_as_expected_is_still_shown() {
        assert_eq!(pieces_of(json!({"before": 1, "after": 2}))[1].body, Body::Code("after: 2\nbefore: 1".into()));
        assert_eq!(pieces_of(json!([1]))[1].body, Body::Code("– 1".into()));
    }
}
