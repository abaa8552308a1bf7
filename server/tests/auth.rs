//! Who gets in, over real sockets: tokens, scopes, sessions, links, tickets, origins, and how failures are slowed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use client::{Client, ObserveOptions};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, redirect::Policy};
use runtime::store::keys::{KeyKind, Revoked};
use serde_json::{Value, json};
use server::{
    Config, Gateway, StartError,
    auth::{AdminToken, tokens},
    config::Observe,
};
use std::path::PathBuf;
use support::{TestTerrarium, close_code, hello, id};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wire::{
    Problem, Scope,
    session::{Session, Ticket},
};

type Wire = WebSocketStream<MaybeTlsStream<TcpStream>>;

const ADMIN: &str = "a-token-from-the-environment";

fn folder(t: &TestTerrarium) -> PathBuf {
    t.folder().to_owned()
}

/// The secret and the id of a new token.
fn token(t: &TestTerrarium, scopes: &str) -> (String, String) {
    let made = tokens::create(&folder(t), "test", scopes, None).unwrap();
    (made.secret, made.record.id.as_str().to_owned())
}

fn ask(t: &TestTerrarium, method: Method, path: &str) -> RequestBuilder {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    client.request(method, t.url(path))
}

/// What a browser sends.
async fn post_form(t: &TestTerrarium, form: &[(&str, &str)]) -> Response {
    ask(t, Method::POST, "/login").header("accept", "text/html,*/*").form(form).send().await.unwrap()
}

async fn problem(response: Response) -> Problem {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    response.json().await.unwrap()
}

async fn session_of(t: &TestTerrarium, token: &str) -> Response {
    ask(t, Method::GET, "/api/session").bearer_auth(token).send().await.unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map_or_else(String::new, |v| v.to_str().unwrap().to_owned())
}

/// The cookie that a response sets, as it is sent back.
fn cookie(response: &Response) -> String {
    header(response, "set-cookie").split(';').next().unwrap().to_owned()
}

/// Signs in by JSON. The cookie and the session.
async fn sign_in(t: &TestTerrarium, body: &Value) -> (String, Session) {
    let response = ask(t, Method::POST, "/login").json(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    (cookie(&response), response.json().await.unwrap())
}

fn once(t: &TestTerrarium) -> String {
    t.gateway.login_link().split("once=").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_watcher_is_nobody_and_a_token_is_somebody_with_scopes() {
    let t = TestTerrarium::start().await;
    let watcher: Session = t.get("/api/session").await.json().await.unwrap();
    assert_eq!(watcher, Session::default());
    let (secret, _) = token(&t, "perturb,observe");
    let session: Session = session_of(&t, &secret).await.json().await.unwrap();
    assert_eq!((session.name.as_deref(), session.csrf.as_deref()), (Some("test"), None));
    assert!(session.may(Scope::Perturb) && session.may(Scope::Observe) && !session.may(Scope::Resolve));
    assert!(tokens::list(&folder(&t)).unwrap()[0].last_used.is_some());
}

#[tokio::test]
async fn a_wrong_token_is_a_401_even_where_none_is_needed() {
    let t = TestTerrarium::start().await;
    let (secret, tid) = token(&t, "admin");
    for wrong in
        ["", "nonsense", "trm_", "trm_x_y", &format!("trm_{tid}_{}", "0".repeat(64)), &secret[..secret.len() - 1]]
    {
        let response = ask(&t, Method::GET, "/api/agents").bearer_auth(wrong).send().await.unwrap();
        assert_eq!(response.status(), 401, "{wrong:?}");
        assert!(header(&response, "www-authenticate").starts_with("Bearer"), "{wrong:?}");
        let problem = problem(response).await;
        assert_eq!(problem.code, "token_refused");
        assert!(problem.hint.unwrap().contains("terrarium token list"));
    }
    assert_eq!(ask(&t, Method::GET, "/healthz").bearer_auth("nonsense").send().await.unwrap().status(), 200);
    let proxys_own = ask(&t, Method::GET, "/api/agents").basic_auth("proxy", Some("x")).send().await.unwrap();
    assert_eq!(proxys_own.status(), 200, "another scheme is not ours to judge");
}

#[tokio::test]
async fn without_a_token_a_write_is_a_401_that_says_how_to_get_one() {
    let t = TestTerrarium::start().await;
    let response = ask(&t, Method::POST, "/api/tickets").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), header(&response, "www-authenticate")),
        (401, "Bearer realm=\"terrarium\"".into())
    );
    assert!(problem(response).await.hint.unwrap().contains("terrarium token create"));
}

