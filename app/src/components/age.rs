//! How long ago something was, kept up to date once a second.

use crate::{
    live::Live,
    whole::{IntoWhole as _, Whole, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use std::sync::Arc;
use wire::Timestamp;

/// A moment that may change, or not be there yet.
pub(crate) type Moment = Arc<dyn Fn() -> Option<Timestamp> + Send + Sync>;

/// The age of `at`; "nothing yet" where there is no such moment.
#[component]
pub(crate) fn Age(at: Moment) -> Whole {
    let live = expect_context::<Live>();
    let stamp = Arc::clone(&at);
    let words = move || at().map_or_else(|| "nothing yet".into(), |at| words::age(live.now.read().millis_since(at)));
    let stamp = move || stamp().map_or_else(String::new, |at| at.to_string());
    view! { <time class="num" datetime=text(stamp)>{text(words)}</time> }.whole()
}
