//! What a door says when it cannot do what was asked. The only file that knows HTTP statuses of failures.
//!
//! An [`Error`] becomes a response that carries a [`Problem`]; [`finish`] writes it as `application/problem+json` with
//! the path that was asked for.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use wire::{AgentId, Problem, id::IdError};

/// Everything a door may have to say no to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    #[error("the gateway is stopping")]
    Draining,
    #[error("the gateway failed to answer; its log says why")]
    Internal,
}

fn or_one_of(nearest: &[AgentId]) -> String {
    match nearest {
        [] => String::new(),
        some => format!("; the nearest names are {}", some.iter().map(AgentId::as_str).collect::<Vec<_>>().join(", ")),
    }
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownAgent { .. } | Self::NotAnAgentId { .. } | Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadQuery { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::WebSocketOnly => StatusCode::UPGRADE_REQUIRED,
            Self::ForeignHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable word for programs, and the kind of problem for people.
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownAgent { .. } => ("agent_not_found", "No such agent"),
            Self::NotAnAgentId { .. } => ("agent_id_malformed", "Not an agent id"),
            Self::BadQuery { .. } => ("query_invalid", "A query value does not fit"),
            Self::NotFound => ("not_found", "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", "Method not allowed"),
            Self::WebSocketOnly => ("websocket_only", "A WebSocket is needed"),
            Self::ForeignHost { .. } => ("host_refused", "Another host was meant"),
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
            Self::ForeignHost { .. } => "use http://127.0.0.1 or http://localhost, or start the gateway with --origin",
            Self::Draining => "try again when it is back",
            Self::Internal => return None,
        };
        Some(text.to_owned())
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
            errors: Vec::new(),
            retry_after_ms: matches!(error, Error::Draining).then_some(1000),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Problem::from(&self));
        response
    }
}

/// Middleware: writes the problem a response carries, with the path that was asked for.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
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
