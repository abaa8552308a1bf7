//! Agents in fever under the runtime, on real files: noted, throttled, held and asked about; what a person decides holds
//! after a restart.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use futures::stream;
use prism::{CallCx, exposed};
use serde_json::{Map, Value, json};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};
use terrarium_core::{
    ledger::Actor,
    metabolism::{
        rein::{Policies, Rein},
        velocity::Limits,
    },
};
use terrarium_runtime::{
    AgentHandle, Refused, Registry, Store, Tasks, Terms,
    agent::{Agent, AgentError, Factory, Profile, Step, StepCx},
    logos::{Outcome, Plan},
};
use wire::{
    AgentId, Event, FluxState, Scope,
    agentese::Agentese,
    metabolism::FeverTrigger,
    semaphore::{Answer, Door, Severity},
};

/// Model calls in a row that are too many here.
const CHAIN: u64 = 3;

/// Has a model called on and on, while it is let.
struct Runaway(Arc<Leash>);

#[derive(Default)]
struct Leash {
    calls: AtomicU64,
    quiet: AtomicBool,
}

impl Agent for Runaway {
    type Item = ();

    async fn step(&mut self, (): (), cx: &mut StepCx) -> Result<Step, AgentError> {
        if !self.0.quiet.load(SeqCst) {
            self.0.calls.fetch_add(1, SeqCst);
            cx.tokens(1, 0);
        }
        Ok(Step::Quiet)
    }

    async fn perturbed(&mut self, _: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Quiet)
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

#[exposed]
impl Runaway {
    /// How many calls it has made.
    #[expose(reads)]
    fn calls(&self) -> u64 {
        self.0.calls.load(SeqCst)
    }
}

fn id() -> AgentId {
    AgentId::parse("runaway").unwrap()
}

fn garden(folder: &Path, policy: &str) -> Registry {
    let garden = Registry::start(Tasks::default(), Some(Store::open(folder).unwrap().0)).unwrap();
    let mut policies = Policies::default();
    policies.set(policy.parse().unwrap());
    garden.metabolism().govern(Limits { chain_length: CHAIN, ..Limits::default() }, policies);
    garden
}

fn plant(garden: &Registry) -> (AgentHandle, Arc<Leash>) {
    let leash = Arc::new(Leash::default());
    let shared = leash.clone();
    let factory: Factory<Runaway> = Box::new(move || {
        let items = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(()), ()))
        });
        Ok((Runaway(shared.clone()), Box::pin(items)))
    });
    let profile = Profile { genus: "runaway", description: "Runs away.".into() };
    (garden.plant(id(), profile, factory).unwrap(), leash)
}

/// Waits until something is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to it: {what}");
}

async fn asked(garden: &Registry, agent: &AgentHandle) -> wire::SemaphoreCard {
    until("a question", || matches!(agent.rein(), Rein::Asked { .. })).await;
    until("dormant", || agent.summary().state == FluxState::Dormant).await;
    garden.purgatory().pending(Some(&id())).remove(0)
}

async fn answer(garden: &Registry, card: &wire::SemaphoreCard, words: &str) {
    let (answer, ann) = (Answer { human_input: words.into(), note: None }, ann());
    garden.purgatory().resolve(None, card.id.clone(), answer, ann).await.unwrap();
}

fn ann() -> Actor {
    Actor { by: "ann".into(), door: Door::Rest }
}

/// Follows a path as somebody who may.
async fn follow(garden: &Registry, path: &str) -> Result<Value, terrarium_runtime::logos::LogosError> {
    let args = Map::from_iter([("agent".to_owned(), json!("runaway"))]);
    let call = Agentese { path: path.into(), observer: None, args };
    match Plan::of(garden, call, &[Scope::Admin])?.carry_out(garden, ann()).await? {
        Outcome::Said(said) => Ok(said),
        Outcome::Asked(card) => panic!("it asked: {card:?}"),
    }
}

fn states(agent: &AgentHandle) -> Vec<String> {
    let events = agent.snapshot(usize::MAX).history.into_iter();
    events
        .filter_map(|e| match e.event {
            Event::AgentStarted(t) | Event::AgentStateChanged(t) => {
                let reason = t.data.and_then(|d| d["reason"].as_str().map(str::to_owned)).unwrap_or_default();
                Some(format!("{} {reason}", t.state).trim().to_owned())
            }
            _ => None,
        })
        .collect()
}

