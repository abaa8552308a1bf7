//! The steward in the real binary under SIGKILL: what it runs dies with it, and one approval stays one run.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod process;

use process::{ADMIN, Process};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;

impl Process {
    async fn post(&self, path: &str, body: Value) -> Value {
        let request = Client::new().post(format!("{}{path}", self.url)).bearer_auth(ADMIN).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The payload of the steward's first result.
    async fn report(&self) -> Value {
        loop {
            let answer = reqwest::get(format!("{}/api/steward/snapshot", self.url)).await.unwrap();
            let snapshot: Value = answer.json().await.unwrap();
            let events = snapshot["history"].as_array().cloned().unwrap_or_default();
            if let Some(result) = events.into_iter().find(|event| event["type"] == "result") {
                return result["data"].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until a process with these arguments is there, or is not.
async fn until(arguments: &str, there: bool) {
    let lives = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(arguments)
        })
    };
    while lives() != there {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_runs_dies_with_a_killed_gateway_and_is_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path(), &[]);
    let mark = format!("60.{}", std::process::id());
    let asked = first.post("/api/steward/run", json!({"code": format!("sleep {mark}")})).await;
    let contained = asked["semaphore"]["context"]["containment"]["may_gain_rights"] == false;
    let token = asked["semaphore"]["id"].as_str().unwrap().to_owned();
    first.post(&format!("/api/purgatory/steward/resolve/{token}"), json!({"human_input": "approve"})).await;
    let sleeper = format!("sleep\0{mark}");
    until(&sleeper, true).await;
    first.kill();
    if contained {
        until(&sleeper, false).await;
    }
    let second = Process::start(folder.path(), &[]);
    assert_eq!(second.report().await["ran"], "before");
    second.kill();
}
