//! How sure a reading is, and why it is not surer.

/// Where confidence begins: even the plainest sentence may be meant otherwise.
const PLAIN: f64 = 0.95;
/// Doubts that are told. More than a handful help nobody.
const DOUBTS_MAX: usize = 12;

/// Confidence and the reasons against it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubts {
    confidence: f64,
    said: Vec<String>,
}

impl Default for Doubts {
    fn default() -> Self {
        Self { confidence: PLAIN, said: Vec::new() }
    }
}

impl Doubts {
    /// A reason that leaves this share of the confidence, 0 to 1.
    pub(super) fn add(&mut self, leaves: f64, said: impl Into<String>) {
        self.confidence *= leaves;
        if self.said.len() < DOUBTS_MAX {
            self.said.push(said.into());
        }
    }

    /// Confidence, rounded to two decimals, and the reasons in the order in which they came up.
    pub(super) fn told(self) -> (f64, Vec<String>) {
        ((self.confidence * 100.0).round() / 100.0, self.said)
    }
}
