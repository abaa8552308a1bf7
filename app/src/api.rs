//! Where the server's half and the browser's half of the page differ. The only file that asks which half it is in.

use crate::{
    charts::ChartData,
    first,
    place::{self, Address, Fragment, Place},
};
use leptos::prelude::*;

/// What the page starts from: the same on the server and, carried over inside the HTML, in the browser's first render.
/// Carried as text, so that the browser's half holds no code to write it, only to read it.
pub(crate) fn first() -> first::FirstState {
    let mut here = None;
    let text = SharedValue::new_str(|| {
        if cfg!(feature = "ssr") {
            let packed = use_context::<first::FirstState>().map(first::pack).unwrap_or_default();
            // Maps with names for keys and plain values: this cannot fail, and an empty garden would follow if it did.
            let text = serde_json::to_string(&packed).unwrap_or_default();
            here = Some(packed);
            text
        } else {
            String::new()
        }
    })
    .into_inner();
    first::unpack(here.unwrap_or_else(|| first::read(&text)))
}

/// Where the page stands at first: at the address of the request, which the browser has as well.
pub(crate) fn place() -> Place {
    Place::of(&address())
}

/// Where the page stands, with what follows the question mark.
pub(crate) fn address() -> String {
    if cfg!(feature = "ssr") {
        use_context::<Address>().map(|address| address.0).unwrap_or_default()
    } else {
        place::here()
    }
}

/// Lower case, in the browser by the browser: with the letter tables of the standard library the wasm is 7 kB larger.
pub(crate) fn lowercase(text: &str) -> String {
    if cfg!(feature = "ssr") { text.to_lowercase() } else { js_sys::JsString::from(text).to_lower_case().into() }
}

/// HTML that the gateway wrote. The browser leaves it alone.
pub(crate) fn fragment() -> String {
    if cfg!(feature = "ssr") { use_context::<Fragment>().unwrap_or_default().0 } else { String::new() }
}

/// What stands in the box for paths: on every page from its first HTML on, so the browser never needs its own.
pub(crate) fn paths() -> &'static str {
    if cfg!(feature = "ssr") { crate::paths::BOX } else { "" }
}

/// The chart as SVG, for the first HTML. The browser leaves the server's drawing alone and later lays a canvas over it,
/// so it never needs its own.
pub(crate) fn drawn(data: &ChartData) -> String {
    if cfg!(feature = "ssr") { crate::charts::svg(data) } else { String::new() }
}
