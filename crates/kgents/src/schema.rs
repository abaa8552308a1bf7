//! What an argument takes, read from its JSON Schema, as far as a person has to know it to type one. Whether a value
//! really fits is for `prism` to say.

use serde_json::Value;

/// Most references and alternatives followed within one schema.
const HOPS_MAX: usize = 16;

/// What an argument takes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Kind {
    /// The types it may have, in JSON's words, without `null`.
    types: Vec<String>,
    /// The values it may have, where they are listed, each with what it means.
    pub(crate) choices: Vec<(String, String)>,
    /// What each item is, where it takes several.
    items: Option<Box<Kind>>,
    /// The least and greatest number, where the schema says so.
    range: [Option<f64>; 2],
}

impl Kind {
    /// What a schema takes. `root` is the schema of all arguments, which references point into.
    pub(crate) fn of(schema: &Value, root: &Value) -> Self {
        let mut kind = Self::default();
        kind.add(schema, root, 0);
        kind
    }

    /// Whether it is yes or no.
    pub(crate) fn is_flag(&self) -> bool {
        self.types == ["boolean"]
    }

    /// Whether it may be given several times.
    pub(crate) fn is_list(&self) -> bool {
        self.types.iter().any(|t| t == "array")
    }

    /// The values of one word of it, where they are listed.
    pub(crate) fn word_choices(&self) -> &[(String, String)] {
        match &self.items {
            Some(items) if self.is_list() => &items.choices,
            _ => &self.choices,
        }
    }

    /// What to type, in a word, as it stands in `--limit <INTEGER>`.
    pub(crate) fn word(&self) -> String {
        let one = |kind: &Self| match kind.types.as_slice() {
            _ if !kind.choices.is_empty() => {
                kind.choices.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>().join("|")
            }
            [only] => match only.as_str() {
                "string" => "TEXT".to_owned(),
                "array" | "object" => "JSON".to_owned(),
                other => other.to_uppercase(),
            },
            _ => "VALUE".to_owned(),
        };
        match &self.items {
            Some(items) if self.is_list() => one(items),
            None if self.is_list() => "VALUE".to_owned(),
            _ => one(self),
        }
    }

    /// The range, where it is one that a person would mean and not that of a machine's number.
    pub(crate) fn range(&self) -> Option<String> {
        let meant =
            |n: f64| n.abs() <= 1e6 && n != f64::from(i16::MIN) && n != f64::from(i16::MAX) && n != f64::from(u16::MAX);
        match self.range {
            [Some(min), Some(max)] if meant(min) && meant(max) => Some(format!("{min} to {max}")),
            [Some(min), _] if meant(min) && min != 0.0 => Some(format!("{min} or more")),
            [None, Some(max)] if meant(max) => Some(format!("{max} or less")),
            _ => None,
        }
    }

    fn add(&mut self, schema: &Value, root: &Value, hops: usize) {
        if hops >= HOPS_MAX {
            return;
        }
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| root.pointer(r.strip_prefix('#')?));
        if let Some(target) = target {
            self.add(target, root, hops + 1);
        }
        for branch in ["allOf", "anyOf", "oneOf"].iter().filter_map(|list| schema.get(list)?.as_array()).flatten() {
            self.add(branch, root, hops + 1);
        }
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        if let Some(value) = schema.get("const") {
            self.choose(value, about);
        }
        for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
            self.choose(value, "");
        }
        match schema.get("type") {
            Some(Value::String(word)) => self.take(word),
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).for_each(|word| self.take(word)),
            _ => {}
        }
        if let Some(items) = schema.get("items").filter(|_| self.items.is_none()) {
            let mut inner = Self::default();
            inner.add(items, root, hops + 1);
            self.items = Some(Box::new(inner));
        }
        for (slot, key) in self.range.iter_mut().zip(["minimum", "maximum"]) {
            *slot = slot.or(schema.get(key).and_then(Value::as_f64));
        }
    }

    fn take(&mut self, word: &str) {
        if word != "null" && !self.types.iter().any(|t| t == word) {
            self.types.push(word.to_owned());
        }
    }

    fn choose(&mut self, value: &Value, about: &str) {
        let word = match value {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if self.choices.iter().all(|(known, _)| *known != word) {
            self.choices.push((word, about.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(schema: &Value) -> Kind {
        Kind::of(schema, &json!({ "$defs": { "Tree": { "type": "object" } } }))
    }

    #[test]
    fn what_to_type_is_said_in_a_word() {
        for (schema, word) in [
            (json!({ "type": "string" }), "TEXT"),
            (json!({ "type": ["integer", "null"] }), "INTEGER"),
            (json!({ "$ref": "#/$defs/Tree" }), "JSON"),
            (
                json!({ "anyOf": [{ "oneOf": [{ "const": "past" }, { "const": "now" }] }, { "type": "null" }] }),
                "past|now",
            ),
            (json!({ "type": "array", "items": { "type": "number" } }), "NUMBER"),
            (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), "a|b"),
            (json!({ "type": "array" }), "VALUE"),
            (json!(true), "VALUE"),
        ] {
            assert_eq!(kind(&schema).word(), word, "{schema}");
        }
        assert!(kind(&json!({ "type": ["boolean", "null"] })).is_flag());
        assert!(!kind(&json!({ "anyOf": [{ "type": "boolean" }, { "type": "string" }] })).is_flag());
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let root = json!({ "$defs": { "A": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "array", "items": { "$ref": "#/$defs/A" } }] } } });
        assert!(Kind::of(&json!({ "$ref": "#/$defs/A" }), &root).is_list());
    }

    #[test]
    fn ranges_of_machines_are_not_told() {
        assert_eq!(
            kind(&json!({ "type": "integer", "minimum": 1, "maximum": 100 })).range().as_deref(),
            Some("1 to 100")
        );
        assert_eq!(kind(&json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })).range(), None);
    }
}
