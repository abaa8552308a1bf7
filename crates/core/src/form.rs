//! A form from a JSON Schema: which fields a command takes, in which order, and the value that what was typed into them
//! makes. Owns neither how a field looks nor whether a value fits, which is for the gateway to say.
//!
//! What was typed is kept as [`Words`]: one text per field, under its JSON Pointer (RFC 6901). A list keeps its length
//! there, so that rows can be added and taken away without knowing what they hold.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What was typed, by JSON Pointer.
pub type Words = BTreeMap<String, String>;

/// Fields within fields that are drawn; what lies deeper is typed as JSON.
const DEPTH_MAX: usize = 6;
/// Most rows of a list that is typed into a form.
pub const ROWS_MAX: usize = 100;
/// From this many characters on, a text gets room for several lines.
const LONG: u64 = 200;

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in the object around it; empty for a row of a list.
    pub name: String,
    /// What it is.
    pub help: String,
    /// Whether it has to be there.
    pub required: bool,
    /// What it is where nothing is said.
    pub default: Option<Value>,
    /// What it takes.
    pub kind: Kind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A text of one line.
    Line,
    /// A text of several lines.
    Text,
    /// A number: whether it is a whole one, the least, the greatest.
    Number(Whole, Option<Value>, Option<Value>),
    /// Yes or no.
    Flag,
    /// One of these.
    Choice(Vec<Choice>),
    /// Any number of the same.
    List(Box<Field>),
    /// Fields of an object.
    Group(Vec<Field>),
    /// Whatever else, typed as JSON.
    Json,
}

/// Which numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Whole numbers only.
    Only,
    /// Any number.
    OrNot,
}

/// One of the values of a choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The value.
    pub value: Value,
    /// How it reads.
    pub label: String,
}

/// The fields of an argument object, in the order of their declaration.
#[must_use]
pub fn fields(schema: &Value) -> Vec<Field> {
    group(schema, schema, 0)
}

/// The pointer of a part of what `at` points to.
#[must_use]
pub fn within(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What stands in an empty form: the defaults.
#[must_use]
pub fn start(fields: &[Field]) -> Words {
    let mut words = Words::new();
    for field in fields {
        fill(field, &within("", &field.name), field.default.as_ref(), &mut words);
    }
    words
}

/// The value that the words make. What is empty is left out; what is no number goes as it was typed, and the gateway
/// says what is wrong with it.
#[must_use]
pub fn value(fields: &[Field], words: &Words) -> Value {
    Value::Object(object(fields, "", words))
}

/// Adds a row to the list at `at`.
pub fn grow(row: &Field, at: &str, words: &mut Words) {
    let rows = rows(at, words);
    if rows < ROWS_MAX {
        fill(row, &within(at, &rows.to_string()), row.default.as_ref(), words);
        words.insert(at.to_owned(), (rows + 1).to_string());
    }
}

/// Takes a row out of the list at `at`.
pub fn shrink(at: &str, row: usize, words: &mut Words) {
    let before = rows(at, words);
    let of = |key: &str| -> Option<(usize, String)> {
        let rest = key.strip_prefix(at)?.strip_prefix('/')?;
        let (index, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some((index.parse().ok()?, rest.to_owned()))
    };
    let mut next = Words::new();
    for (key, word) in std::mem::take(words) {
        match of(&key) {
            Some((index, _)) if index == row => {}
            Some((index, rest)) if index > row => drop(next.insert(format!("{at}/{}{rest}", index - 1), word)),
            _ => drop(next.insert(key, word)),
        }
    }
    next.insert(at.to_owned(), before.saturating_sub(1).to_string());
    *words = next;
}

/// How many rows the list at `at` has.
#[must_use]
pub fn rows(at: &str, words: &Words) -> usize {
    words.get(at).and_then(|n| n.parse().ok()).unwrap_or(0).min(ROWS_MAX)
}

fn group(schema: &Value, root: &Value, depth: usize) -> Vec<Field> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let texts = |key: &str| -> Vec<&str> {
        let list = schema.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).collect()
    };
    let (order, required) = (texts("x-order"), texts("required"));
    let others = properties.keys().map(String::as_str).filter(|name| !order.contains(name));
    let mut fields = Vec::new();
    for name in order.iter().copied().chain(others) {
        if let Some(schema) = properties.get(name) {
            fields.push(field(name, schema, required.contains(&name), root, depth));
        }
    }
    fields
}

