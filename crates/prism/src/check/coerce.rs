//! Writes `3.0` as `3` where a whole number is wanted. JSON has one kind of number and JSON Schema calls both integers;
//! Rust's types do not. Nothing else is coerced: it would lose something, or guess.

use serde_json::Value;

/// Most references and alternatives followed for one value. A schema that refers to itself in circles stops here.
const HOPS_MAX: usize = 16;
/// Up to here every whole number has a float of its own.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Coerces a value, of bounded depth, by its schema.
pub(crate) fn coerce(value: &mut Value, schema: &Value) {
    walk(value, schema, schema, 0);
}

/// The schema that a local reference means.
pub(crate) fn resolve<'a>(reference: &str, root: &'a Value) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

fn walk(value: &mut Value, schema: &Value, root: &Value, hops: usize) {
    let Some(keywords) = schema.as_object().filter(|_| hops < HOPS_MAX) else { return };
    if let Some(target) = keywords.get("$ref").and_then(Value::as_str).and_then(|r| resolve(r, root)) {
        walk(value, target, root, hops + 1);
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        for branch in keywords.get(list).and_then(Value::as_array).into_iter().flatten() {
            walk(value, branch, root, hops + 1);
        }
    }
    match value {
        Value::Number(number) => {
            let wants = keywords.get("type").is_some_and(|t| match t {
                Value::Array(types) => types.iter().any(|t| t == "integer"),
                one => one == "integer",
            });
            if let Some(whole) = number.as_f64().filter(|_| wants && number.is_f64()).and_then(whole) {
                *value = whole.into();
            }
        }
        Value::Array(items) => {
            let first = keywords.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(schema) = first.get(index).or_else(|| keywords.get("items")) {
                    walk(item, schema, root, 0);
                }
            }
        }
        Value::Object(fields) => {
            let named = keywords.get("properties");
            for (name, field) in fields {
                let schema = named.and_then(|n| n.get(name)).or_else(|| keywords.get("additionalProperties"));
                if let Some(schema) = schema {
                    walk(field, schema, root, 0);
                }
            }
        }
        _ => {}
    }
}

/// The whole number that a float is, if it is one and exactly that one.
fn whole(float: f64) -> Option<i64> {
    let is_whole = float.fract() == 0.0 && float.abs() <= EXACT_MAX;
    // Whole, and within the range of i64: nothing is cut off.
    is_whole.then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_floats_become_whole_numbers_where_these_are_wanted() {
        let schema = json!({
            "properties": {
                "n": { "type": "integer" },
                "maybe": { "type": ["integer", "null"] },
                "x": { "type": "number" },
                "any": {},
                "list": { "type": "array", "items": { "anyOf": [{ "$ref": "#/$defs/count" }, { "type": "null" }] } },
                "pair": { "prefixItems": [{ "type": "integer" }], "items": { "type": "number" } },
                "map": { "additionalProperties": { "type": "integer" } },
            },
            "$defs": { "count": { "type": "integer" }, "circle": { "$ref": "#/$defs/circle" } },
        });
        let mut value = json!({
            "n": 3.0, "maybe": -2.0, "x": 1.0, "any": 4.0, "list": [5.0, 5.5, null], "pair": [6.0, 6.0],
            "map": { "a": 7.0, "b": 1e300, "c": "8.0" },
        });
        coerce(&mut value, &schema);
        let wanted = json!({
            "n": 3, "maybe": -2, "x": 1.0, "any": 4.0, "list": [5, 5.5, null], "pair": [6, 6.0],
            "map": { "a": 7, "b": 1e300, "c": "8.0" },
        });
        assert_eq!(value, wanted);
    }

    #[test]
    fn a_schema_in_circles_ends() {
        let schema = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }] } } });
        let mut value = json!({ "x": 1.0 });
        coerce(&mut value, &schema);
        assert_eq!(value, json!({ "x": 1.0 }));
    }
}
