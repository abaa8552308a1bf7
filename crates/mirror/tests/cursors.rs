//! The mirror's one promise, tried with random histories of attaching, lagging, narrowing and leaving: every number at most
//! once, ascending, and a hole only as a gap.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};
use terrarium_mirror::{self as mirror, Attach, Delivery, GardenObserver, HISTORY, Mirror, Narrowing, RING_FRAMES};
use wire::{AgentId, CloseCode, Envelope, Epoch, Event, Position, Seq, Timestamp};

fn mirror() -> Mirror {
    Mirror::new(|| Timestamp::from_millis(1_000_000))
}

fn id(n: usize) -> AgentId {
    AgentId::parse(&format!("agent-{n}")).unwrap()
}

fn say(buffer: &mirror::HolographicBuffer, n: usize) {
    for _ in 0..n {
        buffer.reflect(Event::Result { data: serde_json::json!("x") });
    }
}

fn decode(bytes: &[u8]) -> Envelope {
    serde_json::from_slice(bytes).unwrap()
}

/// What an observer has accounted for, per agent: the next number it may get.
#[derive(Default)]
struct Ledger {
    next: BTreeMap<AgentId, u64>,
    seen: u64,
    missed: u64,
}

impl Ledger {
    /// Checks a delivery against what came before. `strict` also forbids holes that no gap announced.
    fn take(&mut self, delivery: Delivery) -> bool {
        match delivery {
            Delivery::Frames(frames) => {
                assert!(!frames.is_empty());
                for bytes in frames {
                    let e = decode(&bytes);
                    let next = self.next.entry(e.agent_id.clone()).or_insert(e.seq.0);
                    assert_eq!(e.seq.0, *next, "a hole or a repeat of {}", e.agent_id);
                    *next += 1;
                    self.seen += 1;
                }
                true
            }
            Delivery::Gap(gap) => {
                let next = self.next.entry(gap.agent_id.clone()).or_insert(gap.from_seq.0);
                assert_eq!(gap.from_seq.0, *next);
                assert_eq!(gap.missed, gap.to_seq.0 + 1 - gap.from_seq.0);
                *next = gap.to_seq.0 + 1;
                self.missed += gap.missed;
                true
            }
            Delivery::Closed(_) => false,
        }
    }

    fn drain(&mut self, mut next: impl FnMut() -> Option<Delivery>) {
        while let Some(delivery) = next() {
            if !self.take(delivery) {
                return;
            }
        }
    }
}

#[test]
fn a_newcomer_gets_the_last_hundred_and_then_what_is_new() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    say(&buffer, 250);
    let (cut, mut observer) = buffer.observe(&Attach { history: HISTORY, since: None });
    assert_eq!((cut.head, cut.recovered), (Seq(250), None));
    let mut ledger = Ledger::default();
    say(&buffer, 10);
    ledger.drain(|| observer.try_next(64));
    assert_eq!((ledger.seen, ledger.missed), (110, 0));
}

#[test]
fn a_laggard_is_told_exactly_what_it_missed() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    say(&buffer, 1);
    let (_, mut observer) = buffer.observe(&Attach { history: 1, since: None });
    say(&buffer, RING_FRAMES + 500);
    let mut ledger = Ledger::default();
    ledger.drain(|| observer.try_next(64));
    assert_eq!(ledger.missed, 501 - ledger.seen.saturating_sub(RING_FRAMES as u64));
    assert_eq!(ledger.seen, RING_FRAMES as u64);
    assert_eq!(mirror.stats().gaps(), 1);
}

#[test]
fn a_position_resumes_and_one_that_cannot_says_so() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    say(&buffer, 20);
    let at = |epoch: u64, seq: u64| Attach {
        history: 100,
        since: Some(Position { epoch: Epoch::from_bits(epoch), seq: Seq(seq) }),
    };
    for (epoch, seq, recovered, first) in
        [(1, 12, true, Some(13)), (1, 20, true, None), (2, 12, false, Some(1)), (1, 21, false, Some(1))]
    {
        let (cut, mut observer) = buffer.observe(&at(epoch, seq));
        assert_eq!(cut.recovered, Some(recovered), "{epoch}:{seq}");
        let got = observer.try_next(1).map(|d| match d {
            Delivery::Frames(f) => decode(&f[0]).seq.0,
            other => panic!("{other:?}"),
        });
        assert_eq!(got, first, "{epoch}:{seq}");
    }
}

