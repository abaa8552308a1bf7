//! The page: Leptos components that run on the server (ssr) and in the browser (hydrate).
//!
//! Owns what a person sees and the browser's sockets; never decides what an agent's numbers are. What the page knows is
//! one [`terrarium_core::view::Garden`], fed by [`FirstState`] and then by the observe socket.

mod api;
mod asking;
mod beam;
mod bell;
mod browser;
mod burst;
mod charts;
mod components;
mod element;
mod first;
mod live;
mod pages;
mod paths;
mod place;
mod post;
mod shell;
mod signal;
mod socket;
mod whole;
mod words;

pub use first::{Decided, FirstState};
pub use place::{Address, Fragment};
pub use shell::{Page, shell};

use crate::signal::{RwSignal, effect};
use components::{connection::Connection, fever::FeverCard, visitor::Visitor, waiting::Waiting};
use leptos::prelude::*;
use live::Live;
use markup::view;
use pages::{
    agent::AgentPage, decided::DecidedPage, garden::GardenPage, not_found::NoSuchPage, purgatory::PurgatoryPage,
    void::VoidPage,
};
use place::Place;
use whole::{IntoWhole as _, part, text};
use wire::route;

/// Set as one piece: a browser with JavaScript reads what stands in `<noscript>` as text, so there is nothing to hydrate.
const NO_SCRIPT: &str = "<p>This is how things stood when the page was made. Reload it to see what is new.</p>";

/// The whole page: the frame around it, with the connection, and the page of the place.
#[component]
pub fn App() -> impl IntoView {
    let first = api::first();
    let decided = RwSignal::new(first.decided.clone());
    let live = Live::new(first, api::place());
    provide_context(live);
    // Runs in the browser only, after hydration.
    effect(move || live.mount());
    let page = move || match &*live.place.read() {
        Place::Garden => view! { <GardenPage /> }.whole(),
        Place::Agent(name) => view! { <AgentPage name=name.clone() /> }.whole(),
        Place::Purgatory => view! { <PurgatoryPage /> }.whole(),
        Place::Decided => view! { <DecidedPage decided /> }.whole(),
        Place::Void => view! { <VoidPage /> }.whole(),
        Place::Nowhere => view! { <NoSuchPage /> }.whole(),
    };
    let at_home = move || if *live.place.read() == Place::Garden { "page" } else { "false" };
    let at_void = move || if *live.place.read() == Place::Void { "page" } else { "false" };

    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <div class="app" data-link=text(move || live.link.read().name()) data-fever=text(move || live.in_fever().to_string())>
            <header class="bar">
                <a href="/" class="brand" aria-current=text(at_home)>
                    <span class="brand-mark" aria-hidden="true">"◐"</span>
                    "Terrarium"
                </a>
                <Waiting />
                <a href=route::VOID_PAGE class="asks to-void" aria-current=text(at_void)>"Void"</a>
                <button type="button" class="plain js" popovertarget="paths" aria-label="Ask the garden by a path">":"</button>
                <div id="paths" popover="auto" role="dialog" aria-label="Ask the garden" inner_html=api::paths()></div>
                <Connection />
                <Visitor />
            </header>
            {part(page)}
            <FeverCard />
            <footer class="foot">
                <p>
                    "Everything here is what the agents report about themselves, once a second. "
                    {text(move || {
                        if live.offset.read().is_some() { "Times are your local time." } else { "Times are in UTC." }
                    })}
                </p>
                <noscript inner_html=NO_SCRIPT></noscript>
            </footer>
        </div>
    }
    .whole()
}
