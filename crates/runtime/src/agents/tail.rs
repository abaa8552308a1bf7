//! The agent that follows a file as `tail -F` does: one result for every new line.
//!
//! It owns how a line becomes a payload; `follower` owns the open file and the place in it. A line is read only when the
//! step before is done, so a fast writer waits in the file itself, where no line is lost. It never writes, and never
//! remembers a place beyond its own life: it starts at the end of the file.

mod follower;

use crate::agent::{Agent, AgentError, Factory, Profile, Source, Step, StepCx};
use follower::Follower;
pub use follower::LINE_MAX;
use futures::stream;
use serde_json::Value;
use std::path::{Path, PathBuf};
use wire::{AgentId, id::AGENT_ID_MAX};

/// Who it is.
#[must_use]
pub fn profile(path: &Path) -> Profile {
    Profile { genus: "tail", description: format!("New lines of {}.", file_name(path)) }
}

/// An id made from the file's name, with a number after it if that is taken: `app-log`, `app-log-2`, and so on.
pub fn agent_id(path: &Path, taken: impl Fn(&AgentId) -> bool) -> AgentId {
    let stem = AgentId::slug(&file_name(path)).unwrap_or_else(|| "tail".to_owned());
    let mut candidate = stem.clone();
    let mut number = 1_u64;
    loop {
        match AgentId::parse(&candidate) {
            Ok(id) if !taken(&id) => return id,
            _ => number += 1,
        }
        let suffix = format!("-{number}");
        // A slug is ASCII, so it may be cut anywhere.
        candidate = format!("{}{suffix}", &stem[..stem.len().min(AGENT_ID_MAX - suffix.len())]);
    }
}

/// Where in a file that exists to begin. One that is still to come is read from its beginning either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Only what is written from now on.
    End,
    /// What it holds already, too.
    Beginning,
}

/// Makes the agent and its source, which never ends. If the agent has to be restarted, it goes on at the end of the file.
#[must_use]
pub fn factory(path: impl Into<PathBuf>, from: From) -> Factory<Tail> {
    let path = path.into();
    let mut from = from;
    Box::new(move || {
        let from = std::mem::replace(&mut from, From::End);
        let lines = stream::unfold(Follower::new(path.clone(), from)?, |mut follower| async {
            let line = follower.next().await;
            Some((line, follower))
        });
        Ok((Tail, Box::pin(lines) as Source<Line>))
    })
}

/// Says each line: a JSON object as it is, anything else as a string.
#[derive(Debug)]
pub struct Tail;

/// One line without its end, at most [`LINE_MAX`] bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was kept. What is not UTF-8 became U+FFFD.
    pub text: String,
    /// Bytes left out because the line was too long.
    pub cut_bytes: u64,
}

impl Agent for Tail {
    type Item = Line;

    async fn step(&mut self, line: Line, _cx: &mut StepCx) -> Result<Step, AgentError> {
        if line.cut_bytes > 0 {
            return Ok(Step::Result(format!("{} … [{} more bytes]", line.text, line.cut_bytes).into()));
        }
        let object = serde_json::from_str(&line.text).ok().map(Value::Object);
        Ok(Step::Result(object.unwrap_or(Value::String(line.text))))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