#[test]
fn a_ring_is_bounded_in_bytes_too() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    let payload = "x".repeat(100_000);
    for _ in 0..100 {
        buffer.reflect(Event::Result { data: serde_json::json!(payload) });
    }
    let (_, kept) = buffer.recent(usize::MAX);
    assert!(kept.len() * 100_000 <= mirror::RING_BYTES && kept.len() > 30, "{}", kept.len());
}

#[test]
fn closing_delivers_what_is_left_and_then_the_reason() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    let (_, mut observer) = buffer.observe(&Attach::default());
    say(&buffer, 3);
    mirror.remove(&id(0));
    let head = buffer.reflect(Event::Result { data: serde_json::json!("too late") });
    assert_eq!(head, Seq(3));
    assert!(matches!(observer.try_next(64), Some(Delivery::Frames(f)) if f.len() == 3));
    assert_eq!(observer.try_next(64), Some(Delivery::Closed(CloseCode::AgentRemoved)));
}

#[tokio::test]
async fn waiting_observers_wake_and_reflect_never_sees_them() {
    let mirror = mirror();
    let buffer = mirror.open(&id(0), Epoch::from_bits(1));
    let pump = mirror.pump();
    let (_, mut observer) = buffer.observe(&Attach::default());
    let (_, mut garden) = mirror.observe(Narrowing::default());
    assert_eq!((mirror.stats().observers(), buffer.observers(), buffer.watchers()), (2, 1, 2));
    let said = async {
        tokio::task::yield_now().await;
        say(&buffer, 1);
    };
    let (a, b, ()) = tokio::select! {
        all = async { tokio::join!(observer.next(8), garden.next(8), said) } => all,
        () = pump.run() => unreachable!("the pump runs for ever"),
    };
    assert!(matches!((a, b), (Delivery::Frames(_), Delivery::Frames(_))));
    drop((observer, garden));
    assert_eq!((mirror.stats().observers(), buffer.observers(), buffer.watchers()), (0, 0, 0));
}

#[test]
fn a_garden_observer_gets_agents_that_come_later_and_history_in_order_of_time() {
    let mirror = mirror();
    let a = mirror.open(&id(0), Epoch::from_bits(1));
    say(&a, 30);
    let (cut, mut garden) = mirror.observe(Narrowing { history: 10, ..Narrowing::default() });
    assert_eq!(cut.heads, [(id(0), Epoch::from_bits(1), Seq(30))]);
    let b = mirror.open(&id(1), Epoch::from_bits(2));
    say(&b, 5);
    say(&a, 5);
    let mut ledger = Ledger::default();
    ledger.drain(|| garden.try_next(4));
    assert_eq!((ledger.seen, ledger.next[&id(0)], ledger.next[&id(1)]), (20, 36, 6));
}

#[test]
fn narrowing_leaves_out_types_and_agents_without_calling_it_a_gap() {
    let mirror = mirror();
    let (a, b) = (mirror.open(&id(0), Epoch::from_bits(1)), mirror.open(&id(1), Epoch::from_bits(1)));
    let only_a = Narrowing { agents: Some([id(0)].into()), ..Narrowing::default() };
    let (_, mut garden) = mirror.observe(only_a);
    let only_errors = Narrowing { kinds: Some(vec![wire::EventKind::Error]), ..Narrowing::default() };
    let (_, mut errors) = mirror.observe(only_errors);
    say(&b, 3);
    say(&a, 2);
    let mut ledger = Ledger::default();
    ledger.drain(|| garden.try_next(64));
    assert_eq!((ledger.seen, ledger.missed), (2, 0));
    assert_eq!(errors.try_next(64), None);
}

