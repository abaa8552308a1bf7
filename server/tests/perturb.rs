//! Giving agents work, over real sockets: by id, in order of urgency, in bounds; and what bad input gets.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use futures::{SinkExt as _, StreamExt as _, future::join_all};
use reqwest::{Response, StatusCode};
use runtime::{
    Planting,
    agent::{Agent, AgentError, Factory, Profile, Question, Reentry, Step, StepCx, no_source},
};
use serde_json::{Value, json};
use server::{Config, auth::AdminToken};
use std::{collections::HashSet, time::Duration};
use support::{TestTerrarium, id};
use terrarium_core::flux::FluxConfig;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wire::{Ask, FluxState, Problem};

const ADMIN: &str = "a-token-from-the-environment";
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);

type Beam = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Says what it is sent. `{"wait": ms}` takes its time, `{"chunks": n}` comes in parts, `{"ask": …}` asks a person first,
/// "panic" does, "never" never answers.
#[derive(Default)]
struct Echo {
    counted: u64,
}

#[prism::exposed]
impl Echo {
    /// Repeats a text.
    #[expose(reads)]
    fn repeat(&self, text: String, #[arg(default = 1)] times: u8) -> String {
        text.repeat(times.into())
    }

    /// Says how often it was asked to.
    #[expose]
    fn count(&mut self) -> u64 {
        self.counted += 1;
        self.counted
    }

    /// Says that it was told.
    #[expose(aliases("note"))]
    fn tell(&mut self, text: String) -> String {
        format!("told {text}")
    }
}

impl Agent for Echo {
    type Item = Value;

    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(item))
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        match input.as_str() {
            Some("panic") => panic!("as told"),
            Some("never") => return std::future::pending().await,
            _ => {}
        }
        if let Some(prompt) = input["ask"].as_str() {
            let ask = Ask { prompt: prompt.into(), ..Ask::default() };
            return Ok(Step::Yield(Box::new(Question { ask, frozen: Value::Null })));
        }
        if let Some(ms) = input["wait"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        for n in 0..input["chunks"].as_u64().unwrap_or(0) {
            prism::CallCx::chunk(cx, json!(n));
        }
        Ok(Step::Result(input))
    }

    async fn resume(&mut self, reentry: Reentry, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(reentry.decision.human_input))
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

async fn start() -> TestTerrarium {
    start_with(|_| {}).await
}

async fn start_with(change: impl FnOnce(&mut Config)) -> TestTerrarium {
    let t = TestTerrarium::start_with(|config| {
        config.admin = Some(AdminToken::new(ADMIN).unwrap());
        config.perturb_rate = 0;
        change(config);
    })
    .await;
    plant(&t, "echo", FluxConfig::default());
    t
}

fn plant(t: &TestTerrarium, name: &str, config: FluxConfig) {
    let factory: Factory<Echo> = Box::new(|| Ok((Echo::default(), no_source())));
    let profile = Profile { genus: "echo", description: "Says what it is told.".into() };
    t.gateway.registry().plant_with(id(name), profile, factory, Planting::with(config)).unwrap();
}

async fn beam(t: &TestTerrarium, name: &str) -> Beam {
    let url = t.url(&format!("/perturb/{name}")).replace("http://", "ws://");
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {ADMIN}").parse().unwrap());
    connect_async(request).await.unwrap().0
}

async fn say(beam: &mut Beam, text: impl ToString) {
    beam.send(Message::text(text.to_string())).await.unwrap();
}

