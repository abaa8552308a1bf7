//! A call to a language model: sends a conversation, hands its words on as they come, and says how it went.
//!
//! It owns the protocol as far as it is used, leniently: endpoints differ in what they leave out. It never repeats a call.

use super::{
    Secret, asking,
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
    role: Role,
    pub(super) content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCall; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

impl Message {
    /// Plain words.
    pub(super) fn new(role: Role, content: String) -> Self {
        Self { role, content, tool_calls: None, tool_call_id: None }
    }

    /// The model's own, with a use of a tool.
    pub(super) fn calling(content: String, call: ToolCall) -> Self {
        Self { tool_calls: Some([call]), ..Self::new(Role::Assistant, content) }
    }

    /// What the tool gave back.
    pub(super) fn returning(call: &ToolCall, content: String) -> Self {
        Self { tool_call_id: Some(call.id.clone()), ..Self::new(Role::Tool, content) }
    }
}

/// A use of a tool, as the protocol has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToolCall {
    pub(super) id: String,
    #[serde(rename = "type")]
    kind: ToolKind,
    pub(super) function: Function,
}

/// The only kind of tool there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToolKind {
    Function,
}

/// Which tool, and what it is told, as JSON in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) arguments: String,
}

/// Which tools a model is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// None.
    Nothing,
    /// To ask a person.
    Asking,
    /// It has asked enough: it sees the tool, and may not use it.
    NoMore,
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
    /// What it wants of a tool first. Of several uses, the first.
    pub(super) call: Option<ToolCall>,
}

/// A model at an endpoint.
#[derive(Clone)]
pub(super) struct Model {
    endpoint: Endpoint,
    http: reqwest_model::Client,
    key: Option<Secret>,
    name: String,
    manner: Option<Manner>,
}

/// How a model is to write, where that is not left to its endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// How freely.
    pub(super) temperature: f64,
    /// How much at most.
    pub(super) tokens_max: u32,
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
    tool_calls: Option<Vec<CallPiece>>,
}

/// A piece of a use of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallPiece {
    index: Option<u32>,
    id: Option<String>,
    function: FunctionPiece,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FunctionPiece {
    name: Option<String>,
    arguments: Option<String>,
}

/// Puts the first use of a tool together.
#[derive(Debug, Default)]
struct Caller {
    call: Option<(Option<u32>, ToolCall)>,
}

impl Caller {
    fn take(&mut self, piece: CallPiece) {
        let fresh = piece.id.as_ref().is_some_and(|id| !id.is_empty());
        let (index, call) = match &mut self.call {
            // Another one: some endpoints number them, some only name them.
            Some((index, call)) if *index != piece.index || (fresh && piece.id.as_ref() != Some(&call.id)) => return,
            Some((index, call)) => (index, call),
            None => {
                let call = ToolCall { id: String::new(), kind: ToolKind::Function, function: Function::default() };
                let (index, call) = self.call.insert((piece.index, call));
                (index, call)
            }
        };
        *index = piece.index;
        if fresh {
            call.id = piece.id.unwrap_or_default();
        }
        call.function.name.push_str(&piece.function.name.unwrap_or_default());
        call.function.arguments.push_str(&piece.function.arguments.unwrap_or_default());
    }

    fn end(self) -> Option<ToolCall> {
        let (_, mut call) = self.call?;
        if call.id.is_empty() {
            // It only has to be the same in the answer.
            call.id = "call".to_owned();
        }
        Some(call)
    }
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
        Ok(Self { endpoint, http, key, name: name.to_owned(), manner: None })
    }

    /// The same, writing like this.
    pub(super) fn in_manner(self, manner: Manner) -> Self {
        Self { manner: Some(manner), ..self }
    }

    /// What the settings call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has the model answer. Its words go to `heard` as they come.
    pub(super) async fn answer(
        &self,
        messages: &[Message],
        offer: Offer,
        heard: impl FnMut(String) + Send,
    ) -> Result<Answer, AgentError> {
        let slow = |_| Failure::Slow { what: "finish its answer", seconds: ANSWER_TIMEOUT.as_secs() };
        Ok(timeout(ANSWER_TIMEOUT, self.stream(messages, offer, heard)).await.map_err(slow)??)
    }

    async fn stream(
        &self,
        messages: &[Message],
        offer: Offer,
        mut heard: impl FnMut(String) + Send,
    ) -> Result<Answer, Failure> {
        let ending = Ending::default();
        let guard = Guard { http: self.http.clone(), key: self.key.clone(), ending: ending.clone() };
        let client = Client::with_config(self.endpoint.clone()).with_http_service(guard);
        let mut request = json!({
            "model": self.name,
            "messages": messages,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        if let Some(Manner { temperature, tokens_max }) = self.manner {
            request["temperature"] = json!(temperature);
            request["max_tokens"] = json!(tokens_max);
        }
        if offer != Offer::Nothing {
            request["tools"] = json!([asking::tool()]);
        }
        if offer == Offer::NoMore {
            request["tool_choice"] = json!("none");
        }
        let mut pieces = client.chat().create_stream_byot::<_, Piece>(request).await.map_err(|e| self.failure(e))?;
        let mut answer = Answer { text: String::new(), usage: None, model: None, cut: None, call: None };
        let (mut finished, mut caller) = (false, Caller::default());
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
                delta.tool_calls.into_iter().flatten().for_each(|piece| caller.take(piece));
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
        answer.call = caller.end().filter(|_| offer == Offer::Asking);
        if answer.text.trim().is_empty() && answer.call.is_none() {
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
