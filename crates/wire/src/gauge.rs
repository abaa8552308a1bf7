//! The three gauges of an agent. Sent by the sampler once a second, read by every window.

use crate::{
    deserialize,
    read::{FromJson, Wrong},
    record,
};
use serde::Serialize;
use serde_json::Value;

macro_rules! gauge {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// A reading, clamped to the gauge's range; `None` where the value is not a finite number.
            #[must_use]
            pub fn new(value: f64) -> Option<Self> {
                value.is_finite().then(|| Self(value.clamp($min, $max)))
            }

            /// The reading.
            #[must_use]
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl FromJson for $name {
            fn from_json(value: Value) -> Result<Self, Wrong> {
                f64::from_json(value).and_then(|v| Self::new(v).ok_or_else(|| Wrong::expected("a finite number")))
            }
        }

        deserialize!($name);
    };
}

gauge!(
    /// Backlog, 0 to 100 percent: how full the agent's fullest queue is. 100 means it can take no more.
    QueuePressure, 0.0, 100.0
);
gauge!(
    /// Throughput in events per second, 0 or more, averaged over about five seconds.
    Flow, 0.0, f64::MAX
);
gauge!(
    /// How hard the agent works, 0 (at rest) to 1 (as hard as it can).
    Temperature, 0.0, 1.0
);

/// One reading of all three. A gauge that has no value is `null` on the wire: a hole, never a zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Gauges {
    /// Backlog in percent.
    pub pressure: Option<QueuePressure>,
    /// Events per second.
    pub flow: Option<Flow>,
    /// Work, 0 to 1.
    pub temperature: Option<Temperature>,
}

record!(Gauges { pressure, flow, temperature });

impl Gauges {
    /// Builds a reading from plain numbers; what is not finite becomes a hole.
    #[must_use]
    pub fn new(pressure: f64, flow: f64, temperature: f64) -> Self {
        Self {
            pressure: QueuePressure::new(pressure),
            flow: Flow::new(flow),
            temperature: Temperature::new(temperature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_finite_is_null_and_never_zero() {
        let json = serde_json::to_string(&Gauges::new(f64::NAN, f64::INFINITY, 0.0)).unwrap();
        assert_eq!(json, r#"{"pressure":null,"flow":null,"temperature":0.0}"#);
    }

    #[test]
    fn readings_are_clamped_to_their_range() {
        let g = Gauges::new(140.0, -3.0, 7.0);
        assert_eq!(serde_json::to_string(&g).unwrap(), r#"{"pressure":100.0,"flow":0.0,"temperature":1.0}"#);
    }
}
