//! How busy an agent is, as a texture. Characters from the server, a canvas in the browser; the same cells in both.
//! Browser side: one animation loop for all fields, at most 20 frames a second, only for what is in view.

use crate::signal::{NodeRef, effect};
use crate::{
    burst,
    components::agent_card::Agent,
    live::Live,
    whole::{IntoWhole as _, Whole},
};
use leptos::{html::Canvas, prelude::*};
use markup::view;
use std::{
    cell::{Cell as Shared, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use terrarium_core::field::{self, Cell, Look, MATERIALISE_MS, SHADES, heartbeat_ms};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use wire::AgentId;

/// Milliseconds between two frames.
const FRAME_MS: f64 = 50.0;
/// Milliseconds after which a field asks the style for its colour again.
const COLOUR_MS: f64 = 1_000.0;
/// Share of cells that glitch while an agent runs hot.
const GLITCH: f64 = 0.12;
/// How strong a shade is drawn, empty to full.
const STRENGTH: [f64; 5] = [0.06, 0.2, 0.42, 0.68, 0.95];

/// What a field shows of an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FieldLook {
    pub(crate) activity: f64,
    pub(crate) fever: bool,
    /// Its newest event: what the glitches are drawn from.
    pub(crate) seed: u64,
    pub(crate) ended: bool,
}

/// A field of `cols` × `rows` cells.
#[component]
pub(crate) fn DensityField(id: AgentId, cols: u32, rows: u32, agent: Agent) -> Whole {
    let live = expect_context::<Live>();
    let canvas = NodeRef::<Canvas>::new();
    let text = agent.look().map(|look| characters(&look, cols, rows));
    let alive = Arc::new(AtomicBool::new(true));
    let ends = Arc::clone(&alive);
    on_cleanup(move || ends.store(false, Ordering::Relaxed));
    effect(move || {
        let Some(canvas) = canvas.get() else { return };
        let (id, alive) = (id.clone(), Arc::clone(&alive));
        watch(Painter {
            live,
            id,
            canvas,
            cols,
            rows,
            agent,
            alive,
            drawn: Shared::new(None),
            colour: Default::default(),
        });
    });
    view! {
        <div class="field" aria-hidden="true">
            <pre class="field-text">{text}</pre>
            <canvas node_ref=canvas class="field-canvas"></canvas>
        </div>
    }
    .whole()
}

fn characters(look: &FieldLook, cols: u32, rows: u32) -> String {
    let presence = if look.ended { 0.0 } else { 1.0 };
    let still = Look { activity: look.activity, presence, glitch: 0.0, seed: 0, drift: 0 };
    let shade = |x, y| match field::cell(&still, x, y, cols, rows) {
        Cell::Shade(s) => SHADES.get(usize::from(s)).copied().unwrap_or(' '),
        Cell::Glitch(_) => ' ',
    };
    let row = |y| (0..cols).map(|x| shade(x, y)).collect::<String>();
    (0..rows).map(row).collect::<Vec<_>>().join("\n")
}

/// Everything one frame depends on, coarse enough that a still field is drawn once.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    size: (u32, u32),
    look: (u32, u32),
    /// Share of cells in thousandths, and what they are drawn from.
    glitch: (u32, u64),
    drift: u32,
    blend: u32,
}

struct Painter {
    live: Live,
    id: AgentId,
    canvas: HtmlCanvasElement,
    cols: u32,
    rows: u32,
    agent: Agent,
    alive: Arc<AtomicBool>,
    drawn: Shared<Option<Frame>>,
    colour: RefCell<(f64, String)>,
}

thread_local! {
    static FIELDS: RefCell<Vec<Rc<Painter>>> = const { RefCell::new(Vec::new()) };
    static RUNNING: Shared<bool> = const { Shared::new(false) };
    static LAST: Shared<f64> = const { Shared::new(0.0) };
}

fn watch(painter: Painter) {
    FIELDS.with_borrow_mut(|fields| fields.push(Rc::new(painter)));
    if !RUNNING.replace(true) {
        request_animation_frame(step);
    }
}

