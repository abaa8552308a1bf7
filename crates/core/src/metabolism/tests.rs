//! What the seeds and the original's tests pin, and what holds for any load.

use super::{
    Amount, Engine, EntropyPool, Meters, Moment, Spent, Turn, Void, VoidRequest, dream,
    engine::{CRITICAL_THRESHOLD, HALF_LIFE_MS},
    oblique::STRATEGIES,
    velocity::Limits,
};
use proptest::prelude::*;
use serde_json::json;
use wire::{AgentId, metabolism::FeverTrigger};

fn start() -> Moment {
    Moment::at(0)
}

fn amount(x: f64) -> Amount {
    Amount::new(x).unwrap()
}

fn spent(input: u64, output: u64) -> Spent {
    Spent { input, output }
}

fn engine() -> Engine {
    Engine::new(1, start())
}

fn at(pressure: f64) -> Engine {
    engine().restored(amount(pressure), Spent::default(), 0)
}

#[test]
fn pressure_accumulates() {
    let mut engine = engine();
    engine.tick(spent(100, 100), start(), None);
    assert!((engine.pressure() - 0.198).abs() < 1e-12);
}

#[test]
fn pressure_decays() {
    let mut engine = at(1.0);
    engine.tick(spent(0, 0), start(), None);
    assert_eq!(engine.pressure(), 0.99);
}

#[test]
fn fever_triggers_at_the_threshold_and_the_pressure_halves() {
    let mut engine = engine().with_threshold(amount(0.5));
    let Some(Turn::Began(event)) = engine.tick(spent(1000, 1000), start(), None) else { panic!("no fever") };
    assert!((event.intensity - 1.48).abs() < 1e-12 && (engine.pressure() - 0.99).abs() < 1e-12);
    assert_eq!(event.trigger, FeverTrigger::PressureOverflow);
    assert!(STRATEGIES.contains(&event.oblique_strategy) && engine.fever_start().is_some());
    assert!(!matches!(engine.tick(spent(1000, 1000), start(), None), Some(Turn::Began(_))), "one event per fever");
}

#[test]
fn a_hundred_and_fifty_tokens_an_event_are_a_fever_at_the_seventh() {
    let mut engine = engine();
    let first = (1..=20).find(|_| engine.tick(spent(50, 100), start(), None).is_some());
    assert_eq!(first, Some(7));
}

#[test]
fn fever_ends_at_recovery() {
    let mut engine = at(0.4).in_fever_since(start());
    assert!(matches!(engine.tick(spent(0, 0), start(), None), Some(Turn::Ended(_))));
    assert!(engine.fever_start().is_none());
}

#[test]
fn a_tithe_discharges_what_is_there_and_ends_a_fever_at_once() {
    let mut engine = at(0.5);
    let (tithe, _) = engine.tithe(amount(0.2), start());
    assert_eq!((engine.pressure(), tithe.discharged, tithe.remaining_pressure), (0.3, 0.2, 0.3));
    assert_eq!(tithe.gratitude, "The river flows.");
    assert_eq!(engine.tithe(amount(7.0), start()).0.discharged, 0.3);
    let mut engine = at(0.9).in_fever_since(start());
    assert!(engine.tithe(amount(0.3), Moment::at(5)).1.is_none());
    let Some(Turn::Ended(end)) = engine.tithe(amount(0.3), Moment::at(9)).1 else { panic!("still in fever") };
    assert_eq!(end.duration_ms, 9);
}

#[test]
fn the_ratio_of_tokens_is_nothing_without_output_and_two_at_most() {
    let ratio = |input, output| {
        let mut engine = engine();
        engine.tick(spent(input, output), start(), None);
        engine.ratio()
    };
    assert_eq!([ratio(100, 0), ratio(100, 50), ratio(1000, 1), ratio(10, 40)], [0.0, 2.0, 2.0, 0.25]);
}

#[test]
fn a_fever_can_be_called_for_but_not_twice() {
    let mut engine = engine();
    let event = engine.provoke(FeverTrigger::Manual, start(), None).unwrap();
    assert_eq!((event.intensity, event.trigger, engine.pressure()), (0.5, FeverTrigger::Manual, 0.75));
    assert!(engine.provoke(FeverTrigger::Manual, start(), None).is_none());
}

#[test]
fn a_pool_pays_for_a_fever_and_an_empty_one_does_not_stop_it() {
    let mut pool = EntropyPool::default();
    engine().provoke(FeverTrigger::Manual, start(), Some(&mut pool)).unwrap();
    assert_eq!(pool.remaining(), amount(99.75));
    pool.draw(amount(99.75), start()).unwrap();
    assert!(engine().provoke(FeverTrigger::Error, start(), Some(&mut pool)).is_some());
}

#[test]
fn five_minutes_halve_it_and_rest_ends_a_fever() {
    let mut engine = at(0.8).in_fever_since(start());
    assert!(engine.rest(Moment::at(HALF_LIFE_MS / 10)).is_none());
    assert!(matches!(engine.rest(Moment::at(HALF_LIFE_MS)), Some(Turn::Ended(_))));
    assert!((engine.pressure() - 0.4).abs() < 1e-12);
}

