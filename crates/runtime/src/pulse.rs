//! The sampler: reads every agent's gauges once a second and reflects them. One task for all agents.

use crate::{registry::Registry, tasks::panic_text, vitals::Vitals};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use wire::{AgentId, MetricPoint};

/// Time between two samples.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);

/// Samples until it is dropped. Ticks are counted from the start, so work does not make them drift; ticks missed while the
/// machine slept are skipped, and leave holes.
pub(crate) async fn run(registry: Registry, keep: impl Fn(Vec<(AgentId, MetricPoint)>) + Send) {
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let agents = registry.list();
        let closed = agents.iter().filter_map(|a| sample(a.vitals()).map(|p| (a.id().clone(), p))).collect::<Vec<_>>();
        if !closed.is_empty() {
            keep(closed);
        }
    }
}

/// One agent's sample. A panic in it is that agent's trouble alone.
fn sample(vitals: &Arc<Vitals>) -> Option<MetricPoint> {
    std::panic::catch_unwind(AssertUnwindSafe(|| vitals.sample())).unwrap_or_else(|panic| {
        vitals.sample_failed(panic_text(panic.as_ref()));
        None
    })
}
