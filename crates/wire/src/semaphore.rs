//! Questions that wait for a person: what an agent asks, the card a person sees, the decision, and its trail.
//!
//! An [`Ask`] comes from an agent or, over REST, from anybody with the scope `perturb`. The gateway makes a token of it
//! and shows its [`SemaphoreCard`] to everybody; the agent's frozen state never leaves the gateway.

use crate::{
    AgentId, Timestamp, deserialize,
    read::{Fields, FromJson, Wrong},
    record,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Longest prompt, in bytes.
pub const PROMPT_MAX: usize = 64 * 1024;
/// Largest context, response schema and answer, each as JSON, in bytes.
pub const CONTEXT_MAX: usize = 512 * 1024;
/// Most options.
pub const OPTIONS_MAX: usize = 32;
/// Longest option, note, name of an escalation and idempotency key, in characters.
pub const WORD_MAX: usize = 256;
/// Farthest deadline: a year, in milliseconds.
pub const DEADLINE_MAX_MS: i64 = 366 * 24 * 3_600_000;

/// Names one question: `sem-` and 128 random bits in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

/// A text that is no token id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the id of a question; those are sem- and 32 hexadecimal digits")]
pub struct TokenIdError(String);

impl TokenId {
    /// An id of these bits, which should be random.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(format!("sem-{bits:032x}"))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// [`TokenIdError`].
    pub fn parse(text: &str) -> Result<Self, TokenIdError> {
        let digits = text.strip_prefix("sem-").filter(|d| d.len() == 32);
        if digits.is_some_and(|d| d.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenIdError(text.chars().take(64).collect()))
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TokenId {
    type Error = TokenIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// May this be done?
    ApprovalNeeded,
    /// Something has to be known first.
    #[default]
    ContextRequired,
    /// This could do harm.
    SensitiveAction,
    /// There are several ways.
    AmbiguousChoice,
    /// This costs something.
    ResourceDecision,
    /// Something went wrong; how to go on?
    ErrorRecovery,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::ApprovalNeeded,
        Self::ContextRequired,
        Self::SensitiveAction,
        Self::AmbiguousChoice,
        Self::ResourceDecision,
        Self::ErrorRecovery,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalNeeded => "approval_needed",
            Self::ContextRequired => "context_required",
            Self::SensitiveAction => "sensitive_action",
            Self::AmbiguousChoice => "ambiguous_choice",
            Self::ResourceDecision => "resource_decision",
            Self::ErrorRecovery => "error_recovery",
        }
    }
}

/// How much depends on it. In the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Something may go wrong.
    Warning,
    /// Something does go wrong while nobody answers.
    Critical,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What happens at the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// The question lapses; the agent is not resumed.
    #[default]
    Void,
    /// The agent is resumed with a no.
    Deny,
    /// The agent is resumed with a go-ahead.
    Proceed,
    /// The question becomes critical and goes on waiting, without a deadline.
    Escalate,
}

impl OnTimeout {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Void, Self::Deny, Self::Proceed, Self::Escalate];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::Deny => "deny",
            Self::Proceed => "proceed",
            Self::Escalate => "escalate",
        }
    }
}

/// A question before it is stored. Sent by agents, and as the body of `POST /api/purgatory/{agent}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ask {
    /// Why a person is needed.
    pub reason: Reason,
    /// The question, whole.
    pub prompt: String,
    /// Answers to choose from; any answer where there are none and no schema.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// How much depends on it.
    pub severity: Severity,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// The same as a time from now, in milliseconds; the earlier counts where both are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What happens then.
    pub on_timeout: OnTimeout,
    /// Who is to be told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
    /// JSON Schema (2020-12) that an answer has to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
    /// What is at stake, in full: arguments, a command, a diff. Shown literally.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
}

/// A question as everybody sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SemaphoreCard {
    /// Its name.
    pub id: TokenId,
    /// Who asks.
    pub agent_id: AgentId,
    /// Why a person is needed.
    pub reason: Reason,
    /// The question, whole.
    pub prompt: String,
    /// Answers to choose from.
    pub options: Vec<String>,
    /// How much depends on it.
    pub severity: Severity,
    /// When it was asked.
    pub created_at: Timestamp,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What happens then.
    pub on_timeout: OnTimeout,
    /// Who is to be told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
    /// JSON Schema that an answer has to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
    /// What is at stake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
}

record!(SemaphoreCard {
    id,
    agent_id,
    reason,
    prompt,
    options = Vec::new(),
    severity = Severity::Info,
    created_at,
    deadline,
    on_timeout = OnTimeout::Void,
    escalation,
    response_schema,
    context,
});

/// How a question stands. `pending → resolved → delivered`, or `pending → cancelled`, or `pending → voided`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It waits for a person.
    Pending,
    /// It is answered; the answer is on its way to the agent.
    Resolved,
    /// The agent has worked on the answer.
    Delivered,
    /// It was withdrawn.
    Cancelled,
    /// Its deadline passed.
    Voided,
}

impl TokenStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Resolved, Self::Delivered, Self::Cancelled, Self::Voided];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Voided => "voided",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// Whether nothing will follow.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled | Self::Voided)
    }
}

