//! How long ago something was, kept up to date once a second.

use crate::{live::Live, whole::shared, words};
use leptos::prelude::*;
use wire::Timestamp;

/// The age of `at`; "nothing yet" where there is no such moment.
#[component]
pub(crate) fn Age(#[prop(into)] at: Signal<Option<Timestamp>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let text = move || at.get().map_or_else(|| "nothing yet".into(), |at| words::age(live.now.get().millis_since(at)));
    view! { <time class="num" datetime=shared(move || at.get().map(|at| at.to_string()))>{shared(text)}</time> }
}
