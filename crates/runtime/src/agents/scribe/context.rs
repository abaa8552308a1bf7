//! What the model is told of the conversation: the newest turns word for word, older ones as a summary.
//!
//! It owns the turns, how many tokens they take, and which of them go first. It is pure: it never calls a model. Tokens are
//! estimated from characters, and the estimate is corrected by what the endpoint counts.

use super::{
    Counted, PROMPT_MAX, State, Tokens,
    model::{Message, Usage},
};
use crate::agent::AgentError;
use prism::JsonSchema;
use serde::Serialize;
use std::collections::VecDeque;

/// How the model is asked for a summary.
pub(super) const SUMMARISE: &str = "Summarise this conversation in at most 150 words. Keep names, numbers, decisions and \
                                    open questions. Write the summary only.";
/// Characters in a token, of English.
const CHARACTERS_PER_TOKEN: f64 = 4.0;
/// Tokens that a message takes besides its words.
const TOKENS_PER_MESSAGE: f64 = 4.0;
/// How far the estimate may be corrected, either way.
const CORRECTION_MAX: f64 = 4.0;
/// Share of the window that compressing leaves filled, so that it does not happen at every turn.
const FILLED_AFTER: f64 = 0.4;
/// Share of the window that a question may take with its system prompt; the rest is for the answer.
const QUESTION_SHARE: f64 = 0.9;
/// Longest summary that is kept, in characters.
const SUMMARY_MAX: usize = 4000;
/// Turns that are remembered word for word, however large the window.
const TURNS_MAX: usize = 1000;

/// Share of the context window that is used, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct ContextPressure(f64);

impl ContextPressure {
    /// 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    fn of(used: f64, window: u64) -> Self {
        let share = used / as_f64(window.max(1));
        Self((share.clamp(0.0, 1.0) * 1000.0).round() / 1000.0)
    }
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    prompt: String,
    answer: String,
}

/// What is to be compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Old {
    /// How many turns, the oldest.
    pub(super) turns: usize,
    /// They in words, after the summary of what was before them.
    pub(super) transcript: String,
}

/// A conversation and its window.
#[derive(Debug, Clone)]
pub(super) struct Context {
    window: u64,
    summary: Option<String>,
    turns: VecDeque<Turn>,
    /// What the estimate is multiplied by to come to what the endpoint counts.
    correction: f64,
}

impl Context {
    pub(super) fn new(window: u64) -> Self {
        Self { window, summary: None, turns: VecDeque::new(), correction: 1.0 }
    }

    /// Whether a question has room at all, with nothing else in the window.
    pub(super) fn fits(&self, system: &str, prompt: &str) -> Result<(), AgentError> {
        let characters = prompt.chars().take(PROMPT_MAX + 1).count();
        let tokens = self.estimate(system) + self.estimate(prompt);
        if prompt.trim().is_empty() {
            return Err(AgentError::new("no_prompt", "the prompt is empty").hint("say what to write about"));
        }
        if characters > PROMPT_MAX || tokens > as_f64(self.window) * QUESTION_SHARE {
            let message =
                format!("the prompt takes about {tokens:.0} tokens and the model's window has {}", self.window);
            let hint = "shorten it; or, if the model has more room, say so with TERRARIUM_LLM_CONTEXT";
            return Err(AgentError::new("prompt_too_long", message).hint(hint));
        }
        Ok(())
    }

    /// The pressure if this were asked now.
    pub(super) fn pressure_with(&self, system: &str, prompt: &str) -> ContextPressure {
        ContextPressure::of(self.used(system) + self.estimate(prompt), self.window)
    }

    /// The conversation, measured.
    pub(super) fn state(&self, system: &str) -> State {
        let used = self.used(system);
        State {
            window_tokens: self.window,
            used_tokens: as_u64(used),
            pressure: ContextPressure::of(used, self.window),
            turns: self.turns.len(),
            summarised: self.summary.is_some(),
        }
    }

    /// What to send for a question.
    pub(super) fn messages(&self, system: &str, prompt: &str) -> Vec<Message> {
        let mut opening = system.to_owned();
        if let Some(summary) = &self.summary {
            opening.push_str("\n\nThe conversation so far, in short:\n");
            opening.push_str(summary);
        }
        let mut messages = Vec::with_capacity(self.turns.len() * 2 + 2);
        // Some models have no room for an empty system message.
        messages.extend((!opening.trim().is_empty()).then_some(Message::new(Role::System, opening)));
        for Turn { prompt, answer } in &self.turns {
            messages.push(Message::new(Role::User, prompt.clone()));
            messages.push(Message::new(Role::Assistant, answer.clone()));
        }
        messages.push(Message::new(Role::User, prompt.to_owned()));
        messages
    }

