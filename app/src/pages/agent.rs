//! One agent: its field, its charts, what it says, the states it went through.

use crate::{
    asking::Filter,
    components::{
        age::Age,
        agent_card::{Agent, GaugesView},
        chart::Chart,
        commands::Commands,
        console::Console,
        density_field::DensityField,
        question_list::QuestionList,
        state_history::StateHistory,
        stream::Stream,
    },
    live::Live,
    pages::not_found::NoSuchAgent,
    signal::{Memo, RwSignal, effect},
    socket,
    whole::{IntoWhole as _, Whole, flag, part, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use std::sync::Arc;
use wire::AgentId;

/// `/agents/{id}`.
#[component]
pub(crate) fn AgentPage(name: String) -> Whole {
    let live = expect_context::<Live>();
    // The id, if the garden has such an agent: appears and goes with it.
    let asked = AgentId::parse(&name).ok();
    let found = Memo::new(move |_| asked.as_ref().is_some_and(|id| live.has(id)));
    let known = AgentId::parse(&name).ok();
    part(move || match known.clone().filter(|_| *found.read()) {
        Some(id) => view! { <OneAgent id /> }.whole(),
        None => view! { <NoSuchAgent asked=name.clone() /> }.whole(),
    })
    .whole()
}

#[component]
fn OneAgent(id: AgentId) -> Whole {
    let live = expect_context::<Live>();
    let agent = Agent::new(live, id.clone());
    let name = id.to_string();
    let data_agent = name.clone();
    let asked = RwSignal::new(Filter::only(id.clone()));
    {
        let id = id.clone();
        effect(move || {
            // A page the server rendered brought its stream along.
            let known = untrack(|| live.agent(&id, |a| a.stream.len() as u64 >= 100.min(a.summary.total_events)));
            if known == Some(false) {
                socket::backfill(live, &id);
            }
        });
    }
    view! {
        <main
            id="main"
            class="one"
            class:glitch=flag(move || agent.in_fever())
            data-agent=data_agent
            data-state=text(move || agent.read(|s| s.state.as_str()))
            data-phase=text(move || agent.seen().phase.name())
            data-temperature=text(move || agent.temperature())
            data-fever=text(move || agent.in_fever().to_string())
        >
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/">"← The garden"</a>
            </nav>
            <div class="page-head">
                <h1>
                    <span class="symbol" aria-hidden="true">{text(move || agent.seen().phase.symbol())}</span>
                    {name}
                </h1>
                <p class="lede">
                    {text(move || agent.seen().doing)}
                    <span class="hot" hidden=flag(move || !agent.in_fever())>" · running hot"</span>
                </p>
                <p class="about">{text(move || agent.read(|s| s.description.clone()))}</p>
            </div>
            <section class="asked" aria-label="What it asks">
                <QuestionList filter=asked />
            </section>
            <DensityField id=id.clone() cols=96 rows=14 agent />
            <GaugesView agent />
            <p class="facts muted">
                <span>"last event " <Age at=Arc::new(move || agent.read(|s| s.last_event)) /></span>
                <span>
                    "running since "
                    <Age at=Arc::new(move || agent.seen().summary.as_ref().map(|s| s.started)) />
                </span>
                <span class="num">
                    {text(move || words::count(agent.read(|s| s.total_events) as usize, "event", "events"))}
                </span>
                <span class="num">
                    {text(move || agent.observers())}
                </span>
            </p>
            <section class="charts" aria-label="The last 15 minutes">
                <Chart id=id.clone() agent gauge=words::Gauge::Pressure />
                <Chart id=id.clone() agent gauge=words::Gauge::Flow />
                <Chart id=id.clone() agent gauge=words::Gauge::Temperature />
            </section>
            <Console id=id.clone() />
            <Commands id=id.clone() agent />
            <div class="split">
                <Stream id=id.clone() />
                <StateHistory id />
            </div>
        </main>
    }
    .whole()
}
