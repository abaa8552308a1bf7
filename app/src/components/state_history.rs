//! The states an agent went through.

use crate::{
    live::Live,
    whole::{IntoWhole as _, Item, Whole, list, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use terrarium_core::view::StateChange;
use wire::{AgentId, Timestamp};

/// Newest first; each with when it began and how long it lasted.
#[component]
pub(crate) fn StateHistory(id: AgentId) -> Whole {
    let live = expect_context::<Live>();
    let states = move || {
        let mut items = Vec::new();
        live.agent(&id, |agent| {
            let mut end = None;
            for step in agent.states.iter().rev() {
                items.push(item(live, *step, end));
                end = Some(step.ts);
            }
        });
        items
    };
    view! {
        <section class="panel history" aria-labelledby="history-title">
            <h2 id="history-title">"States"</h2>
            <ol>{list(states)}</ol>
        </section>
    }
    .whole()
}

fn item(live: Live, step: StateChange, end: Option<Timestamp>) -> Item {
    let key = format!("{} {} {}", step.ts, step.state, end.unwrap_or_default());
    Item::new(key, move || {
        let lasted = move || match end {
            Some(end) => format!("for {}", words::span(end.millis_since(step.ts))),
            None => format!("for {} so far", words::span(live.now.read().millis_since(step.ts))),
        };
        view! {
            <li data-state=step.state.as_str()>
                <time class="num" datetime=step.ts.to_string()>
                    {text(move || words::clock(step.ts, *live.offset.read()))}
                </time>
                <span>{words::state(step.state)}</span>
                <span class="muted num">{text(lasted)}</span>
            </li>
        }
        .whole()
    })
}
