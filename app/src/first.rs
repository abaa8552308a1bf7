//! The first state of a page, and its compact form inside the HTML. A gauge history is packed as whole thousandths, and
//! thinned to what a sparkline shows when many agents bring one. Both halves of the page read the packed form, so what
//! the browser renders first is what the server rendered.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrarium_core::view::{Garden, SeriesView};
use wire::{AgentId, Flow, Gauges, MetricPoint, QueuePressure, Temperature, Timestamp};

/// What the server knows when it renders a page: the garden, and the moment. Provided as context by the server.
#[derive(Debug, Clone)]
pub struct FirstState(pub Garden, pub Timestamp);

/// Milliseconds that a thinned point stands for: one slot of a sparkline.
pub(crate) const SLOT_MS: i64 = 10_000;

/// [`FirstState`] as it travels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Packed {
    garden: Garden,
    now: Timestamp,
    series: BTreeMap<AgentId, Vec<Row>>,
}

/// Milliseconds since the row before (the first: since 1970), then the gauges in thousandths.
type Row = (i64, Option<i64>, Option<i64>, Option<i64>);

/// Packs what the server provided.
pub(crate) fn pack(FirstState(mut garden, now): FirstState) -> Packed {
    let with_history = garden.agents.values().filter(|a| a.series.0.last().is_some()).count();
    let mut series = BTreeMap::new();
    for (id, agent) in &mut garden.agents {
        let taken = std::mem::take(&mut agent.series);
        let points: Vec<MetricPoint> = taken.0.fine(Timestamp::from_millis(0)).copied().collect();
        if points.is_empty() {
            continue;
        }
        let points = if with_history > 1 { thin(&points) } else { points };
        series.insert(id.clone(), rows(&points));
    }
    Packed { garden, now, series }
}

/// What both halves of the page start from.
pub(crate) fn unpack(packed: Packed) -> (Garden, Timestamp) {
    let mut garden = packed.garden;
    for (id, rows) in packed.series {
        let Some(agent) = garden.agents.get_mut(&id) else { continue };
        let mut series = SeriesView::default();
        let mut at = 0;
        let value = |v: Option<i64>| v.map_or(f64::NAN, |v| v as f64 / 1000.0);
        for (step, pressure, flow, temperature) in rows {
            at += step;
            series.0.push(Timestamp::from_millis(at), Gauges::new(value(pressure), value(flow), value(temperature)));
        }
        agent.series = series;
    }
    (garden, packed.now)
}

fn rows(points: &[MetricPoint]) -> Vec<Row> {
    let whole = |v: Option<f64>| v.map(|v| (v * 1000.0).round() as i64);
    let mut before = 0;
    let row = |p: &MetricPoint| {
        let step = p.ts.as_millis() - std::mem::replace(&mut before, p.ts.as_millis());
        let g = p.mean;
        let temperature = g.temperature.map(Temperature::get);
        (step, whole(g.pressure.map(QueuePressure::get)), whole(g.flow.map(Flow::get)), whole(temperature))
    };
    points.iter().map(row).collect()
}

/// One point per slot: the mean of its readings, at the last of their moments.
fn thin(points: &[MetricPoint]) -> Vec<MetricPoint> {
    let slots = points.chunk_by(|a, b| a.ts.as_millis().div_euclid(SLOT_MS) == b.ts.as_millis().div_euclid(SLOT_MS));
    slots.filter_map(|slot| Some(MetricPoint { ts: slot.last()?.ts, mean: mean(slot), min: None, max: None })).collect()
}

fn mean(points: &[MetricPoint]) -> Gauges {
    let of = |pick: fn(&Gauges) -> Option<f64>| {
        let values: Vec<f64> = points.iter().filter_map(|p| pick(&p.mean)).collect();
        if values.is_empty() { f64::NAN } else { values.iter().sum::<f64>() / values.len() as f64 }
    };
    Gauges::new(
        of(|g| g.pressure.map(QueuePressure::get)),
        of(|g| g.flow.map(Flow::get)),
        of(|g| g.temperature.map(Temperature::get)),
    )
}
