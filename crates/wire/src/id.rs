//! Identifiers and positions. Parsed once at the door, trusted afterwards.

use crate::read::{FromJson, Wrong};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

/// Longest agent id, in bytes.
pub const AGENT_ID_MAX: usize = 64;

/// Words that are already the first segment of a URL or of a path, so no agent may be called that.
pub const RESERVED_AGENT_IDS: [&str; 18] = [
    "agents",
    "metrics",
    "purgatory",
    "void",
    "world",
    "self",
    "concept",
    "time",
    "events",
    "tickets",
    "openapi",
    "agentese",
    "hooks",
    "otel",
    "mcp",
    "links",
    "agui",
    "all",
];

/// See [`AgentId::void`].
const VOID: &str = "void";

/// The one name of an agent, the same on every door: `[a-z0-9][a-z0-9_-]{0,63}`, and not a reserved word.
///
/// Cheap to clone: the text is shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(Arc<str>);

impl AgentId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > AGENT_ID_MAX {
            return Err(IdError::TooLong { len: text.len() });
        }
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
        if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
            return Err(IdError::BadCharacter { bad, suggestion: Self::slug(text) });
        }
        if text.starts_with(['_', '-']) {
            return Err(IdError::BadStart { suggestion: Self::slug(text) });
        }
        if RESERVED_AGENT_IDS.contains(&text) {
            return Err(IdError::Reserved { word: text.to_owned() });
        }
        Ok(Self(text.into()))
    }

    /// The name under which the garden itself speaks of its metabolism. Reserved, so that no agent can have it.
    #[must_use]
    pub fn void() -> Self {
        Self(VOID.into())
    }

    /// Whoever may be heard on a mirror: an agent, or the garden itself. Doors that give work to agents parse instead.
    #[must_use]
    pub fn speaker(text: &str) -> Option<Self> {
        if text == VOID { Some(Self::void()) } else { Self::parse(text).ok() }
    }

    /// Whether this is the garden itself.
    #[must_use]
    pub fn is_void(&self) -> bool {
        &*self.0 == VOID
    }

    /// The nearest legal spelling of any text, or `None` where nothing legal is left of it.
    #[must_use]
    pub fn slug(text: &str) -> Option<String> {
        let mut out = String::new();
        for c in text.chars() {
            match c.to_ascii_lowercase() {
                c @ ('a'..='z' | '0'..='9' | '_') => out.push(c),
                _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
                _ => {}
            }
        }
        out.truncate(AGENT_ID_MAX);
        let out = out.trim_matches(['-', '_']).to_owned();
        match out.as_str() {
            "" => None,
            word if RESERVED_AGENT_IDS.contains(&word) => Some(format!("{word}-agent")),
            _ => Some(out),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not an agent id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("an agent id cannot be empty")]
    Empty,
    /// More than [`AGENT_ID_MAX`] bytes.
    #[error("an agent id has at most 64 characters; this one has {len}")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// Something else than `a-z 0-9 _ -`.
    #[error("an agent id is made of a-z, 0-9, '_' and '-'; {bad:?} is none of these{}", try_this(suggestion))]
    BadCharacter {
        /// The first such character.
        bad: char,
        /// A legal spelling of it.
        suggestion: Option<String>,
    },
    /// Starts with `_` or `-`.
    #[error("an agent id starts with a letter or a digit{}", try_this(suggestion))]
    BadStart {
        /// A legal spelling of it.
        suggestion: Option<String>,
    },
    /// One of [`RESERVED_AGENT_IDS`].
    #[error("{word:?} is a word of the gateway's own addresses and cannot name an agent; try {word}-agent")]
    Reserved {
        /// The word.
        word: String,
    },
}

fn try_this(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|s| format!("; try {s}")).unwrap_or_default()
}

impl AsRef<str> for AgentId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentId({})", self.0)
    }
}

impl FromJson for AgentId {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        // Events may be the garden's own; no door for agents reads its ids this way.
        value.as_str().and_then(Self::speaker).ok_or_else(|| Wrong::expected("an agent id"))
    }
}

impl Borrow<str> for AgentId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentId {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        Self::parse(s)
    }
}

impl TryFrom<String> for AgentId {
    type Error = IdError;
    fn try_from(s: String) -> Result<Self, IdError> {
        Self::parse(&s)
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0.as_ref().to_owned()
    }
}

/// One life of an agent's event log. A new epoch means that sequence numbers began again and that what an older position
/// missed cannot be recovered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// An epoch from 64 bits the caller drew at random.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{bits:016x}").into())
    }

    /// The epoch as text: sixteen hexadecimal digits when it is ours.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromJson for Epoch {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_str().map(|text| Self(text.into())).ok_or_else(|| Wrong::expected("a text"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number of an event within its epoch: 1 for the first, then always one more. 0 is "before the first".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl FromJson for Seq {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        u64::from_json(value).map(Self)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in an agent's log, written `epoch:seq`. An observer that names the last position it saw resumes right after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    /// The life of the log.
    pub epoch: Epoch,
    /// The event within it.
    pub seq: Seq,
}

/// A text that is not `epoch:seq`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a position; a position is written epoch:seq, for example 9f86d081884c7d65:42")]
pub struct PositionError(String);

impl FromStr for Position {
    type Err = PositionError;
    fn from_str(text: &str) -> Result<Self, PositionError> {
        let wrong = || PositionError(text.chars().take(AGENT_ID_MAX).collect());
        let (epoch, seq) = text.rsplit_once(':').ok_or_else(wrong)?;
        let legal = !epoch.is_empty() && epoch.len() <= 32 && epoch.bytes().all(|b| b.is_ascii_alphanumeric());
        if !legal {
            return Err(wrong());
        }
        Ok(Self { epoch: Epoch(epoch.into()), seq: Seq(seq.parse().map_err(|_| wrong())?) })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

impl TryFrom<String> for Position {
    type Error = PositionError;
    fn try_from(s: String) -> Result<Self, PositionError> {
        s.parse()
    }
}

impl From<Position> for String {
    fn from(p: Position) -> Self {
        p.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn legal_ids_pass_and_illegal_ones_say_why() {
        for ok in ["host", "a", "0", "claude-code_2", &"x".repeat(64)] {
            assert_eq!(AgentId::parse(ok).expect(ok).as_str(), ok);
        }
        for (bad, word) in [
            ("", "empty"),
            ("Host", "try host"),
            ("a/b", "try a-b"),
            ("-a", "starts with"),
            ("metrics", "metrics-agent"),
            (&"x".repeat(65), "at most 64"),
        ] {
            let why = AgentId::parse(bad).expect_err(bad).to_string();
            assert!(why.contains(word), "{bad:?}: {why}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_is_a_legal_id(text in "\\PC{0,80}") {
            if let Some(slug) = AgentId::slug(&text) {
                prop_assert!(AgentId::parse(&slug).is_ok(), "{slug}");
            }
        }

        #[test]
        fn positions_survive_a_round_trip(bits: u64, seq: u64) {
            let p = Position { epoch: Epoch::from_bits(bits), seq: Seq(seq) };
            prop_assert_eq!(p.to_string().parse::<Position>().unwrap(), p);
        }

        #[test]
        fn rubbish_is_refused_not_panicked_on(text in "\\PC{0,80}") {
            let _ = text.parse::<Position>();
            let _ = AgentId::parse(&text);
        }
    }
}
