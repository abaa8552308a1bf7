//! Every URL, who may pass there, and what stands around the doors: limits, headers, compression, and the check of the
//! host that comes first.

use crate::{
    auth::guard::{Needs, guard},
    error::{self, Error},
    origin,
    routes::{
        agentese, agents, health, invoke, login, metrics, observe, openapi, page, perturb, prometheus, purgatory,
        session, void,
    },
    state::Shared,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use std::any::Any;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{Predicate, SizeAbove},
    },
};
use wire::{Scope, route};

/// Largest request body, where a door does not set its own limit.
const BODY_MAX: usize = 64 * 1024;
/// Responses smaller than this are not worth compressing.
const COMPRESS_ABOVE: u16 = 1024;

/// On every response, whatever it is.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// One URL and method: what it does, and what it asks of whoever comes.
struct Door {
    path: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the handler knows it; tests cannot ask it"))]
    method: Method,
    needs: Needs,
    handler: MethodRouter<Shared>,
}

impl Door {
    /// The same with a limit of its own for bodies.
    fn limit(self, limit: DefaultBodyLimit) -> Self {
        Self { handler: self.handler.layer(limit), ..self }
    }
}

/// Something to look at. Changes nothing.
fn read<H: Handler<T, Shared>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Door {
    Door { path, method: Method::GET, needs, handler: get(handler) }
}

/// Something to do. States the scope it takes.
fn write<H: Handler<T, Shared>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Door {
    Door { path, method: Method::POST, needs, handler: post(handler) }
}

/// Every door. This is the one place where it is stated who may pass.
fn doors() -> Vec<Door> {
    use Needs::{Anyone, ByCommand, FormByCommand, Open, SignedIn, Watch};
    let input = DefaultBodyLimit::max(wire::perturb::INPUT_MAX);
    vec![
        read(route::GARDEN, Watch, page::garden),
        read(route::AGENT_PAGE, Watch, page::agent),
        read(route::PURGATORY_PAGE, Watch, page::purgatory),
        read(route::DECIDED_PAGE, Watch, page::decided),
        read(route::VOID_PAGE, Watch, void::show),
        read(route::VOID_PARTS, Watch, void::now),
        read(route::VOID_PATHS, Watch, void::paths),
        write(route::VOID_PAGE, FormByCommand, void::act).limit(DefaultBodyLimit::disable()),
        read(route::OBSERVE_GARDEN, Watch, observe::garden),
        read(route::OBSERVE, Watch, observe::one),
        read(route::AGENTS, Watch, agents::list),
        read(route::AGENT, Watch, agents::one),
        read(route::SNAPSHOT, Watch, agents::snapshot),
        read(route::COMMANDS, Watch, invoke::commands),
        read(route::PERTURB, Needs::Scope(Scope::Perturb), perturb::one),
        write(route::INVOKE, Needs::Scope(Scope::Perturb), invoke::invoke).limit(input),
        write(route::COMMAND, ByCommand, invoke::command).limit(input),
        write(route::AGENTESE, ByCommand, agentese::ask).limit(DefaultBodyLimit::max(wire::agentese::BODY_MAX)),
        read(route::PURGATORY, Watch, purgatory::list),
        read(route::PENDING, Watch, purgatory::pending),
        read(route::QUESTION, Watch, purgatory::one),
        read(route::WAIT, Needs::Scope(Scope::Perturb), purgatory::wait),
        write(route::ASK, Needs::Scope(Scope::Perturb), purgatory::ask).limit(DefaultBodyLimit::disable()),
        write(route::RESOLVE, Needs::Form(Scope::Resolve), purgatory::resolve).limit(DefaultBodyLimit::disable()),
        write(route::CANCEL, Needs::Form(Scope::Resolve), purgatory::cancel),
        read(route::OPENAPI, Watch, openapi::document),
        read(route::DOCS, Watch, openapi::page),
        read(route::METRICS, Watch, metrics::one),
        read(route::METRICS_ALL, Watch, metrics::all),
        read(route::PROMETHEUS, Watch, prometheus::metrics),
        read(route::HEALTHZ, Open("whoever restarts us has no token"), health::healthz),
        read(route::READYZ, Open("whoever sends us traffic has no token"), health::readyz),
        read(route::VERSION, Open("a client asks it before it knows how to sign in"), health::version),
        read(route::SESSION, Anyone("it says who one is, and a watcher is nobody"), session::show),
        write(route::TICKETS, SignedIn, session::ticket),
        read(route::LOGIN, Anyone("here one signs in"), login::page),
        write(route::LOGIN, Open("here one signs in; it checks the origin itself"), login::sign_in),
        read(route::LOGOUT, Anyone("it only asks whether one is sure"), login::farewell),
        write(
            route::LOGOUT,
            Open("its form carries the proof in its body, and it checks that itself"),
            login::sign_out,
        ),
    ]
}

