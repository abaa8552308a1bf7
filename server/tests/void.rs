//! `POST /void`, the door of paths for people: what only reads is for whoever may watch, everything else for those who
//! signed in and prove that their own page asks.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use server::{auth::tokens, config::Observe};
use support::TestTerrarium;
use wire::Problem;

const FORM: &str = "application/x-www-form-urlencoded";
/// A path that reads, and one that does something.
const READS: &str = "path=void.entropy.pressure";
const ACTS: &str = "path=void.entropy.tithe&amount=0.1";

fn form(t: &TestTerrarium, body: &str) -> RequestBuilder {
    post(t, FORM, body)
}

fn post(t: &TestTerrarium, kind: &str, body: &str) -> RequestBuilder {
    reqwest::Client::new().post(t.url("/void")).header("content-type", kind).body(body.to_owned())
}

async fn said(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{body}");
    body["said"].as_str().unwrap().to_owned()
}

async fn refused(request: RequestBuilder) -> (u16, Problem) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Signs in with the link. The cookie, and what a form has to carry.
async fn browser(t: &TestTerrarium) -> (String, String) {
    let once = t.gateway.login_link().split("once=").nth(1).unwrap().to_owned();
    let login = reqwest::Client::new().post(t.url("/login")).json(&json!({ "once": once }));
    let response: Response = login.send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let session: Value = response.json().await.unwrap();
    (cookie, session["csrf"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn who_only_watches_asks_for_what_reads_and_is_asked_in_for_the_rest() {
    let t = TestTerrarium::start_with(|c| c.perturb_rate = 1).await;
    // More often than anybody may act: reading is not counted.
    for _ in 0..20 {
        assert!(said(form(&t, READS)).await.contains("in_fever"));
    }
    assert!(said(form(&t, "as=json&path=void.entropy.oblique&seed=0.5")).await.contains("Is it finished?"));
    for acts in [ACTS, "path=void.entropy.oblique[entropy=0.5]", "path=void.entropy.pressure >> void.entropy.sip"] {
        let (status, problem) = refused(form(&t, acts)).await;
        assert_eq!((status, problem.code.as_str()), (401, "token_needed"), "{acts}");
        assert!(problem.hint.unwrap().starts_with("sign in"), "{acts}");
    }
    assert_eq!(refused(form(&t, "path=void.entropy.tihte")).await.1.related[0], "void.entropy.tithe");

    let page = form(&t, ACTS).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 401);
    let page = page.text().await.unwrap();
    assert!(page.contains("Please sign in first") && page.contains("href=\"/login\""), "{page}");
    let page = form(&t, READS).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("in_fever"));
}

#[tokio::test]
async fn a_cookie_needs_the_proof_whatever_is_asked_for() {
    let t = TestTerrarium::start_with(|c| c.perturb_rate = 0).await;
    let (cookie, csrf) = browser(&t).await;
    let own = t.url("");
    for path in [READS, ACTS] {
        let with = |body: &str| form(&t, body).header("cookie", &cookie);
        for unproved in [path.to_owned(), format!("{path}&csrf=x"), format!("{path}&csrf=")] {
            assert_eq!(refused(with(&unproved)).await.1.code, "csrf_missing", "{unproved}");
        }
        let wrong = with(path).header("x-csrf-token", "wrong");
        assert_eq!(refused(wrong).await.1.code, "csrf_missing");
        // In a body that is no form the proof does not count: such a request can send the header.
        let plain = post(&t, "text/plain", &format!("{path}&csrf={csrf}")).header("cookie", &cookie);
        assert_eq!(refused(plain).await.1.code, "csrf_missing");
        let proved = format!("{path}&csrf={csrf}");
        for (name, foreign) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            assert_eq!(refused(with(&proved).header(name, foreign)).await.1.code, "origin_refused", "{foreign}");
        }
        said(with(&proved).header("origin", &own)).await;
        said(with(path).header("x-csrf-token", &csrf)).await;
    }
    // A cookie of nobody is a watcher's: it opens nothing, so it proves nothing.
    let stale = |body: &str| form(&t, body).header("cookie", "terrarium_session=none.none");
    said(stale(READS)).await;
    assert_eq!(refused(stale(ACTS)).await.0, 401);
}

#[tokio::test]
async fn a_closed_garden_stays_closed() {
    let t = TestTerrarium::start_with(|c| c.observe = Observe::Token).await;
    for body in [READS, ACTS, "path=no.such.path", "", "path="] {
        let (status, problem) = refused(form(&t, body)).await;
        assert_eq!((status, problem.code.as_str()), (401, "token_needed"), "{body}");
        assert!(problem.related.is_empty(), "{body}");
    }
    let holding = |scopes: &str, body: &str| {
        form(&t, body).bearer_auth(tokens::create(t.folder(), scopes, scopes, None).unwrap().secret)
    };
    said(holding("observe", READS)).await;
    assert_eq!(refused(holding("observe", ACTS)).await.1.code, "scope_missing");
    let (cookie, csrf) = browser(&t).await;
    said(form(&t, &format!("{READS}&csrf={csrf}")).header("cookie", cookie)).await;
}
