//! What a model is asked when it is to dream. Whoever calls the model falls back on an oblique strategy when that fails.

use serde_json::{Value, json};
use wire::metabolism::EngineStatus;

/// How warm the model is asked to be.
pub const TEMPERATURE: f64 = 1.4;
/// Tokens a dream may have.
pub const TOKENS_MAX: u32 = 100;
/// What the model is told of the garden, in characters at most.
pub const CONTEXT_MAX: usize = 1000;
/// What the model is told to be.
pub const SYSTEM: &str = "You are the dream of a garden of software agents that runs hot. Answer with one short, strange and \
                          useful image, in at most three sentences. No lists, no advice, no explanation.";

/// The words to dream from: the engine's state, what happened lately, and what the dreamer brought, cut to
/// [`CONTEXT_MAX`] characters.
#[must_use]
pub fn prompt(status: &EngineStatus, recent: &[String], context: &Value) -> String {
    let mut text = String::new();
    // What the dreamer brought comes first: it is what must not be cut off.
    if !context.is_null() && context != &json!({}) {
        text.push_str(&format!("{context}\n"));
    }
    text.push_str(&format!(
        "pressure {:.2} of {:.2}; {}\n",
        status.pressure,
        status.critical_threshold,
        if status.in_fever { "in fever" } else { "calm" }
    ));
    for line in recent {
        text.push_str(line);
        text.push('\n');
    }
    text.chars().take(CONTEXT_MAX).collect()
}
