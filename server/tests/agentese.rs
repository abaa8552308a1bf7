//! AGENTESE through its door: the void as the seeds ask for it, everything else that has a path, and rubbish.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;
mod writer;

use reqwest::Response;
use serde_json::{Value, json};
use server::auth::tokens;
use support::{TestTerrarium, event, hello};
use terrarium_core::metabolism::oblique::STRATEGIES;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wire::{AgentId, Envelope, Event, Problem, metabolism::FeverTrigger};

async fn start() -> (TestTerrarium, String) {
    let t = TestTerrarium::start_with(|c| c.perturb_rate = 0).await;
    writer::plant(t.gateway.registry());
    let secret = token(&t, "ann", "admin");
    (t, secret)
}

fn token(t: &TestTerrarium, name: &str, scopes: &str) -> String {
    tokens::create(t.folder(), name, scopes, None).unwrap().secret
}

async fn post(t: &TestTerrarium, secret: &str, body: &Value) -> Response {
    let request = reqwest::Client::new().post(t.url("/api/agentese")).json(body);
    let request = if secret.is_empty() { request } else { request.bearer_auth(secret) };
    request.send().await.unwrap()
}

/// What a path says.
async fn ask(t: &TestTerrarium, secret: &str, path: &str, args: Value) -> Value {
    let response = post(t, secret, &json!({ "path": path, "args": args })).await;
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    body["result"].clone()
}

async fn refusal(t: &TestTerrarium, secret: &str, body: &Value) -> Problem {
    let response = post(t, secret, body).await;
    assert!(!response.status().is_success(), "{body}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    response.json().await.unwrap()
}

/// What the garden itself says next.
async fn of_the_garden(stream: &mut client::Observation) -> Envelope {
    let event = event(stream).await;
    assert_eq!(event.agent_id, AgentId::void());
    event
}

#[tokio::test]
async fn the_void_answers_as_the_seeds_ask_and_a_watcher_may_look() {
    let (t, secret) = start().await;
    for holon in ["entropy", "metabolism"] {
        let path = |aspect: &str| format!("void.{holon}.{aspect}");
        let pressure = ask(&t, "", &path("pressure"), json!({})).await;
        assert_eq!(pressure, json!({ "pressure": 0.0, "in_fever": false }));
        let fever = ask(&t, "", &path("fever"), json!({})).await;
        assert_eq!(fever, json!({ "in_fever": false, "fever_start": null }));
        let oblique = ask(&t, "", &path("oblique"), json!({ "seed": 0.5 })).await;
        assert_eq!(oblique, json!({ "strategy": "Is it finished?" }));
        let dream = ask(&t, &secret, &path("dream"), json!({ "context": { "mood": "blue" } })).await;
        assert!(STRATEGIES.contains(&dream["dream"].as_str().unwrap()), "{dream}");
        let tithe = ask(&t, &secret, &path("tithe"), json!({})).await;
        assert_eq!(tithe, json!({ "discharged": 0.0, "remaining_pressure": 0.0, "gratitude": "The river flows." }));
        assert!(ask(&t, "", &path("witness"), json!({})).await["fevers"].is_array());
    }
}

#[tokio::test]
async fn a_fever_begins_by_real_work_is_seen_and_a_tithe_heals_it() {
    let (t, secret) = start().await;
    // Its name is enough to hear nothing but the garden itself.
    let options = client::GardenOptions { agents: vec![AgentId::void()], ..client::GardenOptions::default() };
    let mut stream = t.client.observe_garden(&options).await.unwrap();
    hello(&mut stream).await;
    ask(&t, &secret, "world.agent.writer.write", json!({ "tokens": 1000 })).await;
    let calm = ask(&t, "", "void.entropy.pressure", json!({})).await;
    assert!(calm["in_fever"] == false && calm["pressure"].as_f64().unwrap() > 0.9, "{calm}");
    ask(&t, &secret, "world.agent.writer.write", json!({ "tokens": 600 })).await;
    let Event::Fever { temperature, data } = of_the_garden(&mut stream).await.event else { panic!("no fever") };
    assert_eq!((temperature.get(), data.threshold), (1.0, 1.0));
    assert_eq!(data.trigger, Some(FeverTrigger::PressureOverflow));
    assert!(STRATEGIES.contains(&data.oblique_strategy.unwrap().as_str()) && data.intensity.unwrap() > 0.5);
    let hot = ask(&t, "", "void.entropy.fever", json!({})).await;
    assert!(hot["in_fever"] == true && hot["fever_start"].as_f64().unwrap() > 1e9, "{hot}");
    let all = ask(&t, "", "void.terrarium.metabolism", json!({})).await;
    assert_eq!((&all["agents"][0]["agent_id"], &all["agents"][0]["input_tokens"]), (&json!("writer"), &json!(1600)));
    assert!(all["agents"][0]["share"].as_f64().unwrap() > 0.99, "{all}");
    // It blocks nobody's work.
    assert_eq!(ask(&t, "", "world.agent.writer.read", json!({ "text": "x" })).await, json!({ "read": "x" }));
    let tithe = ask(&t, &secret, "void.entropy.tithe", json!({ "amount": 0.5 })).await;
    assert!(tithe["discharged"] == 0.5 && tithe["remaining_pressure"].as_f64().unwrap() < 0.5, "{tithe}");
    assert!(matches!(of_the_garden(&mut stream).await.event, Event::FeverEnded { .. }));
    let cold = ask(&t, "", "void.entropy.fever", json!({})).await;
    assert_eq!(cold, json!({ "in_fever": false, "fever_start": null }));
    let fevers = ask(&t, "", "void.entropy.witness", json!({})).await;
    assert!(fevers["fevers"][0]["duration_ms"].is_u64(), "{fevers}");
    let metrics = t.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("terrarium_metabolic_fevers_total 1"), "{metrics}");
}

