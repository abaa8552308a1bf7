//! What is done about an agent that runs a fever, and how freely it may work meanwhile. The only judge of it.
//!
//! It acts on an agent's *own* fever, that of its temperature and its velocity. The garden's fever is nobody's in
//! particular: it is shown, and holds nobody up.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};
use wire::{AgentId, Timestamp, TokenId};

/// How long an agent that was let go on is left alone, in milliseconds.
pub const LEAVE_MS: i64 = 10 * 60 * 1000;
/// A throttled agent's queue is smaller by this factor.
const QUEUE_SHARE: usize = 10;
/// A throttled agent rests this many times as long as its step took.
const REST_PER_STEP: u32 = 3;
/// Least and greatest rest of a throttled agent between two items of its own.
const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What is done about an agent's fever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// It is said, and nothing else.
    #[default]
    Note,
    /// Its queue is smaller and its source slower until the fever ends.
    Throttle,
    /// It is held, and a person is asked whether it may go on.
    Ask,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Note, Self::Throttle, Self::Ask];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Throttle => "throttle",
            Self::Ask => "ask",
        }
    }
}

/// Which policy each agent has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policies {
    others: Policy,
    by_agent: BTreeMap<AgentId, Policy>,
}

impl Policies {
    /// Takes one over. The last one counts.
    pub fn set(&mut self, PolicyFor { agent, policy }: PolicyFor) {
        match agent {
            Some(agent) => drop(self.by_agent.insert(agent, policy)),
            None => self.others = policy,
        }
    }

    /// An agent's.
    #[must_use]
    pub fn of(&self, agent: &AgentId) -> Policy {
        self.by_agent.get(agent).copied().unwrap_or(self.others)
    }
}

/// A policy as it is written: `ask` for every agent that has none of its own, `scribe=ask` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFor {
    /// Whose; nothing for all others'.
    pub agent: Option<AgentId>,
    /// Which.
    pub policy: Policy,
}

/// What was written is no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes note, throttle or ask, alone or as agent=ask")]
pub struct NoPolicy;

impl FromStr for PolicyFor {
    type Err = NoPolicy;

    fn from_str(text: &str) -> Result<Self, NoPolicy> {
        let (agent, word) = match text.split_once('=') {
            Some((agent, word)) => (Some(AgentId::parse(agent.trim()).map_err(|_| NoPolicy)?), word),
            None => (None, text),
        };
        let policy = Policy::ALL.into_iter().find(|p| p.as_str() == word.trim()).ok_or(NoPolicy)?;
        Ok(Self { agent, policy })
    }
}

/// How freely an agent may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As it likes.
    #[default]
    Free,
    /// With a smaller queue, and a rest after each item of its own.
    Slow,
    /// It takes up nothing that changes anything.
    Held,
}

impl Pace {
    /// Perturbations that may wait, of those that usually may.
    #[must_use]
    pub fn queue(self, capacity: usize) -> usize {
        match self {
            Self::Slow => (capacity / QUEUE_SHARE).max(1),
            Self::Free | Self::Held => capacity,
        }
    }

    /// How long to rest after a step of this length before the next item of the agent's own.
    #[must_use]
    pub fn rest(self, step: Duration) -> Duration {
        match self {
            Self::Slow => step.saturating_mul(REST_PER_STEP).clamp(REST.0, REST.1),
            Self::Free | Self::Held => Duration::ZERO,
        }
    }
}

/// What a person may decide about an agent, whether they were asked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// It is held until somebody lets it go on.
    Pause,
    /// It goes on, and is left alone for [`LEAVE_MS`].
    GoOn,
    /// It ends.
    Stop,
}

impl Leave {
    /// Every one, the most careful that can be taken back first.
    pub const ALL: [Self; 3] = [Self::Pause, Self::GoOn, Self::Stop];

    /// The answer that a person chooses.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::GoOn => "go on for 10 minutes",
            Self::Stop => "stop",
        }
    }

    /// The one that an answer means.
    #[must_use]
    pub fn of(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|leave| leave.words() == words)
    }
}

/// On which rein an agent is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "rein", rename_all = "snake_case")]
pub enum Rein {
    /// On none.
    #[default]
    Free,
    /// It runs a fever, and is slowed down until that ends.
    Throttled,
    /// It is held; the question is being stored.
    Asking,
    /// It is held until this question is answered.
    Asked {
        /// Which.
        token_id: TokenId,
    },
    /// It is held until somebody lets it go on.
    Paused {
        /// Who paused it.
        by: String,
    },
    /// It was told to end, and is held if the gateway starts again.
    Stopped {
        /// Who stopped it.
        by: String,
    },
    /// It is left alone for a while.
    Granted {
        /// Who let it go on.
        by: String,
        /// Until when.
        until: Timestamp,
    },
}

impl Rein {
    /// How freely the agent may work on it.
    #[must_use]
    pub fn pace(&self) -> Pace {
        match self {
            Self::Free | Self::Granted { .. } => Pace::Free,
            Self::Throttled => Pace::Slow,
            Self::Asking | Self::Asked { .. } | Self::Paused { .. } | Self::Stopped { .. } => Pace::Held,
        }
    }

