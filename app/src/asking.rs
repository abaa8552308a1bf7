//! The words about questions, and which of them are shown in which order: what the inbox is, without drawing it.

use crate::{place::asked, words};
use serde_json::Value;
use std::sync::Arc;
use terrarium_core::{
    asked::{How, Questions, urgency},
    order::sorted,
};
use wire::{
    AgentId, SemaphoreCard, Timestamp, TokenId,
    semaphore::{Decision, OnTimeout, Reason, Severity, TokenRecord, TokenStatus, Verdict},
};

/// Questions shown at first, and more with each press of "more".
pub(crate) const STEP: usize = 100;
/// How long a question that was answered stays on the page, in milliseconds.
pub(crate) const LINGER_MS: u64 = 30_000;

/// Ages to filter by: the word in the address, what it says, milliseconds.
pub(crate) const AGES: [(&str, &str, u64); 3] =
    [("10m", "over 10 minutes", 600_000), ("1h", "over an hour", 3_600_000), ("1d", "over a day", 86_400_000)];

/// Which questions are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only this agent's.
    pub(crate) only: Option<AgentId>,
    /// Part of the agent's name.
    pub(crate) agent: String,
    pub(crate) severity: String,
    pub(crate) reason: String,
    pub(crate) age: String,
    pub(crate) limit: usize,
}

impl Filter {
    /// What an address asks for.
    pub(crate) fn of(address: &str) -> Self {
        let word = |name| asked(address, name);
        let limit = word("limit").parse().unwrap_or(STEP).max(1);
        let (agent, severity, reason, age) = (word("agent"), word("severity"), word("reason"), word("age"));
        Self { only: None, agent, severity, reason, age, limit }
    }

    /// Everything of one agent.
    pub(crate) fn only(agent: AgentId) -> Self {
        Self { only: Some(agent), limit: STEP, ..Self::default() }
    }

    /// The address that asks for the same and `more` questions.
    pub(crate) fn address(&self, more: usize) -> String {
        let Self { severity, reason, age, limit, .. } = self;
        // What else is typed is in no agent's name.
        let agent: String = self.agent.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        format!(
            "{}?agent={agent}&severity={severity}&reason={reason}&age={age}&limit={}",
            wire::route::PURGATORY_PAGE,
            limit + more
        )
    }

    pub(crate) fn is_narrow(&self) -> bool {
        [&self.agent, &self.severity, &self.reason, &self.age].into_iter().any(|word| !word.is_empty())
    }

    /// The least age in milliseconds, if one is asked for.
    pub(crate) fn older_than(&self) -> Option<u64> {
        AGES.iter().find(|(word, ..)| *word == self.age).map(|(_, _, ms)| *ms)
    }

    fn fits(&self, card: &SemaphoreCard, now: Timestamp) -> bool {
        self.only.as_ref().is_none_or(|agent| card.agent_id == *agent)
            && (self.agent.is_empty() || card.agent_id.as_str().contains(&self.agent))
            && (self.severity.is_empty() || card.severity.as_str() == self.severity)
            && (self.reason.is_empty() || card.reason.as_str() == self.reason)
            && self.older_than().is_none_or(|ms| now.millis_since(card.created_at) >= ms)
    }
}

/// A question on the page.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) card: Arc<SemaphoreCard>,
    /// Since when it is over.
    pub(crate) over: Option<Timestamp>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.card.id == other.card.id && self.over == other.over
    }
}

/// The questions on the page, and how many more fit the filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<Row>,
    pub(crate) more: usize,
    /// How many of the rows wait.
    pub(crate) waiting: usize,
}