/// What was decided, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A person answered: the answer is `human_input`.
    Answered,
    /// The deadline said no.
    Denied,
    /// The deadline said yes.
    Proceed,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Answered, Self::Denied, Self::Proceed];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::Proceed => "proceed",
        }
    }
}

/// The one decision about a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// The answer; `null` where the deadline decided.
    pub human_input: Value,
    /// Who: the name of the token, or `deadline`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// A word to go with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

record!(Decision { verdict, human_input, by, at, note });

/// Through which door something came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The agent itself.
    Agent,
    /// REST, from a program.
    Rest,
    /// The page.
    Page,
    /// The perturb socket.
    Socket,
    /// A path of AGENTESE.
    Agentese,
    /// The gateway's own clock.
    Deadline,
}

/// One step of a question's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It was asked.
    Ejected,
    /// It became critical at its deadline.
    Escalated,
    /// It was answered.
    Resolved,
    /// The agent worked on the answer.
    Delivered,
    /// The agent was resumed and failed; the question is closed all the same.
    ResumeFailed,
    /// It was withdrawn.
    Cancelled,
    /// Its deadline passed.
    Voided,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 7] = [
        Self::Ejected,
        Self::Escalated,
        Self::Resolved,
        Self::Delivered,
        Self::ResumeFailed,
        Self::Cancelled,
        Self::Voided,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ejected => "ejected",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::Delivered => "delivered",
            Self::ResumeFailed => "resume_failed",
            Self::Cancelled => "cancelled",
            Self::Voided => "voided",
        }
    }
}

/// One line of the log of all decisions. Each holds the hash of the line before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// Which question.
    pub token_id: TokenId,
    /// Who asked it.
    pub agent_id: AgentId,
    /// What happened.
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Through which door.
    pub door: Door,
    /// SHA-256 of what was shown to whoever decided, in hexadecimal.
    pub shown: String,
    /// What was decided, at `resolved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Why, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

record!(AuditEntry { token_id, agent_id, step, at, by, door, shown, decision, reason });

/// `GET /api/purgatory/{agent}/{token}`: a question and all that became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenRecord {
    /// What is shown.
    #[serde(flatten)]
    pub card: SemaphoreCard,
    /// How it stands.
    pub status: TokenStatus,
    /// What was decided, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// When its status last changed.
    pub moved_at: Timestamp,
    /// SHA-256 of what is shown, in hexadecimal.
    pub shown: String,
    /// Its life, oldest first; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<AuditEntry>,
}

impl FromJson for TokenRecord {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            card: SemaphoreCard::from_fields(&mut fields)?,
            status: fields.take("status")?,
            decision: fields.take("decision")?,
            moved_at: fields.take("moved_at")?,
            shown: fields.take("shown")?,
            audit: fields.take::<Option<_>>("audit")?.unwrap_or_default(),
        })
    }
}

deserialize!(TokenRecord);

/// Body of `resolve`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The answer: one of the options, or what fits the schema, or anything but `null` where there are neither.
    pub human_input: Value,
    /// A word to go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Reads an enum of words by its `ALL` and `as_str`.
macro_rules! words {
    ($($name:ident: $expected:literal),* $(,)?) => {$(
        impl FromJson for $name {
            fn from_json(value: Value) -> Result<Self, Wrong> {
                let known = value.as_str().and_then(|text| Self::ALL.into_iter().find(|word| word.as_str() == text));
                known.ok_or_else(|| Wrong::expected($expected))
            }
        }
    )*};
}

words! {
    Reason: "a reason",
    Severity: "info, warning or critical",
    OnTimeout: "void, deny, proceed or escalate",
    Verdict: "answered, denied or proceed",
}

/// Reads an enum of words by what serde knows of it.
macro_rules! by_name {
    ($($name:ident: $expected:literal),* $(,)?) => {$(
        impl FromJson for $name {
            fn from_json(value: Value) -> Result<Self, Wrong> {
                serde_json::from_value(value).map_err(|_| Wrong::expected($expected))
            }
        }
    )*};
}

by_name! { TokenStatus: "a status of a question", Door: "a door", Step: "a step of a question" }

impl FromJson for TokenId {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_str().and_then(|text| Self::parse(text).ok()).ok_or_else(|| Wrong::expected("the id of a question"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_id_has_one_spelling() {
        let id = TokenId::from_bits(0xab);
        assert_eq!(id.as_str(), "sem-000000000000000000000000000000ab");
        assert_eq!(TokenId::parse(id.as_str()), Ok(id));
        for wrong in
            ["", "sem-", "sem-12", "SEM-000000000000000000000000000000ab", "sem-000000000000000000000000000000AB"]
        {
            assert!(TokenId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ask_needs_no_more_than_a_prompt_and_refuses_what_it_does_not_know() {
        let ask: Ask = serde_json::from_str(r#"{"prompt":"Deploy?"}"#).unwrap();
        assert_eq!(
            (ask.reason, ask.severity, ask.on_timeout),
            (Reason::ContextRequired, Severity::Info, OnTimeout::Void)
        );
        assert!(serde_json::from_str::<Ask>(r#"{"prompt":"x","urgency":"high"}"#).is_err());
    }
}
