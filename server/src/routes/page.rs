//! The page: server-side rendering of `app`, with the state it starts from and the headers that fence it in.
//!
//! Also the fallback of the whole gateway: embedded files at the root, problems below `/api`, and for any other address the
//! page that says there is nothing.

use super::{metrics::DEFAULT_WINDOW_MS, session::session_of};
use crate::{
    assets,
    auth::{
        Caller,
        guard::{self, Needs},
    },
    error::Error,
    state::Shared,
};
use app::{Address, Decided, FirstState, Fragment, Page};
use axum::{
    body::Body,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::use_context};
use leptos_axum::ResponseOptions;
use runtime::purgatory::Filter;
use terrarium_core::{
    series::FINE_STEP_S,
    view::{Garden, VoidView},
};
use wire::{AgentId, Frame, route, semaphore::TokenStatus};

/// Events in the first HTML of an agent's page.
const PAGE_EVENTS: usize = 100;
/// Questions in the first HTML of the page with those that are over.
const PAGE_DECIDED: usize = 50;

/// Tells the page's reactive system to run on tokio. Once per process is enough, more does no harm.
pub(crate) fn prepare() {
    // The only error is that somebody already did.
    let _ = any_spawner::Executor::init_tokio();
}

pub(crate) async fn garden(State(shared): State<Shared>, caller: Caller, request: Request) -> Response {
    let mut garden = summaries(&shared);
    for agent in shared.registry.list() {
        garden.restore(&agent.series(DEFAULT_WINDOW_MS, FINE_STEP_S));
    }
    render(garden, &caller, StatusCode::OK, request).await
}

pub(crate) async fn agent(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    caller: Caller,
    request: Request,
) -> Response {
    let mut garden = summaries(&shared);
    let Some(agent) = AgentId::parse(&name).ok().and_then(|id| shared.registry.get(&id)) else {
        return render(garden, &caller, StatusCode::NOT_FOUND, request).await;
    };
    garden.restore(&agent.series(DEFAULT_WINDOW_MS, FINE_STEP_S));
    for event in agent.snapshot(PAGE_EVENTS).history {
        garden.apply(&Frame::Event(Box::new(event)));
    }
    render(garden, &caller, StatusCode::OK, request).await
}

/// The questions that wait. They travel with the garden, to every page.
pub(crate) async fn purgatory(State(shared): State<Shared>, caller: Caller, request: Request) -> Response {
    render(summaries(&shared), &caller, StatusCode::OK, request).await
}

/// The questions that are over, newest first, from a place in the list on.
pub(crate) async fn decided(
    State(shared): State<Shared>,
    caller: Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let query = query.unwrap_or_default();
    let after = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "cursor");
    let filter = Filter {
        status: TokenStatus::ALL.into_iter().filter(|s| *s != TokenStatus::Pending).collect(),
        after: after.and_then(|(_, place)| place.parse().ok()),
        limit: PAGE_DECIDED,
        ..Filter::default()
    };
    let page = shared.registry.purgatory().list(filter).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the questions that are over could not be read");
        runtime::purgatory::Page { tokens: Vec::new(), next: None }
    });
    let decided = Decided { tokens: page.tokens, next: page.next.map(|place| place.to_string()) };
    let first =
        FirstState { garden: summaries(&shared), session: session_of(&caller), decided, ..FirstState::default() };
    render_first(first, StatusCode::OK, request).await
}

/// A page whose HTML the gateway has written already.
pub(crate) async fn with_fragment(shared: &Shared, caller: &Caller, html: String, mut request: Request) -> Response {
    request.extensions_mut().insert(Fragment(html));
    render(summaries(shared), caller, StatusCode::OK, request).await
}

/// Whatever no route took.
pub(crate) async fn fallback(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(asset) = assets::site().find(path) {
        return match *request.method() {
            Method::GET | Method::HEAD => asset.answer(request.method(), request.headers()),
            _ => Error::MethodNotAllowed.into_response(),
        };
    }
    let for_programs = [route::AGENTS, route::ASSETS].iter().any(|door| first_segment(path) == first_segment(door));
    if for_programs || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::NotFound.into_response();
    }
    // The page that says there is nothing also says which agents there are, so it is for those who may watch.
    let (mut parts, body) = request.into_parts();
    let caller = match guard::admit(&shared, Needs::Watch, &parts).await {
        Ok(caller) => caller,
        Err(error) => return guard::turn_away(error, &mut parts).await,
    };
    let garden = summaries(&shared);
    render(garden, &caller, StatusCode::NOT_FOUND, Request::from_parts(parts, body)).await
}

fn summaries(shared: &Shared) -> Garden {
    let agents = shared.registry.list().iter().map(|a| a.summary()).collect();
    let void = VoidView::with(shared.registry.metabolism().fever());
    Garden { void, ..Garden::from_summaries(shared.registry.gateway_id().to_owned(), agents) }
}

async fn render(garden: Garden, caller: &Caller, status: StatusCode, request: Request<Body>) -> Response {
    let first = FirstState { garden, session: session_of(caller), ..FirstState::default() };
    render_first(first, status, request).await
}

async fn render_first(first: FirstState, status: StatusCode, request: Request<Body>) -> Response {
    let site = assets::site();
    let owned = |path: Option<&'static str>| path.map(str::to_owned);
    let page = Page { js: owned(site.js), wasm: owned(site.wasm), css: owned(site.css) };
    // Built here and not from the environment: how we are configured is our own business.
    let options = LeptosOptions::builder().output_name("terrarium").build();
    let first = FirstState { now: runtime::clock::wall(), ..first };
    let address = Address(request.uri().path_and_query().map_or(route::GARDEN, |p| p.as_str()).to_owned());
    let fragment = request.extensions().get::<Fragment>().cloned().unwrap_or_default();
    let context = move || {
        leptos::prelude::provide_context(fragment.clone());
        leptos::prelude::provide_context(address.clone());
        leptos::prelude::provide_context(first.clone());
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status);
            if let Some(policy) = use_nonce().and_then(|nonce| HeaderValue::from_str(&content_policy(&nonce)).ok()) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
            response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    };
    let shell = move || app::shell(options.clone(), page.clone());
    leptos_axum::render_app_async_with_context(context, shell)(request).await
}

fn first_segment(path: &str) -> Option<&str> {
    path.split('/').nth(1)
}

/// Scripts run from us or with this response's nonce, and the page talks to us only.
fn content_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'"
    )
}
