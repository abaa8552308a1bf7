//! Where questions are decided and written down: one batch, one transaction, one sync of the disk.
//!
//! Owned by the purgatory's task. What is in memory changes only after the disk has it, so a failed write changes nothing
//! and is told to everybody it concerns.

use super::{Ejected, Moved, PurgatoryError};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};
use terrarium_core::ledger::{self, Actor, Judged, Move, Origin, Refusal, Token};
use wire::{
    AgentId, FieldError, Timestamp, TokenId,
    semaphore::{Ask, AuditEntry, Door, TokenStatus},
};

/// Questions that may be open at one time. One more is refused.
const OPEN_MAX: usize = 100_000;
/// How long a question that is over is kept, in milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Who acts when a deadline has passed.
const DEADLINE: &str = "deadline";

/// What is asked of the desk.
#[derive(Debug)]
pub(super) enum Order {
    Eject { agent: AgentId, ask: Box<Ask>, origin: Origin, frozen: Value, key: Option<String>, actor: Actor },
    Move { id: TokenId, agent: Option<AgentId>, mv: Move, actor: Actor },
}

/// What became of an order.
pub(super) type Outcome = Result<Done, PurgatoryError>;

#[derive(Debug, Clone)]
pub(super) enum Done {
    Ejected(Ejected),
    Moved(Moved),
}

/// A change that is on disk now: what to tell the world.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) token: Token,
    pub(super) entry: AuditEntry,
}

pub(super) struct Desk {
    db: Connection,
    /// Pending ones, and those whose answer is on its way.
    open: HashMap<TokenId, Open>,
    deadlines: BTreeSet<(Timestamp, TokenId)>,
    head: Head,
}

#[derive(Debug, Clone)]
struct Open {
    token: Token,
    /// The line of the log that moved it last: the order in which answers are delivered.
    line: i64,
}

/// The end of the log.
#[derive(Debug, Clone, Default)]
struct Head {
    line: i64,
    hash: String,
}

/// What a batch has changed so far, and memory has not taken over yet.
#[derive(Default)]
struct Draft {
    open: HashMap<TokenId, Open>,
    changes: Vec<Change>,
    head: Head,
}

impl Desk {
    /// Opens the ledger in the file, or in memory where there is none.
    pub(super) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let db = match file {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        db.busy_timeout(crate::store::BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // What a person was told is saved is on the disk, and not only with the system.
        db.pragma_update(None, "synchronous", "FULL")?;
        if file.is_none() {
            db.execute_batch(crate::store::LEDGER_TABLES)?;
        }
        let mut desk = Self { db, open: HashMap::new(), deadlines: BTreeSet::new(), head: Head::default() };
        desk.load()?;
        Ok(desk)
    }

    fn load(&mut self) -> rusqlite::Result<()> {
        let head = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
        let head = self.db.query_row(head, [], |r| Ok(Head { line: r.get(0)?, hash: r.get(1)? })).optional()?;
        let anchor = || {
            let anchor = "SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1";
            self.db.query_row(anchor, [], |r| Ok(Head { line: r.get(0)?, hash: r.get(1)? })).optional()
        };
        self.head = match head {
            Some(head) => head,
            None => anchor()?.unwrap_or_default(),
        };
        let mut select = self.db.prepare("SELECT body, line FROM question WHERE status IN ('pending', 'resolved')")?;
        let rows = select.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (body, line) = row?;
            match serde_json::from_str::<Token>(&body) {
                Ok(token) => found.push(Open { token, line }),
                // The rest can still be answered; this one stays in the file for whoever can read it.
                Err(error) => tracing::error!(%error, "a question in the store cannot be read and is left alone"),
            }
        }
        drop(select);
        found.into_iter().for_each(|open| self.keep(open));
        Ok(())
    }

    /// Works through a batch. Afterwards either all of it is on disk, or none and everybody is told why.
    pub(super) fn work(&mut self, orders: Vec<Order>, now: Timestamp) -> (Vec<Outcome>, Vec<Change>) {
        let n = orders.len();
        match self.try_work(orders, now) {
            Ok(worked) => worked,
            Err(error) => {
                tracing::error!(%error, "the store refuses to write; no question was changed");
                let _ = self.db.execute_batch("ROLLBACK");
                let refused = PurgatoryError::Store(error.to_string());
                (vec![Err(refused); n], Vec::new())
            }
        }
    }