#[test]
fn the_same_seed_the_same_fevers() {
    let fevers = |seed| {
        let mut engine = Engine::new(seed, start());
        let ticks = (0..500).filter_map(|n| engine.tick(spent(50, 100), Moment::at(n * 1000), None));
        ticks.map(|turn| format!("{turn:?}")).collect::<Vec<_>>()
    };
    assert_eq!(fevers(3), fevers(3));
    assert_ne!(fevers(3), fevers(4));
}

#[test]
fn a_dream_is_told_of_the_garden_and_no_more_than_a_thousand_characters() {
    let status = at(0.7).status();
    let words = dream::prompt(&status, &["scribe failed".into()], &json!({"mood": "blue"}));
    assert!(words.contains("blue") && words.contains("0.70") && words.contains("scribe failed"), "{words}");
    let long = dream::prompt(&status, &[], &json!({"mood": "é".repeat(5000)}));
    assert_eq!(long.chars().count(), dream::CONTEXT_MAX);
}

#[test]
fn an_answer_has_the_shape_the_seeds_ask_for() {
    let mut void = Void::new(1, Limits::default(), start());
    let mut ask = |request| void.answer(request, start()).unwrap().0;
    assert_eq!(ask(VoidRequest::Pressure), json!({"pressure": 0.0, "in_fever": false}));
    assert_eq!(ask(VoidRequest::Fever), json!({"in_fever": false, "fever_start": null}));
    assert_eq!(ask(VoidRequest::Oblique { seed: Some(0.5) }), json!({"strategy": "Is it finished?"}));
    let dream = ask(VoidRequest::Dream { context: json!({}) });
    assert!(STRATEGIES.contains(&dream["dream"].as_str().unwrap()));
    let status = ask(VoidRequest::Status);
    for field in ["remaining", "initial", "history_count", "pressure", "critical_threshold", "in_fever", "temperature"]
    {
        assert!(status.get(field).is_some(), "{field}");
    }
    assert!(ask(VoidRequest::Witness)["fevers"].is_array());
}

#[test]
fn capital_is_earned_from_people_spent_on_leave_and_leave_is_used_once() {
    let mut void = Void::new(7, Limits::default(), start());
    let mut ask = |request| void.answer(request, start()).unwrap().0;
    let account = || "scribe".to_owned();
    assert_eq!(ask(VoidRequest::Credit { account: account(), amount: amount(0.2) })["balance"], json!(0.7));
    assert_eq!(ask(VoidRequest::Credit { account: account(), amount: amount(1.0) })["balance"], json!(1.0));
    let check = || "trust_gate".to_owned();
    let leave = ask(VoidRequest::Bypass { account: account(), check: check(), cost: amount(0.1), ttl_s: 60 });
    let bypass = leave["bypass"].as_u64().unwrap();
    assert_eq!(ask(VoidRequest::Pass { bypass, check: "another".to_owned() })["passed"], json!(false));
    assert_eq!(ask(VoidRequest::Pass { bypass, check: check() })["passed"], json!(true));
    assert_eq!(ask(VoidRequest::Pass { bypass, check: check() })["passed"], json!(false));
    assert_eq!(ask(VoidRequest::Balance { account: account() })["balance"], json!(0.9));
}

#[test]
fn what_is_saved_comes_back_decayed_by_the_time_away() {
    let mut void = Void::new(1, Limits::default(), start());
    void.tick(&AgentId::parse("scribe").unwrap(), spent(400, 400), start());
    void.answer(VoidRequest::Sip { amount: amount(3.0) }, start()).unwrap();
    let saved = serde_json::to_string(&void.saved(start().wall)).unwrap();
    let later = Moment { steady_ms: 0, wall: wire::Timestamp::from_millis(HALF_LIFE_MS as i64) };
    let again = Void::restored(serde_json::from_str(&saved).unwrap(), 2, Limits::default(), later);
    assert!((again.status().pressure - 0.396).abs() < 1e-9);
    assert_eq!(again.status().input_tokens, 400);
    let status = { again }.answer(VoidRequest::Status, later).unwrap().0;
    assert_eq!(status["remaining"], 97.0);
}

#[test]
fn an_agent_that_goes_leaves_its_heat() {
    let mut meters = Meters::new(engine(), Limits::default());
    let id = AgentId::parse("scribe").unwrap();
    meters.tick(&id, spent(100, 100), start(), None);
    meters.forget(&id);
    let left = meters.read_all(10, start());
    assert_eq!((left.len(), left[0].agent_id.clone(), left[0].input_tokens), (1, None, 100));
    assert!((left[0].share - 1.0).abs() < 1e-9);
}

/// What may happen to an engine.
#[derive(Debug, Clone)]
enum Happening {
    Tick(u64, u64),
    Rest,
    Weigh(usize),
    Tithe(f64),
    Provoke,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0u64..10_000, 0u64..10_000).prop_map(|(i, o)| Happening::Tick(i, o)),
        (any::<u64>(), any::<u64>()).prop_map(|(i, o)| Happening::Tick(i, o)),
        Just(Happening::Rest),
        any::<usize>().prop_map(Happening::Weigh),
        (0.0..1e9f64).prop_map(Happening::Tithe),
        Just(Happening::Provoke),
    ]
}

