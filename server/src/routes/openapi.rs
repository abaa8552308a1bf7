//! `/openapi.json`: every door and every command in OpenAPI 3.1. `/docs`: the same for people, on one page that needs
//! neither a script nor the network.

use crate::{assets, html::Escaped, state::Shared};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use prism::openapi::{ExposedAgent, Info, document as write};
use serde_json::Value;
use std::fmt::Write as _;
use wire::{AgentId, CommandSpec};

/// Methods an operation may stand under, in the order they are shown.
const METHODS: [&str; 2] = ["get", "post"];

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
];

pub(crate) async fn document(State(shared): State<Shared>) -> Json<Value> {
    Json(of(&shared))
}

pub(crate) async fn page(State(shared): State<Shared>) -> impl IntoResponse {
    (HEADERS, html(&of(&shared)))
}

fn of(shared: &Shared) -> Value {
    let handles = shared.registry.list();
    let exposing: Vec<(AgentId, String, Vec<CommandSpec>)> = handles
        .iter()
        .map(|a| (a.id().clone(), a.summary().description, a.commands().cloned().collect::<Vec<_>>()))
        .filter(|(_, _, commands)| !commands.is_empty())
        .collect();
    let agents: Vec<_> =
        exposing.iter().map(|(id, description, commands)| ExposedAgent { id, description, commands }).collect();
    let info = Info {
        title: "Terrarium",
        version: env!("CARGO_PKG_VERSION"),
        description: "Live windows onto running agents, and the door through which people answer them.",
    };
    write(info, &agents)
}

/// The document as a page: a section per tag, a fold per operation.
fn html(document: &Value) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"dark light\"><title>API · Terrarium</title>\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">",
    );
    // Writing to a string cannot fail.
    if let Some(css) = assets::site().css {
        let _ = write!(page, "<link rel=\"stylesheet\" href=\"{}\">", Escaped(css));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let _ = write!(
        page,
        "</head><body><div class=\"app\"><header class=\"bar\"><a class=\"brand\" href=\"/\">\
         <span class=\"brand-mark\" aria-hidden=\"true\">◐</span>Terrarium</a></header>\
         <main id=\"main\" class=\"docs\"><h1>API</h1><p class=\"lede\">{}</p>\
         <p class=\"muted\">The same for programs: <a href=\"/openapi.json\">openapi.json</a>, OpenAPI 3.1.</p>",
        Escaped(&text(&document["info"]["description"]))
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        let _ = write!(
            page,
            "<section><h2>{}</h2><p class=\"muted\">{}</p>",
            Escaped(&name),
            Escaped(&text(&tag["description"]))
        );
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let operation = &item[method];
                let tagged = operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| *t == name));
                if tagged {
                    fold(&mut page, path, method, operation);
                }
            }
        }
        page.push_str("</section>");
    }
    page.push_str("</main></div></body></html>\n");
    page
}

fn fold(page: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |key: &str| operation[key].as_str().unwrap_or_default();
    let _ = write!(
        page,
        "<details><summary><code class=\"method\">{}</code> <code>{}</code> <span>{}</span></summary><p>{}</p>",
        method.to_uppercase(),
        Escaped(path),
        Escaped(text("summary")),
        Escaped(text("description"))
    );
    for (title, part) in [
        ("Parameters", &operation["parameters"]),
        ("Body", &operation["requestBody"]["content"]),
        ("Answers", &operation["responses"]),
    ] {
        if !part.is_null() {
            let pretty = serde_json::to_string_pretty(part).unwrap_or_default();
            let _ = write!(page, "<h3>{title}</h3><pre><code>{}</code></pre>", Escaped(&pretty));
        }
    }
    page.push_str("</details>");
}
