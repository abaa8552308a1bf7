//! The state of the connection, always in view.

use crate::{
    live::{Link, Live},
    whole::{IntoWhole as _, shared},
    words,
};
use leptos::prelude::*;

/// A status line: said aloud when it changes, with a countdown only for the eye.
#[component]
pub(crate) fn Connection() -> impl IntoView {
    let live = expect_context::<Live>();
    // The moment of the first state, for as long as there is nothing newer.
    let as_of = live.now.get_untracked();
    let text = move || match live.link.get() {
        Link::Connecting => format!("as of {}", words::clock(as_of, live.offset.get())),
        Link::Live => "live".into(),
        Link::Reconnecting { .. } => "reconnecting".into(),
        Link::Stale { since } => format!("no news since {}", words::clock(since, live.offset.get())),
        Link::Restarted { lost: false } => "the gateway was restarted; nothing was lost".into(),
        Link::Restarted { lost: true } => "the gateway was restarted; some events were lost".into(),
        Link::Refused(why) => format!("not connected: {why}"),
    };
    let countdown = move || match live.link.get() {
        Link::Reconnecting { in_s: 0 } => " now".into(),
        Link::Reconnecting { in_s } => format!(" in {in_s} s"),
        _ => String::new(),
    };
    view! {
        <output class="connection" role="status" data-connection=shared(move || live.link.with(|l| l.name()))>
            <span class="connection-dot" aria-hidden="true"></span>
            <span>{shared(text)}</span>
            <span class="num" aria-hidden="true">{shared(countdown)}</span>
        </output>
    }
    .whole()
}
