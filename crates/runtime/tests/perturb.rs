//! Perturbations under the runtime, with time held still: order, fairness, room, time-outs, giving up, and who is told.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use std::time::Duration;
use terrarium_core::flux::{DropPolicy, FluxConfig, Priority};
use terrarium_runtime::{
    AgentHandle, Failure, Planting, Refused, Registry, Reply, Start, Tasks, Terms,
    agent::{Agent, AgentError, Factory, Profile, Source, Step, StepCx, no_source},
};
use wire::{AgentId, Event, FluxState};

/// Answers what it is sent, the way it says: `{"wait": ms}` takes its time, "fail" and "panic" do so, "never" hangs.
struct Echo {
    chunks: u64,
}

impl Agent for Echo {
    type Item = Value;

    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        if let Some(ms) = item["wait"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        Ok(Step::Result(json!({"source": item})))
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        match input.as_str() {
            Some("fail") => return Err(AgentError::new("scripted", "as told")),
            Some("panic") => panic!("as told"),
            Some("never") => return std::future::pending().await,
            _ => {}
        }
        if let Some(ms) = input["wait"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        (0..self.chunks).for_each(|n| prism::CallCx::chunk(cx, json!(n)));
        Ok(Step::Result(input))
    }

    fn feedback(&mut self, output: &Value) -> Option<Value> {
        let n = output["source"]["n"].as_u64()?;
        (n > 0).then(|| json!({"n": n - 1}))
    }
}

fn id(text: &str) -> AgentId {
    AgentId::parse(text).unwrap()
}

fn profile() -> Profile {
    Profile { genus: "echo", description: "Says what it is told.".into() }
}

fn quiet() -> Factory<Echo> {
    Box::new(|| Ok((Echo { chunks: 0 }, no_source())))
}

/// Works through these and then stays.
fn fed(items: Vec<Value>) -> Factory<Echo> {
    Box::new(move || {
        let items = stream::iter(items.clone().into_iter().map(Ok)).chain(stream::pending());
        Ok((Echo { chunks: 0 }, Box::pin(items) as Source<Value>))
    })
}

fn garden() -> Registry {
    Registry::start(Tasks::default(), None).unwrap()
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// The payloads of its results, in their order.
fn said(agent: &AgentHandle) -> Vec<Value> {
    let events = agent.snapshot(usize::MAX).history.into_iter();
    events.filter_map(|e| if let Event::Result { data } = e.event { Some(data) } else { None }).collect()
}

fn errors(agent: &AgentHandle) -> usize {
    agent.snapshot(usize::MAX).history.iter().filter(|e| matches!(e.event, Event::Error { .. })).count()
}

fn urgent(priority: u8) -> Terms {
    Terms { priority: Priority::asked(priority).unwrap(), timeout: None }
}

#[tokio::test(start_paused = true)]
async fn the_most_urgent_is_first_and_among_equals_the_earliest() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), quiet()).unwrap();
    let first = agent.perturb(json!({"wait": 1000}), Terms::default()).unwrap();
    pass(10).await;
    let sent: Vec<_> = [(50, "c"), (100, "a"), (150, "first"), (100, "b"), (0, "last")]
        .into_iter()
        .map(|(priority, word)| agent.perturb(json!(word), urgent(priority)).unwrap())
        .collect();
    assert_eq!(sent.last().unwrap().queue_depth(), 5);
    first.answer().await.unwrap();
    join_all(sent.into_iter().map(|c| c.answer())).await;
    assert_eq!(said(&agent)[1..], [json!("first"), json!("a"), json!("b"), json!("c"), json!("last")]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_busy_and_when_and_a_call_given_up_makes_room() {
    let garden = garden();
    let config = FluxConfig { perturbation_queue: 3, ..FluxConfig::default() };
    let agent = garden.plant_with(id("a"), profile(), quiet(), Planting::with(config)).unwrap();
    let _working = agent.perturb(json!("never"), Terms::default()).unwrap();
    pass(10).await;
    let mut waiting: Vec<_> = (0..3).map(|n| agent.perturb(json!(n), Terms::default()).unwrap()).collect();
    let refused = agent.perturb(json!(3), Terms::default()).unwrap_err();
    assert!(matches!(refused, Refused::Busy { retry_after } if retry_after > Duration::ZERO));
    pass(1100).await;
    assert_eq!(agent.summary().metrics.pressure.map(|p| p.get()), Some(100.0));
    waiting.pop();
    assert!(agent.perturb(json!(4), Terms::default()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_hangs_is_timed_out_and_the_next_one_answered() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), quiet()).unwrap();
    let hanging = agent.perturb(json!("never"), Terms::default()).unwrap();
    let behind = agent.perturb(json!("behind"), Terms { timeout: Some(Duration::from_secs(60)), ..Terms::default() });
    assert_eq!(hanging.answer().await, Err(Failure::TimedOut { after: Duration::from_secs(30) }));
    assert_eq!(behind.unwrap().answer().await, Ok(json!("behind")));
    assert_eq!(said(&agent), [json!("behind")]);
}

#[tokio::test(start_paused = true)]
async fn what_timed_out_or_was_given_up_reaches_nobody() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), quiet()).unwrap();
    let short = Terms { timeout: Some(Duration::from_millis(50)), ..Terms::default() };
    let late = agent.perturb(json!({"wait": 100}), short).unwrap();
    let queued = agent.perturb(json!("queued"), short).unwrap();
    assert!(matches!(late.answer().await, Err(Failure::TimedOut { .. })));
    assert!(matches!(queued.answer().await, Ok(_) | Err(Failure::TimedOut { .. })));
    let running = agent.perturb(json!({"wait": 100}), Terms::default()).unwrap();
    let waiting = agent.perturb(json!("waiting"), Terms::default()).unwrap();
    pass(10).await;
    running.canceller().cancel();
    waiting.canceller().cancel();
    assert_eq!(running.answer().await, Err(Failure::Cancelled));
    assert_eq!(waiting.answer().await, Err(Failure::Cancelled));
    drop(agent.perturb(json!({"wait": 100}), Terms::default()).unwrap());
    pass(1000).await;
    let heard: Vec<_> = said(&agent).into_iter().filter(|v| *v != json!("queued")).collect();
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(agent.summary().state, FluxState::Flowing);
}

