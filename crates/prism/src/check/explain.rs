//! Says in words what a validator found: what is wrong, what was expected, and an example where one helps.

use crate::nearest::nearest;
use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;
use wire::FieldError;

mod forms;
mod words;

pub(crate) use words::escaped;
use words::{example, kind_of, listed, shown};

/// Adds what an error means. `root` is the command's schema.
pub(crate) fn explain(error: &ValidationError<'_>, root: &Value, told: &mut Vec<FieldError>) {
    let at = error.instance_path().as_str();
    let value = error.instance();
    let schema = parent(error, root);
    let mut tell = |pointer: String, message: String| told.push(FieldError { pointer, message });
    let message = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            return tell(format!("{at}/{}", escaped(name)), missing(name, schema));
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let noun = if at.is_empty() { "argument" } else { "field" };
            let known = schema.and_then(|s| s.get("properties")).and_then(Value::as_object);
            let known: Vec<_> = known.into_iter().flat_map(|k| k.keys()).map(String::as_str).collect();
            for name in unexpected {
                tell(format!("{at}/{}", escaped(name)), unknown(name, &known, noun));
            }
            return;
        }
        Kind::Type { kind } => wrong_type(kind, value, schema) + left_out(at, value, root),
        Kind::Enum { options } => {
            // That `null` is allowed as well is no help in choosing.
            let options = options.as_array().into_iter().flatten().filter(|option| !option.is_null());
            not_one_of(&options.cloned().collect::<Vec<_>>(), value) + left_out(at, value, root)
        }
        Kind::Constant { expected_value } => not_one_of(std::slice::from_ref(&**expected_value), value),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let branches = schema.and_then(|s| s.get(error.kind().keyword())).and_then(Value::as_array);
            let branches = branches.map_or(&[][..], Vec::as_slice);
            match forms::best(context, branches, error.instance_path()) {
                forms::Best::OneOf(options) => not_one_of(&options, value) + left_out(at, value, root),
                forms::Best::Branch(errors) => {
                    return errors.iter().for_each(|error| explain(error, root, told));
                }
                forms::Best::None(forms) => format!("expected {forms}; {} is none of these", shown(value)),
            }
        }
        Kind::OneOfMultipleValid { .. } => "this can be read in more than one way; leave out what is not meant".into(),
        Kind::Minimum { .. } | Kind::Maximum { .. } | Kind::ExclusiveMinimum { .. } | Kind::ExclusiveMaximum { .. } => {
            format!("expected a number {}, not {value}", range(schema))
        }
        Kind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}, not {value}"),
        Kind::MinLength { limit } => format!("expected at least {limit} characters, not {}", shown(value)),
        Kind::MaxLength { limit } => {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            format!("expected at most {limit} characters; this has {length}")
        }
        Kind::MinItems { limit } => format!("expected at least {limit} in this list, which has {}", size(value)),
        Kind::MaxItems { limit } => format!("expected at most {limit} in this list, which has {}", size(value)),
        Kind::AdditionalItems { limit } => format!("expected {limit} in this list, which has {}", size(value)),
        Kind::UniqueItems => "expected a list in which nothing stands twice".into(),
        Kind::Pattern { pattern } => {
            format!("expected a text that matches the pattern {pattern}, not {}", shown(value))
        }
        Kind::Format { format } => match example(schema, value) {
            Some(example) => format!("expected {}, such as {example}, not {}", words::of_format(format), shown(value)),
            None => format!("expected {}, not {}", words::of_format(format), shown(value)),
        },
        Kind::FalseSchema => "nothing may stand here".into(),
        // What no Rust type asks for unless its author wrote it by hand: the validator's own words will do.
        _ => error.masked_with(shown(value)).to_string(),
    };
    tell(at.to_owned(), message);
}

/// The schema in which the violated keyword stands.
fn parent<'a>(error: &ValidationError<'_>, root: &'a Value) -> Option<&'a Value> {
    let path = error.schema_path().as_str();
    root.pointer(path.rsplit_once('/').map_or("", |(parent, _)| parent))
}

fn missing(name: &str, schema: Option<&Value>) -> String {
    let property = schema.and_then(|s| s.get("properties")).and_then(|p| p.get(name));
    let wanted = property.map(kind_of).unwrap_or_default();
    let description = property.and_then(|p| p.get("description")).and_then(Value::as_str);
    match (wanted.as_str(), description) {
        ("", None) => format!("{name:?} is missing"),
        ("", Some(text)) => format!("{name:?} is missing: {text}"),
        (wanted, None) => format!("{name:?} is missing; expected {wanted}"),
        (wanted, Some(text)) => format!("{name:?} is missing; expected {wanted}: {text}"),
    }
}

fn unknown(name: &str, known: &[&str], noun: &str) -> String {
    let shown = shown(&Value::from(name));
    match (nearest(name, known.iter().copied()).as_slice(), known) {
        ([best, ..], _) => format!("there is no {noun} {shown}; did you mean {best:?}?"),
        ([], []) => format!("there is no {noun} {shown}: nothing is expected here"),
        ([], known) => format!("there is no {noun} {shown}; known are {}", known.join(", ")),
    }
}

fn wrong_type(kind: &TypeKind, value: &Value, schema: Option<&Value>) -> String {
    let wanted = schema.map(kind_of).filter(|wanted| !wanted.is_empty()).unwrap_or_else(|| match kind {
        TypeKind::Single(kind) => words::of_type(&kind.to_string()).to_owned(),
        TypeKind::Multiple(_) => "another type".to_owned(),
    });
    match example(schema, value) {
        Some(example) => format!("expected {wanted}, such as {example}, not {}", shown(value)),
        None => format!("expected {wanted}, not {}", shown(value)),
    }
}

/// What to do instead of sending `null` for an argument that needs not be there.
fn left_out(at: &str, value: &Value, root: &Value) -> &'static str {
    let name = at.strip_prefix('/').filter(|name| value.is_null() && !name.contains('/'));
    let required = root.get("required").and_then(Value::as_array);
    match name {
        Some(name) if !required.is_some_and(|r| r.iter().any(|r| r == name)) => "; leave it out to get its default",
        _ => "",
    }
}

fn not_one_of(options: &[Value], value: &Value) -> String {
    let texts: Vec<_> = options.iter().filter_map(Value::as_str).collect();
    let wanted = match options {
        [only] => only.to_string(),
        options => format!("one of {}", listed(options)),
    };
    let meant = value.as_str().map(|typed| nearest(typed, texts.iter().copied())).unwrap_or_default();
    match meant.as_slice() {
        [best, ..] if options.len() > 1 => format!("expected {wanted}, not {}; did you mean {best:?}?", shown(value)),
        _ => format!("expected {wanted}, not {}", shown(value)),
    }
}

fn range(schema: Option<&Value>) -> String {
    let bound = |name| schema.and_then(|s| s.get(name));
    let low = bound("minimum").map(|min| format!("of at least {min}"));
    let low = low.or_else(|| bound("exclusiveMinimum").map(|min| format!("above {min}")));
    let high = bound("maximum").map(|max| format!("of at most {max}"));
    let high = high.or_else(|| bound("exclusiveMaximum").map(|max| format!("below {max}")));
    match (low, high) {
        (Some(_), Some(_)) if bound("minimum").is_some() && bound("maximum").is_some() => {
            format!("from {} to {}", bound("minimum").unwrap_or(&Value::Null), bound("maximum").unwrap_or(&Value::Null))
        }
        (Some(low), Some(high)) => format!("{low} and {high}"),
        (low, high) => low.or(high).unwrap_or_else(|| "within its bounds".to_owned()),
    }
}

fn size(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}
