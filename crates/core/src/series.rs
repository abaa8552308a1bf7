//! Gauge history of one agent, in two resolutions: every second of 15 minutes, every 15 seconds of 24 hours.

use std::collections::VecDeque;
use wire::{Flow, Gauges, MetricPoint, QueuePressure, Temperature, Timestamp};

/// Seconds between fine points.
pub const FINE_STEP_S: u32 = 1;
/// Fine points kept: 15 minutes.
pub const FINE_POINTS: usize = 900;
/// Seconds between coarse points.
pub const COARSE_STEP_S: u32 = 15;
/// Coarse points kept: 24 hours.
pub const COARSE_POINTS: usize = 5_760;

/// The history of one agent. A second that was not sampled leaves a hole, not a zero.
#[derive(Debug, Clone, Default)]
pub struct Series {
    fine: VecDeque<MetricPoint>,
    coarse: VecDeque<MetricPoint>,
    open: Bucket,
}

impl Series {
    /// Adds one reading. Readings older than the newest one are dropped: time on a chart goes one way.
    /// Returns the coarse point that this reading closed, if it did, for whoever keeps it.
    pub fn push(&mut self, ts: Timestamp, gauges: Gauges) -> Option<MetricPoint> {
        if self.fine.back().is_some_and(|last| last.ts > ts) {
            return None;
        }
        bounded_push(&mut self.fine, FINE_POINTS, MetricPoint { ts, mean: gauges, min: None, max: None });
        let closed = self.open.add(ts, gauges);
        if let Some(point) = closed {
            bounded_push(&mut self.coarse, COARSE_POINTS, point);
        }
        closed
    }

    /// Takes back a second's point that an earlier process kept. Points come oldest first, before any new reading.
    pub fn restore_fine(&mut self, point: MetricPoint) {
        restore(&mut self.fine, FINE_POINTS, point);
    }

    /// Takes back a 15-second point that an earlier process kept. Points come oldest first, before any new reading.
    pub fn restore_coarse(&mut self, point: MetricPoint) {
        restore(&mut self.coarse, COARSE_POINTS, point);
    }

    /// The second-by-second points after `from`, oldest first.
    pub fn fine(&self, from: Timestamp) -> impl DoubleEndedIterator<Item = &MetricPoint> {
        let start = self.fine.partition_point(|p| p.ts <= from);
        self.fine.range(start..)
    }

    /// The 15-second points after `from`, oldest first.
    pub fn coarse(&self, from: Timestamp) -> impl DoubleEndedIterator<Item = &MetricPoint> {
        let start = self.coarse.partition_point(|p| p.ts <= from);
        self.coarse.range(start..)
    }

    /// The newest reading.
    #[must_use]
    pub fn last(&self) -> Option<&MetricPoint> {
        self.fine.back()
    }
}

fn restore(points: &mut VecDeque<MetricPoint>, cap: usize, point: MetricPoint) {
    if points.back().is_none_or(|last| last.ts < point.ts) {
        bounded_push(points, cap, point);
    }
}

fn bounded_push(points: &mut VecDeque<MetricPoint>, cap: usize, point: MetricPoint) {
    if points.len() == cap {
        points.pop_front();
    }
    points.push_back(point);
}

/// The coarse step that is filling up.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    index: Option<i64>,
    pressure: Stat,
    flow: Stat,
    temperature: Stat,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stat {
    n: u32,
    sum: f64,
    min: f64,
    max: f64,
}

impl Stat {
    fn add(&mut self, value: Option<f64>) {
        let Some(v) = value else { return };
        (self.min, self.max) = if self.n == 0 { (v, v) } else { (self.min.min(v), self.max.max(v)) };
        self.n += 1;
        self.sum += v;
    }

    fn get(self, pick: impl Fn(Self) -> f64) -> f64 {
        if self.n == 0 { f64::NAN } else { pick(self) }
    }
}

impl Bucket {
    fn add(&mut self, ts: Timestamp, g: Gauges) -> Option<MetricPoint> {
        let step_ms = i64::from(COARSE_STEP_S) * 1000;
        let index = ts.as_millis().div_euclid(step_ms);
        let closed = match self.index {
            Some(open) if open != index => Some(self.point(Timestamp::from_millis((open + 1) * step_ms))),
            _ => None,
        };
        if closed.is_some() {
            *self = Self::default();
        }
        self.index = Some(index);
        self.pressure.add(g.pressure.map(QueuePressure::get));
        self.flow.add(g.flow.map(Flow::get));
        self.temperature.add(g.temperature.map(Temperature::get));
        closed
    }

    fn point(&self, ts: Timestamp) -> MetricPoint {
        let of = |pick: fn(Stat) -> f64| {
            Gauges::new(self.pressure.get(pick), self.flow.get(pick), self.temperature.get(pick))
        };
        MetricPoint { ts, mean: of(|s| s.sum / f64::from(s.n)), min: Some(of(|s| s.min)), max: Some(of(|s| s.max)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(s * 1000)
    }

    #[test]
    fn a_coarse_point_is_the_least_the_mean_and_the_most_of_its_seconds() {
        let mut series = Series::default();
        for s in 0..=30 {
            series.push(at(s), Gauges::new(s as f64, 1.0, 0.5));
        }
        let coarse: Vec<_> = series.coarse(Timestamp::from_millis(-1)).collect();
        assert_eq!(coarse.len(), 2);
        assert_eq!(coarse[0].ts, at(15));
        assert_eq!(coarse[0].mean.pressure.unwrap().get(), 7.0);
        assert_eq!(coarse[0].min.unwrap().pressure.unwrap().get(), 0.0);
        assert_eq!(coarse[0].max.unwrap().pressure.unwrap().get(), 14.0);
    }

    #[test]
    fn memory_is_bounded_and_the_window_is_the_newest_part() {
        let mut series = Series::default();
        for s in 0..2000 {
            series.push(at(s), Gauges::new(0.0, s as f64, 0.0));
        }
        assert_eq!(series.fine(at(-1)).count(), FINE_POINTS);
        assert_eq!(
            series.fine(at(1989)).map(|p| p.mean.flow.unwrap().get()).collect::<Vec<_>>(),
            (1990..2000).map(f64::from).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_clock_that_steps_back_does_not_bend_the_chart() {
        let mut series = Series::default();
        series.push(at(10), Gauges::new(1.0, 1.0, 1.0));
        series.push(at(5), Gauges::new(2.0, 2.0, 2.0));
        assert_eq!(series.fine(at(0)).count(), 1);
    }

    #[test]
    fn a_step_without_a_value_is_a_hole() {
        let mut series = Series::default();
        series.push(at(0), Gauges::default());
        series.push(at(15), Gauges::default());
        assert_eq!(series.coarse(at(0)).next().unwrap().mean, Gauges::default());
    }
}