    fn try_work(&mut self, orders: Vec<Order>, now: Timestamp) -> rusqlite::Result<(Vec<Outcome>, Vec<Change>)> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let mut draft = Draft { head: self.head.clone(), ..Draft::default() };
        let due: Vec<_> = self.due(now).collect();
        let deadline = Actor { by: DEADLINE.to_owned(), door: Door::Deadline };
        for id in due {
            // Refusals here mean that it was dealt with otherwise.
            let _ = self.shift(&mut draft, &id, None, Move::Expire, &deadline, now)?;
        }
        let mut outcomes = Vec::with_capacity(orders.len());
        for order in orders {
            outcomes.push(match order {
                Order::Eject { agent, ask, origin, frozen, key, actor } => {
                    self.eject(&mut draft, agent, *ask, origin, frozen, key, &actor, now)?.map(Done::Ejected)
                }
                Order::Move { id, agent, mv, actor } => {
                    self.shift(&mut draft, &id, agent.as_ref(), mv, &actor, now)?.map(Done::Moved)
                }
            });
        }
        self.db.execute_batch("COMMIT")?;
        self.head = draft.head;
        draft.open.into_values().for_each(|open| self.keep(open));
        Ok((outcomes, draft.changes))
    }

    #[expect(clippy::too_many_arguments, reason = "they are the order's fields")]
    fn eject(
        &self,
        draft: &mut Draft,
        agent: AgentId,
        ask: Ask,
        origin: Origin,
        frozen: Value,
        key: Option<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> rusqlite::Result<Result<Ejected, PurgatoryError>> {
        let asked = digest(&ask);
        if let Some(key) = &key
            && let Some((id, before)) = self.asked_before(&agent, key)?
        {
            return Ok(match (before == asked, TokenId::parse(&id)) {
                (true, Ok(id)) => match self.find(draft, &id)? {
                    Some(open) => Ok(Ejected { card: open.token.card, repeated: true }),
                    None => Err(PurgatoryError::Unknown(id)),
                },
                _ => Err(PurgatoryError::KeyReused),
            });
        }
        if self.open.len() + draft.open.len() >= OPEN_MAX {
            return Ok(Err(PurgatoryError::Full));
        }
        if let Some(error) = schema_fault(&ask) {
            return Ok(Err(PurgatoryError::Ask(vec![error])));
        }
        let id = TokenId::from_bits(rand::random());
        let token = match Token::open(id, agent, ask, origin, frozen, now) {
            Ok(token) => token,
            Err(errors) => return Ok(Err(PurgatoryError::Ask(errors))),
        };
        let entry = token.birth(actor);
        let line = self.log(draft, &entry)?;
        self.insert(&token, line, key.as_deref(), &asked)?;
        let card = token.card.clone();
        draft.changes.push(Change { token: token.clone(), entry });
        draft.open.insert(card.id.clone(), Open { token, line });
        Ok(Ok(Ejected { card, repeated: false }))
    }

    fn shift(
        &self,
        draft: &mut Draft,
        id: &TokenId,
        agent: Option<&AgentId>,
        mv: Move,
        actor: &Actor,
        now: Timestamp,
    ) -> rusqlite::Result<Result<Moved, PurgatoryError>> {
        let found = self.find(draft, id)?.filter(|o| agent.is_none_or(|a| o.token.card.agent_id == *a));
        let Some(mut open) = found else { return Ok(Err(PurgatoryError::Unknown(id.clone()))) };
        if mv != Move::Expire && open.token.is_due(now) {
            // Its deadline came while this move was on its way: the deadline goes first.
            let deadline = Actor { by: DEADLINE.to_owned(), door: Door::Deadline };
            let _ = self.shift(draft, id, agent, Move::Expire, &deadline, now)?;
            match self.find(draft, id)? {
                Some(moved) => open = moved,
                None => return Ok(Err(PurgatoryError::Unknown(id.clone()))),
            }
        }
        let fits = |schema: &Value, value: &Value| prism::fits(schema, value);
        match open.token.judge(mv, actor, now, &fits) {
            Ok(Judged::Moved(moved)) => {
                let (token, entry) = *moved;
                let line = self.log(draft, &entry)?;
                self.update(&token, line)?;
                draft.changes.push(Change { token: token.clone(), entry });
                let moved = Moved { token: token.clone(), repeated: false };
                draft.open.insert(id.clone(), Open { token, line });
                Ok(Ok(moved))
            }
            Ok(Judged::Repeat) => Ok(Ok(Moved { token: open.token, repeated: true })),
            Err(refusal) => Ok(Err(PurgatoryError::Refused(Box::new(refusal)))),
        }
    }

    /// A question as this batch has it: in the draft, in memory, or, when it is over, on disk.
    fn find(&self, draft: &Draft, id: &TokenId) -> rusqlite::Result<Option<Open>> {
        if let Some(open) = draft.open.get(id).or_else(|| self.open.get(id)) {
            return Ok(Some(open.clone()));
        }
        let mut row = self.db.prepare_cached("SELECT body, line FROM question WHERE id = ?1")?;
        let found = row.query_row([id.as_str()], |r| Ok((r.get::<_, String>(0)?, r.get(1)?))).optional()?;
        Ok(found.and_then(|(body, line)| Some(Open { token: serde_json::from_str(&body).ok()?, line })))
    }

    fn asked_before(&self, agent: &AgentId, key: &str) -> rusqlite::Result<Option<(String, String)>> {
        let mut row = self.db.prepare_cached("SELECT id, asked FROM question WHERE agent = ?1 AND key = ?2")?;
        row.query_row(params![agent.as_str(), key], |r| Ok((r.get(0)?, r.get(1)?))).optional()
    }

    /// Writes a line of the log, chained to the one before it.
    fn log(&self, draft: &mut Draft, entry: &AuditEntry) -> rusqlite::Result<i64> {
        let text = json(entry)?;
        let hash = ledger::chain(&draft.head.hash, &text);
        let line = draft.head.line + 1;
        let mut insert =
            self.db.prepare_cached("INSERT INTO audit (seq, token, at, line, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        insert.execute(params![line, entry.token_id.as_str(), entry.at.as_millis(), text, hash])?;
        draft.head = Head { line, hash };
        Ok(line)
    }

    fn insert(&self, token: &Token, line: i64, key: Option<&str>, asked: &str) -> rusqlite::Result<()> {
        let card = &token.card;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO question (id, agent, status, severity, reason, created, moved, line, body, key, asked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        insert.execute(params![
            card.id.as_str(),
            card.agent_id.as_str(),
            token.status.as_str(),
            card.severity.as_str(),
            card.reason.as_str(),
            card.created_at.as_millis(),
            token.moved_at.as_millis(),
            line,
            json(token)?,
            key,
            asked
        ])?;
        Ok(())
    }

    fn update(&self, token: &Token, line: i64) -> rusqlite::Result<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE question SET status = ?2, severity = ?3, moved = ?4, line = ?5, body = ?6 WHERE id = ?1",
        )?;
        let (id, status, severity) = (token.card.id.as_str(), token.status.as_str(), token.card.severity.as_str());
        update.execute(params![id, status, severity, token.moved_at.as_millis(), line, json(token)?])?;
        Ok(())
    }

    fn keep(&mut self, open: Open) {
        let id = open.token.card.id.clone();
        if let Some(before) = self.open.remove(&id)
            && let Some(deadline) = before.token.card.deadline
        {
            self.deadlines.remove(&(deadline, id.clone()));
        }
        if open.token.status.is_terminal() {
            return;
        }
        if open.token.status == TokenStatus::Pending
            && let Some(deadline) = open.token.card.deadline
        {
            self.deadlines.insert((deadline, id.clone()));
        }
        self.open.insert(id, open);
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = TokenId> {
        self.deadlines.iter().take_while(move |(at, _)| *at <= now).map(|(_, id)| id.clone())
    }

    /// When the next deadline is.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Every open question, in the order of its last move.
    pub(super) fn open_tokens(&self) -> Vec<Token> {
        let mut all: Vec<_> = self.open.values().collect();
        all.sort_by_key(|o| o.line);
        all.into_iter().map(|o| o.token.clone()).collect()
    }

    /// Forgets what has been over for long enough. The log keeps the hash that its oldest line is chained to.
    pub(super) fn collect(&mut self, now: Timestamp) -> rusqlite::Result<usize> {
        let before = now.as_millis() - KEPT_MS;
        let transaction = self.db.transaction()?;
        let gone = transaction.execute(
            "DELETE FROM question WHERE status IN ('delivered', 'cancelled', 'voided') AND moved < ?1",
            [before],
        )?;
        let first_needed: Option<i64> = transaction.query_row(
            "SELECT min(seq) FROM audit WHERE at >= ?1 OR token IN (SELECT id FROM question)",
            [before],
            |r| r.get(0),
        )?;
        let cut = match first_needed {
            Some(first) => first - 1,
            None => self.head.line,
        };
        let anchor: Option<String> =
            transaction.query_row("SELECT hash FROM audit WHERE seq = ?1", [cut], |r| r.get(0)).optional()?;
        if let Some(hash) = anchor {
            transaction.execute("DELETE FROM audit_anchor", [])?;
            transaction.execute("INSERT INTO audit_anchor (seq, hash) VALUES (?1, ?2)", params![cut, hash])?;
            transaction.execute("DELETE FROM audit WHERE seq <= ?1", [cut])?;
        }
        transaction.commit()?;
        Ok(gone)
    }
}

/// What is wrong with the schema of an ask.
pub(super) fn schema_fault(ask: &Ask) -> Option<FieldError> {
    let message = prism::schema_fault(ask.response_schema.as_ref()?)?;
    Some(FieldError { pointer: "/response_schema".to_owned(), message })
}

fn digest(ask: &Ask) -> String {
    // An ask is plain fields and JSON: it can always be written.
    let text = serde_json::to_string(ask).unwrap_or_default();
    Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

impl From<Refusal> for PurgatoryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purgatory::verify;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;
    use wire::semaphore::{Answer, Decision, OnTimeout};

    #[derive(Debug, Clone)]
    enum Act {
        Eject {
            timeout_ms: Option<u64>,
            on_timeout: OnTimeout,
        },
        Resolve(usize, u8),
        Cancel(usize),
        Deliver(usize),
        Pass(i64),
        /// The process dies between two batches.
        Crash,
    }

    fn acts() -> impl Strategy<Value = Vec<Vec<Act>>> {
        let on = prop::sample::select(vec![OnTimeout::Void, OnTimeout::Deny, OnTimeout::Proceed, OnTimeout::Escalate]);
        let act = prop_oneof![
            3 => (prop::option::of(1u64..50), on).prop_map(|(timeout_ms, on)| Act::Eject {
                timeout_ms,
                on_timeout: if timeout_ms.is_some() { on } else { OnTimeout::Void },
            }),
            3 => (0usize..8, 0u8..3).prop_map(|(n, word)| Act::Resolve(n, word)),
            1 => (0usize..8).prop_map(Act::Cancel),
            2 => (0usize..8).prop_map(Act::Deliver),
            1 => (-20i64..60).prop_map(Act::Pass),
            1 => Just(Act::Crash),
        ];
        prop::collection::vec(prop::collection::vec(act, 1..5), 1..15)
    }

    fn actor() -> Actor {
        Actor { by: "x".into(), door: Door::Rest }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn nothing_acknowledged_is_lost_or_decided_twice_whatever_comes_between(batches in acts()) {
            let folder = tempfile::tempdir().unwrap();
            crate::Store::open(folder.path()).unwrap();
            let file = folder.path().join(crate::store::FILE);
            let mut desk = Desk::open(Some(&file)).unwrap();
            let (mut ids, mut decided) = (Vec::<TokenId>::new(), BTreeMap::<TokenId, Decision>::new());
            let mut now = 1_000_000;
            for batch in batches {
                let mut orders = Vec::new();
                for act in batch {
                    let pick = |n: usize| ids.get(n % ids.len().max(1)).cloned();
                    let moved = |id: Option<TokenId>, mv| {
                        id.map(|id| Order::Move { id, agent: None, mv, actor: actor() })
                    };
                    orders.extend(match act {
                        Act::Eject { timeout_ms, on_timeout } => Some(Order::Eject {
                            agent: AgentId::parse("a").unwrap(),
                            ask: Box::new(Ask { prompt: "?".into(), timeout_ms, on_timeout, ..Ask::default() }),
                            origin: Origin::Resident,
                            frozen: json!(1),
                            key: None,
                            actor: actor(),
                        }),
                        Act::Resolve(n, word) => {
                            moved(pick(n), Move::Resolve(Answer { human_input: json!(word), note: None }))
                        }
                        Act::Cancel(n) => moved(pick(n), Move::Cancel { reason: None }),
                        Act::Deliver(n) => moved(pick(n), Move::Deliver),
                        Act::Pass(ms) => {
                            now += ms;
                            None
                        }
                        Act::Crash => {
                            desk = Desk::open(Some(&file)).unwrap();
                            None
                        }
                    });
                }
                let (outcomes, _) = desk.work(orders, Timestamp::from_millis(now));
                for outcome in outcomes {
                    match outcome {
                        Ok(Done::Ejected(ejected)) => ids.push(ejected.card.id),
                        Ok(Done::Moved(Moved { token, .. })) => {
                            if let Some(decision) = token.decision {
                                let first = decided.entry(token.card.id).or_insert_with(|| decision.clone());
                                prop_assert_eq!(&*first, &decision);
                            }
                        }
                        Err(PurgatoryError::Store(why)) => prop_assert!(false, "{}", why),
                        Err(_) => {}
                    }
                }
            }
            let desk = Desk::open(Some(&file)).unwrap();
            for id in &ids {
                let found = desk.find(&Draft::default(), id).unwrap();
                prop_assert!(found.is_some(), "{} is lost", id);
                if let Some(decision) = decided.get(id) {
                    let kept = found.unwrap().token.decision;
                    prop_assert_eq!(kept.as_ref(), Some(decision));
                }
            }
            let verified = verify(&file).unwrap();
            prop_assert_eq!(verified.broken, None);
        }
    }

    #[test]
    fn what_is_over_for_long_is_forgotten_and_the_rest_of_the_log_still_proves_itself() {
        let folder = tempfile::tempdir().unwrap();
        crate::Store::open(folder.path()).unwrap();
        let file = folder.path().join(crate::store::FILE);
        let mut desk = Desk::open(Some(&file)).unwrap();
        let eject = |desk: &mut Desk, now: i64| {
            let order = Order::Eject {
                agent: AgentId::parse("a").unwrap(),
                ask: Box::new(Ask { prompt: "?".into(), ..Ask::default() }),
                origin: Origin::Foreign,
                frozen: Value::Null,
                key: None,
                actor: actor(),
            };
            match desk.work(vec![order], Timestamp::from_millis(now)).0.remove(0) {
                Ok(Done::Ejected(ejected)) => ejected.card.id,
                other => panic!("{other:?}"),
            }
        };
        let old = eject(&mut desk, 1000);
        let cancel = Order::Move { id: old, agent: None, mv: Move::Cancel { reason: None }, actor: actor() };
        assert!(desk.work(vec![cancel], Timestamp::from_millis(2000)).0[0].is_ok());
        let waits = eject(&mut desk, 3000);
        assert_eq!(desk.collect(Timestamp::from_millis(2000 + KEPT_MS)).unwrap(), 0);
        assert_eq!(desk.collect(Timestamp::from_millis(4000 + KEPT_MS)).unwrap(), 1);
        assert!(desk.find(&Draft::default(), &waits).unwrap().is_some());
        eject(&mut desk, 5000 + KEPT_MS);
        let verified = verify(&file).unwrap();
        assert_eq!((verified.lines, verified.broken), (2, None));
        let mut again = Desk::open(Some(&file)).unwrap();
        eject(&mut again, 6000 + KEPT_MS);
        assert_eq!(verify(&file).unwrap().broken, None);
    }
}