/// One move in a random history.
#[derive(Debug, Clone)]
enum Move {
    Say { agent: usize, times: usize },
    Attach { history: usize },
    Read { observer: usize, max: usize },
    Narrow { observer: usize, history: usize },
    Detach { observer: usize },
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0..3usize, prop_oneof![1..20usize, Just(RING_FRAMES / 2), Just(RING_FRAMES + 7)])
            .prop_map(|(agent, times)| Move::Say { agent, times }),
        1 => (0..200usize).prop_map(|history| Move::Attach { history }),
        4 => (0..4usize, 1..200usize).prop_map(|(observer, max)| Move::Read { observer, max }),
        1 => (0..4usize, 0..50usize).prop_map(|(observer, history)| Move::Narrow { observer, history }),
        1 => (0..4usize).prop_map(|observer| Move::Detach { observer }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Both kinds of cursor, side by side, over three agents.
    #[test]
    fn every_number_at_most_once_ascending_and_a_hole_only_as_a_gap(history in prop::collection::vec(moves(), 1..60)) {
        let mirror = mirror();
        let buffers: Vec<Arc<_>> = (0..3).map(|n| mirror.open(&id(n), Epoch::from_bits(n as u64))).collect();
        let mut gardens: Vec<(GardenObserver, Ledger)> = Vec::new();
        let mut singles: Vec<(mirror::Observer, Ledger)> = Vec::new();
        for m in history {
            match m {
                Move::Say { agent, times } => say(&buffers[agent], times),
                Move::Attach { history } => {
                    let narrowing = Narrowing { history, ..Narrowing::default() };
                    gardens.push((mirror.observe(narrowing).1, Ledger::default()));
                    let (_, single) = buffers[gardens.len() % 3].observe(&Attach { history, since: None });
                    singles.push((single, Ledger::default()));
                }
                Move::Read { observer, max } => {
                    if let Some((garden, ledger)) = gardens.get_mut(observer) {
                        garden.try_next(max).map(|d| ledger.take(d));
                    }
                    if let Some((single, ledger)) = singles.get_mut(observer) {
                        single.try_next(max).map(|d| ledger.take(d));
                    }
                }
                Move::Narrow { observer, history } => {
                    if let Some((garden, ledger)) = gardens.get_mut(observer) {
                        // Resuming from where it is: nothing may come twice and nothing may be left out.
                        let since = ledger.next.iter().map(|(id, next)| {
                            let n: u64 = id.as_str()[6..].parse().unwrap();
                            (id.clone(), Position { epoch: Epoch::from_bits(n), seq: Seq(next - 1) })
                        });
                        let since: BTreeMap<_, _> = since.collect();
                        let fresh = buffers.iter().filter(|b| !since.contains_key(b.id())).map(|b| b.id().clone());
                        let fresh: Vec<_> = fresh.collect();
                        let cut = garden.narrow(Narrowing { history, since, ..Narrowing::default() });
                        prop_assert_eq!(cut.heads.len(), 3);
                        for id in fresh {
                            ledger.next.remove(&id);
                        }
                    }
                }
                Move::Detach { observer } => {
                    if observer < gardens.len() {
                        gardens.remove(observer);
                        singles.remove(observer);
                    }
                }
            }
        }
        for (garden, ledger) in &mut gardens {
            ledger.drain(|| garden.try_next(64));
            for buffer in &buffers {
                let next = ledger.next.get(buffer.id()).copied();
                prop_assert!(next.is_none_or(|n| n == buffer.head().0 + 1), "{} ends at {next:?}", buffer.id());
            }
        }
        for (single, ledger) in &mut singles {
            ledger.drain(|| single.try_next(64));
            for (id, next) in &ledger.next {
                let buffer = buffers.iter().find(|b| b.id() == id).unwrap();
                prop_assert_eq!(*next, buffer.head().0 + 1);
            }
        }
    }
}
