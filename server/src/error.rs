//! What a door says when it cannot do what was asked. The only file that knows HTTP statuses of failures.
//!
//! An [`Error`] becomes a response that carries a [`Problem`]; [`finish`] writes it as `application/problem+json` with
//! the path that was asked for.

use crate::auth::Verdict;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{borrow::Cow, time::Duration};
use terrarium_core::{logos::Sorry, metabolism::rein::Rein};
use wire::{
    AgentId, FieldError, FluxState, Problem, Scope,
    id::IdError,
    semaphore::{Decision, TokenStatus},
};

/// Most of the framework's words about a refusal, in bytes.
const REFUSAL_MAX: usize = 4096;

/// Everything a door may have to say no to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no agent called {name:?}{}", or_one_of(nearest))]
    UnknownAgent { name: String, nearest: Vec<AgentId> },
    #[error("{why}{}", or_one_of(nearest))]
    NotAnAgentId { why: IdError, nearest: Vec<AgentId> },
    #[error("{field}: {value:?} is not {wants}")]
    BadQuery { field: &'static str, value: String, wants: &'static str },
    #[error("nothing is at this address")]
    NotFound,
    #[error("this address does not take that method")]
    MethodNotAllowed,
    #[error("this address speaks WebSocket, and the request did not ask for it")]
    WebSocketOnly,
    #[error("this gateway does not answer to the name {host:?}")]
    ForeignHost { host: String },
    #[error("this needs a token{}", with_scope(*scope))]
    TokenNeeded { scope: Option<Scope> },
    #[error("this does more than look, so it is for those who signed in")]
    SignInFirst { scope: Scope },
    #[error("the token or ticket is not, or no longer, good")]
    TokenRefused,
    #[error("this needs the scope {}, and the token has {}", needs.as_str(), listed(held))]
    ScopeMissing { needs: Scope, held: Vec<Scope> },
    #[error("a page of another origin asked for this")]
    ForeignOrigin,
    #[error("a write on the word of a cookie has to carry the header x-csrf-token")]
    CsrfMissing,
    #[error("this sign-in link {}", spent(*why))]
    LinkRefused { why: Verdict },
    #[error("too many failed attempts from this address; the next one is welcome in {} s", seconds(*retry))]
    Slowed { retry: Duration },
    #[error("too many requests; the next one is welcome in {} ms", retry.as_millis().max(1))]
    TooFast { retry: Duration },
    #[error("{what} cannot be read: {why}")]
    BadBody { what: &'static str, why: String },
    #[error("the form is over {max} bytes")]
    LargeForm { max: usize },
    #[error("the body is over {max} bytes")]
    LargeBody { max: usize },
    #[error("{why}")]
    MalformedBody { why: String },
    #[error("{why}")]
    UnfitBody { why: String },
    #[error("this agent has no command {name:?}{}", or_one_of(nearest))]
    UnknownCommand { name: String, nearest: Vec<String> },
    #[error("{} of the arguments {} not fit", errors.len(), if errors.len() == 1 { "does" } else { "do" })]
    Arguments { errors: Vec<FieldError> },
    #[error("the agent has as much to do as it may have")]
    Busy { retry_after: Duration },
    #[error("the agent has {state}, so it does nothing more")]
    AgentEnded { state: FluxState },
    #[error("the agent takes nothing up that changes anything: {rein}")]
    AgentHeld { rein: Box<Rein> },
    #[error("{why}")]
    NotReined { why: String },
    #[error("{why}")]
    AgentFailed { kind: Cow<'static, str>, why: String, hint: Option<String> },
    #[error("the agent did not answer within {} ms", .after.as_millis())]
    TimedOut { after: Duration },
    #[error("it was cancelled")]
    Cancelled,
    #[error("the agent asked a person first, and that question was {}", .status.as_str())]
    Unanswered { status: TokenStatus },
    #[error("{why}")]
    Rejected { status: StatusCode, why: String },
    #[error("{why}")]
    NoQuestion { why: String },
    #[error("it has been answered already, by {}", .decision.by)]
    Decided { decision: Box<Decision> },
    #[error("the question was {} without an answer", .status.as_str())]
    QuestionOver { status: TokenStatus },
    #[error("the answer does not fit the question")]
    AnswerUnfit { errors: Vec<FieldError> },
    #[error("the question cannot be asked like that")]
    AskUnfit { errors: Vec<FieldError> },
    #[error("the header idempotency-key {wants}")]
    BadKey { wants: &'static str },
    #[error("this idempotency key was used for another request")]
    KeyReused,
    #[error("as many questions wait as may wait")]
    PurgatoryFull,
    #[error("the garden is full, so no further agent can appear")]
    GardenFull,
    #[error("the disk is full, so nothing can be stored")]
    DiskFull,
    #[error("the store does not take it: {why}")]
    StoreRefuses { why: String },
    #[error("{sorry}; {}", sorry.why())]
    Path { sorry: Box<Sorry> },
    #[error("{why}")]
    Exhausted { kind: &'static str, why: String },
    #[error("the gateway is stopping")]
    Draining,
    #[error("the gateway failed to answer; its log says why")]
    Internal,
}

fn or_one_of(nearest: &[impl AsRef<str>]) -> String {
    match nearest {
        [] => String::new(),
        some => format!("; the nearest names are {}", some.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")),
    }
}

fn with_scope(scope: Option<Scope>) -> String {
    scope.map_or_else(String::new, |s| format!(" with the scope {}", s.as_str()))
}

fn listed(scopes: &[Scope]) -> String {
    match scopes {
        [] => "none".to_owned(),
        some => some.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", "),
    }
}

fn spent(why: Verdict) -> &'static str {
    match why {
        Verdict::Used => "has been used",
        Verdict::Expired => "is too old",
        Verdict::Unknown | Verdict::Good => "is not one of this gateway, as it runs now",
    }
}

fn seconds(time: Duration) -> u128 {
    time.as_millis().div_ceil(1000).max(1)
}

impl Error {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownAgent { .. } | Self::NotAnAgentId { .. } | Self::NotFound => StatusCode::NOT_FOUND,
            Self::UnknownCommand { .. } | Self::NoQuestion { .. } => StatusCode::NOT_FOUND,
            Self::BadQuery { .. } | Self::UnfitBody { .. } | Self::Arguments { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::AnswerUnfit { .. } | Self::AskUnfit { .. } | Self::BadKey { .. } | Self::KeyReused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::AgentEnded { .. } | Self::AgentHeld { .. } | Self::NotReined { .. } => StatusCode::CONFLICT,
            Self::Cancelled | Self::Decided { .. } => StatusCode::CONFLICT,
            Self::Exhausted { .. } => StatusCode::CONFLICT,
            Self::Path { sorry } => match **sorry {
                Sorry::Empty | Sorry::TooMuch { .. } | Sorry::Syntax { .. } | Sorry::Clause { .. } => {
                    StatusCode::BAD_REQUEST
                }
                Sorry::NotFound { .. } => StatusCode::NOT_FOUND,
                Sorry::Affordance { .. } => StatusCode::FORBIDDEN,
                Sorry::Observer { .. } | Sorry::BadObserver { .. } | Sorry::Arguments { .. } => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                Sorry::Composition { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            },
            // The agent's own words for input it does not take; a panic is a fault; everything else failed beyond us.
            Self::AgentFailed { kind, .. } if kind == "takes_no_input" => StatusCode::UNPROCESSABLE_ENTITY,
            Self::AgentFailed { kind, .. } if kind == "panic" => StatusCode::INTERNAL_SERVER_ERROR,
            Self::AgentFailed { .. } => StatusCode::FAILED_DEPENDENCY,
            Self::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TokenNeeded { .. } | Self::SignInFirst { .. } | Self::TokenRefused => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing { .. } | Self::ForeignOrigin | Self::CsrfMissing => StatusCode::FORBIDDEN,
            Self::LinkRefused { .. } | Self::Unanswered { .. } | Self::QuestionOver { .. } => StatusCode::GONE,
            Self::Slowed { .. } | Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::BadBody { .. } | Self::MalformedBody { .. } => StatusCode::BAD_REQUEST,
            Self::LargeForm { .. } | Self::LargeBody { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WebSocketOnly => StatusCode::UPGRADE_REQUIRED,
            Self::ForeignHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Draining | Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rejected { status, .. } => *status,
            Self::PurgatoryFull | Self::GardenFull | Self::StoreRefuses { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable word for programs, and the kind of problem for people.
    fn kind(&self) -> (&str, &'static str) {
        match self {
            Self::UnknownAgent { .. } => ("agent_not_found", "No such agent"),
            Self::NotAnAgentId { .. } => ("agent_id_malformed", "Not an agent id"),
            Self::BadQuery { .. } => ("query_invalid", "A query value does not fit"),
            Self::NotFound => ("not_found", "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", "Method not allowed"),
            Self::WebSocketOnly => ("websocket_only", "A WebSocket is needed"),
            Self::ForeignHost { .. } => ("host_refused", "Another host was meant"),
            Self::TokenNeeded { .. } => ("token_needed", "A token is needed"),
            Self::SignInFirst { .. } => ("token_needed", "Please sign in first"),
            Self::TokenRefused => ("token_refused", "The token is not good"),
            Self::ScopeMissing { .. } => ("scope_missing", "The token may not do this"),
            Self::ForeignOrigin => ("origin_refused", "Another page asked"),
            Self::CsrfMissing => ("csrf_missing", "The page's own header is missing"),
            Self::LinkRefused { .. } => ("link_spent", "The sign-in link is spent"),
            Self::Slowed { .. } => ("slowed", "Too many failed attempts"),
            Self::TooFast { .. } => ("too_fast", "Too many requests"),
            Self::BadBody { .. } => ("body_malformed", "The body cannot be read"),
            Self::LargeForm { .. } => ("body_too_large", "The body is too large"),
            Self::MalformedBody { .. } => ("body_malformed", "The body is not JSON"),
            Self::UnfitBody { .. } => ("body_invalid", "The body does not fit"),
            Self::UnknownCommand { .. } => ("command_not_found", "No such command"),
            Self::Arguments { .. } => ("arguments_invalid", "Arguments do not fit"),
            Self::Busy { .. } => ("busy", "The agent is busy"),
            Self::AgentEnded { .. } => ("agent_ended", "The agent has ended"),
            Self::AgentHeld { .. } => ("agent_held", "The agent is held"),
            Self::NotReined { .. } => ("not_reined", "The agent cannot be held"),
            Self::AgentFailed { kind, .. } => (kind, "The agent could not do it"),
            Self::TimedOut { .. } => ("timed_out", "No answer in time"),
            Self::Cancelled => ("cancelled", "Cancelled"),
            Self::Unanswered { .. } => ("unanswered", "Nobody answered"),
            Self::Rejected { status, .. } if *status == StatusCode::PAYLOAD_TOO_LARGE => {
                ("body_too_large", "The body is too large")
            }
            Self::Rejected { .. } => ("request_malformed", "The request cannot be read"),
            Self::LargeBody { .. } => ("body_too_large", "The body is too large"),
            Self::NoQuestion { .. } => ("question_not_found", "No such question"),
            Self::Decided { .. } => ("already_decided", "Somebody was first"),
            Self::QuestionOver { .. } => ("question_over", "The question is over"),
            Self::AnswerUnfit { .. } => ("answer_invalid", "The answer does not fit"),
            Self::AskUnfit { .. } => ("question_invalid", "The question does not fit"),
            Self::BadKey { .. } => ("key_invalid", "The key does not fit"),
            Self::KeyReused => ("key_reused", "The key was used before"),
            Self::PurgatoryFull => ("purgatory_full", "Too many questions wait"),
            Self::GardenFull => ("garden_full", "Too many agents"),
            Self::DiskFull => ("disk_full", "The disk is full"),
            Self::StoreRefuses { .. } => ("store_refuses", "The store does not take it"),
            Self::Path { sorry } => (
                sorry.code(),
                match **sorry {
                    Sorry::Empty | Sorry::TooMuch { .. } | Sorry::Syntax { .. } => "Not a path",
                    Sorry::Clause { .. } => "Not a clause",
                    Sorry::NotFound { .. } => "Nothing lives there",
                    Sorry::Affordance { .. } => "Not for this observer",
                    Sorry::Observer { .. } | Sorry::BadObserver { .. } => "Who asks is not plain",
                    Sorry::Arguments { .. } => "Arguments do not fit",
                    Sorry::Composition { .. } => "Not lawful",
                },
            ),
            Self::Exhausted { kind, .. } => (kind, "There is not enough"),
            Self::Draining => ("draining", "Stopping"),
            Self::Internal => ("internal", "Something went wrong here"),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnknownAgent { .. } | Self::NotAnAgentId { .. } => "GET /api/agents lists every agent",
            Self::BadQuery { field: "window", .. } => "for example ?window=15m",
            Self::BadQuery { field: "step", .. } => "for example ?step=1s",
            Self::BadQuery { .. } => "leave it out to get the default",
            Self::NotFound => "GET /api/agents is a good place to begin",
            Self::MethodNotAllowed => "the Allow header lists the methods it takes",
            Self::WebSocketOnly => "connect with ws:// instead of http://",
            Self::ForeignHost { .. } => {
                "use http://127.0.0.1, http://localhost or the machine's address, or start the gateway with --origin"
            }
            Self::TokenNeeded { scope } => {
                let scope = scope.unwrap_or(Scope::Perturb).as_str();
                return Some(format!(
                    "make one with `terrarium token create --name NAME --scope {scope}` and send it as \
                     `Authorization: Bearer trm_…`, or sign in at {}",
                    wire::route::LOGIN
                ));
            }
            Self::SignInFirst { scope } => {
                let scope = scope.as_str();
                return Some(format!(
                    "sign in with a token that has the scope {scope} and ask again; what only looks needs none"
                ));
            }
            Self::TokenRefused => "it may be mistyped, revoked or expired; `terrarium token list` shows every token",
            Self::ScopeMissing { needs, .. } => {
                let needs = needs.as_str();
                return Some(format!("make another with `terrarium token create --name NAME --scope {needs}`"));
            }
            Self::ForeignOrigin => "open the gateway's own address, or start the gateway with --origin",
            Self::CsrfMissing => "its value is the field csrf of GET /api/session; programs use a token instead",
            Self::LinkRefused { .. } => "start the gateway again for another, or sign in with a token",
            Self::Slowed { .. } | Self::TooFast { .. } => "the Retry-After header says how long to wait",
            Self::LargeForm { .. } => "a token is about 90 characters long",
            Self::BadBody { .. } => "send JSON such as {\"token\":\"trm_…\"}, or a form",
            Self::MalformedBody { .. } => "send a JSON object, for example {\"data\": \"hello\"}",
            Self::UnfitBody { .. } => "GET /openapi.json describes every body",
            Self::UnknownCommand { .. } => "GET /api/agents/{agent}/commands lists what it exposes",
            Self::Arguments { .. } => {
                "errors says what is wrong with each; GET /api/agents/{agent}/commands has the schema"
            }
            Self::Busy { .. } => "try again after retry_after_ms",
            Self::AgentEnded { .. } => "GET /api/agents lists which agents are running",
            Self::AgentHeld { rein } => match rein.question() {
                Some(_) => "answer the question about it; GET /api/purgatory lists it",
                None => "self.flux.go_on lets it go on; /void shows every agent that is held",
            },
            Self::NotReined { .. } => "/void shows which agents are held, and why",
            Self::AgentFailed { hint, .. } => return hint.clone(),
            Self::TimedOut { .. } => "give it more time with timeout_ms, or look at its stream for what keeps it",
            Self::Rejected { status, .. } if *status == StatusCode::PAYLOAD_TOO_LARGE => {
                "send less at once; GET /openapi.json says how much"
            }
            Self::Rejected { .. } => "GET /openapi.json describes every request",
            Self::Draining => "try again when it is back",
            Self::Unanswered { .. } => "send the work again to ask again",
            Self::LargeBody { .. } => "say less, or put what is large where a link can point to it",
            Self::NoQuestion { .. } => "GET /api/purgatory?status=all lists every question that is kept",
            Self::Decided { .. } => "decision says what was decided; GET the question to see how it went on",
            Self::QuestionOver { .. } => "ask again if an answer is still wanted",
            Self::AnswerUnfit { .. } | Self::AskUnfit { .. } => "errors says what is wrong with each field",
            Self::BadKey { .. } => "a random UUID makes a good key",
            Self::KeyReused => "take another key for another request",
            Self::PurgatoryFull => "answer or cancel some of those that wait; GET /api/purgatory lists them",
            Self::GardenFull => "ask under the name of an agent that is here already",
            Self::DiskFull => "nothing was changed; make room where the data folder is, and send it again",
            Self::StoreRefuses { .. } => "nothing was changed; the gateway's log says more",
            Self::Path { sorry } => return Some(sorry.tries()),
            Self::Exhausted { kind: "grant_not_open", .. } => "void.entropy.sip gives a new one",
            Self::Exhausted { kind: "insufficient_capital", .. } => "ask for less",
            Self::Exhausted { .. } => "ask for less, or give back a grant with void.entropy.pour, or tithe",
            Self::Cancelled | Self::Internal => return None,
        };
        Some(text.to_owned())
    }
}

impl Error {
    fn errors(&self) -> &[FieldError] {
        match self {
            Self::Arguments { errors } | Self::AnswerUnfit { errors } | Self::AskUnfit { errors } => errors,
            Self::Path { sorry } => sorry.errors(),
            _ => &[],
        }
    }

    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Draining => Some(1000),
            Self::PurgatoryFull | Self::GardenFull | Self::DiskFull | Self::StoreRefuses { .. } => Some(10_000),
            Self::Busy { retry_after: retry } | Self::Slowed { retry } | Self::TooFast { retry } => {
                Some(u64::try_from(retry.as_millis()).unwrap_or(u64::MAX).max(1))
            }
            _ => None,
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let (code, title) = error.kind();
        Self {
            r#type: "about:blank".to_owned(),
            title: title.to_owned(),
            status: error.status().as_u16(),
            detail: error.to_string(),
            instance: None,
            code: code.to_owned(),
            hint: error.hint(),
            errors: error.errors().to_vec(),
            related: if let Error::Path { sorry } = error { sorry.related().to_vec() } else { Vec::new() },
            retry_after_ms: error.retry_after_ms(),
            decision: if let Error::Decided { decision } = error { Some(decision.clone()) } else { None },
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let challenge = match self {
            Self::TokenNeeded { .. } | Self::SignInFirst { .. } => Some("Bearer realm=\"terrarium\""),
            Self::TokenRefused => Some("Bearer realm=\"terrarium\", error=\"invalid_token\""),
            Self::ScopeMissing { .. } => Some("Bearer realm=\"terrarium\", error=\"insufficient_scope\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(Problem::from(&self));
        response
    }
}

/// A refusal that the framework put in plain words, such as a query that cannot be read or a body that is too large, as
/// the problem it is.
async fn own_words(response: Response) -> Response {
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let plain = response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    if !refused || !plain || response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let why = axum::body::to_bytes(response.into_body(), REFUSAL_MAX).await.unwrap_or_default();
    let why = match std::str::from_utf8(&why) {
        Ok(words) if !words.trim().is_empty() => words.trim().to_owned(),
        _ => status.canonical_reason().unwrap_or("the request was refused").to_owned(),
    };
    Error::Rejected { status, why }.into_response()
}

/// Middleware: writes the problem a response carries, with the path that was asked for.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = own_words(next.run(request).await).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.instance = Some(path);
        if let Some(ms) = problem.retry_after_ms {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.remove(header::CONTENT_LENGTH);
    }
    response
}
