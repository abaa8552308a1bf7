//! The glitch that a fever begins with: how much of a field, for how long, drawn from which seed. The same event, the same
//! glitch, in every window. Browser only.

use leptos::prelude::*;
use std::{cell::RefCell, time::Duration};
use terrarium_core::metabolism::Glitch;
use wire::{AgentId, Envelope, Event};

/// A fever that began longer ago than this was missed, and is not acted out; in milliseconds.
const LATE_MS: f64 = 10_000.0;

/// A glitch that goes on.
struct Burst {
    /// Whose fever; the garden's is everybody's.
    agent: AgentId,
    /// Share of cells, 0 to 1.
    share: f64,
    seed: u64,
    /// In milliseconds of the browser's clock.
    until: f64,
}

thread_local! {
    static BURSTS: RefCell<Vec<Burst>> = const { RefCell::new(Vec::new()) };
}

/// Takes an event in: one that begins a fever, and is new, begins a glitch. The garden's moves the page as well.
pub(crate) fn hear(event: &Envelope, now: f64) {
    let Event::Fever { temperature, data } = &event.event else { return };
    if now - event.ts.as_millis() as f64 > LATE_MS {
        return;
    }
    let glitch = Glitch::of(data.intensity.unwrap_or(temperature.get() - data.threshold));
    if event.agent_id.is_void()
        && let Some(body) = document().body()
    {
        // Fails only for names that are none.
        let _ = body.set_attribute("data-burst", &glitch.duration_ms.to_string());
        let end = move || drop(body.remove_attribute("data-burst"));
        set_timeout(end, Duration::from_millis(u64::from(glitch.duration_ms)));
    }
    let until = now + f64::from(glitch.duration_ms);
    let seed = data.seed.map_or(event.seq.0, f64::to_bits);
    let burst = Burst { agent: event.agent_id.clone(), share: glitch.intensity, seed, until };
    BURSTS.with_borrow_mut(|bursts| {
        bursts.retain(|burst| now < burst.until);
        bursts.push(burst);
    });
}

/// The glitch of an agent's own fever, or of the garden's: its share of cells, and its seed.
pub(crate) fn of(agent: &AgentId, now: f64) -> Option<(f64, u64)> {
    BURSTS.with_borrow(|bursts| {
        let is_of = |burst: &&Burst| now < burst.until && (burst.agent == *agent || burst.agent.is_void());
        bursts.iter().find(is_of).map(|burst| (burst.share, burst.seed))
    })
}
