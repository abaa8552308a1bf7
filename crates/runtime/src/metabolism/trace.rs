//! The engine's pressure over the last quarter of an hour, for whoever draws it. In memory only.

use std::collections::VecDeque;
use wire::Timestamp;

/// Readings that are kept: one a second for a quarter of an hour, and the crossings between them.
const KEPT: usize = 920;

/// Readings, oldest first.
#[derive(Debug, Default)]
pub(super) struct Trace(VecDeque<(Timestamp, f64)>);

impl Trace {
    pub(super) fn push(&mut self, at: Timestamp, pressure: f64) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((at, pressure));
    }

    pub(super) fn all(&self) -> Vec<(Timestamp, f64)> {
        self.0.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_readings_is_kept_as_a_quarter_of_an_hour() {
        let mut trace = Trace::default();
        (0..86_400_i64).for_each(|s| trace.push(Timestamp::from_millis(s * 1000), 0.5));
        let all = trace.all();
        assert_eq!((all.len(), all[KEPT - 1].0), (KEPT, Timestamp::from_millis(86_399_000)));
    }
}