#[tokio::test]
async fn a_revoked_token_ends_within_a_second_and_takes_its_sessions_and_sockets_along() {
    let t = TestTerrarium::start_with(|c| c.observe = Observe::Token).await;
    let _voice = t.parrot("polly");
    let (secret, tid) = token(&t, "observe");
    let (cookie, _) = sign_in(&t, &json!({"token": secret})).await;
    let client = Client::new(&t.gateway.url()).unwrap().with_token(&secret).unwrap();
    let mut stream = client.observe(&id("polly"), &ObserveOptions::default()).await.unwrap();
    hello(&mut stream).await;
    assert_eq!(client.agents().await.unwrap().len(), 1);
    assert!(matches!(tokens::revoke(&folder(&t), &tid).unwrap(), Revoked::Now(_)));
    // The socket is told without asking; by then nothing else gets in either.
    assert_eq!(close_code(&mut stream).await, Some(4001));
    assert_eq!(session_of(&t, &secret).await.status(), 401);
    let by_cookie = ask(&t, Method::GET, "/api/agents").header("cookie", cookie).send().await.unwrap();
    assert_eq!(by_cookie.status(), 401);
}

#[tokio::test]
async fn a_token_that_nobody_used_yet_is_refused_at_once_when_it_was_revoked() {
    let t = TestTerrarium::start().await;
    let (secret, tid) = token(&t, "observe");
    tokens::revoke(&folder(&t), &tid).unwrap();
    assert_eq!(session_of(&t, &secret).await.status(), 401);
}

#[tokio::test]
async fn the_token_of_the_environment_may_everything_and_is_never_stored() {
    let t = TestTerrarium::start_with(|c| c.admin = Some(AdminToken::new(ADMIN).unwrap())).await;
    let session: Session = session_of(&t, ADMIN).await.json().await.unwrap();
    assert!(Scope::ALL.into_iter().all(|s| session.may(s)));
    assert_eq!(tokens::list(&folder(&t)).unwrap(), []);
    // A browser's session of it can be seen and ended in the list, and ends with the gateway.
    let (cookie, _) = sign_in(&t, &json!({"token": ADMIN})).await;
    let listed = tokens::list(&folder(&t)).unwrap();
    assert_eq!(listed.iter().map(|k| k.kind).collect::<Vec<_>>(), [KeyKind::Environment]);
    let me: Session =
        ask(&t, Method::GET, "/api/session").header("cookie", cookie).send().await.unwrap().json().await.unwrap();
    assert!(me.may(Scope::Admin) && me.csrf.is_some());
}

#[tokio::test]
async fn failures_are_slowed_and_a_right_token_still_gets_in() {
    let t = TestTerrarium::start_with(|c| c.admin = Some(AdminToken::new(ADMIN).unwrap())).await;
    let (secret, _) = token(&t, "observe");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(session_of(&t, "wrong").await.status().as_u16());
    }
    assert_eq!((&statuses[..10], statuses[11]), (&[401; 10][..], 429), "{statuses:?}");
    let slowed = session_of(&t, "wrong").await;
    assert!(header(&slowed, "retry-after").parse::<u64>().unwrap() >= 1);
    let slowed = problem(slowed).await;
    assert_eq!((slowed.code.as_str(), slowed.retry_after_ms.is_some()), ("slowed", true));
    assert_eq!(session_of(&t, &secret).await.status(), 200, "what cannot be guessed need not wait");
    assert_eq!(session_of(&t, ADMIN).await.status(), 429, "what somebody thought up has to");
    let form = post_form(&t, &[("token", "wrong")]).await;
    assert_eq!(form.status(), 429);
    assert!(!header(&form, "retry-after").is_empty());
    assert!(form.text().await.unwrap().contains("Too many failed attempts"));
    assert_eq!(t.get("/").await.status(), 200, "watching is not slowed");
}

