//! The way to the questions, always in view, with how many wait.

use crate::{
    live::Live,
    place::Place,
    whole::{IntoWhole as _, Whole, flag, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use wire::route;

/// A link with a count; the count is said aloud when it changes.
#[component]
pub(crate) fn Waiting() -> Whole {
    let live = expect_context::<Live>();
    let here = move || if *live.place.read() == Place::Purgatory { "page" } else { "false" };
    let said = move || match live.waiting.get() {
        0 => String::new(),
        n => words::count(n, "question waits", "questions wait"),
    };
    view! {
        <a class="asks" class:calling=flag(move || live.waiting.get() > 0) href=route::PURGATORY_PAGE aria-current=text(here)>
            "Questions"
            <span class="badge num" aria-hidden="true" data-waiting=text(move || live.waiting.get().to_string())>
                {text(move || live.waiting.get().to_string())}
            </span>
            <span class="sr" role="status">{text(said)}</span>
        </a>
    }
    .whole()
}