impl Shown {
    /// What to show now. What is over stays in its place for a while. While somebody reads a question, `reading`, nothing
    /// moves: what is new comes last, so that no button slips under a finger.
    pub(crate) fn next(
        before: Option<&Self>,
        questions: &Questions,
        filter: &Filter,
        now: Timestamp,
        reading: Option<&TokenId>,
    ) -> Self {
        let fitting = questions.iter().filter(|card| filter.fits(card, now));
        let cards = sorted(fitting.map(|card| (urgency(card), card)).collect(), |a, b| a.0.cmp(&b.0));
        let mut cards: Vec<_> = cards.into_iter().map(|(_, card)| card).collect();
        let all = cards.len();
        cards.truncate(filter.limit);
        let row = |card: &Arc<SemaphoreCard>| Row { card: Arc::clone(card), over: None };
        let before = before.map_or(&[][..], |before| &before.rows);
        let ended = |old: &Row| {
            let over = questions.over(&old.card.id).filter(|over| filter.fits(&over.card, now))?;
            let since = old.over.unwrap_or(now);
            let stays = reading.is_some() || now.millis_since(since) < LINGER_MS;
            stays.then(|| Row { card: Arc::clone(&over.card), over: Some(since) })
        };
        let mut rows: Vec<Row>;
        if reading.is_some() {
            let still = |old: &Row| questions.get(&old.card.id).filter(|card| filter.fits(card, now)).map(row);
            rows = before.iter().filter_map(|old| still(old).or_else(|| ended(old))).collect();
            let room = filter.limit.saturating_sub(rows.len());
            let known = |card: &&Arc<SemaphoreCard>| rows.iter().any(|row| row.card.id == card.id);
            let new: Vec<Row> = cards.into_iter().filter(|card| !known(card)).take(room).map(row).collect();
            rows.extend(new);
        } else {
            rows = cards.into_iter().map(row).collect();
            for (at, old) in before.iter().enumerate() {
                if let Some(over) = ended(old) {
                    rows.insert(at.min(rows.len()), over);
                }
            }
        }
        let waiting = rows.iter().filter(|row| row.over.is_none()).count();
        Self { rows, more: all.saturating_sub(waiting), waiting }
    }
}

pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "can wait",
        Severity::Warning => "important",
        Severity::Critical => "critical",
    }
}

pub(crate) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ApprovalNeeded => "asks for approval",
        Reason::ContextRequired => "needs to know something",
        Reason::SensitiveAction => "is about to do something risky",
        Reason::AmbiguousChoice => "has to choose",
        Reason::ResourceDecision => "wants to spend something",
        Reason::ErrorRecovery => "ran into an error",
    }
}

/// What happens at the deadline.
pub(crate) fn on_timeout(card: &SemaphoreCard) -> String {
    match card.on_timeout {
        OnTimeout::Void => "then the question lapses".into(),
        OnTimeout::Deny => "then it counts as a no".into(),
        OnTimeout::Proceed => "then the agent goes ahead without an answer".into(),
        OnTimeout::Escalate => match &card.escalation {
            Some(who) => format!("then it becomes critical, for {who}"),
            None => "then it becomes critical".into(),
        },
    }
}

/// How long there is to answer, and what happens then; nothing where there is no deadline.
pub(crate) fn deadline(card: &SemaphoreCard, now: Timestamp) -> String {
    let Some(deadline) = card.deadline else { return String::new() };
    let left = deadline.millis_since(now);
    let when = if left == 0 { "Time is up".to_owned() } else { format!("{} left", countdown(left)) };
    format!("{when}, {}.", on_timeout(card))
}

fn countdown(ms: u64) -> String {
    match ms.div_ceil(1000) {
        s if s < 3600 => format!("{}:{:02}", s / 60, s % 60),
        _ => words::span(ms),
    }
}

/// An answer as it was given.
pub(crate) fn answer(input: &Value) -> String {
    input.as_str().map_or_else(|| terrarium_core::literal::tree(input), terrarium_core::literal::literal)
}

/// What became of a question: a headline, and by whom.
pub(crate) fn outcome(how: &How) -> (String, String) {
    match how {
        How::Decided(decision) => decided(decision),
        How::Withdrawn(moved) => ("Withdrawn".into(), by(&moved.by, moved.reason.as_deref())),
        How::Lapsed(_) => ("Lapsed".into(), "Its time passed, and nobody had answered.".into()),
        How::Unknown => ("No longer waits".into(), "It ended while this page was not connected.".into()),
    }
}

/// The same for a question from the list of those that are over.
pub(crate) fn outcome_of(record: &TokenRecord) -> (String, String) {
    match (&record.decision, record.status) {
        (Some(decision), _) => decided(decision),
        (None, TokenStatus::Voided) => ("Lapsed".into(), "Its time passed, and nobody had answered.".into()),
        (None, _) => ("Withdrawn".into(), String::new()),
    }
}

