//! Fever policies through the public doors: who is held, who may let it go on, and what SIGKILL cannot undo.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod process;
mod support;
mod writer;

use process::{ADMIN, Process};
use serde_json::{Value, json};
use server::auth::tokens;
use std::time::Duration;
use support::TestTerrarium;

async fn start() -> TestTerrarium {
    let t = TestTerrarium::start_with(|c| {
        c.policies.set("writer=ask".parse().unwrap());
        c.limits.set("tokens_per_minute=100".parse().unwrap());
    })
    .await;
    writer::plant(t.gateway.registry());
    t
}

/// Posts JSON and gives status and body.
async fn post(url: String, secret: &str, body: Value) -> (u16, Value) {
    let response = reqwest::Client::new().post(url).bearer_auth(secret).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(url: String) -> Value {
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// Looks again and again until what is there will do.
async fn until(url: String, what: &str, so: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..1000 {
        seen = get(url.clone()).await;
        if so(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come to it: {what}: {seen}");
}

#[tokio::test]
async fn a_hot_agent_waits_for_whoever_may_answer() {
    let t = start().await;
    let secret = |name: &str, scopes: &str| tokens::create(t.folder(), name, scopes, None).unwrap().secret;
    let (ann, bot) = (secret("ann", "perturb,resolve"), secret("bot", "perturb"));
    let write = || post(t.url("/api/writer/write"), &bot, json!({ "tokens": 200 }));
    assert_eq!(write().await.0, 200);
    let pending = until(t.url("/api/purgatory/writer/pending"), "asked", |seen| seen["pending"][0].is_object()).await;
    let card = &pending["pending"][0];
    assert_eq!(card["options"], json!(["pause", "go on for 10 minutes", "stop"]));
    assert!(card["prompt"].as_str().unwrap().contains("200 > 100: tokens"), "{card}");

    // On every door: refused with the reason, and what only looks goes on.
    let (status, problem) = write().await;
    assert_eq!((status, &problem["code"]), (409, &json!("agent_held")), "{problem}");
    assert!(problem["hint"].as_str().unwrap().contains("answer the question about it"), "{problem}");
    assert_eq!(
        post(t.url("/api/writer/read"), &bot, json!({ "text": "x" })).await,
        (200, json!({ "result": { "read": "x" } }))
    );
    let agentese = async |path: &str| {
        let body = json!({ "path": path, "args": { "agent": "writer" }, "observer": { "archetype": "developer" } });
        post(t.url("/api/agentese"), &bot, body).await
    };
    assert_eq!(agentese("self.flux.go_on").await.0, 403, "no word of an observer adds to a token");
    let rein = agentese("self.flux.rein").await.1["result"].clone();
    assert_eq!((&rein["rein"], &rein["policy"], &rein["token_id"]), (&json!("asked"), &json!("ask"), &card["id"]));

    let resolve = t.url(&format!("/api/purgatory/writer/resolve/{}", card["id"].as_str().unwrap()));
    let (status, answered) = post(resolve, &ann, json!({ "human_input": "go on for 10 minutes" })).await;
    assert_eq!(status, 200, "{answered}");
    until(t.url("/api/agents/writer"), "flowing", |agent| agent["state"] == "flowing").await;
    assert_eq!(write().await.0, 200);
    t.gateway.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_pause_outlives_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("work.log");
    std::fs::write(&log, "").unwrap();
    let started = || Process::start(&folder.path().join("data"), &["--tail", log.to_str().unwrap()]);
    let state = |state: &'static str| move |agents: &Value| agents["agents"][0]["state"] == state;

    let first = started();
    let agents = until(format!("{}/api/agents", first.url), "flowing", state("flowing")).await;
    let args = json!({ "agent": agents["agents"][0]["agent_id"] });
    let leave = |url: &str, path: &str| {
        post(format!("{url}/api/agentese"), ADMIN, json!({ "path": path, "args": args.clone() }))
    };
    let (status, said) = leave(&first.url, "self.flux.pause").await;
    assert_eq!((status, &said["result"]["rein"]), (200, &json!("paused")), "{said}");
    first.kill();

    let second = started();
    until(format!("{}/api/agents", second.url), "dormant", state("dormant")).await;
    let (status, said) = leave(&second.url, "self.flux.rein").await;
    assert_eq!((status, &said["result"]["rein"]), (200, &json!("paused")), "{said}");
    assert_eq!(leave(&second.url, "self.flux.go_on").await.0, 200);
    until(format!("{}/api/agents", second.url), "flowing", state("flowing")).await;
    second.kill();
}
