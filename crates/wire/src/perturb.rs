//! The perturb socket: what a client sends, what comes back, and the bodies of `invoke`.

use crate::{
    SemaphoreCard,
    read::{Fields, FromJson, Wrong},
    record,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest frame a client may send on a perturb socket, and largest request body, in bytes.
pub const INPUT_MAX: usize = 1024 * 1024;
/// Priority where none is asked for.
pub const PRIORITY_DEFAULT: u8 = 100;
/// Highest priority a caller may ask for.
pub const PRIORITY_MAX: u8 = 150;
/// Longest id a caller may give, in characters.
pub const ID_MAX: usize = 128;
/// Longest time-out a caller may ask for, in milliseconds: an hour.
pub const TIMEOUT_MAX_MS: u64 = 3_600_000;

/// The caller's name for one perturbation on one socket: a text or a whole number, echoed in every reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CallId {
    /// A number.
    Number(i64),
    /// A text of at most [`ID_MAX`] characters.
    Text(String),
}

/// One input. Sent by clients on the perturb socket; without `id` also the body of `invoke`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Perturb {
    /// The caller's name for it. Where it is missing the gateway gives it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CallId>,
    /// The input: anything but `null`.
    pub data: Value,
    /// 0 to [`PRIORITY_MAX`], higher first; [`PRIORITY_DEFAULT`] where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// When to give up, in milliseconds from its arrival; the agent's own limit where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// A control message on the perturb socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum PerturbOp {
    /// Gives up a perturbation: it is taken out of the queue, or its step is dropped. Its result reaches nobody.
    Cancel {
        /// Which.
        id: CallId,
    },
    /// Answers a question that waits for a person.
    Resolve {
        /// Which.
        token_id: String,
        /// The answer.
        human_input: Value,
    },
}

/// What a frame of a client is.
#[derive(Debug, Clone, PartialEq)]
pub enum PerturbFrame {
    /// An input.
    Perturb(Perturb),
    /// A control message.
    Op(PerturbOp),
}

/// A frame that looks like a message of this socket and is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct PerturbFrameError {
    /// The id it carries, where it can be read.
    pub id: Option<CallId>,
    /// What is wrong with it.
    pub why: String,
}

impl PerturbFrame {
    /// Reads a client's frame. An object with `data` or `op` is a message and must be a right one; every other text is
    /// itself the input, as it stands.
    ///
    /// # Errors
    /// [`PerturbFrameError`] for a message with wrong fields.
    pub fn decode(text: &str) -> Result<Self, PerturbFrameError> {
        let raw = || Self::Perturb(Perturb { id: None, data: text.into(), priority: None, timeout_ms: None });
        let mut fields = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) if fields.contains_key("op") || fields.contains_key("data") => fields,
            Ok(_) => return Ok(raw()),
            Err(error) if text.trim_start().starts_with('{') && error.to_string().contains("recursion") => {
                return Err(PerturbFrameError { id: None, why: "it is nested too deeply (128 levels at most)".into() });
            }
            Err(_) => return Ok(raw()),
        };
        let id = fields.get("id").and_then(|id| serde_json::from_value::<CallId>(id.clone()).ok());
        let wrong = |why: String| PerturbFrameError { id: id.clone(), why };
        if fields.get("id").is_some_and(Value::is_null) {
            fields.remove("id");
        }
        if fields.get("id").is_some() && !id.as_ref().is_some_and(CallId::is_fit) {
            return Err(wrong(format!("id must be a whole number or a text of 1 to {ID_MAX} characters")));
        }
        let is_op = fields.contains_key("op");
        let value = Value::Object(fields);
        if is_op {
            return serde_json::from_value(value).map(Self::Op).map_err(|e| wrong(e.to_string()));
        }
        let perturb = serde_json::from_value::<Perturb>(value).map_err(|e| wrong(e.to_string()))?;
        perturb.check().map_err(wrong)?;
        Ok(Self::Perturb(perturb))
    }
}

impl CallId {
    fn is_fit(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Text(text) => !text.is_empty() && text.chars().count() <= ID_MAX,
        }
    }
}

impl Perturb {
    /// An input and nothing else.
    #[must_use]
    pub fn of(data: Value) -> Self {
        Self { id: None, data, priority: None, timeout_ms: None }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// What is out of range, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.data.is_null() {
            return Err("data must not be null: it is what the agent is to work on".into());
        }
        if let Some(priority) = self.priority.filter(|p| *p > PRIORITY_MAX) {
            return Err(format!("priority {priority} is above {PRIORITY_MAX}; the rest is kept for answers of people"));
        }
        match self.timeout_ms {
            Some(0) => Err("timeout_ms must be at least 1".into()),
            Some(ms) if ms > TIMEOUT_MAX_MS => Err(format!("timeout_ms {ms} is above {TIMEOUT_MAX_MS}, an hour")),
            _ => Ok(()),
        }
    }
}

/// What failed, in the words of a socket: the same `code` and `hint` as in a [`crate::Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// A stable word for programs.
    pub code: String,
    /// What failed and why.
    pub message: String,
    /// What to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

