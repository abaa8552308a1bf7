//! What could be meant by a beginning: paths that go on from it, from the table and from the live garden.

use super::{
    aspect::Aspect,
    holon::Fixed,
    path::{CONTEXTS, Path},
    route::PIPE,
};
use crate::near::{OFFERED, near};

/// Completions at most.
pub const COMPLETIONS_MAX: usize = 50;

/// An agent of the live garden, with the names of its commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live<'a> {
    /// Its id.
    pub agent: &'a str,
    /// What it exposes.
    pub commands: Vec<&'a str>,
}

/// The whole texts that a text may become, in the order of the alphabet; where none begins so, those most like it. From
/// nothing, the contexts. In a pipeline the last stage is completed. `own` is the agent that `self` means.
#[must_use]
pub fn complete(text: &str, live: &[Live<'_>], own: Option<&str>) -> Vec<String> {
    if text.len() > wire::agentese::PATH_MAX {
        return Vec::new();
    }
    let (before, last) = match text.rfind(PIPE) {
        Some(at) => text.split_at(at + PIPE.len()),
        None => ("", text),
    };
    let beginning = last.trim_start();
    let before = format!("{before}{}", &last[..last.len() - beginning.len()]);
    let all = || Path::all().chain(agents(live)).chain(commands_of_self(live, own));
    let goes_on = |path: &String| path.starts_with(beginning) && path != beginning;
    let mut found: Vec<_> = contexts().filter(goes_on).collect();
    if !beginning.is_empty() {
        found.extend(all().filter(|path| path.starts_with(beginning)));
    }
    if found.is_empty() {
        found = near(beginning, all());
        found.truncate(OFFERED);
    } else {
        found.sort();
        found.dedup();
        found.truncate(COMPLETIONS_MAX);
    }
    found.into_iter().map(|path| format!("{before}{path}")).collect()
}

/// What a path does, in a sentence, where the table knows.
#[must_use]
pub fn explain(path: &str) -> Option<&'static str> {
    Aspect::ALL.iter().find(|aspect| aspect.path() == path).map(|aspect| aspect.row().help)
}

/// What a path begins with, where anything lives.
fn contexts() -> impl Iterator<Item = String> {
    let beginnings = CONTEXTS.into_iter().map(|context| format!("{context}."));
    beginnings.filter(|beginning| Fixed::ALL.iter().any(|holon| holon.path().starts_with(beginning)))
}

fn agents<'a>(live: &'a [Live<'_>]) -> impl Iterator<Item = String> + 'a {
    live.iter().flat_map(|agent| {
        let words = agent.commands.iter().copied().chain(["manifest", "witness", "affordances", "help"]);
        words.map(move |word| format!("world.agent.{}.{word}", agent.agent))
    })
}

fn commands_of_self<'a>(live: &'a [Live<'_>], own: Option<&'a str>) -> impl Iterator<Item = String> + 'a {
    let own = live.iter().find(|agent| Some(agent.agent) == own);
    own.into_iter().flat_map(|agent| agent.commands.iter().map(|command| format!("self.{command}")))
}
