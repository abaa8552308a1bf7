//! The doors of purgatory over real sockets: asking, waiting, answering, withdrawing, from programs and from forms.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};
use server::auth::tokens;
use std::time::Duration;
use support::{TestTerrarium, event, hello, id};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wire::{
    Event, Problem, TokenId,
    purgatory::{Asked, PendingList, TokenPage},
    semaphore::{Decision, Door, Step, TokenRecord, TokenStatus, Verdict},
};

/// A gateway without a limit on asking, and a token with every scope.
async fn start() -> (TestTerrarium, String) {
    let t = TestTerrarium::start_with(|c| c.perturb_rate = 0).await;
    let secret = token(&t, "ann", "admin");
    (t, secret)
}

fn token(t: &TestTerrarium, name: &str, scopes: &str) -> String {
    tokens::create(t.folder(), name, scopes, None).unwrap().secret
}

fn request(t: &TestTerrarium, method: Method, path: &str) -> RequestBuilder {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    client.request(method, t.url(path))
}

async fn post(t: &TestTerrarium, secret: &str, path: &str, body: &Value) -> Response {
    request(t, Method::POST, path).bearer_auth(secret).json(body).send().await.unwrap()
}

async fn get(t: &TestTerrarium, secret: &str, path: &str) -> Response {
    request(t, Method::GET, path).bearer_auth(secret).send().await.unwrap()
}

async fn ask(t: &TestTerrarium, secret: &str, agent: &str, body: Value) -> TokenId {
    let response = post(t, secret, &format!("/api/purgatory/{agent}"), &body).await;
    assert_eq!(response.status(), 201);
    response.json::<Asked>().await.unwrap().card.id
}

async fn problem(response: Response) -> (u16, Problem) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn record(t: &TestTerrarium, agent: &str, token: &TokenId) -> TokenRecord {
    t.get(&format!("/api/purgatory/{agent}/{token}")).await.json().await.unwrap()
}

#[tokio::test]
async fn an_agent_from_outside_asks_appears_waits_and_gets_the_answer_once() {
    let (t, secret) = start().await;
    let body = json!({"prompt": "Deploy?", "options": ["no", "yes"], "severity": "critical"});
    let response = post(&t, &secret, "/api/purgatory/crew", &body).await;
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let asked: Asked = response.json().await.unwrap();
    assert_eq!((asked.url.as_str(), asked.card.agent_id.as_str()), (location.as_str(), "crew"));
    assert_eq!(t.get(&location).await.status(), 200);

    let agent = t.client.agent(&id("crew")).await.unwrap();
    assert_eq!((agent.genus.as_str(), agent.pending.len()), ("guest", 1));
    let pending: PendingList = t.get("/api/purgatory/crew/pending").await.json().await.unwrap();
    assert_eq!((pending.count, &pending.pending[0]), (1, &asked.card));

    let token = asked.card.id;
    let wait = format!("/api/purgatory/crew/{token}/wait");
    assert_eq!(get(&t, &secret, &format!("{wait}?timeout=0")).await.status(), 204);
    let waiting = request(&t, Method::GET, &format!("{wait}?timeout=30")).bearer_auth(&secret).send();
    let answer = json!({"human_input": "yes", "note": "go"});
    let resolve = format!("/api/purgatory/crew/resolve/{token}");
    let (waited, resolved) = tokio::join!(waiting, post(&t, &secret, &resolve, &answer));
    assert_eq!(resolved.status(), 200);
    let resolved: TokenRecord = resolved.json().await.unwrap();
    assert_eq!(resolved.decision.as_ref().unwrap().human_input, "yes");
    let decision: Decision = waited.unwrap().json().await.unwrap();
    assert_eq!((decision.verdict, decision.by.as_str()), (Verdict::Answered, "ann"));
    assert_eq!(Some(&decision), resolved.decision.as_ref());
    // Whoever lost the connection asks again, and gets the same.
    assert_eq!(get(&t, &secret, &wait).await.json::<Decision>().await.unwrap(), decision);

    let record = record(&t, "crew", &token).await;
    assert_eq!(record.status, TokenStatus::Delivered);
    let steps: Vec<_> = record.audit.iter().map(|e| (e.step, e.by.as_str(), e.door)).collect();
    assert_eq!(
        steps,
        [(Step::Ejected, "ann", Door::Rest), (Step::Resolved, "ann", Door::Rest), (Step::Delivered, "ann", Door::Rest)]
    );
}

