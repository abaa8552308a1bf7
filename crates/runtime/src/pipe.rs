//! The bounded buffer between two stages of a pipeline.

use crate::agent::Source;
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use terrarium_core::flux::DropPolicy;
use tokio::sync::Notify;

/// A buffer of `capacity` values; `policy` says what happens when it is full.
pub(crate) fn pipe(capacity: usize, policy: DropPolicy) -> (Outlet, Inlet) {
    let pipe = Arc::new(Pipe {
        capacity,
        policy,
        buffer: Mutex::default(),
        filled: Notify::new(),
        emptied: Notify::new(),
        dropped: AtomicU64::new(0),
    });
    (Outlet(pipe.clone()), Inlet(pipe))
}

#[derive(Debug)]
struct Pipe {
    capacity: usize,
    policy: DropPolicy,
    buffer: Mutex<Buffer>,
    filled: Notify,
    emptied: Notify,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Buffer {
    values: VecDeque<Value>,
    ended: bool,
}

impl Pipe {
    /// The next value; `None` when the earlier stage has ended and all are read.
    async fn next(&self) -> Option<Value> {
        loop {
            let filled = self.filled.notified();
            let (value, ended) = {
                let mut buffer = self.lock();
                (buffer.values.pop_front(), buffer.ended)
            };
            if value.is_some() {
                self.emptied.notify_one();
            }
            if value.is_some() || ended {
                return value;
            }
            filled.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that the earlier stage writes to. Dropping it ends the stream.
#[derive(Debug)]
pub(crate) struct Outlet(Arc<Pipe>);

impl Outlet {
    /// Hands a value on. Waits where the policy is to block and there is no room.
    pub(crate) async fn send(&self, mut value: Value) {
        loop {
            let emptied = self.0.emptied.notified();
            match self.offer(value) {
                None => return,
                Some(back) => value = back,
            }
            emptied.await;
        }
    }

    /// Hands a value on, or back where it has to wait.
    fn offer(&self, value: Value) -> Option<Value> {
        let mut buffer = self.0.lock();
        if buffer.values.len() >= self.0.capacity {
            match self.0.policy {
                DropPolicy::Block => return Some(value),
                DropPolicy::DropNewest => {
                    self.0.dropped.fetch_add(1, Relaxed);
                    return None;
                }
                DropPolicy::DropOldest => {
                    buffer.values.pop_front();
                    self.0.dropped.fetch_add(1, Relaxed);
                }
            }
        }
        buffer.values.push_back(value);
        drop(buffer);
        self.0.filled.notify_one();
        None
    }

    /// How many wait, and how many may.
    pub(crate) fn gauge(&self) -> PipeGauge {
        PipeGauge(self.0.clone())
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.filled.notify_one();
    }
}

/// Reads how full a pipe is.
#[derive(Debug)]
pub(crate) struct PipeGauge(Arc<Pipe>);

impl PipeGauge {
    /// How many wait, and how many may.
    pub(crate) fn fill(&self) -> (usize, usize) {
        (self.0.lock().values.len(), self.0.capacity)
    }

    /// How many were given up because there was no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Relaxed)
    }
}

/// The end that the later stage reads from. A stage that is made anew reads on where the last one stopped.
#[derive(Debug, Clone)]
pub(crate) struct Inlet(Arc<Pipe>);

impl Inlet {
    /// The values, until the earlier stage has ended and all are read.
    pub(crate) fn source(&self) -> Source<Value> {
        Box::pin(futures::stream::unfold(self.0.clone(), |pipe| async move {
            let next = pipe.next().await;
            next.map(|value| (Ok(value), pipe))
        }))
    }
}
