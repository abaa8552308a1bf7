//! Agents under the runtime, with time held still: errors, panics, ends, restarts, samples, removal.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use futures::{StreamExt, stream};
use serde_json::json;
use std::time::Duration;
use terrarium_runtime::{
    AgentHandle, PlantError, Registry, Tasks,
    agent::{Agent, AgentError, Factory, Profile, Source, Step, StepCx},
};
use wire::{AgentId, CloseCode, Event, EventKind, FluxState};

/// What a scripted agent does with an item.
#[derive(Debug, Clone, Copy)]
enum Line {
    Say(u32),
    Fail,
    Panic,
    Heat(f64),
    Never,
}

struct Scripted;

impl Agent for Scripted {
    type Item = Line;
    async fn step(&mut self, line: Line, cx: &mut StepCx) -> Result<Step, AgentError> {
        match line {
            Line::Say(n) => Ok(Step::Result(json!(n))),
            Line::Fail => Err(AgentError::new("scripted", "as told").hint("nothing")),
            Line::Panic => panic!("as told"),
            Line::Heat(t) => {
                cx.temperature(t);
                Ok(Step::Quiet)
            }
            Line::Never => std::future::pending().await,
        }
    }
}

fn profile() -> Profile {
    Profile { genus: "scripted", description: "Does as it is told.".into() }
}

fn id(text: &str) -> AgentId {
    AgentId::parse(text).unwrap()
}

/// An agent that works through a script and then stays.
fn staying(script: Vec<Line>) -> Factory<Scripted> {
    Box::new(move || {
        let lines = stream::iter(script.clone().into_iter().map(Ok)).chain(stream::pending());
        Ok((Scripted, Box::pin(lines) as Source<Line>))
    })
}

fn registry() -> Registry {
    Registry::start(Tasks::default(), None).unwrap()
}

/// Lets everything that is due happen, and `ms` pass.
async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn events(agent: &AgentHandle) -> Vec<Event> {
    agent.snapshot(usize::MAX).history.into_iter().map(|e| e.event).collect()
}