async fn hear(beam: &mut Beam) -> Value {
    loop {
        match timeout(PATIENCE, beam.next()).await.unwrap().unwrap().unwrap() {
            Message::Text(text) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                if value["type"] != "ping" {
                    return value;
                }
            }
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

async fn close_code(beam: &mut Beam) -> u16 {
    loop {
        match timeout(PATIENCE, beam.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("no close: {other:?}"),
        }
    }
}

async fn post(t: &TestTerrarium, path: &str, body: impl Into<reqwest::Body>) -> Response {
    reqwest::Client::new().post(t.url(path)).bearer_auth(ADMIN).body(body).send().await.unwrap()
}

async fn problem(response: Response, status: u16) -> Problem {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    response.json().await.unwrap()
}

#[tokio::test]
async fn answers_come_by_id_whatever_their_order_and_text_is_itself_the_input() {
    let t = start().await;
    let mut beam = beam(&t, "echo").await;
    say(&mut beam, json!({"id": "a", "data": {"chunks": 2}})).await;
    assert_eq!(hear(&mut beam).await, json!({"type": "accepted", "id": "a", "queue_depth": 1}));
    for n in 0..2 {
        assert_eq!(hear(&mut beam).await, json!({"type": "chunk", "id": "a", "data": n}));
    }
    assert_eq!(hear(&mut beam).await, json!({"type": "result", "id": "a", "result": {"chunks": 2}}));
    say(&mut beam, "hello there").await;
    let accepted = hear(&mut beam).await;
    let result = hear(&mut beam).await;
    assert_eq!((&result["result"], &result["id"]), (&json!("hello there"), &accepted["id"]));
}

/// Sends so many at once and says how many were answered, and how many told `busy`. Fails on a second answer to any.
async fn pipeline(t: &TestTerrarium, agent: &str, n: usize) -> (usize, usize) {
    let mut beam = beam(t, agent).await;
    let (mut sink, mut stream) = (&mut beam).split();
    let send = async {
        for id in 0..n {
            sink.feed(Message::text(json!({"id": id, "data": id}).to_string())).await.unwrap();
        }
        sink.flush().await.unwrap();
    };
    let read = async {
        let (mut over, mut answered) = (HashSet::new(), 0);
        while over.len() < n {
            let Message::Text(text) = timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap() else {
                continue;
            };
            let reply: Value = serde_json::from_str(&text).unwrap();
            match reply["type"].as_str().unwrap() {
                "accepted" | "ping" => continue,
                "result" => answered += usize::from(reply["result"] == reply["id"]),
                "busy" => assert!(reply["retry_after_ms"].as_u64().unwrap() > 0),
                other => panic!("{other}: {reply}"),
            }
            assert!(over.insert(reply["id"].as_u64().unwrap()), "answered twice: {reply}");
        }
        (answered, n - answered)
    };
    tokio::join!(send, read).1
}

#[tokio::test]
async fn sixty_four_clients_get_every_answer_once_by_its_id() {
    const CLIENTS: usize = 64;
    const EACH: usize = 1000;
    let t = start().await;
    plant(&t, "wide", FluxConfig { perturbation_queue: CLIENTS * EACH, ..FluxConfig::default() });
    let all = join_all((0..CLIENTS).map(|_| pipeline(&t, "wide", EACH))).await;
    assert!(all.into_iter().all(|counted| counted == (EACH, 0)));
    // Where there is no room for all, the rest is told so: once each, too.
    let all = join_all((0..CLIENTS).map(|_| pipeline(&t, "echo", 100))).await;
    assert!(all.iter().any(|(answered, _)| *answered > 0));
}

#[tokio::test]
async fn a_full_queue_is_said_and_cancelling_makes_room() {
    let t = start().await;
    plant(&t, "small", FluxConfig { perturbation_queue: 1, ..FluxConfig::default() });
    let mut beam = beam(&t, "small").await;
    say(&mut beam, json!({"id": 1, "data": "never"})).await;
    assert_eq!(hear(&mut beam).await["type"], "accepted");
    while t.client.agent(&id("small")).await.unwrap().state != FluxState::Perturbed {
        tokio::task::yield_now().await;
    }
    say(&mut beam, json!({"id": 2, "data": "waits"})).await;
    assert_eq!(hear(&mut beam).await["type"], "accepted");
    say(&mut beam, json!({"id": 3, "data": "refused"})).await;
    let busy = hear(&mut beam).await;
    assert_eq!((&busy["type"], &busy["id"]), (&json!("busy"), &json!(3)));
    let problem = problem(post(&t, "/api/small/invoke", r#"{"data":1}"#).await, 503).await;
    assert_eq!(problem.code, "busy");
    assert!(problem.retry_after_ms.is_some());
    say(&mut beam, json!({"op": "cancel", "id": 1})).await;
    let replies = [hear(&mut beam).await, hear(&mut beam).await];
    assert!(replies.iter().any(|r| r["id"] == 1 && r["error"]["code"] == "cancelled"), "{replies:?}");
    assert!(replies.iter().any(|r| r["id"] == 2 && r["result"] == "waits"), "{replies:?}");
}

#[tokio::test]
async fn wrong_messages_say_why_and_by_id_and_disturb_nothing() {
    let t = start().await;
    let mut beam = beam(&t, "echo").await;
    for (message, code) in [
        (json!({"id": 7, "data": null}), "message_malformed"),
        (json!({"id": 7, "data": 1, "priority": 200}), "message_malformed"),
        (json!({"id": 7, "data": 1, "colour": "red"}), "message_malformed"),
        (json!({"op": "cancel", "id": 7}), "not_running"),
    ] {
        say(&mut beam, &message).await;
        let reply = hear(&mut beam).await;
        assert_eq!((&reply["type"], &reply["id"], &reply["error"]["code"]), (&json!("error"), &json!(7), &json!(code)));
        assert!(reply["error"]["hint"].is_string(), "{reply}");
    }
    say(&mut beam, json!({"id": 1, "data": {"wait": 200}})).await;
    assert_eq!(hear(&mut beam).await["type"], "accepted");
    say(&mut beam, json!({"id": 1, "data": "again"})).await;
    assert_eq!(hear(&mut beam).await["error"]["code"], "id_in_use");
    assert_eq!(hear(&mut beam).await["type"], "result");
    for (message, code) in [
        (json!({"id": 2, "data": "panic"}), "panic"),
        (json!({"id": 2, "data": "never", "timeout_ms": 50}), "timed_out"),
    ] {
        say(&mut beam, &message).await;
        assert_eq!(hear(&mut beam).await["type"], "accepted");
        assert_eq!(hear(&mut beam).await["error"]["code"], code);
    }
    say(&mut beam, json!({"id": 3, "data": "well"})).await;
    assert_eq!(hear(&mut beam).await["type"], "accepted");
    assert_eq!(hear(&mut beam).await["result"], "well");
}

#[tokio::test]
async fn sockets_that_may_not_be_are_closed_with_their_reason() {
    let t = start().await;
    assert_eq!(close_code(&mut beam(&t, "nobody").await).await, 4004);
    let url = t.url("/perturb/echo").replace("http://", "ws://");
    let (mut watcher, _) = connect_async(&url).await.unwrap();
    assert_eq!(close_code(&mut watcher).await, 4001);
    let mut foreign = url.into_client_request().unwrap();
    foreign.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    foreign.headers_mut().insert("authorization", format!("Bearer {ADMIN}").parse().unwrap());
    let (mut foreign, _) = connect_async(foreign).await.unwrap();
    assert_eq!(close_code(&mut foreign).await, 4003);
    let mut large = beam(&t, "echo").await;
    say(&mut large, "x".repeat(wire::perturb::INPUT_MAX + 1)).await;
    assert_eq!(close_code(&mut large).await, 1009);
}

#[tokio::test]
async fn a_client_that_vanishes_in_the_middle_costs_nobody_anything() {
    let t = start().await;
    let mut gone = beam(&t, "echo").await;
    for n in 0..50 {
        say(&mut gone, json!({"id": n, "data": {"wait": 60_000}})).await;
    }
    assert_eq!(hear(&mut gone).await["type"], "accepted");
    drop(gone);
    let answer = timeout(PATIENCE, post(&t, "/api/echo/invoke", r#"{"data":"me"}"#)).await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"result": "me"}));
}

#[tokio::test]
async fn too_many_from_one_client_are_told_when_to_come_again() {
    let t = start_with(|config| (config.perturb_rate, config.perturb_burst) = (1, 3)).await;
    let mut beam = beam(&t, "echo").await;
    let mut kinds = Vec::new();
    for n in 0..6 {
        say(&mut beam, json!({"id": n, "data": n})).await;
    }
    while kinds.iter().filter(|k| *k != "accepted").count() < 6 {
        kinds.push(hear(&mut beam).await["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.iter().filter(|k| *k == "busy").count(), 3, "{kinds:?}");
    let refused = post(&t, "/api/echo/invoke", r#"{"data":1}"#).await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused, 429).await.code, "too_fast");
}

#[tokio::test]
async fn invoke_answers_and_every_wrong_body_is_told_what_is_wrong() {
    let t = start().await;
    let answer = post(&t, "/api/echo/invoke", r#"{"data":{"x":[1,2]},"priority":150}"#).await;
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"result": {"x": [1, 2]}}));
    let deep = format!(r#"{{"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (body, status, code) in [
        ("{".to_owned(), 400, "body_malformed"),
        (deep, 400, "body_malformed"),
        (r#"{"data":NaN}"#.to_owned(), 400, "body_malformed"),
        (String::new(), 422, "body_invalid"),
        ("[1]".to_owned(), 422, "body_invalid"),
        (r#"{"data":null}"#.to_owned(), 422, "body_invalid"),
        (r#"{"data":1,"priority":151}"#.to_owned(), 422, "body_invalid"),
        (r#"{"data":1,"extra":1}"#.to_owned(), 422, "body_invalid"),
        (r#"{"data":"never","timeout_ms":20}"#.to_owned(), 504, "timed_out"),
    ] {
        let problem = problem(post(&t, "/api/echo/invoke", body.clone()).await, status).await;
        assert_eq!(problem.code, code, "{}", &body[..body.len().min(80)]);
        assert!(problem.hint.is_some());
    }
    let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(10 * 1024 * 1024));
    let refused = reqwest::Client::new().post(t.url("/api/echo/invoke")).bearer_auth(ADMIN).body(large).send().await;
    // The gateway may close the connection before all of it was sent.
    if let Ok(refused) = refused {
        assert_eq!(problem(refused, 413).await.code, "body_too_large");
    }
    let watcher = reqwest::Client::new().post(t.url("/api/echo/invoke")).body(r#"{"data":1}"#).send().await.unwrap();
    assert_eq!(problem(watcher, 401).await.code, "token_needed");
    let unknown = problem(post(&t, "/api/ecko/invoke", r#"{"data":1}"#).await, 404).await;
    assert!(unknown.detail.contains("echo"), "{}", unknown.detail);
}

#[tokio::test]
async fn the_same_key_does_the_work_once_and_never_something_else() {
    let t = start().await;
    let send = async |path: &str, key: &str, body: &str| {
        let post = reqwest::Client::new().post(t.url(path)).bearer_auth(ADMIN);
        post.header("idempotency-key", key).body(body.to_owned()).send().await.unwrap()
    };
    let count = async |key: &str| {
        let answer = send("/api/echo/count", key, "").await;
        let replayed = answer.headers().get("idempotency-replayed").is_some_and(|v| v == "true");
        (answer.json::<Value>().await.unwrap()["result"].as_u64().unwrap(), replayed)
    };
    assert_eq!(count("a").await, (1, false));
    assert_eq!(count("a").await, (1, true));
    assert_eq!(count("b").await, (2, false), "another key is another call");
    let (x, y) = tokio::join!(count("c"), count("c"));
    assert_eq!((x.0, y.0, x.1 || y.1, x.1 && y.1), (3, 3, true, false), "two at once are one call with two answers");

    let reused = problem(send("/api/echo/count", "a", "{}").await, 422).await;
    assert_eq!(reused.code, "key_reused");
    assert_eq!(problem(send("/api/echo/count", "", "").await, 422).await.code, "key_invalid");

    // Whoever vanishes in the middle finds the answer later.
    let slow = || send("/api/echo/invoke", "slow", r#"{"data":{"wait":1000}}"#);
    let at_work = async {
        while t.client.agent(&id("echo")).await.unwrap().state != FluxState::Perturbed {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = slow() => panic!("it was answered before anybody could vanish"),
        () = at_work => {}
    }
    let late = slow().await;
    assert!(late.status() == 200 && late.headers().contains_key("idempotency-replayed"));
}

#[tokio::test]
async fn a_command_that_only_reads_is_for_everybody_and_one_that_acts_is_not() {
    let t = start().await;
    let anybody = |path: &str, body: &'static str| {
        let url = t.url(path);
        async move { reqwest::Client::new().post(url).body(body).send().await.unwrap() }
    };
    let answer = anybody("/api/echo/repeat", r#"{"text":"la","times":3}"#).await;
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"result": "lalala"}));
    assert_eq!(problem(anybody("/api/echo/tell", r#"{"text":"x"}"#).await, 401).await.code, "token_needed");
    let told = post(&t, "/api/echo/note", r#"{"text":"x"}"#).await;
    assert_eq!(told.json::<Value>().await.unwrap(), json!({"result": "told x"}));
    let wrong = problem(anybody("/api/echo/repeat", r#"{"text":7,"times":300,"loud":true}"#).await, 422).await;
    let mut pointers: Vec<_> = wrong.errors.iter().map(|e| e.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/loud", "/text", "/times"]);
    assert_eq!(problem(anybody("/api/echo/repeet", "{}").await, 404).await.code, "command_not_found");
    let commands: Value = t.get("/api/agents/echo/commands").await.json().await.unwrap();
    let names: Vec<_> = commands["commands"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["repeat", "count", "tell"]);
    let openapi: Value = t.get("/openapi.json").await.json().await.unwrap();
    assert!(openapi["paths"]["/api/echo/repeat"]["post"].is_object());
    assert!(t.get("/docs").await.text().await.unwrap().contains("/api/echo/repeat"));
}

#[tokio::test]
async fn work_that_becomes_a_question_says_so_and_its_answer_follows_under_the_same_id() {
    let t = start().await;
    let asked = post(&t, "/api/echo/invoke", r#"{"data":{"ask":"Really?"}}"#).await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let asked: Value = asked.json().await.unwrap();
    assert_eq!(asked["semaphore"]["prompt"], "Really?");
    let mut beam = beam(&t, "echo").await;
    say(&mut beam, json!({"id": "q", "data": {"ask": "Sure?"}})).await;
    assert_eq!(hear(&mut beam).await["type"], "accepted");
    let semaphore = hear(&mut beam).await;
    assert_eq!((&semaphore["type"], &semaphore["token"]["prompt"]), (&json!("semaphore"), &json!("Sure?")));
    let token = wire::TokenId::parse(semaphore["token"]["id"].as_str().unwrap()).unwrap();
    let answer = wire::semaphore::Answer { human_input: json!("yes"), note: None };
    let ann = terrarium_core::ledger::Actor { by: "ann".into(), door: wire::semaphore::Door::Rest };
    t.gateway.registry().purgatory().resolve(None, token, answer, ann).await.unwrap();
    assert_eq!(hear(&mut beam).await, json!({"type": "result", "id": "q", "result": "yes"}));
}
