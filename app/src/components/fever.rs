//! The garden's fever, in words: a card with what the void has to say, which can be kept or dismissed. Both stay in this
//! browser; what is dismissed is the hint of one fever, and the next fever has its own.

use crate::{
    live::Live,
    signal::{RwSignal, effect},
    whole::{IntoWhole as _, Whole, flag, text},
};
use leptos::prelude::*;
use markup::view;

/// Where this browser keeps a strategy.
const KEPT: &str = "terrarium.strategy";
/// Where it keeps when the fever began whose strategy was dismissed.
const DISMISSED: &str = "terrarium.dismissed";

/// The card. Not there while there is nothing to say.
#[component]
pub(crate) fn FeverCard() -> Whole {
    let live = expect_context::<Live>();
    let (kept, dismissed) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let places = [(KEPT, kept), (DISMISSED, dismissed)];
    effect(move || {
        for (place, signal) in places {
            let store = window().local_storage().ok().flatten();
            signal.set(store.and_then(|store| store.get_item(place).ok().flatten()).unwrap_or_default());
        }
    });
    let keep = move |n: usize, words: String| {
        let (place, signal) = places[n];
        if let Ok(Some(store)) = window().local_storage() {
            // A browser that keeps nothing forgets it with the page.
            let _ = store.set_item(place, &words);
        }
        signal.set(words);
    };
    let shown = move || match live.strategy() {
        Some((began, words)) if began != *dismissed.read() => words,
        _ => kept.get(),
    };
    let is_kept = move || shown() == *kept.read();
    let dismiss = move || {
        if is_kept() {
            keep(0, String::new());
        }
        if let Some((began, _)) = live.strategy() {
            keep(1, began);
        }
    };
    view! {
        <aside class="strategy" hidden=flag(move || shown().is_empty()) aria-label="A hint from the void">
            <p class="muted" role="status">
                {text(move || if live.in_fever() { "The garden runs a fever." } else { "" })}
            </p>
            <blockquote>{text(shown)}</blockquote>
            <button type="button" class="plain" hidden=flag(is_kept) on:click=move |_| keep(0, shown())>"Keep"</button>
            <button type="button" class="plain" on:click=move |_| dismiss()>"Dismiss"</button>
        </aside>
    }
    .whole()
}
