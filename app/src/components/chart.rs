//! One gauge over the last 15 minutes, with axes and a read-out under the pointer or the arrow keys. The server draws
//! SVG; once the page is mounted, a canvas of the same drawing takes its place and follows the data.

use crate::{
    api,
    charts::{self, ChartData, Ink},
    components::{
        agent_card::Agent,
        gauge::{Why, spoken},
    },
    live::Live,
    signal::{Memo, NodeRef, RwSignal, effect},
    whole::{IntoWhole as _, Whole, text},
    words::{self, Gauge},
};
use leptos::{ev, html::Canvas, prelude::*};
use markup::view;
use plotters::{prelude::IntoDrawingArea, style::RGBColor};
use plotters_canvas::CanvasBackend;
use std::sync::Arc;
use terrarium_core::view::AgentView;
use web_sys::HtmlCanvasElement;
use wire::{AgentId, Timestamp};

/// The chart of one gauge.
#[component]
pub(crate) fn Chart(id: AgentId, agent: Agent, gauge: Gauge) -> Whole {
    let live = expect_context::<Live>();
    let canvas = NodeRef::<Canvas>::new();
    let at_first = live.now.get_untracked();
    let data = Memo::new(move |before: Option<&ChartData>| {
        let beat = agent.seen().beat.map(Timestamp::as_millis);
        match before {
            Some(before) if beat.is_none_or(|beat| beat == before.end) => before.clone(),
            _ => {
                let of = |a: &AgentView| ChartData::of(a, gauge, at_first);
                let none = || ChartData { gauge, end: at_first.as_millis(), points: Arc::default() };
                untrack(|| live.agent(&id, of)).unwrap_or_else(none)
            }
        }
    });
    let drawing = api::drawn(&data.read_untracked());
    let picked = RwSignal::new(None::<usize>);

    effect(move || {
        let Some(canvas) = canvas.get() else { return };
        let mark = *picked.read();
        paint(&canvas, &data.read(), mark);
    });
    let point = move |e: ev::PointerEvent| {
        let Some(canvas) = canvas.get_untracked() else { return };
        let width = f64::from(canvas.client_width());
        let part = (f64::from(e.offset_x()) - charts::LEFT) / (width - charts::LEFT - charts::RIGHT).max(1.0);
        picked.set(nearest(&data.read_untracked(), part));
    };
    let walk = move |e: ev::KeyboardEvent| {
        let step = match e.key().as_str() {
            "ArrowLeft" => -1_isize,
            "ArrowRight" => 1,
            "Escape" => return picked.set(None),
            _ => return,
        };
        e.prevent_default();
        let last = data.read_untracked().points.len().saturating_sub(1);
        picked.update(|at| *at = Some(at.map_or(last, |at| at.saturating_add_signed(step).min(last))));
    };
    let read_out = move || {
        let found = (*picked.read()).and_then(|at| data.read().points.get(at).copied());
        found.map_or_else(
            || gauge.text(gauge.of(&agent.gauges())),
            |(ms, value)| {
                let time = words::clock(Timestamp::from_millis(ms), *live.offset.read());
                format!("{time} · {}", gauge.text(value))
            },
        )
    };
    let words = move || spoken(gauge, gauge.of(&agent.gauges()), data.read().extent());
    view! {
        <figure class=format!("chart chart-{}", gauge.key())>
            <figcaption>
                <h3>{gauge.name()} <Why gauge /></h3>
                <span class="read-out num">{text(read_out)}</span>
                <span class="sr">{text(words)}</span>
            </figcaption>
            <div
                class="chart-box"
                tabindex="0"
                role="img"
                aria-label=format!("{} over the last 15 minutes. Arrow keys move the read-out.", gauge.name())
                on:keydown=walk
                on:blur=move |_| picked.set(None)
            >
                <div class="chart-svg" inner_html=drawing></div>
                <canvas
                    node_ref=canvas
                    data-chart=gauge.key()
                    aria-hidden="true"
                    on:pointermove=point
                    on:pointerleave=move |_| picked.set(None)
                ></canvas>
                <p class="chart-none">
                    {text(move || if data.read().points.is_empty() { "no readings yet" } else { "" })}
                </p>
            </div>
        </figure>
    }
    .whole()
}

/// The point nearest to a part of the width, 0 at the left of the plot and 1 at its right.
fn nearest(data: &ChartData, part: f64) -> Option<usize> {
    let ms = data.end - ((1.0 - part.clamp(0.0, 1.0)) * data.window_ms() as f64) as i64;
    let by_distance = |(_, p): &(usize, &(i64, Option<f64>))| (p.0 - ms).abs();
    data.points.iter().enumerate().min_by_key(by_distance).map(|(at, _)| at)
}

fn paint(canvas: &HtmlCanvasElement, data: &ChartData, mark: Option<usize>) {
    let scale = window().device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = (f64::from(canvas.client_width()) * scale, f64::from(canvas.client_height()) * scale);
    if width < 100.0 || height < 50.0 {
        return;
    }
    // Setting the size also wipes the canvas.
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let ink = Ink { line: colour(canvas, "--line"), text: colour(canvas, "--muted") };
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    // A canvas that cannot be drawn on leaves the reading in the caption, which says the same.
    let _ = charts::draw(&backend.into_drawing_area(), data, ink, scale, mark);
}

/// A custom property of the style, written `#rrggbb`.
fn colour(canvas: &HtmlCanvasElement, name: &str) -> RGBColor {
    let style = window().get_computed_style(canvas).ok().flatten();
    let text = style.and_then(|s| s.get_property_value(name).ok()).unwrap_or_default();
    let hex = text.trim().strip_prefix('#').unwrap_or_default();
    let bits = u32::from_str_radix(hex, 16).unwrap_or(0x00c6_863c).to_be_bytes();
    RGBColor(bits[1], bits[2], bits[3])
}
