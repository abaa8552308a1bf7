//! `/login` and `/logout`: how a browser becomes somebody, and nobody again.
//!
//! Plain pages that work without scripts; [`html`] draws them. Looking at a page changes nothing, so a link preview does not
//! use a sign-in link up: its one button does. A program may post JSON instead, and gets the session and its cookie.

mod html;

use super::{session::session_of, wants_page};
use crate::{
    auth::{COOKIE, Caller, How, Proof, Quiet, Verdict, same},
    error::Error,
    html::HEADERS,
    serve::Peer,
    state::Shared,
};
use axum::{
    Json,
    body::to_bytes,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use html::Page;
use serde::Deserialize;
use wire::{Problem, route, session::CSRF_HEADER};

/// The parameter with a sign-in link's code.
pub(crate) const ONCE: &str = "once";
/// Largest form: a token, and where to go.
const FORM_MAX: usize = 4096;
/// Longest address to go on to.
const NEXT_MAX: usize = 1024;
/// How long a browser keeps the cookie, in seconds: as long as browsers allow. When the session ends, the gateway decides.
const COOKIE_AGE: u32 = 400 * 24 * 3600;

/// What is typed, or posted by a program.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Form {
    token: Option<String>,
    once: Option<String>,
    next: Option<String>,
    csrf: Option<String>,
}

/// How a body was written, and so how to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Form,
    Json,
}

/// The address of the sign-in page that goes on to `wanted`.
pub(crate) fn address(wanted: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("{}?next={next}", route::LOGIN)
}

pub(crate) async fn page(
    State(shared): State<Shared>,
    caller: Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let form = Form::from_pairs(query.unwrap_or_default().as_bytes());
    let next = next_of(&form);
    if let Some(code) = &form.once {
        let remote = Peer::of(request.extensions()).remote;
        return match shared.auth.look_at_link(code, remote) {
            Ok(Verdict::Good) => answer(StatusCode::OK, &Page::Confirm { code, next: &next }),
            Ok(why) => sorry(Error::LinkRefused { why }, &next, request.headers()),
            Err(error) => sorry(error, &next, request.headers()),
        };
    }
    match (&caller.how, caller.name()) {
        (How::Cookie { csrf, .. }, Some(name)) if form.next.is_none() => {
            answer(StatusCode::OK, &Page::SignedIn { name, scopes: caller.scopes(), csrf: &csrf.0 })
        }
        _ => answer(StatusCode::OK, &Page::Form { next: &next, problem: None }),
    }
}

pub(crate) async fn sign_in(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, form, dialect) = match read(request).await {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    let next = next_of(&form);
    match begin(&shared, &parts, &form, dialect, &next).await {
        Ok(response) => response,
        Err(error) => sorry(error, &next, &parts.headers),
    }
}

/// Asks whether one is sure, so that the page needs no more than a link here.
pub(crate) async fn farewell(caller: Caller) -> Response {
    match (&caller.how, caller.name()) {
        (How::Cookie { csrf, .. }, Some(name)) => {
            answer(StatusCode::OK, &Page::SignedIn { name, scopes: caller.scopes(), csrf: &csrf.0 })
        }
        _ => Redirect::to(route::LOGIN).into_response(),
    }
}

