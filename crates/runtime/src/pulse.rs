//! The sampler: reads every agent's gauges once a second, reflects them, and has its policy look at its fever. One task
//! for all agents; another one writes what it read to the store.

use crate::{
    clock,
    registry::Registry,
    reins,
    store::{Sampled, Store},
    tasks::panic_text,
    vitals::Vitals,
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// Time between two samples.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);
/// Samples per agent that are written to the store at once. The last ones are written when the gateway stops.
const BATCH: u32 = 15;
/// Batches that may wait for the store. A further one is given up, with a word in the log: gauges go on, their history has
/// a hole.
const QUEUE: usize = 4;

/// Where samples go to be kept.
pub(crate) type Keep = mpsc::Sender<Vec<Sampled>>;

/// The queue between the sampler and [`keep`].
pub(crate) fn queue() -> (Keep, mpsc::Receiver<Vec<Sampled>>) {
    mpsc::channel(QUEUE)
}

/// Samples until told to stop. Ticks are counted from the start, so work does not make them drift; ticks missed while the
/// machine slept are skipped, and leave holes.
pub(crate) async fn run(registry: Registry, keep: Option<Keep>, stop: CancellationToken) {
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut waiting = Vec::new();
    let mut ticks = 0_u32;
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        ticks = ticks.wrapping_add(1);
        for agent in registry.list() {
            if let Some((fine, coarse)) = sample(agent.vitals())
                && keep.is_some()
            {
                waiting.push(Sampled { agent: agent.id().clone(), fine, coarse });
            }
            reins::look(&registry, &agent);
        }
        if ticks.is_multiple_of(BATCH) {
            hand_over(keep.as_ref(), &mut waiting);
        }
    }
    hand_over(keep.as_ref(), &mut waiting);
}

fn hand_over(keep: Option<&Keep>, waiting: &mut Vec<Sampled>) {
    if let Some(keep) = keep
        && !waiting.is_empty()
        && keep.try_send(std::mem::take(waiting)).is_err()
    {
        tracing::warn!("the store is too slow for the gauges; their history has a hole");
    }
}

/// Writes batches until the sampler has ended and all are written.
pub(crate) async fn keep(store: Store, mut batches: mpsc::Receiver<Vec<Sampled>>) {
    while let Some(batch) = batches.recv().await {
        let store = store.clone();
        let written = tokio::task::spawn_blocking(move || store.keep(&batch, clock::wall())).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "gauge history was not written"),
            Err(error) => tracing::warn!(%error, "gauge history was not written"),
        }
    }
}

/// One agent's sample. A panic in it is that agent's trouble alone.
fn sample(vitals: &Arc<Vitals>) -> Option<(wire::MetricPoint, Option<wire::MetricPoint>)> {
    std::panic::catch_unwind(AssertUnwindSafe(|| vitals.sample())).unwrap_or_else(|panic| {
        vitals.sample_failed(panic_text(panic.as_ref()));
        None
    })
}
