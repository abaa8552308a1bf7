//! The laws a flux keeps, over random inputs: identity, composition, pipelines, and that a slow stage loses nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use futures::{StreamExt, stream};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use terrarium_core::flux::FluxConfig;
use terrarium_runtime::{
    AgentHandle, Registry, Tasks,
    agent::{Agent, AgentError, Factory, Profile, Pure, Source, Step, StepCx, Then},
    pipeline::Stages,
};
use wire::{AgentId, Event, FluxState};

fn id(text: &str) -> AgentId {
    AgentId::parse(text).unwrap()
}

fn profile() -> Profile {
    Profile { genus: "arrow", description: "A function.".into() }
}

fn source(items: Vec<i64>, gap_ms: u64) -> Source<Value> {
    Box::pin(stream::iter(items).then(move |n| async move {
        tokio::time::sleep(Duration::from_millis(gap_ms)).await;
        Ok(json!(n))
    }))
}

fn double(v: Value) -> Result<Value, AgentError> {
    Ok(json!(v.as_i64().unwrap_or(0) * 2))
}

fn increase(v: Value) -> Result<Value, AgentError> {
    match v.as_i64().unwrap_or(0) {
        n if n % 7 == 0 => Err(AgentError::new("seven", "not this one")),
        n => Ok(json!(n + 1)),
    }
}

fn said(agent: &AgentHandle) -> Vec<i64> {
    let events = agent.snapshot(usize::MAX).history.into_iter();
    events.filter_map(|e| if let Event::Result { data } = e.event { data.as_i64() } else { None }).collect()
}

/// What an agent says to these items, with time held still.
fn flux<A: Agent<Item = Value>>(items: Vec<i64>, make: impl Fn() -> A + Send + 'static) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let garden = Registry::start(Tasks::default(), None).unwrap();
        let factory: Factory<A> = Box::new(move || Ok((make(), source(items.clone(), 1))));
        let agent = garden.plant(id("a"), profile(), factory).unwrap();
        while agent.summary().state != FluxState::Stopped {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        said(&agent)
    })
}

/// Takes its time over each value.
struct Slow(u64);

impl Agent for Slow {
    type Item = Value;
    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        tokio::time::sleep(Duration::from_millis(self.0)).await;
        Ok(Step::Result(item))
    }
}

/// What the last of a row of stages says.
fn pipeline(items: Vec<i64>, gap_ms: u64, delays: Vec<u64>, buffer_size: usize) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let garden = Registry::start(Tasks::default(), None).unwrap();
        let config = FluxConfig { buffer_size, ..FluxConfig::default() };
        let factory: Factory<Slow> = Box::new(move || Ok((Slow(0), source(items.clone(), gap_ms))));
        let mut stages = Stages::source(id("s0"), profile(), factory, config.clone());
        for (n, delay) in delays.into_iter().enumerate() {
            let stage = id(&format!("s{}", n + 1));
            stages = stages | Stages::stage(stage, profile(), move || Ok(Slow(delay)), config.clone());
        }
        let line = garden.lay(stages).await.unwrap();
        let last = line.stages().last().unwrap();
        while last.summary().state != FluxState::Stopped {
            tokio::time::sleep(Duration::from_millis(1000)).await;
        }
        said(last)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn flux_of_identity_is_identity(items in prop::collection::vec(-50i64..50, 0..40)) {
        prop_assert_eq!(flux(items.clone(), || Pure(Ok)), items);
    }

    #[test]
    fn flux_of_a_composition_is_the_composition_of_fluxes(items in prop::collection::vec(-50i64..50, 0..40)) {
        let together = flux(items.clone(), || Then(Pure(double), Pure(increase)));
        let apart = flux(flux(items, || Pure(double)), || Pure(increase));
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn a_pipeline_loses_nothing_and_keeps_the_order_however_slow_a_stage(
        items in prop::collection::vec(any::<i64>(), 0..30),
        gap in 0u64..200,
        delays in prop::collection::vec(0u64..300, 1..4),
        buffer in 1usize..5,
    ) {
        prop_assert_eq!(pipeline(items.clone(), gap, delays, buffer), items);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_stops_from_its_end_and_one_that_cannot_be_laid_leaves_nothing() {
    let garden = Registry::start(Tasks::default(), None).unwrap();
    let factory = || -> Factory<Slow> { Box::new(|| Ok((Slow(0), source((0..1000).collect(), 1000)))) };
    let first = |name| Stages::source(id(name), profile(), factory(), FluxConfig::default());
    let next = |name| Stages::stage(id(name), profile(), || Ok(Slow(0)), FluxConfig::default());
    let line = garden.lay(first("a") | next("b")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    line.stop().await;
    assert!(line.stages().iter().all(|s| s.summary().state == FluxState::Stopped));
    assert!(garden.lay(first("c") | next("d") | next("a")).await.is_err());
    assert_eq!(garden.list().len(), 2);
}
