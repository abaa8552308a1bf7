//! Typed arguments: a row each says name, kind and default; from that come the check, the errors, and the JSON Schema.

use serde_json::{Map, Value, json};
use wire::FieldError;

/// Longest text, in characters, where an argument does not say otherwise.
pub const TEXT_MAX: usize = 2_000;
/// Texts in a list at most.
pub const LIST_MAX: usize = 100;

/// One argument of an aspect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether it may be left out.
    pub absent: Absent,
    /// What it is for.
    pub help: &'static str,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A finite number in a range.
    Number(f64, f64),
    /// A whole number in a range.
    Whole(u64, u64),
    /// A text of at most so many characters.
    Text(usize),
    /// A list of texts.
    Texts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Anything.
    Any,
}

/// What it means that an argument is not there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Absent {
    /// It must be there.
    Refused,
    /// Nothing.
    Nothing,
    /// This number.
    Number(f64),
    /// This whole number.
    Whole(u64),
    /// This text.
    Text(&'static str),
}

/// Arguments that were checked against their rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked(Map<String, Value>);

impl Argument {
    /// A row.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, absent: Absent, help: &'static str) -> Self {
        Self { name, kind, absent, help }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
            Kind::Whole(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Text(max) => json!({"type": "string", "maxLength": max}),
            Kind::Texts => {
                json!({"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "maxLength": TEXT_MAX}})
            }
            Kind::Choice(words) => json!({"type": "string", "enum": words}),
            Kind::Any => json!({}),
        };
        schema["description"] = json!(self.help);
        match self.absent {
            Absent::Refused | Absent::Nothing => {}
            Absent::Number(n) => schema["default"] = json!(n),
            Absent::Whole(n) => schema["default"] = json!(n),
            Absent::Text(text) => schema["default"] = json!(text),
        }
        schema
    }

    /// The value as this argument has it, or what is wrong with it. A number may come as a text, as command lines and
    /// pipelines give it.
    fn read(&self, value: Value) -> Result<Value, String> {
        match self.kind {
            Kind::Number(min, max) => {
                let number = value.as_f64().or_else(|| value.as_str().and_then(|t| t.trim().parse().ok()));
                match number {
                    Some(n) if n.is_finite() && (min..=max).contains(&n) => Ok(json!(n)),
                    Some(_) => Err(format!("must be from {min} to {max}")),
                    None => Err("must be a number".to_owned()),
                }
            }
            Kind::Whole(min, max) => {
                let number = value.as_u64().or_else(|| value.as_str().and_then(|t| t.trim().parse().ok()));
                match number {
                    Some(n) if (min..=max).contains(&n) => Ok(json!(n)),
                    Some(_) => Err(format!("must be from {min} to {max}")),
                    None => Err("must be a whole number that is not negative".to_owned()),
                }
            }
            Kind::Text(max) => match value {
                Value::String(text) if text.chars().take(max + 1).count() <= max => Ok(Value::String(text)),
                Value::String(_) => Err(format!("has at most {max} characters")),
                Value::Number(number) => Ok(Value::String(number.to_string())),
                _ => Err("must be a text".to_owned()),
            },
            Kind::Texts => match value {
                Value::String(one) => Ok(json!(one.split(',').map(str::trim).take(LIST_MAX).collect::<Vec<_>>())),
                Value::Array(all) if all.len() <= LIST_MAX && all.iter().all(Value::is_string) => Ok(Value::Array(all)),
                _ => Err(format!("must be a list of at most {LIST_MAX} texts")),
            },
            Kind::Choice(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(value),
                _ => Err(format!("must be one of {}", words.join(", "))),
            },
            Kind::Any => Ok(value),
        }
    }
}

/// JSON Schema (2020-12) of an argument object.
#[must_use]
pub fn schema(rows: &[Argument]) -> Value {
    let required: Vec<_> = rows.iter().filter(|a| a.absent == Absent::Refused).map(|a| a.name).collect();
    let properties: Map<_, _> = rows.iter().map(|a| (a.name.to_owned(), a.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    })
}

/// Checks arguments against their rows and fills in what was left out. All that is wrong is said at once; unknown
/// arguments are refused.
///
/// # Errors
/// What is wrong, by JSON Pointer.
pub fn check(rows: &[Argument], mut given: Map<String, Value>) -> Result<Checked, Vec<FieldError>> {
    let (mut checked, mut errors) = (Map::new(), Vec::new());
    let mut wrong = |name: &str, message: String| {
        let name = crate::near::clip(name).replace('~', "~0").replace('/', "~1");
        errors.push(FieldError { pointer: format!("/args/{name}"), message });
    };
    for row in rows {
        let value = given.remove(row.name).filter(|value| !value.is_null());
        let value = match (value, row.absent) {
            (Some(value), _) => row.read(value),
            (None, Absent::Refused) => Err("is missing".to_owned()),
            (None, Absent::Nothing) => continue,
            (None, Absent::Number(n)) => Ok(json!(n)),
            (None, Absent::Whole(n)) => Ok(json!(n)),
            (None, Absent::Text(text)) => Ok(json!(text)),
        };
        match value {
            Ok(value) => drop(checked.insert(row.name.to_owned(), value)),
            Err(why) => wrong(row.name, why),
        }
    }
    let names: Vec<_> = rows.iter().map(|a| a.name).collect();
    let known = if names.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", names.join(", ")) };
    for (name, _) in given.into_iter().take(crate::near::OFFERED) {
        wrong(&name, format!("is no argument of this; {known}"));
    }
    if errors.is_empty() { Ok(Checked(checked)) } else { Err(errors) }
}

impl Checked {
    /// A number; 0 where there is none, which the rows rule out for those that have a default.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.maybe_number(name).unwrap_or_default()
    }

    /// A number, if it was given.
    #[must_use]
    pub fn maybe_number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    /// A whole number.
    #[must_use]
    pub fn whole(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// A text.
    #[must_use]
    pub fn text(&mut self, name: &str) -> String {
        self.maybe_text(name).unwrap_or_default()
    }

    /// A text, if it was given.
    #[must_use]
    pub fn maybe_text(&mut self, name: &str) -> Option<String> {
        if let Some(Value::String(text)) = self.0.remove(name) { Some(text) } else { None }
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let all = self.0.get(name).and_then(Value::as_array);
        all.map(|all| all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
    }

    /// Anything; `null` where it was not given.
    #[must_use]
    pub fn any(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }
}
