//! Why a call came to nothing.

use std::borrow::Cow;
use wire::FieldError;

/// Why a call came to nothing. Doors make their own form of it: a problem, a line on a terminal, an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The agent has no such command.
    #[error("there is no command {name:?}{}", did_you_mean(nearest))]
    UnknownCommand {
        /// What was asked for.
        name: String,
        /// The visible commands most like it, best first; empty where none is like it.
        nearest: Vec<String>,
    },
    /// The arguments do not fit, each with its place and reason. Never empty.
    #[error("{}", listed(.0))]
    Arguments(Vec<FieldError>),
    /// The method said so.
    #[error("{message}")]
    Failed {
        /// A stable word for programs, such as `no_model`.
        kind: Cow<'static, str>,
        /// What failed and why, in a sentence.
        message: String,
        /// What to try.
        hint: Option<String>,
    },
}

impl CallError {
    /// A failure of the method's own: a stable word for programs, and a sentence for people.
    pub fn failed(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Failed { kind: kind.into(), message: message.into(), hint: None }
    }

    /// The same with something to try. Only a [`Failed`](Self::Failed) takes a hint; the others bring their own.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Failed { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownCommand { .. } => "command_not_found",
            Self::Arguments(_) => "arguments_invalid",
            Self::Failed { kind, .. } => kind,
        }
    }

    /// What to try, where there is something.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::UnknownCommand { .. } => Some("the agent's list of commands has every name"),
            Self::Arguments(_) => Some("the command's spec says which arguments it takes, of which type"),
            Self::Failed { hint, .. } => hint.as_deref(),
        }
    }
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        [only] => format!("; did you mean {only:?}?"),
        some => format!("; the nearest names are {}", some.join(", ")),
    }
}

fn listed(errors: &[FieldError]) -> String {
    let one = |error: &FieldError| match error.pointer.as_str() {
        "" => error.message.clone(),
        pointer => format!("{pointer}: {}", error.message),
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}
