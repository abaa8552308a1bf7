//! Pressure over the last quarter of an hour, as SVG. Its words stand beside it in HTML.

use std::fmt;
use wire::Timestamp;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;
/// What it shows, in milliseconds.
const WINDOW_MS: f64 = 15.0 * 60.0 * 1000.0;
/// Room above the highest of what is shown.
const HEADROOM: f64 = 1.15;
/// A longer silence breaks the line, in milliseconds.
const HOLE_MS: i64 = 5_000;

/// The drawing.
pub(super) struct Chart<'a> {
    pub(super) points: &'a [(Timestamp, f64)],
    pub(super) threshold: f64,
    pub(super) now: Timestamp,
}

impl fmt::Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.points.iter().map(|(_, p)| *p).fold(self.threshold, f64::max) * HEADROOM;
        let x = |ts: Timestamp| WIDTH * (1.0 - (self.now.as_millis() - ts.as_millis()) as f64 / WINDOW_MS);
        let y = |pressure: f64| HEIGHT * (1.0 - pressure / most);
        write!(
            f,
            "<svg class=\"v-chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <path class=\"v-mark\" d=\"M0 {fever:.1}H{WIDTH}\"/><path class=\"v-half\" d=\"M0 {end:.1}H{WIDTH}\"/>",
            fever = y(self.threshold),
            end = y(self.threshold / 2.0),
        )?;
        f.write_str("<path class=\"v-line\" d=\"")?;
        let mut before: Option<Timestamp> = None;
        for (ts, pressure) in self.points.iter().filter(|(ts, _)| x(*ts) >= 0.0) {
            let joined = before.is_some_and(|before| ts.as_millis() - before.as_millis() <= HOLE_MS);
            write!(f, "{}{:.1} {:.1}", if joined { 'L' } else { 'M' }, x(*ts), y(*pressure))?;
            before = Some(*ts);
        }
        f.write_str("\"/></svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_breaks_the_line_and_what_is_too_old_is_left_out() {
        let at = |s: i64| Timestamp::from_millis(2_000_000 + s * 1000);
        let points = [(at(-1000), 0.3), (at(-60), 0.5), (at(-59), 1.5), (at(-10), 0.2)];
        let drawn = Chart { points: &points, threshold: 1.0, now: at(0) }.to_string();
        let line = drawn.split("v-line\" d=\"").nth(1).unwrap();
        assert_eq!((line.matches('M').count(), line.matches('L').count()), (2, 1), "{drawn}");
        assert!(!drawn.contains("NaN"));
    }
}