#[tokio::test]
async fn the_first_answer_counts_and_the_second_is_told_whose_it_was() {
    let (t, secret) = start().await;
    let bob = token(&t, "bob", "resolve");
    let token = ask(&t, &secret, "crew", json!({"prompt": "Deploy?", "options": ["no", "yes"]})).await;
    let path = format!("/api/purgatory/crew/resolve/{token}");
    assert_eq!(post(&t, &bob, &path, &json!({"human_input": "yes"})).await.status(), 200);
    assert_eq!(post(&t, &secret, &path, &json!({"human_input": "yes"})).await.status(), 200, "the same again is fine");
    let (status, late) = problem(post(&t, &secret, &path, &json!({"human_input": "no"})).await).await;
    assert_eq!((status, late.code.as_str()), (409, "already_decided"));
    assert!(late.detail.contains("bob"), "{late:?}");
    let decision = late.decision.unwrap();
    assert_eq!((decision.by.as_str(), &decision.human_input), ("bob", &json!("yes")));
    let cancel = post(&t, &secret, &format!("/api/purgatory/crew/cancel/{token}"), &json!({})).await;
    assert_eq!(problem(cancel).await.0, 409);
}

#[tokio::test]
async fn two_at_the_same_instant_have_one_winner() {
    let (t, secret) = start().await;
    for n in 0..5 {
        let token = ask(&t, &secret, "crew", json!({"prompt": format!("{n}?")})).await;
        let path = format!("/api/purgatory/crew/resolve/{token}");
        let (yes, no) = (json!({"human_input": "yes"}), json!({"human_input": "no"}));
        let (a, b) = tokio::join!(post(&t, &secret, &path, &yes), post(&t, &secret, &path, &no));
        let mut both = [a.status().as_u16(), b.status().as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 409]);
    }
}

#[tokio::test]
async fn a_withdrawn_or_lapsed_question_is_gone_for_whoever_waits_or_answers() {
    let (t, secret) = start().await;
    let cancelled = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let cancel = format!("/api/purgatory/crew/cancel/{cancelled}");
    let record = post(&t, &secret, &cancel, &json!({"reason": "moot"})).await;
    assert_eq!(record.status(), 200);
    assert_eq!(record.json::<TokenRecord>().await.unwrap().status, TokenStatus::Cancelled);
    let again = request(&t, Method::POST, &cancel).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(again.status(), 200, "the same again, without a body");
    let lapsed = ask(&t, &secret, "crew", json!({"prompt": "?", "timeout_ms": 1})).await;
    for (token, word) in [(&cancelled, "cancelled"), (&lapsed, "voided")] {
        let waited = get(&t, &secret, &format!("/api/purgatory/crew/{token}/wait?timeout=10")).await;
        let (status, over) = problem(waited).await;
        assert_eq!((status, over.code.as_str()), (410, "question_over"));
        assert!(over.detail.contains(word), "{over:?}");
        let answered =
            post(&t, &secret, &format!("/api/purgatory/crew/resolve/{token}"), &json!({"human_input": 1})).await;
        assert_eq!(problem(answered).await.0, 410);
    }
    let voided = post(&t, &secret, &format!("/api/purgatory/crew/cancel/{lapsed}"), &json!({})).await;
    assert_eq!(problem(voided).await.0, 410);
    let long = json!({"reason": "x".repeat(300)});
    let waits = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let long = post(&t, &secret, &format!("/api/purgatory/crew/cancel/{waits}"), &long).await;
    assert_eq!(problem(long).await.1.errors[0].pointer, "/reason");
}

#[tokio::test]
async fn what_does_not_fit_is_a_422_that_names_the_field_and_changes_nothing() {
    let (t, secret) = start().await;
    for (body, pointer) in [
        (json!({"prompt": " "}), "/prompt"),
        (json!({"prompt": "?", "options": ["a", "a"]}), "/options/1"),
        (json!({"prompt": "?", "on_timeout": "deny"}), "/on_timeout"),
        (json!({"prompt": "?", "response_schema": {"type": "nonsense"}}), "/response_schema"),
    ] {
        let (status, why) = problem(post(&t, &secret, "/api/purgatory/crew", &body).await).await;
        assert_eq!((status, why.errors[0].pointer.as_str()), (422, pointer), "{body}");
    }
    assert_eq!(t.get("/api/agents/crew").await.status(), 404, "nobody appears for what cannot be asked");
    let (status, why) =
        problem(post(&t, &secret, "/api/purgatory/crew", &json!({"prompt": "?", "urgency": 1})).await).await;
    assert_eq!((status, why.code.as_str()), (422, "body_invalid"));
    let broken = request(&t, Method::POST, "/api/purgatory/crew").bearer_auth(&secret).body("{").send().await.unwrap();
    assert_eq!(problem(broken).await.0, 400);
    let large = json!({"prompt": "?", "context": "x".repeat(3_000_000)});
    assert_eq!(problem(post(&t, &secret, "/api/purgatory/crew", &large).await).await.0, 413);
    assert_eq!(problem(post(&t, &secret, "/api/purgatory/metrics", &json!({"prompt": "?"})).await).await.0, 404);

    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let token = ask(&t, &secret, "crew", json!({"prompt": "?", "response_schema": schema})).await;
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let (status, why) = problem(post(&t, &secret, &path, &json!({"human_input": {"n": "x"}})).await).await;
    assert_eq!((status, why.errors[0].pointer.as_str()), (422, "/human_input/n"), "{why:?}");
    assert_eq!(problem(post(&t, &secret, &path, &json!({"note": "?"})).await).await.0, 422);
    assert_eq!(record(&t, "crew", &token).await.status, TokenStatus::Pending);
    assert_eq!(post(&t, &secret, &path, &json!({"human_input": {"n": 1}})).await.status(), 200);
}

