//! Whether arguments fit a command, and if not, why, in words. The one place where arguments are judged: every door comes
//! through here.

mod coerce;
mod depth;
mod explain;
mod validators;

pub(crate) use coerce::resolve;
pub(crate) use explain::escaped;

use crate::Arguments;
use jsonschema::Validator;
use serde_json::Value;
use wire::{CommandSpec, FieldError};

/// Deepest nesting of arguments, in levels: what a JSON parser reads, too.
const DEPTH_MAX: usize = 128;
/// Most errors told at once.
const ERRORS_MAX: usize = 32;
/// Arguments with more values than this get their first error only. The validator makes an error per wrong value before
/// it gives out the first, and a list may have as many wrong values as its body has bytes.
const EXPLAINED_MAX: usize = 4096;

/// Checks arguments against a command, once for every door. Coerces what is the same value in another spelling, `3.0`
/// where a whole number is wanted; a text is never taken for a number. Fills in defaults. What comes out goes through
/// again unchanged.
///
/// # Errors
/// What does not fit, each with its place as a JSON Pointer into the arguments; at most 32 and never none.
pub fn check(spec: &CommandSpec, arguments: Arguments) -> Result<Arguments, Vec<FieldError>> {
    let mut value = Value::Object(arguments);
    if depth::exceeds(&value, DEPTH_MAX) {
        depth::dismantle(value);
        return Err(whole(format!("this is nested too deeply: {DEPTH_MAX} levels at most")));
    }
    let schema = &spec.arguments;
    coerce::coerce(&mut value, schema);
    let validator = validators::of(schema)
        .map_err(|why| whole(format!("the schema of {:?} cannot be used to check arguments: {why}", spec.name)))?;
    if !validator.is_valid(&value) {
        return Err(errors(&validator, schema, &value));
    }
    let Value::Object(mut arguments) = value else { return Ok(Arguments::new()) };
    fill(&mut arguments, schema);
    Ok(arguments)
}

/// Checks any value against any JSON Schema (2020-12), such as an answer against the schema of its question.
///
/// # Errors
/// What does not fit, as [`check`] tells it; also where the schema cannot be used.
pub fn fits(schema: &Value, value: &Value) -> Result<(), Vec<FieldError>> {
    if depth::exceeds(value, DEPTH_MAX) {
        return Err(whole(format!("this is nested too deeply: {DEPTH_MAX} levels at most")));
    }
    let validator = validators::of(schema).map_err(|why| whole(format!("its schema cannot be used: {why}")))?;
    if validator.is_valid(value) { Ok(()) } else { Err(errors(&validator, schema, value)) }
}

/// Why a JSON Schema cannot be used, before anything is asked by it.
#[must_use]
pub fn schema_fault(schema: &Value) -> Option<String> {
    validators::of(schema).err().map(|why| why.to_string())
}

fn errors(validator: &Validator, schema: &Value, value: &Value) -> Vec<FieldError> {
    let mut told = Vec::new();
    if depth::outnumbers(value, EXPLAINED_MAX) {
        if let Err(first) = validator.validate(value) {
            explain::explain(&first, schema, &mut told);
        }
    } else {
        for error in validator.iter_errors(value) {
            explain::explain(&error, schema, &mut told);
            if told.len() > ERRORS_MAX {
                break;
            }
        }
    }
    if told.len() > ERRORS_MAX {
        told.truncate(ERRORS_MAX - 1);
        told.extend(whole("there is more that does not fit".to_owned()));
    }
    if told.is_empty() {
        return whole("the arguments do not fit this command".to_owned());
    }
    told
}

fn fill(arguments: &mut Arguments, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        if let Some(default) = property.get("default").filter(|_| !arguments.contains_key(name)) {
            arguments.insert(name.clone(), default.clone());
        }
    }
}

/// An error about the arguments as a whole.
fn whole(message: String) -> Vec<FieldError> {
    vec![FieldError { pointer: String::new(), message }]
}
