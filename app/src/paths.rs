//! Paths of AGENTESE, asked for by hand: the box that `:` opens, and the forms of the void. All of them are forms with a
//! field `path`. Owns how they are sent and where the answer stands; the gateway reads them and finds the words.

use crate::{
    browser::{Fields, Query, click, typing},
    live::Live,
    pages::void,
    post,
};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::Element;
use wire::route;

/// Set as one piece: nothing in it is the browser's half's business before it is used. What an empty field may become
/// stands in it, everything else is asked for.
pub(crate) const BOX: &str = "<form class=\"v-form\"><label for=\"path\">Ask the garden by a path</label>\
    <input type=\"hidden\" name=\"as\" value=\"json\">\
    <input id=\"path\" name=\"path\" list=\"path-list\" placeholder=\"void.entropy.tithe amount=0.2\" required autofocus \
    autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"><button type=\"submit\" class=\"primary\">Ask</button>\
    <datalist id=\"path-list\"><option value=\"concept.\"><option value=\"self.\"><option value=\"void.\"><option value=\"world.\">\
    </datalist><p class=\"muted\">Arguments go behind it, as <code>name=value</code> or as \
    JSON. <code>a &gt;&gt; b</code> hands one answer on. Try <code>void.entropy.help</code>.</p>\
    <output role=\"status\"></output></form>";

/// Listens to the forms and to the key. Browser only.
pub(crate) fn mount(live: Live) {
    hear("submit", move |event| {
        if let Some(form) = within(&event, ".v-form") {
            event.prevent_default();
            send(live, form);
        }
    });
    hear("input", |event| {
        if let Some(form) = within(&event, "#paths form") {
            complete(form);
        }
    });
    hear("keydown", |event| {
        let event: &web_sys::KeyboardEvent = event.unchecked_ref();
        if event.key() == ":"
            && !typing(event)
            && let Ok(Some(button)) = document().query_selector("[popovertarget=paths]")
            && click(&button)
        {
            event.prevent_default();
        }
    });
}

/// One kind of listener for all, which stays for as long as the page does.
fn hear(name: &str, told: impl Fn(web_sys::Event) + 'static) {
    let told = Closure::wrap(Box::new(told) as Box<dyn Fn(web_sys::Event)>).into_js_value();
    // Fails for no name.
    let _ = window().add_event_listener_with_callback(name, told.unchecked_ref());
}

fn within(event: &web_sys::Event, selector: &str) -> Option<Element> {
    event.target()?.unchecked_into::<Element>().closest(selector).ok().flatten()
}

fn fields(form: &Element) -> String {
    Query::new(&Fields::new(form)).text()
}

/// Offers what the text may become, of the garden as it is now.
fn complete(form: Element) {
    let asked = fields(&form);
    post::get(&[route::VOID_PATHS, "?", &asked].concat(), move |reply| {
        // Answers may overtake each other: one to what is no longer there is none.
        if asked == fields(&form)
            && let (Ok(Some(list)), Some(options)) = (form.query_selector("datalist"), reply.body.as_str())
        {
            list.set_inner_html(options);
        }
    });
}

fn send(live: Live, form: Element) {
    post::form(live, route::VOID_PAGE, &fields(&form), move |reply| {
        let Ok(Some(output)) = form.query_selector("output") else { return };
        let good = reply.is_good();
        let words = if good { reply.body["said"].as_str().unwrap_or_default().to_owned() } else { reply.problem() };
        output.set_text_content(Some(&words));
        // The same twice is still something that happened: the word changes each time.
        let done = match form.get_attribute("data-done").as_deref() {
            _ if !good => "wrong",
            Some("once") => "again",
            _ => "once",
        };
        let _ = form.set_attribute("data-done", done);
        void::refresh();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrarium_core::logos::complete::complete;

    #[test]
    fn an_empty_field_offers_what_the_gateway_would_offer() {
        let offered: Vec<_> = BOX.split("<option value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(offered, complete("", &[], None));
    }
}
