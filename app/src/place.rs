//! Which page stands here: the path, on the server from the request, in the browser from the address bar. Owns clicks on
//! the page's own links and the history they leave; every other link is the browser's business.

use crate::live::Live;
use crate::signal::effect;
use leptos::{ev, prelude::*};
use terrarium_core::view::Garden;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAnchorElement, MouseEvent};
use wire::{AgentId, route};

/// The path a page was asked for, with its query. Provided as context by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub String);

/// The HTML of a page that the gateway writes itself. Provided as context by the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fragment(pub String);

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Garden,
    /// An agent's page, whether there is such an agent or not: its name as it was asked for.
    Agent(String),
    /// The questions that wait.
    Purgatory,
    /// The questions that are over.
    Decided,
    /// The garden's metabolism.
    Void,
    Nowhere,
}

impl Place {
    /// The page of a path.
    pub(crate) fn of(address: &str) -> Self {
        let path = address.split('?').next().unwrap_or_default();
        match route::agent_of_page(path) {
            Some(name) => Self::Agent(decoded(name)),
            None => match path {
                route::GARDEN => Self::Garden,
                route::PURGATORY_PAGE => Self::Purgatory,
                route::DECIDED_PAGE => Self::Decided,
                route::VOID_PAGE => Self::Void,
                _ => Self::Nowhere,
            },
        }
    }

    /// The agent whose page this is, if the garden or the page's memory has it.
    pub(crate) fn agent(&self, has: impl FnOnce(&AgentId) -> bool) -> Option<AgentId> {
        let Self::Agent(name) = self else { return None };
        AgentId::parse(name).ok().filter(has)
    }

    /// The title, with the number of questions that wait.
    fn title(&self, agent: Option<AgentId>, waiting: usize) -> String {
        let page = match (self, agent) {
            (Self::Garden, _) => "The garden".into(),
            (Self::Agent(_), Some(id)) => id.to_string(),
            (Self::Agent(_), None) => "No such agent".into(),
            (Self::Purgatory, _) => "Questions".into(),
            (Self::Decided, _) => "Answered questions".into(),
            (Self::Void, _) => "The void".into(),
            (Self::Nowhere, _) => "Not here".to_owned(),
        };
        let count = if waiting > 0 { format!("({waiting}) ") } else { String::new() };
        format!("{count}{page} · Terrarium")
    }
}

/// The title of the first HTML.
pub(crate) fn first_title(path: &str, garden: &Garden) -> String {
    let place = Place::of(path);
    let agent = place.agent(|id| garden.agents.contains_key(id));
    place.title(agent, garden.questions.count())
}

/// Follows the address: clicks on links to our own pages, back and forward, the title. Browser only.
pub(crate) fn mount(live: Live) {
    window_event_listener(ev::click, move |click| follow(live, &click));
    window_event_listener(ev::popstate, move |_| arrive(live));
    effect(move || {
        let place = live.place.read();
        let waiting = live.waiting.get();
        let title = place.title(place.agent(|id| live.has(id)), waiting);
        if document().title() != title {
            document().set_title(&title);
        }
    });
}

/// Follows a plain click on a link to a page of ours. What asks for a tab, a window or a file is left to the browser, and
/// so is a jump within the page.
fn follow(live: Live, click: &MouseEvent) {
    let with_key = click.meta_key() || click.alt_key() || click.ctrl_key() || click.shift_key();
    if click.default_prevented() || click.button() != 0 || with_key {
        return;
    }
    let clicked = click.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = clicked.and_then(|element| element.closest("a[href]").ok().flatten());
    let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) else { return };
    let path = link.pathname();
    let ours = window().location().origin().is_ok_and(|origin| origin == link.origin());
    if !ours || !link.hash().is_empty() || !link.target().is_empty() || Place::of(&path) == Place::Nowhere {
        return;
    }
    // Fails only for an address of another origin; the browser then follows the link itself.
    let moved = window().history().and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&path)));
    if moved.is_ok() {
        click.prevent_default();
        arrive(live);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

fn arrive(live: Live) {
    let place = Place::of(&here());
    if *live.place.read_untracked() != place {
        live.place.set(place);
    }
}

/// The browser's address: path and query.
pub(crate) fn here() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// What an address says of `name` after its question mark; nothing is empty.
pub(crate) fn asked(address: &str, name: &str) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.map(|value| decoded(&value.replace('+', " "))).unwrap_or_default()
}

/// Text without its percent signs.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_pages() {
        assert_eq!(Place::of("/"), Place::Garden);
        assert_eq!(Place::of("/agents/host"), Place::Agent("host".into()));
        assert_eq!(Place::of("/agents/H%C3%A4ns%2"), Place::Agent("Häns%2".into()));
        assert_eq!(Place::of("/purgatory?agent=a"), Place::Purgatory);
        assert_eq!(asked("/purgatory?agent=a%20b+c&n=", "agent"), "a b c");
        assert_eq!([asked("/purgatory", "agent"), asked("/purgatory?agents=1", "agent")], ["", ""]);
        assert_eq!([Place::of("/agents"), Place::of("/agents/a/b"), Place::of("/x")], [const { Place::Nowhere }; 3]);
    }
}
