//! What an agent wrote, so that a person sees all of it and nothing else: letters that show nothing or turn the text around
//! are named, and JSON is laid out as a tree in which no text can pass for structure.

use serde_json::Value;
use std::fmt::Write as _;

/// The text with every letter that would be invisible, or would move others, spelled out.
#[must_use]
pub fn literal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' | '\t' => shown.push(letter),
            // Writing to a string cannot fail.
            letter if hidden(letter) => drop(write!(shown, "⟨U+{:04X}⟩", letter as u32)),
            letter => shown.push(letter),
        }
    }
    shown
}

/// JSON as an indented tree. A text of several lines stands behind a bar, line by line.
#[must_use]
pub fn tree(value: &Value) -> String {
    let mut shown = String::new();
    branch(value, 0, &mut shown);
    shown.truncate(shown.trim_end_matches('\n').len());
    shown
}

fn branch(value: &Value, depth: usize, shown: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                twig(&format!("{}:", key(name)), value, depth, shown);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                twig("–", item, depth, shown);
            }
        }
        leaf => twig("", leaf, depth, shown),
    }
}

fn twig(label: &str, value: &Value, depth: usize, shown: &mut String) {
    let indent = "  ".repeat(depth);
    let space = if label.is_empty() { "" } else { " " };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            shown.push_str(&format!("{indent}{label}\n"));
            branch(value, depth + 1, shown);
        }
        Value::Array(items) if !items.is_empty() => {
            shown.push_str(&format!("{indent}{label}\n"));
            branch(value, depth + 1, shown);
        }
        Value::String(text) if text.contains('\n') => {
            if !label.is_empty() {
                shown.push_str(&format!("{indent}{label}\n"));
            }
            for line in literal(text).lines() {
                shown.push_str(&format!("{indent}  │ {line}\n"));
            }
        }
        Value::String(text) => shown.push_str(&format!("{indent}{label}{space}{}\n", word(text))),
        other => shown.push_str(&format!("{indent}{label}{space}{other}\n")),
    }
}

/// A name as it is where it is plain, otherwise in quotes.
fn key(name: &str) -> String {
    let plain =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-. /".contains(&b) || !b.is_ascii());
    if plain { literal(name) } else { quoted(name) }
}

/// A text as it is, unless it could be taken for a number, for nothing, or for a line of the tree.
fn word(text: &str) -> String {
    let odd = text.is_empty()
        || text.trim() != text
        || text.starts_with(['"', '–', '│', '[', '{'])
        || text.ends_with(':')
        || serde_json::from_str::<Value>(text).is_ok();
    if odd { quoted(text) } else { literal(text) }
}

fn quoted(text: &str) -> String {
    literal(&Value::from(text).to_string())
}

/// Control letters, letters without width, and those that change the direction of the text around them.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_stays_hidden() {
        assert_eq!(literal("rm \u{202e}fdp.txt\u{200b}\r\nx\ry"), "rm ⟨U+202E⟩fdp.txt⟨U+200B⟩\nx⟨U+000D⟩y");
        assert_eq!(literal("\u{1b}[2Jé\t漢"), "⟨U+001B⟩[2Jé\t漢");
    }

    #[test]
    fn a_tree_holds_everything_and_texts_cannot_pass_for_structure() {
        let shown = tree(&json!({
            "path": "/tmp/a b", "n": 1, "text": "1", "list": [1, {"a": null}], "script": "x\nforce: true", "none": {},
        }));
        let mut lines: Vec<&str> = shown.lines().collect();
        lines.sort_unstable();
        let mut expected = vec![
            "path: /tmp/a b",
            "n: 1",
            "text: \"1\"",
            "list:",
            "  – 1",
            "  –",
            "    a: null",
            "script:",
            "  │ x",
            "  │ force: true",
            "none: {}",
        ];
        expected.sort_unstable();
        assert_eq!(lines, expected, "{shown}");
        assert_eq!(tree(&json!("plain")), "plain");
    }
}
