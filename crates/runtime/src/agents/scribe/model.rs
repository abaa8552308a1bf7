//! A call to a language model: sends a conversation, hands its words on as they come, and says how it went.
//!
//! It owns the protocol as far as it is used, leniently: endpoints differ in what they leave out. It never repeats a call.

use super::{
    Secret,
    config::Endpoint,
    context::Role,
    failure::{Failure, fit},
    guard::{CONNECT_TIMEOUT, Ending, Guard},
};
use crate::agent::AgentError;
use async_openai::{Client, error::OpenAIError};
use futures::StreamExt;
use reqwest_model::redirect::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// A whole answer, from first to last word.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) content: String,
}

/// Tokens as the endpoint counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    pub(super) prompt_tokens: u64,
    #[serde(default)]
    pub(super) completion_tokens: u64,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    /// The model's own name.
    pub(super) model: Option<String>,
    /// Why it ends before its end, in words.
    pub(super) cut: Option<String>,
}

/// A model at an endpoint.
#[derive(Clone)]
pub(super) struct Model {
    endpoint: Endpoint,
    http: reqwest_model::Client,
    key: Option<Secret>,
    name: String,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A piece of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    choices: Vec<Choice>,
    usage: Option<Usage>,
    model: Option<String>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
}

impl Model {
    /// Prepares to call, without calling.
    pub(super) fn new(url: &str, key: Option<Secret>, name: &str) -> Result<Self, AgentError> {
        let endpoint = Endpoint::new(url, key.as_ref())?;
        // If somebody chose another provider before, that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest_model::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("terrarium/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| AgentError::new("no_tls", format!("no client for the model's endpoint could be made: {e}")))?;
        Ok(Self { endpoint, http, key, name: name.to_owned() })
    }

    /// What the settings call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has the model answer. Its words go to `heard` as they come.
    pub(super) async fn answer(
        &self,
        messages: &[Message],
        heard: impl FnMut(String) + Send,
    ) -> Result<Answer, AgentError> {
        let slow = |_| Failure::Slow { what: "finish its answer", seconds: ANSWER_TIMEOUT.as_secs() };
        Ok(timeout(ANSWER_TIMEOUT, self.stream(messages, heard)).await.map_err(slow)??)
    }

    async fn stream(&self, messages: &[Message], mut heard: impl FnMut(String) + Send) -> Result<Answer, Failure> {
        let ending = Ending::default();
        let guard = Guard { http: self.http.clone(), key: self.key.clone(), ending: ending.clone() };
        let client = Client::with_config(self.endpoint.clone()).with_http_service(guard);
        let request = json!({
            "model": self.name,
            "messages": messages,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        let mut pieces = client.chat().create_stream_byot::<_, Piece>(request).await.map_err(|e| self.failure(e))?;
        let mut answer = Answer { text: String::new(), usage: None, model: None, cut: None };
        let mut finished = false;
        while let Some(piece) = pieces.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return Err(ending.failure().unwrap_or_else(|| self.broken(error, &answer.text))),
            };
            if let Some(error) = piece.error {
                let words = error.get("message").unwrap_or(&error);
                let words = words.as_str().map_or_else(|| words.to_string(), str::to_owned);
                return Err(Failure::CutOff { characters: answer.text.chars().count(), why: self.fit(&words) });
            }
            for Choice { delta, finish_reason } in piece.choices {
                if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
                    answer.text.push_str(&text);
                    heard(text);
                }
                if let Some(reason) = finish_reason {
                    finished = true;
                    answer.cut = cut(&reason);
                }
            }
            answer.usage = piece.usage.or(answer.usage);
            answer.model = piece.model.or(answer.model);
        }
        if let Some(failure) = ending.failure() {
            return Err(failure);
        }
        if !finished && !ending.is_done() {
            return Err(Failure::CutOff { characters: answer.text.chars().count(), why: String::new() });
        }
        if answer.text.trim().is_empty() {
            return Err(Failure::Empty);
        }
        Ok(answer)
    }

    /// Why there is no stream.
    fn failure(&self, error: OpenAIError) -> Failure {
        match error {
            OpenAIError::Boxed(inner) => match inner.downcast::<Failure>() {
                Ok(failure) => *failure,
                Err(other) => Failure::Gibberish(self.fit(&other.to_string())),
            },
            other => Failure::Gibberish(self.fit(&other.to_string())),
        }
    }

    /// Why a stream broke.
    fn broken(&self, error: OpenAIError, so_far: &str) -> Failure {
        match error {
            OpenAIError::JSONDeserialize(why, _) => {
                Failure::Gibberish(format!("a piece of its answer is not as it should be ({why})"))
            }
            other => Failure::CutOff { characters: so_far.chars().count(), why: self.fit(&other.to_string()) },
        }
    }

    fn fit(&self, words: &str) -> String {
        fit(words, self.key.as_ref())
    }
}

/// Why an answer ends before its end.
fn cut(reason: &str) -> Option<String> {
    match reason {
        "length" => Some("The answer ends where the model's limit was reached.".to_owned()),
        "content_filter" => Some("The endpoint's filter left out a part of the answer.".to_owned()),
        _ => None,
    }
}
