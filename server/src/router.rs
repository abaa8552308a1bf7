//! Every URL and what stands around the doors: limits, headers, compression, and the two checks that come first.

use crate::{
    error::{self, Error},
    origin,
    routes::{agents, health, metrics, observe, page, prometheus},
    state::Shared,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
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
use wire::route;

/// Largest request body. No door takes one yet; this is for the ones that ignore it.
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

pub(crate) fn router(shared: &Shared) -> Router {
    page::prepare();
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(is_text));
    Router::new()
        .route(route::GARDEN, get(page::garden))
        .route(route::AGENT_PAGE, get(page::agent))
        .route(route::OBSERVE_GARDEN, get(observe::garden))
        .route(route::OBSERVE, get(observe::one))
        .route(route::AGENTS, get(agents::list))
        .route(route::AGENT, get(agents::one))
        .route(route::SNAPSHOT, get(agents::snapshot))
        .route(route::METRICS, get(metrics::one))
        .route(route::METRICS_ALL, get(metrics::all))
        .route(route::HEALTHZ, get(health::healthz))
        .route(route::READYZ, get(health::readyz))
        .route(route::PROMETHEUS, get(prometheus::metrics))
        .route(route::VERSION, get(health::version))
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
