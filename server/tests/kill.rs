//! The real binary under SIGKILL, at random moments, while programs ask and people answer: whatever it acknowledged is
//! there when it is back. `KILL_ROUNDS` says how often, `KILL_PENDING` with how many open questions a restart is timed.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod process;

use process::{ADMIN, Process};
use reqwest::{Client, StatusCode};
use runtime::{Registry, Store, Tasks};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use terrarium_core::ledger::Actor;
use wire::{AgentId, Ask, semaphore::Door};

/// Rounds where nobody says how many.
const ROUNDS: u32 = 5;
/// Open questions where nobody says how many.
const PENDING: usize = 10_000;
/// Programs that ask at the same time.
const ASKERS: usize = 4;
/// Nobody is found too fast, and no snippet runs.
const WITHOUT_LIMITS: [&str; 3] = ["--no-steward-agent", "--perturb-rate", "0"];
/// Longest life, in milliseconds.
const LIFE_MS: u64 = 400;

fn terrarium(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrarium"));
    command.arg("--data").arg(folder);
    command
}

fn from_env<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// One question of the test, and what was acknowledged of it.
#[derive(Debug, Clone, Default)]
struct Known {
    token: Option<String>,
    /// The answer that is sent, and always the same one.
    answer: String,
    answered: bool,
}

type Book = Arc<Mutex<BTreeMap<String, Known>>>;

