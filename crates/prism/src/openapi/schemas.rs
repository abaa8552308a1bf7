//! JSON Schemas of what `wire` sends and reads, by hand: deriving them there would weigh on the browser's half, which reads
//! the same types. Tests hold them against real values. Objects are open: a field that is new breaks no reader.

mod questions;

use serde_json::{Map, Value, json};
use wire::{
    FluxState, Scope,
    agentese::PATH_MAX,
    id::AGENT_ID_MAX,
    perturb::{PRIORITY_DEFAULT, PRIORITY_MAX, TIMEOUT_MAX_MS},
};

/// `components.schemas`.
pub(super) fn all() -> Map<String, Value> {
    let all = [words(), problems(), agents(), metrics(), work(), questions::questions(), signing_in(), gateway()];
    all.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

type Named = Vec<(&'static str, Value)>;

/// Ids, gauges, and other small things.
fn words() -> Named {
    vec![
        (
            "AgentId",
            json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": AGENT_ID_MAX, "examples": ["host"] }),
        ),
        ("Epoch", json!({ "type": "string", "description": "One life of an agent's log." })),
        ("Seq", json!({ "type": "integer", "minimum": 0, "description": "Number of an event in its epoch, from 1." })),
        ("Timestamp", json!({ "type": "string", "format": "date-time" })),
        ("FluxState", json!({ "type": "string", "enum": FluxState::ALL.map(FluxState::as_str) })),
        ("Scope", json!({ "type": "string", "enum": Scope::ALL.map(Scope::as_str) })),
        (
            "Gauges",
            object(
                "Three readings; one that is missing is `null`, never zero.",
                &[
                    (
                        "pressure",
                        described(
                            "Backlog in percent.",
                            json!({ "type": ["number", "null"], "minimum": 0, "maximum": 100 }),
                        ),
                    ),
                    ("flow", described("Events per second.", json!({ "type": ["number", "null"], "minimum": 0 }))),
                    (
                        "temperature",
                        described("Work, 0 to 1.", json!({ "type": ["number", "null"], "minimum": 0, "maximum": 1 })),
                    ),
                ],
                &[],
            ),
        ),
    ]
}

fn problems() -> Named {
    let problem = object(
        "What failed, why, and what to try (RFC 9457).",
        &[
            ("type", json!({ "type": "string" })),
            ("title", json!({ "type": "string" })),
            ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
            ("detail", json!({ "type": "string" })),
            ("code", described("A stable word for programs.", json!({ "type": "string" }))),
        ],
        &[
            ("instance", json!({ "type": "string" })),
            ("hint", described("What to try.", json!({ "type": "string" }))),
            ("errors", list("FieldError")),
            (
                "related",
                described(
                    "What is near to what was asked for.",
                    json!({ "type": "array", "items": { "type": "string" } }),
                ),
            ),
            ("retry_after_ms", json!({ "type": "integer", "minimum": 0 })),
            ("decision", reference("Decision")),
        ],
    );
    let error = object(
        "What is wrong with one field.",
        &[
            ("pointer", described("Where, as a JSON Pointer into the body.", json!({ "type": "string" }))),
            ("message", json!({ "type": "string" })),
        ],
        &[],
    );
    vec![("Problem", problem), ("FieldError", error)]
}

fn agents() -> Named {
    let pending = described("Questions that wait for a person.", list("SemaphoreCard"));
    let summary = object(
        "An agent as it is.",
        &[
            ("agent_id", reference("AgentId")),
            ("genus", json!({ "type": "string" })),
            ("description", json!({ "type": "string" })),
            ("state", reference("FluxState")),
            ("metrics", reference("Gauges")),
            ("in_fever", json!({ "type": "boolean" })),
            ("observers", json!({ "type": "integer", "minimum": 0 })),
            ("pending", pending.clone()),
            ("commands", json!({ "type": "array", "items": { "type": "string" } })),
            ("dropped", json!({ "type": "integer", "minimum": 0 })),
            ("epoch", reference("Epoch")),
            ("seq", reference("Seq")),
            ("total_events", json!({ "type": "integer", "minimum": 0 })),
            ("last_event", json!({ "anyOf": [reference("Timestamp"), { "type": "null" }] })),
            ("started", reference("Timestamp")),
        ],
        &[],
    );
    let snapshot = object(
        "State and recent past, cut at one moment.",
        &[
            ("agent_id", reference("AgentId")),
            ("state", reference("FluxState")),
            ("metrics", reference("Gauges")),
            ("epoch", reference("Epoch")),
            ("seq", reference("Seq")),
            ("history", list("Event")),
            ("total_events", json!({ "type": "integer", "minimum": 0 })),
            ("pending", pending),
        ],
        &[],
    );
    let event = object(
        "An event in its place. Its own fields stand beside these; types to come are to be ignored.",
        &[
            ("type", json!({ "type": "string" })),
            ("agent_id", reference("AgentId")),
            ("epoch", reference("Epoch")),
            ("seq", reference("Seq")),
            ("ts", reference("Timestamp")),
        ],
        &[],
    );
    let command = object(
        "A command an agent exposes.",
        &[
            ("name", json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" })),
            ("help", json!({ "type": "string" })),
            ("scope", reference("Scope")),
            ("arguments", described("JSON Schema of the argument object.", json!({}))),
            ("result", described("JSON Schema of the result.", json!({}))),
        ],
        &[
            ("description", json!({ "type": "string" })),
            ("examples", json!({ "type": "array", "items": { "type": "string" } })),
            ("aliases", json!({ "type": "array", "items": { "type": "string" } })),
            ("hidden", json!({ "type": "boolean" })),
        ],
    );
    vec![
        ("AgentSummary", summary),
        ("AgentList", object("Every agent.", &[("agents", list("AgentSummary"))], &[])),
        ("Snapshot", snapshot),
        ("Event", event),
        ("CommandSpec", command),
        (
            "CommandList",
            object("Commands in the order of their declaration.", &[("commands", list("CommandSpec"))], &[]),
        ),
    ]
}

fn metrics() -> Named {
    let point = json!({
        "allOf": [reference("Gauges")],
        "type": "object",
        "description": "A reading, or the mean over the step that ends then.",
        "required": ["ts"],
        "properties": { "ts": reference("Timestamp"), "min": reference("Gauges"), "max": reference("Gauges") },
    });
    let series = object(
        "Gauges over time. A missing second is a missing point.",
        &[
            ("agent_id", reference("AgentId")),
            ("state", reference("FluxState")),
            ("metrics", reference("Gauges")),
            ("step_s", described("Seconds between two points.", json!({ "type": "integer", "minimum": 1 }))),
            ("points", list("MetricPoint")),
        ],
        &[],
    );
    vec![
        ("MetricPoint", point),
        ("MetricSeries", series),
        ("AllMetrics", object("Gauges of all agents.", &[("agents", list("MetricSeries"))], &[])),
    ]
}

fn work() -> Named {
    let mut input = object(
        "An input and how it is to be treated.",
        &[("data", described("The input: anything but `null`.", json!({ "not": { "type": "null" } })))],
        &[
            (
                "priority",
                json!({ "type": ["integer", "null"], "minimum": 0, "maximum": PRIORITY_MAX, "default": PRIORITY_DEFAULT }),
            ),
            (
                "timeout_ms",
                described(
                    "When to give up; the agent's own limit where it is missing.",
                    json!({ "type": ["integer", "null"], "minimum": 1, "maximum": TIMEOUT_MAX_MS }),
                ),
            ),
            (
                "id",
                described(
                    "The caller's name for it; on sockets it comes back.",
                    json!({ "type": ["string", "integer", "null"] }),
                ),
            ),
        ],
    );
    input["additionalProperties"] = false.into();
    let mut observer = object(
        "Who asks, where that is not plain from the token. Narrows what the token allows, and never widens it.",
        &[],
        &[
            ("archetype", json!({ "type": ["string", "null"], "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 32 })),
            ("capabilities", json!({ "type": "array", "items": { "type": "string" }, "maxItems": 16 })),
            ("agent", json!({ "anyOf": [reference("AgentId"), { "type": "null" }] })),
        ],
    );
    observer["additionalProperties"] = false.into();
    let path = json!({ "type": "string", "maxLength": PATH_MAX, "examples": ["void.entropy.pressure"] });
    let mut agentese = object(
        "A path of AGENTESE, or several with `>>` between them.",
        &[("path", path)],
        &[
            ("observer", json!({ "anyOf": [observer, { "type": "null" }] })),
            (
                "args",
                described(
                    "Arguments by name; of the first path, where there are several.",
                    json!({ "type": "object" }),
                ),
            ),
        ],
    );
    agentese["additionalProperties"] = false.into();
    vec![("Agentese", agentese), ("Input", input), ("Invoked", object("The answer.", &[("result", json!({}))], &[]))]
}

fn signing_in() -> Named {
    let session = object(
        "Who is signed in.",
        &[("scopes", list("Scope"))],
        &[
            ("name", json!({ "type": "string" })),
            ("csrf", described("To be sent with every write, as a header.", json!({ "type": "string" }))),
        ],
    );
    let ticket = object(
        "Admits to one socket.",
        &[("ticket", json!({ "type": "string" })), ("expires_in_ms", json!({ "type": "integer", "minimum": 0 }))],
        &[],
    );
    let login = object(
        "A token, or the code of a sign-in link.",
        &[],
        &[
            ("token", json!({ "type": "string" })),
            ("once", json!({ "type": "string" })),
            ("next", described("Path of this gateway to go to afterwards.", json!({ "type": "string" }))),
        ],
    );
    vec![("Session", session), ("Ticket", ticket), ("Login", login)]
}

fn gateway() -> Named {
    let version = object(
        "The build.",
        &[
            ("version", json!({ "type": "string" })),
            ("commit", json!({ "type": "string" })),
            ("protocol", json!({ "type": "integer", "minimum": 1 })),
        ],
        &[],
    );
    vec![("Version", version)]
}

fn object(description: &str, required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let fields = required.iter().chain(optional).map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    let names: Vec<_> = required.iter().map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "description": description,
        "required": names,
        "properties": fields.collect::<Map<_, _>>(),
    })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": reference(of) })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn described(text: &str, mut schema: Value) -> Value {
    schema["description"] = text.into();
    schema
}