#[tokio::test]
async fn the_sign_in_link_is_not_used_up_by_looking_and_works_once() {
    let t = TestTerrarium::start().await;
    for _ in 0..3 {
        let look = reqwest::get(t.gateway.login_link()).await.unwrap();
        assert_eq!((look.status().as_u16(), header(&look, "cache-control")), (200, "no-store".into()));
        assert!(header(&look, "set-cookie").is_empty());
        let policy = header(&look, "content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
        assert_eq!(header(&look, "referrer-policy"), "strict-origin");
        let html = look.text().await.unwrap();
        assert!(html.contains("<button") && !html.contains("<script"), "{html}");
    }
    let code = once(&t);
    let form = [("once", code.as_str()), ("next", "/agents/host")];
    let first = post_form(&t, &form).await;
    assert_eq!((first.status().as_u16(), header(&first, "location")), (303, "/agents/host".into()));
    let set = header(&first, "set-cookie");
    for part in ["terrarium_session=", "; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"), "not over TLS");
    let me = ask(&t, Method::GET, "/api/session").header("cookie", cookie(&first)).send().await.unwrap();
    assert!(me.json::<Session>().await.unwrap().may(Scope::Admin));
    let again = post_form(&t, &form).await;
    assert_eq!(again.status(), 410);
    let html = again.text().await.unwrap();
    assert!(html.contains("has been used") && html.contains("terrarium token create"), "{html}");
    assert_eq!(t.get("/login?once=rubbish").await.status(), 410);
    let program = ask(&t, Method::POST, "/login").json(&json!({"once": code})).send().await.unwrap();
    assert_eq!((program.status().as_u16(), problem(program).await.code), (410, "link_spent".into()));
}

#[tokio::test]
async fn signing_in_with_a_form_goes_on_to_our_own_pages_only() {
    let t = TestTerrarium::start().await;
    let (secret, _) = token(&t, "observe");
    for (next, wanted) in [("/agents/host", "/agents/host"), ("//evil.example", "/"), ("https://evil.example/", "/")] {
        let token = format!(" {secret}\n");
        let form = [("token", token.as_str()), ("next", next)];
        let response = post_form(&t, &form).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (303, wanted.into()));
    }
    let wrong = post_form(&t, &[("token", "trm_a_b"), ("next", "/x")]).await;
    assert_eq!(wrong.status(), 401);
    let html = wrong.text().await.unwrap();
    assert!(html.contains("role=\"alert\"") && html.contains("value=\"/x\"") && !html.contains("trm_a_b"), "{html}");
    let empty = ask(&t, Method::POST, "/login").send().await.unwrap();
    assert_eq!(empty.status(), 401);
    let large = post_form(&t, &[("token", &"x".repeat(10_000))]).await;
    assert_eq!(large.status(), 413);
    let broken =
        ask(&t, Method::POST, "/login").header("content-type", "application/json").body("{\"token\":trm_s3cret}");
    let broken = problem(broken.send().await.unwrap()).await;
    assert_eq!(broken.status, 400);
    assert!(!broken.detail.contains("s3cret"), "{broken:?}");
}

#[tokio::test]
async fn a_cookie_writes_only_from_our_own_page_and_with_the_csrf_header() {
    let t = TestTerrarium::start().await;
    let (cookie, session) = sign_in(&t, &json!({"once": once(&t)})).await;
    let csrf = session.csrf.unwrap();
    let write = |headers: &[(&str, &str)]| {
        let mut request = ask(&t, Method::POST, "/api/tickets").header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async move { request.send().await.unwrap() }
    };
    let own = t.gateway.url();
    for (headers, code) in [
        (vec![], "csrf_missing"),
        (vec![("x-csrf-token", "wrong")], "csrf_missing"),
        (vec![("origin", own.as_str())], "csrf_missing"),
        (vec![("x-csrf-token", csrf.as_str()), ("origin", "http://evil.example")], "origin_refused"),
        (vec![("x-csrf-token", csrf.as_str()), ("origin", "null")], "origin_refused"),
        (vec![("x-csrf-token", csrf.as_str()), ("sec-fetch-site", "cross-site")], "origin_refused"),
    ] {
        let response = write(&headers).await;
        assert_eq!((response.status().as_u16(), problem(response).await.code), (403, code.to_owned()), "{headers:?}");
    }
    assert_eq!(write(&[("x-csrf-token", &csrf), ("origin", &own)]).await.status(), 200);
    // Another site cannot sign its visitors in either.
    let body = json!({"token": token(&t, "observe").0});
    let foreign = ask(&t, Method::POST, "/login").header("origin", "http://evil.example").json(&body);
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_and_takes_proof() {
    let t = TestTerrarium::start().await;
    let (cookie, session) = sign_in(&t, &json!({"once": once(&t)})).await;
    let out = |form: Vec<(&'static str, String)>| {
        let request = ask(&t, Method::POST, "/logout").header("cookie", &cookie).form(&form);
        async move { request.send().await.unwrap() }
    };
    let page = ask(&t, Method::GET, "/logout").header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(session.csrf.as_deref().unwrap()), "the page's own form carries the proof");
    assert_eq!(out(vec![]).await.status(), 403);
    let done = out(vec![("csrf", session.csrf.unwrap())]).await;
    assert_eq!((done.status().as_u16(), header(&done, "location")), (303, "/".into()));
    assert!(header(&done, "set-cookie").contains("Max-Age=0"));
    let me = ask(&t, Method::GET, "/api/session").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(me.json::<Session>().await.unwrap(), Session::default());
    assert_eq!(tokens::list(&folder(&t)).unwrap(), [], "what was made for the session went with it");
}

