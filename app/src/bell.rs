//! How a person hears of a question elsewhere than on the page: the icon of the tab, and the browser's own notifications,
//! which are asked for by a button only. The title is [`crate::place`]'s.

use crate::signal::effect;
use crate::{browser::Notification, live::Live};
use leptos::prelude::*;
use std::sync::Arc;
use terrarium_core::literal::literal;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wire::{SemaphoreCard, TokenId, route};

/// Longest text of a notification, in characters.
const SAID: usize = 140;

/// The icon of the tab.
pub(crate) fn icon(waiting: usize) -> &'static str {
    if waiting > 0 { "/favicon-asks.svg" } else { "/favicon.svg" }
}

/// Rings for what is new. Browser only.
pub(crate) fn mount(live: Live) {
    effect(move || {
        let icon = icon(live.waiting.get());
        if let Ok(Some(link)) = document().query_selector("link[rel=icon]")
            && link.get_attribute("href").as_deref() != Some(icon)
        {
            // The only failure is an attribute name that is not one.
            let _ = link.set_attribute("href", icon);
        }
    });
    // In the order of the ids, as the questions are.
    let mut known: Option<Vec<TokenId>> = None;
    effect(move || {
        let waiting: Vec<Arc<SemaphoreCard>> = live.questions(|questions| questions.iter().cloned().collect());
        if let Some(known) = &known {
            let new: Vec<_> = waiting.iter().filter(|card| known.binary_search(&card.id).is_err()).collect();
            if document().hidden() && !new.is_empty() && may() == Some(May::Granted) {
                ring(&new);
            }
        }
        known = Some(waiting.iter().map(|card| card.id.clone()).collect());
    });
}

/// What the person has said about notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    Unasked,
    Granted,
    Denied,
}

/// What the person has said; `None` where this browser or this address has no notifications.
pub(crate) fn may() -> Option<May> {
    let there = js_sys::Reflect::has(&window(), &JsValue::from_str("Notification")).unwrap_or(false);
    there.then(|| match Notification::permission().as_str() {
        "granted" => May::Granted,
        "denied" => May::Denied,
        _ => May::Unasked,
    })
}

/// Asks the person, and calls `done` when they have said something.
pub(crate) fn ask(done: impl Fn() + 'static) {
    let Ok(answer) = Notification::request_permission() else { return };
    let told = Closure::<dyn FnMut(JsValue)>::new(move |_| done());
    let _ = answer.then(&told);
    // One small closure per press of the button.
    told.forget();
}

fn ring(new: &[&Arc<SemaphoreCard>]) {
    let [first, rest @ ..] = new else { return };
    let title = match rest.len() {
        0 => format!("{} asks", first.agent_id),
        more => format!("{} and {more} more ask", first.agent_id),
    };
    let options = js_sys::Object::new();
    let body: String = literal(&first.prompt).chars().take(SAID).collect();
    // The same tag in several tabs rings once.
    for (name, word) in [("body", body.as_str()), ("tag", first.id.as_str()), ("icon", icon(1))] {
        // Fails for frozen objects only.
        let _ = js_sys::Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(word));
    }
    // Fails where the browser only lets a service worker ring.
    let Ok(notification) = Notification::ring(&title, &options) else { return };
    let shown: JsValue = AsRef::<JsValue>::as_ref(&notification).clone();
    let open = Closure::once_into_js(move || {
        let _ = window().focus();
        shown.unchecked_ref::<Notification>().close();
        let _ = window().location().assign(route::PURGATORY_PAGE);
    });
    notification.set_onclick(&open);
}
