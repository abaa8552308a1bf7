//! The states an agent went through.

use crate::{
    live::Live,
    whole::{IntoWhole as _, shared},
    words,
};
use leptos::prelude::*;
use wire::AgentId;

/// Newest first; each with when it began and how long it lasted.
#[component]
pub(crate) fn StateHistory(id: AgentId) -> impl IntoView {
    let live = expect_context::<Live>();
    let states = Memo::new(move |_| {
        let all = live.agent(&id, |a| a.states.iter().copied().collect::<Vec<_>>()).unwrap_or_default();
        let ends = all.iter().skip(1).map(|s| Some(s.ts)).chain([None]);
        let mut steps: Vec<_> = all.iter().copied().zip(ends).collect();
        steps.reverse();
        steps
    });
    view! {
        <section class="panel history" aria-labelledby="history-title">
            <h2 id="history-title">"States"</h2>
            <ol>
                <For
                    each=move || states.get()
                    key=|(step, end)| (step.ts, step.state, *end)
                    children=move |(step, end)| {
                        let lasted = move || match end {
                            Some(end) => format!("for {}", words::span(end.millis_since(step.ts))),
                            None => format!("for {} so far", words::span(live.now.get().millis_since(step.ts))),
                        };
                        view! {
                            <li data-state=step.state.as_str()>
                                <time class="num" datetime=step.ts.to_string()>
                                    {shared(move || words::clock(step.ts, live.offset.get()))}
                                </time>
                                <span>{words::state(step.state)}</span>
                                <span class="muted num">{shared(lasted)}</span>
                            </li>
                        }
                    }
                />
            </ol>
        </section>
    }
    .whole()
}
