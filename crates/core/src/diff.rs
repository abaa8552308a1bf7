//! Which lines of a text changed: the longest common subsequence of lines, after what both texts begin and end with. Every
//! line of both is in the result; texts too far apart for the table are shown as replaced whole.

/// Most cells of the table, in pairs of lines.
const CELLS_MAX: usize = 1_000_000;

/// A line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// Only before.
    Gone(&'a str),
    /// Only after.
    New(&'a str),
}

/// The lines of both texts, as one list.
#[must_use]
pub fn lines<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (inner_a, inner_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut result: Vec<Line<'a>> = a[..head].iter().map(|line| Line::Same(line)).collect();
    between(inner_a, inner_b, &mut result);
    result.extend(a[a.len() - tail..].iter().map(|line| Line::Same(line)));
    result
}

fn between<'a>(a: &[&'a str], b: &[&'a str], result: &mut Vec<Line<'a>>) {
    if a.len().saturating_mul(b.len()) > CELLS_MAX {
        result.extend(a.iter().map(|line| Line::Gone(line)));
        result.extend(b.iter().map(|line| Line::New(line)));
        return;
    }
    // At (i, j): the length of the longest common subsequence of a[i..] and b[j..].
    let width = b.len() + 1;
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            result.push(Line::Same(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            result.push(Line::Gone(a[i]));
            i += 1;
        } else {
            result.push(Line::New(b[j]));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_line_goes_and_comes() {
        let found = lines("a\nb\nc\n", "a\nB\nc\n");
        assert_eq!(found, [Line::Same("a"), Line::Gone("b"), Line::New("B"), Line::Same("c")]);
    }

    proptest! {
        #[test]
        fn both_texts_are_in_it_whole(before in "([abc]\n){0,12}", after in "([abc]\n){0,12}") {
            let found = lines(&before, &after);
            let side = |keep: fn(&Line<'_>) -> bool| -> String {
                let kept = found.iter().filter(|line| keep(line));
                kept.map(|(Line::Same(l) | Line::Gone(l) | Line::New(l))| format!("{l}\n")).collect()
            };
            prop_assert_eq!(side(|l| !matches!(l, Line::New(_))), before.clone());
            prop_assert_eq!(side(|l| !matches!(l, Line::Gone(_))), after.clone());
        }
    }
}
