//! The twenty strategies, and how a seed chooses one. Free: no model is ever asked.

use super::dice::choose;

/// The strategies, in their order.
pub const STRATEGIES: [&str; 20] = [
    "Honor thy error as a hidden intention.",
    "What would your closest friend do?",
    "Turn it upside down.",
    "Ask your body.",
    "Do nothing for as long as possible.",
    "Use an old idea.",
    "What are you really thinking about just now?",
    "Look at the order in which you do things.",
    "Emphasize differences.",
    "What mistakes did you make last time?",
    "Is it finished?",
    "Into the impossible.",
    "Work at a different speed.",
    "Gardening, not architecture.",
    "Go slowly all the way round the outside.",
    "Consider the opposite.",
    "What if you're already at the destination?",
    "The path is made by walking.",
    "Remove ambiguities and convert to specifics.",
    "Change instrument roles.",
];

/// The strategy of a seed: index `min(⌊20 × seed⌋, 19)`, the seed clamped to 0 to 1.
#[must_use]
pub fn oblique(seed: f64) -> &'static str {
    choose(&STRATEGIES, seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_seed_has_its_strategy_and_the_ends_are_clamped() {
        for (seed, index) in [(0.0, 0), (0.5, 10), (0.999, 19), (1.0, 19), (-0.3, 0), (-7.0, 0), (9.0, 19)] {
            assert_eq!(oblique(seed), STRATEGIES[index], "{seed}");
        }
        assert_eq!(oblique(f64::NAN), STRATEGIES[0]);
        assert_eq!(oblique(f64::INFINITY), STRATEGIES[19]);
    }

    proptest! {
        #[test]
        fn the_same_seed_the_same_strategy_and_always_one_of_the_twenty(seed in any::<f64>()) {
            prop_assert_eq!(oblique(seed), oblique(seed));
            prop_assert!(STRATEGIES.contains(&oblique(seed)));
        }
    }
}
