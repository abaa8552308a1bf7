//! Waking observers away from the agent's task.
//!
//! Waking N waiting observers costs N. An agent that reflects must not pay that, so it only marks its bell as rung (one
//! atomic swap; one push and one wake-up if it was not rung already), and the gateway's one [`Pump`] task wakes them.
//! Bells rung again before the pump turns are rung once: under load turns grow and wake-ups per event shrink.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, futures::Notified};

/// Rings the bells. One per gateway; [`Pump::run`] is its task.
#[derive(Debug, Default)]
pub struct Pump {
    /// Bells rung since the last turn, each at most once, so never longer than there are rings.
    rung: Mutex<Vec<Arc<Bell>>>,
    wake: Notify,
}

impl Pump {
    /// Wakes the observers of rung bells, for ever. Dropping the future loses nothing: run it again.
    pub async fn run(&self) {
        loop {
            self.wake.notified().await;
            self.turn();
        }
    }

    /// Wakes the observers of the bells rung until now.
    pub fn turn(&self) {
        let rung = std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner));
        for bell in rung {
            // Cleared before waking: an event pushed after this rings again, one pushed before is seen by those woken.
            bell.is_rung.store(false, Ordering::Release);
            bell.observers.notify_waiters();
        }
    }
}

/// One per ring.
#[derive(Debug)]
pub(crate) struct Bell {
    pump: Arc<Pump>,
    is_rung: AtomicBool,
    observers: Notify,
}

impl Bell {
    pub(crate) fn new(pump: &Arc<Pump>) -> Arc<Self> {
        Arc::new(Self { pump: pump.clone(), is_rung: AtomicBool::new(false), observers: Notify::new() })
    }

    /// Says that there is something new. O(1) whatever the number of observers.
    pub(crate) fn ring(self: &Arc<Self>) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            self.pump.rung.lock().unwrap_or_else(PoisonError::into_inner).push(self.clone());
            self.pump.wake.notify_one();
        }
    }

    /// A future that completes at the next ring. Enable it *before* looking at the ring, or a ring in between is missed.
    pub(crate) fn listen(&self) -> Notified<'_> {
        self.observers.notified()
    }
}