#[tokio::test]
async fn a_session_outlives_the_gateway_and_the_link_does_not() {
    let t = TestTerrarium::start().await;
    let (cookie, _) = sign_in(&t, &json!({"once": once(&t)})).await;
    let old = once(&t);
    let t = t.restart().await;
    let me = ask(&t, Method::GET, "/api/session").header("cookie", &cookie).send().await.unwrap();
    assert!(me.json::<Session>().await.unwrap().may(Scope::Perturb));
    assert_ne!(once(&t), old);
    assert_eq!(t.get(&format!("/login?once={old}")).await.status(), 410);
}

async fn ticket(t: &TestTerrarium, secret: &str) -> Ticket {
    ask(t, Method::POST, "/api/tickets").bearer_auth(secret).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn giving_work_takes_the_scope_and_from_a_browser_a_ticket() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    let (watcher, _) = token(&t, "observe,resolve");
    let (worker, worker_id) = token(&t, "perturb");
    let invoke = |token: &str| ask(&t, Method::POST, "/api/polly/invoke").bearer_auth(token).json(&json!({"data": 1}));
    let refused = invoke(&watcher).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(header(&refused, "www-authenticate").contains("insufficient_scope"));
    let refused = problem(refused).await;
    assert_eq!(refused.code, "scope_missing");
    assert!(refused.detail.contains("perturb") && refused.detail.contains("observe, resolve"), "{refused:?}");
    assert!(!matches!(invoke(&worker).send().await.unwrap().status().as_u16(), 401 | 403));

    let knock = async |name: &'static str, value: String| {
        let mut request = t.url("/perturb/polly").replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        connect_async(request).await.unwrap().0
    };
    let closed = async |socket: &mut Wire| match socket.next().await.unwrap().unwrap() {
        Message::Close(frame) => u16::from(frame.unwrap().code),
        other => panic!("{other:?}"),
    };
    let mut wrong_scope = knock("authorization", format!("Bearer {watcher}")).await;
    assert_eq!(closed(&mut wrong_scope).await, 4001);
    let (cookie, _) = sign_in(&t, &json!({"token": worker})).await;
    let mut only_a_cookie = knock("cookie", cookie).await;
    assert_eq!(closed(&mut only_a_cookie).await, 4001);
    let ticket = ticket(&t, &worker).await.ticket;
    let mut admitted = knock("sec-websocket-protocol", format!("terrarium, ticket.{ticket}")).await;
    admitted.send(Message::text("{\"op\":\"cancel\",\"id\":1}")).await.unwrap();
    assert!(admitted.next().await.unwrap().unwrap().into_text().unwrap().contains("not_running"));
    tokens::revoke(&folder(&t), &worker_id).unwrap();
    assert_eq!(closed(&mut admitted).await, 4001, "what was admitted goes with its token");
}

