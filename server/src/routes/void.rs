//! `/void`: the garden's metabolism as a page. The gateway writes its HTML; the page's own code only puts newer parts in
//! place, so that the browser needs no code for any of this. Its form is the door of AGENTESE for people: what a path needs,
//! they must be allowed, and what only reads is for everybody who may watch.

mod chart;
mod html;
mod reins;

use super::{agentese, login::ours, page, purgatory, session::session_of, wants_page};
use crate::{
    auth::{Caller, guard::is_form},
    body,
    error::Error,
    html::sorry,
    state::Shared,
};
use axum::{
    Json,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use html::{Answer, Options, Parts};
use reins::Governed;
use runtime::{
    AgentHandle, Registry,
    logos::{Outcome, Plan},
};
use serde_json::{Map, Value, json};
use terrarium_core::{
    logos::complete::{Live, complete},
    metabolism::VoidRequest,
};
use wire::{Scope, agentese::Agentese, route, session::CSRF_HEADER};

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In a sentence, where there is one.
    Words,
    /// As it is.
    Json,
}

/// On a piece of HTML that is out of date in a second.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// The page.
pub(crate) async fn show(State(shared): State<Shared>, caller: Caller, request: Request) -> Response {
    let parts = parts(&shared, &caller).to_string();
    page::with_fragment(&shared, &caller, parts, request).await
}

/// What stands in it now.
pub(crate) async fn now(State(shared): State<Shared>, caller: Caller) -> Response {
    (NO_STORE, Html(parts(&shared, &caller).to_string())).into_response()
}

/// Paths that go on from what was typed.
pub(crate) async fn paths(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "path");
    let summaries: Vec<_> = shared.registry.list().iter().map(|agent| agent.summary()).collect();
    let live: Vec<_> = summaries
        .iter()
        .map(|s| Live { agent: s.agent_id.as_str(), commands: s.commands.iter().map(String::as_str).collect() })
        .collect();
    let found = complete(typed.as_ref().map_or("", |(_, typed)| typed), &live, None);
    (NO_STORE, Html(Options(&found).to_string())).into_response()
}

/// A path, from a form.
pub(crate) async fn act(State(shared): State<Shared>, caller: Caller, request: Request) -> Response {
    let page = is_form(request.headers()) && wants_page(request.headers());
    match done(&shared, &caller, request).await {
        Ok((said, _)) if page => (crate::html::HEADERS, Answer(&said).to_string()).into_response(),
        Ok((said, Form::Json)) => Json(json!({"said": format!("{said:#}")})).into_response(),
        Ok((said, Form::Words)) => Json(json!({"said": html::words(&said)})).into_response(),
        Err(error) if page => sorry(&kindly(error), Some(ours(route::VOID_PAGE))),
        Err(error) => kindly(error).into_response(),
    }
}

/// A refusal for somebody who sits before the page: who watches is asked in, and not sent for a token.
fn kindly(error: Error) -> Error {
    match error {
        Error::TokenNeeded { scope: Some(scope) } if scope != Scope::Observe => Error::SignInFirst { scope },
        other => other,
    }
}

async fn done(shared: &Shared, caller: &Caller, request: Request) -> Result<(Value, Form), Error> {
    if caller.name().is_none() {
        // Where the garden is closed, a stranger learns nothing, not even which paths there are.
        caller.require(Scope::Observe)?;
    }
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, wire::agentese::BODY_MAX).await?;
    let (call, csrf, form) = read(&bytes, &parts.headers);
    caller.prove(csrf.as_deref())?;
    let plan = Plan::of(&shared.registry, call, caller.scopes()).map_err(agentese::refused)?;
    plan.scopes().try_for_each(|scope| caller.require(scope))?;
    if !plan.only_reads() {
        shared.perturbs.check(&caller.client).map_err(|retry| Error::TooFast { retry })?;
    }
    match plan.carry_out(&shared.registry, purgatory::actor(caller)).await.map_err(agentese::refused)? {
        Outcome::Said(said) => Ok((said, form)),
        Outcome::Asked(card) => Ok((Value::from(format!("A person is asked first: {}", card.prompt)), form)),
    }
}

/// The fields of a form: the path, the proof, and whatever else there is as arguments; numbers are numbers.
fn read(bytes: &[u8], headers: &HeaderMap) -> (Agentese, Option<String>, Form) {
    let mut csrf = headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut call = Agentese { path: String::new(), observer: None, args: Map::new() };
    let mut form = Form::Words;
    for (name, value) in form_urlencoded::parse(bytes) {
        match name.as_ref() {
            "path" => call.path = typed(&value, &mut call.args),
            "as" => form = Form::Json,
            "csrf" => csrf = Some(value.into_owned()),
            _ if value.is_empty() => {}
            _ => {
                call.args.insert(name.into_owned(), argument(&value));
            }
        }
    }
    (call, csrf, form)
}

/// A path, and the arguments behind it: JSON from a brace on, or words with a `=`.
fn typed(text: &str, args: &mut Map<String, Value>) -> String {
    if let Some((path, json)) = text.split_once(" {")
        && let Ok(Value::Object(given)) = serde_json::from_str(&format!("{{{json}"))
    {
        args.extend(given);
        return path.trim().to_owned();
    }
    let mut path = text.trim();
    while let Some((before, last)) = path.rsplit_once(' ')
        && let Some((name, value)) = last.split_once('=')
        && !name.contains(['[', '.', '>'])
    {
        args.insert(name.to_owned(), argument(value));
        path = before.trim_end();
    }
    path.to_owned()
}

/// What is JSON is JSON, everything else is a text.
fn argument(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| value.into())
}

fn parts(shared: &Shared, caller: &Caller) -> Parts {
    let metabolism = shared.registry.metabolism();
    // Looking at it fails for nobody; nothing stands there if it ever did.
    let ask = |request| metabolism.answer(request).unwrap_or_default();
    Parts {
        engine: runtime::logos::metabolism(&shared.registry),
        fevers: ask(VoidRequest::Witness)["fevers"].take(),
        entropy: metabolism.entropy(),
        pressures: metabolism.pressures(),
        governed: governed(&shared.registry),
        session: session_of(caller),
        now: runtime::clock::wall(),
    }
}

/// Every agent that runs here.
fn governed(registry: &Registry) -> Vec<Governed> {
    let residents = registry.list().into_iter().filter(|agent| !agent.is_guest());
    let governed = |agent: AgentHandle| Governed {
        policy: registry.metabolism().policy(agent.id()),
        agent: agent.id().to_string(),
    };
    residents.map(governed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_behind_the_path() {
        let of = |text: &str| {
            let mut args = Map::new();
            (typed(text, &mut args), Value::Object(args))
        };
        assert_eq!(of(" void.entropy.tithe  amount=0.2 "), ("void.entropy.tithe".into(), json!({"amount": 0.2})));
        assert_eq!(of("a.b >> c.d x=y z=[1]"), ("a.b >> c.d".into(), json!({"x": "y", "z": [1]})));
        assert_eq!(of("a.b {\"c\": {\"d\": 1}}"), ("a.b".into(), json!({"c": {"d": 1}})));
        assert_eq!(of("a.b[entropy=0.1]"), ("a.b[entropy=0.1]".into(), json!({})));
    }
}