fn field(name: &str, schema: &Value, required: bool, root: &Value, depth: usize) -> Field {
    let default = schema.get("default").filter(|v| !v.is_null()).cloned();
    let mut kind = kind(schema, root, required, depth);
    if kind == Kind::Flag && !required && default.is_none() {
        // Yes, no, and nothing said are three different things here.
        let choice = |value: bool, label: &str| Choice { value: value.into(), label: label.to_owned() };
        kind = Kind::Choice(vec![choice(true, "yes"), choice(false, "no")]);
    }
    let help = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    Field { name: name.to_owned(), help, required, default, kind }
}

fn kind(schema: &Value, root: &Value, required: bool, depth: usize) -> Kind {
    if depth > DEPTH_MAX {
        return Kind::Json;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or(Kind::Json, |target| kind(target, root, required, depth + 1));
    }
    if let Some(choices) = choices(schema) {
        return Kind::Choice(choices);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(forms) = schema.get(key).and_then(Value::as_array) {
            let mut real = forms.iter().filter(|form| form.get("type").and_then(Value::as_str) != Some("null"));
            return match (real.next(), real.next()) {
                (Some(only), None) => kind(only, root, required, depth + 1),
                _ => Kind::Json,
            };
        }
    }
    let limit = |key: &str| schema.get(key).filter(|v| v.is_number()).cloned();
    match type_of(schema) {
        Some("string") => {
            let most = schema.get("maxLength").and_then(Value::as_u64);
            let free = schema.get("format").is_none() && schema.get("pattern").is_none();
            let long = most.map_or(required && free, |most| most >= LONG);
            if long { Kind::Text } else { Kind::Line }
        }
        Some("integer") => Kind::Number(Whole::Only, limit("minimum"), limit("maximum")),
        Some("number") => Kind::Number(Whole::OrNot, limit("minimum"), limit("maximum")),
        Some("boolean") => Kind::Flag,
        Some("array") => match schema.get("items").filter(|items| items.is_object()) {
            // A row is either there or not; an empty one is for the gateway to judge.
            Some(items) => Kind::List(Box::new(field("", items, true, root, depth + 1))),
            None => Kind::Json,
        },
        Some("object") => {
            let fields = group(schema, root, depth + 1);
            if fields.is_empty() { Kind::Json } else { Kind::Group(fields) }
        }
        _ => Kind::Json,
    }
}

/// The one type a value may have, `null` aside.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => {
            let mut real = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            real.next().filter(|_| real.next().is_none())
        }
        _ => None,
    }
}

/// The values, where they are listed: in `enum`, in `const`, or in alternatives that are nothing but these.
fn choices(schema: &Value) -> Option<Vec<Choice>> {
    let choice = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let help = schema.get("description").and_then(Value::as_str);
        let label = help.filter(|_| schema.get("const").is_some());
        Choice { value: value.clone(), label: label.map_or_else(|| text.clone(), |help| format!("{text}: {help}")) }
    };
    if let Some(only) = schema.get("const") {
        return (!only.is_null()).then(|| vec![choice(only)]);
    }
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return Some(listed.iter().filter(|v| !v.is_null()).map(choice).collect());
    }
    let forms = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array())?;
    let mut all = Vec::new();
    for form in forms.iter().filter(|form| form.get("type").and_then(Value::as_str) != Some("null")) {
        all.extend(choices(form)?);
    }
    Some(all).filter(|all| !all.is_empty())
}

fn fill(field: &Field, at: &str, value: Option<&Value>, words: &mut Words) {
    let word = match (&field.kind, value) {
        (Kind::Group(fields), value) => {
            for field in fields {
                let value = value.and_then(|v| v.get(&field.name)).or(field.default.as_ref());
                fill(field, &within(at, &field.name), value, words);
            }
            return;
        }
        (Kind::List(row), value) => {
            let items = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for (n, item) in items.iter().take(ROWS_MAX).enumerate() {
                fill(row, &within(at, &n.to_string()), Some(item), words);
            }
            items.len().min(ROWS_MAX).to_string()
        }
        (Kind::Choice(choices), Some(value)) => {
            choices.iter().position(|c| c.value == *value).map_or_else(String::new, |n| n.to_string())
        }
        (Kind::Json, Some(value)) => value.to_string(),
        (_, Some(Value::String(text))) => text.clone(),
        (_, Some(value)) => value.to_string(),
        (_, None) => String::new(),
    };
    words.insert(at.to_owned(), word);
}

fn object(fields: &[Field], at: &str, words: &Words) -> Map<String, Value> {
    let mut object = Map::new();
    for field in fields {
        if let Some(value) = one(field, &within(at, &field.name), words) {
            object.insert(field.name.clone(), value);
        }
    }
    object
}

