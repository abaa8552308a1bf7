//! When a value fits none of several schemas, which one was meant? A wall of "does not fit the first because … nor the
//! second because …" helps nobody.

use super::words::{kind_of, listed};
use jsonschema::{ValidationError, error::ValidationErrorKind as Kind, paths::Location};
use serde_json::Value;

/// Weight of an error that says: this branch was not meant.
const OTHER: usize = 100;
/// Weight of an error that says: something is missing from this branch, or too much.
const UNFINISHED: usize = 10;
/// Weight of an error within a branch that fits otherwise.
const INNER: usize = 1;
/// Most forms that are listed.
const FORMS_MAX: usize = 6;

/// What can be said about a value that fits no branch.
pub(super) enum Best<'a> {
    /// The branches are nothing but a list of values.
    OneOf(Vec<Value>),
    /// This branch was meant, and that is wrong with it.
    Branch(&'a [ValidationError<'static>]),
    /// No branch stands out; in words, what there is.
    None(String),
}

/// Judges the errors of each branch.
pub(super) fn best<'a>(context: &'a [Vec<ValidationError<'static>>], branches: &[Value], at: &Location) -> Best<'a> {
    if let Some(options) = choices(branches) {
        return Best::OneOf(options);
    }
    let is_null = |index: usize| branches.get(index).is_some_and(|b| b.get("type").is_some_and(|t| t == "null"));
    let mut judged: Vec<_> = context.iter().enumerate().filter(|(index, _)| !is_null(*index)).collect();
    judged.sort_by_key(|(_, errors)| weight(errors, at));
    match judged.as_slice() {
        [(_, only)] => Best::Branch(only),
        [(_, first), (_, second), ..] if weight(first, at) < weight(second, at).min(OTHER) => Best::Branch(first),
        _ => Best::None(described(branches)),
    }
}

/// The values that schemas allow, if they do nothing but list values, `null` aside.
pub(super) fn choices(schemas: &[Value]) -> Option<Vec<Value>> {
    let mut options = Vec::new();
    for schema in schemas {
        let inner = ["oneOf", "anyOf"].iter().find_map(|list| schema.get(list)).and_then(Value::as_array);
        if let Some(value) = schema.get("const") {
            options.push(value.clone());
        } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            options.extend(values.iter().filter(|value| !value.is_null()).cloned());
        } else if let Some(inner) = inner {
            options.extend(choices(inner)?);
        } else if schema.get("type").is_none_or(|kind| kind != "null") {
            return None;
        }
    }
    Some(options)
}

fn weight(errors: &[ValidationError<'static>], at: &Location) -> usize {
    let depth = |path: &Location| path.segments().count();
    let one = |error: &ValidationError<'static>| match (
        error.kind(),
        depth(error.instance_path()) - depth(at).min(depth(error.instance_path())),
    ) {
        // A tag stands one level down.
        (Kind::Constant { .. } | Kind::Enum { .. }, 0 | 1) | (Kind::Type { .. }, 0) => OTHER,
        (Kind::Required { .. } | Kind::AdditionalProperties { .. }, 0) => UNFINISHED,
        _ => INNER,
    };
    errors.iter().map(one).sum()
}

/// The forms side by side.
fn described(branches: &[Value]) -> String {
    let mut forms: Vec<String> = Vec::new();
    for form in branches.iter().map(form).filter(|form| form != "null") {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    if forms.len() > FORMS_MAX {
        forms.truncate(FORMS_MAX);
        forms.push("…".to_owned());
    }
    match forms.as_slice() {
        [] => "one of several forms".to_owned(),
        some => some.join(", or "),
    }
}

fn form(branch: &Value) -> String {
    let Some(properties) = branch.get("properties").and_then(Value::as_object) else { return kind_of(branch) };
    let tag = properties.iter().find_map(|(name, property)| Some((name, property.get("const")?)));
    let required = branch.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match (tag, required) {
        (Some((name, value)), _) => format!("an object with {name:?}: {value}"),
        (None, []) => "an object".to_owned(),
        (None, names) => format!("an object with {}", listed(names)),
    }
}
