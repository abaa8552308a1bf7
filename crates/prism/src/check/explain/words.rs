//! Words for values, types and examples in messages about them. Nothing here is longer than a line, whatever was sent.

use serde_json::{Value, json};

/// Longest piece of a sent text that a message repeats, in characters.
const SHOWN_MAX: usize = 40;
/// Most values that a message lists.
const LISTED_MAX: usize = 12;

/// A value as a message names it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
            None => format!("{text:?}"),
        },
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Values side by side.
pub(super) fn listed(values: &[Value]) -> String {
    let mut words: Vec<_> = values.iter().take(LISTED_MAX).map(Value::to_string).collect();
    if values.len() > LISTED_MAX {
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// What a schema wants, in a word or two; empty where it takes anything.
pub(super) fn kind_of(schema: &Value) -> String {
    if let Some(format) = schema.get("format").and_then(Value::as_str).filter(|f| sample(f).is_some()) {
        return of_format(format).to_owned();
    }
    let choices = super::forms::choices(std::slice::from_ref(schema));
    if let Some(choices) = choices.filter(|choices| !choices.is_empty()) {
        return format!("one of {}", listed(&choices));
    }
    match schema.get("type") {
        Some(Value::String(kind)) => of_type(kind).to_owned(),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(of_type).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}

/// A type of JSON Schema.
pub(super) fn of_type(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        "null" => "null",
        _ => "another type",
    }
}

/// A format of JSON Schema.
pub(super) fn of_format(format: &str) -> &'static str {
    match format {
        "date-time" => "a date with a time",
        "date" => "a date",
        "time" => "a time of day",
        "duration" => "a duration",
        "email" => "an e-mail address",
        "uri" => "a URI",
        "uuid" => "a UUID",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        _ => "a text of its format",
    }
}

/// Something that would fit, as JSON; best the sent value itself, spelled right.
pub(super) fn example(schema: Option<&Value>, sent: &Value) -> Option<String> {
    let schema = schema?;
    if let Some(format) = schema.get("format").and_then(Value::as_str).and_then(sample) {
        return Some(format!("{format:?}"));
    }
    let kinds: Vec<_> = match schema.get("type")? {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let written = schema.get("default").or_else(|| schema.get("examples").and_then(|e| e.get(0)));
    match (*kinds.first()?, sent) {
        ("string", Value::Number(_) | Value::Bool(_)) => Some(format!("\"{sent}\"")),
        ("integer" | "number" | "boolean", Value::String(text)) if is_of_type(text.trim(), &kinds) => {
            Some(format!("{} without quotes", text.trim()))
        }
        _ if written.is_some() => written.map(Value::to_string),
        ("integer", _) => Some(within(schema, 3).to_string()),
        ("number", _) => Some("2.5".to_owned()).filter(|_| schema.get("minimum").is_none()),
        ("array", _) => Some(list_of(schema.get("items"), sent)).filter(|list| !list.is_empty()),
        _ => None,
    }
}

/// A part of a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value of a format that people do not know by heart.
fn sample(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "2026-01-31T09:00:00Z",
        "date" => "2026-01-31",
        "time" => "09:00:00Z",
        "duration" => "PT5M",
        "email" => "ada@example.org",
        "uri" => "https://example.org",
        "uuid" => "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => return None,
    })
}

/// Whether a text is a JSON value of one of the types.
fn is_of_type(text: &str, kinds: &[&str]) -> bool {
    let kind = match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.is_f64() => "number",
        Ok(Value::Number(_)) => return kinds.iter().any(|kind| matches!(*kind, "number" | "integer")),
        Ok(Value::Bool(_)) => "boolean",
        _ => return false,
    };
    kinds.contains(&kind)
}

/// A number near that one, in the bounds of a schema.
fn within(schema: &Value, number: i64) -> i64 {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let number = bound("minimum").map_or(number, |min| number.max(min));
    bound("maximum").map_or(number, |max| number.min(max))
}

/// The sent value in a list, if that would fit.
fn list_of(items: Option<&Value>, sent: &Value) -> String {
    let kind = items.and_then(|items| items.get("type")).and_then(Value::as_str);
    match (kind, sent) {
        (Some("string"), Value::String(text)) if text.chars().count() <= SHOWN_MAX => json!([text]).to_string(),
        (Some("integer" | "number"), Value::Number(_)) => json!([sent]).to_string(),
        _ => String::new(),
    }
}
