//! One gauge: its name, its reading, its recent past, and what it means.

use crate::{
    components::sparkline::Sparkline,
    whole::{IntoWhole as _, shared},
    words::{self, Gauge},
};
use leptos::prelude::*;

/// A gauge with its sparkline and its explanation, which opens without JavaScript too.
#[component]
pub(crate) fn GaugeView(
    gauge: Gauge,
    #[prop(into)] value: Signal<Option<f64>>,
    #[prop(into)] path: Signal<String>,
) -> impl IntoView {
    view! {
        <div class=format!("gauge gauge-{}", gauge.key())>
            <dt>{gauge.name()} <Why gauge /></dt>
            <dd>
                <span class="gauge-value num">{shared(move || gauge.text(value.get()))}</span>
                <Sparkline path />
                <span class="sr">
                    {shared(move || if value.get().is_none() { "no reading" } else { "" })}
                </span>
            </dd>
        </div>
    }
    .whole()
}

/// The `?` of a gauge: what it is, its unit, its formula.
#[component]
pub(crate) fn Why(gauge: Gauge) -> impl IntoView {
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

/// The gauges of one agent as readings and lines, ready to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Readings {
    pub(crate) paths: [String; 3],
}

impl Readings {
    pub(crate) fn of(agent: &terrarium_core::view::AgentView) -> Self {
        Self { paths: words::Gauge::ALL.map(|gauge| crate::components::sparkline::path(agent, gauge)) }
    }
}