/// The close code of a socket, or `None` where `hello` came; and the subprotocol that was chosen.
async fn knock(t: &TestTerrarium, protocols: &str, origin: Option<&str>) -> (Option<u16>, String) {
    let mut request = t.url("/observe").replacen("http", "ws", 1).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let (mut socket, response) = connect_async(request).await.unwrap();
    let chosen = response.headers().get("sec-websocket-protocol").unwrap().to_str().unwrap().to_owned();
    match socket.next().await.unwrap().unwrap() {
        Message::Text(_) => (None, chosen),
        Message::Close(frame) => (Some(frame.unwrap().code.into()), chosen),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_ticket_admits_one_socket_once() {
    let t = TestTerrarium::start_with(|c| c.observe = Observe::Token).await;
    let (secret, _) = token(&t, "observe");
    let Ticket { ticket: one, expires_in_ms } = ticket(&t, &secret).await;
    assert_eq!(expires_in_ms, 30_000);
    let protocols = format!("terrarium, ticket.{one}");
    assert_eq!(knock(&t, &protocols, Some(&t.gateway.url())).await, (None, "terrarium".into()));
    assert_eq!(knock(&t, &protocols, None).await, (Some(4001), "terrarium".into()), "used");
    assert_eq!(knock(&t, "terrarium, ticket.rubbish", None).await.0, Some(4001));
    assert_eq!(knock(&t, "terrarium", None).await.0, Some(4001), "none");
    // Another page gets nothing, and does not use the ticket up.
    let protocols = format!("terrarium, ticket.{}", ticket(&t, &secret).await.ticket);
    assert_eq!(knock(&t, &protocols, Some("http://evil.example")).await.0, Some(4003));
    assert_eq!(knock(&t, &protocols, None).await.0, None);
}

#[tokio::test]
async fn tickets_are_not_made_in_heaps() {
    let t = TestTerrarium::start().await;
    let (secret, _) = token(&t, "observe");
    let mut last = 0;
    for _ in 0..40 {
        last = ask(&t, Method::POST, "/api/tickets").bearer_auth(&secret).send().await.unwrap().status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_closed_garden_shows_nothing_to_strangers_and_all_to_observers() {
    let t = TestTerrarium::start_with(|c| c.observe = Observe::Token).await;
    let _voice = t.parrot("polly");
    let (observer, _) = token(&t, "observe");
    let (worker, _) = token(&t, "perturb");
    for path in ["/api/agents", "/api/polly/snapshot", "/api/metrics/all", "/metrics", "/nowhere", "/observe"] {
        let stranger = t.get(path).await;
        assert_eq!(stranger.status(), 401, "{path}");
        assert!(!stranger.text().await.unwrap().contains("parrot"), "{path}");
    }
    for page in ["/", "/agents/polly?x=1", "/nowhere"] {
        let stranger = ask(&t, Method::GET, page).header("accept", "text/html,*/*").send().await.unwrap();
        assert_eq!(stranger.status(), 303, "{page}");
        let to = header(&stranger, "location");
        assert!(to.starts_with("/login?next=%2F"), "{to}");
    }
    assert_eq!(t.get("/login").await.status(), 200);
    for path in ["/healthz", "/readyz", "/version"] {
        assert_eq!(t.get(path).await.status(), 200, "{path}");
    }
    let mut stream = t.client.observe(&id("polly"), &ObserveOptions::default()).await.unwrap();
    assert_eq!(close_code(&mut stream).await, Some(4001));
    let seen = ask(&t, Method::GET, "/api/agents").bearer_auth(&observer).send().await.unwrap();
    assert!(seen.text().await.unwrap().contains("polly"));
    let refused = ask(&t, Method::GET, "/api/agents").bearer_auth(&worker).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let refused = problem(refused).await;
    assert!(refused.detail.contains("observe") && refused.detail.contains("perturb"), "{refused:?}");
    // A browser's own socket and page come with the cookie.
    let (cookie, _) = sign_in(&t, &json!({"token": observer})).await;
    assert_eq!(t.get_with("/", &[("cookie", &cookie)]).await.status(), 200);
    let mut request = t.url("/observe").replacen("http", "ws", 1).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", t.gateway.url().parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().into_text().unwrap().contains("hello"));
}

#[tokio::test]
async fn beyond_loopback_it_starts_only_when_somebody_has_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { host: [0, 0, 0, 0].into(), ..Config::bare(folder.path().to_owned()) };
    let why = Gateway::open(config.clone()).await.err().unwrap();
    assert!(matches!(why, StartError::Open { .. }));
    let command = format!("terrarium token create --name me --scope admin --data {}", folder.path().display());
    assert!(why.to_string().contains(&command), "{why}");
    let admin = Config { admin: Some(AdminToken::new(ADMIN).unwrap()), ..config.clone() };
    drop(Gateway::open(admin).await.unwrap());
    let made = tokens::create(folder.path(), "me", "admin", None).unwrap();
    let gateway = Gateway::open(config.clone()).await.unwrap();
    assert!(gateway.url().starts_with("http://127.0.0.1:"), "an address that works: {}", gateway.url());
    assert_eq!(reqwest::get(gateway.url()).await.unwrap().status(), 200);
    gateway.shutdown().await.unwrap();
    tokens::revoke(folder.path(), made.record.id.as_str()).unwrap();
    assert!(Gateway::open(config).await.is_err(), "a revoked token is nobody's");
}

#[tokio::test]
async fn the_address_that_was_dialled_is_a_host_of_ours_and_a_foreign_name_is_not() {
    let t = TestTerrarium::start().await;
    let port = t.gateway.addr().port();
    for (host, status) in
        [(format!("127.0.0.1:{port}"), 200), (format!("192.0.2.1:{port}"), 421), ("a.example".into(), 421)]
    {
        assert_eq!(t.get_with("/api/agents", &[("host", &host)]).await.status(), status, "{host}");
    }
}
