//! The garden: a card per agent.

use crate::{
    components::agent_card::AgentCard,
    live::Live,
    signal::Memo,
    whole::{IntoWhole as _, Item, Whole, list, part, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use wire::{AgentId, FluxState, route};

/// `/`.
#[component]
pub(crate) fn GardenPage() -> Whole {
    let live = expect_context::<Live>();
    let shown = Memo::new(move |_| {
        let (garden, leaving) = (live.garden.read(), live.leaving.read());
        let here = garden.agents.iter().filter(|(_, a)| a.summary.state != FluxState::Stopped).map(|(id, _)| id);
        let mut ids: Vec<AgentId> = here.cloned().collect();
        for id in leaving.keys() {
            if let Err(place) = ids.binary_search(id) {
                ids.insert(place, id.clone());
            }
        }
        ids
    });
    let ended = Memo::new(move |_| {
        let garden = live.garden.read();
        let over = garden.agents.iter().filter(|(_, a)| a.summary.state == FluxState::Stopped);
        over.map(|(id, _)| id.clone()).collect::<Vec<_>>()
    });
    let lede = move || {
        let garden = live.garden.read();
        let count = |of: fn(&wire::AgentSummary) -> bool| garden.agents.values().filter(|a| of(&a.summary)).count();
        let (all, running) = (count(|s| s.state != FluxState::Stopped), count(|s| s.state.is_processing()));
        let mut text = format!("{}, {running} running", words::count(all, "agent", "agents"));
        let hot = count(|s| s.in_fever);
        if hot > 0 {
            text.push_str(&format!(", {hot} running hot"));
        }
        text
    };
    view! {
        <main id="main">
            <div class="page-head">
                <h1>"The garden"</h1>
                <p class="lede num">{text(lede)}</p>
            </div>
            {part(move || if shown.read().is_empty() { empty() } else { ().whole() })}
            <div class="cards">{list(move || shown.read().iter().map(card).collect())}</div>
            {part(move || if ended.read().is_empty() { ().whole() } else { over(ended) })}
        </main>
    }
    .whole()
}

fn card(id: &AgentId) -> Item {
    let shown = id.clone();
    Item::new(id.to_string(), move || view! { <AgentCard id=shown /> }.whole())
}

fn over(ended: Memo<Vec<AgentId>>) -> Whole {
    view! {
        <section class="ended" aria-label="Agents that have ended">
            <h2>"Ended"</h2>
            <ul>{list(move || ended.read().iter().map(link).collect())}</ul>
        </section>
    }
    .whole()
}

/// A line that leads to an agent's page.
pub(crate) fn link(id: &AgentId) -> Item {
    let (href, name) = (route::agent_page(id), id.to_string());
    let view = move || {
        view! {
            <li>
                <a href=href>{name}</a>
            </li>
        }
        .whole()
    };
    Item::new(id.to_string(), view)
}

fn empty() -> Whole {
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
    .whole()
}