/// An endpoint that speaks OpenAI's protocol and says the same to everybody, for so many tokens.
async fn model(says: &'static str, read: u64, written: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let piece = json!({ "choices": [{ "delta": { "content": says }, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": read, "completion_tokens": written } });
    let body = format!("data: {piece}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
    let reply = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    runtime::Tasks::default().spawn("model", runtime::tasks::OnPanic::Log, async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 65_536];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(reply.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn a_model_ticks_the_engine_and_dreams() {
    let url = model("A lighthouse of moths.", 300, 200).await;
    let t = TestTerrarium::start_with(|c| {
        c.perturb_rate = 0;
        c.scribe_agent = true;
        c.scribe.url = Some(url);
    })
    .await;
    let secret = token(&t, "ann", "admin");
    let written = ask(&t, &secret, "world.agent.scribe.write", json!({ "prompt": "hello" })).await;
    assert_eq!(written["text"], "A lighthouse of moths.");
    let status = ask(&t, "", "void.entropy.status", json!({})).await;
    assert_eq!((&status["input_tokens"], &status["output_tokens"]), (&json!(300), &json!(200)));
    let dream = ask(&t, &secret, "void.entropy.dream", json!({})).await;
    assert_eq!(dream, json!({ "dream": "A lighthouse of moths." }));
    let all = ask(&t, "", "void.terrarium.metabolism", json!({})).await;
    assert_eq!((&all["input_tokens"], all["agents"].as_array().unwrap().len()), (&json!(600), 2), "dreams are ticked");
}

#[tokio::test]
async fn scopes_decide_what_is_done_and_observers_what_is_offered() {
    let (t, admin) = start().await;
    let worker = token(&t, "bob", "perturb");
    let body = |path: &str| json!({ "path": path });
    let code = async |secret: &str, body: &Value| {
        let problem = refusal(&t, secret, body).await;
        (problem.status, problem.code)
    };
    let is = |status, code: &str| (status, code.to_owned());
    assert_eq!(code("", &body("void.entropy.tithe")).await, is(401, "token_needed"));
    assert_eq!(code("", &body("void.entropy.oblique[entropy=0.5]")).await, is(401, "token_needed"));
    assert_eq!(code("", &json!({ "path": "world.agent.writer.write", "args": { "tokens": 1 } })).await.0, 401);
    assert_eq!(code("", &body("world.purgatory.gc")).await, is(403, "path_not_afforded"));
    let claims = json!({ "path": "world.purgatory.gc", "observer": { "archetype": "admin" } });
    assert_eq!(code(&worker, &claims).await, is(403, "scope_missing"));
    let humble = json!({ "path": "world.purgatory.gc", "observer": { "archetype": "guest" } });
    let problem = refusal(&t, &admin, &humble).await;
    assert!(problem.related.contains(&"world.purgatory.list".to_owned()), "{problem:?}");
    // Nothing of a pipeline is done if one part of it may not be.
    assert_eq!(code(&worker, &body("void.entropy.sip >> world.purgatory.gc")).await, is(403, "path_not_afforded"));
    let status = ask(&t, "", "void.entropy.status", json!({})).await;
    assert_eq!(status["remaining"], 100.0);
    ask(&t, &worker, "void.entropy.sip", json!({ "amount": 1 })).await;
}

#[tokio::test]
async fn a_closed_garden_tells_a_stranger_nothing() {
    let t = TestTerrarium::start_with(|c| c.observe = server::config::Observe::Token).await;
    for path in ["void.entropy.pressure", "no.such.path", ""] {
        assert_eq!(refusal(&t, "", &json!({ "path": path })).await.code, "token_needed");
    }
}

#[tokio::test]
async fn everything_that_is_listed_resolves() {
    let (t, secret) = start().await;
    let observed = |path: &str, args: Value| {
        let body = json!({ "path": path, "args": args, "observer": { "agent": "writer" } });
        let (t, secret) = (&t, &secret);
        async move {
            let response = post(t, secret, &body).await;
            let status = response.status();
            let answer: Value = response.json().await.unwrap();
            assert_eq!(status, 200, "{body}: {answer}");
            answer["result"].clone()
        }
    };
    assert_eq!(observed("world.terrarium.agents.manifest", json!({})).await[0]["agent_id"], "writer");
    assert_eq!(observed("world.terrarium.connect", json!({ "agent": "writer" })).await["observe"], "/observe/writer");
    assert_eq!(observed("world.terrarium.dashboard.manifest", json!({})).await["agents"], 1);
    assert_eq!(observed("self.flux.bridge", json!({})).await["perturb"], "/perturb/writer");
    let asked = observed("self.semaphore.yield", json!({ "prompt": "Deploy?", "options": ["yes", "no"] })).await;
    assert_eq!((&asked["status"], &asked["reason"]), (&json!("pending"), &json!("approval_needed")));
    let token = asked["token_id"].clone();
    assert_eq!(observed("self.semaphore.pending", json!({})).await["count"], 1);
    assert_eq!(observed("self.semaphore.status", json!({ "token": token })).await["status"], "pending");
    assert_eq!(observed("world.purgatory.list", json!({})).await[0]["id"], token);
    assert_eq!(observed("world.purgatory.inspect", json!({ "token": token })).await["prompt"], "Deploy?");
    let answer = json!({ "token": token, "human_input": "yes" });
    assert_eq!(observed("world.purgatory.resolve", answer).await["decision"]["by"], "ann");
    let other = observed("self.semaphore.yield", json!({ "prompt": "Again?" })).await["token_id"].clone();
    assert_eq!(observed("world.purgatory.cancel", json!({ "token": other })).await["status"], "cancelled");
    for (path, args) in [
        ("world.purgatory.void_expired", json!({})),
        ("world.purgatory.gc", json!({})),
        ("world.purgatory.witness", json!({})),
        ("void.terrarium.metabolism", json!({})),
        ("void.entropy.sample", json!({})),
        ("void.entropy.help", json!({})),
        ("void.serendipity.tangent", json!({ "context": "x" })),
        ("void.serendipity.inspire", json!({})),
        ("void.gratitude.tithe", json!({})),
        ("void.gratitude.thank", json!({ "target": "ann" })),
        ("void.gratitude.acknowledge", json!({ "what": "rain" })),
        ("void.capital.balance", json!({})),
        ("void.capital.history", json!({})),
        ("void.capital.tithe", json!({})),
        ("void.capital.bypass", json!({})),
        ("void.pataphysics.solve", json!({ "problem": "x", "ensure": "the" })),
        ("void.pataphysics.melt", json!({})),
        ("void.pataphysics.verify", json!({})),
        ("void.pataphysics.imagine", json!({})),
        ("concept.identity", json!({ "input": 3 })),
        ("world.agent.writer", json!({})),
        ("self.witness", json!({})),
    ] {
        observed(path, args).await;
    }
    assert_eq!(observed("self.read", json!({ "text": "x" })).await, json!({ "read": "x" }));
    assert_eq!(observed("self.look", json!({ "text": "x" })).await, json!({ "read": "x" }));
    let grant = observed("void.entropy.sip", json!({ "amount": 2 })).await["grant"].clone();
    assert_eq!(observed("void.entropy.pour", json!({ "grant": grant })).await["recovered"], 1.0);
    assert_eq!(
        refusal(&t, &secret, &json!({ "path": "void.entropy.pour", "args": { "grant": grant } })).await.status,
        409
    );
}

#[tokio::test]
async fn pipelines_hand_on_and_clauses_do_what_they_say() {
    let (t, secret) = start().await;
    let said = ask(&t, &secret, "void.entropy.oblique >> world.agent.writer.read", json!({ "seed": 0.5 })).await;
    assert_eq!(said, json!({ "read": "Is it finished?" }));
    let poured = ask(&t, &secret, "void.entropy.sip >> void.entropy.pour", json!({ "amount": 4 })).await;
    assert_eq!((&poured["returned"], &poured["remaining"]), (&json!(4.0), &json!(98.0)));
    let same =
        ask(&t, &secret, "concept.identity >> void.gratitude.thank >> concept.identity", json!({ "input": "x" })).await;
    assert_eq!(same, ask(&t, &secret, "void.gratitude.thank", json!({ "target": "x" })).await);
    ask(&t, &secret, "void.entropy.oblique[entropy=0.5]", json!({})).await;
    assert_eq!(ask(&t, "", "void.entropy.status", json!({})).await["remaining"], 97.5);
    let listed = json!({ "path": "world.terrarium.agents.manifest[minimal_output=true]" });
    assert_eq!(refusal(&t, &secret, &listed).await.code, "composition_violation");
    let poor = json!({ "path": "void.entropy.sip", "args": { "amount": 99 } });
    let problem = refusal(&t, &secret, &poor).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "budget_exhausted"));
    let broke = json!({ "path": "void.capital.tithe", "args": { "amount": 0.9 } });
    assert_eq!(refusal(&t, &secret, &broke).await.code, "insufficient_capital");
}

#[tokio::test]
async fn rubbish_gets_a_sympathetic_no() {
    let (t, secret) = start().await;
    let no = async |path: &str, args: Value| {
        let problem = refusal(&t, &secret, &json!({ "path": path, "args": args })).await;
        assert!(problem.hint.is_some() && problem.detail.len() < 600 && problem.related.len() <= 5, "{problem:?}");
        problem
    };
    let near = no("void.entropy.tihte", json!({})).await;
    assert_eq!((near.status, near.related[0].as_str()), (404, "void.entropy.tithe"));
    let near = no("world.agent.writter.read", json!({})).await;
    assert_eq!((near.status, near.related[0].as_str()), (404, "world.agent.writer"));
    let near = no("world.agent.writer.raed", json!({})).await;
    assert_eq!((near.status, near.related[0].as_str()), (404, "world.agent.writer.read"));
    assert_eq!(no("self.read", json!({ "text": "x" })).await.code, "observer_required");
    let wrong = no("world.agent.writer.read", json!({ "text": 3 })).await;
    assert_eq!((wrong.code.as_str(), wrong.errors[0].pointer.as_str()), ("arguments_invalid", "/text"));
    let wrong = no("void.entropy.tithe", json!({ "amount": -1 })).await;
    assert_eq!((wrong.status, wrong.errors[0].pointer.as_str()), (422, "/args/amount"));
    for path in ["", " ", "void", "void.", "Void.entropy.sip", "ü", "a >> ", "void.entropy.sip[", "x\u{0}y", "@", ">>"]
    {
        let status = no(path, json!({})).await.status;
        assert!(matches!(status, 400 | 404 | 422), "{path}: {status}");
    }
    for n in 0..500 {
        assert_eq!(no(&format!("void.entropy.x{n}"), json!({})).await.status, 404);
    }
    assert_eq!(no(&"a.".repeat(2000), json!({})).await.status, 400);
    let much = json!({ "path": "void.gratitude.thank", "args": { "target": "x".repeat(10_000_000) } });
    let response = post(&t, &secret, &much).await;
    assert_eq!(response.status(), 413);
    let many = json!({ "path": "void.gratitude.thank", "args": { "target": "x".repeat(200_000) } });
    assert_eq!(refusal(&t, &secret, &many).await.code, "arguments_invalid");
    for body in [json!([]), json!({}), json!({ "path": 3 }), json!({ "path": "void", "colour": "red" })] {
        assert_eq!(refusal(&t, &secret, &body).await.status, 422, "{body}");
    }
}

#[tokio::test]
async fn a_call_with_a_key_is_carried_out_once() {
    let (t, secret) = start().await;
    let body = json!({ "path": "void.entropy.sip", "args": { "amount": 5 } });
    let sip = async || {
        let request = reqwest::Client::new().post(t.url("/api/agentese")).header("idempotency-key", "a sip");
        request.bearer_auth(&secret).json(&body).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(sip().await, sip().await);
    assert_eq!(ask(&t, "", "void.entropy.status", json!({})).await["remaining"], 95.0);
}

#[tokio::test]
async fn pool_capital_and_tokens_survive_a_restart() {
    let (t, secret) = start().await;
    let grant = ask(&t, &secret, "void.entropy.sip", json!({ "amount": 10 })).await["grant"].clone();
    ask(&t, &secret, "void.capital.tithe", json!({ "amount": 0.25 })).await;
    ask(&t, &secret, "world.agent.writer.write", json!({ "tokens": 500 })).await;
    let t = t.restart().await;
    let status = ask(&t, "", "void.entropy.status", json!({})).await;
    assert_eq!((&status["remaining"], &status["input_tokens"]), (&json!(90.0), &json!(500)));
    let pressure = status["pressure"].as_f64().unwrap();
    assert!((0.3..0.5).contains(&pressure), "{pressure}");
    assert_eq!(ask(&t, &secret, "void.capital.balance", json!({})).await["balance"], 0.25);
    assert_eq!(ask(&t, &secret, "void.entropy.pour", json!({ "grant": grant })).await["remaining"], 95.0);
}
