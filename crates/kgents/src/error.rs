//! What can go wrong between a person and a gateway, as it is told to the person: what, why, what to try.

use clap::error::ErrorKind;
use serde::Serialize;
use std::{io, time::Duration};
use wire::{CloseCode, FieldError, TokenId, perturb::ErrorBody, semaphore::Decision};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is not understood; also help and version, which end the command as well.
    #[error("{0}")]
    CommandLine(#[from] clap::Error),
    /// The command line is understood, and something in it does not fit.
    #[error("{message}")]
    Usage { message: String, hint: String },
    /// Arguments that do not fit an agent's command.
    #[error("{} of {command} {}", counted(errors.len()), if errors.len() == 1 { "does not fit" } else { "do not fit" })]
    Arguments { command: String, errors: Vec<FieldError> },
    /// The client says so, or the gateway through it.
    #[error("{0}")]
    Client(#[from] client::Error),
    /// Said on a perturb socket.
    #[error("{}", .0.message)]
    Said(ErrorBody),
    /// Not taken.
    #[error("the agent, or the gateway for this client, has as much to do as it may have")]
    Busy { retry_after_ms: u64 },
    /// The socket ended before the answer came.
    #[error("{}", closed(*.0))]
    Closed(Option<u16>),
    /// This command's own patience ended.
    #[error("no answer within {}", crate::text::span(*.0))]
    TimedOut(Duration),
    /// No question has that id.
    #[error("no question here has the id {0}")]
    NoQuestion(String),
    /// Somebody wants this command to end, while the question waits on.
    #[error("{}", interrupted(id.as_ref()))]
    Interrupted { id: Option<TokenId>, key: String },
    /// A file or standard input.
    #[error("{what} cannot be read: {why}")]
    Read { what: String, why: String },
    /// Standard output, or the system under all of this.
    #[error("{0}")]
    System(#[source] io::Error),
}

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Done,
    /// It came to nothing.
    Failed,
    /// The command line does not fit.
    Usage,
    /// Not allowed.
    Denied,
    /// No answer in time.
    TimedOut,
    /// Somebody did not want to wait.
    Interrupted,
}

/// An error in words: the fields of a problem that a person or a program at a terminal can use.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
    /// What is near to what was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) related: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// What was decided before, by somebody who was first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Box<Decision>>,
}

/// What the gateway says where something on the command line does not fit an agent's command, a question, or a path.
const UNFIT: [&str; 9] = [
    "arguments_invalid",
    "answer_invalid",
    "question_invalid",
    "key_reused",
    "path_syntax",
    "path_clause",
    "observer_required",
    "observer_invalid",
    "composition_violation",
];

const GIVE_A_TOKEN: &str = "give a token in $TERRARIUM_TOKEN or with --token-file; \
                            `terrarium token create --name NAME --scope perturb` makes one";

