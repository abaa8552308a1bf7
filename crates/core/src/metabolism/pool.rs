//! The entropy pool: a budget that is drawn in grants. A grant is taken once, and given back once if it was not used.

use super::{
    amount::{Amount, Moment},
    engine::GRATITUDE,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use wire::Timestamp;

/// What a new pool holds.
pub const INITIAL: f64 = 100.0;
/// What a tithe gives back to it.
pub const PER_TITHE: f64 = 0.1;
/// Share of a grant that comes back when it is poured.
pub const RECOVERY: f64 = 0.5;
/// Where every grant comes from.
pub const SOURCE: &str = "accursed_share";
/// Grants that may still be poured back. When there are more, the oldest stays spent.
pub const GRANTS_MAX: usize = 1000;
/// Movements that are remembered.
pub const REMEMBERED: usize = 100;

/// A draw on the pool.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name, for pouring.
    pub grant: u64,
    /// How much.
    pub amount: Amount,
    /// The randomness it stands for, 0 to 1.
    pub seed: f64,
}

/// A grant as it is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Granted {
    /// The grant.
    #[serde(flatten)]
    pub grant: Grant,
    /// [`SOURCE`].
    pub source: &'static str,
    /// What the pool has left.
    pub remaining: Amount,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Poured {
    /// What the grant was.
    pub returned: Amount,
    /// What of it the pool took.
    pub recovered: Amount,
    /// What the pool has now.
    pub remaining: Amount,
}

/// What a tithe gave the pool.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Regenerated {
    /// Thanks.
    pub gratitude: &'static str,
    /// What came back.
    pub regenerated: Amount,
}

/// The pool as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PoolStatus {
    /// What is left.
    pub remaining: Amount,
    /// What there was.
    pub initial: Amount,
    /// Movements that are remembered.
    pub history_count: usize,
    /// Grants that may still be poured back.
    pub open_grants: usize,
}

/// A movement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Movement {
    /// What was done.
    pub action: Action,
    /// How much moved.
    pub amount: Amount,
    /// What was left then.
    pub remaining: Amount,
    /// When.
    pub timestamp: Timestamp,
}

/// What may be done to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Drawn.
    Sip,
    /// Given back.
    Pour,
    /// Regenerated.
    Tithe,
}

/// Why a pool said no.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PoolError {
    /// It does not have that much.
    #[error("the entropy pool has {} left, and {} was asked for", .remaining.get(), .requested.get())]
    Exhausted {
        /// What it has.
        remaining: Amount,
        /// What was wanted.
        requested: Amount,
    },
    /// There is no such grant that was not used.
    #[error("grant {0} is not open: it was never given, was used, or has been poured back")]
    NotOpen(u64),
}

/// What of a pool survives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPool {
    remaining: Amount,
    grants: Vec<Grant>,
    next: u64,
}

/// The pool.
#[derive(Debug, Clone, PartialEq)]
pub struct EntropyPool {
    remaining: Amount,
    grants: VecDeque<Grant>,
    next: u64,
    history: VecDeque<Movement>,
}

impl Default for EntropyPool {
    fn default() -> Self {
        Self { remaining: initial(), grants: VecDeque::new(), next: 1, history: VecDeque::new() }
    }
}

impl EntropyPool {
    /// Draws. The grant's seed is `seed`, which the caller rolled.
    ///
    /// # Errors
    /// [`PoolError::Exhausted`]; nothing was drawn then.
    pub fn sip(&mut self, amount: Amount, seed: f64, now: Moment) -> Result<Grant, PoolError> {
        self.draw(amount, now)?;
        let grant = Grant { grant: self.next, amount, seed };
        self.next += 1;
        if self.grants.len() == GRANTS_MAX {
            self.grants.pop_front();
        }
        self.grants.push_back(grant);
        Ok(grant)
    }

    /// Draws for a use at once, without a grant that could come back.
    ///
    /// # Errors
    /// [`PoolError::Exhausted`]; nothing was drawn then.
    pub fn draw(&mut self, amount: Amount, now: Moment) -> Result<(), PoolError> {
        if amount > self.remaining {
            return Err(PoolError::Exhausted { remaining: self.remaining, requested: amount });
        }
        self.remaining = self.remaining.less(amount);
        self.remember(Action::Sip, amount, now);
        Ok(())
    }

    /// A grant is used. It cannot be poured back any more.
    ///
    /// # Errors
    /// [`PoolError::NotOpen`].
    pub fn use_up(&mut self, grant: u64) -> Result<Grant, PoolError> {
        let place = self.grants.iter().position(|g| g.grant == grant).ok_or(PoolError::NotOpen(grant))?;
        self.grants.remove(place).ok_or(PoolError::NotOpen(grant))
    }

    /// Gives a grant back that was not used. Half of it is recovered, and never more than the pool can hold.
    ///
    /// # Errors
    /// [`PoolError::NotOpen`].
    pub fn pour(&mut self, grant: u64, now: Moment) -> Result<Poured, PoolError> {
        let returned = self.use_up(grant)?.amount;
        let recovered = self.give(returned.get() * RECOVERY);
        self.remember(Action::Pour, recovered, now);
        Ok(Poured { returned, recovered, remaining: self.remaining })
    }

