//! Pages and agents that are not there, with the nearest that are.

use crate::{
    live::Live,
    pages::garden::link,
    signal::Memo,
    whole::{IntoWhole as _, Whole, list, text},
};
use leptos::prelude::*;
use markup::view;
use terrarium_core::order::sorted;
use wire::AgentId;

/// Names offered in place of one that is not there.
const NEAREST: usize = 5;

/// Any other URL.
#[component]
pub(crate) fn NoSuchPage() -> Whole {
    view! {
        <main id="main" class="empty">
            <p class="empty-mark" aria-hidden="true">"◌"</p>
            <h1>"There is no such page"</h1>
            <p>"All agents are in the garden; each has a page of its own there."</p>
            <p>
                <a href="/">"Go to the garden"</a>
            </p>
        </main>
    }
    .whole()
}

/// An agent's URL without an agent.
#[component]
pub(crate) fn NoSuchAgent(asked: String) -> Whole {
    let live = expect_context::<Live>();
    let near = {
        let asked = asked.clone();
        Memo::new(move |_| nearest(&asked, live.garden.read().agents.keys()))
    };
    view! {
        <main id="main" class="empty">
            <p class="empty-mark" aria-hidden="true">"◌"</p>
            <h1>{format!("No agent called “{asked}” lives here")}</h1>
            <p>"It may have ended, or the name may be spelled otherwise. If it starts, it appears here by itself."</p>
            <p>{text(move || if near.read().is_empty() { "The garden is empty." } else { "These are nearest by name:" })}</p>
            <ul class="near">{list(move || near.read().iter().map(link).collect())}</ul>
            <p>
                <a href="/">"Go to the garden"</a>
            </p>
        </main>
    }
    .whole()
}

fn nearest<'a>(asked: &str, ids: impl Iterator<Item = &'a AgentId>) -> Vec<AgentId> {
    let ids = sorted(ids.map(|id| (distance(asked, id.as_str()), id)).collect(), Ord::cmp);
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
