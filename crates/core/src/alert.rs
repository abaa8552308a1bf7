//! Fever of one agent: on when its temperature crosses a mark going up or it breaks a velocity rule, off when it is below a
//! lower mark and breaks none.

use crate::metabolism::oblique::oblique;
use wire::{
    Event, Temperature,
    event::{FeverData, FeverEndedData, FeverSeverity},
    metabolism::{Breach, FeverTrigger},
};

/// Fever begins above this temperature.
pub const FEVER_ON: f64 = 0.8;
/// Fever ends below this temperature.
pub const FEVER_OFF: f64 = 0.4;
/// Fever is high above this temperature.
pub const FEVER_HIGH: f64 = 0.95;

/// A fever by a rule is high where more than this many times its limit was measured.
const BREACH_HIGH: f64 = 2.0;

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

    /// Takes a reading and says what is to be reflected: at most one event per crossing. A hole changes nothing. `broken` are
    /// the velocity rules that the agent breaks. `seed`, 0 to 1, chooses the strategy of a fever that begins.
    pub fn read(
        &mut self,
        temperature: Option<Temperature>,
        broken: &[Breach],
        seed: f64,
        now_ms: u64,
    ) -> Option<Event> {
        let temperature = temperature?;
        let value = temperature.get();
        match self.since_ms {
            None if value > FEVER_ON || !broken.is_empty() => {
                self.since_ms = Some(now_ms);
                let data = match broken.first() {
                    Some(breach) if value <= FEVER_ON => by_rule(breach, seed),
                    _ => by_temperature(value, seed),
                };
                Some(Event::Fever { temperature, data })
            }
            Some(since) if value < FEVER_OFF && broken.is_empty() => {
                self.since_ms = None;
                let duration_ms = now_ms.saturating_sub(since);
                Some(Event::FeverEnded { temperature, data: FeverEndedData { duration_ms } })
            }
            _ => None,
        }
    }
}

fn by_temperature(value: f64, seed: f64) -> FeverData {
    FeverData {
        threshold: FEVER_ON,
        severity: if value > FEVER_HIGH { FeverSeverity::High } else { FeverSeverity::Moderate },
        intensity: Some(value - FEVER_ON),
        oblique_strategy: Some(oblique(seed).to_owned()),
        trigger: None,
        seed: Some(seed),
        why: None,
    }
}

fn by_rule(breach: &Breach, seed: f64) -> FeverData {
    let (measured, limit) = (breach.measured as f64, breach.limit.max(1) as f64);
    let times = measured / limit;
    FeverData {
        threshold: breach.limit as f64,
        severity: if times > BREACH_HIGH { FeverSeverity::High } else { FeverSeverity::Moderate },
        intensity: Some(times - 1.0),
        oblique_strategy: Some(oblique(seed).to_owned()),
        trigger: Some(FeverTrigger::Velocity),
        seed: Some(seed),
        why: Some(breach.why.clone()),
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
            .filter_map(|(i, t)| alert.read(Temperature::new(*t), &[], 0.5, i as u64 * 1000))
            .collect();
        let kinds: Vec<_> = said.iter().map(|e| e.kind().as_str()).collect();
        assert_eq!(kinds, ["fever", "fever_ended", "fever"]);
        assert!(matches!(&said[1], Event::FeverEnded { data, .. } if data.duration_ms == 6000));
        assert!(matches!(&said[2], Event::Fever { data, .. } if data.severity == FeverSeverity::High));
        let gift = Some("Is it finished?");
        assert!(matches!(&said[0], Event::Fever { data, .. } if data.oblique_strategy.as_deref() == gift));
    }

    #[test]
    fn a_broken_rule_is_a_fever_of_a_cold_agent_and_says_which() {
        let mut alert = FeverAlert::default();
        let cold = Temperature::new(0.0);
        let broken = |measured| {
            let rule = wire::metabolism::VelocityRule::SameOutput;
            [Breach { rule, measured, limit: 5, why: format!("{measured} > 5: how often") }]
        };
        let Some(Event::Fever { data, .. }) = alert.read(cold, &broken(6), 0.5, 0) else { panic!("no fever") };
        assert_eq!((data.why.as_deref(), data.trigger), (Some("6 > 5: how often"), Some(FeverTrigger::Velocity)));
        assert_eq!((data.threshold, data.severity), (5.0, FeverSeverity::Moderate));
        assert!((data.intensity.unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(alert.read(cold, &broken(7), 0.5, 1000), None, "it goes on");
        let end = alert.read(cold, &[], 0.5, 2000);
        assert!(matches!(end, Some(Event::FeverEnded { data, .. }) if data.duration_ms == 2000));
        let Some(Event::Fever { data, .. }) = alert.read(cold, &broken(11), 0.5, 3000) else { panic!("no fever") };
        assert_eq!(data.severity, FeverSeverity::High);
        let hot = Temperature::new(0.9);
        let Some(Event::Fever { data, .. }) = FeverAlert::default().read(hot, &broken(6), 0.5, 0) else { panic!() };
        assert_eq!(data.why, None, "its temperature is reason enough");
    }

    proptest! {
        #[test]
        fn fever_and_its_end_alternate(readings in prop::collection::vec(0.0..1.0f64, 0..200)) {
            let mut alert = FeverAlert::default();
            let mut on = false;
            for (i, t) in readings.into_iter().enumerate() {
                if let Some(event) = alert.read(Temperature::new(t), &[], 0.5, i as u64) {
                    let starts = matches!(event, Event::Fever { .. });
                    prop_assert_ne!(starts, on);
                    on = starts;
                }
                prop_assert_eq!(on, alert.is_on());
            }
        }
    }
}
