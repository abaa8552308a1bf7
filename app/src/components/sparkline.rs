//! The small line of a gauge: its last 15 minutes. What it shows is said in words beside it.

use crate::{first::SLOT_MS, words::Gauge};
use terrarium_core::{spark, view::AgentView};
use wire::Timestamp;

/// Slots of a sparkline: 15 minutes.
const SLOTS: usize = 90;
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;

/// The path of one gauge of an agent. A slot without a reading is a hole.
pub(crate) fn path(agent: &AgentView, gauge: Gauge) -> String {
    let series = &agent.series.0;
    let Some(last) = series.last() else { return String::new() };
    let slot = |ts: Timestamp| ts.as_millis().div_euclid(SLOT_MS);
    let first = slot(last.ts) - SLOTS as i64 + 1;
    let mut sums = [(0.0, 0_u32); SLOTS];
    for point in series.fine(Timestamp::from_millis(first * SLOT_MS - 1)) {
        let at = usize::try_from(slot(point.ts) - first).ok().and_then(|at| sums.get_mut(at));
        if let (Some((sum, n)), Some(value)) = (at, gauge.of(&point.mean)) {
            *sum += value;
            *n += 1;
        }
    }
    let values = sums.map(|(sum, n)| (n > 0).then(|| sum / f64::from(n)));
    let most = values.iter().flatten().copied().fold(1.0, f64::max);
    spark::path(&values, WIDTH, HEIGHT, Some((0.0, gauge.top().unwrap_or(most))))
}
