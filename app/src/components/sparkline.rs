//! The small line of a gauge: its last 15 minutes. What it shows is said in words beside it.

use crate::{charts, first::SLOT_MS, words::Gauge};
use terrarium_core::{spark, view::AgentView};
use wire::Timestamp;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;

/// The path of one gauge of an agent. A slot without a reading is a hole.
pub(crate) fn path(agent: &AgentView, gauge: Gauge) -> String {
    let series = &agent.series.0;
    let Some(last) = series.last() else { return String::new() };
    let slot = |ts: Timestamp| ts.as_millis().div_euclid(SLOT_MS);
    let end = slot(last.ts) + 1;
    let oldest = Timestamp::from_millis((end - charts::WINDOW_MS / SLOT_MS) * SLOT_MS - 1);
    let age = series.fine(oldest).next().map_or(0, |first| last.ts.as_millis() - first.ts.as_millis());
    let slots = charts::window_ms(age) / SLOT_MS;
    let mut sums = vec![(0.0, 0_u32); slots as usize];
    for point in series.fine(Timestamp::from_millis((end - slots) * SLOT_MS - 1)) {
        let at = usize::try_from(slot(point.ts) - end + slots).ok().and_then(|at| sums.get_mut(at));
        if let (Some((sum, n)), Some(value)) = (at, gauge.of(&point.mean)) {
            *sum += value;
            *n += 1;
        }
    }
    let values: Vec<_> = sums.into_iter().map(|(sum, n)| (n > 0).then(|| sum / f64::from(n))).collect();
    let most = values.iter().flatten().copied().fold(1.0, f64::max);
    spark::path(&values, WIDTH, HEIGHT, Some((0.0, gauge.top().unwrap_or(most))))
}
