//! What a call to an agent came to, in the words of the gateway: the same for REST and for sockets.

use crate::error::Error;
use runtime::{Failure, Refused};
use wire::{Problem, perturb::ErrorBody};

/// Why a call was not taken.
pub(crate) fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Busy { retry_after } => Error::Busy { retry_after },
        Refused::Ended { state } => Error::AgentEnded { state },
        Refused::Held { rein } => Error::AgentHeld { rein: Box::new(rein) },
    }
}

/// Why a call has no answer.
pub(crate) fn failed(failure: Failure) -> Error {
    match failure {
        Failure::Step(error) => Error::AgentFailed { kind: error.kind.into(), why: error.message, hint: error.hint },
        Failure::Call(prism::CallError::Failed { kind, message, hint }) => {
            Error::AgentFailed { kind, why: message, hint }
        }
        Failure::Call(prism::CallError::Arguments(errors)) => Error::Arguments { errors },
        Failure::Call(prism::CallError::UnknownCommand { name, nearest }) => Error::UnknownCommand { name, nearest },
        Failure::TimedOut { after } => Error::TimedOut { after },
        Failure::Cancelled => Error::Cancelled,
        Failure::Ended { state } => Error::AgentEnded { state },
        Failure::Unanswered { status } => Error::Unanswered { status },
    }
}

/// An error as a socket says it.
pub(crate) fn body(error: &Error) -> ErrorBody {
    let Problem { code, detail, hint, .. } = Problem::from(error);
    ErrorBody { code, message: detail, hint }
}
