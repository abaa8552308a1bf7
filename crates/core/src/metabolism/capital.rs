//! Social capital: an account per agent, or per kind of observer, and a log of its entries.
//!
//! A balance is between 0 and 1, and that holds when an entry is written, not only when it is read: there is no hidden
//! surplus and no hidden debt. A bypass that was bought counts once.

use super::amount::{Amount, Moment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use wire::Timestamp;

/// What an account begins with.
pub const BEGINNING: f64 = 0.5;
/// What an account may hold.
pub const MOST: f64 = 1.0;
/// Accounts. A further one begins when the one that was touched longest ago is forgotten.
pub const ACCOUNTS_MAX: usize = 10_000;
/// Entries that are remembered per account.
pub const REMEMBERED: usize = 100;
/// How long a bypass is good, where nothing else is said, in seconds.
pub const BYPASS_TTL_S: u64 = 60;
/// Longest time a bypass may be good, in seconds.
pub const BYPASS_TTL_MAX_S: u64 = 3600;
/// Bypasses that were bought and not used. When there are more, the oldest lapses.
const BYPASSES_MAX: usize = 1000;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Earned.
    Credit,
    /// Spent.
    Debit,
    /// Spent on a bypass.
    Bypass,
    /// Given away, for nothing.
    Potlatch,
}

/// A line of an account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// What of it counted.
    pub amount: Amount,
    /// What there was afterwards.
    pub balance: Amount,
    /// When.
    pub timestamp: Timestamp,
}

/// Leave to pass one check, once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bypass {
    /// Its name.
    pub bypass: u64,
    /// Whose.
    pub account: String,
    /// Which check.
    pub check_name: String,
    /// What it cost.
    pub cost: Amount,
    /// Since when.
    pub granted_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An account does not hold that much.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{account} has {} of social capital, and this takes {}", .balance.get(), .needed.get())]
pub struct Insufficient {
    /// Whose.
    pub account: String,
    /// What it holds.
    pub balance: Amount,
    /// What it would take.
    pub needed: Amount,
}

/// What of it survives a restart: balances. The lines and the bypasses do not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedCapital(BTreeMap<String, Amount>);

/// The accounts.
#[derive(Debug, Clone, Default)]
pub struct Capital {
    accounts: BTreeMap<String, Account>,
    bypasses: VecDeque<Bypass>,
    next: u64,
}

#[derive(Debug, Clone)]
struct Account {
    balance: Amount,
    touched: Timestamp,
    entries: VecDeque<Entry>,
}

impl Capital {
    /// What an account holds. One that was never touched holds what every account begins with.
    #[must_use]
    pub fn balance(&self, account: &str) -> Amount {
        self.accounts.get(account).map_or_else(beginning, |a| a.balance)
    }

    /// The lines of an account, oldest first.
    pub fn history(&self, account: &str) -> impl DoubleEndedIterator<Item = &Entry> {
        self.accounts.get(account).into_iter().flat_map(|a| &a.entries)
    }

    /// An account earns. What would go beyond [`MOST`] is not written.
    pub fn credit(&mut self, account: &str, amount: Amount, now: Moment) -> Entry {
        let account = self.account(account, now);
        let counted = amount.min(most().less(account.balance));
        account.balance = Amount::new(account.balance.get() + counted.get()).unwrap_or_default().min(most());
        account.write(Kind::Credit, counted, now)
    }

    /// An account spends.
    ///
    /// # Errors
    /// [`Insufficient`]; nothing was written then.
    pub fn spend(&mut self, account: &str, kind: Kind, amount: Amount, now: Moment) -> Result<Entry, Insufficient> {
        let balance = self.balance(account);
        if amount > balance {
            return Err(Insufficient { account: account.to_owned(), balance, needed: amount });
        }
        let account = self.account(account, now);
        account.balance = balance.less(amount);
        Ok(account.write(kind, amount, now))
    }

    /// Buys leave to pass one check, once, within `ttl_s` seconds.
    ///
    /// # Errors
    /// [`Insufficient`]; nothing was written then.
    pub fn bypass(
        &mut self,
        account: &str,
        check_name: &str,
        cost: Amount,
        ttl_s: u64,
        now: Moment,
    ) -> Result<Bypass, Insufficient> {
        self.spend(account, Kind::Bypass, cost, now)?;
        self.next += 1;
        let lasts_ms = i64::try_from(ttl_s.clamp(1, BYPASS_TTL_MAX_S) * 1000).unwrap_or_default();
        let bypass = Bypass {
            bypass: self.next,
            account: account.to_owned(),
            check_name: check_name.to_owned(),
            cost,
            granted_at: now.wall,
            expires_at: Timestamp::from_millis(now.wall.as_millis().saturating_add(lasts_ms)),
        };
        if self.bypasses.len() == BYPASSES_MAX {
            self.bypasses.pop_front();
        }
        self.bypasses.push_back(bypass.clone());
        Ok(bypass)
    }

