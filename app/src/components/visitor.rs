//! Who looks at the page: the way in for a watcher, the name and the way out for everybody else. Plain links, so that they
//! work without scripts.

use crate::{
    live::Live,
    place::Place,
    whole::text,
    whole::{IntoWhole as _, Whole},
};
use leptos::prelude::*;
use markup::view;
use wire::{AgentId, route};

/// In the bar of every page.
#[component]
pub(crate) fn Visitor() -> Whole {
    let live = expect_context::<Live>();
    match live.session.with_value(|session| session.name.clone()) {
        Some(name) => view! {
            <span class="visitor">
                <span class="visitor-name" title="Signed in with this token">{name}</span>
                <a href=route::LOGOUT>"Sign out"</a>
            </span>
        }
        .whole(),
        None => view! {
            <span class="visitor">
                <a href=text(move || sign_in(live))>"Sign in"</a>
            </span>
        }
        .whole(),
    }
}

/// The sign-in page, which then goes on to where one is now.
pub(crate) fn sign_in(live: Live) -> String {
    let next = match &*live.place.read() {
        Place::Agent(name) => AgentId::parse(name).ok().map(|id| route::agent_page(&id)),
        Place::Purgatory | Place::Decided => Some(route::PURGATORY_PAGE.to_owned()),
        Place::Void => Some(route::VOID_PAGE.to_owned()),
        _ => None,
    };
    format!("{}?next={}", route::LOGIN, next.as_deref().unwrap_or(route::GARDEN))
}
