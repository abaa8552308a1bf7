//! The garden's metabolism. The gateway writes its HTML; here its newer parts are put in place.

use crate::{
    api,
    browser::all,
    live::Live,
    post,
    signal::effect,
    whole::{IntoWhole as _, Whole},
};
use leptos::prelude::*;
use markup::view;
use wire::route;

/// `/void`.
#[component]
pub(crate) fn VoidPage() -> Whole {
    let live = expect_context::<Live>();
    effect(move || {
        live.now.track();
        if !document().hidden() {
            refresh();
        }
    });
    view! { <main id="main" class="void" inner_html=api::fragment()></main> }.whole()
}

/// Puts in place what has changed. Does nothing on other pages.
pub(crate) fn refresh() {
    post::get(route::VOID_PARTS, move |reply| {
        let (Some(html), Ok(Some(main))) = (reply.body.as_str(), document().query_selector("main.void")) else {
            return;
        };
        let Ok(new) = document().create_element("div") else { return };
        new.set_inner_html(html);
        if main.first_element_child().is_none() {
            return main.set_inner_html(html);
        }
        for new in all(&new, "[data-live]") {
            let Some(old) = document().get_element_by_id(&new.id()) else { continue };
            // What changes by its style keeps its element, so that it moves there.
            for name in ["style", "data-fever"] {
                if let Some(value) = new.get_attribute(name) {
                    let _ = old.set_attribute(name, &value);
                }
            }
            let html = new.inner_html();
            if old.inner_html() != html {
                old.set_inner_html(&html);
            }
        }
    });
}