fn step() {
    let now = js_sys::Date::now();
    if now - LAST.get() >= FRAME_MS {
        LAST.set(now);
        let still = window()
            .match_media("(prefers-reduced-motion: reduce)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches());
        let fields = FIELDS.with_borrow_mut(|fields| {
            fields.retain(|f| f.alive.load(Ordering::Relaxed));
            fields.clone()
        });
        for field in &fields {
            field.paint(now, still);
        }
        if fields.is_empty() {
            RUNNING.set(false);
            return;
        }
    }
    request_animation_frame(step);
}

impl Painter {
    fn paint(&self, now: f64, still: bool) {
        let Some(look) = self.agent.look() else { return };
        let place = self.canvas.get_bounding_client_rect();
        let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or(f64::MAX);
        if place.width() < 1.0 || place.bottom() < 0.0 || place.top() > height {
            return;
        }
        let scale = window().device_pixel_ratio().clamp(1.0, 3.0);
        let size = ((place.width() * scale) as u32, (place.height() * scale) as u32);
        let presence = self.presence(now, still, look.ended);
        self.refresh_colour(now);
        let beat = now / heartbeat_ms(look.activity);
        let (drift, part) = if still { (0, 0.0) } else { ((beat % 1_000_000.0) as u32, beat.fract()) };
        let glitch = match burst::of(&self.id, now).filter(|_| !still) {
            Some(burst) => burst,
            // Glitches change with what the agent says, not with time.
            None if look.fever => (GLITCH, look.seed),
            None => (0.0, 0),
        };
        let frame = Frame {
            size,
            look: ((look.activity * 50.0) as u32, (presence * 50.0) as u32),
            glitch: ((glitch.0 * 1000.0) as u32, glitch.1),
            drift,
            blend: (part * 12.0) as u32,
        };
        if self.drawn.replace(Some(frame)) != Some(frame) {
            self.draw(frame, &look, presence, part);
        }
    }

    /// Rises when the agent appeared while the page was open, falls when it went.
    fn presence(&self, now: f64, still: bool, ended: bool) -> f64 {
        let since = |map: StoredValue<std::collections::HashMap<AgentId, f64>>| {
            map.try_with_value(|map| map.get(&self.id).copied()).flatten().map(|then| now - then)
        };
        let part = |ms: f64| if still { 1.0 } else { (ms / f64::from(MATERIALISE_MS)).clamp(0.0, 1.0) };
        let here = since(self.live.born).map_or(1.0, part);
        match since(self.live.gone) {
            Some(ms) => here * (1.0 - part(ms)),
            None if ended => 0.0,
            None => here,
        }
    }

    fn refresh_colour(&self, now: f64) {
        let mut colour = self.colour.borrow_mut();
        if now - colour.0 > COLOUR_MS {
            let style = window().get_computed_style(&self.canvas).ok().flatten();
            let found = style.and_then(|s| s.get_property_value("color").ok()).unwrap_or_default();
            if found != colour.1 {
                self.drawn.set(None);
            }
            *colour = (now, found);
        }
    }

    fn draw(&self, frame: Frame, look: &FieldLook, presence: f64, part: f64) {
        let (width, height) = frame.size;
        if self.canvas.width() != width || self.canvas.height() != height {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        let context = self.canvas.get_context("2d").ok().flatten();
        let Some(pen) = context.and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()) else { return };
        let (w, h) = (f64::from(width) / f64::from(self.cols), f64::from(height) / f64::from(self.rows));
        pen.set_global_alpha(1.0);
        pen.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        pen.set_fill_style_str(&self.colour.borrow().1);
        let glitch = f64::from(frame.glitch.0) / 1000.0;
        let now = Look { activity: look.activity, presence, glitch, seed: frame.glitch.1, drift: frame.drift };
        let next = Look { drift: frame.drift.wrapping_add(1), ..now };
        let strength = |shade: u8| STRENGTH.get(usize::from(shade)).copied().unwrap_or(0.0);
        for y in 0..self.rows {
            for x in 0..self.cols {
                let (left, top) = (f64::from(x) * w, f64::from(y) * h);
                match (field::cell(&now, x, y, self.cols, self.rows), field::cell(&next, x, y, self.cols, self.rows)) {
                    (Cell::Glitch(way), _) | (_, Cell::Glitch(way)) => {
                        pen.set_global_alpha(0.9);
                        let (dx, dy) = (f64::from(way % 2), f64::from(way / 2 % 2));
                        pen.fill_rect(left + dx * w / 2.0, top + dy * h / 2.0, w / 2.0, h / 2.0);
                        pen.fill_rect(left + (1.0 - dx) * w / 2.0, top + (1.0 - dy) * h / 2.0, w / 2.0, h / 2.0);
                    }
                    (Cell::Shade(a), Cell::Shade(b)) => {
                        let alpha = strength(a) * (1.0 - part) + strength(b) * part;
                        pen.set_global_alpha(alpha * (0.2 + 0.8 * presence) * f64::from(u8::from(presence > 0.0)));
                        pen.fill_rect(left, top, (w - 1.0).max(1.0), (h - 1.0).max(1.0));
                    }
                }
            }
        }
    }
}
