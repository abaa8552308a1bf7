//! Measures JSON without recursion, so that a value nested a hundred thousand levels deep cannot end the process.

use serde_json::Value;

/// The children of a value that are still to be seen.
type Children<'a> = Box<dyn Iterator<Item = &'a Value> + 'a>;

/// Whether a value has more levels than that. A number has none, `[1]` has one.
pub(crate) fn exceeds(value: &Value, levels: usize) -> bool {
    let mut path: Vec<Children<'_>> = children(value).into_iter().collect();
    while let Some(top) = path.last_mut() {
        match top.next() {
            None => {
                path.pop();
            }
            Some(child) => path.extend(children(child)),
        }
        // The path is never longer than the limit allows, so neither is the memory for it.
        if path.len() > levels {
            return true;
        }
    }
    false
}

/// Whether a value has more values in it than that, itself included.
pub(crate) fn outnumbers(value: &Value, count: usize) -> bool {
    let (mut left, mut seen) = (vec![value], 0);
    while let Some(value) = left.pop() {
        seen += 1;
        left.extend(children(value).into_iter().flatten());
        if seen + left.len() > count {
            return true;
        }
    }
    false
}

/// Drops a value of any depth.
pub(crate) fn dismantle(value: Value) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => left.extend(fields.into_iter().map(|(_, field)| field)),
            _ => {}
        }
    }
}

fn children(value: &Value) -> Option<Children<'_>> {
    match value {
        Value::Array(items) => Some(Box::new(items.iter())),
        Value::Object(fields) => Some(Box::new(fields.values())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn levels_and_values_are_counted() {
        assert!(!exceeds(&json!(1), 0) && exceeds(&json!([1]), 0) && !exceeds(&json!([1]), 1));
        assert!(exceeds(&json!({ "a": [1, { "b": [] }] }), 3) && !exceeds(&json!({ "a": [1, { "b": [] }] }), 4));
        assert!(!outnumbers(&json!([1, 2, [3]]), 5) && outnumbers(&json!([1, 2, [3]]), 4));
    }

    #[test]
    fn a_very_deep_value_is_measured_and_dropped() {
        let deep = (0..200_000).fold(json!(1), |inner, _| Value::Array(vec![inner]));
        assert!(exceeds(&deep, 128));
        dismantle(deep);
    }
}
