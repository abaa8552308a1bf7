//! The questions a window knows: those that wait, and what became of those that waited while it watched. Owned by
//! [`crate::view::Garden`] and fed by the same events; decides nothing about a question, which is [`crate::ledger`]'s.

use std::{cmp::Reverse, collections::VecDeque, sync::Arc};
use wire::{
    AgentId, Event, SemaphoreCard, Timestamp, TokenId,
    event::Moved,
    semaphore::{Decision, Severity},
};

/// Questions that are over and that a window remembers, so that it can say what became of them.
pub const OVER_MAX: usize = 50;

/// What a window knows of questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Questions {
    /// In the order of their ids. Plain lists: every kind of map is more code for the browser to fetch.
    waiting: Vec<Arc<SemaphoreCard>>,
    /// In the order of the agents.
    per_agent: Vec<(AgentId, usize)>,
    over: VecDeque<Over>,
    version: u64,
}

/// A question that waited while the window watched, and no longer does.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// The question.
    pub card: Arc<SemaphoreCard>,
    /// What became of it.
    pub how: How,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// It was decided.
    Decided(Decision),
    /// It was withdrawn.
    Withdrawn(Moved),
    /// Its deadline passed.
    Lapsed(Moved),
    /// It ended while the window was away; what happened may still be told.
    Unknown,
}

impl Questions {
    /// Those questions wait.
    #[must_use]
    pub fn waiting(cards: Vec<SemaphoreCard>) -> Self {
        let mut questions = Self::default();
        cards.into_iter().for_each(|card| questions.ask(card));
        questions
    }

    /// Changes with every change: what is made from the questions can be kept as long as this stays.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The questions that wait, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SemaphoreCard>> {
        self.waiting.iter()
    }

    /// A question that waits.
    #[must_use]
    pub fn get(&self, id: &TokenId) -> Option<&Arc<SemaphoreCard>> {
        self.waiting.get(self.place(id).ok()?)
    }

    /// A question that waited.
    #[must_use]
    pub fn over(&self, id: &TokenId) -> Option<&Over> {
        self.over.iter().find(|over| over.card.id == *id)
    }

    /// How many wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.waiting.len()
    }

    /// How many of one agent's wait.
    #[must_use]
    pub fn count_of(&self, agent: &AgentId) -> usize {
        self.agent(agent).map_or(0, |at| self.per_agent[at].1)
    }

    /// What the gateway says of an agent's questions at one moment. Those that it no longer has are over.
    pub(crate) fn replace(&mut self, agent: &AgentId, cards: Vec<SemaphoreCard>) {
        let still = |id: &TokenId| cards.iter().any(|card| card.id == *id);
        let gone: Vec<TokenId> =
            self.waiting.iter().filter(|c| c.agent_id == *agent && !still(&c.id)).map(|c| c.id.clone()).collect();
        gone.iter().for_each(|id| self.end(id, How::Unknown));
        cards.into_iter().for_each(|card| self.ask(card));
    }

    /// An event that the window has not seen before.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::SemaphoreEjected { token, .. } => self.ask(token.clone()),
            Event::SemaphoreResolved { token_id, data } => {
                self.end(token_id, data.decision.clone().map_or(How::Unknown, How::Decided));
            }
            Event::SemaphoreCancelled { token_id, data } => self.end(token_id, How::Withdrawn(data.clone())),
            Event::SemaphoreVoided { token_id, data } => self.end(token_id, How::Lapsed(data.clone())),
            Event::SemaphoreEscalated { token_id, data } => {
                if let Some(card) = self.get(token_id) {
                    let severity = data.severity.unwrap_or(card.severity);
                    let card = SemaphoreCard { severity, deadline: None, ..SemaphoreCard::clone(card) };
                    self.ask(card);
                }
            }
            _ => {}
        }
    }

    fn ask(&mut self, card: SemaphoreCard) {
        if self.get(&card.id).is_some_and(|known| **known == card) {
            return;
        }
        self.version += 1;
        self.over.retain(|over| over.card.id != card.id);
        match self.place(&card.id) {
            Ok(at) => self.waiting[at] = Arc::new(card),
            Err(at) => {
                match self.agent(&card.agent_id) {
                    Ok(agent) => self.per_agent[agent].1 += 1,
                    Err(agent) => self.per_agent.insert(agent, (card.agent_id.clone(), 1)),
                }
                self.waiting.insert(at, Arc::new(card));
            }
        }
    }

    /// Where a question stands among those that wait, or would stand.
    fn place(&self, id: &TokenId) -> Result<usize, usize> {
        self.waiting.binary_search_by(|card| card.id.cmp(id))
    }

    fn agent(&self, id: &AgentId) -> Result<usize, usize> {
        self.per_agent.binary_search_by(|(agent, _)| agent.cmp(id))
    }

    fn end(&mut self, id: &TokenId, how: How) {
        let known = self.over.iter().position(|over| over.card.id == *id);
        if let Ok(at) = self.place(id) {
            let card = self.waiting.remove(at);
            if let Ok(agent) = self.agent(&card.agent_id) {
                let left = &mut self.per_agent[agent].1;
                *left = left.saturating_sub(1);
            }
            if self.over.len() >= OVER_MAX {
                self.over.pop_front();
            }
            self.over.push_back(Over { card, how });
        } else if let Some(over) = known.and_then(|at| self.over.get_mut(at)).filter(|o| o.how == How::Unknown) {
            over.how = how;
        } else {
            return;
        }
        self.version += 1;
    }
}

