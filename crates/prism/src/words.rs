//! Arguments from words, as a command line or a plain HTML form gives them: every value a text, a name perhaps repeated.

use crate::{
    Arguments,
    check::{check, escaped, resolve},
};
use serde_json::{Number, Value};
use std::collections::{BTreeMap, BTreeSet};
use wire::{CommandSpec, FieldError};

/// Most references followed to find out which types an argument may have.
const HOPS_MAX: usize = 16;

/// Makes arguments of words, typed by the command's schema, and checks them as [`check`](crate::check()) does.
///
/// * `3` becomes a number where one is wanted, `true` and `false` (`yes`, `no`, `on`, `off`) a boolean;
/// * a name that is repeated becomes a list where one is wanted. For a boolean the last one counts, so that a form can
///   send a hidden `false` before its checkbox;
/// * objects, and lists given at once, are JSON;
/// * an empty word for an argument that needs not be given leaves it out: that is what a form sends for an empty field.
///
/// # Errors
/// What does not fit, each with its place as a JSON Pointer.
pub fn from_words(spec: &CommandSpec, words: &[(String, String)]) -> Result<Arguments, Vec<FieldError>> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, word) in words {
        by_name.entry(name).or_default().push(word);
    }
    let (mut arguments, mut errors) = (Arguments::new(), Vec::new());
    for (name, mut words) in by_name {
        let property = spec.arguments.get("properties").and_then(|p| p.get(name)).unwrap_or(&Value::Null);
        let wanted = Wanted::of(property, &spec.arguments);
        if !is_required(spec, name) && !property.is_null() {
            words.retain(|word| !word.is_empty());
        }
        match typed(&wanted, &words) {
            Ok(None) => {}
            Ok(Some(value)) => {
                arguments.insert(name.to_owned(), value);
            }
            Err(message) => errors.push(FieldError { pointer: format!("/{}", escaped(name)), message }),
        }
    }
    match check(spec, arguments) {
        Ok(arguments) if errors.is_empty() => Ok(arguments),
        Ok(_) => Err(errors),
        Err(mut more) => {
            // What could not be typed is missing only because of that.
            more.retain(|error| errors.iter().all(|known| known.pointer != error.pointer));
            errors.extend(more);
            Err(errors)
        }
    }
}

/// What an argument may be.
#[derive(Default)]
struct Wanted<'a> {
    kinds: BTreeSet<&'a str>,
    choices: Vec<&'a Value>,
    items: Option<Box<Wanted<'a>>>,
    /// Whether the schema leaves it open.
    anything: bool,
}

impl<'a> Wanted<'a> {
    fn of(schema: &'a Value, root: &'a Value) -> Self {
        let mut wanted = Self::default();
        wanted.add(schema, root, 0);
        wanted
    }

    fn add(&mut self, schema: &'a Value, root: &'a Value, hops: usize) {
        if hops >= HOPS_MAX {
            return;
        }
        let mut says_something = false;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|r| resolve(r, root)) {
            says_something = true;
            self.add(target, root, hops + 1);
        }
        for branch in ["allOf", "anyOf", "oneOf"].iter().filter_map(|list| schema.get(list)?.as_array()).flatten() {
            says_something = true;
            self.add(branch, root, hops + 1);
        }
        if let Some(value) = schema.get("const") {
            says_something = true;
            self.choices.push(value);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            says_something = true;
            self.choices.extend(values);
        }
        match schema.get("type") {
            Some(Value::String(kind)) => {
                self.kinds.insert(kind);
            }
            Some(Value::Array(kinds)) => self.kinds.extend(kinds.iter().filter_map(Value::as_str)),
            _ => self.anything |= !says_something,
        }
        if let Some(items) = schema.get("items").filter(|_| self.items.is_none() && hops == 0) {
            let mut inner = Self::default();
            inner.add(items, root, 1);
            self.items = Some(Box::new(inner));
        }
    }

    fn takes(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }
}

/// The value of all words of one name; none where there are none.
fn typed(wanted: &Wanted<'_>, words: &[&str]) -> Result<Option<Value>, String> {
    match words {
        [] => Ok(None),
        [word] if wanted.takes("array") && !wanted.takes("string") => Ok(Some(match serde_json::from_str(word) {
            Ok(Value::Array(items)) => Value::Array(items),
            _ => Value::Array(vec![item(wanted, word)?]),
        })),
        [word] => scalar(wanted, word).map(Some),
        words if wanted.takes("array") => {
            words.iter().map(|word| item(wanted, word)).collect::<Result<_, _>>().map(|items| Some(Value::Array(items)))
        }
        [.., last] if wanted.takes("boolean") => scalar(wanted, last).map(Some),
        words => Err(format!("given {} times; it takes one value", words.len())),
    }
}

fn item(wanted: &Wanted<'_>, word: &str) -> Result<Value, String> {
    match &wanted.items {
        Some(items) => scalar(items, word),
        None => Ok(Value::from(word)),
    }
}

/// The value of one word. One that is of no wanted type stays a text, and the check says what is wrong with it.
fn scalar(wanted: &Wanted<'_>, word: &str) -> Result<Value, String> {
    let trimmed = word.trim();
    let is_choice = |value: &&&Value| value.as_str().map_or_else(|| value.to_string() == trimmed, |text| text == word);
    if let Some(choice) = wanted.choices.iter().find(is_choice) {
        return Ok((*choice).clone());
    }
    let number = || trimmed.parse::<i64>().map(Number::from).or_else(|_| trimmed.parse::<u64>().map(Number::from)).ok();
    if wanted.takes("integer") || wanted.takes("number") {
        let number = number().or_else(|| serde_json::from_str::<Number>(trimmed).ok());
        if let Some(number) = number {
            return Ok(Value::Number(number));
        }
    }
    if wanted.takes("boolean") {
        match trimmed.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => return Ok(Value::Bool(true)),
            "false" | "no" | "off" | "0" => return Ok(Value::Bool(false)),
            _ => {}
        }
    }
    if wanted.takes("null") && !wanted.takes("string") && trimmed == "null" {
        return Ok(Value::Null);
    }
    if wanted.takes("object") || wanted.takes("array") {
        match serde_json::from_str(trimmed) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => return Ok(value),
            Err(why) if !wanted.takes("string") && wanted.choices.is_empty() => return Err(not_json(wanted, &why)),
            _ => {}
        }
    }
    if wanted.anything {
        // Whatever is JSON is meant as such; the rest is a text.
        return Ok(serde_json::from_str(trimmed).unwrap_or_else(|_| Value::from(word)));
    }
    Ok(Value::from(word))
}

fn not_json(wanted: &Wanted<'_>, why: &serde_json::Error) -> String {
    match wanted.takes("object") {
        true => format!("expected an object as JSON, such as {{\"name\": \"value\"}}; this is not JSON: {why}"),
        false => format!("expected a list as JSON, such as [1, 2]; this is not JSON: {why}"),
    }
}

fn is_required(spec: &CommandSpec, name: &str) -> bool {
    spec.arguments.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|n| n == name))
}
