//! The few things of the browser that `web-sys` would give behind features of their own: notifications, what comes into
//! view, and lists of elements. Declared here, as they are used.

use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Element, HtmlElement, KeyboardEvent};

#[wasm_bindgen]
extern "C" {
    /// `IntersectionObserver`.
    pub(crate) type Observer;

    #[wasm_bindgen(constructor, js_class = "IntersectionObserver", catch)]
    pub(crate) fn new(told: &JsValue) -> Result<Observer, JsValue>;

    #[wasm_bindgen(method)]
    pub(crate) fn observe(this: &Observer, element: &Element);

    #[wasm_bindgen(method)]
    pub(crate) fn unobserve(this: &Observer, element: &Element);

    /// What an observer tells of one element.
    pub(crate) type Sight;

    #[wasm_bindgen(method, getter, js_name = isIntersecting)]
    pub(crate) fn is_intersecting(this: &Sight) -> bool;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn target(this: &Sight) -> Element;

    /// `Notification`.
    pub(crate) type Notification;

    #[wasm_bindgen(constructor, js_class = "Notification", catch)]
    pub(crate) fn ring(title: &str, options: &JsValue) -> Result<Notification, JsValue>;

    #[wasm_bindgen(static_method_of = Notification, getter)]
    pub(crate) fn permission() -> String;

    #[wasm_bindgen(static_method_of = Notification, js_name = requestPermission, catch)]
    pub(crate) fn request_permission() -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onclick(this: &Notification, clicked: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Notification);

    /// `FormData`: what is in a form.
    pub(crate) type Fields;

    #[wasm_bindgen(constructor, js_class = "FormData")]
    pub(crate) fn new(form: &Element) -> Fields;

    /// `URLSearchParams`: the same as one line.
    pub(crate) type Query;

    #[wasm_bindgen(constructor, js_class = "URLSearchParams")]
    pub(crate) fn new(fields: &Fields) -> Query;

    #[wasm_bindgen(method, js_name = toString)]
    pub(crate) fn text(this: &Query) -> String;

    /// Anything with elements in it.
    pub(crate) type Root;

    #[wasm_bindgen(method, js_name = querySelectorAll, catch)]
    pub(crate) fn all(this: &Root, selector: &str) -> Result<JsValue, JsValue>;
}

/// Whether a key belongs to a field or to the browser.
pub(crate) fn typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let field =
        target.is_some_and(|t| t.closest("input, textarea, select, [contenteditable]").ok().flatten().is_some());
    field || event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() || event.repeat()
}

/// Presses it.
pub(crate) fn click(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().map(HtmlElement::click).is_some()
}

/// Every element of that kind within another.
pub(crate) fn all(root: &Element, selector: &str) -> Vec<Element> {
    // Fails only for a selector that is not one.
    let Ok(found) = root.unchecked_ref::<Root>().all(selector) else { return Vec::new() };
    js_sys::Array::from(&found).iter().filter_map(|node| node.dyn_into().ok()).collect()
}
