//! One agent's log, and the cursors over it.

use crate::{
    Delivery, Frame,
    bell::Bell,
    garden::GardenLog,
    ring::{At, Ring},
};
use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};
use wire::{AgentId, CloseCode, Epoch, Event, Gap, Position, Seq, Timestamp};

/// The mirror of one agent: a broadcast log with bounded replay.
#[doc(alias = "Mirror")]
#[derive(Debug)]
pub struct HolographicBuffer {
    id: AgentId,
    epoch: Epoch,
    /// The only lock of a log. Held for a push or a read of a few frames; nothing in it waits.
    log: Mutex<Log>,
    bell: Arc<Bell>,
    garden: Arc<GardenLog>,
    observers: AtomicUsize,
}

#[derive(Debug)]
struct Log {
    ring: Ring,
    last_ts: Timestamp,
}

/// How to attach.
#[derive(Debug, Clone, Default)]
pub struct Attach {
    /// Events of history, where no position is given. As many as the ring keeps at most.
    pub history: usize,
    /// Resume right after this position.
    pub since: Option<Position>,
}

/// Where history ends and live begins. What follows is one ascending sequence across it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The life of the log.
    pub epoch: Epoch,
    /// The newest event at the cut.
    pub head: Seq,
    /// Whether everything since the position asked for follows; `None` where none was asked for.
    pub recovered: Option<bool>,
}

impl HolographicBuffer {
    pub(crate) fn new(id: AgentId, epoch: Epoch, garden: Arc<GardenLog>) -> Arc<Self> {
        let bell = garden.new_bell();
        let log = Mutex::new(Log { ring: Ring::new(), last_ts: Timestamp::default() });
        Arc::new(Self { id, epoch, log, bell, garden, observers: AtomicUsize::new(0) })
    }

    /// Says an event: numbers it, encodes it once, keeps it, rings the bells. Costs the same for any number of observers
    /// and never waits for one. After the log was closed nothing is kept, and the last number is returned again.
    pub fn reflect(&self, event: Event) -> Seq {
        let began = Instant::now();
        let seq = {
            let mut log = self.lock();
            if log.ring.is_closed() {
                return Seq(log.ring.head());
            }
            let seq = Seq(log.ring.head()).next();
            // A wall clock may step back; a log may not.
            let ts = self.garden.now().max(log.last_ts);
            log.last_ts = ts;
            let frame = Frame::encode(&self.id, &self.epoch, seq, ts, event);
            log.ring.push(frame.clone());
            // Still under the agent's lock, so that the garden holds each agent's events in their order.
            self.garden.push(frame);
            seq
        };
        self.bell.ring();
        self.garden.ring();
        self.garden.stats().reflected(began.elapsed());
        seq
    }

    /// Attaches an observer. History and subscription come from one lock: the observer sees each number once.
    pub fn observe(self: &Arc<Self>, attach: &Attach) -> (Cut, Observer) {
        let log = self.lock();
        let (next, recovered) = place(&log.ring, &self.epoch, attach);
        let cut = Cut { epoch: self.epoch.clone(), head: Seq(log.ring.head()), recovered };
        drop(log);
        self.observers.fetch_add(1, Relaxed);
        self.garden.stats().attached();
        (cut, Observer { buffer: self.clone(), next })
    }

    /// Ends the log: observers get what is left and then this code.
    pub fn close(&self, code: CloseCode) {
        self.lock().ring.close(code);
        self.bell.ring();
    }

    /// Whose log this is.
    #[must_use]
    pub fn id(&self) -> &AgentId {
        &self.id
    }

    /// Which life of the log.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The newest event.
    #[must_use]
    pub fn head(&self) -> Seq {
        Seq(self.lock().ring.head())
    }

    /// Observers of this agent alone, those of the whole garden not counted.
    #[must_use]
    pub fn observers(&self) -> usize {
        self.observers.load(Relaxed)
    }

    /// Everybody who may see this agent now: its own observers and those of the garden.
    #[must_use]
    pub fn watchers(&self) -> u64 {
        self.observers() as u64 + self.garden.stats().garden_observers()
    }

    /// The newest `n` events, oldest first, and the head at the same moment.
    #[must_use]
    pub fn recent(&self, n: usize) -> (Seq, Vec<Frame>) {
        let log = self.lock();
        (Seq(log.ring.head()), log.ring.newest(n).cloned().collect())
    }

    /// Where a garden observer begins in this log: `(next, head, recovered)`.
    pub(crate) fn cut(&self, since: Option<&Position>) -> (u64, u64, Option<bool>) {
        let log = self.lock();
        let (next, recovered) = place(&log.ring, &self.epoch, &Attach { history: 0, since: since.cloned() });
        (next, log.ring.head(), recovered)
    }

    /// Up to `max` frames from `position` to `to`, or the gap that stands there.
    pub(crate) fn read(&self, position: u64, to: u64, max: usize, visit: impl FnMut(&Frame)) -> At {
        let room = usize::try_from((to + 1).saturating_sub(position)).unwrap_or(usize::MAX);
        self.lock().ring.read(position, max.min(room), visit)
    }

    pub(crate) fn gap(&self, from: u64, first_kept: u64) -> Gap {
        self.garden.stats().gap();
        Gap { agent_id: self.id.clone(), missed: first_kept - from, from_seq: Seq(from), to_seq: Seq(first_kept - 1) }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first position an observer gets, and whether that recovers what it asked for.
fn place(ring: &Ring, epoch: &Epoch, attach: &Attach) -> (u64, Option<bool>) {
    let head = ring.head();
    match &attach.since {
        Some(since) if since.epoch == *epoch && since.seq.0 <= head => {
            let next = since.seq.0 + 1;
            (next, Some(next >= ring.first()))
        }
        Some(_) => (ring.first(), Some(false)),
        None => {
            let history = u64::try_from(attach.history).unwrap_or(u64::MAX);
            ((head + 1).saturating_sub(history).max(ring.first()), None)
        }
    }
}

/// A cursor over one agent's log. Costs a few words, whatever it has still to read.
#[derive(Debug)]
pub struct Observer {
    buffer: Arc<HolographicBuffer>,
    next: u64,
}

impl Observer {
    /// What comes next, at most `max` events at once. Waits where there is nothing. Cancel-safe: nothing is taken until
    /// the value is returned.
    pub async fn next(&mut self, max: usize) -> Delivery {
        let buffer = self.buffer.clone();
        loop {
            let mut rung = pin!(buffer.bell.listen());
            rung.as_mut().enable();
            if let Some(delivery) = self.try_next(max) {
                return delivery;
            }
            rung.await;
        }
    }

    /// What comes next, if anything does yet.
    pub fn try_next(&mut self, max: usize) -> Option<Delivery> {
        let mut frames = Vec::new();
        match self.buffer.read(self.next, u64::MAX - 1, max.max(1), |f| frames.push(f.payload())) {
            At::Frames(next) => {
                self.next = next;
                Some(Delivery::Frames(frames))
            }
            At::Lost(first) => {
                let gap = self.buffer.gap(self.next, first);
                self.next = first;
                Some(Delivery::Gap(gap))
            }
            At::Closed(code) => Some(Delivery::Closed(code)),
            At::Nothing => None,
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.buffer.observers.fetch_sub(1, Relaxed);
        self.buffer.garden.stats().detached();
    }
}