impl Error {
    /// How the command ends on it.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::CommandLine(e) if !e.use_stderr() => Ending::Done,
            Self::System(e) if e.kind() == io::ErrorKind::BrokenPipe => Ending::Done,
            Self::CommandLine(_) | Self::Usage { .. } | Self::Arguments { .. } => Ending::Usage,
            Self::Client(
                client::Error::Address(_) | client::Error::Token | client::Error::Command(_) | client::Error::Key(_),
            ) => Ending::Usage,
            // A script that goes on after this must not take a question for an answer.
            Self::Client(client::Error::Asked(_)) => Ending::TimedOut,
            Self::Client(client::Error::TimedOut { .. }) | Self::TimedOut(_) => Ending::TimedOut,
            Self::Client(client::Error::Strange { status, .. }) => by_status(*status),
            Self::Client(client::Error::Problem(p)) if UNFIT.contains(&p.code.as_str()) => Ending::Usage,
            Self::Interrupted { .. } => Ending::Interrupted,
            Self::Client(client::Error::Problem(p)) => by_status(p.status),
            Self::Said(said) => match said.code.as_str() {
                "timed_out" => Ending::TimedOut,
                "token_needed" | "token_refused" | "scope_missing" | "forbidden" => Ending::Denied,
                _ => Ending::Failed,
            },
            Self::Closed(Some(code)) if denies(*code) => Ending::Denied,
            Self::Closed(_)
            | Self::Busy { .. }
            | Self::NoQuestion(_)
            | Self::Read { .. }
            | Self::System(_)
            | Self::Client(_) => Ending::Failed,
        }
    }

    /// The error in words.
    pub(crate) fn told(&self) -> Told {
        let mut told = Told {
            code: self.code().to_owned(),
            message: self.to_string(),
            hint: self.hint(),
            errors: Vec::new(),
            related: Vec::new(),
            retry_after_ms: None,
            decision: None,
        };
        match self {
            Self::Arguments { errors, .. } => told.errors.clone_from(errors),
            Self::Busy { retry_after_ms } => told.retry_after_ms = Some(*retry_after_ms),
            // The hint says the rest.
            Self::Client(client::Error::Unreachable { url, why }) => {
                told.message = format!("no answer from {url}: {why}")
            }
            Self::Client(client::Error::Problem(problem)) => {
                told.message.clone_from(&problem.detail);
                told.errors.clone_from(&problem.errors);
                told.related.clone_from(&problem.related);
                told.retry_after_ms = problem.retry_after_ms;
                told.decision.clone_from(&problem.decision);
            }
            // Without what clap adds for people: how it is used, and where the help is.
            Self::CommandLine(error) => {
                let words = error.render().to_string();
                let words = words.strip_prefix("error: ").unwrap_or(&words);
                words.split("\n\nUsage:").next().unwrap_or(words).trim().clone_into(&mut told.message);
            }
            _ => {}
        }
        told
    }

    fn code(&self) -> &str {
        match self {
            Self::CommandLine(_) | Self::Usage { .. } => "usage",
            Self::Arguments { .. } => "arguments_invalid",
            Self::Said(said) => &said.code,
            Self::Busy { .. } => "busy",
            Self::Closed(_) => "closed",
            Self::TimedOut(_) => "timed_out",
            Self::NoQuestion(_) => "question_not_found",
            Self::Interrupted { .. } => "interrupted",
            Self::Read { .. } => "unreadable",
            Self::System(_) => "system",
            Self::Client(error) => match error {
                client::Error::Problem(problem) => &problem.code,
                client::Error::Asked(_) => "asked",
                client::Error::Address(_) => "address_malformed",
                client::Error::Token => "token_malformed",
                client::Error::Command(_) => "usage",
                client::Error::Key(_) => "key_invalid",
                client::Error::Unreachable { .. } => "unreachable",
                client::Error::TimedOut { .. } => "timed_out",
                client::Error::Strange { .. } | client::Error::Frame(_) => "strange",
                client::Error::Broken(_) => "broken",
            },
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Usage { hint, .. } => hint,
            Self::Arguments { command, .. } => return Some(format!("`{command} --help` says what it takes")),
            Self::Said(said) => return in_our_words(&said.code).map(str::to_owned).or_else(|| said.hint.clone()),
            Self::Busy { retry_after_ms } => {
                return Some(format!("try again in {}", crate::text::span(Duration::from_millis(*retry_after_ms))));
            }
            Self::Closed(Some(code)) if *code == CloseCode::Unauthorised.code() => GIVE_A_TOKEN,
            Self::Closed(Some(code)) if denies(*code) => return None,
            Self::Closed(_) => "try again; the gateway's log may say more",
            Self::NoQuestion(_) => return in_our_words("question_not_found").map(str::to_owned),
            Self::Interrupted { id, key } => return Some(onwards(id.as_ref(), key)),
            Self::TimedOut(_) => "give it more time with --timeout, or look what it is doing with `kgents snapshot`",
            Self::Client(error) => match error {
                client::Error::Problem(problem) if problem.status == 401 => GIVE_A_TOKEN,
                client::Error::Problem(problem) => {
                    return in_our_words(&problem.code).map(str::to_owned).or_else(|| problem.hint.clone());
                }
                client::Error::Asked(card) => {
                    return Some(format!(
                        "`kgents asks resolve {0}` answers, `kgents asks show {0}` shows it",
                        card.id
                    ));
                }
                client::Error::Unreachable { .. } => {
                    "start a gateway with `terrarium`, or name the one you mean with --server or $TERRARIUM_URL"
                }
                client::Error::Strange { .. } | client::Error::Frame(_) => {
                    "is that the address of a Terrarium gateway, and of the same release as this kgents?"
                }
                client::Error::TimedOut { .. } | client::Error::Broken(_) => "try again; is the gateway still there?",
                client::Error::Address(_)
                | client::Error::Token
                | client::Error::Command(_)
                | client::Error::Key(_) => return None,
            },
            Self::CommandLine(_) | Self::Read { .. } | Self::System(_) => return None,
        };
        Some(text.to_owned())
    }
}

