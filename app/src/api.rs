//! Where the server's half and the browser's half of the page differ. The only file that asks which half it is in.

use crate::{charts::ChartData, first};
use leptos::prelude::*;
use terrarium_core::view::Garden;
use wire::Timestamp;

/// What the page starts from: the same on the server and, carried over inside the HTML, in the browser's first render.
pub(crate) fn first() -> (Garden, Timestamp) {
    let packed = SharedValue::new(|| use_context::<first::FirstState>().map(first::pack).unwrap_or_default());
    first::unpack(packed.into_inner())
}

/// The chart as SVG, for the first HTML. The browser leaves the server's drawing alone and later lays a canvas over it,
/// so it never needs its own.
pub(crate) fn drawn(data: &ChartData) -> String {
    if cfg!(feature = "ssr") { crate::charts::svg(data) } else { String::new() }
}
