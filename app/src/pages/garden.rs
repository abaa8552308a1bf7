//! The garden: a card per agent.

use crate::{
    components::agent_card::AgentCard,
    live::Live,
    whole::{IntoWhole as _, shared},
    words,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use wire::{AgentId, FluxState, route};

/// `/`.
#[component]
pub(crate) fn GardenPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let shown = Memo::new(move |_| {
        let mut ids: Vec<AgentId> = live.garden.with(|garden| {
            let here = garden.agents.iter().filter(|(_, a)| a.summary.state != FluxState::Stopped);
            here.map(|(id, _)| id.clone()).collect()
        });
        live.leaving.with(|leaving| ids.extend(leaving.keys().cloned()));
        ids.sort();
        ids.dedup();
        ids
    });
    let ended = Memo::new(move |_| {
        live.garden.with(|garden| {
            let over = garden.agents.iter().filter(|(_, a)| a.summary.state == FluxState::Stopped);
            over.map(|(id, _)| id.clone()).collect::<Vec<_>>()
        })
    });
    let tally = Memo::new(move |_| {
        live.garden.with(|garden| {
            let count = |of: fn(&wire::AgentSummary) -> bool| garden.agents.values().filter(|a| of(&a.summary)).count();
            (count(|s| s.state != FluxState::Stopped), count(|s| s.state.is_processing()), count(|s| s.in_fever))
        })
    });
    let lede = move || {
        let (all, running, hot) = tally.get();
        let mut text = format!("{}, {running} running", words::count(all, "agent", "agents"));
        if hot > 0 {
            text.push_str(&format!(", {hot} running hot"));
        }
        text
    };
    view! {
        <Title text="The garden · Terrarium" />
        <main id="main">
            <div class="page-head">
                <h1>"The garden"</h1>
                <p class="lede num">{shared(lede)}</p>
            </div>
            {shared(move || shown.with(Vec::is_empty).then(empty))}
            <div class="cards">
                <For each=move || shown.get() key=AgentId::clone children=|id| view! { <AgentCard id /> } />
            </div>
            <Show when=move || !ended.with(Vec::is_empty)>
                <section class="ended" aria-label="Agents that have ended">
                    <h2>"Ended"</h2>
                    <ul>
                        <For
                            each=move || ended.get()
                            key=AgentId::clone
                            children=|id| {
                                view! {
                                    <li>
                                        <A href=route::agent_page(&id)>{id.to_string()}</A>
                                    </li>
                                }
                            }
                        />
                    </ul>
                </section>
            </Show>
        </main>
    }
    .whole()
}

fn empty() -> impl IntoView {
    view! {
        <section class="empty">
            <p class="empty-mark" aria-hidden="true">"◌"</p>
            <h2>"Nothing grows here yet"</h2>
            <p>"An agent is a program that keeps working on its own. Start the gateway with one to watch:"</p>
            <ul>
                <li><code>"terrarium --watch DIR"</code> " watches the files of a folder"</li>
                <li><code>"terrarium --tail FILE"</code> " reads a file as it grows"</li>
            </ul>
            <p>"It appears here by itself."</p>
        </section>
    }
}