    /// Gives thanks, which gives a little back.
    pub fn tithe(&mut self, now: Moment) -> Regenerated {
        let regenerated = self.give(PER_TITHE);
        self.remember(Action::Tithe, regenerated, now);
        Regenerated { gratitude: GRATITUDE, regenerated }
    }

    /// What is left.
    #[must_use]
    pub fn remaining(&self) -> Amount {
        self.remaining
    }

    /// All of it.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        PoolStatus {
            remaining: self.remaining,
            initial: initial(),
            history_count: self.history.len(),
            open_grants: self.grants.len(),
        }
    }

    /// What moved lately, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Movement> {
        self.history.iter()
    }

    /// What is to survive.
    #[must_use]
    pub fn saved(&self) -> SavedPool {
        SavedPool { remaining: self.remaining, grants: self.grants.iter().copied().collect(), next: self.next }
    }

    /// As it was saved; what cannot be is brought into bounds.
    #[must_use]
    pub fn restored(saved: SavedPool) -> Self {
        let mut grants: VecDeque<Grant> = saved.grants.into_iter().filter(|g| g.seed.is_finite()).collect();
        grants.truncate(GRANTS_MAX);
        let next = grants.iter().map(|g| g.grant + 1).max().unwrap_or(1).max(saved.next);
        Self { remaining: saved.remaining.min(initial()), grants, next, history: VecDeque::new() }
    }

    fn give(&mut self, amount: f64) -> Amount {
        let room = initial().less(self.remaining);
        let given = Amount::new(amount).unwrap_or_default().min(room);
        self.remaining = Amount::new(self.remaining.get() + given.get()).unwrap_or_default().min(initial());
        given
    }

    fn remember(&mut self, action: Action, amount: Amount, now: Moment) {
        if self.history.len() == REMEMBERED {
            self.history.pop_front();
        }
        self.history.push_back(Movement { action, amount, remaining: self.remaining, timestamp: now.wall });
    }
}

fn initial() -> Amount {
    Amount::new(INITIAL).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(x: f64) -> Amount {
        Amount::new(x).unwrap()
    }

    #[test]
    fn a_grant_is_poured_back_once_and_only_if_it_was_not_used() {
        let mut pool = EntropyPool::default();
        let now = Moment::at(0);
        let (a, b) = (pool.sip(amount(10.0), 0.5, now).unwrap(), pool.sip(amount(10.0), 0.5, now).unwrap());
        let poured = pool.pour(a.grant, now).unwrap();
        assert_eq!((poured.returned.get(), poured.recovered.get(), poured.remaining.get()), (10.0, 5.0, 85.0));
        assert_eq!(pool.pour(a.grant, now), Err(PoolError::NotOpen(a.grant)));
        pool.use_up(b.grant).unwrap();
        assert_eq!(pool.pour(b.grant, now), Err(PoolError::NotOpen(b.grant)));
        assert_eq!(pool.pour(99, now), Err(PoolError::NotOpen(99)));
    }

    #[test]
    fn what_is_not_there_is_not_given_and_nothing_is_no_budget_to_be_refilled_beyond() {
        let mut pool = EntropyPool::default();
        assert_eq!(
            pool.sip(amount(100.5), 0.0, Moment::at(0)),
            Err(PoolError::Exhausted { remaining: amount(100.0), requested: amount(100.5) })
        );
        assert_eq!(pool.tithe(Moment::at(0)).regenerated, Amount::ZERO);
        pool.draw(amount(100.0), Moment::at(0)).unwrap();
        assert_eq!(pool.tithe(Moment::at(0)).regenerated, amount(0.1));
    }

    #[test]
    fn a_pool_comes_back_as_it_was() {
        let mut pool = EntropyPool::default();
        let grant = pool.sip(amount(7.0), 0.25, Moment::at(0)).unwrap();
        let text = serde_json::to_string(&pool.saved()).unwrap();
        let mut again = EntropyPool::restored(serde_json::from_str(&text).unwrap());
        assert_eq!(again.remaining(), amount(93.0));
        assert_eq!(again.sip(amount(1.0), 0.0, Moment::at(0)).unwrap().grant, grant.grant + 1);
        assert!(again.pour(grant.grant, Moment::at(0)).is_ok());
    }

    proptest! {
        #[test]
        fn a_pool_stays_between_nothing_and_full_and_its_memory_is_bounded(
            steps in prop::collection::vec((0u8..4, 0.0..200.0f64, 0u64..2000), 0..3000)
        ) {
            let mut pool = EntropyPool::default();
            for (what, x, grant) in steps {
                let now = Moment::at(grant);
                match what {
                    0 => { let _ = pool.sip(amount(x / 100.0), 0.5, now); }
                    1 => { let _ = pool.pour(grant, now); }
                    2 => { pool.tithe(now); }
                    _ => { let _ = pool.draw(amount(x), now); }
                }
                prop_assert!((0.0..=INITIAL).contains(&pool.remaining().get()));
            }
            prop_assert!(pool.grants.len() <= GRANTS_MAX && pool.history.len() <= REMEMBERED);
        }
    }
}