    /// What becomes of it by itself, if anything does.
    #[must_use]
    pub fn look(&self, policy: Policy, in_fever: bool, now: Timestamp) -> Option<Self> {
        match self {
            Self::Granted { until, .. } if *until <= now => Some(Self::Free),
            Self::Throttled if !in_fever || policy != Policy::Throttle => Some(Self::Free),
            Self::Free if in_fever => match policy {
                Policy::Note => None,
                Policy::Throttle => Some(Self::Throttled),
                Policy::Ask => Some(Self::Asking),
            },
            _ => None,
        }
    }

    /// What it is after a decision of somebody, made at `at`.
    #[must_use]
    pub fn decided(leave: Leave, by: impl Into<String>, at: Timestamp) -> Self {
        let by = by.into();
        match leave {
            Leave::Pause => Self::Paused { by },
            Leave::GoOn => Self::Granted { by, until: Timestamp::from_millis(at.as_millis().saturating_add(LEAVE_MS)) },
            Leave::Stop => Self::Stopped { by },
        }
    }

    /// The question it waits for.
    #[must_use]
    pub fn question(&self) -> Option<&TokenId> {
        if let Self::Asked { token_id } = self { Some(token_id) } else { None }
    }
}

/// How it is with the agent, in a sentence without an end.
impl fmt::Display for Rein {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("it works as it likes"),
            Self::Granted { by, until } => write!(f, "{by} let it go on until {until}"),
            Self::Throttled => f.write_str("it is slowed down until its fever ends"),
            Self::Asking | Self::Asked { .. } => f.write_str("it is held: a person is asked whether it may go on"),
            Self::Paused { by } => write!(f, "it is held: {by} paused it"),
            Self::Stopped { by } => write!(f, "it is held: {by} stopped it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(NOW_MS + ms)
    }

    fn reins() -> [Rein; 7] {
        let asked = Rein::Asked { token_id: TokenId::from_bits(1) };
        let [paused, granted, stopped] = Leave::ALL.map(|leave| Rein::decided(leave, "ann", at(0)));
        [Rein::Free, Rein::Throttled, Rein::Asking, asked, paused, granted, stopped]
    }

    #[test]
    fn a_fever_is_noted_throttled_or_asked_about() {
        let look = |policy| Rein::Free.look(policy, true, at(0));
        assert_eq!(Policy::ALL.map(look), [None, Some(Rein::Throttled), Some(Rein::Asking)]);
        assert_eq!(Policy::ALL.map(|policy| Rein::Free.look(policy, false, at(0))), [None, None, None]);
    }

    #[test]
    fn what_is_held_stays_held_until_somebody_decides() {
        for rein in reins().into_iter().filter(|rein| rein.pace() == Pace::Held) {
            for (policy, in_fever) in Policy::ALL.into_iter().flat_map(|p| [(p, true), (p, false)]) {
                assert_eq!(rein.look(policy, in_fever, at(0)), None, "{rein:?}");
            }
        }
    }

    #[test]
    fn leave_lasts_ten_minutes_and_then_a_fever_is_asked_about_again() {
        let leave = Rein::decided(Leave::GoOn, "ann", at(0));
        assert_eq!((leave.pace(), leave.look(Policy::Ask, true, at(LEAVE_MS - 1))), (Pace::Free, None));
        let after = leave.look(Policy::Ask, true, at(LEAVE_MS)).unwrap();
        assert_eq!(after.look(Policy::Ask, true, at(LEAVE_MS)), Some(Rein::Asking));
    }

    #[test]
    fn each_answer_means_one_decision() {
        assert_eq!(Leave::ALL.map(|leave| Leave::of(leave.words())), Leave::ALL.map(Some));
        assert_eq!(Leave::of("stop it"), None);
    }

    #[test]
    fn policies_are_written_for_all_or_for_one() {
        let mut policies = Policies::default();
        let (host, scribe) = (AgentId::parse("host").unwrap(), AgentId::parse("scribe").unwrap());
        assert_eq!(policies.of(&host), Policy::Note);
        for text in ["scribe=ask", "throttle", " scribe = throttle "] {
            policies.set(text.parse().unwrap());
        }
        assert_eq!((policies.of(&host), policies.of(&scribe)), (Policy::Throttle, Policy::Throttle));
        for wrong in ["", "=", "loud", "scribe=", "Scribe=ask", "=ask", "scribe=ask=ask"] {
            assert!(wrong.parse::<PolicyFor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rein_is_kept_and_read_as_it_was() {
        for rein in reins() {
            let kept = serde_json::to_string(&rein).unwrap();
            assert_eq!(serde_json::from_str::<Rein>(&kept).unwrap(), rein, "{kept}");
        }
    }

    proptest! {
        #[test]
        fn a_throttled_agent_has_room_for_one_and_works_at_most_a_quarter_of_the_time_up_to_a_minutes_rest(
            capacity in 1usize..1_000_000, step_ms in 0u64..1_000_000
        ) {
            let step = Duration::from_millis(step_ms);
            prop_assert!((1..=capacity).contains(&Pace::Slow.queue(capacity)));
            let rest = Pace::Slow.rest(step);
            prop_assert!(rest >= step * 3 || rest == REST.1);
            prop_assert!((REST.0..=REST.1).contains(&rest));
            prop_assert_eq!(Pace::Free.rest(step), Duration::ZERO);
        }
    }
}
