//! Sparklines: a small line of recent values. A constant series is flat, a missing value is a hole in the line.

/// Height at which a constant series is drawn, as a fraction of the box from its top.
const FLAT: f64 = 0.5;

/// The `d` of an SVG path through `values`, left to right across a `width` × `height` box. `None` and values that are not
/// finite break the line. Empty where there is nothing to draw.
///
/// `range` fixes the scale; without it the line fills the box from its own least to its own greatest value.
#[must_use]
pub fn path(values: &[Option<f64>], width: f64, height: f64, range: Option<(f64, f64)>) -> String {
    let finite = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let (low, high) = range.unwrap_or_else(|| (finite().fold(f64::MAX, f64::min), finite().fold(f64::MIN, f64::max)));
    let step = if values.len() > 1 { width / (values.len() - 1) as f64 } else { 0.0 };
    let y = |v: f64| {
        let from_top = if high > low { 1.0 - (v - low) / (high - low) } else { FLAT };
        from_top.clamp(0.0, 1.0) * height
    };
    let mut d = String::new();
    let mut pen_down = false;
    for (i, value) in values.iter().enumerate() {
        let Some(v) = value.filter(|v| v.is_finite()) else {
            pen_down = false;
            continue;
        };
        let command = if pen_down { 'L' } else { 'M' };
        d.push_str(&format!("{command}{:.1} {:.1}", step * i as f64, y(v)));
        pen_down = true;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_series_is_flat_and_a_hole_breaks_the_line() {
        assert_eq!(path(&[Some(3.0), Some(3.0)], 10.0, 4.0, None), "M0.0 2.0L10.0 2.0");
        assert_eq!(path(&[Some(0.0), None, Some(1.0)], 10.0, 4.0, None), "M0.0 4.0M10.0 0.0");
    }

    #[test]
    fn nothing_and_not_a_number_draw_nothing() {
        assert_eq!(path(&[], 10.0, 4.0, None), "");
        assert_eq!(path(&[Some(f64::NAN), None], 10.0, 4.0, Some((0.0, 1.0))), "");
    }

    #[test]
    fn values_outside_a_fixed_range_stay_in_the_box() {
        assert_eq!(path(&[Some(-5.0), Some(9.0)], 1.0, 1.0, Some((0.0, 1.0))), "M0.0 1.0L1.0 0.0");
    }
}
