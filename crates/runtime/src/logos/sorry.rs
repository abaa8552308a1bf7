//! Why a path was not carried out: the words of `core`, of the void, of purgatory, or of an agent.

use crate::{AgentHandle, Failure, PurgatoryError, Refused, Registry, reins::ReinError};
use terrarium_core::{logos::Sorry, metabolism::void::VoidError, near::near};
use wire::{AgentId, FieldError};

/// Why a path was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogosError {
    /// The path, its observer or its arguments.
    #[error(transparent)]
    Path(#[from] Sorry),
    /// The void does not have enough.
    #[error(transparent)]
    Void(#[from] VoidError),
    /// A question could not be asked, found or moved.
    #[error(transparent)]
    Purgatory(#[from] PurgatoryError),
    /// An agent could not be held or let go.
    #[error(transparent)]
    Rein(#[from] ReinError),
    /// Arguments of a command do not fit.
    #[error("the arguments of the command do not fit")]
    Arguments(Vec<FieldError>),
    /// An agent did not take it.
    #[error("the agent did not take it")]
    Refused(Refused),
    /// An agent could not do it.
    #[error("the agent could not do it")]
    Failed(Failure),
}

impl From<Refused> for LogosError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Failure> for LogosError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

pub(super) fn no_agent(registry: &Registry, id: &AgentId) -> LogosError {
    let near = registry.nearest(id.as_str()).iter().map(|near| format!("world.agent.{near}")).collect();
    Sorry::not_found(&format!("world.agent.{id}"), "no agent has that name", near).into()
}

pub(super) fn no_command(agent: &AgentHandle, name: &str) -> LogosError {
    let path = |command: &str| format!("world.agent.{}.{command}", agent.id());
    let commands: Vec<_> = agent.commands().map(|command| command.name.clone()).collect();
    let mut near = near(name, &commands);
    if near.is_empty() {
        near = agent.nearest_commands(name);
    }
    let why = match commands.as_slice() {
        [] => format!("{} exposes no commands; it has manifest, witness, affordances and help", agent.id()),
        some => format!("{} exposes {}", agent.id(), some.join(", ")),
    };
    Sorry::not_found(&path(name), why, near.iter().map(|command| path(command)).collect()).into()
}