fn kinds(agent: &AgentHandle) -> Vec<&'static str> {
    let said = events(agent).into_iter().map(|e| e.kind());
    said.filter(|k| *k != EventKind::Metabolism).map(EventKind::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn an_error_and_a_panic_cost_their_item_and_nothing_else() {
    let registry = registry();
    let script = vec![Line::Say(1), Line::Fail, Line::Panic, Line::Say(2)];
    let agent = registry.plant(id("a"), profile(), staying(script)).unwrap();
    pass(100).await;
    assert_eq!(kinds(&agent), ["agent_started", "result", "error", "error", "result"]);
    assert!(events(&agent).iter().any(|e| matches!(e, Event::Error { data } if data.error_type == "panic")));
    assert_eq!(agent.summary().state, FluxState::Flowing);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_ends_ends_the_agent_in_good_order() {
    let registry = registry();
    let factory: Factory<Scripted> =
        Box::new(|| Ok((Scripted, Box::pin(stream::iter([Ok(Line::Say(1))])) as Source<Line>)));
    let agent = registry.plant(id("a"), profile(), factory).unwrap();
    pass(100).await;
    assert_eq!(kinds(&agent), ["agent_started", "result", "agent_state_changed", "agent_stopped"]);
    assert_eq!(agent.summary().state, FluxState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_dies_too_often_collapses() {
    let registry = registry();
    let factory: Factory<Scripted> = Box::new(|| {
        let dies = stream::poll_fn(|_| -> std::task::Poll<Option<Result<Line, AgentError>>> { panic!("dead") });
        Ok((Scripted, Box::pin(dies) as Source<Line>))
    });
    let agent = registry.plant(id("a"), profile(), factory).unwrap();
    pass(300_000).await;
    assert_eq!(agent.summary().state, FluxState::Collapsed);
    assert_eq!(kinds(&agent).iter().filter(|k| **k == "error").count(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_fails_plants_nothing_and_a_name_is_given_once() {
    let registry = registry();
    let failing: Factory<Scripted> = Box::new(|| Err(AgentError::new("scripted", "no")));
    assert!(matches!(registry.plant(id("a"), profile(), failing), Err(PlantError::Failed(_))));
    assert!(registry.list().is_empty());
    registry.plant(id("a"), profile(), staying(vec![])).unwrap();
    let second = registry.plant(id("a"), profile(), staying(vec![]));
    assert!(matches!(second, Err(PlantError::Taken(_))));
}

#[tokio::test(start_paused = true)]
async fn gauges_come_once_a_second_and_are_the_same_on_every_door() {
    let registry = registry();
    let agent = registry.plant(id("a"), profile(), staying(vec![Line::Heat(0.5)])).unwrap();
    pass(10_050).await;
    let gauges: Vec<_> = events(&agent)
        .into_iter()
        .filter_map(|e| if let Event::Metabolism { gauges, .. } = e { Some(gauges) } else { None })
        .collect();
    assert!((10..=11).contains(&gauges.len()), "{}", gauges.len());
    assert_eq!(agent.summary().metrics, *gauges.last().unwrap());
    assert_eq!(agent.series(900_000, 1).metrics, *gauges.last().unwrap());
    assert_eq!(agent.summary().metrics.temperature.unwrap().get(), 0.5);
}

#[tokio::test(start_paused = true)]
async fn a_hot_agent_says_fever_once() {
    let registry = registry();
    let agent = registry.plant(id("a"), profile(), staying(vec![Line::Heat(0.9)])).unwrap();
    pass(5_000).await;
    assert_eq!(kinds(&agent).iter().filter(|k| **k == "fever").count(), 1);
    assert!(agent.summary().in_fever);
}

#[tokio::test(start_paused = true)]
async fn removal_tells_observers_and_frees_the_name_even_while_a_step_hangs() {
    let registry = registry();
    let agent = registry.plant(id("a"), profile(), staying(vec![Line::Never])).unwrap();
    let (_, mut observer) = agent.mirror().observe(&mirror::Attach { history: 0, since: None });
    pass(10).await;
    registry.remove(&id("a")).await;
    let closed = loop {
        if let mirror::Delivery::Closed(code) = observer.next(64).await {
            break code;
        }
    };
    assert_eq!(closed, CloseCode::AgentRemoved);
    assert!(registry.get(&id("a")).is_none());
    registry.plant(id("a"), profile(), staying(vec![])).unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_drains_agents_and_then_tells_observers() {
    let registry = registry();
    let agent = registry.plant(id("a"), profile(), staying(vec![Line::Say(1)])).unwrap();
    let (_, mut observer) = agent.mirror().observe(&mirror::Attach::default());
    let (_, mut garden) = registry.mirror().observe(mirror::Narrowing::default());
    pass(10).await;
    let told = async {
        let mut codes = Vec::new();
        while codes.is_empty() {
            if let mirror::Delivery::Closed(code) = observer.next(64).await {
                codes.push(code);
            }
        }
        while codes.len() < 2 {
            if let mirror::Delivery::Closed(code) = garden.next(64).await {
                codes.push(code);
            }
        }
        codes
    };
    let (ended, codes) = tokio::join!(registry.shutdown(Duration::from_secs(8)), told);
    assert!(ended.is_ok());
    assert_eq!(codes, [CloseCode::Draining, CloseCode::Draining]);
    assert_eq!(agent.summary().state, FluxState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn the_names_most_like_a_word_come_first() {
    let registry = registry();
    for name in ["host", "files", "build-log"] {
        registry.plant(id(name), profile(), staying(vec![])).unwrap();
    }
    assert_eq!(registry.nearest("hots")[0], id("host"));
    assert_eq!(registry.nearest("build_log")[0], id("build-log"));
}

#[tokio::test]
async fn gauge_history_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        || Registry::start(Tasks::default(), Some(terrarium_runtime::Store::open(folder.path()).unwrap().0)).unwrap();
    let first = open();
    let agent = first.plant(id("a"), profile(), staying(vec![Line::Heat(0.5)])).unwrap();
    while agent.series(900_000, 1).points.is_empty() {
        tokio::task::yield_now().await;
    }
    let before = agent.series(900_000, 1).points;
    first.shutdown(Duration::from_secs(8)).await.unwrap();
    drop((agent, first));
    let second = open();
    let agent = second.plant(id("a"), profile(), staying(vec![])).unwrap();
    assert_eq!(agent.series(900_000, 1).points[..before.len()], before);
}
