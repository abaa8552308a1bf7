//! Requests of the page to the gateway, in the name of whoever looks at it. Browser only: reached from effects and events.

use crate::{live::Live, words};
use leptos::prelude::WithValue as _;
use serde_json::Value;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::XmlHttpRequest;
use wire::session::CSRF_HEADER;

/// What came back: the status, 0 where nothing came, and the JSON, or a text where it is none.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What went wrong, in the gateway's words, field by field.
    pub(crate) fn problem(&self) -> String {
        let word = |name: &str| self.body.get(name).and_then(Value::as_str).map(words::sentence);
        let mut said: Vec<String> = ["detail", "hint"].into_iter().filter_map(word).collect();
        for error in self.body.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            said.push(format!("{} {}", part("pointer"), part("message")).trim().to_owned());
        }
        if said.is_empty() {
            let why = if self.status == 0 { "The gateway did not answer." } else { "The gateway refused." };
            said.push(why.to_owned());
        }
        said.join(" ")
    }
}

/// Fetches JSON.
pub(crate) fn get(path: &str, done: impl FnOnce(Reply) + 'static) {
    send("GET", path, None, None, Box::new(done));
}

/// Posts JSON, with the proof that this page asks.
pub(crate) fn post(live: Live, path: &str, body: &Value, done: impl FnOnce(Reply) + 'static) {
    proven(live, path, (&body.to_string(), "application/json"), Box::new(done));
}

/// Posts what is in a form, with the same proof.
pub(crate) fn form(live: Live, path: &str, fields: &str, done: impl FnOnce(Reply) + 'static) {
    proven(live, path, (fields, "application/x-www-form-urlencoded"), Box::new(done));
}

fn proven(live: Live, path: &str, body: (&str, &str), done: Box<dyn FnOnce(Reply)>) {
    let csrf = live.session.with_value(|session| session.csrf.clone());
    send("POST", path, Some(body), csrf.as_deref(), done);
}

fn send(method: &str, path: &str, body: Option<(&str, &str)>, csrf: Option<&str>, done: Box<dyn FnOnce(Reply)>) {
    let Ok(request) = XmlHttpRequest::new() else { return done(Reply { status: 0, body: Value::Null }) };
    // These fail for words that are no method, no address or no header, and for a request that was sent already.
    let _ = request.open(method, path);
    let _ = request.set_request_header("accept", "application/json");
    if let Some((_, kind)) = body {
        let _ = request.set_request_header("content-type", kind);
    }
    if let Some(csrf) = csrf {
        let _ = request.set_request_header(CSRF_HEADER, csrf);
    }
    let answered = request.clone();
    let finish = Closure::once_into_js(move || {
        let text = answered.response_text().ok().flatten().unwrap_or_default();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| text.into());
        done(Reply { status: answered.status().unwrap_or(0), body });
    });
    // Comes once, however it ends.
    request.set_onloadend(Some(finish.unchecked_ref()));
    let _ = request.send_with_opt_str(body.map(|(text, _)| text));
}