/// The order in which people should see questions: critical ones, then by the nearest deadline, then by severity, then the
/// oldest first.
#[must_use]
pub fn urgency(card: &SemaphoreCard) -> impl Ord + use<> {
    let deadline = card.deadline.map_or(i64::MAX, Timestamp::as_millis);
    let calm = card.severity != Severity::Critical;
    (calm, deadline, Reverse(card.severity), card.created_at, card.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::semaphore::{OnTimeout, Reason, Verdict};

    fn card(n: u128, severity: Severity, deadline: Option<i64>) -> SemaphoreCard {
        SemaphoreCard {
            id: TokenId::from_bits(n),
            agent_id: AgentId::parse("steward").unwrap(),
            reason: Reason::ApprovalNeeded,
            prompt: format!("question {n}"),
            options: vec![],
            severity,
            created_at: Timestamp::from_millis(n as i64),
            deadline: deadline.map(Timestamp::from_millis),
            on_timeout: OnTimeout::Void,
            escalation: None,
            response_schema: None,
            context: None,
        }
    }

    fn moved(decision: Option<Decision>) -> Moved {
        let at = Timestamp::from_millis(9);
        Moved { by: "anna".into(), at, decision, reason: None, severity: Some(Severity::Critical) }
    }

    fn decision() -> Decision {
        let at = Timestamp::from_millis(9);
        Decision { verdict: Verdict::Answered, human_input: "no".into(), by: "anna".into(), at, note: None }
    }

    #[test]
    fn the_most_urgent_comes_first() {
        let mut cards = [
            card(1, Severity::Info, None),
            card(2, Severity::Warning, None),
            card(3, Severity::Info, Some(50)),
            card(4, Severity::Info, Some(40)),
            card(5, Severity::Critical, None),
            card(6, Severity::Critical, Some(99)),
        ];
        cards.sort_by_key(urgency);
        let order: Vec<i64> = cards.iter().map(|c| c.created_at.as_millis()).collect();
        assert_eq!(order, [6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn an_answer_given_elsewhere_is_told_even_after_an_absence() {
        let mut questions = Questions::waiting(vec![card(1, Severity::Info, None), card(2, Severity::Info, None)]);
        let (first, agent) = (TokenId::from_bits(1), AgentId::parse("steward").unwrap());
        assert_eq!((questions.count(), questions.count_of(&agent)), (2, 2));
        questions.replace(&agent, vec![card(2, Severity::Info, None)]);
        assert_eq!(questions.over(&first).map(|o| &o.how), Some(&How::Unknown));
        let version = questions.version();
        questions.take(&Event::SemaphoreResolved { token_id: first.clone(), data: moved(Some(decision())) });
        assert_eq!(questions.over(&first).map(|o| &o.how), Some(&How::Decided(decision())));
        assert!(questions.version() > version);
        questions.take(&Event::SemaphoreCancelled { token_id: first.clone(), data: moved(None) });
        assert_eq!(questions.over(&first).map(|o| &o.how), Some(&How::Decided(decision())), "the first word counts");
        assert_eq!((questions.count(), questions.count_of(&agent)), (1, 1));
    }

    #[test]
    fn a_question_nobody_answered_in_time_waits_on_as_critical() {
        let mut questions = Questions::waiting(vec![card(1, Severity::Info, Some(5))]);
        questions.take(&Event::SemaphoreEscalated { token_id: TokenId::from_bits(1), data: moved(None) });
        let card = questions.get(&TokenId::from_bits(1)).unwrap();
        assert_eq!((card.severity, card.deadline, questions.count()), (Severity::Critical, None, 1));
    }

    #[test]
    fn what_is_over_is_remembered_up_to_a_bound() {
        let cards: Vec<_> = (0..200).map(|n| card(n, Severity::Info, None)).collect();
        let mut questions = Questions::waiting(cards);
        for n in 0..200 {
            questions.take(&Event::SemaphoreVoided { token_id: TokenId::from_bits(n), data: moved(None) });
        }
        assert_eq!((questions.count(), questions.over.len()), (0, OVER_MAX));
        assert!(questions.over(&TokenId::from_bits(199)).is_some());
    }
}
