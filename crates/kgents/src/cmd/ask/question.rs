//! From the command line to the question: options, and what is in files.

use super::meaning;
use crate::{cli::AskArgs, error::Error};
use serde_json::Value;
use std::{fs::File, io::Read as _, path::Path};
use wire::semaphore::{Ask, CONTEXT_MAX, Reason};

pub(super) fn read(args: &AskArgs) -> Result<Ask, Error> {
    let options: Vec<String> = args.options.iter().map(|option| option.trim().to_owned()).collect();
    Ok(Ask {
        reason: args.reason.unwrap_or_else(|| reason(&options)),
        prompt: args.prompt.clone(),
        severity: args.severity,
        deadline: None,
        timeout_ms: args.timeout.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        on_timeout: args.on_timeout,
        escalation: None,
        response_schema: args.schema.as_deref().map(schema).transpose()?,
        context: args.context.as_deref().map(context).transpose()?,
        options,
    })
}

/// Why a person is needed, as far as the options tell.
fn reason(options: &[String]) -> Reason {
    match options {
        [] => Reason::ContextRequired,
        options if meaning::can_be_yes(options) => Reason::ApprovalNeeded,
        _ => Reason::AmbiguousChoice,
    }
}

/// JSON as it stands, or what is in a file: JSON, or else a text.
fn context(given: &str) -> Result<Value, Error> {
    let begins_as_json = given.trim_start().starts_with(['{', '[', '"']);
    if let Some(value) = serde_json::from_str(given).ok().filter(|_| begins_as_json) {
        return Ok(value);
    }
    let text = file(Path::new(given), "the context")?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn schema(path: &Path) -> Result<Value, Error> {
    let text = file(path, "the schema")?;
    serde_json::from_str(&text).map_err(|e| Error::Usage {
        message: format!("the schema {} is not JSON: {e}", path.display()),
        hint: "a JSON Schema looks like {\"type\": \"object\", \"required\": [\"host\"]}".to_owned(),
    })
}

fn file(path: &Path, what: &str) -> Result<String, Error> {
    let failed = |why: String| Error::Read { what: format!("{what} {}", path.display()), why };
    let limit = u64::try_from(CONTEXT_MAX).unwrap_or(u64::MAX);
    let mut text = String::new();
    let opened = File::open(path).map_err(|e| failed(e.to_string()))?;
    opened.take(limit + 1).read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
    if text.len() > CONTEXT_MAX {
        return Err(failed(format!("it is longer than may be shown, {CONTEXT_MAX} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_say_why_a_person_is_needed() {
        let options = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(reason(&[]), Reason::ContextRequired);
        assert_eq!(reason(&options(&["no", "yes"])), Reason::ApprovalNeeded);
        assert_eq!(reason(&options(&["red", "green"])), Reason::AmbiguousChoice);
    }
}
