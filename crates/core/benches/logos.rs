//! What a path costs: to parse, and to come from a text with arguments to a typed request.
//!
//! Marks: parsing under 1 µs, a dispatch under 5 µs. An unknown path costs more, because it is told what is near; it is here
//! so that this stays in sight.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement fails by panicking and prints its result")]

use serde_json::{Map, Value, json};
use std::{hint::black_box, time::Instant};
use terrarium_core::logos::{Observer, Route};
use wire::AgentId;

const ROUNDS: u32 = 200_000;
/// Unknown paths, no two of them the same: nothing may be kept of them.
const UNKNOWN: u32 = 1_000_000;
const PATHS: [&str; 6] = [
    "void.entropy.pressure",
    "void.metabolism.tithe",
    "world.terrarium.agents.manifest",
    "void.pataphysics.imagine",
    "world.agent.grammar.parse",
    "void.entropy.sip[entropy=0.07]@span=x",
];

fn main() {
    println!("{:>44} {:>10} {:>10}", "path", "parse", "dispatch");
    let observer = Observer::default().as_agent(AgentId::parse("grammar").unwrap());
    for path in PATHS {
        let parse = nanoseconds(|| drop(black_box(Route::parse(black_box(path)))));
        let dispatch = nanoseconds(|| {
            let route = Route::parse(black_box(path)).unwrap();
            black_box(route.stages()[0].request(arguments(path), &observer).unwrap());
        });
        println!("{path:>44} {parse:>7} ns {dispatch:>7} ns");
    }
    let unknown = nanoseconds(|| drop(black_box(Route::parse(black_box("void.entropy.tihte")))));
    println!("{:>44} {unknown:>7} ns", "unknown, with what is near");
    let before = resident_kb();
    for n in 0..UNKNOWN {
        drop(black_box(Route::parse(&format!("void.entropy.unknown_{n}"))));
    }
    println!("{UNKNOWN} distinct unknown paths: resident {before} kB before, {} kB after", resident_kb());
}

fn arguments(path: &str) -> Map<String, Value> {
    match path {
        "void.metabolism.tithe" => Map::from_iter([("amount".to_owned(), json!(0.25))]),
        "world.agent.grammar.parse" => Map::from_iter([("text".to_owned(), json!("remind me at nine"))]),
        _ => Map::new(),
    }
}

/// Memory of this process, where the system says it so.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The least of five rounds: what disturbs a round only makes it longer.
fn nanoseconds(mut work: impl FnMut()) -> u128 {
    let round = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        (0..ROUNDS / 10).for_each(|_| work());
        began.elapsed().as_nanos() / u128::from(ROUNDS / 10)
    };
    (0..5).map(|_| round(&mut work)).min().unwrap_or_default()
}