async fn post(
    client: &Client,
    url: &str,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> reqwest::Result<(StatusCode, Value)> {
    let mut request = client.post(format!("{url}{path}")).bearer_auth(ADMIN).json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await?;
    let status = response.status();
    Ok((status, response.json().await?))
}

/// Asks the question of this key, again if it was asked before. What is not acknowledged is not written into the book.
async fn ask(client: &Client, url: &str, book: &Book, key: &str) -> reqwest::Result<String> {
    let (status, body) = post(client, url, "/api/purgatory/crew", Some(key), &json!({"prompt": key})).await?;
    assert_eq!(status, 201, "{body}");
    let token = body["id"].as_str().unwrap().to_owned();
    let mut book = book.lock().unwrap();
    let known = book.entry(key.to_owned()).or_default();
    let before = known.token.get_or_insert_with(|| token.clone());
    assert_eq!(*before, token, "one key, one question");
    Ok(token)
}

/// Answers, again if it was answered before.
async fn answer(client: &Client, url: &str, book: &Book, key: &str, token: &str) -> reqwest::Result<()> {
    let answer = format!("answer to {key}");
    let path = format!("/api/purgatory/crew/resolve/{token}");
    let (status, body) = post(client, url, &path, None, &json!({"human_input": answer})).await?;
    assert_eq!(status, 200, "{body}");
    let mut book = book.lock().unwrap();
    let known = book.entry(key.to_owned()).or_default();
    (known.answer, known.answered) = (answer, true);
    Ok(())
}

/// Asks and answers until the gateway is gone. Every second question is answered.
async fn work(client: Client, url: String, book: Book, name: String) {
    for n in 0u32.. {
        let key = format!("{name}-{n}");
        let Ok(token) = ask(&client, &url, &book, &key).await else { return };
        if n % 2 == 0 && answer(&client, &url, &book, &key, &token).await.is_err() {
            return;
        }
    }
}

/// Everything in the book is as it was acknowledged; and what is asked or answered again changes nothing.
async fn check(client: &Client, url: &str, book: &Book) {
    let known: Vec<_> = book.lock().unwrap().clone().into_iter().collect();
    for (key, known) in &known {
        let token = known.token.as_deref().unwrap();
        let question = format!("{url}/api/purgatory/crew/{token}");
        let record: Value = client.get(question).send().await.unwrap().json().await.unwrap();
        assert_eq!(record["prompt"], **key, "{record}");
        let steps: Vec<_> = record["audit"].as_array().unwrap().iter().map(|e| e["step"].as_str().unwrap()).collect();
        assert_eq!(steps.iter().filter(|s| **s == "ejected").count(), 1, "{record}");
        assert!(steps.iter().filter(|s| **s == "resolved").count() <= 1, "{record}");
        if known.answered {
            assert_eq!(record["decision"]["human_input"], known.answer, "{record}");
            assert_eq!(record["audit"][1]["decision"]["human_input"], known.answer, "{record}");
        }
        assert_eq!(ask(client, url, book, key).await.unwrap(), token);
    }
}

fn verify(folder: &Path) -> String {
    let output = terrarium(folder).args(["purgatory", "verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn remark(text: &str) {
    // A figure for whoever looks; the test does not depend on it.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_gateway_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let client = Client::new();
    for round in 0..from_env("KILL_ROUNDS", ROUNDS) {
        let process = Process::start(folder.path(), &WITHOUT_LIMITS);
        let url = process.url.clone();
        let askers = (0..ASKERS).map(|n| work(client.clone(), url.clone(), book.clone(), format!("{round}-{n}")));
        let life = Duration::from_millis(rand::random::<u64>() % LIFE_MS);
        let killing = async {
            tokio::time::sleep(life).await;
            process.kill();
        };
        tokio::join!(futures::future::join_all(askers), killing);
        verify(folder.path());
        let process = Process::start(folder.path(), &WITHOUT_LIMITS);
        check(&client, &process.url, &book).await;
        process.kill();
    }
    let answered = book.lock().unwrap().values().filter(|k| k.answered).count();
    let asked = book.lock().unwrap().len();
    remark(&format!("{asked} questions and {answered} answers were acknowledged. {}", verify(folder.path())));
    assert!(asked > 0 && answered > 0);
}

#[tokio::test]
async fn many_open_questions_are_there_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let count = from_env("KILL_PENDING", PENDING);
    let tasks = Tasks::default();
    let registry = Registry::start(tasks, Some(Store::open(folder.path()).unwrap().0)).unwrap();
    let crew = AgentId::parse("crew").unwrap();
    let asks = (0..count).map(|n| {
        let ask = Ask { prompt: format!("{n}?"), ..Ask::default() };
        let actor = Actor { by: "test".to_owned(), door: Door::Agent };
        registry.purgatory().eject(crew.clone(), ask, None, actor)
    });
    assert!(futures::future::join_all(asks).await.iter().all(Result::is_ok));
    registry.shutdown(Duration::from_secs(10)).await.unwrap();
    for _ in 0..2 {
        let began = Instant::now();
        let process = Process::start(folder.path(), &WITHOUT_LIMITS);
        let url = format!("{}/readyz", process.url);
        assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
        remark(&format!("ready {} ms after its start, with {count} open questions", began.elapsed().as_millis()));
        let url = format!("{}/api/purgatory/crew/pending", process.url);
        let pending: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(pending["count"], count);
        process.kill();
    }
}

#[test]
fn the_log_is_exported_beside_its_hashes_and_a_change_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let export = |folder: &Path| terrarium(folder).args(["purgatory", "export"]).output().unwrap();
    assert_eq!(export(folder.path()).status.code(), Some(2), "no store is there");
    let tokio = tokio::runtime::Runtime::new().unwrap();
    tokio.block_on(async {
        let registry = Registry::start(Tasks::default(), Some(Store::open(folder.path()).unwrap().0)).unwrap();
        for n in 0..3 {
            let ask = Ask { prompt: format!("{n}?"), ..Ask::default() };
            let actor = Actor { by: "test".to_owned(), door: Door::Agent };
            registry.purgatory().eject(AgentId::parse("crew").unwrap(), ask, None, actor).await.unwrap();
        }
        registry.shutdown(Duration::from_secs(10)).await.unwrap();
    });
    assert!(verify(folder.path()).starts_with("3 lines"));
    let said = String::from_utf8(export(folder.path()).stdout).unwrap();
    let mut before = String::new();
    for line in said.lines() {
        let read: Value = serde_json::from_str(line).unwrap();
        let entry = line.split_once("\"entry\":").unwrap().1.strip_suffix('}').unwrap();
        before = terrarium_core::ledger::chain(&before, entry);
        assert_eq!(read["hash"], before);
    }
    assert_eq!(said.lines().count(), 3);
    // Somebody at the file, without the hashes.
    drop(tokio);
    let file = folder.path().join(runtime::store::FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let (was, is) = (b"\"by\":\"test\"", b"\"by\":\"best\"");
    let at = bytes.windows(was.len()).position(|w| w == was).unwrap();
    bytes[at..at + is.len()].copy_from_slice(is);
    std::fs::write(&file, bytes).unwrap();
    let output = terrarium(folder.path()).args(["purgatory", "verify"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("broken at line"), "{output:?}");
}
