//! What operations have in common: problems by status, parameters, security.

use serde_json::{Map, Value, json};
use wire::{
    Scope,
    purgatory::{WAIT_DEFAULT_S, WAIT_MAX_S},
    session::CSRF_HEADER,
};

/// Who may ask.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// Everybody, always.
    Nothing,
    /// Everybody; where the gateway is closed to watchers, holders of `observe`.
    Watching,
    /// Whoever is signed in, whatever for.
    SignedIn,
    /// A holder of this scope.
    Scope(Scope),
}

impl Needs {
    /// The `security` of an operation. A cookie does for reading; a write needs the header that another site cannot set.
    pub(super) fn security(self, is_write: bool) -> Value {
        let scopes: &[&str] = match self {
            Self::Nothing => return json!([]),
            Self::Watching => &["observe"],
            Self::SignedIn => &[],
            Self::Scope(scope) => &[scope.as_str()],
        };
        let cookie = if is_write { json!({ "cookie": scopes, "csrf": [] }) } else { json!({ "cookie": scopes }) };
        match self {
            Self::Watching => json!([{}, { "bearer": scopes }, cookie]),
            _ => json!([{ "bearer": scopes }, cookie]),
        }
    }

    /// The statuses that come of it.
    pub(super) fn problems(self) -> &'static [u16] {
        match self {
            Self::Nothing => &[421, 429, 500],
            Self::Watching | Self::SignedIn | Self::Scope(_) => &[401, 403, 421, 429, 500],
        }
    }
}

/// Statuses of everything that takes a JSON body.
pub(super) const OF_BODIES: [u16; 4] = [400, 413, 415, 422];
/// Statuses of giving an agent work, besides: it has ended, it failed, it stops, it took too long.
pub(super) const OF_WORK: [u16; 5] = [409, 410, 424, 503, 504];

/// Every problem there is, with its sentence.
const PROBLEMS: [(u16, &str); 18] = [
    (400, "The request is malformed: not JSON, or not the JSON that is wanted here."),
    (401, "Nobody is signed in, or the token is not (or no longer) good."),
    (403, "Signed in, but without the scope this needs; or a browser's write without its header."),
    (404, "There is no such agent, or no such command; the nearest names are offered."),
    (405, "This address does not take that method."),
    (
        409,
        "The agent cannot do this as it is now: it has ended. Or somebody was first: `decision` says what they decided.",
    ),
    (410, "It is over: a question that was cancelled or whose deadline passed, or a sign-in link that is spent."),
    (413, "The body is too large."),
    (415, "The body is not JSON by its Content-Type."),
    (421, "The gateway does not answer to the Host that was asked for."),
    (422, "Something does not fit; `errors` says what and where."),
    (424, "The agent failed at this; `code` and `detail` say how."),
    (426, "This address speaks WebSocket, and the request did not ask for it."),
    (429, "Too often, or the agent's queue is full; `Retry-After` says when to try again."),
    (500, "The gateway failed; its log says why."),
    (503, "The gateway is stopping, or what the agent needs is not there."),
    (504, "The agent did not answer in time."),
    (507, "The disk is full; nothing was changed."),
];

/// Adds references to the responses of these statuses.
pub(super) fn add_problems(responses: &mut Map<String, Value>, statuses: impl IntoIterator<Item = u16>) {
    for status in statuses {
        let reference = json!({ "$ref": format!("#/components/responses/Problem{status}") });
        responses.entry(status.to_string()).or_insert(reference);
    }
}

/// `components.responses`.
pub(super) fn problems() -> Map<String, Value> {
    let whole = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let problem = |(status, description): (u16, &str)| {
        let mut response = json!({
            "description": description,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        match status {
            401 => response["headers"]["WWW-Authenticate"] = whole("How to say who one is: `Bearer`."),
            405 => response["headers"]["Allow"] = whole("The methods it takes."),
            429 | 503 => response["headers"]["Retry-After"] = whole("Seconds to wait."),
            _ => {}
        }
        (format!("Problem{status}"), response)
    };
    PROBLEMS.into_iter().map(problem).collect()
}

/// `components.parameters`.
pub(super) fn parameters() -> Value {
    let text = |extra: Value| {
        let mut schema = json!({ "type": "string" });
        if let (Value::Object(schema), Value::Object(extra)) = (&mut schema, extra) {
            schema.extend(extra);
        }
        schema
    };
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
    json!({
        "agent": {
            "name": "agent", "in": "path", "required": true, "description": "The agent's id.",
            "schema": { "$ref": "#/components/schemas/AgentId" },
        },
        "token": {
            "name": "token", "in": "path", "required": true, "description": "The question's id.",
            "schema": { "$ref": "#/components/schemas/TokenId" },
        },
        "ofAgent": query("agent", "Of this agent only.", json!({ "$ref": "#/components/schemas/AgentId" })),
        "status": query("status", "Statuses, separated by commas, or `all`.", text(json!({ "default": "pending" }))),
        "severity": query("severity", "At least so severe.", json!({ "$ref": "#/components/schemas/Severity" })),
        "reason": query("reason", "For this reason only.", json!({ "$ref": "#/components/schemas/Reason" })),
        "cursor": query("cursor", "`next` of the page before.", text(json!({}))),
        "limit": query("limit", "How many at most.",
            json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 100 })),
        "timeout": query("timeout", "How long to wait, in seconds.",
            json!({ "type": "integer", "minimum": 0, "maximum": WAIT_MAX_S, "default": WAIT_DEFAULT_S })),
        "idempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same request with the same key is carried out once; later answers are the first \
                            one and carry `Idempotency-Replayed: true`. With another request: 422.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 256 },
        },
        "window": query("window", "How far back, from `1s` to `24h`.", text(json!({ "default": "15m" }))),
        "step": query("step", "Time between two points: `1s`, or `15s`, the default of windows above 15 minutes.",
            text(json!({ "enum": ["1s", "15s"] }))),
        "history": query("history", "How many events of the past come first.",
            json!({ "type": "integer", "minimum": 0 })),
        "since": query("since", "Position after which to resume, `epoch:seq`.", text(json!({}))),
        "sinceOfEach": query("since", "Positions after which to resume, `agent@epoch:seq`, separated by commas.",
            text(json!({}))),
        "agents": query("agents", "Ids of the agents to see, separated by commas; `*` for all.", text(json!({}))),
        "types": query("types", "Types of events to see, separated by commas; a `*` at the end stands for any ending.",
            text(json!({}))),
        "next": query("next", "Path of this gateway to go to afterwards.", text(json!({}))),
        "once": query("once", "The code of a sign-in link.", text(json!({}))),
        "ifNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of an earlier answer: where nothing changed since, 304.",
            "schema": { "type": "string" },
        },
    })
}

/// `components.securitySchemes`.
pub(super) fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "A token from `terrarium token create`. The scopes an operation names are those it needs.",
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "terrarium_session",
            "description": "The session of a browser, from `POST /login`.",
        },
        "csrf": {
            "type": "apiKey", "in": "header", "name": CSRF_HEADER,
            "description": "`csrf` of `GET /api/session`: goes with the cookie on every write.",
        },
    })
}
