//! A deterministic source of seeds: the same start, the same sequence, on every machine.

/// SplitMix64 (Steele, Lea and Flood 2014). Not for secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// Dice that begin with `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, uniform in 0 to 1, 1 not included.
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The word that a seed chooses: `⌊seed × number of words⌋`, the seed clamped to 0 to 1; what is no number chooses the first.
#[must_use]
pub fn choose<'a>(words: &[&'a str], seed: f64) -> &'a str {
    let seed = if seed.is_nan() { 0.0 } else { seed.clamp(0.0, 1.0) };
    // The product is at most the number of words: it fits, and `min` takes off the end that 1.0 would be.
    let index = ((seed * words.len() as f64) as usize).min(words.len().saturating_sub(1));
    words.get(index).copied().unwrap_or_default()
}
