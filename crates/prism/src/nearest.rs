//! "Did you mean": the known words nearest to a mistyped one.

/// Most words offered.
const OFFERED: usize = 3;
/// Longest word that is compared, in bytes: longer than any name, and what bounds the work.
const COMPARED: usize = 256;

/// The known words that may have been meant, best first.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if typed.len() > COMPARED {
        return Vec::new();
    }
    let near_enough = typed.chars().count().max(3) / 2;
    let typed = typed.to_lowercase();
    let mut scored: Vec<_> = known
        .into_iter()
        .map(|word| (strsim::osa_distance(&typed, &word.to_lowercase()), word))
        .filter(|(distance, word)| {
            *distance <= near_enough || (typed.len() >= 3 && (word.starts_with(&typed) || typed.starts_with(word)))
        })
        .collect();
    scored.sort();
    scored.into_iter().take(OFFERED).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = ["parse", "check", "limit"];
        assert_eq!(nearest("prase", known), ["parse"]);
        assert_eq!(nearest("Limits", known), ["limit"]);
        assert_eq!(nearest("lim", known), ["limit"]);
        assert!(nearest("zzzzzz", known).is_empty());
        assert!(nearest(&"p".repeat(COMPARED + 1), known).is_empty());
    }
}
