//! What a token may do. Stored by the gateway, stated by every write route and every exposed command.

use crate::read::{FromJson, Wrong};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A permission. A token carries a set of them; they do not include each other, except that [`Scope::Admin`] is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Watch, and call what changes nothing. Needed only where the gateway is not open to watchers.
    Observe,
    /// Give agents work: perturb, invoke, call commands that act, report events, ask questions.
    Perturb,
    /// Answer questions that wait for a person.
    Resolve,
    /// Make and revoke tokens; everything else, too.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Observe, Self::Perturb, Self::Resolve, Self::Admin];

    /// The word on the wire and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Perturb => "perturb",
            Self::Resolve => "resolve",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// Whether a holder of these scopes may do what needs this one.
    #[must_use]
    pub fn allowed_by(self, held: &[Self]) -> bool {
        held.contains(&self) || held.contains(&Self::Admin)
    }
}

impl FromJson for Scope {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        value.as_str().and_then(Self::parse).ok_or_else(|| Wrong::expected("a scope"))
    }
}
