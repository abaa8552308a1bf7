//! Why not, what to try, and what is near. An error that leaves nobody alone with it.

use crate::near::clip;
use wire::FieldError;

/// Why a path was not followed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Sorry {
    /// There was nothing.
    #[error("the path is empty")]
    Empty,
    /// It is too much of something.
    #[error("the path has {found} {what}, and may have {most}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// It is not written as a path is.
    #[error("at position {position}: expected {expected}, found {found}")]
    Syntax {
        /// Where, in bytes from the beginning.
        position: usize,
        /// What could stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A clause or an annotation says something it cannot say.
    #[error("the clause {name} at position {position}: {why}")]
    Clause {
        /// Which.
        name: String,
        /// Where, in bytes from the beginning.
        position: usize,
        /// What is wrong.
        why: String,
    },
    /// Nothing lives there.
    #[error("there is no {path}")]
    NotFound {
        /// Where, clipped.
        path: String,
        /// Why.
        why: String,
        /// What is near.
        near: Vec<String>,
    },
    /// This observer may not.
    #[error("{path} is not for {archetype}")]
    Affordance {
        /// What was asked for.
        path: String,
        /// Who asked.
        archetype: String,
        /// What there is for them.
        available: Vec<String>,
    },
    /// `self` is nobody.
    #[error("{path} needs to know which agent self is")]
    Observer {
        /// What was asked for.
        path: String,
    },
    /// The observer is none.
    #[error("the observer's {field} {why}")]
    BadObserver {
        /// Which part.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Arguments do not fit.
    #[error("the arguments of {path} do not fit")]
    Arguments {
        /// What was asked for.
        path: String,
        /// What is wrong with each.
        errors: Vec<FieldError>,
    },
    /// A pipeline breaks a law.
    #[error("the pipeline breaks the law of {law}: {why}")]
    Composition {
        /// Which.
        law: &'static str,
        /// How.
        why: String,
    },
}

impl Sorry {
    /// Nothing lives at a path, with what is near.
    #[must_use]
    pub fn not_found(path: &str, why: impl Into<String>, near: Vec<String>) -> Self {
        Self::NotFound { path: clip(path).to_owned(), why: why.into(), near }
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::TooMuch { .. } | Self::Syntax { .. } => "path_syntax",
            Self::Clause { .. } => "path_clause",
            Self::NotFound { .. } => "path_not_found",
            Self::Affordance { .. } => "path_not_afforded",
            Self::Observer { .. } => "observer_required",
            Self::BadObserver { .. } => "observer_invalid",
            Self::Arguments { .. } => "arguments_invalid",
            Self::Composition { .. } => "composition_violation",
        }
    }

    /// Why that is so.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::Empty => "a path says what is asked for".to_owned(),
            Self::TooMuch { .. } => "there are limits, so that nobody can make the gateway work for nothing".to_owned(),
            Self::Syntax { .. } => {
                "a path is names of a-z, 0-9, _ and - with dots between them, then clauses, such as \
                 void.entropy.sip[entropy=0.07]"
                    .to_owned()
            }
            Self::Clause { .. } => {
                "the clauses are phase, entropy, law_check, rollback and minimal_output; the annotations span, phase, \
                 law_check and dot"
                    .to_owned()
            }
            Self::NotFound { why, .. } => why.clone(),
            Self::Affordance { .. } => "what an observer may do depends on what kind of observer it is".to_owned(),
            Self::Observer { .. } => {
                "self means the agent that the observer names, and the observer names none".to_owned()
            }
            Self::BadObserver { .. } => "there is no view from nowhere, and not from there either".to_owned(),
            Self::Arguments { .. } => "every path says which arguments it takes, and of which kind".to_owned(),
            Self::Composition { .. } => "a >> b gives what a said to b".to_owned(),
        }
    }

    /// What to try.
    #[must_use]
    pub fn tries(&self) -> String {
        match self {
            Self::Empty => "world.terrarium.agents.manifest".to_owned(),
            Self::TooMuch { .. } => "ask for less at once".to_owned(),
            Self::Syntax { .. } => "put dots between names, and quote the path in a shell".to_owned(),
            Self::Clause { .. } => "leave the clause out".to_owned(),
            Self::NotFound { near, .. } => match near.first() {
                Some(first) => format!("{first}, perhaps"),
                None => "affordances of a holon list what it has, for example void.entropy.affordances".to_owned(),
            },
            Self::Affordance { .. } => "ask as an admin, a developer or an architect, with a token that may".to_owned(),
            Self::Observer { .. } => {
                "name the agent: {\"observer\": {\"agent\": \"scribe\"}}, or --agent scribe; or ask for world.agent.scribe"
                    .to_owned()
            }
            Self::BadObserver { .. } => "leave it out to be a guest".to_owned(),
            Self::Arguments { path, .. } => {
                let holon = path.rsplit_once('.').map_or(path.as_str(), |(holon, _)| holon);
                format!("{holon}.help says what it takes")
            }
            Self::Composition { .. } => "ask for the paths one after the other".to_owned(),
        }
    }

    /// What is near, at most five.
    #[must_use]
    pub fn related(&self) -> &[String] {
        match self {
            Self::NotFound { near, .. } => near,
            Self::Affordance { available, .. } => &available[..available.len().min(crate::near::OFFERED)],
            _ => &[],
        }
    }

    /// What is wrong, argument by argument.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        if let Self::Arguments { errors, .. } = self { errors } else { &[] }
    }
}
