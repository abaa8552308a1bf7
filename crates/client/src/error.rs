//! What can go wrong between a program and a gateway.

use wire::{Problem, SemaphoreCard};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one of a gateway.
    #[error("{0:?} is not the address of a gateway; one looks like http://127.0.0.1:8080")]
    Address(String),
    /// The text given as a token cannot be one. Not shown, because it may be a mistyped secret.
    #[error("that is not a token; one looks like trm_… and is made with `terrarium token create`")]
    Token,
    /// No answer. Is the gateway running?
    #[error("no answer from {url}: {why}; is the gateway running there?")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the system says.
        why: String,
    },
    /// The connection stands, and no answer came over it in the time an answer may take.
    #[error("{url} did not answer in time")]
    TimedOut {
        /// What was asked for.
        url: String,
    },
    /// The text cannot be a command's name. Nothing was sent.
    #[error("{0:?} cannot be the name of a command; one is made of letters, digits and _")]
    Command(String),
    /// The text cannot be a key, which makes asking twice harmless. Nothing was sent.
    #[error("{0:?} cannot be a key; one is made of 1 to 256 plain characters")]
    Key(String),
    /// There is no answer yet: the agent asked a person first. Both the decision and what the agent then says come on its
    /// stream.
    #[error("the agent asked a person first, and waits for the answer: {}", .0.prompt)]
    Asked(Box<SemaphoreCard>),
    /// The gateway said no, and why.
    #[error("{}{}", .0.detail, .0.hint.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    Problem(Box<Problem>),
    /// Something answered that does not speak our protocol.
    #[error("{url} answered with {status} and something a gateway would not say")]
    Strange {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// A frame that is not JSON with a `type`.
    #[error("a frame could not be read: {0}")]
    Frame(#[from] serde_json::Error),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl Error {
    /// The gateway's own words, where it had any.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }
}
