//! The HTML document around [`crate::App`].

use crate::{
    App, FirstState, bell,
    place::{Address, first_title},
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};

/// Where the browser's half lies. `None` in a build without it: the page then works without JavaScript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// URL of the script that `wasm-bindgen` made.
    pub js: Option<String>,
    /// URL of the WebAssembly.
    pub wasm: Option<String>,
    /// URL of the style sheet.
    pub css: Option<String>,
}

const DESCRIPTION: &str = "Live windows onto running agents: what each one does, how hard it works, and what it says.";

/// The document. Its only inline script starts the browser's half and carries the request's nonce.
#[must_use]
pub fn shell(_options: LeptosOptions, page: Page) -> impl IntoView {
    let Page { js, wasm, css } = page;
    let start = js.as_ref().zip(wasm.as_ref()).map(|(js, wasm)| {
        let (js, wasm) = (js_string(js), js_string(wasm));
        format!("import init,{{hydrate}} from {js};init({{module_or_path:{wasm}}}).then(()=>hydrate())")
    });
    let title =
        use_context::<Address>().zip(use_context::<FirstState>()).map(|(at, first)| first_title(&at.0, &first.garden));
    let waiting = use_context::<FirstState>().map_or(0, |first| first.garden.questions.count());
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="dark light" />
                <title>{title.unwrap_or_else(|| "Terrarium".into())}</title>
                <meta name="description" content=DESCRIPTION />
                <link rel="icon" type="image/svg+xml" href=bell::icon(waiting) />
                {css.map(|css| view! { <link rel="stylesheet" href=css /> })}
                {js.map(|js| view! { <link rel="modulepreload" href=js /> })}
                {wasm
                    .map(|wasm| {
                        view! { <link rel="preload" r#as="fetch" r#type="application/wasm" crossorigin="" href=wasm /> }
                    })}
            </head>
            <body>
                <App />
                {start.map(|code| view! { <script type="module" nonce=use_nonce() inner_html=code></script> })}
            </body>
        </html>
    }
}

/// A JavaScript string that may also stand inside a `<script>`.
fn js_string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('<', "\\u003c")
}
