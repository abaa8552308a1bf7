//! Gauges over time: `GET /api/{agent}/metrics` and `GET /api/metrics/all`, both with `?window=15m&step=1s`.

use crate::{error::Error, state::Shared};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use terrarium_core::series::{COARSE_STEP_S, FINE_POINTS, FINE_STEP_S};
use wire::{MetricSeries, summary::AllMetrics};

/// Window when none is asked for: all that is kept second by second.
pub(crate) const DEFAULT_WINDOW_MS: u64 = FINE_POINTS as u64 * 1000;
/// The longest window: all that is kept.
const MAX_WINDOW_MS: u64 = 24 * 3600 * 1000;

#[derive(Debug, Deserialize)]
pub(crate) struct Range {
    window: Option<String>,
    step: Option<String>,
}

impl Range {
    /// Milliseconds back, and seconds between points.
    fn parse(&self) -> Result<(u64, u32), Error> {
        let window_ms = match &self.window {
            None => DEFAULT_WINDOW_MS,
            Some(text) => {
                duration_ms(text).filter(|ms| (1000..=MAX_WINDOW_MS).contains(ms)).ok_or(Error::BadQuery {
                    field: "window",
                    value: text.clone(),
                    wants: "a duration from 1s to 24h, such as 90s, 15m or 24h",
                })?
            }
        };
        let step_s = match self.step.as_deref() {
            None if window_ms <= DEFAULT_WINDOW_MS => FINE_STEP_S,
            None => COARSE_STEP_S,
            Some(text) => match duration_ms(text).map(|ms| ms / 1000) {
                Some(s) if s == u64::from(FINE_STEP_S) => FINE_STEP_S,
                Some(s) if s == u64::from(COARSE_STEP_S) => COARSE_STEP_S,
                _ => {
                    let value = text.to_owned();
                    return Err(Error::BadQuery { field: "step", value, wants: "1s or 15s" });
                }
            },
        };
        Ok((window_ms, step_s))
    }
}

pub(crate) async fn one(
    State(shared): State<Shared>,
    Path(agent): Path<String>,
    Query(range): Query<Range>,
) -> Result<Json<MetricSeries>, Error> {
    let agent = shared.agent(&agent)?;
    let (window_ms, step_s) = range.parse()?;
    Ok(Json(agent.series(window_ms, step_s)))
}

pub(crate) async fn all(State(shared): State<Shared>, Query(range): Query<Range>) -> Result<Json<AllMetrics>, Error> {
    let (window_ms, step_s) = range.parse()?;
    Ok(Json(AllMetrics { agents: shared.registry.list().iter().map(|a| a.series(window_ms, step_s)).collect() }))
}

/// `90s`, `15m`, `24h`.
fn duration_ms(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, ms) in [("90s", 90_000), ("15m", 900_000), ("24h", 86_400_000)] {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        for bad in ["", "s", "15", "15 m", "-1s", "1d", "999999999999999999h", "1.5m", "15mm"] {
            assert_eq!(duration_ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_window_longer_than_the_fine_history_gets_coarse_points() {
        let range = |window: &str, step: Option<&str>| {
            Range { window: Some(window.into()), step: step.map(Into::into) }.parse().map_err(|e| e.to_string())
        };
        assert_eq!(range("15m", None), Ok((900_000, 1)));
        assert_eq!(range("1h", None), Ok((3_600_000, 15)));
        assert_eq!(range("1h", Some("1s")), Ok((3_600_000, 1)));
        assert!(range("25h", None).unwrap_err().contains("window"));
        assert!(range("0s", None).is_err());
        assert!(range("1h", Some("2s")).unwrap_err().contains("step"));
    }
}
