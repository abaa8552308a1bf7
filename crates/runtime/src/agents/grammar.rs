//! The agent that reads English, offline: what a sentence wants done, to what, when; and what is wrong with it.
//!
//! It owns its commands and their limits; `read` and `check` below own the reading, `entities` the dates and amounts,
//! `desk` the thread it happens on. It never acts on what it reads, never learns, and never goes to a network. It has no
//! source: it only answers. Until the first text it costs nothing.

mod check;
mod clause;
mod desk;
mod doubt;
mod entities;
mod language;
mod mood;
mod phrase;
mod read;
pub mod reading;
mod words;

use crate::agent::{Agent, AgentError, Factory, Profile, Step, StepCx, no_source};
use desk::Desk;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use prism::exposed;
use reading::{Checked, Reading};
use serde_json::Value;
use std::convert::Infallible;

/// Longest text, in characters.
pub const TEXT_MAX: usize = 20_000;
/// Remarks in one answer of `check`.
pub const LINTS_MAX: usize = 200;

/// Who it is.
#[must_use]
pub fn profile() -> Profile {
    Profile {
        genus: "grammar",
        description: "Reads English, offline: action, object, dates; and checks it.".to_owned(),
    }
}

/// Makes the agent.
#[must_use]
pub fn factory() -> Factory<Grammar> {
    Box::new(|| Ok((Grammar::default(), no_source())))
}

/// Reads and checks English.
#[derive(Debug, Default)]
pub struct Grammar {
    desk: Desk,
}

/// Reads and checks English.
#[exposed]
impl Grammar {
    /// Reads a sentence: what is to be done, to what, when.
    ///
    /// The answer says how sure it is and why it is not surer. What is not English is said to be so and not read.
    #[expose(reads, examples("--text 'Create a calendar'", "--text 'Back up the photos every second Friday at 9'"))]
    async fn parse(
        &mut self,
        /// English, at most 20,000 characters.
        text: String,
        /// The date or time that words like "tomorrow" count from, such as 2026-11-21 or 2026-11-21T09:00:00Z. Without it,
        /// the gateway's clock in UTC.
        now: Option<String>,
    ) -> Result<Reading, AgentError> {
        let now = now.as_deref().map_or_else(|| Ok(clock()), moment)?;
        self.read(text, now).await
    }

    /// Looks for mistakes, each with its place and what could stand there instead.
    #[expose(reads, examples("--text 'This are an test.'"))]
    async fn check(
        &mut self,
        /// English, at most 20,000 characters.
        text: String,
    ) -> Result<Checked, AgentError> {
        fits(&text)?;
        self.desk.check(text).await
    }
}

impl Grammar {
    async fn read(&mut self, text: String, now: DateTime) -> Result<Reading, AgentError> {
        fits(&text)?;
        self.desk.read(text, now).await
    }
}

impl Agent for Grammar {
    type Item = Infallible;

    async fn step(&mut self, never: Infallible, _cx: &mut StepCx) -> Result<Step, AgentError> {
        match never {}
    }

    /// A text, or an object with a `text`, is read as by `parse`.
    async fn perturbed(&mut self, input: Value, _cx: &mut StepCx) -> Result<Step, AgentError> {
        let reading = self.read(text_of(input)?, clock()).await?;
        let failed =
            |e: serde_json::Error| AgentError::new("unreadable", format!("the reading could not be sent: {e}"));
        Ok(Step::Result(serde_json::to_value(reading).map_err(failed)?))
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

/// The text of an input.
fn text_of(input: Value) -> Result<String, AgentError> {
    match input {
        Value::String(text) => Ok(text),
        Value::Object(mut fields) => match fields.remove("text") {
            Some(Value::String(text)) => Ok(text),
            _ => Err(no_text()),
        },
        _ => Err(no_text()),
    }
}

fn no_text() -> AgentError {
    AgentError::new("no_text", "grammar reads text").hint("send a text, or {\"text\": \"Create a calendar\"}")
}

fn fits(text: &str) -> Result<(), AgentError> {
    let characters = text.chars().take(TEXT_MAX + 1).count();
    if characters <= TEXT_MAX {
        return Ok(());
    }
    let message = format!("the text has {} characters; {TEXT_MAX} at most are read at once", text.chars().count());
    Err(AgentError::new("text_too_long", message).hint("send it in parts, for example a paragraph at a time"))
}

/// Now in UTC, to the second: nobody says "in two hours" to the nanosecond.
fn clock() -> DateTime {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_zoned(TimeZone::UTC).datetime()
}

/// A date, a date with a time, or a moment with an offset, as its local time there.
fn moment(text: &str) -> Result<DateTime, AgentError> {
    let local = |text: &str| {
        // With an offset the clock of that place counts, so the offset itself can be left off.
        let cut = text.rfind(['Z', 'z', '+']).or_else(|| text.rfind('-').filter(|at| *at > 10))?;
        text.parse::<Timestamp>().ok()?;
        text[..cut].parse::<DateTime>().ok()
    };
    let read = local(text).or_else(|| text.parse::<DateTime>().ok());
    read.ok_or_else(|| {
        let message = format!("{:?} is not a date or time", text.chars().take(40).collect::<String>());
        AgentError::new("not_a_time", message).hint("write it as 2026-11-21 or 2026-11-21T09:00:00Z")
    })
}

#[cfg(test)]
mod tests;