pub(crate) fn router(shared: &Shared) -> Router {
    page::prepare();
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(is_text));
    let mut router = Router::new();
    for door in doors() {
        let guarded = door.handler.route_layer(from_fn_with_state((shared.clone(), door.needs), guard));
        router = router.route(door.path, guarded);
    }
    router
        .fallback(page::fallback)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(shared.clone(), origin::check_host))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(error::finish))
        .layer(compression)
        .layer(from_fn(stamp))
        .with_state(shared.clone())
}

/// Pages and JSON. Embedded files come compressed, and a socket is not a response.
fn is_text(
    _: axum::http::StatusCode,
    _: axum::http::Version,
    headers: &axum::http::HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    ["text/html", "text/plain", "application/json", "application/problem+json"].iter().any(|t| kind.starts_with(t))
}

async fn stamp(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// A handler panicked: the caller gets a problem, the log gets the words.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words");
    tracing::error!(panic = words, "a request handler panicked");
    Error::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Gateway, config::Observe};

    #[test]
    fn every_door_that_changes_something_states_a_scope_or_why_it_is_open() {
        for Door { path, method, needs, .. } in doors() {
            match needs {
                Needs::Scope(_) | Needs::Form(_) | Needs::ByCommand | Needs::FormByCommand | Needs::SignedIn => {}
                Needs::Watch => assert_eq!(method, Method::GET, "{path}: watching changes nothing"),
                Needs::Open(why) | Needs::Anyone(why) => assert!(why.len() > 10, "{method} {path} says why it is open"),
            }
        }
    }

    /// The table against the router that is really there: each door, with each method, as a stranger.
    #[tokio::test]
    async fn a_stranger_gets_nowhere_but_through_the_open_doors() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { observe: Observe::Token, ..Config::bare(folder.path().to_owned()) };
        let gateway = Gateway::open(config).await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        for path in doors().iter().map(|d| d.path) {
            for method in &methods {
                let named = path.replace("{agent}", "host").replace("{command}", "say").replace("{token}", "sem-1");
                let url = format!("{}{named}", gateway.url());
                let status = client.request(method.clone(), &url).send().await.unwrap().status().as_u16();
                let door = doors().into_iter().find(|d| d.path == path && d.method == *method);
                match door.map(|d| d.needs) {
                    None => assert_eq!(status, 405, "{method} {path}"),
                    Some(Needs::Open(_) | Needs::Anyone(_)) => assert_ne!(status, 405, "{method} {path}"),
                    // What a command needs, its handler knows; there is no such command.
                    Some(Needs::ByCommand) => assert!(matches!(status, 401 | 404), "{method} {path}: {status}"),
                    Some(
                        Needs::Watch
                        | Needs::SignedIn
                        | Needs::Scope(_)
                        | Needs::Form(_)
                        // It reads paths, and knows nobody who may not watch.
                        | Needs::FormByCommand,
                    ) => assert_eq!(status, 401, "{method} {path}"),
                }
            }
        }
    }
}
