//! Questions under the runtime, on real files: asked, answered, resumed; once and in order, across restarts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use terrarium_core::ledger::{Actor, Refusal};
use terrarium_runtime::{
    AgentHandle, Failure, Purgatory, PurgatoryError, Registry, Reply, Store, Tasks, Terms,
    agent::{Agent, AgentError, Factory, Profile, Question, Reentry, Step, StepCx, no_source},
    purgatory::{Filter, verify},
};
use wire::{
    AgentId, Ask, Event, EventKind, TokenId,
    semaphore::{Answer, Door, OnTimeout, TokenStatus, Verdict},
};

/// Asks about what it is sent; with the answer, says both.
struct Asker;

impl Agent for Asker {
    type Item = Value;

    async fn step(&mut self, _: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Quiet)
    }

    async fn perturbed(&mut self, input: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        if input == json!("ping") {
            return Ok(Step::Result(json!("pong")));
        }
        let ask: Ask =
            serde_json::from_value(input["ask"].clone()).map_err(|e| AgentError::new("scripted", e.to_string()))?;
        Ok(Step::Yield(Box::new(Question { ask, frozen: json!({"kept": input["keep"]}) })))
    }

    async fn resume(&mut self, reentry: Reentry, _: &mut StepCx) -> Result<Step, AgentError> {
        match reentry.frozen["kept"].as_str() {
            Some("fail") => Err(AgentError::new("scripted", "as told")),
            Some("again") => {
                let ask = Ask { prompt: "And now?".into(), ..Ask::default() };
                Ok(Step::Yield(Box::new(Question { ask, frozen: json!({"kept": "then"}) })))
            }
            _ => Ok(Step::Result(json!({"kept": reentry.frozen["kept"], "said": reentry.decision.human_input}))),
        }
    }
}

fn id(text: &str) -> AgentId {
    AgentId::parse(text).unwrap()
}

fn garden(folder: &Path) -> Registry {
    Registry::start(Tasks::default(), Some(Store::open(folder).unwrap().0)).unwrap()
}

fn plant(garden: &Registry, name: &str) -> AgentHandle {
    let factory: Factory<Asker> = Box::new(|| Ok((Asker, no_source())));
    let profile = Profile { genus: "asker", description: "Asks.".into() };
    garden.plant(id(name), profile, factory).unwrap()
}

fn person(name: &str) -> Actor {
    Actor { by: name.into(), door: Door::Rest }
}

fn answer(input: Value) -> Answer {
    Answer { human_input: input, note: None }
}

/// Sends work that becomes a question, and returns its id and the call.
async fn ask(agent: &AgentHandle, ask: Value, keep: &str) -> (TokenId, terrarium_runtime::Call) {
    let mut call = agent.perturb(json!({"ask": ask, "keep": keep}), Terms::default()).unwrap();
    match call.next().await {
        Some(Reply::Asked(card)) => (card.id, call),
        other => panic!("it did not ask: {other:?}"),
    }
}

fn kinds(agent: &AgentHandle) -> Vec<&'static str> {
    let events = agent.snapshot(usize::MAX).history.into_iter().map(|e| e.event.kind());
    let spoken = |k: &EventKind| !matches!(k, EventKind::Metabolism | EventKind::AgentStateChanged);
    events.filter(spoken).map(EventKind::as_str).collect()
}

fn said(agent: &AgentHandle) -> Vec<Value> {
    let events = agent.snapshot(usize::MAX).history.into_iter();
    events.filter_map(|e| if let Event::Result { data } = e.event { Some(data) } else { None }).collect()
}

/// Waits for a question to reach a state.
async fn reaches(purgatory: &Purgatory, token: &TokenId, status: TokenStatus) {
    for _ in 0..1000 {
        if purgatory.inspect(token).await.unwrap().is_some_and(|r| r.status == status) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{token} did not become {status:?}: {:?}", purgatory.inspect(token).await);
}

#[tokio::test]
async fn a_question_stops_nobody_and_its_answer_comes_under_the_same_call() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let agent = plant(&garden, "a");
    let (token, mut call) = ask(&agent, json!({"prompt": "Deploy?", "options": ["no", "yes"]}), "x").await;
    assert_eq!(agent.perturb(json!("ping"), Terms::default()).unwrap().answer().await, Ok(json!("pong")));
    assert_eq!(agent.summary().pending.len(), 1);
    let purgatory = garden.purgatory();
    purgatory.resolve(Some(id("a")), token.clone(), answer(json!("yes")), person("ann")).await.unwrap();
    assert_eq!(call.next().await, Some(Reply::End(Ok(json!({"kept": "x", "said": "yes"})))));
    reaches(purgatory, &token, TokenStatus::Delivered).await;
    assert_eq!(
        kinds(&agent),
        ["agent_started", "semaphore_ejected", "result", "semaphore_resolved", "result", "semaphore_delivered"]
    );
    assert!(agent.summary().pending.is_empty());
    let trail: Vec<_> = purgatory.inspect(&token).await.unwrap().unwrap().audit.into_iter().map(|a| a.by).collect();
    assert_eq!(trail, ["a", "ann", "a"]);
}

