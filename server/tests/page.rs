//! The page: its state, its statuses, its fence.

mod support;

use support::TestTerrarium;

#[tokio::test]
async fn the_first_html_shows_the_garden() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    voice.say("hello from polly").await;
    t.until_seq("polly", 2).await;
    let garden = t.get("/").await;
    assert_eq!(garden.status(), 200);
    assert_eq!(garden.headers()["cache-control"], "no-store");
    assert!(garden.text().await.unwrap().contains("/agents/polly"));
    let agent = t.get("/agents/polly").await;
    assert_eq!(agent.status(), 200);
    assert!(agent.text().await.unwrap().contains("hello from polly"));
}

#[tokio::test]
async fn what_is_not_there_is_a_404_page() {
    let t = TestTerrarium::start().await;
    for path in ["/agents/nobody", "/agents/NOT%20AN%20ID", "/nowhere", "/agents"] {
        let response = t.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    assert_eq!(t.get("/pkg/nothing.js").await.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn scripts_carry_the_nonce_of_their_own_response() {
    let t = TestTerrarium::start().await;
    let mut nonces = Vec::new();
    for path in ["/", "/nowhere", "/"] {
        let response = t.get(path).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = response.text().await.unwrap();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "<script{tag}> under {policy}");
        }
        assert!(!html.contains("onclick="), "no inline handlers");
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "a nonce is used once");
}

#[tokio::test]
async fn every_response_carries_the_fence() {
    let t = TestTerrarium::start().await;
    for path in ["/", "/api/agents", "/api/nothing", "/healthz", "/pkg/none.js"] {
        let response = t.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(response.headers()[name], value, "{path}");
        }
        assert!(response.headers().contains_key("permissions-policy"), "{path}");
    }
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask() {
    let t = TestTerrarium::start().await;
    let response = t.get_with("/", &[("accept-encoding", "br")]).await;
    assert_eq!(response.headers()["content-encoding"], "br");
    assert!(!t.get("/").await.headers().contains_key("content-encoding"));
}
