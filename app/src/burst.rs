//! The glitch that a fever begins with: how much of a field, for how long, drawn from which seed. The same event, the same
//! glitch, in every window.

use leptos::prelude::*;
use std::time::Duration;
use terrarium_core::metabolism::Glitch;
use wire::{AgentId, Envelope, Event};

/// A fever that began longer ago than this was missed, and is not acted out; in milliseconds.
const LATE_MS: f64 = 10_000.0;

/// A glitch that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Burst {
    /// Whose fever; the garden's is everybody's.
    agent: AgentId,
    /// Share of cells, 0 to 1.
    pub(crate) share: f64,
    pub(crate) seed: u64,
    /// In milliseconds of the browser's clock.
    until: f64,
}

impl Burst {
    /// That of an event, if it begins a fever and is new. The garden's moves the page as well. Browser only.
    pub(crate) fn of(event: &Envelope, now: f64) -> Option<Self> {
        let Event::Fever { temperature, data } = &event.event else { return None };
        if now - event.ts.as_millis() as f64 > LATE_MS {
            return None;
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
        let seed = data.seed.map_or(event.seq.0, f64::to_bits);
        Some(Self {
            agent: event.agent_id.clone(),
            share: glitch.intensity,
            seed,
            until: now + f64::from(glitch.duration_ms),
        })
    }

    /// Whether it shows in an agent's field.
    pub(crate) fn is_of(&self, agent: &AgentId) -> bool {
        self.agent == *agent || self.agent.is_void()
    }

    pub(crate) fn goes_on(&self, now: f64) -> bool {
        now < self.until
    }
}
