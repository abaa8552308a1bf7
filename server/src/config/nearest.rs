//! "Did you mean": the known word nearest to a mistyped one, by edit distance.

/// The nearest of the known words, if any is near enough to be what was meant.
pub(crate) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let near_enough = typed.len().max(3) / 2;
    known
        .iter()
        .map(|word| (distance(typed, word), *word))
        .filter(|(d, _)| *d <= near_enough)
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein's distance, with one row of the table.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        assert_eq!(nearest("prot", &["host", "port"]), Some("port"));
        assert_eq!(nearest("host-agent", &["host_agent", "port"]), Some("host_agent"));
        assert_eq!(nearest("zzzzzz", &["host", "port"]), None);
    }
}
