//! One agent in the garden.

use crate::{
    components::{
        age::Age,
        density_field::{DensityField, FieldLook},
        gauge::GaugeView,
        sparkline,
    },
    live::Live,
    signal::Memo,
    whole::{IntoWhole as _, Whole, flag, text},
    words::{self, Gauge},
};
use leptos::prelude::*;
use markup::view;
use std::sync::Arc;
use terrarium_core::view::{AgentView, Phase};
use wire::{AgentId, AgentSummary, Gauges, Temperature, Timestamp, route};

/// What the views of one agent read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agent(Memo<Seen>);

/// An agent as it is shown. What comes from its past changes with the beat only, and is shared until then.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) summary: Option<AgentSummary>,
    /// The moment of the newest reading.
    pub(crate) beat: Option<Timestamp>,
    /// The sparklines, in the order of [`Gauge::ALL`].
    pub(crate) paths: Arc<[String; 3]>,
    pub(crate) activity: f64,
    pub(crate) phase: Phase,
    pub(crate) doing: &'static str,
}

impl Agent {
    pub(crate) fn new(live: Live, id: AgentId) -> Self {
        Self(Memo::new(move |before: Option<&Seen>| {
            live.agent(&id, |agent| Seen::of(agent, before)).unwrap_or_else(Seen::nothing)
        }))
    }

    pub(crate) fn seen(self) -> impl std::ops::Deref<Target = Seen> {
        self.0.read()
    }

    pub(crate) fn read<T: Default>(self, read: impl FnOnce(&AgentSummary) -> T) -> T {
        self.seen().summary.as_ref().map(read).unwrap_or_default()
    }

    pub(crate) fn gauges(self) -> Gauges {
        self.read(|s| s.metrics)
    }

    pub(crate) fn in_fever(self) -> bool {
        self.read(|s| s.in_fever)
    }

    /// As an attribute: two places after the point, or nothing.
    pub(crate) fn temperature(self) -> String {
        let temperature = self.gauges().temperature.map(Temperature::get);
        temperature.map_or_else(String::new, |t| format!("{t:.2}"))
    }

    pub(crate) fn observers(self) -> String {
        words::count(self.read(|s| s.observers) as usize, "observer", "observers")
    }

    /// What its field shows; `None` once the view is gone.
    pub(crate) fn look(self) -> Option<FieldLook> {
        let seen = self.0.try_read_untracked()?;
        let summary = seen.summary.as_ref();
        Some(FieldLook {
            activity: seen.activity,
            fever: summary.is_some_and(|s| s.in_fever),
            seed: summary.map_or(0, |s| s.seq.0),
            ended: summary.is_some_and(|s| s.state.is_terminal()),
        })
    }
}

impl Seen {
    fn of(agent: &AgentView, before: Option<&Self>) -> Self {
        let beat = agent.series.0.last().map(|p| p.ts);
        let known = before.filter(|before| before.beat == beat && before.summary.is_some());
        let (paths, activity) = match known {
            Some(known) => (Arc::clone(&known.paths), known.activity),
            None => (Arc::new(Gauge::ALL.map(|gauge| sparkline::path(agent, gauge))), agent.activity()),
        };
        let (phase, doing) = (agent.phase(), words::doing(agent));
        Self { summary: Some(agent.summary.clone()), beat, paths, activity, phase, doing }
    }

    fn nothing() -> Self {
        let paths = Arc::default();
        Self { summary: None, beat: None, paths, activity: 0.0, phase: Phase::Void, doing: "gone" }
    }
}

/// The card of an agent.
#[component]
pub(crate) fn AgentCard(id: AgentId) -> Whole {
    let live = expect_context::<Live>();
    let agent = Agent::new(live, id.clone());
    let (name, href, title) = (id.to_string(), route::agent_page(&id), format!("agent-{id}"));
    let (data_agent, labelled) = (name.clone(), title.clone());
    let asked_at = href.clone();
    let asks = {
        let id = id.clone();
        Memo::new(move |_| live.questions(|questions| questions.count_of(&id)))
    };
    let dissolving = {
        let id = id.clone();
        move || live.leaving.read().contains_key(&id)
    };
    view! {
        <article
            class="card"
            class:glitch=flag(move || agent.in_fever())
            class:leaving=flag(dissolving)
            data-agent=data_agent
            data-state=text(move || agent.read(|s| s.state.as_str()))
            data-phase=text(move || agent.seen().phase.name())
            data-temperature=text(move || agent.temperature())
            data-fever=text(move || agent.in_fever().to_string())
            aria-labelledby=labelled
        >
            <header class="card-head">
                <span class="symbol" aria-hidden="true">{text(move || agent.seen().phase.symbol())}</span>
                <h2 id=title>
                    <a href=href>{name}</a>
                </h2>
                <p class="doing">
                    {text(move || agent.seen().doing)}
                    <span class="hot" hidden=flag(move || !agent.in_fever())>" · running hot"</span>
                </p>
            </header>
            <p class="about">{text(move || agent.read(|s| s.description.clone()))}</p>
            <DensityField id=id cols=36 rows=9 agent />
            <p class="asks-here" hidden=flag(move || asks.get() == 0)>
                <a href=asked_at>{text(move || words::count(asks.get(), "question waits", "questions wait"))}</a>
            </p>
            <GaugesView agent />
            <footer class="card-foot">
                <span>"last event " <Age at=Arc::new(move || agent.read(|s| s.last_event)) /></span>
                <span class="num">{text(move || agent.observers())}</span>
            </footer>
        </article>
    }
    .whole()
}

/// The three gauges of an agent.
#[component]
pub(crate) fn GaugesView(agent: Agent) -> Whole {
    view! {
        <dl class="gauges">
            <GaugeView agent gauge=Gauge::Pressure />
            <GaugeView agent gauge=Gauge::Flow />
            <GaugeView agent gauge=Gauge::Temperature />
        </dl>
    }
    .whole()
}
