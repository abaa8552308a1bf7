//! One agent in the garden.

use crate::{
    components::{
        age::Age,
        density_field::{DensityField, FieldLook},
        gauge::{GaugeView, Readings},
    },
    live::Live,
    whole::{IntoWhole as _, shared},
    words::{self, Gauge},
};
use leptos::prelude::*;
use leptos_router::components::A;
use terrarium_core::view::Phase;
use wire::{AgentId, AgentSummary, Gauges, Temperature, Timestamp, route};

/// What the views of one agent read. Each part changes only when it has to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agent {
    pub(crate) summary: Memo<Option<AgentSummary>>,
    /// The moment of the newest reading.
    pub(crate) beat: Memo<Option<Timestamp>>,
    pub(crate) readings: Memo<Readings>,
    pub(crate) activity: Memo<f64>,
    pub(crate) phase: Memo<Phase>,
    pub(crate) doing: Memo<&'static str>,
}

impl Agent {
    pub(crate) fn new(live: Live, id: &AgentId) -> Self {
        let at = || id.clone();
        let (id, ids) = (at(), [at(), at(), at(), at(), at()]);
        let [for_beat, for_readings, for_activity, for_phase, for_doing] = ids;
        let summary = Memo::new(move |_| live.agent(&id, |a| a.summary.clone()));
        let beat = Memo::new(move |_| live.agent(&for_beat, |a| a.series.0.last().map(|p| p.ts)).flatten());
        let readings = Memo::new(move |_| {
            beat.with(|_| ());
            untrack(|| live.agent(&for_readings, Readings::of)).unwrap_or(Readings { paths: Default::default() })
        });
        let activity = Memo::new(move |_| {
            beat.with(|_| ());
            untrack(|| live.agent(&for_activity, |a| a.activity())).unwrap_or_default()
        });
        let phase = Memo::new(move |_| {
            summary.with(|_| ());
            activity.with(|_| ());
            untrack(|| live.agent(&for_phase, |a| a.phase())).unwrap_or(Phase::Void)
        });
        let doing = Memo::new(move |_| {
            summary.with(|_| ());
            activity.with(|_| ());
            untrack(|| live.agent(&for_doing, words::doing)).unwrap_or("gone")
        });
        Self { summary, beat, readings, activity, phase, doing }
    }

    pub(crate) fn read<T: Default>(self, read: impl FnOnce(&AgentSummary) -> T) -> T {
        self.summary.with(|s| s.as_ref().map(read)).unwrap_or_default()
    }

    pub(crate) fn gauges(self) -> Gauges {
        self.read(|s| s.metrics)
    }

    pub(crate) fn look(self) -> Signal<FieldLook> {
        Signal::derive(move || FieldLook {
            activity: self.activity.get(),
            fever: self.read(|s| s.in_fever),
            seed: self.read(|s| s.seq.0),
            ended: self.read(|s| s.state.is_terminal()),
        })
    }
}

/// The card of an agent.
#[component]
pub(crate) fn AgentCard(id: AgentId) -> impl IntoView {
    let live = expect_context::<Live>();
    let agent = Agent::new(live, &id);
    let (name, href, title) = (id.to_string(), route::agent_page(&id), format!("agent-{id}"));
    let (data_agent, labelled) = (name.clone(), title.clone());
    let fever = move || agent.read(|s| s.in_fever);
    let temperature = move || {
        let t = agent.gauges().temperature.map(Temperature::get);
        t.map_or_else(String::new, |t| format!("{t:.2}"))
    };
    let observers = move || words::count(agent.read(|s| s.observers) as usize, "observer", "observers");
    let dissolving = {
        let id = id.clone();
        move || live.leaving.with(|leaving| leaving.contains_key(&id))
    };
    view! {
        <article
            class="card"
            class:glitch=shared(fever)
            class:leaving=shared(dissolving)
            data-agent=data_agent
            data-state=shared(move || agent.read(|s| s.state.as_str()))
            data-phase=shared(move || agent.phase.get().name())
            data-temperature=shared(temperature)
            data-fever=shared(move || fever().to_string())
            aria-labelledby=labelled
        >
            <header class="card-head">
                <span class="symbol" aria-hidden="true">{shared(move || agent.phase.get().symbol().to_string())}</span>
                <h2 id=title>
                    <A href=href>{name}</A>
                </h2>
                <p class="doing">{shared(move || agent.doing.get())}</p>
            </header>
            <p class="about">{shared(move || agent.read(|s| s.description.clone()))}</p>
            <DensityField id=id cols=36 rows=9 look=agent.look() />
            <p class="hot" hidden=shared(move || !fever())>"running hot"</p>
            <Gauges agent />
            <footer class="card-foot">
                <span>"last event " <Age at=Signal::derive(move || agent.read(|s| s.last_event)) /></span>
                <span class="num">{shared(observers)}</span>
            </footer>
        </article>
    }
    .whole()
}

/// The three gauges of an agent.
#[component]
pub(crate) fn Gauges(agent: Agent) -> impl IntoView {
    let one = move |at: usize, gauge: Gauge| {
        let value = Signal::derive(move || gauge.of(&agent.gauges()));
        let path = Signal::derive(move || agent.readings.with(|r| r.paths.get(at).cloned().unwrap_or_default()));
        view! { <GaugeView gauge value path /> }
    };
    view! {
        <dl class="gauges">
            {one(0, Gauge::Pressure)} {one(1, Gauge::Flow)} {one(2, Gauge::Temperature)}
        </dl>
    }
    .whole()
}
