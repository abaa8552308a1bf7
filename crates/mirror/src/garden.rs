//! All agents in one log, in the order of arrival, and cursors over it.
//!
//! The garden's ring holds the same frames as the agents' rings (the bytes are shared), so an observer of a thousand
//! agents is one cursor. Its history, and what it missed when it fell behind, come from the agents' own rings:
//!
//! 1. read the garden's head `G`; live begins at `G + 1`;
//! 2. read each agent's head `h`; catch up to `h` from that agent's ring;
//! 3. an event pushed between 1 and 2 is in both; the cursor knows the last number it passed of each agent and skips it.

use crate::{
    Delivery, Frame, HolographicBuffer, Stats,
    bell::{Bell, Pump},
    ring::{At, Ring},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use wire::{AgentId, CloseCode, Epoch, EventKind, Position, Seq, Timestamp};

/// The part of the garden that a log writes to.
#[derive(Debug)]
pub(crate) struct GardenLog {
    ring: Mutex<Ring>,
    bell: Arc<Bell>,
    pump: Arc<Pump>,
    stats: Stats,
    clock: fn() -> Timestamp,
}

impl GardenLog {
    pub(crate) fn push(&self, frame: Frame) {
        self.lock().push(frame);
    }

    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn new_bell(&self) -> Arc<Bell> {
        Bell::new(&self.pump)
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mirrors of a gateway. A cheap handle; clones are the same mirror.
#[derive(Debug, Clone)]
pub struct Mirror {
    log: Arc<GardenLog>,
    buffers: Arc<Mutex<BTreeMap<AgentId, Arc<HolographicBuffer>>>>,
}

/// Which part of the garden to observe, and from where.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// Only these agents; `None` is all, those that come later included.
    pub agents: Option<BTreeSet<AgentId>>,
    /// Only these types; `None` is all.
    pub kinds: Option<Vec<EventKind>>,
    /// Events of history in all, the newest of every agent together. Agents named in `since` are not counted.
    pub history: usize,
    /// Per agent, resume right after this position.
    pub since: BTreeMap<AgentId, Position>,
}

/// Where the garden was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GardenCut {
    /// Each agent's log and newest event at the cut.
    pub heads: Vec<(AgentId, Epoch, Seq)>,
    /// Whether everything since every position asked for follows; `None` where none was asked for.
    pub recovered: Option<bool>,
}

impl Mirror {
    /// Mirrors without agents. `clock` stamps events; [`Mirror::pump`] has to be run.
    #[must_use]
    pub fn new(clock: fn() -> Timestamp) -> Self {
        let pump = Arc::new(Pump::default());
        let bell = Bell::new(&pump);
        let log = GardenLog { ring: Mutex::new(Ring::new()), bell, pump, stats: Stats::default(), clock };
        Self { log: Arc::new(log), buffers: Arc::default() }
    }

    /// The task that wakes observers. Without it observers that wait sleep for ever.
    #[must_use]
    pub fn pump(&self) -> Arc<Pump> {
        self.log.pump.clone()
    }

    /// Opens the log of an agent. An older one of the same name is closed.
    #[must_use]
    pub fn open(&self, id: &AgentId, epoch: Epoch) -> Arc<HolographicBuffer> {
        let buffer = HolographicBuffer::new(id.clone(), epoch, self.log.clone());
        if let Some(old) = self.buffers().insert(id.clone(), buffer.clone()) {
            old.close(CloseCode::AgentRemoved);
        }
        buffer
    }

    /// Ends the log of an agent and forgets it.
    pub fn remove(&self, id: &AgentId) {
        if let Some(old) = self.buffers().remove(id) {
            old.close(CloseCode::AgentRemoved);
        }
    }

    /// Ends every log and the garden's own.
    pub fn close(&self, code: CloseCode) {
        self.log.lock().close(code);
        self.log.ring();
        self.buffers().values().for_each(|b| b.close(code));
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        self.log.stats()
    }

    /// Attaches an observer of the garden.
    #[must_use]
    pub fn observe(&self, narrowing: Narrowing) -> (GardenCut, GardenObserver) {
        self.stats().garden_attached();
        let mut observer = GardenObserver {
            mirror: self.clone(),
            narrowing: Narrowing::default(),
            next: 0,
            passed: HashMap::new(),
            history: VecDeque::new(),
            behind: VecDeque::new(),
        };
        let cut = observer.narrow(narrowing);
        (cut, observer)
    }

    fn buffers(&self) -> MutexGuard<'_, BTreeMap<AgentId, Arc<HolographicBuffer>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cursor over the garden.
#[derive(Debug)]
pub struct GardenObserver {
    mirror: Mirror,
    narrowing: Narrowing,
    /// Next position in the garden's ring.
    next: u64,
    /// The last number passed of each agent, sent or narrowed away.
    passed: HashMap<AgentId, (Epoch, u64)>,
    /// History to send first. Bytes are shared with the rings.
    history: VecDeque<Frame>,
    /// Parts of agents' logs to send before live: from the first position to the last.
    behind: VecDeque<(Arc<HolographicBuffer>, u64, u64)>,
}

impl GardenObserver {
    /// Cuts anew, with another narrowing. The stream goes on where it was: what was not sent yet comes first, what was sent
    /// does not come again, whatever `since` says.
    pub fn narrow(&mut self, narrowing: Narrowing) -> GardenCut {
        self.take_back_unsent();
        let first_cut = self.next == 0;
        let before = std::mem::replace(&mut self.narrowing, narrowing);
        let positions = std::mem::take(&mut self.narrowing.since);
        self.next = self.mirror.log.lock().head() + 1;
        let buffers: Vec<_> = self.mirror.buffers().values().cloned().collect();
        let gone = positions.keys().any(|id| !buffers.iter().any(|b| b.id() == id));
        let recovered = (!positions.is_empty()).then_some(!gone);
        let mut cut = GardenCut { heads: Vec::new(), recovered };
        for buffer in &buffers {
            let id = buffer.id();
            let since = positions.get(id);
            let (from, head, recovered) = buffer.cut(since);
            cut.heads.push((id.clone(), buffer.epoch().clone(), Seq(head)));
            // An agent that was not there at the last cut has been passed up to nothing, if it was wanted then.
            let newborn = (!first_cut && before.wants_agent(id)).then_some(0);
            let passed = self.passed_of(id, buffer.epoch()).or(newborn);
            self.passed.insert(id.clone(), (buffer.epoch().clone(), head));
            if !self.narrowing.wants_agent(id) {
                continue;
            }
            if recovered == Some(false) {
                cut.recovered = Some(false);
            }
            match (passed, since) {
                (None, None) => {
                    let (_, recent) = buffer.recent(self.narrowing.history);
                    self.history.extend(recent.into_iter().filter(|f| f.seq.0 <= head));
                }
                (None, Some(_)) => self.behind.push_back((buffer.clone(), from, head)),
                (Some(passed), None) => self.behind.push_back((buffer.clone(), passed + 1, head)),
                (Some(passed), Some(_)) => self.behind.push_back((buffer.clone(), from.max(passed + 1), head)),
            }
        }
        // Stable, and each agent's stamps ascend, so the order within an agent stays.
        self.history.make_contiguous().sort_by_key(|f| f.ts);
        let surplus = self.history.len().saturating_sub(self.narrowing.history);
        self.history.drain(..surplus);
        cut
    }

    /// Corrects `passed` for what a cut counted as passed and was not sent yet.
    fn take_back_unsent(&mut self) {
        let history = self.history.drain(..).map(|f| (f.agent_id.clone(), f.epoch().clone(), f.seq.0));
        let behind = self.behind.drain(..).map(|(b, from, to)| (b.id().clone(), b.epoch().clone(), from.min(to + 1)));
        for (id, epoch, unsent) in history.chain(behind).collect::<Vec<_>>() {
            if let Some((known, passed)) = self.passed.get_mut(&id)
                && *known == epoch
            {
                *passed = (*passed).min(unsent - 1);
            }
        }
    }

    /// What comes next, at most `max` events at once. Waits where there is nothing. Cancel-safe.
    pub async fn next(&mut self, max: usize) -> Delivery {
        let log = self.mirror.log.clone();
        loop {
            let mut rung = pin!(log.bell.listen());
            rung.as_mut().enable();
            if let Some(delivery) = self.try_next(max) {
                return delivery;
            }
            rung.await;
        }
    }

    /// What comes next, if anything does yet.
    pub fn try_next(&mut self, max: usize) -> Option<Delivery> {
        let max = max.max(1);
        if !self.history.is_empty() {
            let n = self.history.len().min(max);
            let frames: Vec<_> = self.history.drain(..n).collect();
            let frames: Vec<_> = frames.iter().filter(|f| self.wants(f)).map(Frame::payload).collect();
            if !frames.is_empty() {
                return Some(Delivery::Frames(frames));
            }
        }
        if let Some(delivery) = self.catch_up(max) {
            return Some(delivery);
        }
        self.live(max)
    }

    fn catch_up(&mut self, max: usize) -> Option<Delivery> {
        while let Some((buffer, from, to)) = self.behind.pop_front() {
            if from > to {
                continue;
            }
            let mut frames = Vec::new();
            match buffer.read(from, to, max, |f| {
                if self.wants(f) {
                    frames.push(f.payload());
                }
            }) {
                At::Frames(next) => {
                    self.behind.push_front((buffer, next, to));
                    if !frames.is_empty() {
                        return Some(Delivery::Frames(frames));
                    }
                }
                At::Lost(first) => {
                    let first = first.min(to + 1);
                    let gap = buffer.gap(from, first);
                    self.behind.push_front((buffer, first, to));
                    return Some(Delivery::Gap(gap));
                }
                At::Nothing | At::Closed(_) => {}
            }
        }
        None
    }

    fn live(&mut self, max: usize) -> Option<Delivery> {
        loop {
            let mut batch = Vec::new();
            let at = self.mirror.log.lock().read(self.next, max, |f| batch.push(f.clone()));
            match at {
                At::Frames(next) => {
                    self.next = next;
                    let frames: Vec<_> = batch.iter().filter(|f| self.pass(f)).map(Frame::payload).collect();
                    if !frames.is_empty() {
                        return Some(Delivery::Frames(frames));
                    }
                }
                At::Lost(_) => {
                    self.fall_back();
                    if let Some(delivery) = self.catch_up(max) {
                        return Some(delivery);
                    }
                }
                At::Closed(code) => return Some(Delivery::Closed(code)),
                At::Nothing => return None,
            }
        }
    }

    /// The cursor fell off the garden's ring: the agents' own rings keep more of each.
    fn fall_back(&mut self) {
        self.next = self.mirror.log.lock().head() + 1;
        let buffers: Vec<_> = self.mirror.buffers().values().cloned().collect();
        for buffer in buffers {
            if !self.narrowing.wants_agent(buffer.id()) {
                continue;
            }
            let from = self.passed_of(buffer.id(), buffer.epoch()).unwrap_or(0) + 1;
            let head = buffer.head().0;
            self.passed.insert(buffer.id().clone(), (buffer.epoch().clone(), head));
            self.behind.push_back((buffer, from, head));
        }
    }

    /// Whether a live frame is new and wanted; either way it is passed now.
    fn pass(&mut self, frame: &Frame) -> bool {
        if self.passed_of(&frame.agent_id, frame.epoch()).is_some_and(|passed| frame.seq.0 <= passed) {
            return false;
        }
        match self.passed.get_mut(&frame.agent_id) {
            Some((epoch, passed)) if epoch == frame.epoch() => *passed = frame.seq.0,
            _ => {
                self.passed.insert(frame.agent_id.clone(), (frame.epoch().clone(), frame.seq.0));
            }
        }
        self.wants(frame)
    }

    fn passed_of(&self, id: &AgentId, epoch: &Epoch) -> Option<u64> {
        self.passed.get(id).filter(|(known, _)| known == epoch).map(|(_, passed)| *passed)
    }

    fn wants(&self, frame: &Frame) -> bool {
        let kinds = self.narrowing.kinds.as_ref();
        self.narrowing.wants_agent(&frame.agent_id) && kinds.is_none_or(|k| k.contains(&frame.kind))
    }
}

impl Narrowing {
    fn wants_agent(&self, id: &AgentId) -> bool {
        self.agents.as_ref().is_none_or(|a| a.contains(id))
    }
}

impl Drop for GardenObserver {
    fn drop(&mut self) {
        self.mirror.stats().garden_detached();
    }
}
