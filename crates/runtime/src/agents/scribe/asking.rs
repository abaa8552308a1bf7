//! The tool with which a model asks a person, and an answer that waits for one.
//!
//! It owns what the model is told of the tool, what becomes of its words, and what is put aside until somebody answers. A
//! model's words are shown as such and decide nothing: whatever it asks for, a person answers, and only with words.

use super::{
    Tokens,
    model::{Message, ToolCall},
};
use crate::agent::{AgentError, Question};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::{
    Ask,
    semaphore::{Decision, OPTIONS_MAX, Reason, Verdict, WORD_MAX},
};

/// The tool's name.
pub(super) const NAME: &str = "ask_human";
/// Questions in one answer. Then the model has to do with what it knows.
pub(super) const ASKS_MAX: usize = 4;
/// Longest question of a model, and as much is shown of what it was told to write, in characters.
const QUESTION_MAX: usize = 4000;

/// Whether the scribe's model may ask a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    /// It answers with what it knows.
    Never,
    /// It is offered a tool to ask with, and told to use it where it cannot know.
    #[default]
    WhenUnsure,
}

/// An answer that is not finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) prompt: String,
    pub(super) system: Option<String>,
    /// What the model has written so far.
    pub(super) text: String,
    pub(super) tokens: Option<Tokens>,
    pub(super) notes: Vec<String>,
    pub(super) exchanges: Vec<Exchange>,
}

/// A use of the tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Exchange {
    /// What the model wrote just before.
    said: String,
    call: ToolCall,
    /// What came back.
    answer: String,
}

/// What a model says with the tool.
#[derive(Debug, Deserialize)]
struct Words {
    prompt: String,
    #[serde(default)]
    options: Option<Vec<String>>,
}

impl Draft {
    pub(super) fn new(prompt: String, system: Option<String>) -> Self {
        Self { prompt, system, text: String::new(), tokens: None, notes: Vec::new(), exchanges: Vec::new() }
    }

    /// What the model is told of this answer, after the conversation and the prompt.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        self.exchanges.iter().flat_map(|Exchange { said, call, answer }| {
            [Message::calling(said.clone(), call.clone()), Message::returning(call, answer.clone())]
        })
    }

    /// Adds what a call of the model cost.
    pub(super) fn spent(&mut self, tokens: Tokens) {
        self.tokens = Some(match self.tokens {
            // One estimate makes the sum an estimate.
            Some(before) => Tokens {
                input: before.input.saturating_add(tokens.input),
                output: before.output.saturating_add(tokens.output),
                counted_by: before.counted_by.max(tokens.counted_by),
            },
            None => tokens,
        });
    }

    /// What the model's use of the tool comes to: a question, or, where it makes no sense, words for the model.
    pub(super) fn call(&mut self, said: String, call: ToolCall, model: &str) -> Option<Ask> {
        let read = if call.function.name == NAME {
            ask_of(&call.function.arguments, model, &self.prompt)
        } else {
            Err(format!("there is no such tool; the only one is {NAME}"))
        };
        let (answer, ask) = match read {
            Ok(ask) => (String::new(), Some(ask)),
            Err(why) => (format!("error: {why}"), None),
        };
        self.exchanges.push(Exchange { said, call, answer });
        ask
    }

    /// The question to ask, with everything that is needed to go on.
    pub(super) fn question(&self, ask: Ask) -> Result<Question, AgentError> {
        let failed = |e| AgentError::new("unsendable", format!("the unfinished answer could not be put aside: {e}"));
        Ok(Question { ask, frozen: serde_json::to_value(self).map_err(failed)? })
    }

    /// The answer that was put aside, with what a person said.
    pub(super) fn resumed(frozen: Value, asked: &str, decision: &Decision) -> Result<Self, AgentError> {
        let failed = |e| AgentError::new("unreadable_draft", format!("the unfinished answer cannot be read: {e}"));
        let mut draft: Self = serde_json::from_value(frozen).map_err(failed)?;
        let answer = words(decision);
        draft.notes.push(format!("Asked “{asked}”, {} answered: {answer}", decision.by));
        if let Some(exchange) = draft.exchanges.last_mut() {
            exchange.answer = answer;
        }
        Ok(draft)
    }
}

/// What the model is told of the tool.
pub(super) fn tool() -> Value {
    json!({
        "type": "function",
        "function": {
            "name": NAME,
            "description": "Asks a person and waits for the answer. Use it only where you cannot know and must not guess: \
                            where the task is ambiguous, or where a person has to decide. One question at a time.",
            "parameters": {
                "type": "object",
                "properties": {
                    "prompt": {"type": "string", "description": "The question, whole and short."},
                    "options": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Answers to choose from. Leave it out where any answer will do."
                    }
                },
                "required": ["prompt"]
            }
        }
    })
}

/// Reads what a model says with the tool.
fn ask_of(arguments: &str, model: &str, prompt: &str) -> Result<Ask, String> {
    let Words { prompt: question, options } =
        serde_json::from_str(arguments).map_err(|e| format!("the arguments do not fit: {e}"))?;
    let question = question.trim();
    if question.is_empty() || question.chars().count() > QUESTION_MAX {
        return Err(format!("prompt has to have 1 to {QUESTION_MAX} characters"));
    }
    let mut fitting: Vec<String> = Vec::new();
    for option in options.unwrap_or_default() {
        let option = option.trim();
        if option.is_empty() || option.chars().count() > WORD_MAX {
            return Err(format!("an option has 1 to {WORD_MAX} characters"));
        }
        if !fitting.iter().any(|known| known == option) {
            fitting.push(option.to_owned());
        }
    }
    if fitting.len() > OPTIONS_MAX {
        return Err(format!("there may be {OPTIONS_MAX} options at most"));
    }
    let told: String = prompt.chars().take(QUESTION_MAX).collect();
    Ok(Ask {
        reason: if fitting.is_empty() { Reason::ContextRequired } else { Reason::AmbiguousChoice },
        prompt: question.to_owned(),
        options: fitting,
        context: Some(json!({"asked_by": format!("the language model {model}"), "told_to_write_about": told})),
        ..Ask::default()
    })
}

/// A decision, as the model is told of it.
fn words(decision: &Decision) -> String {
    let mut words = match (&decision.verdict, &decision.human_input) {
        (Verdict::Answered, Value::String(text)) => text.clone(),
        (Verdict::Answered, other) => other.to_string(),
        (Verdict::Denied, _) => "nobody answered in time; take it as a no".to_owned(),
        (Verdict::Proceed, _) => "nobody answered in time; go ahead as you think best".to_owned(),
    };
    if let Some(note) = &decision.note {
        words.push_str(&format!(" ({note})"));
    }
    words
}
