//! Webhooks against a real target: told once and in order, signed, tried again, also across a restart; and addresses that
//! are refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use server::{
    Config,
    auth::tokens,
    webhooks::{
        settings::{WebhookFormat, WebhookUrl},
        sign::SigningKey,
    },
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::TestTerrarium;
use tokio::{net::TcpListener, sync::Notify, time::timeout};
use wire::semaphore::Severity;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Longer than a few attempts take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes messages, or refuses them with a status.
#[derive(Clone)]
struct Target {
    heard: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<StatusCode>>,
    bell: Arc<Notify>,
    port: u16,
}

impl Target {
    async fn start(answers: StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Self { heard: Arc::default(), answers: Arc::new(Mutex::new(answers)), bell: Arc::default(), port };
        let router = Router::new().route("/hook", post(Self::take)).with_state(target.clone());
        runtime::Tasks::default().spawn("target", runtime::tasks::OnPanic::Log, async move {
            axum::serve(listener, router).await.unwrap();
        });
        target
    }

    async fn take(State(target): State<Self>, headers: HeaderMap, body: Bytes) -> StatusCode {
        target.heard.lock().unwrap().push((headers, body));
        target.bell.notify_one();
        *target.answers.lock().unwrap()
    }

    fn answer(&self, status: StatusCode) {
        *self.answers.lock().unwrap() = status;
    }

    fn url(&self, host: &str) -> WebhookUrl {
        WebhookUrl::parse(&format!("http://{host}:{}/hook", self.port)).unwrap()
    }

    fn heard(&self) -> Vec<(HeaderMap, Bytes)> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until it was told so many things.
    async fn until(&self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        let heard = timeout(PATIENCE, async {
            while self.heard().len() < count {
                self.bell.notified().await;
            }
        });
        heard.await.unwrap();
        self.heard()
    }
}

fn told(config: &mut Config, url: WebhookUrl) {
    config.webhooks.urls = vec![url];
    config.webhooks.key = SigningKey::parse(SECRET);
    config.webhooks.private = true;
}

fn body(message: &(HeaderMap, Bytes)) -> Value {
    serde_json::from_slice(&message.1).unwrap()
}

