//! The density field: how busy an agent is, as a texture. Computed here, drawn by browser and terminal: the same frame
//! for the same input.

/// Shades from empty to full, as a terminal writes them.
pub const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
/// What a glitched cell may look like in a terminal.
pub const GLITCHES: [char; 6] = ['▚', '▞', '▛', '▜', '▙', '▟'];
/// How long a field takes to appear or to dissolve, in milliseconds.
pub const MATERIALISE_MS: u32 = 500;

/// What one cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// A shade, 0 (empty) to 4 (full).
    Shade(u8),
    /// A glitch, by its index into [`GLITCHES`].
    Glitch(u8),
}

/// Everything a frame depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Activity, 0 to 1.
    pub activity: f64,
    /// How much of the field is there: 0 nothing, 1 all of it. It grows from the centre and goes from the edges.
    pub presence: f64,
    /// Share of cells that glitch, 0 to 1.
    pub glitch: f64,
    /// Chooses which cells glitch and how. The same seed gives the same frame.
    pub seed: u64,
    /// Shifts the texture sideways, in cells: what makes it breathe.
    pub drift: u32,
}

/// The cell at column `x`, row `y` of a field of `width` × `height` cells.
#[must_use]
pub fn cell(look: &Look, x: u32, y: u32, width: u32, height: u32) -> Cell {
    if look.glitch > 0.0 {
        let bits = mix(look.seed ^ (u64::from(x) << 32 | u64::from(y)));
        if ((bits >> 11) as f64 / (1_u64 << 53) as f64) < look.glitch {
            return Cell::Glitch((bits % GLITCHES.len() as u64) as u8);
        }
    }
    let activity = finite(look.activity) * arrival(finite(look.presence), x, y, width, height);
    Cell::Shade(shade(activity, x + look.drift, y))
}

/// Shade of a cell: `noise = ((7x + 13y) mod 5) / 10`, `a' = clamp(a + noise − 0.2, 0, 1)`, `level = min(4, ⌊5a'⌋)`.
#[must_use]
pub fn shade(activity: f64, x: u32, y: u32) -> u8 {
    let noise = f64::from((7 * u64::from(x) + 13 * u64::from(y)).rem_euclid(5) as u8) / 10.0;
    let a = (activity + noise - 0.2).clamp(0.0, 1.0);
    ((a * 5.0).floor() as u8).min(4)
}

/// How far a cell has arrived at a given presence: cells near the centre come first and leave last.
fn arrival(presence: f64, x: u32, y: u32, width: u32, height: u32) -> f64 {
    if presence >= 1.0 {
        return 1.0;
    }
    let offset = |at: u32, of: u32| {
        let half = f64::from(of.max(1)) / 2.0;
        (f64::from(at) + 0.5 - half).abs() / half
    };
    let distance = offset(x, width).max(offset(y, height)).min(1.0);
    ((presence * 1.5 - distance * 0.5) / 1.0).clamp(0.0, 1.0)
}

/// Period of the field's heartbeat in milliseconds: `2000 / (0.5 + 0.5 × activity)`.
#[must_use]
pub fn heartbeat_ms(activity: f64) -> f64 {
    2000.0 / (0.5 + 0.5 * finite(activity))
}

fn finite(v: f64) -> f64 {
    if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.0 }
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(activity: f64) -> String {
        (0..5).map(|x| SHADES[usize::from(shade(activity, x, 0))]).collect()
    }

    #[test]
    fn known_rows() {
        assert_eq!(row(0.0), "  ░  ");
        assert_eq!(row(0.5), "░▒▓░▓");
        assert_eq!(row(1.0), "█████");
    }

    #[test]
    fn a_field_appears_from_its_centre() {
        let look = Look { activity: 1.0, presence: 0.3, glitch: 0.0, seed: 0, drift: 0 };
        let level = |x, y| match cell(&look, x, y, 21, 9) {
            Cell::Shade(s) => s,
            Cell::Glitch(_) => unreachable!("no glitch was asked for"),
        };
        assert!(level(10, 4) > level(0, 0));
        assert!((0..21).all(|x| (0..9).all(|y| {
            let gone = Look { presence: 0.0, activity: 1.0, ..look };
            matches!(cell(&gone, x, y, 21, 9), Cell::Shade(0 | 1))
        })));
    }

    #[test]
    fn a_glitch_is_the_same_for_the_same_seed_and_about_as_wide_as_asked() {
        let look = Look { activity: 0.5, presence: 1.0, glitch: 0.3, seed: 7, drift: 0 };
        let frame =
            |seed| -> Vec<Cell> { (0..1000).map(|i| cell(&Look { seed, ..look }, i % 40, i / 40, 40, 25)).collect() };
        assert_eq!(frame(7), frame(7));
        assert_ne!(frame(7), frame(8));
        let glitched = frame(7).iter().filter(|c| matches!(c, Cell::Glitch(_))).count();
        assert!((200..400).contains(&glitched), "{glitched}");
    }

    #[test]
    fn numbers_that_are_not_finite_are_an_empty_field() {
        let look = Look { activity: f64::NAN, presence: f64::INFINITY, glitch: f64::NAN, seed: 0, drift: u32::MAX - 8 };
        assert!(matches!(cell(&look, 3, 3, 8, 8), Cell::Shade(0 | 1)));
        assert_eq!(heartbeat_ms(f64::NAN), 4000.0);
    }
}
