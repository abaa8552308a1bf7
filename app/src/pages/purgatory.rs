//! The inbox: every question that waits, of all agents.

use crate::{
    api,
    asking::{self, AGES, Filter},
    bell::{self, May},
    components::question_list::QuestionList,
    live::Live,
    signal::{RwSignal, effect},
    whole::{IntoWhole as _, Whole, flag, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use wire::{
    route,
    semaphore::{Reason, Severity},
};

/// `/purgatory`.
#[component]
pub(crate) fn PurgatoryPage() -> Whole {
    let live = expect_context::<Live>();
    let filter = RwSignal::new(Filter::of(&api::address()));
    let lede = move || match live.waiting.get() {
        0 => "No agent waits for a person.".to_owned(),
        n => format!("{} for a person.", words::count(n, "question waits", "questions wait")),
    };
    view! {
        <main id="main" class="inbox">
            {head("Questions", lede, true)}
            <div class="inbox-tools">{filters(filter)} <Notify /> {keys()}</div>
            <QuestionList filter />
        </main>
    }
    .whole()
}

/// The head of both pages about questions, with the way from one to the other.
pub(crate) fn head(title: &'static str, lede: impl FnMut() -> String + Send + 'static, waiting: bool) -> Whole {
    let current = |is: bool| if is { "page" } else { "false" };
    view! {
        <div class="page-head">
            <h1>{title}</h1>
            <p class="lede num">{text(lede)}</p>
        </div>
        <nav class="tabs" aria-label="Questions">
            <a href=route::PURGATORY_PAGE aria-current=current(waiting)>"Waiting"</a>
            <a href=route::DECIDED_PAGE aria-current=current(!waiting)>"Answered and over"</a>
        </nav>
    }
    .whole()
}

/// A form, so that it works without scripts; with them it filters while one types.
fn filters(filter: RwSignal<Filter>) -> Whole {
    let Filter { agent, severity, reason, age, .. } = filter.get_untracked();
    let option = |word: &'static str, says: &'static str, chosen: &str| {
        view! { <option value=word selected=word == chosen>{says}</option> }.whole()
    };
    let severities: Vec<_> =
        Severity::ALL.into_iter().rev().map(|s| option(s.as_str(), asking::severity(s), &severity)).collect();
    let reasons: Vec<_> = Reason::ALL.into_iter().map(|r| option(r.as_str(), asking::reason(r), &reason)).collect();
    let ages: Vec<_> = AGES.into_iter().map(|(word, says, _)| option(word, says, &age)).collect();
    let change = move |set: fn(&mut Filter, String)| {
        move |event| filter.update(|filter| set(filter, event_target_value(&event)))
    };
    view! {
        <form class="stream-tools" role="search" method="get" action=route::PURGATORY_PAGE>
            <label>
                <span class="sr">"Only agents whose name contains"</span>
                <input
                    type="search"
                    name="agent"
                    placeholder="agent"
                    autocomplete="off"
                    value=agent
                    on:input=change(|filter, word| filter.agent = word.trim().to_owned())
                />
            </label>
            <label>
                <span class="sr">"How urgent"</span>
                <select name="severity" on:change=change(|filter, word| filter.severity = word)>
                    <option value="">"any urgency"</option>
                    {severities}
                </select>
            </label>
            <label>
                <span class="sr">"Why it is asked"</span>
                <select name="reason" on:change=change(|filter, word| filter.reason = word)>
                    <option value="">"any reason"</option>
                    {reasons}
                </select>
            </label>
            <label>
                <span class="sr">"How long it has waited"</span>
                <select name="age" on:change=change(|filter, word| filter.age = word)>
                    <option value="">"any age"</option>
                    {ages}
                </select>
            </label>
            <button type="submit" class="no-js">"Filter"</button>
        </form>
    }
    .whole()
}

/// Asks whether the browser may tell of new questions. Never asks by itself.
#[component]
fn Notify() -> Whole {
    let may = RwSignal::new(None::<May>);
    effect(move || may.set(bell::may()));
    let said = move || match may.get() {
        Some(May::Granted) => "This browser tells you of new questions.",
        Some(May::Denied) => "This browser is told not to tell you of new questions.",
        _ => "",
    };
    view! {
        <button
            type="button"
            class="plain"
            hidden=flag(move || may.get() != Some(May::Unasked))
            on:click=move |_| bell::ask(move || may.set(bell::may()))
        >
            "Notify me of new questions"
        </button>
        <p class="muted" role="status">{text(said)}</p>
    }
    .whole()
}

fn keys() -> Whole {
    let rows = [
        ("j  k", "next question, the one before"),
        ("Enter", "open or close it"),
        ("Esc", "close it"),
        ("n  y", "answer no or yes, when the whole question was in view"),
        ("?", "this help"),
    ];
    let rows: Vec<_> =
        rows.map(|(key, what)| view! { <dt><kbd>{key}</kbd></dt><dd>{what}</dd> }.whole()).into_iter().collect();
    view! {
        <button type="button" class="plain js" popovertarget="keys">"Keys"</button>
        <div id="keys" popover="auto" role="dialog" aria-label="Keys"><dl>{rows}</dl></div>
    }
    .whole()
}
