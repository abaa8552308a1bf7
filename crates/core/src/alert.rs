//! Fever of one agent: on when its temperature crosses a mark going up, off when it falls below a lower one.

use crate::metabolism::oblique::oblique;
use wire::{
    Event, Temperature,
    event::{FeverData, FeverEndedData, FeverSeverity},
};

/// Fever begins above this temperature.
pub const FEVER_ON: f64 = 0.8;
/// Fever ends below this temperature.
pub const FEVER_OFF: f64 = 0.4;
/// Fever is high above this temperature.
pub const FEVER_HIGH: f64 = 0.95;

/// The alert of one agent. Between the two marks it stays as it is, so a temperature that hovers does not flicker.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeverAlert {
    since_ms: Option<u64>,
}

impl FeverAlert {
    /// Whether the fever is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.since_ms.is_some()
    }

    /// Takes a reading and says what is to be reflected: at most one event per crossing. A hole changes nothing. `seed`, 0 to
    /// 1, chooses the strategy of a fever that begins.
    pub fn read(&mut self, temperature: Option<Temperature>, seed: f64, now_ms: u64) -> Option<Event> {
        let temperature = temperature?;
        let value = temperature.get();
        match self.since_ms {
            None if value > FEVER_ON => {
                self.since_ms = Some(now_ms);
                let severity = if value > FEVER_HIGH { FeverSeverity::High } else { FeverSeverity::Moderate };
                let data = FeverData {
                    threshold: FEVER_ON,
                    severity,
                    intensity: Some(value - FEVER_ON),
                    oblique_strategy: Some(oblique(seed).to_owned()),
                    trigger: None,
                    seed: Some(seed),
                };
                Some(Event::Fever { temperature, data })
            }
            Some(since) if value < FEVER_OFF => {
                self.since_ms = None;
                let duration_ms = now_ms.saturating_sub(since);
                Some(Event::FeverEnded { temperature, data: FeverEndedData { duration_ms } })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_event_per_crossing_and_none_while_it_hovers() {
        let mut alert = FeverAlert::default();
        let said: Vec<_> = [0.5, 0.81, 0.99, 0.5, 0.79, 0.9, 0.41, 0.39, 0.8, 0.96]
            .iter()
            .enumerate()
            .filter_map(|(i, t)| alert.read(Temperature::new(*t), 0.5, i as u64 * 1000))
            .collect();
        let kinds: Vec<_> = said.iter().map(|e| e.kind().as_str()).collect();
        assert_eq!(kinds, ["fever", "fever_ended", "fever"]);
        assert!(matches!(&said[1], Event::FeverEnded { data, .. } if data.duration_ms == 6000));
        assert!(matches!(&said[2], Event::Fever { data, .. } if data.severity == FeverSeverity::High));
        let gift = Some("Is it finished?");
        assert!(matches!(&said[0], Event::Fever { data, .. } if data.oblique_strategy.as_deref() == gift));
    }

    proptest! {
        #[test]
        fn fever_and_its_end_alternate(readings in prop::collection::vec(0.0..1.0f64, 0..200)) {
            let mut alert = FeverAlert::default();
            let mut on = false;
            for (i, t) in readings.into_iter().enumerate() {
                if let Some(event) = alert.read(Temperature::new(t), 0.5, i as u64) {
                    let starts = matches!(event, Event::Fever { .. });
                    prop_assert_ne!(starts, on);
                    on = starts;
                }
                prop_assert_eq!(on, alert.is_on());
            }
        }
    }
}
