//! An answer to read: text as text, everything else as a tree that folds, with a button that copies all of it.

use crate::whole::{IntoWhole as _, Whole};
use leptos::prelude::*;
use markup::view;
use serde_json::Value;
use wasm_bindgen::JsValue;

/// Nodes that are drawn as a tree; a larger answer is shown as indented JSON.
const NODES_MAX: usize = 400;
/// Longest answer that is shown at once, in characters.
const TEXT_MAX: usize = 100_000;
/// Levels that are open from the start.
const OPEN: usize = 2;

/// The answer.
#[component]
pub(crate) fn Answer(value: Value) -> Whole {
    let text = value.as_str().map_or_else(|| pretty(&value), str::to_owned);
    let body = match &value {
        Value::Object(_) | Value::Array(_) if nodes(&value) <= NODES_MAX => {
            view! { <div class="json">{branch(None, &value, 0)}</div> }.whole()
        }
        _ => {
            let mut shown: String = text.chars().take(TEXT_MAX).collect();
            if shown.len() < text.len() {
                shown.push_str("\n… copy it to see the rest");
            }
            view! { <pre class="answer-text" tabindex="0">{shown}</pre> }.whole()
        }
    };
    view! {
        <div class="answer">
            {body}
            <button type="button" class="quiet" on:click=move |_| copy(&text)>
                "Copy"
            </button>
        </div>
    }
    .whole()
}

/// Indented JSON.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(nodes).sum(),
        Value::Array(items) => items.iter().map(nodes).sum(),
        _ => 0,
    }
}

fn branch(name: Option<String>, value: &Value, depth: usize) -> Whole {
    let name = name.map(|name| view! { <span class="json-name">{name}": "</span> }.whole());
    let (parts, what): (Vec<Whole>, &str) = match value {
        Value::Object(fields) if !fields.is_empty() => {
            (fields.iter().map(|(name, value)| branch(Some(name.clone()), value, depth + 1)).collect(), "fields")
        }
        Value::Array(items) if !items.is_empty() => {
            let item = |(n, value): (usize, &Value)| branch(Some((n + 1).to_string()), value, depth + 1);
            (items.iter().enumerate().map(item).collect(), "items")
        }
        leaf => {
            let kind = match leaf {
                Value::String(_) => "text",
                Value::Number(_) => "number",
                _ => "word",
            };
            let said = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
            return view! {
                <p class="json-leaf">
                    {name}
                    <span data-kind=kind>{said}</span>
                </p>
            }
            .whole();
        }
    };
    let count = if parts.len() == 1 { what.trim_end_matches('s').to_owned() } else { what.to_owned() };
    view! {
        <details open=depth < OPEN>
            <summary>{name}<span class="muted">{format!("{} {count}", parts.len())}</span></summary>
            {parts}
        </details>
    }
    .whole()
}

/// Puts text on the clipboard, where the browser has one.
pub(crate) fn copy(text: &str) {
    let navigator = JsValue::from(window().navigator());
    // Browsers offer no clipboard to pages that came over plain HTTP from another machine.
    let there = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if there {
        let _ = window().navigator().clipboard().write_text(text);
    }
}