    /// Uses a bypass for a check: `true` once, and never again.
    pub fn pass(&mut self, bypass: u64, check_name: &str, now: Moment) -> bool {
        let fits = |b: &Bypass| b.bypass == bypass && b.check_name == check_name && now.wall < b.expires_at;
        let place = self.bypasses.iter().position(fits);
        place.is_some_and(|place| self.bypasses.remove(place).is_some())
    }

    /// What is to survive.
    #[must_use]
    pub fn saved(&self) -> SavedCapital {
        SavedCapital(self.accounts.iter().map(|(name, a)| (name.clone(), a.balance)).collect())
    }

    /// As it was saved.
    #[must_use]
    pub fn restored(saved: SavedCapital, now: Moment) -> Self {
        let account =
            |balance: Amount| Account { balance: balance.min(most()), touched: now.wall, entries: VecDeque::new() };
        let accounts = saved.0.into_iter().take(ACCOUNTS_MAX).map(|(name, balance)| (name, account(balance)));
        Self { accounts: accounts.collect(), ..Self::default() }
    }

    fn account(&mut self, name: &str, now: Moment) -> &mut Account {
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(name) {
            let oldest = self.accounts.iter().min_by_key(|(_, a)| a.touched).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.accounts.remove(&name));
        }
        self.accounts.entry(name.to_owned()).or_insert_with(|| Account {
            balance: beginning(),
            touched: now.wall,
            entries: VecDeque::new(),
        })
    }
}

impl Account {
    fn write(&mut self, kind: Kind, amount: Amount, now: Moment) -> Entry {
        let entry = Entry { kind, amount, balance: self.balance, timestamp: now.wall };
        if self.entries.len() == REMEMBERED {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.touched = now.wall;
        entry
    }
}

fn beginning() -> Amount {
    Amount::new(BEGINNING).unwrap_or_default()
}

fn most() -> Amount {
    Amount::new(MOST).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(x: f64) -> Amount {
        Amount::new(x).unwrap()
    }

    #[test]
    fn a_bypass_counts_once_for_its_check_and_in_its_time() {
        let mut capital = Capital::default();
        let cheap = amount(0.1);
        let bought = capital.bypass("scribe", "trust_gate", cheap, 60, Moment::at(0)).unwrap();
        assert_eq!(capital.balance("scribe"), amount(0.4));
        assert!(!capital.pass(bought.bypass, "other", Moment::at(1)));
        assert!(capital.pass(bought.bypass, "trust_gate", Moment::at(59_999)));
        assert!(!capital.pass(bought.bypass, "trust_gate", Moment::at(59_999)));
        let late = capital.bypass("scribe", "trust_gate", cheap, 60, Moment::at(0)).unwrap();
        assert!(!capital.pass(late.bypass, "trust_gate", Moment::at(60_000)));
        let refused = capital.bypass("scribe", "trust_gate", amount(0.9), 60, Moment::at(0)).unwrap_err();
        assert!(refused.to_string().starts_with("scribe has 0.3"), "{refused}");
    }

    #[test]
    fn there_is_no_hidden_surplus_and_no_hidden_debt() {
        let mut capital = Capital::default();
        for n in 0..50 {
            capital.credit("a", amount(0.3), Moment::at(n));
        }
        assert_eq!(capital.balance("a"), amount(1.0));
        capital.spend("a", Kind::Potlatch, amount(0.75), Moment::at(60)).unwrap();
        assert_eq!(capital.balance("a"), amount(0.25));
        assert!(capital.spend("a", Kind::Debit, amount(0.26), Moment::at(61)).is_err());
        assert_eq!(capital.history("a").count(), 51);
    }

    #[test]
    fn balances_come_back() {
        let mut capital = Capital::default();
        capital.credit("a", amount(0.25), Moment::at(0));
        let text = serde_json::to_string(&capital.saved()).unwrap();
        let again = Capital::restored(serde_json::from_str(&text).unwrap(), Moment::at(1));
        assert_eq!(again.balance("a"), amount(0.75));
    }

    proptest! {
        #[test]
        fn balances_stay_in_range_and_memory_is_bounded(
            steps in prop::collection::vec((any::<bool>(), 0.0..2.0f64, 0u32..20_000), 0..500)
        ) {
            let mut capital = Capital::default();
            for (earns, x, who) in steps {
                let (who, now) = (format!("a{who}"), Moment::at(u64::from(who)));
                if earns {
                    capital.credit(&who, amount(x), now);
                } else {
                    let _ = capital.spend(&who, Kind::Debit, amount(x), now);
                }
                prop_assert!((0.0..=MOST).contains(&capital.balance(&who).get()));
            }
            prop_assert!(capital.accounts.len() <= ACCOUNTS_MAX);
        }
    }
}