    /// What a call cost. Where the endpoint counted, the estimate is corrected by it.
    pub(super) fn tokens(&mut self, sent: &[Message], answer: &str, usage: Option<Usage>) -> Tokens {
        let plain: f64 = sent.iter().map(|message| raw(&message.content)).sum();
        // Some endpoints send a count of nothing.
        match usage.filter(|usage| usage.prompt_tokens > 0) {
            Some(Usage { prompt_tokens: input, completion_tokens: output }) => {
                if plain > 0.0 {
                    self.correction = (as_f64(input) / plain).clamp(1.0 / CORRECTION_MAX, CORRECTION_MAX);
                }
                Tokens { input, output, counted_by: Counted::Endpoint }
            }
            None => {
                let output = as_u64(self.estimate(answer));
                Tokens { input: as_u64(plain * self.correction), output, counted_by: Counted::Estimate }
            }
        }
    }

    /// Takes a turn into the conversation.
    pub(super) fn remember(&mut self, prompt: String, answer: String) {
        self.turns.push_back(Turn { prompt, answer });
        if self.turns.len() > TURNS_MAX {
            self.turns.pop_front();
        }
    }

    /// The oldest turns that have to go for a question, so that what is left fills at most [`FILLED_AFTER`] of the window.
    pub(super) fn oldest(&self, system: &str, prompt: &str) -> Old {
        let room = as_f64(self.window) * FILLED_AFTER;
        let mut used = self.used(system) + self.estimate(prompt);
        let mut transcript = String::new();
        if let Some(summary) = &self.summary {
            transcript.push_str(&format!("Before: {summary}\n\n"));
        }
        let mut turns = 0;
        for turn in &self.turns {
            if used <= room {
                break;
            }
            used -= self.estimate(&turn.prompt) + self.estimate(&turn.answer);
            transcript.push_str(&format!("Question: {}\nAnswer: {}\n\n", turn.prompt, turn.answer));
            turns += 1;
        }
        Old { turns, transcript }
    }

    /// Replaces the oldest turns, and the summary of what was before them, by a new summary.
    ///
    /// # Errors
    /// A summary that says nothing, or is no shorter. Nothing is changed then.
    pub(super) fn summarise(&mut self, turns: usize, summary: String) -> Result<(), String> {
        let before: usize = self.turns.iter().take(turns).map(|t| t.prompt.len() + t.answer.len()).sum();
        let before = before + self.summary.as_ref().map_or(0, String::len);
        let summary: String = summary.trim().chars().take(SUMMARY_MAX).collect();
        if summary.is_empty() {
            return Err("the model's summary is empty".to_owned());
        }
        if summary.len() >= before {
            return Err("the model's summary is no shorter than what it is of".to_owned());
        }
        self.turns.drain(..turns.min(self.turns.len()));
        self.summary = Some(summary);
        Ok(())
    }

    /// Forgets the oldest turns, and the summary of what was before them.
    pub(super) fn drop_oldest(&mut self, turns: usize) {
        self.turns.drain(..turns.min(self.turns.len()));
        self.summary = None;
    }

    /// Begins anew. What was learnt about counting stays.
    pub(super) fn forget(&mut self) {
        self.turns.clear();
        self.summary = None;
    }

    fn used(&self, system: &str) -> f64 {
        let turns = self.turns.iter().map(|turn| self.estimate(&turn.prompt) + self.estimate(&turn.answer));
        let summary = self.summary.as_deref().map_or(0.0, |summary| self.estimate(summary));
        turns.sum::<f64>() + summary + self.estimate(system)
    }

    fn estimate(&self, text: &str) -> f64 {
        raw(text) * self.correction
    }
}

/// Tokens of a message, by its characters.
fn raw(text: &str) -> f64 {
    as_f64(u64::try_from(text.chars().count()).unwrap_or(u64::MAX)) / CHARACTERS_PER_TOKEN + TOKENS_PER_MESSAGE
}