#[tokio::test]
async fn a_question_that_is_not_there_is_a_404() {
    let (t, secret) = start().await;
    let token = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let nobodys = TokenId::from_bits(1);
    for path in [format!("crew/{nobodys}"), "crew/sem-1".to_owned(), format!("others/{token}")] {
        let (status, why) = problem(t.get(&format!("/api/purgatory/{path}")).await).await;
        assert_eq!((status, why.code.as_str()), (404, "question_not_found"), "{path}");
    }
    let elsewhere =
        post(&t, &secret, &format!("/api/purgatory/others/resolve/{token}"), &json!({"human_input": 1})).await;
    assert_eq!(problem(elsewhere).await.0, 404);
    assert_eq!(problem(get(&t, &secret, &format!("/api/purgatory/crew/{nobodys}/wait")).await).await.0, 404);
    let (status, why) = problem(t.get("/api/purgatory/cre/pending").await).await;
    assert_eq!(status, 404);
    assert!(why.detail.contains("crew"), "{why:?}");
    assert_eq!(problem(t.get("/api/purgatory?status=open").await).await.0, 422);
    assert_eq!(problem(get(&t, &secret, &format!("/api/purgatory/crew/{token}/wait?timeout=61")).await).await.0, 422);
}

#[tokio::test]
async fn the_same_key_asks_once_also_after_a_restart_and_never_something_else() {
    let (t, secret) = start().await;
    let send = async |t: &TestTerrarium, key: &str, prompt: &str| {
        let body = json!({"prompt": prompt, "timeout_ms": 3_600_000});
        let request = request(t, Method::POST, "/api/purgatory/crew").bearer_auth(&secret);
        request.header("idempotency-key", key).json(&body).send().await.unwrap()
    };
    let first = send(&t, "k", "?").await;
    assert!((first.status() == 201) && first.headers().get("idempotency-replayed").is_none());
    let first: Asked = first.json().await.unwrap();
    let t = t.restart().await;
    let again = send(&t, "k", "?").await;
    assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (201, &"true".parse().unwrap()));
    assert_eq!(again.json::<Asked>().await.unwrap(), first);
    let (status, why) = problem(send(&t, "k", "something else?").await).await;
    assert_eq!((status, why.code.as_str()), (422, "key_reused"));
    let (status, why) = problem(send(&t, &"k".repeat(257), "?").await).await;
    assert_eq!((status, why.code.as_str()), (422, "key_invalid"));
    assert_eq!(t.client.agent(&id("crew")).await.unwrap().pending.len(), 1);
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let (t, secret) = start().await;
    for n in 0..3 {
        ask(&t, &secret, "crew", json!({"prompt": format!("{n}"), "severity": "warning"})).await;
    }
    ask(&t, &secret, "others", json!({"prompt": "x", "reason": "approval_needed", "severity": "critical"})).await;
    let over = ask(&t, &secret, "crew", json!({"prompt": "over"})).await;
    post(&t, &secret, &format!("/api/purgatory/crew/cancel/{over}"), &json!({})).await;
    let list = async |query: &str| t.get(&format!("/api/purgatory{query}")).await.json::<TokenPage>().await.unwrap();
    let prompts = |page: &TokenPage| page.tokens.iter().map(|t| t.card.prompt.clone()).collect::<Vec<_>>();
    assert_eq!(prompts(&list("").await), ["x", "2", "1", "0"]);
    assert_eq!(prompts(&list("?status=all").await), ["over", "x", "2", "1", "0"]);
    assert_eq!(prompts(&list("?status=cancelled,voided").await), ["over"]);
    assert_eq!(prompts(&list("?severity=critical").await), ["x"]);
    assert_eq!(prompts(&list("?reason=approval_needed").await), ["x"]);
    let first = list("?agent=crew&limit=2").await;
    assert_eq!(prompts(&first), ["2", "1"]);
    let rest = list(&format!("?agent=crew&limit=2&cursor={}", first.next.unwrap())).await;
    assert_eq!((prompts(&rest), rest.next), (vec!["0".to_owned()], None));
}