pub(crate) async fn sign_out(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, form, dialect) = match read(request).await {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = end(&shared, &parts, &form).await {
        return error.into_response();
    }
    let mut response = match dialect {
        Dialect::Json => StatusCode::NO_CONTENT.into_response(),
        Dialect::Form => Redirect::to(route::GARDEN).into_response(),
    };
    let gone = HeaderValue::from_static("terrarium_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, gone);
    response
}

async fn begin(shared: &Shared, parts: &Parts, form: &Form, dialect: Dialect, next: &str) -> Result<Response, Error> {
    let peer = Peer::of(&parts.extensions);
    // Otherwise another site could sign its visitors in as somebody of its own choice.
    if !shared.policy.allows_write(&parts.headers, peer.local) {
        return Err(Error::ForeignOrigin);
    }
    let proof = match (form.token.as_deref().map(str::trim), form.once.as_deref()) {
        (Some(token), _) if !token.is_empty() => Proof::Token(token),
        (_, Some(code)) => Proof::Once(code),
        _ => return Err(Error::TokenNeeded { scope: None }),
    };
    let value = shared.auth.sign_in(proof, peer.remote).await?;
    let (cookie, bare) = cookies(&value, &parts.headers)?;
    let mut response = match dialect {
        Dialect::Form => Redirect::to(next).into_response(),
        Dialect::Json => {
            let as_sent = HeaderMap::from_iter([(header::COOKIE, bare)]);
            Json(session_of(&shared.auth.identify(&as_sent, peer).await?)).into_response()
        }
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Ends the session of the cookie. Without one there is nothing to end, and that is fine.
async fn end(shared: &Shared, parts: &Parts, form: &Form) -> Result<(), Error> {
    let peer = Peer::of(&parts.extensions);
    let caller = shared.auth.identify(&parts.headers, peer).await?;
    let How::Cookie { session, csrf } = &caller.how else { return Ok(()) };
    if !shared.policy.allows_write(&parts.headers, peer.local) {
        return Err(Error::ForeignOrigin);
    }
    let header = parts.headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok());
    let sent = form.csrf.as_deref().or(header).unwrap_or("");
    if !same(sent.as_bytes(), csrf.0.as_bytes()) {
        return Err(Error::CsrfMissing);
    }
    shared.auth.sign_out(session).await
}

async fn read(request: Request) -> Result<(Parts, Form, Dialect), Error> {
    let (parts, body) = request.into_parts();
    let bad = |what: &'static str, why: String| Error::BadBody { what, why };
    let bytes = to_bytes(body, FORM_MAX).await.map_err(|_| Error::LargeForm { max: FORM_MAX })?;
    let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !kind.starts_with(b"application/json") {
        return Ok((parts, Form::from_pairs(&bytes), Dialect::Form));
    }
    let form = match bytes.as_ref() {
        b"" => Form::default(),
        json => serde_json::from_slice(json).map_err(|e| bad("the JSON", position(&e)))?,
    };
    Ok((parts, form, Dialect::Json))
}

/// Where JSON is wrong. Not what stands there: it may be a token.
fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {} is not what it should be", error.line(), error.column())
}

impl Form {
    fn from_pairs(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let field = match name.as_ref() {
                "token" => &mut form.token,
                ONCE => &mut form.once,
                "next" => &mut form.next,
                "csrf" => &mut form.csrf,
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        form
    }
}

/// Where to go on to: an address of ours, or the garden.
fn next_of(form: &Form) -> String {
    ours(form.next.as_deref().unwrap_or(route::GARDEN)).to_owned()
}

/// An address of ours as it stands, or the garden.
pub(crate) fn ours(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && next.len() <= NEXT_MAX;
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let circle = [route::LOGIN, route::LOGOUT].iter().any(|page| next.starts_with(page));
    if ours && plain && !circle { next } else { route::GARDEN }
}

/// The cookie as it is set, and as it is sent back.
fn cookies(value: &Quiet, headers: &HeaderMap) -> Result<(HeaderValue, HeaderValue), Error> {
    // Our own page knows how it was reached, also through a proxy that speaks TLS for us.
    let tls = headers.get(header::ORIGIN).is_some_and(|o| o.as_bytes().starts_with(b"https://"));
    let secure = if tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={}", value.0);
    let set = format!("{text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_AGE}{secure}");
    let header = |text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(|_| Error::Internal)?;
        value.set_sensitive(true);
        Ok(value)
    };
    Ok((header(&set)?, header(&text)?))
}

/// The form again, with what went wrong and what to try; for programs, the problem.
fn sorry(error: Error, next: &str, headers: &HeaderMap) -> Response {
    if !wants_page(headers) {
        return error.into_response();
    }
    let problem = Problem::from(&error);
    let mut response = answer(error.status(), &Page::Form { next, problem: Some(&problem) });
    if let Some(ms) = problem.retry_after_ms {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
    }
    response
}

fn answer(status: StatusCode, page: &Page<'_>) -> Response {
    (status, HEADERS, page.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_goes_on_to_our_own_pages_only() {
        let next = |text: &str| next_of(&Form { next: Some(text.to_owned()), ..Form::default() });
        for ours in ["/", "/agents/host", "/agents/host?a=b&c=%2F"] {
            assert_eq!(next(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "/a b",
            "agents",
            "/login?next=/",
        ] {
            assert_eq!(next(other), "/", "{other:?}");
        }
        assert_eq!(next(&format!("/{}", "a".repeat(NEXT_MAX))), "/");
        assert_eq!(address("/agents/a?b=c"), "/login?next=%2Fagents%2Fa%3Fb%3Dc");
    }

    #[test]
    fn the_cookie_is_for_tls_only_where_the_page_came_by_tls() {
        let set = |origin: &str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())]);
            cookies(&Quiet("a_b".to_owned()), &headers).unwrap().0.to_str().unwrap().to_owned()
        };
        assert!(set("https://garden.example.org").ends_with("; Secure"));
        let plain = set("http://127.0.0.1:8080");
        assert!(plain.starts_with("terrarium_session=a_b; Path=/; HttpOnly; SameSite=Strict"), "{plain}");
        assert!(!plain.contains("Secure"));
    }
}