#[tokio::test(start_paused = true)]
async fn an_error_and_a_panic_go_to_who_asked_and_cost_nobody_else() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), quiet()).unwrap();
    let failed = agent.perturb(json!("fail"), Terms::default()).unwrap().answer().await;
    assert!(matches!(failed, Err(Failure::Step(e)) if e.kind == "scripted"));
    let panicked = agent.perturb(json!("panic"), Terms::default()).unwrap().answer().await;
    assert!(matches!(panicked, Err(Failure::Step(e)) if e.kind == "panic"));
    assert_eq!(agent.perturb(json!("well"), Terms::default()).unwrap().answer().await, Ok(json!("well")));
    assert_eq!((errors(&agent), said(&agent)), (2, vec![json!("well")]));
}

#[tokio::test(start_paused = true)]
async fn perturbations_come_first_but_the_source_has_its_turn() {
    let garden = garden();
    let items = (0..100).map(|n| json!({"wait": 1, "n": n})).collect();
    let agent = garden.plant(id("a"), profile(), fed(items)).unwrap();
    let calls: Vec<_> = (0..100).map(|n| agent.perturb(json!(n), Terms::default()).unwrap()).collect();
    join_all(calls.into_iter().map(|c| c.answer())).await;
    let said = said(&agent);
    let of_source: Vec<_> =
        said.iter().enumerate().filter(|(_, v)| v.get("source").is_some()).map(|(i, _)| i).collect();
    assert!(of_source.len() >= 3, "{of_source:?}");
    let runs = of_source.windows(2).map(|w| w[1] - w[0] - 1);
    assert!(runs.into_iter().all(|run| run == 32), "{of_source:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_step_of_the_source_keeps_nobody_from_being_accepted_or_given_up() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), fed(vec![json!({"wait": 600_000})])).unwrap();
    pass(1000).await;
    let call = agent.perturb(json!("x"), Terms::default()).unwrap();
    assert_eq!(call.queue_depth(), 1);
    call.canceller().cancel();
    assert_eq!(call.answer().await, Err(Failure::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn parts_come_before_the_answer_and_never_more_than_there_is_room_for() {
    let garden = garden();
    let factory: Factory<Echo> = Box::new(|| Ok((Echo { chunks: 1_000_000 }, no_source())));
    let agent = garden.plant(id("a"), profile(), factory).unwrap();
    let mut call = agent.perturb(json!("x"), Terms::default()).unwrap();
    let mut parts = Vec::new();
    let end = loop {
        match call.next().await.unwrap() {
            Reply::Chunk(part) => parts.push(part),
            Reply::Asked(card) => panic!("it asked: {card:?}"),
            Reply::End(end) => break end,
        }
    };
    assert_eq!(end, Ok(json!("x")));
    assert!(!parts.is_empty() && parts.len() < 1000, "{}", parts.len());
    assert!(parts.iter().zip(0..).all(|(part, n)| *part == json!(n)));
    assert_eq!(call.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_dormant_agent_answers_and_stays_dormant_until_it_is_started() {
    let garden = garden();
    let planting = Planting { start: Start::Later, ..Planting::default() };
    let agent = garden.plant_with(id("a"), profile(), fed(vec![json!({"n": 0})]), planting).unwrap();
    assert_eq!(agent.perturb(json!("x"), Terms::default()).unwrap().answer().await, Ok(json!("x")));
    assert_eq!((agent.summary().state, said(&agent)), (FluxState::Dormant, vec![json!("x")]));
    agent.start().unwrap();
    pass(10).await;
    assert_eq!(agent.summary().state, FluxState::Flowing);
    assert_eq!(said(&agent).len(), 2);
    assert!(agent.start().is_err());
}

#[tokio::test(start_paused = true)]
async fn limits_end_an_agent_without_losing_what_was_taken_and_tell_who_waits() {
    let garden = garden();
    let items: Vec<_> = (0..10).map(|n| json!({"i": n})).collect();
    let stops = FluxConfig { max_events: Some(3), ..FluxConfig::default() };
    let a = garden.plant_with(id("a"), profile(), fed(items.clone()), Planting::with(stops)).unwrap();
    let collapses = FluxConfig { entropy_budget: Some(0.05), ..FluxConfig::default() };
    let b = garden.plant_with(id("b"), profile(), fed(items), Planting::with(collapses)).unwrap();
    pass(100).await;
    assert_eq!((a.summary().state, said(&a).len()), (FluxState::Stopped, 3));
    assert_eq!((b.summary().state, said(&b).len()), (FluxState::Collapsed, 5));
    assert_eq!(a.perturb(json!(1), Terms::default()).unwrap_err(), Refused::Ended { state: FluxState::Stopped });
    a.start().unwrap();
    pass(100).await;
    assert_eq!((a.summary().state, said(&a).len()), (FluxState::Stopped, 6));
    assert!(b.start().is_err());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_agent_that_is_stopped_is_told() {
    let garden = garden();
    let agent = garden.plant(id("a"), profile(), quiet()).unwrap();
    let working = agent.perturb(json!("never"), Terms::default()).unwrap();
    let waiting = agent.perturb(json!(1), Terms::default()).unwrap();
    pass(10).await;
    agent.stop().await;
    let ended = Err(Failure::Ended { state: FluxState::Stopped });
    assert_eq!((working.answer().await, waiting.answer().await), (ended.clone(), ended));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_what_the_policy_says_and_is_counted() {
    for (policy, kept) in [(DropPolicy::DropOldest, [98, 99]), (DropPolicy::DropNewest, [1, 2])] {
        let garden = garden();
        let items = (0..100).map(|n| json!({"wait": 1000, "i": n})).collect();
        let config = FluxConfig { buffer_size: 2, drop_policy: policy, ..FluxConfig::default() };
        let agent = garden.plant_with(id("a"), profile(), fed(items), Planting::with(config)).unwrap();
        pass(10_000).await;
        let heard: Vec<_> = said(&agent).iter().filter_map(|v| v["source"]["i"].as_i64()).collect();
        assert_eq!(heard, [0, kept[0], kept[1]]);
        assert_eq!(agent.summary().dropped, 97);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_takes_its_own_outputs_in_again() {
    let garden = garden();
    let config = FluxConfig { feedback_fraction: 1.0, ..FluxConfig::default() };
    let agent = garden.plant_with(id("a"), profile(), fed(vec![json!({"n": 3})]), Planting::with(config)).unwrap();
    pass(100).await;
    let heard: Vec<_> = said(&agent).iter().filter_map(|v| v["source"]["n"].as_i64()).collect();
    assert_eq!(heard, [3, 2, 1, 0]);
}

/// Counts, by command.
struct Counter(i64);

#[prism::exposed]
impl Counter {
    /// Adds, and says how much there is.
    #[expose(aliases("plus"))]
    fn add(&mut self, n: i64) -> i64 {
        self.0 += n;
        self.0
    }

    /// Says something in parts.
    #[expose(hidden)]
    async fn talk(&self, cx: &mut dyn prism::CallCx) -> Result<String, prism::CallError> {
        cx.chunk(json!("a"));
        cx.tokens(10, 20);
        Err(prism::CallError::failed("hoarse", "no voice left").hint("be quiet"))
    }
}

impl Agent for Counter {
    type Item = Value;
    async fn step(&mut self, _: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Quiet)
    }
    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_a_perturbation_with_a_name_and_its_failure_is_an_event() {
    let garden = garden();
    let factory: Factory<Counter> = Box::new(|| Ok((Counter(0), no_source())));
    let agent = garden.plant(id("a"), profile(), factory).unwrap();
    assert_eq!(agent.summary().commands, ["add"]);
    let add = agent.command("plus").unwrap();
    for sum in [2, 4] {
        let Value::Object(arguments) = json!({"n": 2}) else { return };
        let call = agent.call(add, prism::check(add, arguments).unwrap(), Terms::default()).unwrap();
        assert_eq!(call.answer().await, Ok(json!(sum)));
    }
    let talk = agent.command("talk").unwrap();
    let mut call = agent.call(talk, prism::Arguments::new(), Terms::default()).unwrap();
    assert_eq!(call.next().await, Some(Reply::Chunk(json!("a"))));
    assert!(matches!(call.next().await, Some(Reply::End(Err(Failure::Call(e)))) if e.code() == "hoarse"));
    assert_eq!((said(&agent), errors(&agent)), (vec![json!(2), json!(4)], 1));
    assert!(agent.command("shout").is_none());
}