impl Error {
    /// What clap itself would say, with its colours; only for what came from clap.
    pub(crate) fn as_clap(&self) -> Option<&clap::Error> {
        match self {
            Self::CommandLine(error) => Some(error),
            _ => None,
        }
    }

    /// A mistake in the command line that clap does not notice by itself, told as clap tells one.
    pub(crate) fn usage(mut command: clap::Command, kind: ErrorKind, message: impl std::fmt::Display) -> Self {
        Self::CommandLine(command.error(kind, message))
    }
}

/// What to try, where the gateway would speak of URLs to somebody who types commands.
fn in_our_words(code: &str) -> Option<&'static str> {
    match code {
        "agent_not_found" | "agent_id_malformed" => Some("`kgents agents` lists every agent"),
        "command_not_found" | "takes_no_input" => Some("`kgents call AGENT` lists what an agent can do, if anything"),
        "arguments_invalid" => Some("`kgents call AGENT COMMAND --help` says what it takes"),
        "question_not_found" => Some("`kgents asks list --all` lists every question that is kept"),
        "question_over" => Some("`kgents asks show ID` shows what became of it"),
        "already_decided" => Some("`kgents asks show ID` shows what became of it"),
        "answer_invalid" => Some("`kgents asks show ID` shows what may be answered"),
        "question_invalid" => Some("`kgents ask --help` says what a question is made of"),
        "key_reused" => Some("take another --key for another question"),
        "purgatory_full" => Some("answer or cancel some of those that wait; `kgents asks` lists them"),
        "timed_out" => Some("give it more time with --timeout, or look what it is doing with `kgents snapshot`"),
        _ => None,
    }
}

fn by_status(status: u16) -> Ending {
    match status {
        401 | 403 => Ending::Denied,
        408 | 504 => Ending::TimedOut,
        _ => Ending::Failed,
    }
}

fn denies(code: u16) -> bool {
    code == CloseCode::Unauthorised.code() || code == CloseCode::OriginRefused.code()
}

fn closed(code: Option<u16>) -> String {
    let known = CloseCode::ALL.into_iter().find(|known| Some(known.code()) == code);
    match (known, code) {
        (Some(known), _) => format!("the gateway ended the connection: {}", known.reason()),
        (None, Some(code)) => format!("the gateway ended the connection with the code {code}"),
        (None, None) => "the connection ended before the answer came".to_owned(),
    }
}

fn interrupted(id: Option<&TokenId>) -> String {
    match id {
        Some(id) => format!("interrupted; the question {id} goes on waiting for its answer"),
        None => "interrupted before the gateway said that it has the question".to_owned(),
    }
}

/// How to go on after an interruption.
fn onwards(id: Option<&TokenId>, key: &str) -> String {
    let again = format!("the same with --key {} to go on waiting", crate::text::quoted(key));
    id.map_or_else(|| again.clone(), |id| format!("{again}, `kgents asks cancel {id}` to take it back"))
}

fn counted(n: usize) -> String {
    if n == 1 { "one argument".to_owned() } else { format!("{n} arguments") }
}
