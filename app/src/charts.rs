//! One drawing for both canvases: SVG on the server, a canvas in the browser. Time runs in minutes up to now.

use crate::words::Gauge;
use plotters::{
    coord::Shift,
    prelude::{
        ChartBuilder, Circle, Color, DrawingArea, DrawingBackend, IntoDrawingArea, IntoFont, RGBColor, SVGBackend,
    },
    series::LineSeries,
    style::{FontFamily, TextStyle},
};
use std::sync::Arc;
use terrarium_core::view::AgentView;
use wire::Timestamp;

/// Size of the server's drawing, in its own units.
pub(crate) const SIZE: (u32, u32) = (640, 200);
/// How far back a chart or a sparkline looks at most, in milliseconds.
pub(crate) const WINDOW_MS: i64 = 900_000;
/// It looks no further than it must to show all that is known, in one of these steps.
const WINDOWS_MS: [i64; 3] = [180_000, 360_000, WINDOW_MS];
/// From the left edge to the plot, and from the plot to the right edge, in CSS pixels.
pub(crate) const LEFT: f64 = 48.0;
pub(crate) const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 10.0;
/// A step of time this much longer than the one before is a hole in the line.
const HOLE: f64 = 2.5;

/// What one chart shows.
#[derive(Debug, Clone)]
pub(crate) struct ChartData {
    pub(crate) gauge: Gauge,
    /// The moment at the right edge, in milliseconds.
    pub(crate) end: i64,
    /// Oldest first; `None` is a hole.
    pub(crate) points: Arc<[(i64, Option<f64>)]>,
}

/// Two charts are equal while they share their points.
impl PartialEq for ChartData {
    fn eq(&self, other: &Self) -> bool {
        self.end == other.end && Arc::ptr_eq(&self.points, &other.points)
    }
}

/// The colours of a drawing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) line: RGBColor,
    pub(crate) text: RGBColor,
}

/// Mid-tones that read on dark and on light; the page's style overrules them.
const MIDTONES: Ink = Ink { line: RGBColor(198, 134, 60), text: RGBColor(140, 132, 120) };

impl ChartData {
    pub(crate) fn of(agent: &AgentView, gauge: Gauge, now: Timestamp) -> Self {
        let end = agent.series.0.last().map_or(now, |p| p.ts).as_millis();
        let from = Timestamp::from_millis(end - WINDOW_MS);
        let points = agent.series.0.fine(from).map(|p| (p.ts.as_millis(), gauge.of(&p.mean))).collect();
        Self { gauge, end, points }
    }

    /// Least and greatest value.
    pub(crate) fn extent(&self) -> Option<(f64, f64)> {
        let mut values = self.points.iter().filter_map(|p| p.1).filter(|v| v.is_finite());
        let first = values.next()?;
        Some(values.fold((first, first), |(low, high), v| (low.min(v), high.max(v))))
    }

    /// How far back it looks, in milliseconds.
    pub(crate) fn window_ms(&self) -> i64 {
        window_ms(self.points.first().map_or(0, |first| self.end - first.0))
    }

    fn top(&self) -> f64 {
        self.gauge.top().unwrap_or_else(|| nice(self.extent().map_or(1.0, |e| e.1)))
    }

