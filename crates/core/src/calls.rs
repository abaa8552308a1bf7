//! What a person sent to one agent from the page and what became of it: a fold of the perturb socket's replies. Owns the
//! bound on both; never the socket.

use serde_json::{Map, Value};
use std::collections::VecDeque;
use wire::{CallId, PerturbReply, perturb::ErrorBody};

/// Calls kept; the oldest that has ended goes first.
pub const CALLS_MAX: usize = 50;
/// Longest streamed answer that is kept, in bytes; the rest is left out, which is said.
pub const STREAMED_MAX: usize = 256 * 1024;

/// What stands at the end of a streamed answer that was too long.
const CUT: &str = "\n… the rest is too long to show";

/// One input, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its name on the socket.
    pub id: i64,
    /// The input as it was typed.
    pub input: String,
    /// Its priority.
    pub priority: u8,
    /// What came so far, of an answer that comes in parts.
    pub streamed: String,
    /// How it stands.
    pub stage: Stage,
}

/// How a call stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// On its way to the gateway.
    Sending,
    /// Waits with others: how many, this one included.
    Queued(usize),
    /// The answer comes in parts.
    Answering,
    /// The agent asked a person first: the question.
    Asked(String),
    /// The answer is there.
    Done(Value),
    /// There will be none.
    Failed(ErrorBody),
    /// Not taken; when to try again, in milliseconds of the page's clock.
    Busy(f64),
}

/// The calls of one page, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls {
    list: VecDeque<Call>,
    last: i64,
}

impl Stage {
    /// Whether more is to come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Sending | Self::Queued(_) | Self::Answering | Self::Asked(_))
    }

    /// A word for programs and styles.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Queued(_) => "queued",
            Self::Answering => "answering",
            Self::Asked(_) => "asked",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Busy(_) => "busy",
        }
    }
}

impl Calls {
    /// Begins a call. `None` where as many as are kept are still under way.
    pub fn begin(&mut self, input: String, priority: u8) -> Option<i64> {
        if self.list.len() >= CALLS_MAX {
            let ended = self.list.iter().position(|call| !call.stage.is_open())?;
            self.list.remove(ended);
        }
        self.last += 1;
        self.list.push_back(Call { id: self.last, input, priority, streamed: String::new(), stage: Stage::Sending });
        Some(self.last)
    }

    /// Every call, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.list.iter()
    }

    /// One call.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<&Call> {
        self.list.iter().find(|call| call.id == id)
    }

    /// Folds a reply in. `now` is the page's clock in milliseconds.
    pub fn apply(&mut self, reply: PerturbReply, now: f64) {
        match reply {
            PerturbReply::Accepted { id, queue_depth } => self.set(&id, Stage::Queued(queue_depth)),
            PerturbReply::Result { id, result } => self.set(&id, Stage::Done(result)),
            PerturbReply::Semaphore { id, token } => self.set(&id, Stage::Asked(token.prompt)),
            PerturbReply::Error { id: Some(id), error } => self.set(&id, Stage::Failed(error)),
            PerturbReply::Busy { id, retry_after_ms } => self.set(&id, Stage::Busy(now + retry_after_ms as f64)),
            PerturbReply::Chunk { id, data } => {
                if let Some(call) = self.open(&id) {
                    call.stage = Stage::Answering;
                    call.add(&data);
                }
            }
            PerturbReply::Error { id: None, .. } | PerturbReply::Resolved { .. } => {}
        }
    }

    /// Ends every call that is under way and for which `whose` holds: its answer will not come.
    pub fn fail(&mut self, error: &ErrorBody, whose: impl Fn(i64) -> bool) {
        for call in self.list.iter_mut().filter(|call| call.stage.is_open() && whose(call.id)) {
            call.stage = Stage::Failed(error.clone());
        }
    }

    /// The inputs, newest first, each once: what the arrow up brings back.
    #[must_use]
    pub fn inputs(&self) -> Vec<&str> {
        let mut inputs: Vec<&str> = self.list.iter().rev().map(|call| call.input.as_str()).collect();
        inputs.dedup();
        inputs
    }

    fn set(&mut self, id: &CallId, stage: Stage) {
        if let Some(call) = self.open(id) {
            call.stage = stage;
        }
    }

    /// What has ended stays as it ended.
    fn open(&mut self, id: &CallId) -> Option<&mut Call> {
        let CallId::Number(id) = id else { return None };
        self.list.iter_mut().find(|call| call.id == *id && call.stage.is_open())
    }
}

