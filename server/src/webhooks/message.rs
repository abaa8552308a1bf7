//! What a target is told: the whole question as JSON, or a summary as Slack shows it.

use runtime::purgatory::Line;
use serde_json::{Value, json};
use wire::semaphore::{AuditEntry, SemaphoreCard, Step, TokenRecord, Verdict};

/// Longest prompt that Slack takes in one block, in characters, with some to spare.
const SLACK_PROMPT_MAX: usize = 2900;
/// Longest line of a summary, in characters.
const SLACK_LINE_MAX: usize = 200;

/// Whether anybody is told of this step. What happens to an answer later is the agent's own concern.
pub(super) fn is_told(step: Step) -> bool {
    match step {
        Step::Ejected | Step::Escalated | Step::Resolved | Step::Cancelled | Step::Voided => true,
        Step::Delivered | Step::ResumeFailed => false,
    }
}

/// Names a message: the same on every attempt, another for every line. Without dots, which the signature needs.
pub(super) fn id(line: &Line) -> String {
    format!("msg_{}_{}", line.entry.token_id, line.seq)
}

/// The whole of it. `token` is the question as it stands now; `event` is what older consumers read for `type`.
pub(super) fn json(entry: &AuditEntry, token: &TokenRecord) -> Value {
    let kind = format!("semaphore.{}", entry.step.as_str());
    let mut data = json!({
        "token_id": entry.token_id,
        "agent_id": entry.agent_id,
        "by": entry.by,
        "door": entry.door,
        "at": entry.at,
    });
    if let Some(decision) = &entry.decision {
        data["decision"] = json!(decision);
    }
    if let Some(reason) = &entry.reason {
        data["reason"] = json!(reason);
    }
    json!({ "type": kind, "event": kind, "timestamp": entry.at, "data": data, "token": token })
}

/// As Slack's incoming webhooks take it. What an agent wrote stands in plain text, where nothing is a link or a mention.
pub(super) fn slack(entry: &AuditEntry, token: &TokenRecord) -> Value {
    let card = &token.card;
    let head = format!("{} {}", card.agent_id, happened(entry));
    let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    let mut facts = vec![format!("severity: {}", card.severity.as_str()), format!("reason: {}", card.reason.as_str())];
    if entry.step == Step::Ejected {
        if !card.options.is_empty() {
            facts.push(format!("answers: {}", card.options.join(" · ")));
        }
        facts.extend(card.deadline.map(|deadline| format!("until {deadline}: then {}", card.on_timeout.as_str())));
    }
    if let Some(decision) = &entry.decision {
        facts.push(match decision.verdict {
            Verdict::Answered => format!("answer: {}", spoken(&decision.human_input)),
            verdict => format!("answer: {}", verdict.as_str()),
        });
        facts.extend(decision.note.as_ref().map(|note| format!("note: {note}")));
    }
    facts.extend(entry.reason.as_ref().map(|why| format!("why: {why}")));
    facts.push(card.id.to_string());
    let facts: Vec<Value> = facts.iter().map(|fact| plain(&shortened(fact, SLACK_LINE_MAX))).collect();
    json!({
        "text": escaped(&shortened(&format!("{head}: {}", first_line(card)), SLACK_LINE_MAX)),
        "blocks": [
            { "type": "header", "text": plain(&shortened(&head, 140)) },
            { "type": "section", "text": plain(&shortened(&card.prompt, SLACK_PROMPT_MAX)) },
            { "type": "context", "elements": facts },
        ],
    })
}

fn happened(entry: &AuditEntry) -> String {
    match entry.step {
        Step::Ejected => "asks".to_owned(),
        Step::Escalated => "still asks: nobody answered in time".to_owned(),
        Step::Resolved => format!("was answered by {}", entry.by),
        Step::Cancelled => format!("no longer asks: withdrawn by {}", entry.by),
        Step::Voided => "got no answer in time".to_owned(),
        Step::Delivered | Step::ResumeFailed => entry.step.as_str().to_owned(),
    }
}

fn first_line(card: &SemaphoreCard) -> &str {
    card.prompt.lines().find(|line| !line.trim().is_empty()).unwrap_or("")
}

fn spoken(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The beginning of a text, and that it is only that.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} … (shortened)", &text[..at]),
    }
}

/// As Slack asks for it in texts that it reads for links and mentions.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        AgentId, Timestamp, TokenId,
        semaphore::{Door, TokenStatus},
    };

    fn asked(prompt: &str) -> (AuditEntry, TokenRecord) {
        let (id, agent) = (TokenId::from_bits(7), AgentId::parse("crew").unwrap());
        let card = json!({
            "id": id, "agent_id": agent, "prompt": prompt, "created_at": Timestamp::from_millis(0),
            "reason": "approval_needed", "options": ["no", "yes"],
        });
        let at = Timestamp::from_millis(0);
        let record = TokenRecord {
            card: serde_json::from_value(card).unwrap(),
            status: TokenStatus::Pending,
            decision: None,
            moved_at: at,
            shown: String::new(),
            audit: Vec::new(),
        };
        let (by, door, shown) = ("crew".to_owned(), Door::Agent, String::new());
        let entry = AuditEntry {
            token_id: id,
            agent_id: agent,
            step: Step::Ejected,
            at,
            by,
            door,
            shown,
            decision: None,
            reason: None,
        };
        (entry, record)
    }

    #[test]
    fn older_consumers_find_event_timestamp_and_token() {
        let (entry, token) = asked("Deploy?");
        let body = json(&entry, &token);
        assert_eq!((&body["event"], &body["type"]), (&json!("semaphore.ejected"), &json!("semaphore.ejected")));
        assert_eq!((&body["token"]["prompt"], &body["token"]["status"]), (&json!("Deploy?"), &json!("pending")));
        assert_eq!(body["data"]["token_id"], body["token"]["id"]);
    }

    #[test]
    fn an_agent_cannot_mention_a_channel_and_slack_is_never_given_too_much() {
        let (entry, token) = asked(&format!("<!channel> & {}", "x".repeat(5000)));
        let body = slack(&entry, &token);
        assert!(body["text"].as_str().unwrap().starts_with("crew asks: &lt;!channel&gt; &amp; xx"), "{body}");
        let prompt = &body["blocks"][1]["text"];
        assert_eq!(prompt["type"], "plain_text");
        let text = prompt["text"].as_str().unwrap();
        assert!(text.chars().count() < 3000 && text.ends_with("(shortened)"), "{text}");
        assert!(body["blocks"][2]["elements"].as_array().unwrap().len() <= 10, "Slack's limit");
    }
}
