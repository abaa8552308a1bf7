//! Answering and withdrawing: the same door for programs, which send JSON, and for people without scripts, whose browser
//! sends a form and goes on to a page.

use super::{actor, named, refused};
use crate::{
    auth::{Caller, guard::is_form},
    body,
    error::Error,
    html,
    routes::{login::ours, wants_page},
    state::Shared,
};
use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use runtime::PurgatoryError;
use serde_json::Value;
use wire::{
    AgentId, FieldError, SemaphoreCard, TokenId,
    purgatory::Withdrawal,
    route,
    semaphore::{Answer, CONTEXT_MAX, TokenRecord, WORD_MAX},
    session::CSRF_HEADER,
};

/// Largest answer as a body, in bytes: as large as an answer may be, and all its letters escaped once; in a form each byte
/// may take three.
const ANSWER_MAX: usize = 3 * CONTEXT_MAX;

/// What is to be done.
#[derive(Clone, Copy)]
enum Act {
    Resolve,
    Cancel,
}

/// The fields of a form.
#[derive(Debug, Default)]
struct Form {
    human_input: Option<String>,
    note: Option<String>,
    reason: Option<String>,
    csrf: Option<String>,
    next: Option<String>,
}

/// What was sent.
enum Said {
    Json(Bytes),
    Form(Form),
}

pub(crate) async fn resolve(
    State(shared): State<Shared>,
    Path(path): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Response {
    decide(Act::Resolve, &shared, &path, &caller, request).await
}

pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Path(path): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Response {
    decide(Act::Cancel, &shared, &path, &caller, request).await
}

async fn decide(act: Act, shared: &Shared, path: &(String, String), caller: &Caller, request: Request) -> Response {
    // Only a browser that sent a form wants to go on to a page.
    let page = is_form(request.headers()) && wants_page(request.headers());
    let said = match read(caller, request).await {
        Ok(said) => said,
        Err(error) if page => return html::sorry(&error, None),
        Err(error) => return error.into_response(),
    };
    let next = if let Said::Form(form) = &said { form.next.clone() } else { None };
    let back = next.unwrap_or_else(|| {
        AgentId::parse(&path.0).map_or_else(|_| route::GARDEN.to_owned(), |a| route::agent_page(&a))
    });
    match done(act, shared, path, caller, said).await {
        Ok(_) if page => Redirect::to(ours(&back)).into_response(),
        Ok(record) => Json(record).into_response(),
        Err(error) if page => html::sorry(&error, Some(ours(&back))),
        Err(error) => error.into_response(),
    }
}

async fn done(
    act: Act,
    shared: &Shared,
    path: &(String, String),
    caller: &Caller,
    said: Said,
) -> Result<TokenRecord, Error> {
    let (agent, token) = named(shared, path)?;
    let purgatory = shared.registry.purgatory();
    let moved = match act {
        Act::Resolve => {
            let answer = match said {
                Said::Json(bytes) => body::read(&bytes)?,
                Said::Form(form) => form.answer(&card(shared, &agent, &token).await?)?,
            };
            purgatory.resolve(Some(agent), token, answer, actor(caller)).await
        }
        Act::Cancel => {
            let reason = match said {
                Said::Json(bytes) => withdrawal(&bytes)?.reason,
                Said::Form(form) => form.reason.or(form.note),
            };
            let reason = reason.map(|r| r.trim().to_owned()).filter(|r| !r.is_empty());
            if reason.as_ref().is_some_and(|r| r.chars().count() > WORD_MAX) {
                let message = format!("it is longer than {WORD_MAX} characters");
                return Err(Error::AnswerUnfit { errors: vec![FieldError { pointer: "/reason".to_owned(), message }] });
            }
            purgatory.cancel(Some(agent), token, reason, actor(caller)).await
        }
    };
    Ok(moved.map_err(refused)?.token.record())
}

/// The question as it is shown, wherever it stands.
async fn card(shared: &Shared, agent: &AgentId, token: &TokenId) -> Result<SemaphoreCard, Error> {
    let found = shared.registry.purgatory().inspect(token).await.map_err(refused)?;
    let found = found.filter(|record| record.card.agent_id == *agent);
    found.map(|record| record.card).ok_or_else(|| refused(PurgatoryError::Unknown(token.clone())))
}

/// Reads what was sent. Some programs call their JSON a form, because that is what `curl -d` does.
async fn read(caller: &Caller, request: Request) -> Result<Said, Error> {
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, ANSWER_MAX).await?;
    if !is_form(&parts.headers) {
        return Ok(Said::Json(bytes));
    }
    let json = bytes.trim_ascii().starts_with(b"{");
    let form = if json { Form::default() } else { Form::from_pairs(&bytes) };
    let header = parts.headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok());
    caller.prove(form.csrf.as_deref().or(header))?;
    Ok(if json || bytes.is_empty() { Said::Json(bytes) } else { Said::Form(form) })
}

fn withdrawal(bytes: &[u8]) -> Result<Withdrawal, Error> {
    match body::read_or_nothing(bytes)? {
        None => Ok(Withdrawal::default()),
        Some(value) => serde_json::from_value(value).map_err(|e| Error::UnfitBody { why: e.to_string() }),
    }
}

impl Form {
    fn from_pairs(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let field = match name.as_ref() {
                "human_input" => &mut form.human_input,
                "note" => &mut form.note,
                "reason" => &mut form.reason,
                "csrf" => &mut form.csrf,
                "next" => &mut form.next,
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        form
    }

    /// What was typed is a text; where the question has a schema, it is JSON if it can be.
    fn answer(self, card: &SemaphoreCard) -> Result<Answer, Error> {
        let typed = self.human_input.filter(|typed| !typed.trim().is_empty()).ok_or_else(|| {
            let (pointer, message) = ("/human_input".to_owned(), "it is empty".to_owned());
            Error::AnswerUnfit { errors: vec![FieldError { pointer, message }] }
        })?;
        let json = card.response_schema.is_some() && !card.options.contains(&typed);
        let parsed = if json { serde_json::from_str::<Value>(&typed).ok() } else { None };
        let note = self.note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        Ok(Answer { human_input: parsed.unwrap_or(Value::String(typed)), note })
    }
}
