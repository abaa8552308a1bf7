//! The fixed routes: every URL of [`wire::route`] that a program may use. A row says what it takes, what it gives and what
//! may go wrong; a test compares the rows with the constants.

use super::answers::{Needs, add_problems};
use serde_json::{Map, Value, json};
use wire::{Scope, route};

/// One fixed operation.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    needs: Needs,
    parameters: &'static [&'static str],
    body: &'static [Content],
    answers: &'static [Answer],
    problems: &'static [u16],
}

/// What goes right: status, what it means, what comes with it.
struct Answer(u16, &'static str, Option<Content>);

/// A kind of body.
#[derive(Clone, Copy)]
enum Content {
    /// JSON, by the name of its component.
    Json(&'static str),
    /// JSON of no fixed shape.
    AnyJson,
    /// A form, by the name of its component.
    Form(&'static str),
    /// Plain text.
    Text,
    /// A page for people.
    Html,
}

const AGENTS: &str = "agents";
const WORK: &str = "work";
const QUESTIONS: &str = "questions";
const SIGNING_IN: &str = "signing in";
const GATEWAY: &str = "gateway";

/// The tags of the fixed routes.
pub(super) fn tags() -> impl Iterator<Item = Value> {
    [
        (AGENTS, "Watching agents."),
        (WORK, "Giving agents work. Their own commands stand under their names."),
        (QUESTIONS, "Asking a person, waiting, answering."),
        (SIGNING_IN, "Saying who one is."),
        (GATEWAY, "The gateway itself."),
    ]
    .into_iter()
    .map(|(name, description)| json!({ "name": name, "description": description }))
}

const fn read(path: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Route {
    Route {
        path,
        method: "get",
        id,
        tag,
        summary,
        needs: Needs::Watching,
        parameters: &[],
        body: &[],
        answers: &[],
        problems: &[],
    }
}

/// Every fixed operation.
pub(super) const ROUTES: &[Route] = &[
    Route {
        answers: &[Answer(200, "Every agent, in the order of its id.", Some(Content::Json("AgentList")))],
        ..read(route::AGENTS, "listAgents", AGENTS, "Lists every agent with its state and gauges.")
    },
    Route {
        parameters: &["agent"],
        answers: &[Answer(200, "The agent.", Some(Content::Json("AgentSummary")))],
        problems: &[404],
        ..read(route::AGENT, "getAgent", AGENTS, "One agent with its state and gauges.")
    },
    Route {
        parameters: &["agent"],
        answers: &[Answer(200, "Its commands, hidden ones left out.", Some(Content::Json("CommandList")))],
        problems: &[404],
        ..read(route::COMMANDS, "listCommands", AGENTS, "The commands an agent exposes, with their schemas.")
    },
    Route {
        parameters: &["agent", "ifNoneMatch"],
        answers: &[
            Answer(200, "State and recent events, cut at one moment.", Some(Content::Json("Snapshot"))),
            Answer(304, "Nothing was said since.", None),
        ],
        problems: &[404],
        ..read(route::SNAPSHOT, "getSnapshot", AGENTS, "An agent's state and recent past.")
    },
    Route {
        parameters: &["agent", "window", "step"],
        answers: &[Answer(200, "The points, oldest first.", Some(Content::Json("MetricSeries")))],
        problems: &[400, 404, 422],
        ..read(route::METRICS, "getMetrics", AGENTS, "An agent's gauges over time.")
    },
    Route {
        parameters: &["window", "step"],
        answers: &[Answer(200, "Every agent, in the order of its id.", Some(Content::Json("AllMetrics")))],
        problems: &[400, 422],
        ..read(route::METRICS_ALL, "getAllMetrics", AGENTS, "All gauges over time.")
    },
    Route {
        parameters: &["agent", "history", "since"],
        answers: &[Answer(101, "A WebSocket: the agent's events, history first, then live.", None)],
        problems: &[400, 426],
        ..read(route::OBSERVE, "observeAgent", AGENTS, "WebSocket: what one agent says.")
    },
    Route {
        parameters: &["agents", "types", "history", "sinceOfEach"],
        answers: &[Answer(101, "A WebSocket: the events of all agents, history first, then live.", None)],
        problems: &[400, 426],
        ..read(route::OBSERVE_GARDEN, "observeGarden", AGENTS, "WebSocket: what all agents say.")
    },
    Route {
        method: "post",
        needs: Needs::Scope(Scope::Perturb),
        parameters: &["agent", "idempotencyKey"],
        body: &[Content::Json("Input")],
        answers: &[
            Answer(200, "The agent's answer.", Some(Content::Json("Invoked"))),
            Answer(202, "The agent asked a person first.", Some(Content::Json("AskedFirst"))),
        ],
        problems: &[400, 404, 413, 415, 422, 409, 410, 424, 503, 504],
        ..read(route::INVOKE, "invoke", WORK, "Gives an agent an input and waits for its answer.")
    },
    Route {
        method: "post",
        parameters: &["idempotencyKey"],
        body: &[Content::Json("Agentese")],
        answers: &[
            Answer(200, "What the last path said.", Some(Content::Json("Invoked"))),
            Answer(202, "An agent asked a person first.", Some(Content::Json("AskedFirst"))),
        ],
        problems: &[400, 404, 413, 415, 422, 409, 410, 424, 503, 504],
        ..read(
            route::AGENTESE,
            "followPath",
            WORK,
            "Follows a path of AGENTESE. Paths that only read are open to watchers; others need the scope their help states.",
        )
    },
    Route {
        needs: Needs::Scope(Scope::Perturb),
        parameters: &["agent"],
        answers: &[Answer(101, "A WebSocket: inputs one way, answers the other, by id.", None)],
        problems: &[400, 426],
        ..read(route::PERTURB, "perturb", WORK, "WebSocket: many inputs, streamed answers.")
    },
    Route {
        parameters: &["ofAgent", "status", "severity", "reason", "cursor", "limit"],
        answers: &[Answer(200, "A page of the list, newest first.", Some(Content::Json("TokenPage")))],
        problems: &[400, 422, 503],
        ..read(route::PURGATORY, "listQuestions", QUESTIONS, "Questions that wait, or those of any status.")
    },
    Route {
        parameters: &["agent"],
        answers: &[Answer(200, "What waits, most urgent first.", Some(Content::Json("PendingList")))],
        problems: &[404],
        ..read(route::PENDING, "listPending", QUESTIONS, "Questions of one agent that wait.")
    },
    Route {
        parameters: &["agent", "token"],
        answers: &[Answer(200, "The question with its trail.", Some(Content::Json("TokenRecord")))],
        problems: &[404, 503],
        ..read(route::QUESTION, "getQuestion", QUESTIONS, "One question and all that became of it.")
    },
    Route {
        method: "post",
        needs: Needs::Scope(Scope::Perturb),
        parameters: &["agent", "idempotencyKey"],
        body: &[Content::Json("Ask")],
        answers: &[Answer(201, "It is stored and shown; `Location` says where.", Some(Content::Json("Asked")))],
        problems: &[400, 404, 413, 422, 503, 507],
        ..read(route::ASK, "ask", QUESTIONS, "Asks a person. The agent appears if it is new.")
    },
    Route {
        needs: Needs::Scope(Scope::Perturb),
        parameters: &["agent", "token", "timeout"],
        answers: &[
            Answer(200, "What was decided.", Some(Content::Json("Decision"))),
            Answer(204, "Nothing yet: ask again.", None),
        ],
        problems: &[400, 404, 410, 422, 503],
        ..read(route::WAIT, "waitForDecision", QUESTIONS, "Waits until a question is decided.")
    },
    Route {
        method: "post",
        needs: Needs::Scope(Scope::Resolve),
        parameters: &["agent", "token"],
        body: &[Content::Json("Answer"), Content::Form("AnswerForm")],
        answers: &[
            Answer(200, "It is answered; the same answer again is fine, too.", Some(Content::Json("TokenRecord"))),
            Answer(303, "A form was sent: on to `next`.", None),
        ],
        problems: &[400, 404, 409, 410, 413, 422, 503, 507],
        ..read(route::RESOLVE, "resolve", QUESTIONS, "Answers a question. The first answer counts.")
    },
    Route {
        method: "post",
        needs: Needs::Scope(Scope::Resolve),
        parameters: &["agent", "token"],
        body: &[Content::Json("Withdrawal"), Content::Form("Withdrawal")],
        answers: &[
            Answer(200, "It is withdrawn.", Some(Content::Json("TokenRecord"))),
            Answer(303, "A form was sent: on to `next`.", None),
        ],
        problems: &[400, 404, 409, 410, 413, 422, 503, 507],
        ..read(route::CANCEL, "cancel", QUESTIONS, "Withdraws a question.")
    },
    Route {
        needs: Needs::Nothing,
        answers: &[Answer(
            200,
            "Who is signed in; no name and no scopes for a watcher.",
            Some(Content::Json("Session")),
        )],
        problems: &[401],
        ..read(route::SESSION, "getSession", SIGNING_IN, "Who is signed in.")
    },
    Route {
        method: "post",
        needs: Needs::SignedIn,
        answers: &[Answer(200, "Good for one socket, for half a minute.", Some(Content::Json("Ticket")))],
        ..read(route::TICKETS, "createTicket", SIGNING_IN, "A one-time ticket for a browser's WebSocket.")
    },
    Route {
        needs: Needs::Nothing,
        parameters: &["once", "next"],
        answers: &[Answer(200, "A form, a button for the link's code, or who is signed in.", Some(Content::Html))],
        problems: &[401, 410],
        ..read(route::LOGIN, "showLogin", SIGNING_IN, "The form to sign in with, for people.")
    },
    Route {
        method: "post",
        needs: Needs::Nothing,
        body: &[Content::Json("Login"), Content::Form("Login")],
        answers: &[
            Answer(200, "To JSON: signed in; the cookie is set.", Some(Content::Json("Session"))),
            Answer(303, "To a form: signed in; the cookie is set, and on to where one wanted.", None),
        ],
        problems: &[400, 401, 403, 410, 413],
        ..read(route::LOGIN, "login", SIGNING_IN, "Signs a browser in with a token or the code of a sign-in link.")
    },
    Route {
        needs: Needs::Nothing,
        answers: &[
            Answer(200, "A form with one button.", Some(Content::Html)),
            Answer(303, "Nobody is signed in: on to the form to sign in with.", None),
        ],
        problems: &[401],
        ..read(route::LOGOUT, "showLogout", SIGNING_IN, "The form to sign out with, for people.")
    },
    Route {
        method: "post",
        needs: Needs::SignedIn,
        answers: &[
            Answer(204, "To JSON: signed out.", None),
            Answer(303, "To a form, or to no body: signed out, and on to the garden.", None),
        ],
        problems: &[400, 413],
        ..read(route::LOGOUT, "logout", SIGNING_IN, "Ends the session of a browser.")
    },
    Route {
        needs: Needs::Nothing,
        answers: &[Answer(200, "It runs.", Some(Content::Text))],
        ..read(route::HEALTHZ, "healthz", GATEWAY, "Liveness.")
    },
    Route {
        needs: Needs::Nothing,
        answers: &[Answer(200, "It takes requests.", Some(Content::Text))],
        problems: &[503],
        ..read(route::READYZ, "readyz", GATEWAY, "Readiness; 503 while stopping.")
    },
    Route {
        answers: &[Answer(200, "Prometheus' text format 0.0.4.", Some(Content::Text))],
        ..read(route::PROMETHEUS, "prometheus", GATEWAY, "Metrics for Prometheus.")
    },
    Route {
        needs: Needs::Nothing,
        answers: &[Answer(200, "The build.", Some(Content::Json("Version")))],
        ..read(route::VERSION, "getVersion", GATEWAY, "Release, commit, protocol.")
    },
    Route {
        answers: &[Answer(200, "This document.", Some(Content::AnyJson))],
        ..read(route::OPENAPI, "getOpenapi", GATEWAY, "This document.")
    },
    Route {
        answers: &[Answer(200, "A page.", Some(Content::Html))],
        ..read(route::DOCS, "showDocs", GATEWAY, "This document, for people.")
    },
];

impl Route {
    pub(super) fn operation(&self) -> Value {
        let mut responses: Map<String, Value> = self.answers.iter().map(Answer::response).collect();
        add_problems(&mut responses, self.problems.iter().chain(self.needs.problems()).copied());
        let parameter = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        let parameters: Vec<_> = self.parameters.iter().map(parameter).collect();
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "security": self.needs.security(self.method != "get"),
            "responses": responses,
        });
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if !self.body.is_empty() {
            let content: Map<_, _> = self.body.iter().map(|body| body.media()).collect();
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }
}

impl Answer {
    fn response(&self) -> (String, Value) {
        let Self(status, description, content) = self;
        let mut response = json!({ "description": description });
        if let Some(content) = content {
            response["content"] = [content.media()].into_iter().collect::<Map<_, _>>().into();
        }
        (status.to_string(), response)
    }
}

impl Content {
    fn media(self) -> (String, Value) {
        let named = |name| json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } });
        let (media, value) = match self {
            Self::Json(name) => ("application/json", named(name)),
            Self::AnyJson => ("application/json", json!({ "schema": {} })),
            Self::Form(name) => ("application/x-www-form-urlencoded", named(name)),
            Self::Text => ("text/plain", json!({ "schema": { "type": "string" } })),
            Self::Html => ("text/html", json!({ "schema": { "type": "string" } })),
        };
        (media.to_owned(), value)
    }
}