proptest! {
    #[test]
    fn decay_always_lowers(pressure in 1e-6..1e12f64, ms in 1_000u64..1_000_000_000) {
        let (mut ticked, mut rested) = (at(pressure), at(pressure));
        ticked.tick(spent(0, 0), start(), None);
        rested.rest(Moment::at(ms));
        prop_assert!(ticked.pressure() < pressure && rested.pressure() < pressure);
    }

    #[test]
    fn a_tithe_never_raises(pressure in 0.0..1e12f64, tithe in 0.0..1e12f64, ms in 0u64..1_000_000) {
        let mut engine = at(pressure);
        let (said, _) = engine.tithe(amount(tithe), Moment::at(ms));
        prop_assert!(engine.pressure() <= pressure && said.discharged <= pressure && said.discharged <= tithe);
        prop_assert!(said.remaining_pressure == engine.pressure());
    }

    #[test]
    fn a_fever_under_any_bounded_steady_load_ends(
        input in any::<u64>(), output in any::<u64>(), every_ms in 0u64..60_000, hot in 1.0..1e15f64
    ) {
        let mut engine = at(hot).in_fever_since(start());
        let ended = (1..1000).any(|n| engine.tick(spent(input, output), Moment::at(n * every_ms), None).is_some());
        prop_assert!(ended, "{}", engine.pressure());
    }

    #[test]
    fn questions_that_wait_neither_begin_a_fever_nor_hold_one(questions in 1..usize::MAX, hot in 0.0..2.0f64) {
        let mut engine = at(hot).in_fever_since(start());
        let mut ended = false;
        for second in 1..3600 {
            ended |= engine.rest(Moment::at(second * 1000)).is_some();
            engine.weigh(questions, Moment::at(second * 1000));
        }
        prop_assert!(ended && engine.pressure() < 0.5 * CRITICAL_THRESHOLD, "{}", engine.pressure());
        prop_assert!(engine.pressure() > 0.04, "they do weigh: {}", engine.pressure());
    }

    #[test]
    fn there_is_no_amount_that_is_no_number(x in any::<f64>()) {
        prop_assert_eq!(Amount::new(x).is_some(), x.is_finite() && x >= 0.0);
    }

    #[test]
    fn whatever_happens_all_numbers_are_finite_fevers_alternate_and_the_parts_are_the_whole(
        steps in prop::collection::vec((happening(), 0u64..1_000_000, 0u8..4), 0..300), threshold in 0.01..100.0f64
    ) {
        let agents = ["a", "b", "c", "d"].map(|a| AgentId::parse(a).unwrap());
        let mut meters = Meters::new(engine().with_threshold(amount(threshold)), Limits::default());
        let mut pool = EntropyPool::default();
        let (mut now, mut hot) = (0, false);
        for (step, gap, who) in steps {
            now += gap;
            let moment = Moment::at(now);
            let turn = match step {
                Happening::Tick(i, o) => meters.tick(&agents[usize::from(who)], spent(i, o), moment, Some(&mut pool)),
                Happening::Rest => meters.rest(moment),
                Happening::Weigh(questions) => meters.weigh(questions, moment),
                Happening::Tithe(x) => meters.tithe(amount(x), moment).1,
                Happening::Provoke => meters.provoke(FeverTrigger::Manual, moment, Some(&mut pool)).map(Turn::Began),
            };
            if let Some(turn) = turn {
                let begins = matches!(turn, Turn::Began(_));
                prop_assert_ne!(begins, hot);
                hot = begins;
            }
            let status = meters.engine().status();
            prop_assert_eq!(status.in_fever, hot);
            prop_assert!(status.pressure.is_finite() && status.pressure >= 0.0);
            prop_assert!((0.0..=2.0).contains(&status.temperature));
            let parts: f64 = meters.read_all(10, moment).iter().map(|m| m.pressure).sum();
            let near = (parts - status.pressure).abs() <= status.pressure.max(1.0) * 1e-6;
            prop_assert!(near, "{} is not {}", parts, status.pressure);
        }
        prop_assert_eq!(meters.fevers().records().last().is_some_and(|r| r.duration_ms.is_none()), hot);
    }

    #[test]
    fn under_steady_work_fevers_come_and_go(tokens in 20u64..5000) {
        // One call a second for a quarter of an hour.
        let mut engine = engine();
        let (mut began, mut longest, mut since) = (0, 0, None);
        for second in 1..900 {
            match engine.tick(spent(tokens, 0), Moment::at(second * 1000), None) {
                Some(Turn::Began(_)) => (began, since) = (began + 1, Some(second)),
                Some(Turn::Ended(_)) => longest = longest.max(second - since.take().unwrap_or(second)),
                None => {}
            }
        }
        prop_assert!(began > 0 && longest < 60, "{} fevers, the longest {} s", began, longest);
        prop_assert!(engine.pressure() < 100.0 * CRITICAL_THRESHOLD);
    }
}