    /// The lines, in minutes before the end.
    fn lines(&self) -> Vec<Vec<(f64, f64)>> {
        let mut lines = vec![Vec::new()];
        let mut step = 10_000.0;
        let mut before: Option<i64> = None;
        for &(ms, value) in self.points.iter() {
            let value = value.filter(|v| v.is_finite());
            if let Some(before) = before {
                let this = (ms - before) as f64;
                if this > HOLE * step {
                    lines.push(Vec::new());
                } else {
                    step = this.max(1_000.0);
                }
            }
            before = Some(ms);
            match (value, lines.last_mut()) {
                (Some(v), Some(line)) => line.push(((ms - self.end) as f64 / 60_000.0, v)),
                _ => lines.push(Vec::new()),
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }
}

/// The window that shows something of this age, both in milliseconds.
pub(crate) fn window_ms(age_ms: i64) -> i64 {
    WINDOWS_MS.into_iter().find(|window| age_ms <= *window).unwrap_or(WINDOW_MS)
}

/// The next of 1, 2, 5, 10, 20, 50 … that holds `value`.
fn nice(value: f64) -> f64 {
    let value = value.max(1.0);
    let ten = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * ten).find(|top| *top >= value && top.is_finite()).unwrap_or(value)
}

/// Draws a chart. `scale` is device pixels per CSS pixel; `mark` is the point under the pointer.
pub(crate) fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    data: &ChartData,
    ink: Ink,
    scale: f64,
    mark: Option<usize>,
) -> Result<(), Box<dyn std::error::Error>>
where
    DB::ErrorType: 'static,
{
    let px = |css: f64| (css * scale).round() as u32;
    let minutes = data.window_ms() as f64 / 60_000.0;
    let top = data.top();
    // By its variant: a family's name would be parsed, with the standard library's tables of letter cases.
    let text: TextStyle<'_> = (FontFamily::SansSerif, 12.0 * scale).into_font().color(&ink.text);
    let mut chart = ChartBuilder::on(area)
        .margin_top(px(TOP))
        .margin_right(px(RIGHT))
        .x_label_area_size(px(BOTTOM))
        .y_label_area_size(px(LEFT))
        .build_cartesian_2d(-minutes..0.0, 0.0..top)?;
    let ago = |x: &f64| if *x > -0.5 { "now".to_owned() } else { format!("−{:.0} min", -x) };
    let value = |y: &f64| if top < 10.0 { format!("{y:.1}") } else { format!("{y:.0}") };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(ink.text.mix(0.22))
        .light_line_style(ink.text.mix(0.0))
        .axis_style(ink.text.mix(0.5))
        .x_labels(4)
        .y_labels(5)
        .x_label_formatter(&ago)
        .y_label_formatter(&value)
        .label_style(text)
        .draw()?;
    for line in data.lines() {
        if let [only] = line[..] {
            chart.draw_series([Circle::new(only, px(1.5), ink.line.filled())])?;
        } else {
            chart.draw_series(LineSeries::new(line, ink.line.stroke_width(px(1.6))))?;
        }
    }
    if let Some(&(ms, Some(value))) = mark.and_then(|at| data.points.get(at)) {
        let x = (ms - data.end) as f64 / 60_000.0;
        chart.draw_series(LineSeries::new([(x, 0.0), (x, top)], ink.text.mix(0.5).stroke_width(px(1.0))))?;
        chart.draw_series([Circle::new((x, value), px(3.5), ink.line.filled())])?;
    }
    area.present()?;
    Ok(())
}

/// The chart as SVG, its colours left to the page's style. Empty if it cannot be drawn, which a string never refuses.
pub(crate) fn svg(data: &ChartData) -> String {
    let mut svg = String::new();
    let drawn = draw(&SVGBackend::with_string(&mut svg, SIZE).into_drawing_area(), data, MIDTONES, 1.0, None);
    if drawn.is_err() {
        svg.clear();
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(i64, Option<f64>)>) -> ChartData {
        ChartData { gauge: Gauge::Flow, end: points.last().map_or(0, |p| p.0), points: points.into() }
    }

    #[test]
    fn nothing_one_point_and_nonsense_all_draw() {
        for points in [vec![], vec![(0, Some(1.0))], vec![(0, Some(f64::NAN)), (1000, None)], vec![(0, Some(1e12))]] {
            let svg = svg(&chart(points));
            assert!(svg.starts_with("<svg") && svg.contains("<text") && !svg.contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn a_missing_stretch_breaks_the_line() {
        let points = [0, 1, 2, 60, 61].map(|s| (s * 1000, Some(1.0))).to_vec();
        assert_eq!(chart(points).lines().iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
    }
}