fn decided(decision: &Decision) -> (String, String) {
    match decision.verdict {
        Verdict::Answered => {
            (format!("Answered: {}", answer(&decision.human_input)), by(&decision.by, decision.note.as_deref()))
        }
        Verdict::Denied => ("Counted as a no".into(), "Its time passed, and nobody had answered.".into()),
        Verdict::Proceed => ("Went ahead".into(), "Its time passed, and nobody had answered.".into()),
    }
}

fn by(who: &str, note: Option<&str>) -> String {
    note.map_or_else(|| format!("by {who}"), |note| format!("by {who}: {}", terrarium_core::literal::literal(note)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Event, Frame};

    fn card(n: u128, severity: Severity) -> SemaphoreCard {
        SemaphoreCard {
            id: TokenId::from_bits(n),
            agent_id: AgentId::parse("steward").unwrap(),
            reason: Reason::ApprovalNeeded,
            prompt: String::new(),
            options: vec![],
            severity,
            created_at: Timestamp::from_millis(n as i64),
            deadline: None,
            on_timeout: OnTimeout::Deny,
            escalation: None,
            response_schema: None,
            context: None,
        }
    }

    fn ids(shown: &Shown) -> Vec<i64> {
        shown.rows.iter().map(|r| r.card.created_at.as_millis()).collect()
    }

    fn filter() -> Filter {
        Filter { limit: 3, ..Filter::default() }
    }

    #[test]
    fn nothing_moves_under_a_reader() {
        let now = Timestamp::from_millis(1_000);
        let two = vec![card(1, Severity::Info), card(2, Severity::Info)];
        let first = Shown::next(None, &Questions::waiting(two.clone()), &filter(), now, None);
        let three = Questions::waiting([two, vec![card(3, Severity::Critical)]].concat());
        let reading = TokenId::from_bits(1);
        let second = Shown::next(Some(&first), &three, &filter(), now, Some(&reading));
        assert_eq!((ids(&second), second.waiting), (vec![1, 2, 3], 3));
        assert_eq!(ids(&Shown::next(Some(&second), &three, &filter(), now, None)), [3, 1, 2]);
    }

    #[test]
    fn an_answered_question_stays_in_its_place_for_a_while() {
        let at = Timestamp::from_millis;
        let mut garden = terrarium_core::view::Garden {
            questions: Questions::waiting((1..=5).map(|n| card(n, Severity::Info)).collect()),
            ..Default::default()
        };
        let first = Shown::next(None, &garden.questions, &filter(), at(0), None);
        assert_eq!((ids(&first), first.more), (vec![1, 2, 3], 2));
        let data = wire::event::Moved { by: "anna".into(), at: at(1), decision: None, reason: None, severity: None };
        garden.apply(&Frame::Event(Box::new(wire::Envelope {
            agent_id: AgentId::parse("steward").unwrap(),
            epoch: wire::Epoch::from_bits(1),
            seq: wire::Seq(1),
            ts: at(1),
            event: Event::SemaphoreCancelled { token_id: TokenId::from_bits(2), data },
        })));
        let second = Shown::next(Some(&first), &garden.questions, &filter(), at(10), None);
        assert_eq!((ids(&second), second.rows[1].over, second.waiting), (vec![1, 2, 3, 4], Some(at(10)), 3));
        let later = at(10 + LINGER_MS as i64);
        assert_eq!(ids(&Shown::next(Some(&second), &garden.questions, &filter(), later, None)), [1, 3, 4]);
    }

    #[test]
    fn an_address_says_which_questions() {
        let filter = Filter::of("/purgatory?severity=critical&age=1h&limit=200");
        assert_eq!((filter.older_than(), filter.limit, filter.is_narrow()), (Some(3_600_000), 200, true));
        let now = Timestamp::from_millis(3_600_005);
        assert!(filter.fits(&card(5, Severity::Critical), now) && !filter.fits(&card(6, Severity::Critical), now));
        assert_eq!(Filter::of(&filter.address(STEP)), Filter { limit: 300, ..filter });
    }

    #[test]
    fn a_deadline_says_what_happens_then() {
        let card = SemaphoreCard { deadline: Some(Timestamp::from_millis(65_500)), ..card(1, Severity::Info) };
        assert_eq!(deadline(&card, Timestamp::from_millis(0)), "1:06 left, then it counts as a no.");
        assert_eq!(deadline(&card, Timestamp::from_millis(70_000)), "Time is up, then it counts as a no.");
    }
}