impl Call {
    fn add(&mut self, data: &Value) {
        if self.streamed.ends_with(CUT) {
            return;
        }
        match data {
            Value::String(text) => self.streamed.push_str(text),
            // What a program writes reads as on a terminal, both of its streams together.
            Value::Object(tagged) if let Some(text) = written(tagged) => self.streamed.push_str(text),
            other => {
                self.streamed.push_str(&other.to_string());
                self.streamed.push('\n');
            }
        }
        if self.streamed.len() > STREAMED_MAX {
            let end = self.streamed.floor_char_boundary(STREAMED_MAX);
            self.streamed.truncate(end);
            self.streamed.push_str(CUT);
        }
    }
}

/// What a program wrote on one of its streams.
fn written(chunk: &Map<String, Value>) -> Option<&str> {
    let text = chunk.get("stdout").or_else(|| chunk.get("stderr")).filter(|_| chunk.len() == 1);
    text.and_then(Value::as_str)
}

/// What an input is sent as.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Text, as it stands.
    Text(String),
    /// JSON.
    Json(Value),
    /// It looks like JSON and is not, and why; it can go as text.
    Broken(String),
}

impl Input {
    /// What a typed text is: JSON if it begins like an object, a list or a quoted text.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        if !typed.trim_start().starts_with(['{', '[', '"']) {
            return Self::Text(typed.to_owned());
        }
        serde_json::from_str(typed).map_or_else(|why| Self::Broken(why.to_string()), Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chunk(id: i64, data: Value) -> PerturbReply {
        PerturbReply::Chunk { id: CallId::Number(id), data }
    }

    #[test]
    fn a_call_goes_from_sending_to_its_answer_and_stays_there() {
        let mut calls = Calls::default();
        let id = calls.begin("hello".into(), 100).unwrap();
        let number = CallId::Number(id);
        calls.apply(PerturbReply::Accepted { id: number.clone(), queue_depth: 2 }, 0.0);
        assert_eq!(calls.get(id).unwrap().stage, Stage::Queued(2));
        calls.apply(chunk(id, json!("a")), 0.0);
        calls.apply(chunk(id, json!("b")), 0.0);
        calls.apply(PerturbReply::Result { id: number, result: json!("ab") }, 0.0);
        calls.apply(chunk(id, json!("late")), 0.0);
        let call = calls.get(id).unwrap();
        assert_eq!((call.streamed.as_str(), &call.stage), ("ab", &Stage::Done(json!("ab"))));
    }

    #[test]
    fn what_a_program_writes_reads_as_on_a_terminal() {
        let mut calls = Calls::default();
        let id = calls.begin("ls".into(), 100).unwrap();
        let pieces =
            [json!({"stdout": "a\n"}), json!({"stderr": "no b\n"}), json!({"stdout": "c\n", "n": 1}), json!("d")];
        pieces.into_iter().for_each(|piece| calls.apply(chunk(id, piece), 0.0));
        assert_eq!(calls.get(id).unwrap().streamed, "a\nno b\n{\"n\":1,\"stdout\":\"c\\n\"}\nd");
    }

    #[test]
    fn calls_and_streams_are_bounded() {
        let mut calls = Calls::default();
        for _ in 0..CALLS_MAX {
            assert!(calls.begin(String::new(), 100).is_some());
        }
        assert_eq!(calls.begin(String::new(), 100), None, "all are under way");
        for _ in 0..3 {
            calls.apply(chunk(1, json!("é".repeat(STREAMED_MAX / 2))), 0.0);
        }
        assert!(calls.get(1).unwrap().streamed.len() <= STREAMED_MAX + CUT.len());
        calls.apply(PerturbReply::Busy { id: CallId::Number(1), retry_after_ms: 5 }, 10.0);
        assert_eq!(calls.get(1).unwrap().stage, Stage::Busy(15.0));
        assert!(calls.begin(String::new(), 100).is_some() && calls.get(1).is_none());
    }

    #[test]
    fn what_looks_like_json_and_is_not_says_so() {
        assert_eq!(Input::of("42 pears"), Input::Text("42 pears".into()));
        assert_eq!(Input::of(" {\"a\": 1}"), Input::Json(json!({"a": 1})));
        assert!(matches!(Input::of("{a: 1}"), Input::Broken(why) if why.contains("line 1")));
    }
}
