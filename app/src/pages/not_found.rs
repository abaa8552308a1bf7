//! Pages and agents that are not there, with the nearest that are.

use crate::{
    live::Live,
    whole::{IntoWhole as _, shared},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use wire::{AgentId, route};

/// Names offered in place of one that is not there.
const NEAREST: usize = 5;

/// Any other URL.
#[component]
pub(crate) fn NoSuchPage() -> impl IntoView {
    view! {
        <Title text="Not here · Terrarium" />
        <main id="main" class="empty">
            <p class="empty-mark" aria-hidden="true">"◌"</p>
            <h1>"There is no such page"</h1>
            <p>"All agents are in the garden; each has a page of its own there."</p>
            <p>
                <A href="/">"Go to the garden"</A>
            </p>
        </main>
    }
    .whole()
}

/// An agent's URL without an agent.
#[component]
pub(crate) fn NoSuchAgent(asked: String) -> impl IntoView {
    let live = expect_context::<Live>();
    let near = {
        let asked = asked.clone();
        Memo::new(move |_| live.garden.with(|garden| nearest(&asked, garden.agents.keys())))
    };
    view! {
        <Title text="No such agent · Terrarium" />
        <main id="main" class="empty">
            <p class="empty-mark" aria-hidden="true">"◌"</p>
            <h1>{format!("No agent called “{asked}” lives here")}</h1>
            <p>"It may have ended, or the name may be spelled otherwise. If it starts, it appears here by itself."</p>
            <p>{shared(move || if near.with(Vec::is_empty) { "The garden is empty." } else { "These are nearest by name:" })}</p>
            <ul class="near">
                <For
                    each=move || near.get()
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
            <p>
                <A href="/">"Go to the garden"</A>
            </p>
        </main>
    }
    .whole()
}

fn nearest<'a>(asked: &str, ids: impl Iterator<Item = &'a AgentId>) -> Vec<AgentId> {
    let mut ids: Vec<_> = ids.map(|id| (distance(asked, id.as_str()), id)).collect();
    ids.sort();
    ids.into_iter().take(NEAREST).map(|(_, id)| id.clone()).collect()
}

/// Levenshtein's edit distance, over at most 64 characters of each.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_agent() {
        let ids = ["files-docs", "host", "tail-app"].map(|id| AgentId::parse(id).unwrap());
        assert_eq!(nearest("hots", ids.iter())[0].as_str(), "host");
        assert_eq!((distance("kitten", "sitting"), distance("", "abc")), (3, 3));
    }
}
