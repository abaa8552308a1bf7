//! Who asks, and what that affords. There is no view from nowhere: who says nothing is a guest.
//!
//! What kind of observer somebody is, is their own word, or follows from their token. It decides what is offered; what is
//! *allowed* is decided by the token's scopes, at the door, and no word of an observer adds to those.

use super::sorry::Sorry;
use wire::{AgentId, Scope, agentese::ObserverWords};

/// Longest name of an archetype or a capability, in bytes.
const NAME_MAX: usize = 32;
/// Capabilities at most.
const CAPABILITIES_MAX: usize = 16;

/// Archetypes that look after things.
pub const KEEPERS: [&str; 3] = ["admin", "developer", "architect"];

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observer {
    archetype: String,
    capabilities: Vec<String>,
    agent: Option<AgentId>,
}

/// For whom an aspect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Everybody,
    /// [`KEEPERS`], and whoever has the capability `keep`.
    Keepers,
}

impl Default for Observer {
    fn default() -> Self {
        Self { archetype: "guest".to_owned(), capabilities: Vec::new(), agent: None }
    }
}

impl Observer {
    /// The observer of a request: its own words, and where it says nothing, what follows from what it holds.
    ///
    /// # Errors
    /// [`Sorry::BadObserver`].
    pub fn of(words: Option<&ObserverWords>, held: &[Scope]) -> Result<Self, Sorry> {
        let nobody = ObserverWords::default();
        let words = words.unwrap_or(&nobody);
        let archetype = words.archetype.as_deref().unwrap_or(match () {
            () if held.contains(&Scope::Admin) => "admin",
            () if held.contains(&Scope::Resolve) => "developer",
            () => "guest",
        });
        let wrong = |field, why| Sorry::BadObserver { field, why };
        if !is_name(archetype) {
            return Err(wrong("archetype", "must be 1 to 32 of a-z, 0-9 and _, and begin with a letter"));
        }
        if words.capabilities.len() > CAPABILITIES_MAX || !words.capabilities.iter().all(|c| is_name(c)) {
            return Err(wrong("capabilities", "must be at most 16 names of a-z, 0-9 and _"));
        }
        Ok(Self {
            archetype: archetype.to_owned(),
            capabilities: words.capabilities.clone(),
            agent: words.agent.clone(),
        })
    }

    /// The same, meaning this agent by `self`.
    #[must_use]
    pub fn as_agent(self, agent: AgentId) -> Self {
        Self { agent: Some(agent), ..self }
    }

    /// What kind of observer it is.
    #[must_use]
    pub fn archetype(&self) -> &str {
        &self.archetype
    }

    /// The agent that `self` means.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        self.agent.as_ref()
    }

    /// Whose account of social capital is its own: its agent's, or that of all of its kind.
    #[must_use]
    pub fn account(&self) -> &str {
        self.agent.as_ref().map_or(self.archetype.as_str(), AgentId::as_str)
    }

    /// Whether something that is for them is for this one.
    #[must_use]
    pub fn is_afforded(&self, who: Who) -> bool {
        match who {
            Who::Everybody => true,
            Who::Keepers => KEEPERS.contains(&self.archetype.as_str()) || self.capabilities.iter().any(|c| c == "keep"),
        }
    }
}

fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(fits) && text.starts_with(|c: char| c.is_ascii_lowercase())
}