/// Nothing of it goes on: as good as it can be seen from outside.
async fn assert_still(leash: &Leash) {
    let before = leash.calls.load(SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(leash.calls.load(SeqCst), before);
}

#[tokio::test]
async fn a_runaway_is_held_and_asked_about_and_goes_on_when_a_person_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path(), "ask");
    let (agent, leash) = plant(&garden);
    let card = asked(&garden, &agent).await;
    assert_eq!(card.options, ["pause", "go on for 10 minutes", "stop"]);
    assert_eq!(card.severity, Severity::Warning);
    assert!(card.prompt.contains("chain_length") && card.prompt.contains("> 3: model calls since"), "{}", card.prompt);
    assert!(card.context.as_ref().unwrap()["chain_length"].as_u64() > Some(CHAIN), "{:?}", card.context);
    assert_still(&leash).await;

    // It can be looked at, and nothing else.
    let calls = agent.call(agent.command("calls").unwrap(), Map::new(), Terms::default()).unwrap();
    assert_eq!(calls.answer().await.unwrap(), json!(leash.calls.load(SeqCst)));
    let refused = agent.perturb(json!("more"), Terms::default()).unwrap_err();
    assert!(matches!(&refused, Refused::Held { rein: Rein::Asked { token_id } } if *token_id == card.id), "{refused}");
    assert!(agent.start().is_err());

    let before = leash.calls.load(SeqCst);
    answer(&garden, &card, "go on for 10 minutes").await;
    until("it goes on", || leash.calls.load(SeqCst) > before + CHAIN).await;
    assert!(matches!(agent.rein(), Rein::Granted { by, .. } if by == "ann"));
    assert_eq!(garden.purgatory().waiting(), 0, "it is left alone, though it breaks the rule");
    let said = states(&agent);
    assert_eq!(said[1], "dormant it is held: a person is asked whether it may go on");
    assert!(said[2].starts_with("flowing ann let it go on until 20"), "{said:?}");
    garden.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_question_and_a_pause_hold_the_agent_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = garden(folder.path(), "runaway=ask");
    let (agent, _) = plant(&first);
    asked(&first, &agent).await;
    first.shutdown(Duration::from_secs(5)).await.unwrap();

    let second = garden(folder.path(), "note");
    let (agent, leash) = plant(&second);
    let card = asked(&second, &agent).await;
    assert_eq!(leash.calls.load(SeqCst), 0, "it was held before its first step");
    answer(&second, &card, "pause").await;
    until("paused", || matches!(agent.rein(), Rein::Paused { .. })).await;
    second.shutdown(Duration::from_secs(5)).await.unwrap();

    let third = garden(folder.path(), "note");
    let (agent, leash) = plant(&third);
    assert_eq!(agent.rein(), Rein::Paused { by: "ann".into() });
    assert_still(&leash).await;
    let said = follow(&third, "self.flux.go_on").await.unwrap();
    assert_eq!((&said["rein"], &said["policy"], &said["by"]), (&json!("granted"), &json!("note"), &json!("ann")));
    until("it goes on", || leash.calls.load(SeqCst) > 0).await;
    third.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn what_was_stopped_does_not_run_away_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = garden(folder.path(), "ask");
    let (agent, leash) = plant(&first);
    let card = asked(&first, &agent).await;
    answer(&first, &card, "stop").await;
    until("stopped", || agent.summary().state == FluxState::Stopped).await;
    assert_still(&leash).await;
    let why = follow(&first, "self.flux.pause").await.unwrap_err();
    assert_eq!(why.to_string(), "runaway has stopped");
    first.shutdown(Duration::from_secs(5)).await.unwrap();

    let second = garden(folder.path(), "ask");
    let (agent, leash) = plant(&second);
    until("dormant", || agent.summary().state == FluxState::Dormant).await;
    assert_still(&leash).await;
    assert_eq!(leash.calls.load(SeqCst), 0);
    follow(&second, "self.flux.go_on").await.unwrap();
    until("it goes on", || leash.calls.load(SeqCst) > 0).await;
    second.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn nobody_lets_it_go_on_by_withdrawing_the_question_and_whoever_says_go_on_answers_it() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path(), "ask");
    let (agent, leash) = plant(&garden);
    let card = asked(&garden, &agent).await;
    garden.purgatory().cancel(None, card.id, None, ann()).await.unwrap();
    until("paused", || matches!(agent.rein(), Rein::Paused { .. })).await;
    assert_still(&leash).await;

    follow(&garden, "self.flux.go_on").await.unwrap();
    until("it goes on", || agent.rein().question().is_none() && agent.summary().state == FluxState::Flowing).await;
    assert_eq!(garden.purgatory().waiting(), 0);
    garden.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn whoever_decides_by_a_path_answers_the_question_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path(), "ask");
    let (agent, _) = plant(&garden);
    let card = asked(&garden, &agent).await;
    let said = follow(&garden, "self.flux.pause").await.unwrap();
    assert_eq!((&said["rein"], &said["by"]), (&json!("paused"), &json!("ann")));
    until("paused", || agent.rein() == Rein::Paused { by: "ann".into() }).await;
    let record = garden.purgatory().inspect(&card.id).await.unwrap().unwrap();
    assert_eq!(record.decision.unwrap().human_input, json!("pause"));
    garden.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_throttled_agent_has_a_small_queue_and_a_slow_source_until_its_fever_ends() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path(), "throttle");
    let (agent, leash) = plant(&garden);
    until("throttled", || agent.rein() == Rein::Throttled).await;
    assert_eq!(agent.summary().state, FluxState::Flowing);
    // It rests for a second at least after each of its items; without that it would make about three hundred.
    let before = leash.calls.load(SeqCst);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(leash.calls.load(SeqCst) - before <= 3, "{}", leash.calls.load(SeqCst) - before);

    leash.quiet.store(true, SeqCst);
    // A person has a hand in it, so the chain begins anew.
    agent.perturb(json!("enough"), Terms::default()).unwrap().answer().await.unwrap();
    until("free", || agent.rein() == Rein::Free && !agent.summary().in_fever).await;
    garden.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_fever_by_a_rule_is_noted_with_its_reason_and_holds_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path(), "note");
    let (agent, leash) = plant(&garden);
    until("a fever", || agent.summary().in_fever).await;
    let before = leash.calls.load(SeqCst);
    until("it goes on", || leash.calls.load(SeqCst) > before + 10).await;
    let fevers = agent.snapshot(usize::MAX).history.into_iter();
    let fevers: Vec<_> =
        fevers.filter_map(|e| if let Event::Fever { data, .. } = e.event { Some(data) } else { None }).collect();
    assert_eq!(fevers.len(), 1);
    assert_eq!(fevers[0].trigger, Some(FeverTrigger::Velocity));
    assert!(fevers[0].why.as_deref().unwrap().contains("> 3: model calls since somebody last gave it work"));
    assert_eq!((agent.rein(), garden.purgatory().waiting()), (Rein::Free, 0));
    garden.shutdown(Duration::from_secs(5)).await.unwrap();
}
