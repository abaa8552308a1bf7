//! What can go wrong between here and a model, and what to try. It owns the kinds and their words, and that no word of an
//! endpoint is passed on that has the key in it.

use super::Secret;
use crate::agent::AgentError;
use secrecy::ExposeSecret as _;

/// What an endpoint said is passed on up to here, in characters.
const SAID_MAX: usize = 300;

/// Why the model did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("the model's endpoint cannot be reached: {0}")]
    Unreachable(String),
    #[error("the model's endpoint refuses the key ({status}){}", with_colon(.said))]
    Unauthorised { status: u16, said: String },
    #[error("the model's endpoint has no such address or model ({status}){}", with_colon(.said))]
    NotFound { status: u16, said: String },
    #[error("the model's endpoint asks to wait{}{}", wait(*.seconds), with_colon(.said))]
    Busy { seconds: Option<u64>, said: String },
    #[error("the model's endpoint refuses the request ({status}){}", with_colon(.said))]
    Refused { status: u16, said: String },
    #[error("the model's endpoint fails ({status}){}", with_colon(.said))]
    Failing { status: u16, said: String },
    #[error("the model's endpoint sends elsewhere ({status}{})", to.as_deref().map(|to| format!(", to {to}")).unwrap_or_default())]
    Moved { status: u16, to: Option<String> },
    #[error("the model's endpoint did not {what} within {seconds} seconds")]
    Slow { what: &'static str, seconds: u64 },
    #[error("the model's answer broke off after {characters} characters{}", with_colon(.why))]
    CutOff { characters: usize, why: String },
    #[error("the model's endpoint does not speak OpenAI's chat protocol: {0}")]
    Gibberish(String),
    #[error("the model's answer is longer than {bytes} bytes")]
    TooLong { bytes: usize },
    #[error("the model answered nothing")]
    Empty,
}

impl Failure {
    fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "model_unreachable",
            Self::Unauthorised { .. } => "model_unauthorised",
            Self::NotFound { .. } => "model_not_found",
            Self::Busy { .. } => "model_busy",
            Self::Refused { .. } => "model_refused",
            Self::Failing { .. } => "model_failing",
            Self::Moved { .. } => "model_moved",
            Self::Slow { .. } => "model_slow",
            Self::CutOff { .. } => "model_cut_off",
            Self::Gibberish(_) => "model_gibberish",
            Self::TooLong { .. } => "answer_too_long",
            Self::Empty => "model_empty",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unreachable(_) => "check that TERRARIUM_LLM_URL is right and the endpoint runs".to_owned(),
            Self::Unauthorised { .. } => "check TERRARIUM_LLM_KEY; it is sent as a bearer token".to_owned(),
            Self::NotFound { .. } => {
                "check TERRARIUM_LLM_MODEL, and that TERRARIUM_LLM_URL ends before /chat/completions, mostly with /v1".to_owned()
            }
            Self::Busy { seconds: Some(seconds), .. } => format!("try again in {seconds} seconds"),
            Self::Busy { seconds: None, .. } => "try again in a minute, or look at the quota of the account".to_owned(),
            Self::Refused { .. } => "the endpoint's words say what it does not like; often it is the model's name or the length".to_owned(),
            Self::Failing { .. } => "the fault is the endpoint's; try again later".to_owned(),
            Self::Moved { .. } => {
                "set TERRARIUM_LLM_URL to the address it sends to, if you trust that; the key is never sent on by itself".to_owned()
            }
            Self::Slow { .. } => "try again, or a shorter prompt; a model that is loaded first takes its time once".to_owned(),
            Self::CutOff { .. } => "try again; what came was streamed, but is not remembered".to_owned(),
            Self::Gibberish(_) => "check TERRARIUM_LLM_URL; mostly it ends with /v1".to_owned(),
            Self::TooLong { .. } => "ask for less at once".to_owned(),
            Self::Empty => "try again, or word it differently".to_owned(),
        }
    }
}

impl From<Failure> for AgentError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind(), failure.to_string()).hint(failure.hint())
    }
}

fn with_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

fn wait(seconds: Option<u64>) -> String {
    seconds.map(|seconds| format!(" {seconds} seconds")).unwrap_or_default()
}

/// An endpoint's words, fit to be shown: on one line, not too long, and without the key.
pub(super) fn fit(words: &str, key: Option<&Secret>) -> String {
    let hidden = match key.map(|key| key.expose_secret()).filter(|key| !key.is_empty()) {
        Some(key) => words.replace(key, "…"),
        None => words.to_owned(),
    };
    let plain: String = hidden.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line: String = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(SAID_MAX) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