#[tokio::test]
async fn of_two_answers_one_wins_and_the_other_is_told_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let agent = plant(&garden, "a");
    let (token, _call) = ask(&agent, json!({"prompt": "Which?"}), "x").await;
    let purgatory = garden.purgatory();
    let by = |who, word| purgatory.resolve(None, token.clone(), answer(json!(word)), person(who));
    let (ann, bob) = tokio::join!(by("ann", "left"), by("bob", "right"));
    assert_eq!(ann.is_ok() as u8 + bob.is_ok() as u8, 1);
    let (winner, lost) = if ann.is_ok() { ("ann", bob) } else { ("bob", ann) };
    let Err(PurgatoryError::Refused(refusal)) = lost else { panic!("{lost:?}") };
    assert!(matches!(*refusal, Refusal::Decided(decision) if decision.by == winner));
    let word = if winner == "ann" { "left" } else { "right" };
    assert!(by("carol", word).await.unwrap().repeated);
    assert!(purgatory.resolve(Some(id("b")), token, answer(json!(word)), person("x")).await.is_err());
}

#[tokio::test]
async fn questions_and_answers_survive_the_gateway_and_come_in_order_when_the_agent_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = garden(folder.path());
    let agent = plant(&first, "a");
    let mut tokens = Vec::new();
    for word in ["one", "two", "three"] {
        tokens.push(ask(&agent, json!({"prompt": word}), word).await.0);
    }
    first.shutdown(Duration::from_secs(5)).await.unwrap();
    drop((first, agent));

    let second = garden(folder.path());
    assert_eq!(second.purgatory().pending(None).len(), 3);
    second.stand_in();
    assert_eq!(second.get(&id("a")).unwrap().summary().pending.len(), 3);
    for n in [2, 0] {
        second.purgatory().resolve(None, tokens[n].clone(), answer(json!(n)), person("ann")).await.unwrap();
    }
    second.shutdown(Duration::from_secs(5)).await.unwrap();
    drop(second);

    let third = garden(folder.path());
    let agent = plant(&third, "a");
    reaches(third.purgatory(), &tokens[0], TokenStatus::Delivered).await;
    assert_eq!(said(&agent), [json!({"kept": "three", "said": 2}), json!({"kept": "one", "said": 0})]);
    assert_eq!(agent.summary().pending.len(), 1);
    assert_eq!(verify(&folder.path().join("terrarium.sqlite")).unwrap().broken, None);
}

#[tokio::test]
async fn a_deadline_decides_as_was_said_and_the_caller_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let agent = plant(&garden, "a");
    let timed = |on: OnTimeout| json!({"prompt": "?", "timeout_ms": 50, "on_timeout": on});
    let (_, call) = ask(&agent, timed(OnTimeout::Void), "x").await;
    assert_eq!(call.answer().await, Err(Failure::Unanswered { status: TokenStatus::Voided }));
    let (token, call) = ask(&agent, timed(OnTimeout::Deny), "y").await;
    assert_eq!(call.answer().await, Ok(json!({"kept": "y", "said": null})));
    let record = garden.purgatory().inspect(&token).await.unwrap().unwrap();
    assert_eq!(record.decision.unwrap().verdict, Verdict::Denied);
    let (token, _call) = ask(&agent, timed(OnTimeout::Escalate), "z").await;
    while !kinds(&agent).contains(&"semaphore_escalated") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(garden.purgatory().inspect(&token).await.unwrap().unwrap().status, TokenStatus::Pending);
}

#[tokio::test]
async fn a_resume_that_fails_costs_that_answer_and_one_that_asks_again_keeps_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let agent = plant(&garden, "a");
    let purgatory = garden.purgatory();
    let (token, call) = ask(&agent, json!({"prompt": "?"}), "fail").await;
    purgatory.resolve(None, token.clone(), answer(json!(1)), person("ann")).await.unwrap();
    assert!(matches!(call.answer().await, Err(Failure::Step(e)) if e.kind == "scripted"));
    reaches(purgatory, &token, TokenStatus::Delivered).await;
    let (token, mut call) = ask(&agent, json!({"prompt": "?"}), "again").await;
    purgatory.resolve(None, token, answer(json!(1)), person("ann")).await.unwrap();
    let Some(Reply::Asked(second)) = call.next().await else { panic!("it did not ask again") };
    purgatory.resolve(None, second.id, answer(json!(2)), person("ann")).await.unwrap();
    assert_eq!(call.answer().await, Ok(json!({"kept": "then", "said": 2})));
}

