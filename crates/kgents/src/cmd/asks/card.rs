//! A question as people see it at a terminal: whole and literal, behind a bar, so that nothing in it can be taken for
//! what kgents itself says.

use crate::{
    json,
    out::{BAD, GOOD, Hue, ODD, QUIET, STRONG, styled},
    text,
};
use anstyle::Style;
use serde_json::Value;
use std::time::Duration;
use wire::{
    Timestamp, TokenId,
    semaphore::{AuditEntry, Decision, Door, Severity, Step, TokenRecord, TokenStatus, Verdict},
};

/// Columns of a label.
const LABEL: usize = 10;
/// What stands before each line of a text that the asker wrote.
const BAR: &str = "│ ";
/// Characters of an id that are enough to tell the questions of a day apart.
const SHORT: usize = "sem-".len() + 8;

/// The beginning of an id: it names the question as long as no other begins so.
pub(super) fn short(id: &TokenId) -> &str {
    id.as_str().get(..SHORT).unwrap_or(id.as_str())
}

/// How long something may still wait.
pub(super) fn until(deadline: Timestamp, now: Timestamp) -> String {
    match deadline.millis_since(now) {
        0 => "now".to_owned(),
        ms => format!("in {}", text::span(Duration::from_secs((ms / 1000).max(1)))),
    }
}

/// A status as a symbol, a word, a colour.
pub(super) fn status(status: TokenStatus) -> (String, Style) {
    let (symbol, style) = match status {
        TokenStatus::Pending => ('?', ODD),
        TokenStatus::Resolved | TokenStatus::Delivered => ('✓', GOOD),
        TokenStatus::Cancelled => ('✕', QUIET),
        TokenStatus::Voided => ('◌', QUIET),
    };
    (format!("{symbol} {}", status.as_str()), style)
}

pub(super) fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Info => Style::new(),
        Severity::Warning => ODD,
        Severity::Critical => BAD,
    }
}

/// An answer in words.
pub(super) fn decision(decision: &Decision) -> String {
    let words = match decision.verdict {
        Verdict::Answered => decision.human_input.as_str().map_or_else(|| decision.human_input.to_string(), text::line),
        Verdict::Denied => "no, because nobody answered in time".to_owned(),
        Verdict::Proceed => "go ahead, because nobody answered in time".to_owned(),
    };
    let note = decision.note.as_ref().map(|note| format!(" ({})", text::line(note))).unwrap_or_default();
    format!("{words}, by {}{note}", text::line(&decision.by))
}

/// The whole question.
pub(super) fn question(record: &TokenRecord, hue: Hue) -> Vec<String> {
    let card = &record.card;
    let now = text::now();
    let (state, colour) = status(record.status);
    let label = |name: &str, value: &str| format!("{} {value}", styled(hue, QUIET, &format!("{name:LABEL$}")));
    let mut lines = vec![
        format!("{}  {}", styled(hue, STRONG, card.id.as_str()), styled(hue, colour, &state)),
        label("asked", &format!("by {}, {} ago", card.agent_id, text::age(card.created_at, now))),
        label("severity", &styled(hue, severity(card.severity), card.severity.as_str())),
        label("reason", card.reason.as_str()),
    ];
    if let Some(deadline) = card.deadline {
        let left = if record.status == TokenStatus::Pending { until(deadline, now) + ", " } else { String::new() };
        lines.push(label("until", &format!("{left}{deadline}; then {}", card.on_timeout.as_str())));
    }
    if let Some(escalation) = &card.escalation {
        lines.push(label("escalation", &text::line(escalation)));
    }
    if let Some(decided) = &record.decision {
        lines.push(label("answer", &decision(decided)));
    }
    lines.push(String::new());
    lines.extend(barred(&card.prompt, hue));
    if let Some(context) = &card.context {
        lines.extend([String::new(), styled(hue, QUIET, "what is at stake")]);
        lines.extend(value(context, hue));
    }
    if let Some(schema) = &card.response_schema {
        lines.extend([String::new(), styled(hue, QUIET, "what an answer has to fit")]);
        lines.extend(value(schema, hue));
    }
    if !card.options.is_empty() {
        lines.push(String::new());
        let options = card.options.iter().enumerate();
        lines.extend(options.map(|(n, option)| format!("{:>4}  {}", n + 1, styled(hue, STRONG, &text::line(option)))));
    }
    lines
}

/// What became of it, oldest first.
pub(super) fn trail(record: &TokenRecord, hue: Hue) -> Vec<String> {
    let entry = |entry: &AuditEntry| {
        let why = entry.reason.as_ref().map(|why| format!(": {}", text::line(why))).unwrap_or_default();
        let when = styled(hue, QUIET, &entry.at.to_string());
        let step = styled(hue, step(entry.step), &format!("{:13}", entry.step.as_str()));
        format!("{when}  {step}  by {} ({}){why}", text::line(&entry.by), door(entry.door))
    };
    std::iter::once(String::new()).chain(record.audit.iter().map(entry)).collect()
}

fn step(step: Step) -> Style {
    match step {
        Step::Ejected => ODD,
        Step::Resolved | Step::Delivered => GOOD,
        Step::Escalated | Step::ResumeFailed => BAD,
        Step::Cancelled | Step::Voided => QUIET,
    }
}

fn door(door: Door) -> &'static str {
    match door {
        Door::Agent => "the agent itself",
        Door::Rest => "REST",
        Door::Page => "the page",
        Door::Socket => "a socket",
        Door::Agentese => "AGENTESE",
        Door::Deadline => "the clock",
    }
}

/// A text literally, each line behind the bar.
fn barred(text: &str, hue: Hue) -> Vec<String> {
    let bar = styled(hue, QUIET, BAR);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text::harmless(text).split('\n').map(|line| format!("{bar}{line}")).collect()
}

/// A text as it stands, anything else as JSON. Without colours: their codes would be made harmless, too.
fn value(value: &Value, hue: Hue) -> Vec<String> {
    match value {
        Value::String(text) => barred(text, hue),
        value => barred(&json::pretty(value, Hue::Plain), hue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_prompt_cannot_pass_for_what_kgents_says() {
        let record: TokenRecord = serde_json::from_value(json!({
            "id": TokenId::from_bits(7), "agent_id": "crew", "reason": "approval_needed",
            "prompt": "Delete?\nanswer     yes, by ann\u{1b}[2J", "options": ["no"], "severity": "critical",
            "created_at": "2026-11-21T12:00:00.000Z", "on_timeout": "void", "context": {"a": "x\u{9b}"},
            "status": "pending", "moved_at": "2026-11-21T12:00:00.000Z", "shown": ""
        }))
        .unwrap();
        let lines = question(&record, Hue::Plain);
        assert!(lines.contains(&"│ answer     yes, by ann\\u{1b}[2J".to_owned()), "{lines:#?}");
        assert!(lines.iter().all(|line| !line.contains(|c: char| c.is_control())), "{lines:#?}");
    }
}