record!(ErrorBody { code, message, hint });

/// What the gateway answers on the perturb socket. Replies to different ids come in any order; for one id `accepted` comes
/// first, and one of `result`, `error`, `busy` last.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PerturbReply {
    /// It is in the queue.
    Accepted {
        /// Which.
        id: CallId,
        /// How many wait, this one included.
        queue_depth: usize,
    },
    /// A part of the answer, from an agent that streams.
    Chunk {
        /// Which.
        id: CallId,
        /// The part.
        data: Value,
    },
    /// The answer.
    Result {
        /// Which.
        id: CallId,
        /// What the agent said.
        result: Value,
    },
    /// The agent asked a person; the answer follows under the same id when it was given.
    Semaphore {
        /// Which.
        id: CallId,
        /// The card of the question.
        token: Box<SemaphoreCard>,
    },
    /// It failed, timed out or was cancelled; or the frame was no message, and then there may be no id.
    Error {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<CallId>,
        /// Why.
        error: ErrorBody,
    },
    /// Not taken: the queue is full, or this client asks too often.
    Busy {
        /// Which.
        id: CallId,
        /// When to try again.
        retry_after_ms: u64,
    },
    /// A question was answered, or why it could not be, on this same socket.
    Resolved {
        /// Which question.
        token_id: String,
        /// How it stands now.
        status: String,
    },
}

impl FromJson for CallId {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        match (value.as_i64(), value) {
            (Some(number), _) => Ok(Self::Number(number)),
            (None, Value::String(text)) => Ok(Self::Text(text)),
            _ => Err(Wrong::expected("a whole number or a text")),
        }
    }
}

impl FromJson for PerturbReply {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("type")?;
        Ok(match kind.as_str() {
            "accepted" => {
                let depth: u32 = fields.take("queue_depth")?;
                Self::Accepted { id: fields.take("id")?, queue_depth: depth as usize }
            }
            "chunk" => Self::Chunk { id: fields.take("id")?, data: fields.take("data")? },
            "result" => Self::Result { id: fields.take("id")?, result: fields.take("result")? },
            "semaphore" => Self::Semaphore { id: fields.take("id")?, token: fields.take("token")? },
            "error" => Self::Error { id: fields.take("id")?, error: fields.take("error")? },
            "busy" => Self::Busy { id: fields.take("id")?, retry_after_ms: fields.take("retry_after_ms")? },
            "resolved" => Self::Resolved { token_id: fields.take("token_id")?, status: fields.take("status")? },
            _ => return Err(Wrong::expected("a known type of reply")),
        })
    }
}

crate::deserialize!(PerturbReply);

/// 200 of `invoke` and of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invoked {
    /// What the agent said.
    pub result: Value,
}

/// 202 of `invoke` and of a command: the agent asked a person first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedFirst {
    /// The question. What becomes of it is on the agent's stream, and its answer's result, too.
    pub semaphore: SemaphoreCard,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decode(text: &str) -> Result<PerturbFrame, PerturbFrameError> {
        PerturbFrame::decode(text)
    }

    #[test]
    fn whatever_is_no_message_is_itself_the_input() {
        for text in ["hello", "42", "[1,2]", "\"quoted\"", "{\"text\":\"x\"}", "{broken", "", "null"] {
            assert_eq!(decode(text), Ok(PerturbFrame::Perturb(Perturb::of(json!(text)))), "{text}");
        }
    }

    #[test]
    fn messages_are_read_and_wrong_ones_say_why_and_which() {
        let right = decode(r#"{"id":7,"data":{"x":1},"priority":150,"timeout_ms":5}"#).unwrap();
        let PerturbFrame::Perturb(right) = right else { panic!("not an input") };
        assert_eq!((right.id, right.priority, right.timeout_ms), (Some(CallId::Number(7)), Some(150), Some(5)));
        assert_eq!(
            decode(r#"{"op":"cancel","id":"a"}"#),
            Ok(PerturbFrame::Op(PerturbOp::Cancel { id: CallId::Text("a".into()) }))
        );
        for (text, part) in [
            (r#"{"id":7,"data":null}"#, "null"),
            (r#"{"id":7,"data":1,"priority":151}"#, "priority"),
            (r#"{"id":7,"data":1,"priority":"high"}"#, "invalid type"),
            (r#"{"id":7,"data":1,"timeout_ms":0}"#, "timeout_ms"),
            (r#"{"id":7,"data":1,"colour":"red"}"#, "colour"),
            (r#"{"id":7,"op":"explode"}"#, "explode"),
        ] {
            let wrong = decode(text).unwrap_err();
            assert_eq!(wrong.id, Some(CallId::Number(7)), "{text}");
            assert!(wrong.why.contains(part), "{text}: {}", wrong.why);
        }
        for id in ["[]", "1.5", "\"\"", "true"] {
            assert!(decode(&format!(r#"{{"id":{id},"data":1}}"#)).is_err(), "{id}");
        }
        let deep = format!(r#"{{"data":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(decode(&deep).unwrap_err().why.contains("deep"));
    }
}
