//! `/void`: the garden's metabolism as a page. The gateway writes its HTML; the page's own code only puts newer parts in
//! place, so that the browser needs no code for any of this. Its form is the door of AGENTESE for people without scripts.

mod chart;
mod html;

use super::{agentese, login::ours, page, purgatory, session::session_of, wants_page};
use crate::{
    auth::{Caller, guard::is_form},
    body,
    error::Error,
    html::sorry,
    state::Shared,
};
use axum::{
    extract::{RawQuery, Request, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use html::{Answer, Options, Parts};
use runtime::logos::{Outcome, Plan};
use serde_json::{Map, Value};
use terrarium_core::{
    logos::complete::{Live, complete},
    metabolism::VoidRequest,
};
use wire::{agentese::Agentese, route, session::CSRF_HEADER};

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
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "typed");
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
        Ok(said) => (crate::html::HEADERS, Answer(&said).to_string()).into_response(),
        Err(error) if page => sorry(&error, Some(ours(route::VOID_PAGE))),
        Err(error) => error.into_response(),
    }
}

async fn done(shared: &Shared, caller: &Caller, request: Request) -> Result<Value, Error> {
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, wire::agentese::BODY_MAX).await?;
    let (call, csrf) = read(&bytes, &parts.headers);
    caller.prove(csrf.as_deref())?;
    let plan = Plan::of(&shared.registry, call, caller.scopes()).map_err(agentese::refused)?;
    plan.scopes().try_for_each(|scope| caller.require(scope))?;
    shared.perturbs.check(&caller.client).map_err(|retry| Error::TooFast { retry })?;
    match plan.carry_out(&shared.registry, purgatory::actor(caller)).await.map_err(agentese::refused)? {
        Outcome::Said(said) => Ok(said),
        Outcome::Asked(card) => Ok(Value::from(format!("A person is asked first: {}", card.prompt))),
    }
}

/// The fields of a form: the path, the proof, and whatever else there is as arguments; numbers are numbers.
fn read(bytes: &[u8], headers: &HeaderMap) -> (Agentese, Option<String>) {
    let mut csrf = headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut call = Agentese { path: String::new(), observer: None, args: Map::new() };
    for (name, value) in form_urlencoded::parse(bytes) {
        match name.as_ref() {
            "path" => call.path = value.into_owned(),
            "csrf" => csrf = Some(value.into_owned()),
            _ if value.is_empty() => {}
            _ => {
                let number = serde_json::from_str(&value).ok().filter(Value::is_number);
                call.args.insert(name.into_owned(), number.unwrap_or_else(|| value.into_owned().into()));
            }
        }
    }
    (call, csrf)
}

fn parts(shared: &Shared, caller: &Caller) -> Parts {
    let metabolism = shared.registry.metabolism();
    // Looking at it fails for nobody; nothing stands there if it ever did.
    let ask = |request| metabolism.answer(request).unwrap_or_default();
    Parts {
        engine: ask(VoidRequest::Metabolism),
        fevers: ask(VoidRequest::Witness)["fevers"].take(),
        entropy: metabolism.entropy(),
        pressures: metabolism.pressures(),
        session: session_of(caller),
        now: runtime::clock::wall(),
    }
}
