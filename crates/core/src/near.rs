//! The words most like a word.

/// Words offered at most.
pub const OFFERED: usize = 5;
/// What is compared of a word, in bytes: longer than any path of ours, and what bounds the work.
const COMPARED: usize = 96;
/// Slips in a word that was meant to be another, at most.
const FAR: usize = 12;

/// The known words that may have been meant, best first, at most [`OFFERED`]. Words that have nothing in common with it are
/// not among them.
#[must_use]
pub fn near<S: AsRef<str>>(word: &str, known: impl IntoIterator<Item = S>) -> Vec<String> {
    let word = clip(word).to_ascii_lowercase();
    let far = (word.chars().count().max(4) / 2).min(FAR);
    let mut scored: Vec<_> = known
        .into_iter()
        .map(|k| (strsim::osa_distance(&word, clip(k.as_ref())), k))
        .filter(|(distance, k)| *distance <= far || (word.len() >= 3 && k.as_ref().starts_with(&word)))
        .map(|(distance, k)| (distance, k.as_ref().to_owned()))
        .collect();
    scored.sort();
    scored.dedup();
    scored.into_iter().take(OFFERED).map(|(_, k)| k).collect()
}

/// The known words in the order of their likeness to a word, at most [`OFFERED`], however unlike: for who does not know what
/// there is.
#[must_use]
pub fn closest<T: AsRef<str> + Ord>(word: &str, known: impl IntoIterator<Item = T>) -> Vec<T> {
    let word = clip(word);
    let mut scored: Vec<_> = known.into_iter().map(|k| (strsim::osa_distance(word, clip(k.as_ref())), k)).collect();
    scored.sort();
    scored.into_iter().take(OFFERED).map(|(_, k)| k).collect()
}

/// The beginning of a text, as far as it is worth repeating to whoever sent it.
#[must_use]
pub fn clip(text: &str) -> &str {
    let end = (0..=COMPARED.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_nothing_is_told_what_there_is() {
        let known = ["host", "scribe", "files", "grammar", "steward", "build-log"];
        assert_eq!(closest("hsot", known)[0], "host");
        assert_eq!(closest("zzzzzzzz", known).len(), OFFERED);
        assert!(closest::<&str>("host", []).is_empty());
    }

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = ["void.entropy.tithe", "void.entropy.sip", "world.purgatory.list"];
        assert_eq!(near("void.entropy.tihte", known)[0], "void.entropy.tithe");
        assert!(near("zzzzzzzzzzzzzzzzzzzz", known).is_empty());
        assert_eq!(near("void", known), ["void.entropy.sip", "void.entropy.tithe"]);
        assert!(near(&"é".repeat(1_000_000), known).is_empty());
    }
}
