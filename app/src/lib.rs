//! The page: Leptos components that run on the server (ssr) and in the browser (hydrate).
//!
//! Owns what a person sees and the browser's sockets; never decides what an agent's numbers are. What the page knows is
//! one [`terrarium_core::view::Garden`], fed by [`FirstState`] and then by the observe socket.

mod api;
mod charts;
mod components;
mod first;
mod live;
mod pages;
mod shell;
mod socket;
mod whole;
mod words;

pub use first::FirstState;
pub use shell::{Page, shell};

use components::connection::Connection;
use leptos::prelude::*;
use leptos_meta::{Meta, provide_meta_context};
use leptos_router::{
    ParamSegment, StaticSegment,
    components::{A, Route, Router, Routes},
};
use live::Live;
use pages::{agent::AgentPage, garden::GardenPage, not_found::NoSuchPage};
use whole::shared;

/// Set as one piece: a browser with JavaScript reads what stands in `<noscript>` as text, so there is nothing to hydrate.
const NO_SCRIPT: &str = "<p>This is how things stood when the page was made. Reload it to see what is new.</p>";

/// The whole page: the frame around it, the connection above the router, and the routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let (garden, now) = api::first();
    let live = Live::new(garden, now);
    provide_context(live);
    // Runs in the browser only, after hydration.
    Effect::new(move |_| live.mount());

    view! {
        <Meta
            name="description"
            content="Live windows onto running agents: what each one does, how hard it works, and what it says."
        />
        <Router>
            <a class="skip" href="#main">"Skip to the content"</a>
            <div class="app" data-link=shared(move || live.link.with(|l| l.name()))>
                <header class="bar">
                    <A href="/" attr:class="brand">
                        <span class="brand-mark" aria-hidden="true">"◐"</span>
                        "Terrarium"
                    </A>
                    <Connection />
                </header>
                <Routes fallback=NoSuchPage>
                    <Route path=StaticSegment("") view=GardenPage />
                    <Route path=(StaticSegment("agents"), ParamSegment("id")) view=AgentPage />
                </Routes>
                <footer class="foot">
                    <p>
                        "Everything here is what the agents report about themselves, once a second. "
                        {shared(move || {
                            if live.offset.get().is_some() { "Times are your local time." } else { "Times are in UTC." }
                        })}
                    </p>
                    <noscript inner_html=NO_SCRIPT></noscript>
                </footer>
            </div>
        </Router>
    }
}
