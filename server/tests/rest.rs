//! Every REST door: shapes, statuses, problems, and who is turned away.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use serde_json::Value;
use server::{Config, Gateway};
use support::TestTerrarium;
use wire::Problem;

async fn problem(t: &TestTerrarium, path: &str) -> Problem {
    let response = t.get(path).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    let status = response.status().as_u16();
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status);
    assert_eq!(problem.instance.as_deref(), path.split('?').next());
    problem
}

#[tokio::test]
async fn agents_are_listed_in_the_order_of_their_ids() {
    let t = TestTerrarium::start().await;
    let _voices = (t.parrot("polly"), t.parrot("coco"));
    let agents = t.client.agents().await.unwrap();
    assert_eq!(agents.iter().map(|a| a.agent_id.as_str()).collect::<Vec<_>>(), ["coco", "polly"]);
    assert_eq!(t.client.agent(&support::id("coco")).await.unwrap().genus, "parrot");
}

#[tokio::test]
async fn an_unknown_agent_is_a_404_with_the_nearest_names() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    for path in ["/api/agents/poly", "/api/poly/snapshot", "/api/poly/metrics", "/api/agents/POLLY"] {
        let problem = problem(&t, path).await;
        assert_eq!(problem.status, 404, "{path}");
        assert!(problem.detail.contains("polly"), "{problem:?}");
        assert!(problem.hint.is_some());
    }
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_a_422_that_names_the_field() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    for (path, field) in [
        ("/api/polly/metrics?window=soon", "window"),
        ("/api/polly/metrics?step=7s", "step"),
        ("/api/metrics/all?window=25h", "window"),
    ] {
        let problem = problem(&t, path).await;
        assert_eq!((problem.status, problem.detail.starts_with(field)), (422, true), "{problem:?}");
    }
    assert_eq!(t.get("/api/polly/metrics?window=90s&step=15s").await.status(), 200);
    assert_eq!(t.client.metrics(&support::id("polly"), 60, 1).await.unwrap().step_s, 1);
    assert_eq!(t.client.metrics_all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn below_api_even_nothing_is_a_problem() {
    let t = TestTerrarium::start().await;
    assert_eq!(problem(&t, "/api/no/such/door").await.status, 404);
    let response = reqwest::Client::new().post(t.url("/api/agents")).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert!(response.headers()["allow"].to_str().unwrap().contains("GET"));
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_snapshot_that_is_known_is_not_sent_again() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    voice.say(1).await;
    t.until_seq("polly", 2).await;
    let first = t.get("/api/polly/snapshot").await;
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let body: Value = first.json().await.unwrap();
    assert_eq!(etag, format!("\"{}:{}\"", body["epoch"].as_str().unwrap(), body["seq"]));
    assert_eq!(body["history"].as_array().unwrap().len() as u64, body["seq"].as_u64().unwrap());
    // The gauges speak once a second: ask until the position has held still for two answers.
    let mut status = 0;
    for _ in 0..5 {
        let etag = t.get("/api/polly/snapshot").await.headers()["etag"].to_str().unwrap().to_owned();
        status = t.get_with("/api/polly/snapshot", &[("if-none-match", &etag)]).await.status().as_u16();
        if status == 304 {
            break;
        }
    }
    assert_eq!(status, 304);
    assert_eq!(t.get_with("/api/polly/snapshot", &[("if-none-match", "\"other\"")]).await.status(), 200);
}

#[tokio::test]
async fn a_request_meant_for_another_host_is_refused() {
    let t = TestTerrarium::start().await;
    for path in ["/", "/api/agents", "/observe", "/metrics"] {
        let response = t.get_with(path, &[("host", "evil.example")]).await;
        assert_eq!(response.status(), 421, "{path}");
        assert_eq!(response.json::<Problem>().await.unwrap().code, "host_refused");
    }
    assert_eq!(t.get_with("/api/agents", &[("host", "localhost:1")]).await.status(), 200);
}

#[tokio::test]
async fn health_version_and_prometheus_answer() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    t.until_seq("polly", 1).await;
    assert_eq!(t.get("/healthz").await.status(), 200);
    assert_eq!(t.get("/readyz").await.status(), 200);
    assert_eq!(t.client.version().await.unwrap().protocol, 1);
    let text = t.get("/metrics").await.text().await.unwrap();
    for line in [
        "# TYPE terrarium_agents gauge",
        "# TYPE terrarium_reflect_seconds histogram",
        "terrarium_agent_events_total{agent=\"polly\"} ",
        "terrarium_observers{agent=\"polly\"} 0",
        "terrarium_reflect_seconds_bucket{le=\"+Inf\"} ",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let names: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), names.len(), "each family is declared once");
}

#[tokio::test]
async fn one_folder_takes_one_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::bare(folder.path().to_owned());
    let first = Gateway::open(config.clone()).await.unwrap();
    let why = Gateway::open(config).await.err().unwrap().to_string();
    assert!(why.contains(&std::process::id().to_string()) && why.contains(&first.addr().to_string()), "{why}");
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Gateway::open(Config::bare(one.path().to_owned())).await.unwrap();
    let config = Config { port: first.addr().port(), ..Config::bare(two.path().to_owned()) };
    let why = Gateway::open(config).await.err().unwrap().to_string();
    assert!(why.starts_with("port: ") && why.contains("--port"), "{why}");
}