fn one(field: &Field, at: &str, words: &Words) -> Option<Value> {
    let word = words.get(at).map_or("", String::as_str);
    let said = || Some(word.trim()).filter(|word| !word.is_empty());
    match &field.kind {
        Kind::Line | Kind::Text => (!word.is_empty()).then(|| word.into()),
        Kind::Flag => Some((word == "true").into()),
        Kind::Choice(choices) => choices.get(said()?.parse::<usize>().ok()?).map(|choice| choice.value.clone()),
        // A number that JSON cannot write is not a number here either.
        Kind::Number(..) | Kind::Json => {
            let word = said()?;
            Some(serde_json::from_str(word).unwrap_or_else(|_| word.into()))
        }
        Kind::List(row) => {
            let count = rows(at, words);
            let empty = || if matches!(row.kind, Kind::Line | Kind::Text) { "".into() } else { Value::Null };
            let item = |n: usize| one(row, &within(at, &n.to_string()), words).unwrap_or_else(empty);
            (count > 0 || field.required || field.default.is_some()).then(|| (0..count).map(item).collect())
        }
        Kind::Group(fields) => {
            let object = object(fields, at, words);
            let untouched = |f: &Field| object.get(&f.name) == f.default.as_ref();
            (field.required || !fields.iter().all(untouched)).then_some(Value::Object(object))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example() -> Vec<Field> {
        fields(&json!({
            "type": "object",
            "x-order": ["text", "tone", "when", "tags", "deep", "loud"],
            "required": ["text"],
            "properties": {
                "deep": {"type": "object", "required": ["a"], "properties": {
                    "a": {"type": "integer", "minimum": 1}, "b": {"type": "boolean", "default": true}}},
                "loud": {"type": ["boolean", "null"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "text": {"type": "string", "description": "What to say"},
                "tone": {"oneOf": [{"const": "calm", "description": "Softly"}, {"enum": ["loud"]}], "default": "loud"},
                "when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            },
        }))
    }

    fn typed(pairs: &[(&str, &str)]) -> Words {
        let mut words = start(&example());
        words.extend(pairs.iter().map(|(at, word)| ((*at).to_owned(), (*word).to_owned())));
        words
    }

    #[test]
    fn fields_come_in_declared_order_with_what_they_take() {
        let fields = example();
        let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["text", "tone", "when", "tags", "deep", "loud"]);
        assert_eq!((&fields[0].kind, fields[0].required), (&Kind::Text, true));
        let Kind::Choice(tones) = &fields[1].kind else { panic!("{:?}", fields[1]) };
        assert_eq!(tones.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(), ["calm: Softly", "loud"]);
        assert_eq!(fields[2].kind, Kind::Line);
        assert!(matches!(&fields[5].kind, Kind::Choice(c) if c.len() == 2), "nothing said is not no");
    }

    #[test]
    fn an_untouched_form_says_its_defaults_and_nothing_else() {
        assert_eq!(value(&example(), &start(&example())), json!({"tone": "loud"}));
    }

    #[test]
    fn what_is_typed_becomes_a_value_of_its_type() {
        let words = typed(&[("/text", "hi"), ("/tone", "0"), ("/deep/a", "7"), ("/loud", "1")]);
        let expected = json!({"text": "hi", "tone": "calm", "deep": {"a": 7, "b": true}, "loud": false});
        assert_eq!(value(&example(), &words), expected);
        let wrong = typed(&[("/deep/a", "seven")]);
        assert_eq!(value(&example(), &wrong)["deep"]["a"], json!("seven"), "the gateway says what is wrong");
    }

    #[test]
    fn rows_come_and_go_and_keep_their_words() {
        let mut words = start(&example());
        let row = field("", &json!({"type": "string"}), true, &Value::Null, 0);
        for text in ["a", "b", "c"] {
            grow(&row, "/tags", &mut words);
            words.insert(format!("/tags/{}", rows("/tags", &words) - 1), text.to_owned());
        }
        shrink("/tags", 1, &mut words);
        assert_eq!(value(&example(), &words)["tags"], json!(["a", "c"]));
        (0..ROWS_MAX * 2).for_each(|_| grow(&row, "/tags", &mut words));
        assert_eq!(rows("/tags", &words), ROWS_MAX);
    }

    #[test]
    fn schemas_that_never_end_or_make_no_sense_are_typed_as_json() {
        let root = json!({"$defs": {"t": {"type": "object", "properties": {"t": {"$ref": "#/$defs/t"}}}},
            "properties": {"t": {"$ref": "#/$defs/t"}, "any": true, "either": {"type": ["string", "number"]}}});
        let fields = fields(&root);
        assert_eq!(fields.len(), 3);
        assert!(fields.iter().filter(|f| f.name != "t").all(|f| f.kind == Kind::Json));
        assert_eq!(value(&fields, &Words::from([("/any".into(), "[1".into())])), json!({"any": "[1"}));
    }
}
