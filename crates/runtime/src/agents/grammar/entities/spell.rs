//! Numbers, in digits and in words. It owns how much of a text belongs to one number.

use super::{Found, Piece};

/// A cardinal number: `1,200`, `3.5`, `twenty-five`, `two hundred and five`.
pub(super) fn cardinal(pieces: &[Piece]) -> Option<Found<f64>> {
    let first = pieces.first()?;
    if let Some(value) = digits(&first.word) {
        let scale = pieces.get(1).filter(|_| !first.ends_clause).and_then(|next| scale(&next.word));
        return Some(match scale {
            Some(scale) => Found::new(2, value * scale),
            None => Found::new(1, value),
        });
    }
    in_words(pieces)
}

/// A place in an order: `2nd`, `second`, `last` as -1.
pub(super) fn ordinal(word: &str) -> Option<f64> {
    let named = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
        "twelfth",
    ];
    if let Some(at) = named.iter().position(|name| *name == word) {
        return u8::try_from(at + 1).ok().map(f64::from);
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end))?;
    let all_digits = !digits.is_empty() && digits.len() <= 6 && digits.chars().all(|c| c.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

/// `1200`, `1,200.50`, `-3`, and nothing that only begins like a number.
pub(super) fn digits(word: &str) -> Option<f64> {
    let (sign, bare) = word.strip_prefix(['-', '−']).map_or((1.0, word), |rest| (-1.0, rest));
    let (whole, fraction) = bare.split_once('.').map_or((bare, None), |(whole, fraction)| (whole, Some(fraction)));
    let groups: Vec<&str> = whole.split(',').collect();
    let all_digits = |text: &str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    let grouped = groups.len() == 1 || groups[1..].iter().all(|group| group.len() == 3) && groups[0].len() <= 3;
    if !grouped || !groups.iter().all(|group| all_digits(group)) || !fraction.is_none_or(all_digits) {
        return None;
    }
    let value: f64 = bare.replace(',', "").parse().ok()?;
    value.is_finite().then_some(sign * value)
}

fn in_words(pieces: &[Piece]) -> Option<Found<f64>> {
    let (mut total, mut group, mut taken) = (0.0, 0.0, 0);
    let mut last = None;
    for (at, piece) in pieces.iter().enumerate() {
        if last.is_some_and(|before: usize| pieces[before].ends_clause) {
            break;
        }
        let word = piece.word.as_str();
        // "two hundred and five", but not "five and six": "and" belongs to a number only after a hundred.
        if word == "and" && group >= 100.0 && pieces.get(at + 1).is_some_and(|next| small(&next.word).is_some()) {
            last = Some(at);
            continue;
        }
        if let Some(value) = small(word) {
            let fits =
                group == 0.0 || group % 100.0 == 0.0 || (group % 10.0 == 0.0 && group % 100.0 >= 20.0 && value < 10.0);
            if at > 0 && !fits {
                break;
            }
            group += value;
        } else if let Some(scale) = scale(word) {
            if taken == 0 {
                break;
            }
            if scale == 100.0 {
                group *= scale;
            } else {
                total += group * scale;
                group = 0.0;
            }
        } else {
            break;
        }
        taken = at + 1;
        last = Some(at);
    }
    (taken > 0).then(|| Found::new(taken, total + group))
}

fn scale(word: &str) -> Option<f64> {
    Some(match word {
        "hundred" => 100.0,
        "thousand" => 1e3,
        "million" => 1e6,
        "billion" => 1e9,
        _ => return None,
    })
}

/// Up to ninety-nine, in one word.
fn small(word: &str) -> Option<f64> {
    if let Some((tens, ones)) = word.split_once('-') {
        let (tens, ones) = (small(tens)?, small(ones)?);
        return ((20.0..100.0).contains(&tens) && (1.0..10.0).contains(&ones)).then_some(tens + ones);
    }
    let ones = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    let tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |names: &[&str]| names.iter().position(|name| *name == word).and_then(|at| u8::try_from(at).ok());
    let from_ones = place(&ones).map(f64::from);
    from_ones.or_else(|| place(&tens).map(|at| f64::from(at) * 10.0 + 20.0)).or((word == "dozen").then_some(12.0))
}
