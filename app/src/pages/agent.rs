//! One agent: its field, its charts, what it says, the states it went through.

use crate::{
    components::{
        age::Age,
        agent_card::{Agent, Gauges},
        chart::Chart,
        density_field::DensityField,
        state_history::StateHistory,
        stream::Stream,
    },
    live::Live,
    pages::not_found::NoSuchAgent,
    socket,
    whole::{IntoWhole as _, shared},
    words,
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{components::A, hooks::use_params_map};
use wire::{AgentId, Temperature};

/// `/agents/{id}`.
#[component]
pub(crate) fn AgentPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let params = use_params_map();
    let asked = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    // The id, if the garden has such an agent: appears and goes with it.
    let found = Memo::new(move |_| {
        let id = AgentId::parse(&asked.get()).ok()?;
        live.agent(&id, |_| ()).map(|()| id)
    });
    shared(move || match found.get() {
        Some(id) => Either::Left(view! { <OneAgent id /> }),
        None => Either::Right(view! { <NoSuchAgent asked=asked.get() /> }),
    })
}

#[component]
fn OneAgent(id: AgentId) -> impl IntoView {
    let live = expect_context::<Live>();
    let agent = Agent::new(live, &id);
    let name = id.to_string();
    let (title, data_agent) = (format!("{name} · Terrarium"), name.clone());
    let fever = move || agent.read(|s| s.in_fever);
    let temperature = move || {
        let t = agent.gauges().temperature.map(Temperature::get);
        t.map_or_else(String::new, |t| format!("{t:.2}"))
    };
    {
        let id = id.clone();
        Effect::new(move |_| {
            // A page the server rendered brought its stream along.
            let known = untrack(|| live.agent(&id, |a| a.stream.len() as u64 >= 100.min(a.summary.total_events)));
            if known == Some(false) {
                socket::backfill(live, &id);
            }
        });
    }
    view! {
        <Title text=title />
        <main
            id="main"
            class="one"
            class:glitch=shared(fever)
            data-agent=data_agent
            data-state=shared(move || agent.read(|s| s.state.as_str()))
            data-phase=shared(move || agent.phase.get().name())
            data-temperature=shared(temperature)
            data-fever=shared(move || fever().to_string())
        >
            <nav class="crumbs" aria-label="Breadcrumb">
                <A href="/">"← The garden"</A>
            </nav>
            <div class="page-head">
                <h1>
                    <span class="symbol" aria-hidden="true">{shared(move || agent.phase.get().symbol().to_string())}</span>
                    {name}
                </h1>
                <p class="lede">
                    {shared(move || agent.doing.get())}
                    <span class="hot" hidden=shared(move || !fever())>" · running hot"</span>
                </p>
                <p class="about">{shared(move || agent.read(|s| s.description.clone()))}</p>
            </div>
            <DensityField id=id.clone() cols=96 rows=14 look=agent.look() />
            <Gauges agent />
            <p class="facts muted">
                <span>"last event " <Age at=Signal::derive(move || agent.read(|s| s.last_event)) /></span>
                <span>
                    "running since "
                    <Age at=Signal::derive(move || agent.summary.with(|s| s.as_ref().map(|s| s.started))) />
                </span>
                <span class="num">
                    {shared(move || words::count(agent.read(|s| s.total_events) as usize, "event", "events"))}
                </span>
                <span class="num">
                    {shared(move || words::count(agent.read(|s| s.observers) as usize, "observer", "observers"))}
                </span>
            </p>
            <section class="charts" aria-label="The last 15 minutes">
                <Chart id=id.clone() agent gauge=words::Gauge::Pressure />
                <Chart id=id.clone() agent gauge=words::Gauge::Flow />
                <Chart id=id.clone() agent gauge=words::Gauge::Temperature />
            </section>
            <div class="split">
                <Stream id=id.clone() />
                <StateHistory id />
            </div>
        </main>
    }
    .whole()
}