#[tokio::test]
async fn the_same_ask_with_the_same_key_is_one_question() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let purgatory = garden.purgatory();
    let ask = |prompt: &str| {
        let ask = Ask { prompt: prompt.into(), ..Ask::default() };
        purgatory.eject(id("ci"), ask, Some("build-7".into()), person("ci"))
    };
    let first = ask("Deploy?").await.unwrap();
    let (again, other) = tokio::join!(ask("Deploy?"), ask("Delete?"));
    let again = again.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!(again.card.id, first.card.id);
    assert_eq!(other, Err(PurgatoryError::KeyReused));
    assert_eq!(purgatory.waiting(), 1);
}

#[tokio::test]
async fn whoever_waits_outside_gets_the_answer_and_again_if_it_was_lost_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let purgatory = garden.purgatory();
    let asked =
        purgatory.eject(id("ci"), Ask { prompt: "?".into(), ..Ask::default() }, None, person("ci")).await.unwrap();
    let token = asked.card.id;
    let wait = |ms| purgatory.wait(None, token.clone(), Duration::from_millis(ms), person("ci"));
    assert_eq!(wait(20).await, Ok(None));
    let (decision, resolved) =
        tokio::join!(wait(60_000), purgatory.resolve(None, token.clone(), answer(json!("go")), person("ann")));
    assert_eq!(decision.unwrap().unwrap().human_input, json!("go"));
    resolved.unwrap();
    assert_eq!(wait(20).await.unwrap().unwrap().human_input, json!("go"));
    assert_eq!(purgatory.inspect(&token).await.unwrap().unwrap().status, TokenStatus::Delivered);
    let lapsed =
        purgatory.eject(id("ci"), Ask { prompt: "?".into(), ..Ask::default() }, None, person("ci")).await.unwrap();
    purgatory.cancel(None, lapsed.card.id.clone(), Some("moot".into()), person("ann")).await.unwrap();
    let over = purgatory.wait(None, lapsed.card.id, Duration::from_secs(1), person("ci")).await;
    assert_eq!(over, Err(PurgatoryError::Refused(Box::new(Refusal::Over(TokenStatus::Cancelled)))));
}

#[tokio::test]
async fn a_store_that_refuses_changes_nothing_and_says_so_and_then_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let purgatory = garden.purgatory();
    let ask = || purgatory.eject(id("ci"), Ask { prompt: "?".into(), ..Ask::default() }, None, person("ci"));
    let before = ask().await.unwrap().card.id;
    let other = rusqlite::Connection::open(folder.path().join("terrarium.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(ask().await, Err(PurgatoryError::Store(_))));
    let refused = purgatory.resolve(None, before.clone(), answer(json!(1)), person("ann")).await;
    assert!(matches!(refused, Err(PurgatoryError::Store(_))));
    assert_eq!(purgatory.waiting(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert!(ask().await.is_ok());
    purgatory.resolve(None, before, answer(json!(1)), person("ann")).await.unwrap();
}

#[tokio::test]
async fn lists_are_narrowed_and_paged_and_a_changed_log_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let purgatory = garden.purgatory();
    for n in 0..7 {
        let name = if n % 2 == 0 { "even" } else { "odd" };
        let ask = Ask { prompt: n.to_string(), ..Ask::default() };
        purgatory.eject(id(name), ask, None, person("ci")).await.unwrap();
    }
    let page = |after| Filter { agent: Some(id("even")), after, limit: 3, ..Filter::default() };
    let first = purgatory.list(page(None)).await.unwrap();
    let second = purgatory.list(page(first.next)).await.unwrap();
    let prompts: Vec<_> = first.tokens.iter().chain(&second.tokens).map(|t| t.card.prompt.as_str()).collect();
    assert_eq!((prompts, second.next), (vec!["6", "4", "2", "0"], None));
    let file = folder.path().join("terrarium.sqlite");
    assert_eq!((verify(&file).unwrap().lines, verify(&file).unwrap().broken), (7, None));
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute("UPDATE audit SET line = replace(line, '\"ci\"', '\"me\"') WHERE seq = 4", []).unwrap();
    assert_eq!(verify(&file).unwrap().broken.unwrap().0, 4);
}
