//! A day of the garden's engine at several loads, as text: pressure hour by hour, fevers and how long they were.
//!
//! `cargo run --release -p terrarium-core --example day`. The same numbers every time: time and chance are arguments.

#![expect(clippy::print_stdout, reason = "it prints its result")]

use terrarium_core::metabolism::{Engine, Moment, Spent, Turn};

/// A day, in seconds.
const DAY_S: u64 = 24 * 3600;
/// Columns of a plot: one for half an hour.
const COLUMNS: u64 = 48;
/// Rows of a plot, and the pressure each stands for. What is higher is cut off; the threshold is the second row's top.
const ROWS: u32 = 4;
const ROW: f64 = 0.5;

/// How calls of models come.
struct Load {
    name: &'static str,
    /// The call at this second of the day, if there is one.
    call: fn(u64) -> Option<Spent>,
    /// Questions that wait for a person, all day.
    questions: usize,
}

const fn spent(input: u64, output: u64) -> Option<Spent> {
    Some(Spent { input, output })
}

/// Working hours: nine to five.
fn at_work(second: u64) -> bool {
    (9 * 3600..17 * 3600).contains(&second)
}

const LOADS: [Load; 8] = [
    Load { name: "nobody is here", call: |_| None, questions: 0 },
    Load { name: "nobody is here, and 1,000 questions wait", call: |_| None, questions: 1000 },
    Load { name: "one agent, a call of 300 tokens every five minutes", call: light, questions: 0 },
    Load { name: "the same, and 1,000 questions wait", call: light, questions: 1000 },
    Load { name: "office hours, a call of 800 tokens a minute", call: office, questions: 0 },
    Load {
        name: "four agents, a call of 1,500 tokens every 20 seconds",
        call: |s| every(s, 20, 1000, 500),
        questions: 0,
    },
    Load { name: "a runaway from noon to two: 4,000 tokens a second", call: runaway, questions: 0 },
    Load { name: "a flood all day: 20,000 tokens a second", call: |_| spent(15_000, 5_000), questions: 0 },
];

fn light(second: u64) -> Option<Spent> {
    every(second, 300, 200, 100)
}

fn office(second: u64) -> Option<Spent> {
    if at_work(second) { every(second, 60, 500, 300) } else { None }
}

fn every(second: u64, period: u64, input: u64, output: u64) -> Option<Spent> {
    second.is_multiple_of(period).then_some(Spent { input, output })
}

fn runaway(second: u64) -> Option<Spent> {
    if (12 * 3600..14 * 3600).contains(&second) { spent(3000, 1000) } else { light(second) }
}

fn main() {
    println!("Pressure over 24 hours, each column half an hour, its height the highest pressure in it;");
    println!("below it the share of that time in fever ('.' none, 1 to 9 in tenths, '#' more).");
    for load in LOADS {
        day(&load);
    }
}

fn day(load: &Load) {
    let mut engine = Engine::new(7, Moment::at(0));
    let width = DAY_S / COLUMNS;
    let (mut highest, mut feverish) = (vec![0.0_f64; COLUMNS as usize], vec![0_u64; COLUMNS as usize]);
    let (mut lengths, mut since, mut peak) = (Vec::new(), None, 0.0_f64);
    for second in 0..DAY_S {
        let now = Moment::at(second * 1000);
        // What a gateway does: once a second, and at each call.
        let mut turns = vec![engine.rest(now)];
        engine.weigh(load.questions, now);
        if let Some(spent) = (load.call)(second) {
            turns.push(engine.tick(spent, now, None));
        }
        for turn in turns.into_iter().flatten() {
            match turn {
                Turn::Began(event) => (since, peak) = (Some(second), peak.max(event.intensity)),
                Turn::Ended(_) => lengths.extend(since.take().map(|from| second - from)),
            }
        }
        let column = (second / width) as usize;
        highest[column] = highest[column].max(engine.pressure());
        feverish[column] += u64::from(since.is_some());
    }
    let share = |n: &u64| match *n * 10 / width {
        _ if *n == 0 => '.',
        tenths @ 0..=9 => char::from(b'0' + tenths.max(1) as u8),
        _ => '#',
    };
    lengths.sort_unstable();
    let middle = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    println!("\n{}", load.name);
    for row in (0..ROWS).rev() {
        let bottom = f64::from(row) * ROW;
        let line: String = highest.iter().map(|pressure| block((pressure - bottom) / ROW)).collect();
        println!("  {:>8.1}  {}", bottom + ROW, line.trim_end());
    }
    println!("  in fever  {}", feverish.iter().map(share).collect::<String>());
    println!(
        "  highest pressure {:.2}; fevers {}, in fever {:.1} % of the day, a fever {middle} s long as a rule and {} s at most, hottest +{peak:.2}",
        highest.iter().copied().fold(0.0, f64::max),
        lengths.len() + usize::from(since.is_some()),
        100.0 * feverish.iter().sum::<u64>() as f64 / DAY_S as f64,
        lengths.last().copied().unwrap_or_default(),
    );
}

/// A cell that is filled so far, 0 to 1.
fn block(filled: f64) -> char {
    [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(filled.clamp(0.0, 1.0) * 8.0).ceil() as usize]
}
