//! The state of the connection, always in view.

use crate::{
    live::{Link, Live},
    whole::{IntoWhole as _, Whole, text},
    words,
};
use leptos::prelude::*;
use markup::view;

/// A status line: said aloud when it changes, with a countdown only for the eye.
#[component]
pub(crate) fn Connection() -> Whole {
    let live = expect_context::<Live>();
    // The moment of the first state, for as long as there is nothing newer.
    let as_of = live.now.get_untracked();
    let said = move || match &*live.link.read() {
        Link::Connecting => format!("as of {}", words::clock(as_of, *live.offset.read())),
        Link::Live => "live".into(),
        Link::Reconnecting { .. } => "reconnecting".into(),
        Link::Stale { since } => format!("no news since {}", words::clock(*since, *live.offset.read())),
        Link::Restarted { lost: false } => "the gateway was restarted; nothing was lost".into(),
        Link::Restarted { lost: true } => "the gateway was restarted; some events were lost".into(),
        Link::Refused(why) => format!("not connected: {why}"),
    };
    let countdown = move || match &*live.link.read() {
        Link::Reconnecting { in_s: 0 } => " now".into(),
        Link::Reconnecting { in_s } => format!(" in {in_s} s"),
        _ => String::new(),
    };
    view! {
        <output class="connection" role="status" data-connection=text(move || live.link.read().name())>
            <span class="connection-dot" aria-hidden="true"></span>
            <span>{text(said)}</span>
            <span class="num" aria-hidden="true">{text(countdown)}</span>
        </output>
    }
    .whole()
}
