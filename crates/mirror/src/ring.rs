//! The newest frames of a log, bounded in number and in bytes. Positions count from 1 and never come again.

use crate::{Frame, RING_BYTES, RING_FRAMES};
use std::collections::VecDeque;
use wire::CloseCode;

#[derive(Debug)]
pub(crate) struct Ring {
    frames: VecDeque<Frame>,
    /// Position of the oldest frame kept, or of the next one where none is.
    first: u64,
    bytes: usize,
    closed: Option<CloseCode>,
}

/// What stands at a position.
pub(crate) enum At {
    /// Frames were appended to the output; the cursor goes on here.
    Frames(u64),
    /// Not yet written.
    Nothing,
    /// Not kept any more; this is the oldest that is.
    Lost(u64),
    /// Not to be written any more.
    Closed(CloseCode),
}

impl Ring {
    pub(crate) fn new() -> Self {
        Self { frames: VecDeque::new(), first: 1, bytes: 0, closed: None }
    }

    /// Position of the newest frame; 0 before the first.
    pub(crate) fn head(&self) -> u64 {
        self.first + self.frames.len() as u64 - 1
    }

    /// Position of the oldest frame kept.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.frames.len() > RING_FRAMES || (self.bytes > RING_BYTES && self.frames.len() > 1) {
            if let Some(old) = self.frames.pop_front() {
                self.bytes -= old.len();
                self.first += 1;
            }
        }
    }

    pub(crate) fn close(&mut self, code: CloseCode) {
        self.closed.get_or_insert(code);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Visits up to `max` frames from `position` on.
    pub(crate) fn read(&self, position: u64, max: usize, mut visit: impl FnMut(&Frame)) -> At {
        if position < self.first {
            return At::Lost(self.first);
        }
        let skip = (position - self.first) as usize;
        let end = self.frames.len().min(skip.saturating_add(max));
        if skip < end {
            self.frames.range(skip..end).for_each(&mut visit);
            return At::Frames(self.first + end as u64);
        }
        self.closed.map_or(At::Nothing, At::Closed)
    }

    /// The newest `n` frames, oldest first.
    pub(crate) fn newest(&self, n: usize) -> impl DoubleEndedIterator<Item = &Frame> {
        self.frames.range(self.frames.len().saturating_sub(n)..)
    }
}