#[tokio::test]
async fn asking_and_answering_take_different_rights() {
    let t = TestTerrarium::start_with(|c| (c.perturb_rate, c.perturb_burst) = (1, 1)).await;
    let (asks, answers) = (token(&t, "agent", "perturb"), token(&t, "ann", "resolve"));
    let body = json!({"prompt": "?"});
    let nobody = request(&t, Method::POST, "/api/purgatory/crew").json(&body).send().await.unwrap();
    assert_eq!(problem(nobody).await.0, 401);
    assert_eq!(problem(post(&t, &answers, "/api/purgatory/crew", &body).await).await.0, 403);
    let token = ask(&t, &asks, "crew", body.clone()).await;
    let (status, why) = problem(post(&t, &asks, "/api/purgatory/crew", &body).await).await;
    assert!(status == 429 && why.retry_after_ms.is_some(), "{why:?}");
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let own = problem(post(&t, &asks, &path, &json!({"human_input": "yes"})).await).await;
    assert_eq!((own.0, own.1.code.as_str()), (403, "scope_missing"), "an agent does not answer itself");
    assert_eq!(problem(get(&t, &answers, &format!("/api/purgatory/crew/{token}/wait")).await).await.0, 403);
    assert_eq!(post(&t, &answers, &path, &json!({"human_input": "yes"})).await.status(), 200);
}

/// Signs in with the link. The cookie, and what a form has to carry.
async fn browser(t: &TestTerrarium) -> (String, String) {
    let once = t.gateway.login_link().split("once=").nth(1).unwrap().to_owned();
    let response = request(t, Method::POST, "/login").json(&json!({"once": once})).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let session: Value = response.json().await.unwrap();
    (cookie, session["csrf"].as_str().unwrap().to_owned())
}

