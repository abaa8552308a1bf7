//! The wasm entry point: brings the server's HTML to life.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's inline script once the module is ready.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
