//! The questions that wait, by who asked them.
//!
//! It owns their places only; the ledger decides what waits. By agent, because each agent's summary has its questions, and
//! thousands of questions times hundreds of agents would be gone through for one list.

use std::collections::BTreeMap;
use wire::{AgentId, SemaphoreCard, TokenId, semaphore::Severity};

/// The questions that wait.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// An agent without a question is not in it.
    agents: BTreeMap<AgentId, BTreeMap<TokenId, SemaphoreCard>>,
    count: usize,
}

impl Open {
    /// A question waits, as this card says.
    pub(super) fn put(&mut self, card: SemaphoreCard) {
        let cards = self.agents.entry(card.agent_id.clone()).or_default();
        self.count += usize::from(cards.insert(card.id.clone(), card).is_none());
    }

    /// It no longer waits.
    pub(super) fn remove(&mut self, agent: &AgentId, id: &TokenId) {
        let Some(cards) = self.agents.get_mut(agent) else { return };
        self.count -= usize::from(cards.remove(id).is_some());
        if cards.is_empty() {
            self.agents.remove(agent);
        }
    }

    /// Those of one agent, or all; the oldest first within an agent.
    pub(super) fn cards(&self, agent: Option<&AgentId>) -> Vec<SemaphoreCard> {
        match agent {
            Some(agent) => self.agents.get(agent).into_iter().flat_map(BTreeMap::values).cloned().collect(),
            None => self.agents.values().flat_map(BTreeMap::values).cloned().collect(),
        }
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many wait, by agent and severity.
    pub(super) fn counts(&self) -> BTreeMap<(AgentId, Severity), usize> {
        let mut counts = BTreeMap::new();
        for (agent, cards) in &self.agents {
            for card in cards.values() {
                *counts.entry((agent.clone(), card.severity)).or_default() += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(agent: &str, id: u128) -> SemaphoreCard {
        let ask = serde_json::json!({"prompt": "Go?"});
        let token = terrarium_core::ledger::Token::open(
            TokenId::from_bits(id),
            agent.parse().unwrap(),
            serde_json::from_value(ask).unwrap(),
            terrarium_core::ledger::Origin::Foreign,
            serde_json::Value::Null,
            wire::Timestamp::from_millis(0),
        );
        token.unwrap().card
    }

    #[test]
    fn an_agent_has_its_own_questions_and_the_count_is_of_all() {
        let mut open = Open::default();
        let (a, b) = (card("a", 1), card("b", 2));
        for card in [&a, &b, &a] {
            open.put(card.clone());
        }
        assert_eq!((open.count(), open.cards(Some(&a.agent_id)), open.cards(None).len()), (2, vec![a.clone()], 2));
        // Of another agent it is no question.
        open.remove(&b.agent_id, &a.id);
        assert_eq!((open.count(), open.counts().values().sum::<usize>()), (2, 2));
        for card in [&a, &b, &a] {
            open.remove(&card.agent_id, &card.id);
        }
        assert!(open.count() == 0 && open.cards(None).is_empty() && open.agents.is_empty());
    }
}
