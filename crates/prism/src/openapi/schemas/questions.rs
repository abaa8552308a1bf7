//! Schemas of questions that wait for a person.

use super::{Named, described, list, object, reference};
use serde_json::{Value, json};
use wire::semaphore::{
    Door, OPTIONS_MAX, OnTimeout, PROMPT_MAX, Reason, Severity, Step, TokenStatus, Verdict, WORD_MAX,
};

pub(super) fn questions() -> Named {
    let text = || json!({ "type": "string" });
    let word = |what: &str| described(what, json!({ "type": "string", "maxLength": WORD_MAX }));
    vec![
        ("TokenId", json!({ "type": "string", "pattern": "^sem-[0-9a-f]{32}$", "description": "Names one question." })),
        ("Reason", json!({ "type": "string", "enum": Reason::ALL.map(Reason::as_str) })),
        ("Severity", json!({ "type": "string", "enum": Severity::ALL.map(Severity::as_str) })),
        (
            "OnTimeout",
            described(
                "What happens at the deadline: the question lapses, the agent is told no, or yes, or the question becomes \
                 critical and waits on.",
                json!({ "type": "string", "enum": OnTimeout::ALL.map(OnTimeout::as_str) }),
            ),
        ),
        ("TokenStatus", json!({ "type": "string", "enum": TokenStatus::ALL.map(TokenStatus::as_str) })),
        ("Ask", ask()),
        ("SemaphoreCard", object("A question as everybody sees it.", &card_required(), &card_optional())),
        ("Decision", {
            object(
                "The one decision about a question.",
                &[
                    ("verdict", json!({ "type": "string", "enum": Verdict::ALL.map(Verdict::as_str) })),
                    ("human_input", described("The answer; `null` where the deadline decided.", json!({}))),
                    ("by", described("Who: the name of the token, or `deadline`.", text())),
                    ("at", reference("Timestamp")),
                ],
                &[("note", word("A word to go with it."))],
            )
        }),
        ("AuditEntry", audit_entry()),
        ("TokenRecord", {
            let required = [
                card_required(),
                vec![
                    ("status", reference("TokenStatus")),
                    ("moved_at", reference("Timestamp")),
                    ("shown", described("SHA-256 of what is shown.", text())),
                ],
            ]
            .concat();
            let audit = described("Its life, oldest first; left out of lists.", list("AuditEntry"));
            let optional = [card_optional(), vec![("decision", reference("Decision")), ("audit", audit)]].concat();
            object("A question and what became of it.", &required, &optional)
        }),
        ("Asked", {
            let url = described("Where the question is, as a path of this gateway.", text());
            object("The question as it was stored.", &[card_required(), vec![("url", url)]].concat(), &card_optional())
        }),
        (
            "PendingList",
            object(
                "What waits, most urgent first.",
                &[("pending", list("SemaphoreCard")), ("count", json!({ "type": "integer", "minimum": 0 }))],
                &[],
            ),
        ),
        (
            "TokenPage",
            object(
                "Part of a list, newest first.",
                &[("tokens", list("TokenRecord"))],
                &[("next", described("`cursor` of the next page, if there is one.", text()))],
            ),
        ),
        (
            "Answer",
            closed(object(
                "An answer: one of the options, or what fits the schema, or anything but `null` where there are neither.",
                &[("human_input", json!({}))],
                &[("note", json!({ "type": ["string", "null"], "maxLength": WORD_MAX }))],
            )),
        ),
        (
            "AnswerForm",
            object(
                "The same from a page without scripts.",
                &[("human_input", described("Read as JSON where the question has a schema.", text()))],
                &[
                    ("note", text()),
                    ("csrf", described("`csrf` of `GET /api/session`, where a cookie says who answers.", text())),
                    ("next", described("Path of this gateway to go to afterwards.", text())),
                ],
            ),
        ),
        (
            "Withdrawal",
            closed(object(
                "Why it is withdrawn.",
                &[],
                &[("reason", json!({ "type": ["string", "null"], "maxLength": WORD_MAX }))],
            )),
        ),
        ("AskedFirst", object("The agent asked a person first.", &[("semaphore", reference("SemaphoreCard"))], &[])),
    ]
}

fn ask() -> Value {
    let optional = |mut schema: Value| {
        schema["type"] = json!([schema["type"], "null"]);
        schema
    };
    let options =
        json!({ "type": "array", "items": { "type": "string", "maxLength": WORD_MAX }, "maxItems": OPTIONS_MAX });
    closed(object(
        "A question.",
        &[(
            "prompt",
            described("The question, whole.", json!({ "type": "string", "minLength": 1, "maxLength": PROMPT_MAX })),
        )],
        &[
            ("reason", reference("Reason")),
            ("options", described("Answers to choose from.", options)),
            ("severity", reference("Severity")),
            ("deadline", json!({ "anyOf": [reference("Timestamp"), { "type": "null" }] })),
            (
                "timeout_ms",
                described(
                    "The same as a time from now; the earlier counts.",
                    optional(json!({ "type": "integer", "minimum": 1 })),
                ),
            ),
            ("on_timeout", reference("OnTimeout")),
            (
                "escalation",
                described("Who is to be told then.", optional(json!({ "type": "string", "maxLength": WORD_MAX }))),
            ),
            ("response_schema", described("JSON Schema that an answer has to fit.", json!({}))),
            ("context", described("What is at stake, in full; shown literally.", json!({}))),
        ],
    ))
}

fn card_required() -> Vec<(&'static str, Value)> {
    vec![
        ("id", reference("TokenId")),
        ("agent_id", reference("AgentId")),
        ("reason", reference("Reason")),
        ("prompt", json!({ "type": "string" })),
        ("options", json!({ "type": "array", "items": { "type": "string" } })),
        ("severity", reference("Severity")),
        ("created_at", reference("Timestamp")),
        ("on_timeout", reference("OnTimeout")),
    ]
}

fn card_optional() -> Vec<(&'static str, Value)> {
    vec![
        ("deadline", reference("Timestamp")),
        ("escalation", json!({ "type": "string" })),
        ("response_schema", json!({})),
        ("context", json!({})),
    ]
}

fn audit_entry() -> Value {
    let doors = [Door::Agent, Door::Rest, Door::Page, Door::Socket, Door::Agentese, Door::Deadline];
    object(
        "One step of a question's life.",
        &[
            ("token_id", reference("TokenId")),
            ("agent_id", reference("AgentId")),
            ("step", json!({ "type": "string", "enum": Step::ALL.map(Step::as_str) })),
            ("at", reference("Timestamp")),
            ("by", json!({ "type": "string" })),
            ("door", json!({ "type": "string", "enum": doors })),
            ("shown", described("SHA-256 of what was shown then.", json!({ "type": "string" }))),
        ],
        &[("decision", reference("Decision")), ("reason", json!({ "type": "string" }))],
    )
}

fn closed(mut schema: Value) -> Value {
    schema["additionalProperties"] = false.into();
    schema
}
