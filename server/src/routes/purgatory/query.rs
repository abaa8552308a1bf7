//! The queries of `/api/purgatory`: which questions, and how long to wait.

use crate::error::Error;
use runtime::purgatory::{Filter, PAGE_MAX};
use serde::Deserialize;
use std::time::Duration;
use wire::{
    AgentId,
    purgatory::{WAIT_DEFAULT_S, WAIT_MAX_S},
    semaphore::{Reason, Severity, TokenStatus},
};

/// Questions on a page where no number is asked for.
const LIMIT_DEFAULT: usize = 100;
/// Says that every status is meant.
const ALL: &str = "all";

#[derive(Debug, Default, Deserialize)]
pub(crate) struct List {
    agent: Option<String>,
    status: Option<String>,
    severity: Option<String>,
    reason: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

impl List {
    pub(super) fn filter(self) -> Result<Filter, Error> {
        let status = match self.status.as_deref() {
            None => vec![TokenStatus::Pending],
            Some(ALL) => Vec::new(),
            Some(words) => words
                .split(',')
                .map(|word| {
                    let wants = "all, or a list of pending, resolved, delivered, cancelled and voided";
                    TokenStatus::parse(word.trim()).ok_or_else(|| bad("status", word, wants))
                })
                .collect::<Result<_, _>>()?,
        };
        let agent = self.agent.map(|name| AgentId::parse(&name).map_err(|_| bad("agent", &name, "an agent id")));
        let severity = self.severity.map(|word| {
            let found = Severity::ALL.into_iter().find(|s| s.as_str() == word);
            found.ok_or_else(|| bad("severity", &word, "info, warning or critical"))
        });
        let reason = self.reason.map(|word| {
            let found = Reason::ALL.into_iter().find(|r| r.as_str() == word);
            let wants = "approval_needed, context_required, sensitive_action, ambiguous_choice, resource_decision or \
                         error_recovery";
            found.ok_or_else(|| bad("reason", &word, wants))
        });
        let cursor = self.cursor.map(|c| c.parse().map_err(|_| bad("cursor", &c, "the next of an earlier page")));
        let limit = self.limit.map(|text| {
            let limit = text.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
            limit.ok_or_else(|| bad("limit", &text, "a number from 1 to 500"))
        });
        Ok(Filter {
            agent: agent.transpose()?,
            status,
            severity: severity.transpose()?,
            reason: reason.transpose()?,
            after: cursor.transpose()?,
            limit: limit.transpose()?.unwrap_or(LIMIT_DEFAULT),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Wait {
    timeout: Option<String>,
}

impl Wait {
    pub(super) fn patience(self) -> Result<Duration, Error> {
        let seconds = match self.timeout {
            None => WAIT_DEFAULT_S,
            Some(text) => {
                let seconds = text.parse().ok().filter(|s| *s <= WAIT_MAX_S);
                seconds.ok_or_else(|| bad("timeout", &text, "a number of seconds from 0 to 60"))?
            }
        };
        Ok(Duration::from_secs(seconds))
    }
}

fn bad(field: &'static str, value: &str, wants: &'static str) -> Error {
    Error::BadQuery { field, value: value.to_owned(), wants }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_what_waits_is_meant() {
        assert_eq!(List::default().filter().unwrap().status, [TokenStatus::Pending]);
        let all = List { status: Some(ALL.to_owned()), ..List::default() };
        assert!(all.filter().unwrap().status.is_empty());
        let over =
            List { status: Some("cancelled, voided".to_owned()), limit: Some("500".to_owned()), ..List::default() };
        let over = over.filter().unwrap();
        assert_eq!((over.status, over.limit), (vec![TokenStatus::Cancelled, TokenStatus::Voided], 500));
        assert!(List { limit: Some("501".to_owned()), ..List::default() }.filter().is_err());
    }

    #[test]
    fn nobody_waits_longer_than_a_minute() {
        let wait = |text: &str| Wait { timeout: Some(text.to_owned()) }.patience();
        assert_eq!(wait("60"), Ok(Duration::from_secs(60)));
        for wrong in ["61", "-1", "1.5", "soon", ""] {
            assert!(wait(wrong).is_err(), "{wrong}");
        }
    }
}
