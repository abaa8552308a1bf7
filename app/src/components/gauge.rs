//! One gauge: its name, its reading, its recent past, and what it means.

use crate::{
    components::agent_card::Agent,
    whole::{IntoWhole as _, Whole, text},
    words::Gauge,
};
use leptos::prelude::*;
use markup::view;

/// A gauge with its sparkline and its explanation, which opens without JavaScript too.
#[component]
pub(crate) fn GaugeView(agent: Agent, gauge: Gauge) -> Whole {
    let value = move || gauge.of(&agent.gauges());
    let path = move || agent.seen().paths[gauge as usize].clone();
    view! {
        <div class=format!("gauge gauge-{}", gauge.key())>
            <dt>{gauge.name()} <Why gauge /></dt>
            <dd>
                <span class="gauge-value num">{text(move || gauge.text(value()))}</span>
                <svg class="spark" viewBox="-1 -2 122 32" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                    <path d=text(path) vector-effect="non-scaling-stroke"></path>
                </svg>
                <span class="sr">{text(move || if value().is_none() { "no reading" } else { "" })}</span>
            </dd>
        </div>
    }
    .whole()
}

/// The `?` of a gauge: what it is, its unit, its formula.
#[component]
pub(crate) fn Why(gauge: Gauge) -> Whole {
    let [what, unit, formula] = gauge.explained();
    view! {
        <details class="why" name="why">
            <summary aria-label=format!("What is {}?", gauge.key())>"?"</summary>
            <div class="why-text">
                <p>{what}</p>
                <p><b>"Unit: "</b> {unit}</p>
                <p><b>"Formula: "</b> {formula}</p>
            </div>
        </details>
    }
    .whole()
}

/// A line for a person who hears the page instead of seeing it.
pub(crate) fn spoken(gauge: Gauge, value: Option<f64>, extent: Option<(f64, f64)>) -> String {
    match (value, extent) {
        (Some(_), Some((low, high))) => format!(
            "{} is {}; between {} and {} in the last 15 minutes.",
            gauge.name(),
            gauge.text(value),
            gauge.text(Some(low)),
            gauge.text(Some(high))
        ),
        (Some(_), None) => format!("{} is {}.", gauge.name(), gauge.text(value)),
        (None, _) => format!("{} has no reading.", gauge.name()),
    }
}
