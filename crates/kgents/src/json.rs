//! JSON for people: indented, coloured where colours are shown.

use crate::out::Hue;
use anstyle::{AnsiColor, Style};
use serde_json::Value;

const KEY: Style = AnsiColor::Blue.on_default();
const TEXT: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();
const WORD: Style = AnsiColor::Magenta.on_default();
/// What one level is moved in by.
const STEP: usize = 2;

/// The value over several lines. As deep as it is, which is no deeper than JSON is read.
pub(crate) fn pretty(value: &Value, hue: Hue) -> String {
    let mut out = String::new();
    push(&mut out, value, 0, hue);
    out
}

fn push(out: &mut String, value: &Value, indent: usize, hue: Hue) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let rows = items.iter().map(|item| (None, item));
            rows_between(out, ['[', ']'], rows, indent, hue);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let rows = fields.iter().map(|(name, value)| (Some(name.as_str()), value));
            rows_between(out, ['{', '}'], rows, indent, hue);
        }
        Value::String(_) => paint(out, TEXT, &value.to_string(), hue),
        Value::Number(_) => paint(out, NUMBER, &value.to_string(), hue),
        Value::Bool(_) | Value::Null => paint(out, WORD, &value.to_string(), hue),
        Value::Array(_) | Value::Object(_) => out.push_str(&value.to_string()),
    }
}

fn rows_between<'a>(
    out: &mut String,
    [open, close]: [char; 2],
    rows: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    indent: usize,
    hue: Hue,
) {
    out.push(open);
    for (n, (name, value)) in rows.enumerate() {
        out.push_str(if n == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent + STEP));
        if let Some(name) = name {
            paint(out, KEY, &Value::from(name).to_string(), hue);
            out.push_str(": ");
        }
        push(out, value, indent + STEP, hue);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

fn paint(out: &mut String, style: Style, text: &str, hue: Hue) {
    match hue {
        Hue::Colour => out.push_str(&format!("{style}{text}{style:#}")),
        Hue::Plain => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn without_colours_it_is_what_serde_would_write() {
        for value in [json!({"a": [1, {"b\u{1b}": null}], "c": {}, "d": []}), json!([]), json!("x"), json!(1.5)] {
            assert_eq!(pretty(&value, Hue::Plain), serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn colours_add_nothing_but_colours() {
        let value = json!({"a": [1, true, "x"]});
        let coloured = pretty(&value, Hue::Colour);
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), pretty(&value, Hue::Plain));
    }
}
