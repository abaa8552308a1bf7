//! What the gauges mean: pressure, flow and temperature computed from what an agent did.
//!
//! Time is milliseconds of any clock that never steps back; the caller reads it.

use wire::{Flow, Gauges, QueuePressure, Temperature};

/// Averaging time of the flow gauge, in seconds.
pub const FLOW_WINDOW_S: f64 = 5.0;
/// Half-life of heat, in seconds.
pub const HEAT_HALF_LIFE_S: f64 = 30.0;
/// Tokens per second, read and written together, that make an agent as hot as can be.
pub const HOT_TOKENS_PER_S: f64 = 200.0;

/// An exponentially weighted rate (the "leaky integrator" of load averages): an event adds `1/τ`, and the sum decays
/// with time constant `τ` = [`FLOW_WINDOW_S`].
#[derive(Debug, Clone, Copy)]
pub struct FlowMeter {
    rate: f64,
    at_ms: u64,
}

impl FlowMeter {
    /// A meter that has seen nothing.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { rate: 0.0, at_ms: now_ms }
    }

    /// Counts `n` events at `now_ms`.
    pub fn tick(&mut self, n: u64, now_ms: u64) {
        self.settle(now_ms);
        self.rate += n as f64 / FLOW_WINDOW_S;
    }

    /// Events per second at `now_ms`.
    pub fn read(&mut self, now_ms: u64) -> Option<Flow> {
        self.settle(now_ms);
        Flow::new(if self.rate < 1e-3 { 0.0 } else { self.rate })
    }

    fn settle(&mut self, now_ms: u64) {
        let dt = now_ms.saturating_sub(self.at_ms) as f64 / 1000.0;
        self.rate *= (-dt / FLOW_WINDOW_S).exp();
        self.at_ms = self.at_ms.max(now_ms);
    }
}

/// How hard an agent works: the fraction of time its step was busy, or its tokens per second against
/// [`HOT_TOKENS_PER_S`] where it accounts for tokens, weighted so that work done [`HEAT_HALF_LIFE_S`] seconds ago counts half. An agent that measures its own temperature overrides it.
#[derive(Debug, Clone, Copy)]
pub struct HeatMeter {
    heat: f64,
    at_ms: u64,
    own: Option<Temperature>,
}

impl HeatMeter {
    /// A cold meter.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { heat: 0.0, at_ms: now_ms, own: None }
    }

    /// Accounts for a step that was busy for `busy_ms` and ended at `now_ms`.
    pub fn worked(&mut self, busy_ms: f64, now_ms: u64) {
        self.settle(now_ms);
        // A step that is busy all the time adds rate × τ = 1 in equilibrium, with τ = half-life / ln 2.
        self.heat += busy_ms.max(0.0) / 1000.0 * std::f64::consts::LN_2 / HEAT_HALF_LIFE_S;
    }

    /// Accounts for a step that had a model read and write this many tokens and ended at `now_ms`: for an agent that works
    /// through a model, tokens tell more than the time it waited for them.
    pub fn used(&mut self, tokens: u64, now_ms: u64) {
        self.settle(now_ms);
        self.heat += tokens as f64 / HOT_TOKENS_PER_S * std::f64::consts::LN_2 / HEAT_HALF_LIFE_S;
    }

    /// The agent says its own temperature, from now on until it says another.
    pub fn measured(&mut self, own: Temperature) {
        self.own = Some(own);
    }

    /// The temperature at `now_ms`.
    pub fn read(&mut self, now_ms: u64) -> Option<Temperature> {
        self.settle(now_ms);
        self.own.or_else(|| Temperature::new(if self.heat < 1e-4 { 0.0 } else { self.heat }))
    }

    fn settle(&mut self, now_ms: u64) {
        let dt = now_ms.saturating_sub(self.at_ms) as f64 / 1000.0;
        self.heat *= (-dt * std::f64::consts::LN_2 / HEAT_HALF_LIFE_S).exp();
        self.at_ms = self.at_ms.max(now_ms);
    }
}

/// Backlog: the fullest of some queues, each as `(waiting, capacity)`. A queue of no capacity has no backlog.
#[must_use]
pub fn pressure(queues: &[(usize, usize)]) -> Option<QueuePressure> {
    let fullest = queues
        .iter()
        .filter(|(_, capacity)| *capacity > 0)
        .map(|&(waiting, capacity)| waiting as f64 / capacity as f64)
        .fold(0.0, f64::max);
    QueuePressure::new(100.0 * fullest)
}

/// All the meters of one agent.
#[derive(Debug, Clone, Copy)]
pub struct Meters {
    /// Throughput.
    pub flow: FlowMeter,
    /// Work.
    pub heat: HeatMeter,
}

impl Meters {
    /// Meters that have seen nothing.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { flow: FlowMeter::new(now_ms), heat: HeatMeter::new(now_ms) }
    }

    /// One reading.
    pub fn read(&mut self, queues: &[(usize, usize)], now_ms: u64) -> Gauges {
        Gauges { pressure: pressure(queues), flow: self.flow.read(now_ms), temperature: self.heat.read(now_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_steady_stream_reads_its_rate_and_silence_reads_zero() {
        let mut meter = FlowMeter::new(0);
        for i in 1..=1000 {
            meter.tick(1, i * 50);
        }
        let flow = meter.read(50_000).unwrap().get();
        assert!((flow - 20.0).abs() < 0.5, "{flow}");
        assert_eq!(meter.read(200_000).unwrap().get(), 0.0);
    }

    #[test]
    fn a_step_that_is_always_busy_is_hot_and_half_as_hot_a_half_life_later() {
        let mut meter = HeatMeter::new(0);
        for i in 1..=3000 {
            meter.worked(100.0, i * 100);
        }
        let hot = meter.read(300_000).unwrap().get();
        assert!(hot > 0.97, "{hot}");
        let later = meter.read(330_000).unwrap().get();
        assert!((later - hot / 2.0).abs() < 0.02, "{later}");
    }

    #[test]
    fn pressure_is_the_fullest_queue() {
        assert_eq!(pressure(&[(25, 100), (1, 2)]).unwrap().get(), 50.0);
        assert_eq!(pressure(&[(0, 0), (0, 100)]).unwrap().get(), 0.0);
    }

    proptest! {
        #[test]
        fn gauges_stay_in_range_whatever_the_clock_does(steps in prop::collection::vec((0u64..100_000, 0u64..50, -10.0..1e9f64), 1..100)) {
            let mut meters = Meters::new(0);
            for (now, n, busy) in steps {
                meters.flow.tick(n, now);
                meters.heat.worked(busy, now);
                let g = meters.read(&[(n as usize, 50), (0, 1)], now);
                prop_assert!(g.flow.unwrap().get() >= 0.0);
                prop_assert!((0.0..=1.0).contains(&g.temperature.unwrap().get()));
                prop_assert!((0.0..=100.0).contains(&g.pressure.unwrap().get()));
            }
        }
    }
}
