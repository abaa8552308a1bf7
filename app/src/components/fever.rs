//! The garden's fever, in words: a card with what the void has to say, which can be kept or dismissed. What is kept stays
//! in this browser.

use crate::{
    live::Live,
    signal::{RwSignal, effect},
    whole::{IntoWhole as _, Whole, flag, text},
};
use leptos::prelude::*;
use markup::view;

/// Where this browser keeps a strategy.
const KEPT: &str = "terrarium.strategy";

/// The card. Not there while there is nothing to say.
#[component]
pub(crate) fn FeverCard() -> Whole {
    let live = expect_context::<Live>();
    let (kept, dismissed) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    effect(move || {
        let store = window().local_storage().ok().flatten();
        if let Some(Some(words)) = store.and_then(|store| store.get_item(KEPT).ok()) {
            kept.set(words);
        }
    });
    let keep = move |words: String| {
        if let Ok(Some(store)) = window().local_storage() {
            // A browser that keeps nothing forgets it with the page.
            let _ = store.set_item(KEPT, &words);
        }
        kept.set(words);
    };
    let shown = move || {
        let new = live.strategy().unwrap_or_default();
        if new.is_empty() || new == *dismissed.read() { kept.get() } else { new }
    };
    let is_kept = move || shown() == *kept.read();
    let dismiss = move || {
        dismissed.set(shown());
        if is_kept() {
            keep(String::new());
        }
    };
    view! {
        <aside class="strategy" hidden=flag(move || shown().is_empty()) aria-label="A hint from the void">
            <p class="muted" role="status">
                {text(move || if live.in_fever() { "The garden runs a fever." } else { "" })}
            </p>
            <blockquote>{text(shown)}</blockquote>
            <button type="button" class="plain" hidden=flag(is_kept) on:click=move |_| keep(shown())>"Keep"</button>
            <button type="button" class="plain" on:click=move |_| dismiss()>"Dismiss"</button>
        </aside>
    }
    .whole()
}
