//! Compiled schemas. A command's schema is compiled at its first call and kept.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Most schemas kept. Commands are declared in code, so there are some dozens; a client of many gateways may see more, and
/// then all are forgotten and made again as they are needed.
const KEPT_MAX: usize = 1024;

static KEPT: LazyLock<Mutex<HashMap<Value, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The validator of a schema.
///
/// # Errors
/// Why the schema is none.
pub(crate) fn of(schema: &Value) -> Result<Arc<Validator>, String> {
    if let Some(validator) = kept().get(schema) {
        return Ok(Arc::clone(validator));
    }
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        // This engine needs time in proportion to the text, whatever the pattern.
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|why| why.to_string())?;
    let validator = Arc::new(validator);
    let mut kept = kept();
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(schema.clone(), Arc::clone(&validator));
    Ok(validator)
}

fn kept() -> std::sync::MutexGuard<'static, HashMap<Value, Arc<Validator>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
