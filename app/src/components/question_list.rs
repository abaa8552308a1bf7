//! The questions that wait, most urgent first. Draws the first hundred that fit the filter and says how many more there are.

use crate::{
    asking::{Filter, Row, STEP, Shown},
    components::{question_card::QuestionCard, reading},
    live::Live,
    signal::{Memo, RwSignal, effect},
    whole::{IntoWhole as _, Item, Whole, flag, list, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use std::sync::Arc;

/// The questions that fit.
#[component]
pub(crate) fn QuestionList(filter: RwSignal<Filter>) -> Whole {
    let live = expect_context::<Live>();
    let reading = RwSignal::new(None);
    let shown = Memo::new(move |before: Option<&Shown>| {
        let (filter, open) = (filter.read(), reading.read());
        // Where something is to come or go with time, time matters.
        let ticks =
            filter.older_than().is_some() || before.is_some_and(|b| b.rows.iter().any(|row| row.over.is_some()));
        let now = if ticks { live.now.get() } else { live.now.get_untracked() };
        live.questions(|questions| Shown::next(before, questions, &filter, now, open.as_ref()))
    });
    let say = RwSignal::new(String::new());
    effect(move || reading::keys(say));
    // A single question needs no opening.
    let single = shown.read_untracked().rows.len() == 1;
    let rows = move || shown.read().rows.iter().map(|row| item(row, single, reading)).collect();
    let more = move || shown.read().more;
    let none = move || {
        let (nothing, filter) = (shown.read().rows.is_empty(), filter.read());
        match (nothing, filter.only.is_some(), filter.is_narrow()) {
            (false, ..) | (_, true, _) => "",
            (true, _, true) => "No question fits the filter.",
            (true, _, false) => "Nobody waits for you.",
        }
    };
    view! {
        <ol class="questions" aria-label="Questions that wait">{list(rows)}</ol>
        <p class="inbox-none" hidden=flag(move || none().is_empty())>{text(none)}</p>
        <p class="more" hidden=flag(move || more() == 0)>
            <a
                href=text(move || filter.read().address(STEP))
                on:click=move |event| {
                    event.prevent_default();
                    filter.update(|filter| filter.limit += STEP);
                }
            >
                {text(move || format!("{}: show more", words::count(more(), "more question waits", "more questions wait")))}
            </a>
        </p>
        <p class="q-said" class:said=flag(move || !say.read().is_empty()) role="status">{text(move || say.get())}</p>
    }
    .whole()
}

fn item(row: &Row, open: bool, reading: RwSignal<Option<wire::TokenId>>) -> Item {
    let card = Arc::clone(&row.card);
    Item::new(card.id.to_string(), move || view! { <QuestionCard card open reading /> }.whole())
}
