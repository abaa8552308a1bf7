//! Puts things in order. One sort for all kinds of things: it sorts places, and the things follow, so that a window's
//! code holds the sort once and not for every kind.

use std::cmp::Ordering;

/// The things in order; what is equal stays as it was.
#[must_use]
pub fn sorted<T>(things: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = places(things.len(), &|a, b| compare(&things[a], &things[b]));
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| things[place].take()).collect()
}

fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_stay_as_they_were() {
        let things = vec![(2, "a"), (1, "b"), (2, "c"), (0, "d"), (1, "e")];
        let letters: String = sorted(things, |a, b| a.0.cmp(&b.0)).into_iter().map(|thing| thing.1).collect();
        assert_eq!(letters, "dbeac");
    }
}