async fn post_json(t: &TestTerrarium, secret: &str, path: &str, body: Value) -> Value {
    let request = reqwest::Client::new().post(t.url(path)).bearer_auth(secret).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

/// Asks and says which question it is.
async fn ask(t: &TestTerrarium, secret: &str, body: Value) -> String {
    post_json(t, secret, "/api/purgatory/crew", body).await["id"].as_str().unwrap().to_owned()
}

fn token(t: &TestTerrarium) -> String {
    tokens::create(t.folder(), "ann", "admin", None).unwrap().secret
}

#[tokio::test]
async fn a_target_is_told_signed_and_in_order_of_what_concerns_people() {
    let target = Target::start(StatusCode::NO_CONTENT).await;
    let t = TestTerrarium::start_with(|c| {
        told(c, target.url("localhost"));
        c.webhooks.severity = Severity::Warning;
    })
    .await;
    let secret = token(&t);
    ask(&t, &secret, json!({"prompt": "Tea?"})).await;
    let id = ask(&t, &secret, json!({"prompt": "Deploy?", "severity": "warning"})).await;
    let resolve = format!("/api/purgatory/crew/resolve/{id}");
    post_json(&t, &secret, &resolve, json!({"human_input": "yes"})).await;
    // A delivery is the agent's own concern.
    let wait = t.url(&format!("/api/purgatory/crew/{id}/wait"));
    reqwest::Client::new().get(wait).bearer_auth(&secret).send().await.unwrap();
    let last = ask(&t, &secret, json!({"prompt": "Then?", "severity": "critical", "timeout_ms": 1})).await;
    let heard = target.until(4).await;
    let said: Vec<_> = heard.iter().map(|m| (body(m)["type"].clone(), body(m)["token"]["id"].clone())).collect();
    assert_eq!(
        said,
        [
            (json!("semaphore.ejected"), json!(id)),
            (json!("semaphore.resolved"), json!(id)),
            (json!("semaphore.ejected"), json!(last)),
            (json!("semaphore.voided"), json!(last))
        ]
    );
    assert_eq!(body(&heard[1])["data"]["decision"]["human_input"], "yes");
    let mut ids = Vec::new();
    for (headers, body) in &heard {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let signed = SigningKey::parse(SECRET).unwrap().sign(
            &header("webhook-id"),
            header("webhook-timestamp").parse().unwrap(),
            body,
        );
        assert_eq!(header("webhook-signature"), signed);
        ids.push(header("webhook-id"));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let metrics = t.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("terrarium_webhook_delivered_total{target=\"1\"} 4"), "{metrics}");
    for line in [
        "terrarium_semaphores_pending{agent=\"crew\",severity=\"info\"} 1",
        "terrarium_semaphores_total{step=\"resolved\"} 1",
        "terrarium_semaphores_total{step=\"voided\"} 1",
        "terrarium_semaphore_wait_seconds_bucket{le=\"+Inf\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn what_a_target_did_not_take_comes_after_a_restart_in_order_and_under_the_same_id() {
    let target = Target::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let url = target.url("localhost");
    let t = TestTerrarium::start_with(|c| told(c, url.clone())).await;
    let secret = token(&t);
    let id = ask(&t, &secret, json!({"prompt": "1"})).await;
    ask(&t, &secret, json!({"prompt": "2"})).await;
    target.until(2).await;
    let metrics = t.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("terrarium_webhook_delivered_total{target=\"1\"} 0"), "{metrics}");
    assert!(!metrics.contains("terrarium_webhook_behind_seconds{target=\"1\"} 0\n"), "{metrics}");
    let t = t.restart_with(|c| told(c, url.clone())).await;
    target.until(target.heard().len() + 1).await;
    target.answer(StatusCode::OK);
    let post = format!("/api/purgatory/crew/cancel/{id}");
    post_json(&t, &secret, &post, json!({})).await;
    let prompt_of = |m: &(HeaderMap, Bytes)| body(m)["token"]["prompt"].clone();
    timeout(PATIENCE, async {
        while target.heard().iter().all(|m| body(m)["type"] != "semaphore.cancelled") {
            target.bell.notified().await;
        }
    })
    .await
    .unwrap();
    let heard = target.heard();
    let first = heard.iter().position(|m| prompt_of(m) == "2").unwrap();
    assert!(heard[..first].iter().all(|m| prompt_of(m) == "1" && m.0["webhook-id"] == heard[0].0["webhook-id"]));
    let rest: Vec<_> = heard[first..].iter().map(|m| body(m)["type"].clone()).collect();
    assert_eq!(rest, ["semaphore.ejected", "semaphore.cancelled"], "and nothing twice that was taken");
    // A third life has nothing to tell.
    let t = t.restart_with(|c| told(c, url)).await;
    ask(&t, &secret, json!({"prompt": "3"})).await;
    let after = target.until(heard.len() + 1).await;
    assert_eq!(prompt_of(&after[heard.len()]), "3");
}

#[tokio::test]
async fn a_message_that_a_target_cannot_take_does_not_keep_the_next_ones() {
    let target = Target::start(StatusCode::BAD_REQUEST).await;
    let t = TestTerrarium::start_with(|c| told(c, target.url("127.0.0.1"))).await;
    let secret = token(&t);
    ask(&t, &secret, json!({"prompt": "1"})).await;
    target.until(3).await;
    target.answer(StatusCode::OK);
    ask(&t, &secret, json!({"prompt": "2"})).await;
    let heard = target.until(4).await;
    assert_eq!(body(&heard[3])["token"]["prompt"], "2");
    assert!(
        t.get("/metrics").await.text().await.unwrap().contains("terrarium_webhook_abandoned_total{target=\"1\"} 1")
    );
}

#[tokio::test]
async fn private_addresses_are_not_called_unless_allowed() {
    let target = Target::start(StatusCode::OK).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"] {
        let t = TestTerrarium::start_with(|c| {
            told(c, target.url(host));
            c.webhooks.private = false;
        })
        .await;
        let secret = token(&t);
        ask(&t, &secret, json!({"prompt": "?"})).await;
        let failed = timeout(PATIENCE, async {
            while t
                .get("/metrics")
                .await
                .text()
                .await
                .unwrap()
                .contains("terrarium_webhook_failed_total{target=\"1\"} 0")
            {
                tokio::task::yield_now().await;
            }
        });
        failed.await.unwrap();
        assert!(target.heard().is_empty(), "{host}");
        t.gateway.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn slack_gets_blocks() {
    let target = Target::start(StatusCode::OK).await;
    let t = TestTerrarium::start_with(|c| {
        told(c, target.url("127.0.0.1"));
        c.webhooks.format = WebhookFormat::Slack;
    })
    .await;
    let secret = token(&t);
    ask(&t, &secret, json!({"prompt": "Deploy <!channel>?", "options": ["no", "yes"]})).await;
    let message = body(&target.until(1).await[0]);
    assert_eq!(message["text"], "crew asks: Deploy &lt;!channel&gt;?");
    assert_eq!(message["blocks"][1]["text"]["text"], "Deploy <!channel>?");
}
