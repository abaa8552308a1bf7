//! What an observer asks for, from its query or its one message, as the mirror understands it.

use crate::config::MAX_HISTORY;
use mirror::Narrowing;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use wire::{AgentId, EventKind, Position, frame::Narrow, id::PositionError};

/// Query of `/observe/{agent}`. Values that make no sense count as not given: a stream is better than a closed socket.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct OneQuery {
    history: Option<String>,
    since: Option<String>,
}

impl OneQuery {
    pub(super) fn history(&self, default: usize) -> usize {
        history(self.history.as_deref(), default)
    }

    pub(super) fn since(&self) -> Option<Result<Position, PositionError>> {
        self.since.as_deref().map(str::parse)
    }
}

/// Query of `/observe`: lists are separated by commas, `since` is `id@epoch:seq,…`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct GardenQuery {
    history: Option<String>,
    agents: Option<String>,
    types: Option<String>,
    since: Option<String>,
}

/// A narrowing, and whether something it asked for cannot be had.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) narrowing: Narrowing,
    pub(super) lost: bool,
}

impl GardenQuery {
    pub(super) fn wish(&self, default_history: usize) -> Wish {
        let list = |text: &Option<String>| -> Vec<String> {
            let items = text.as_deref().unwrap_or("").split(',');
            items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let pairs = list(&self.since);
        let since: BTreeMap<String, String> =
            pairs.iter().filter_map(|pair| pair.split_once('@')).map(|(id, at)| (id.into(), at.into())).collect();
        let lost = since.len() < pairs.len();
        let narrow = Narrow { agents: list(&self.agents), types: list(&self.types), since };
        let mut wish = from_message(narrow, history(self.history.as_deref(), default_history));
        wish.lost |= lost;
        wish
    }
}

/// The wish of a client's message.
pub(super) fn from_message(narrow: Narrow, history: usize) -> Wish {
    let everyone = narrow.agents.is_empty() || narrow.agents.iter().any(|a| a == "*");
    let agents: BTreeSet<AgentId> = narrow.agents.iter().filter_map(|a| AgentId::speaker(a)).collect();
    let everything = narrow.types.is_empty() || narrow.types.iter().any(|t| t == "*");
    let named = |kind: &EventKind| {
        narrow.types.iter().any(|t| match t.strip_suffix('*') {
            Some(start) => kind.as_str().starts_with(start),
            None => kind.as_str() == t,
        })
    };
    let kinds: Vec<EventKind> = EventKind::ALL.into_iter().filter(named).collect();
    let asked = narrow.since.len();
    let since: BTreeMap<AgentId, Position> =
        narrow.since.iter().filter_map(|(id, at)| Some((AgentId::speaker(id)?, at.parse().ok()?))).collect();
    let lost = since.len() < asked;
    let narrowing =
        Narrowing { agents: (!everyone).then_some(agents), kinds: (!everything).then_some(kinds), history, since };
    Wish { narrowing, lost }
}

fn history(text: Option<&str>, default: usize) -> usize {
    text.and_then(|t| t.parse().ok()).unwrap_or(default).min(MAX_HISTORY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(agents: &[&str], types: &[&str]) -> Narrowing {
        let own = |items: &[&str]| items.iter().map(|s| (*s).to_owned()).collect();
        from_message(Narrow { agents: own(agents), types: own(types), since: BTreeMap::new() }, 7).narrowing
    }

    #[test]
    fn nothing_and_a_star_both_mean_everything() {
        for all in [&[][..], &["*"][..], &["host", "*"][..]] {
            assert!(narrow(all, all).agents.is_none() && narrow(all, all).kinds.is_none());
        }
        assert_eq!(narrow(&["NOT AN ID"], &[]).agents, Some(BTreeSet::new()));
    }

    #[test]
    fn a_type_with_a_star_stands_for_every_ending() {
        assert_eq!(narrow(&[], &["fever*"]).kinds, Some(vec![EventKind::Fever, EventKind::FeverEnded]));
        assert_eq!(narrow(&[], &["semaphore_e*"]).kinds.unwrap().len(), 2);
        assert_eq!(narrow(&[], &["nothing_*"]).kinds, Some(vec![]));
    }

    #[test]
    fn a_position_that_makes_no_sense_is_lost_and_said_so() {
        let query = |since: &str| GardenQuery { since: Some(since.into()), ..GardenQuery::default() }.wish(5);
        assert!(!query("host@00ff:3,files@00ff:4").lost);
        assert_eq!(query("host@00ff:3,files@00ff:4").narrowing.since.len(), 2);
        for bad in ["host", "host@x", "HOST@00ff:3", "host@00ff:3,oops"] {
            assert!(query(bad).lost, "{bad}");
        }
    }

    #[test]
    fn history_is_held_to_what_a_ring_keeps() {
        assert_eq!([Some("7"), Some("99999"), Some("-1"), None].map(|t| history(t, 100)), [7, 4096, 100, 100]);
    }
}
