//! The only place that spawns. Every task has a name and says what its death means.

use futures::FutureExt;
use std::{
    any::Any,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a panic of the task means. Tasks have no other way to fail: what can go wrong is handled inside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPanic {
    /// Log it; nobody else is concerned. Sockets, agents.
    Log,
    /// Log it and stop the gateway: nothing works without this task.
    Stop,
}

/// The tasks of a gateway. A cheap handle; clones are the same set.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Spawns a task. It should end soon after [`Tasks::stopping`] is cancelled.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn spawn(&self, name: &'static str, on_panic: OnPanic, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let task = async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                tracing::error!(task = name, panic = panic_text(panic.as_ref()), "a task panicked");
                if on_panic == OnPanic::Stop {
                    stop.cancel();
                }
            }
        };
        tokio::spawn(self.tracker.track_future(task));
    }

    /// Cancelled when the gateway is to stop.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops, and waits for the tasks to end.
    ///
    /// # Errors
    /// [`StillRunning`] where some have not ended within `grace`.
    pub async fn shutdown(&self, grace: Duration) -> Result<(), StillRunning> {
        self.stop.cancel();
        self.tracker.close();
        let ended = tokio::time::timeout(grace, self.tracker.wait()).await;
        ended.map_err(|_| StillRunning { tasks: self.tracker.len() })
    }
}

/// Tasks that did not end in time.
#[derive(Debug, thiserror::Error)]
#[error("{tasks} tasks were still running when the grace period ended")]
pub struct StillRunning {
    /// How many.
    pub tasks: usize,
}

/// A future that may block the thread it is polled on: another one takes over that thread's other tasks meanwhile. Where
/// there is only one thread, as in most tests, it blocks that one.
pub(crate) struct OffThread<F>(pub(crate) F);

impl<F: Future + Unpin> Future for OffThread<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let inner = Pin::new(&mut self.0);
        match Handle::try_current().map(|h| h.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| inner.poll(cx)),
            _ => inner.poll(cx),
        }
    }
}

/// What a panic said, where it said something in words.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}