#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "estimates are finite and not negative")]
fn as_u64(count: f64) -> u64 {
    count.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(window: u64, turns: usize) -> Context {
        let mut context = Context::new(window);
        for n in 0..turns {
            context.remember(format!("question {n} {}", "x".repeat(180)), format!("answer {n} {}", "y".repeat(180)));
        }
        context
    }

    #[test]
    fn pressure_is_the_share_of_the_window_that_is_used() {
        assert!(Context::new(1000).state("").pressure.value() < 0.01);
        let pressures: Vec<f64> = (0..12).map(|n| filled(1000, n).state("").pressure.value()).collect();
        assert!(pressures.is_sorted() && pressures[11] == 1.0, "{pressures:?}");
        assert!(ContextPressure::of(5.0, 0).value() <= 1.0);
    }

    #[test]
    fn the_oldest_go_first_and_leave_room() {
        let mut context = filled(1000, 7);
        assert!(context.pressure_with("", "go on").value() > 0.7);
        let old = context.oldest("", "go on");
        assert!((1..7).contains(&old.turns), "{old:?}");
        assert!(old.transcript.contains("question 0") && !old.transcript.contains("question 6"));
        context.summarise(old.turns, "They spoke of x.".to_owned()).unwrap();
        assert!(context.pressure_with("", "go on").value() <= 0.45);
        let messages = context.messages("Be brief.", "go on");
        assert!(messages[0].content.contains("Be brief.") && messages[0].content.contains("They spoke of x."));
        assert!(!messages.iter().any(|m| m.content.contains("question 0")));
        assert!(
            messages.last().unwrap().content == "go on" && messages[messages.len() - 2].content.contains("answer 6")
        );
    }

    #[test]
    fn a_summary_that_is_none_changes_nothing() {
        let mut context = filled(1000, 3);
        assert!(context.summarise(2, "  ".to_owned()).is_err());
        assert!(context.summarise(1, "z".repeat(3000)).is_err());
        assert_eq!(context.state("").turns, 3);
        context.drop_oldest(2);
        assert_eq!((context.state("").turns, context.state("").summarised), (1, false));
    }

    #[test]
    fn a_second_summary_builds_on_the_first() {
        let mut context = filled(1000, 7);
        context.summarise(6, "First summary.".to_owned()).unwrap();
        context.remember("q".repeat(1500), "a".repeat(1500));
        assert!(context.oldest("", "go on").transcript.starts_with("Before: First summary."));
    }

    #[test]
    fn what_the_endpoint_counts_corrects_the_estimate() {
        let mut context = filled(10_000, 4);
        let before = context.state("").used_tokens;
        let messages = context.messages("", "go on");
        let estimate = context.tokens(&messages, "ok", None);
        assert_eq!(estimate.counted_by, Counted::Estimate);
        let usage = Usage { prompt_tokens: estimate.input * 2, completion_tokens: 7 };
        let counted = context.tokens(&messages, "ok", Some(usage));
        assert_eq!((counted.output, counted.counted_by), (7, Counted::Endpoint));
        let after = context.state("").used_tokens;
        assert!(after > before * 19 / 10 && after < before * 21 / 10, "{before} {after}");
    }

    #[test]
    fn a_prompt_that_cannot_fit_is_refused_before_anything_is_forgotten() {
        let context = filled(1000, 3);
        assert_eq!(context.fits("", &"x".repeat(4000)).unwrap_err().kind, "prompt_too_long");
        assert_eq!(context.fits("", " \n").unwrap_err().kind, "no_prompt");
        assert!(context.fits("", "hello").is_ok());
        assert_eq!(Context::new(1 << 40).fits("", &"x".repeat(PROMPT_MAX + 1)).unwrap_err().kind, "prompt_too_long");
    }

    proptest::proptest! {
        #[test]
        fn pressure_stays_in_range_and_compressing_ends(window in 0_u64..5000, sizes in proptest::collection::vec(0_usize..3000, 0..20)) {
            let mut context = Context::new(window);
            for size in sizes {
                context.remember("q".repeat(size), "a".repeat(size / 2));
            }
            let old = context.oldest("system", "prompt");
            proptest::prop_assert!(old.turns <= context.turns.len());
            context.drop_oldest(old.turns);
            let state = context.state("system");
            proptest::prop_assert!((0.0..=1.0).contains(&state.pressure.value()));
        }
    }
}