async fn send_form(t: &TestTerrarium, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = request(t, Method::POST, path).header("cookie", cookie).header("accept", "text/html");
    let body = fields.iter().fold(form_urlencoded::Serializer::new(String::new()), |mut form, (name, value)| {
        form.append_pair(name, value);
        form
    });
    let kind = "application/x-www-form-urlencoded";
    request
        .header("content-type", kind)
        .body({
            let mut body = body;
            body.finish()
        })
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_form_answers_without_scripts_and_errors_are_pages() {
    let (t, secret) = start().await;
    let (cookie, csrf) = browser(&t).await;
    let token = ask(&t, &secret, "crew", json!({"prompt": "?", "options": ["no", "yes"]})).await;
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let html = async |response: Response, status: u16, says: &str| {
        assert_eq!(response.status(), status);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        let page = response.text().await.unwrap();
        assert!(page.contains(says), "{says} in {page}");
    };
    let unproved = send_form(&t, &cookie, &path, &[("human_input", "yes"), ("csrf", "x")]).await;
    html(unproved, 403, "x-csrf-token").await;
    let unfit =
        send_form(&t, &cookie, &path, &[("human_input", "<b>"), ("csrf", &csrf), ("next", "/agents/crew")]).await;
    html(unfit, 422, "href=\"/agents/crew\"").await;
    html(send_form(&t, "", &path, &[("human_input", "yes")]).await, 401, "/login").await;
    assert_eq!(record(&t, "crew", &token).await.status, TokenStatus::Pending);
    let fields = [("human_input", "yes"), ("note", ""), ("csrf", csrf.as_str()), ("next", "/agents/crew?a=b")];
    let done = send_form(&t, &cookie, &path, &fields).await;
    assert_eq!((done.status().as_u16(), &done.headers()["location"]), (303, &"/agents/crew?a=b".parse().unwrap()));
    let audit = record(&t, "crew", &token).await.audit;
    assert_eq!((audit[1].door, audit[1].by.as_str()), (Door::Page, "sign-in link"));
    let fields = [("human_input", "no"), ("csrf", csrf.as_str()), ("next", "//evil.example")];
    html(send_form(&t, &cookie, &path, &fields).await, 409, "sign-in link").await;

    let schema = json!({"prompt": "?", "response_schema": {"type": "integer"}});
    let token = ask(&t, &secret, "crew", schema).await;
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let fields = [("human_input", "7"), ("csrf", csrf.as_str()), ("next", "//evil.example")];
    let done = send_form(&t, &cookie, &path, &fields).await;
    assert_eq!(done.headers()["location"], "/", "only our own pages");
    assert_eq!(record(&t, "crew", &token).await.decision.unwrap().human_input, json!(7));

    let token = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let path = format!("/api/purgatory/crew/cancel/{token}");
    let done = send_form(&t, &cookie, &path, &[("reason", "moot"), ("csrf", &csrf)]).await;
    assert_eq!(done.headers()["location"], "/agents/crew");
    assert_eq!(record(&t, "crew", &token).await.audit[1].reason.as_deref(), Some("moot"));
}

#[tokio::test]
async fn a_cookie_alone_answers_nothing_however_its_body_is_called() {
    let (t, secret) = start().await;
    let (cookie, csrf) = browser(&t).await;
    let token = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let form = "application/x-www-form-urlencoded";
    for kind in [form, "application/json", "text/plain"] {
        let request = request(&t, Method::POST, &path).header("cookie", &cookie).header("content-type", kind);
        let response = request.body(r#"{"human_input":"yes"}"#).send().await.unwrap();
        assert_eq!(problem(response).await.1.code, "csrf_missing", "{kind}");
    }
    let with_token = request(&t, Method::POST, &path).bearer_auth(&secret).header("content-type", form);
    assert_eq!(with_token.body(r#"{"human_input":"yes"}"#).send().await.unwrap().status(), 200, "what curl -d sends");
    let by_script = request(&t, Method::POST, &path).header("cookie", &cookie).header("x-csrf-token", &csrf);
    assert_eq!(by_script.json(&json!({"human_input": "yes"})).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn observers_see_every_step_and_a_socket_answers_too() {
    let (t, secret) = start().await;
    let first = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let mut stream = t.client.observe(&id("crew"), &client::ObserveOptions::default()).await.unwrap();
    let head = hello(&mut stream).await;
    assert!(serde_json::to_string(&head).unwrap().contains(first.as_str()), "{head:?}");
    let mut asked = t.url("/perturb/crew").replacen("http", "ws", 1).into_client_request().unwrap();
    asked.headers_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    let (mut socket, _) = connect_async(asked).await.unwrap();
    let say = |human_input: &str| {
        let words = json!({"op": "resolve", "token_id": first, "human_input": human_input});
        Message::Text(words.to_string().into())
    };
    socket.send(say("yes")).await.unwrap();
    socket.send(say("no")).await.unwrap();
    let mut replies = Vec::new();
    while replies.len() < 2 {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let reply: Value = serde_json::from_str(&text).unwrap();
            if reply["type"] != "ping" {
                replies.push(reply);
            }
        }
    }
    assert_eq!(replies[0], json!({"type": "resolved", "token_id": first, "status": "resolved"}));
    assert_eq!(replies[1]["error"]["code"], "already_decided");
    assert!(replies[1]["error"]["message"].as_str().unwrap().contains(first.as_str()));
    loop {
        if let Event::SemaphoreResolved { token_id, data } = event(&mut stream).await.event {
            assert_eq!((token_id, data.by.as_str()), (first.clone(), "ann"));
            break;
        }
    }
    assert_eq!(record(&t, "crew", &first).await.audit[1].door, Door::Socket);
}

#[tokio::test]
async fn whoever_waits_is_sent_home_when_the_gateway_stops_and_comes_back_to_the_answer() {
    let (t, secret) = start().await;
    let token = ask(&t, &secret, "crew", json!({"prompt": "?"})).await;
    let path = format!("/api/purgatory/crew/{token}/wait");
    let waiting = request(&t, Method::GET, &path).bearer_auth(&secret).send();
    let restarting = async {
        // It waits once it is there; before that it would be refused all the same.
        tokio::time::sleep(Duration::from_millis(200)).await;
        t.restart().await
    };
    let (waited, t) = tokio::join!(waiting, restarting);
    if let Ok(response) = waited {
        assert_eq!(problem(response).await.0, 503);
    }
    assert_eq!(t.client.agent(&id("crew")).await.unwrap().pending.len(), 1, "its guest is back");
    let answer = json!({"human_input": "yes"});
    assert_eq!(post(&t, &secret, &format!("/api/purgatory/crew/resolve/{token}"), &answer).await.status(), 200);
    assert_eq!(get(&t, &secret, &path).await.json::<Decision>().await.unwrap().human_input, "yes");
}
