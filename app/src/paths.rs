//! Paths of AGENTESE, asked for by hand: the box that `:` opens, and the forms of the void. All of them are forms with a
//! field `path`; the rest of the fields are arguments. Owns what becomes of their sending; the gateway says what they mean.

use crate::{
    browser::{all, click, typing},
    components::json::pretty,
    live::Live,
    pages::void,
    post::{self, Reply},
};
use leptos::{ev, prelude::*};
use serde_json::{Map, Value, json};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use wire::route;

/// Set as one piece: nothing in it is the browser's half's business before it is used.
pub(crate) const BOX: &str = "<form class=\"v-form\" data-says=\"\"><label for=\"path\">Ask the garden by a path</label>\
    <input id=\"path\" name=\"path\" list=\"path-list\" placeholder=\"void.entropy.tithe amount=0.2\" required autofocus \
    autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"><button type=\"submit\" class=\"primary\">Ask</button>\
    <datalist id=\"path-list\"></datalist><p class=\"muted\">Arguments go behind it, as <code>name=value</code> or as \
    JSON. <code>a &gt;&gt; b</code> hands one answer on. Try <code>void.help</code>.</p>\
    <output role=\"status\"></output></form>";

/// Listens to the forms and to the key. Browser only.
pub(crate) fn mount(live: Live) {
    window_event_listener(ev::submit, move |event| {
        let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(form) = form.filter(|form| form.has_attribute("data-says")) {
            event.prevent_default();
            send(live, form);
        }
    });
    window_event_listener(ev::input, move |event| {
        let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(field) = field.filter(|field| field.id() == "path") {
            complete(&field.value());
        }
    });
    window_event_listener(ev::keydown, move |event| {
        if event.key() == ":"
            && !typing(&event)
            && let Ok(Some(button)) = document().query_selector("[popovertarget=paths]")
            && click(&button)
        {
            event.prevent_default();
            complete("");
        }
    });
}

/// Offers what the text may become, of the garden as it is now.
fn complete(typed: &str) {
    let path = format!("{}?typed={}", route::VOID_PATHS, js_sys::encode_uri_component(typed));
    post::get(&path, |reply| {
        if let (Some(list), Some(options)) = (document().get_element_by_id("path-list"), reply.body.as_str()) {
            list.set_inner_html(options);
        }
    });
}

fn send(live: Live, form: Element) {
    let (mut path, mut args) = (String::new(), Map::new());
    for field in all(&form, "input") {
        let field: HtmlInputElement = field.unchecked_into();
        let (name, value) = (field.name(), field.value());
        match name.as_str() {
            "csrf" => {}
            "path" => path = read(&value, &mut args),
            _ if value.is_empty() => {}
            _ => drop(args.insert(name, argument(&value))),
        }
    }
    post::post(live, route::AGENTESE, &json!({"path": path, "args": args}), move |reply| {
        let Ok(Some(output)) = form.query_selector("output") else { return };
        let good = reply.is_good();
        let words = if good { said(&form, &reply) } else { reply.problem() };
        output.set_text_content(Some(&words));
        // The same twice is still something that happened: the word changes each time.
        let before = form.get_attribute("data-done");
        let done = match before.as_deref() {
            _ if !good => "wrong",
            Some("once") => "again",
            _ => "once",
        };
        let _ = form.set_attribute("data-done", done);
        void::refresh();
    });
}

/// The answer in the form's own words, or as JSON.
fn said(form: &Element, reply: &Reply) -> String {
    let result = &reply.body["result"];
    let mut words = form.get_attribute("data-says").unwrap_or_default();
    if words.is_empty() {
        return pretty(if result.is_null() { &reply.body } else { result });
    }
    for (name, value) in result.as_object().into_iter().flatten() {
        let value = match value.as_f64() {
            Some(number) => format!("{number:.2}"),
            None => value.as_str().unwrap_or_default().to_owned(),
        };
        words = words.replace(&format!("{{{name}}}"), &value);
    }
    words
}

/// A path, and the arguments behind it: JSON from a brace on, or words with a `=`.
fn read(typed: &str, args: &mut Map<String, Value>) -> String {
    if let Some(at) = typed.find(" {")
        && let Ok(Value::Object(given)) = serde_json::from_str(&typed[at..])
    {
        *args = given;
        return typed[..at].trim().to_owned();
    }
    let mut path = typed.trim();
    while let Some((before, last)) = path.rsplit_once(' ')
        && let Some((name, value)) = last.split_once('=')
        && !name.contains(['[', '.', '>'])
    {
        args.insert(name.to_owned(), argument(value));
        path = before.trim_end();
    }
    path.to_owned()
}

/// What is JSON is JSON, everything else is a text.
fn argument(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_behind_the_path() {
        let of = |typed: &str| {
            let mut args = Map::new();
            (read(typed, &mut args), Value::Object(args))
        };
        assert_eq!(of(" void.entropy.tithe  amount=0.2 "), ("void.entropy.tithe".into(), json!({"amount": 0.2})));
        assert_eq!(of("a.b >> c.d x=y z=[1]"), ("a.b >> c.d".into(), json!({"x": "y", "z": [1]})));
        assert_eq!(of("a.b {\"c\": {\"d\": 1}}"), ("a.b".into(), json!({"c": {"d": 1}})));
        assert_eq!(of("a.b[entropy=0.1]"), ("a.b[entropy=0.1]".into(), json!({})));
    }
}
