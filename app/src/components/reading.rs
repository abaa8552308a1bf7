//! What is done on questions by hand: which of them was read to its end, and the keys. Browser only: reached from effects
//! and events. Works on the document, so that a key does what a click on the same button does.

use crate::browser::{Observer, Sight, all, click, typing};
use crate::signal::RwSignal;
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement};

/// The line of a question, which the keys walk along.
const LINE: &str = ".question:not([data-status=over]) > .q-front > summary";
/// The question that is open.
const OPEN: &str = ".question:not([data-status=over]) > .q-front[open]";
/// On a mark that was in view, and on a question whose marks all were.
const READ: &str = "data-read";

/// Watches an open question: once every beginning and every end of its texts was in view, it counts as read.
pub(crate) fn watch(question: &Element) {
    let told = Closure::<dyn FnMut(js_sys::Array, Observer)>::new(|sights: js_sys::Array, observer: Observer| {
        for sight in sights.iter().map(|sight| sight.unchecked_into::<Sight>()).filter(Sight::is_intersecting) {
            observer.unobserve(&sight.target());
            seen(&sight.target());
        }
    });
    let Ok(observer) = Observer::new(told.as_ref()) else { return };
    // One small closure per question opened.
    told.forget();
    for mark in all(question, ".q-mark") {
        observer.observe(&mark);
    }
}

fn seen(mark: &Element) {
    // The only failure is an attribute name that is not one.
    let _ = mark.set_attribute(READ, "");
    if let Ok(Some(question)) = mark.closest("details")
        && all(&question, ".q-mark").iter().all(|mark| mark.has_attribute(READ))
    {
        let _ = question.set_attribute(READ, "");
    }
}

/// Lets the keys work for as long as the list is there. `say` is heard by those who do not see.
pub(crate) fn keys(say: RwSignal<String>) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if !typing(&event) && press(&event.key(), say) {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

fn press(key: &str, say: RwSignal<String>) -> bool {
    match key {
        "j" => walk(1),
        "k" => walk(-1),
        "Escape" => {
            let Some(open) = first(OPEN) else { return false };
            let _ = open.remove_attribute("open");
            open.query_selector("summary").ok().flatten().is_some_and(|line| focus(&line))
        }
        "?" => first("[popovertarget=keys]").is_some_and(|button| click(&button)),
        "y" | "n" => {
            let Some(open) = first(OPEN) else { return false };
            let Ok(Some(button)) = open.query_selector(&format!("button[data-key={key}]")) else { return false };
            if open.has_attribute(READ) {
                click(&button)
            } else {
                say.set(String::new());
                say.set("Read the question to its end first; then the key answers.".into());
                true
            }
        }
        _ => false,
    }
}

/// Puts the focus on the next line, or the one before.
fn walk(step: isize) -> bool {
    let Some(root) = document().document_element() else { return false };
    let lines = all(&root, LINE);
    let active = document().active_element();
    let question = active.and_then(|a| a.closest(".question").ok().flatten());
    let at = question.and_then(|q| lines.iter().position(|line| q.contains(Some(line))));
    let next = match at {
        Some(at) => at.saturating_add_signed(step).min(lines.len().saturating_sub(1)),
        None => 0,
    };
    lines.get(next).is_some_and(focus)
}

fn focus(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
}

fn first(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}
